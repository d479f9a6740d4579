#!/usr/bin/env python3
"""Writes round_vectors.h: random weights, and the relative error that rounding them leaves.

    python3 make_round_vectors.py > round_vectors.h

An independent model of src/quant in numpy, in double precision: the same candidates of scales, by the
definitions of docs/numerics.md (layout, rotation) and of round.c's comments (candidates).
"""

import numpy as np

rng = np.random.default_rng(3)
SIGNS = np.array([-1 if (w >> i) & 1 else 1 for w in (0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344)
                  for i in range(32)])
CASES = [(t, k) for t in ("Q8C", "Q4C", "Q4S", "Q4G128", "Q8_0", "Q4_0") for k in (64, 172, 384)]


def hadamard(n):
    h = np.array([[1.0]])
    while len(h) < n:
        h = np.block([[h, h], [h, -h]])
    return h


def blocks(k):
    at = 0
    while at < k:
        n = 128
        while n > k - at:
            n //= 2
        yield at, n
        at += n


def factor(n):
    """The largest power of two that is at most sqrt(128 / n)."""
    return 2.0 ** np.floor(np.log2(np.sqrt(128 / n)))


def rotate(w):
    y = np.empty_like(w)
    for at, n in blocks(len(w)):
        y[at:at + n] = (w[at:at + n] * SIGNS[:n]) @ hadamard(n) / (n * factor(n))
    return y


def rotate_back(y):
    w = np.empty_like(y)
    for at, n in blocks(len(y)):
        w[at:at + n] = (y[at:at + n] @ hadamard(n)) * SIGNS[:n] * factor(n)
    return w


def codes(x, scale, half):
    return np.clip(np.rint(x / scale), -half, half - 1)


def fit(x, scale, half):
    q = codes(x, scale, half)
    return (x * q).sum(), (q * q).sum()


def gain(f):
    return f[0] ** 2 / f[1] if f[1] else 0


def search(x, half, targets, signed=True):
    largest = x[np.abs(x).argmax()]
    unit = -largest if signed else abs(largest)
    best = max((fit(x, unit / t, half) for t in targets), key=gain)
    return best[0] / best[1]


def row(x, half, targets):
    s = search(x, half, targets)
    return codes(x, s, half) * s


def groups(x, n, half, targets):
    y = np.empty_like(x)
    for at in range(0, len(x), n):
        part = x[at:at + n]
        s = float(np.float16(search(part, half, targets)))
        y[at:at + n] = codes(part, s, half) * s
    return y


def subscales(x):
    """A row's scale, the sub-scales of its chunks, and the chunks."""
    parts = [x[at:at + 32] for at in range(0, len(x), 32)]
    own = np.array([search(p, 8, 5.5 + 0.34375 * np.arange(17), signed=False) for p in parts])
    unit = own.max()

    def total(ss, d):
        fits = [fit(p, d * s, 8) for p, s in zip(parts, ss)]
        return sum(s * f[0] for s, f in zip(ss, fits)), sum(s * s * f[1] for s, f in zip(ss, fits))

    def near(d):
        return np.clip(np.rint(own / d), 1, 15)

    def error(p, s, d):
        return ((p - codes(p, d * s, 8) * d * s) ** 2).sum()

    def choose(ss, d):
        ss = [min((s, max(s - 1, 1), min(s + 1, 15)), key=lambda t: error(p, t, d))
              for p, s in zip(parts, ss)]
        f = total(ss, d)
        return ss, f[0] / f[1]

    ds = [unit * (33 + 2 * j) / 720 for j in range(12)]
    best = max(ds, key=lambda d: gain(total(near(d), d)))
    f = total(near(best), best)
    ss, d1 = choose(near(best), f[0] / f[1])
    ss, _ = choose(ss, d1)
    return d1, ss, parts


def subscaled(x):
    d1, ss, parts = subscales(x)
    return np.concatenate([codes(p, d1 * s, 8) * d1 * s for p, s in zip(parts, ss)])


FOUR, FOUR_ROW, EIGHT = 6 + 0.375 * np.arange(16), 5.5 + 0.5 * np.arange(24), 120 + 4.0 * np.arange(8)
ROTATED = {
    "Q8C": lambda x: row(rotate(x), 128, EIGHT),
    "Q4C": lambda x: row(rotate(x), 8, FOUR_ROW),
    "Q4S": lambda x: subscaled(rotate(x)),
}
KINDS = {
    "Q8C": lambda x: rotate_back(ROTATED["Q8C"](x)),
    "Q4C": lambda x: rotate_back(ROTATED["Q4C"](x)),
    "Q4S": lambda x: rotate_back(ROTATED["Q4S"](x)),
    "Q4G128": lambda x: groups(x, 128, 8, FOUR),
    "Q8_0": lambda x: groups(x, 32, 128, EIGHT),
    "Q4_0": lambda x: groups(x, 32, 8, FOUR),
}

def main():
    print("/* Made by make_round_vectors.py: do not edit. */")
    print("#define ROUND_MAX_K %d" % max(k for _, k in CASES))
    rows = {}
    for k in sorted({k for _, k in CASES}):
        # Heavy tails, and a tenth of the weights near zero.
        w = (rng.standard_t(5, (3, k)) * np.where(rng.random((3, k)) < 0.1, 1e-3, 0.05)).astype(np.float32)
        rows[k] = w.astype(np.float64)
        print("static const float rows_%d[] = {" % k)
        flat = w.reshape(-1)
        for i in range(0, len(flat), 4):
            print("    " + ", ".join("%sf" % float(x).hex() for x in flat[i:i + 4]) + ",")
        print("};")
    print("typedef struct round_case {\n    ewi_dtype dtype;\n    const float *rows;\n    size_t n, k;")
    print("    double relative; /* error */\n} round_case;")
    print("static const round_case round_cases[] = {")
    for kind, k in CASES:
        w = rows[k]
        error = sum(((KINDS[kind](x) - x) ** 2).sum() for x in w)
        print("    {EWI_%s, rows_%d, 3, %d, %.9g}," % (kind, k, k, np.sqrt(error / (w * w).sum())))
    print("};")


if __name__ == "__main__":
    main()
