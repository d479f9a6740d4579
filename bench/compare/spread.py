"""Medians and what is known of them from a handful of runs."""

from math import comb


def median(values):
    ordered = sorted(values)
    n = len(ordered)
    return ordered[n // 2] if n % 2 else (ordered[n // 2 - 1] + ordered[n // 2]) / 2


def coverage(n, k):
    """How likely the median of what is sampled lies between the k-th smallest and the k-th largest of n
    independent values, whatever their distribution (k counts from 1)."""
    outside = sum(comb(n, i) for i in range(k)) / 2 ** n
    return 1 - 2 * outside


def interval(values, wanted=0.9):
    """The narrowest such interval that holds the median with the wanted likelihood, else the widest.
    Returns low, high and that likelihood."""
    ordered = sorted(values)
    n, best = len(ordered), 1
    for k in range(1, n // 2 + 1):
        if coverage(n, k) >= wanted:
            best = k
    return ordered[best - 1], ordered[n - best], coverage(n, best)


def summary(values):
    low, high, likelihood = interval(values)
    return {"median": median(values), "min": min(values), "max": max(values), "low": low, "high": high,
            "coverage": likelihood, "n": len(values)}
