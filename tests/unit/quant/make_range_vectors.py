#!/usr/bin/env python3
"""Writes range_vectors.h: ranges of numbers of which a few are large.

    python3 make_range_vectors.py > range_vectors.h

In numpy and double precision: the largest magnitude, percentiles of magnitudes, and of 641 scales, from the
largest magnitude's 127th down, a 64th of an octave apart, the one whose rounding to -128 .. 127 has the least
mean squared error. The numbers are made of integers of a generator that test_range.c has too.
"""

import numpy as np

N, K = 500, 40
state = 11


def draw(n):
    """n integers -8 .. 7, by the 64-bit generator of Knuth's MMIX."""
    global state
    out = np.empty(n, dtype=np.int64)
    for i in range(n):
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        out[i] = (state >> 60) - 8
    return out


def error(x, scale):
    return ((x - scale * np.clip(np.rint(x / scale), -128, 127)) ** 2).sum()


def main():
    x = sum(draw(N * K) for _ in range(4)) + draw(N * K) / 16.0
    rare = (draw(N * K) == 7) & (draw(N * K) == 7) & (draw(N * K) == 7)
    x = np.where(rare, 16 * x, x)
    most = np.abs(x)
    scales = most.max() / 127 * 2.0 ** (-np.arange(641) / 64)
    errors = [error(x, s) for s in scales]
    print("/* Made by make_range_vectors.py: do not edit. */")
    print("#define RANGE_N %d\n#define RANGE_K %d" % (N, K))
    print("#define RANGE_MINMAX %.9g" % (most.max() / 127))
    print("#define RANGE_P999 %.9g" % (np.quantile(most, 0.999, method="inverted_cdf") / 127))
    print("#define RANGE_P9999 %.9g" % (np.quantile(most, 0.9999, method="inverted_cdf") / 127))
    print("#define RANGE_MSE %.9g" % scales[np.argmin(errors)])
    print("#define RANGE_LEAST_ERROR %.9g" % min(errors))
    print("#define RANGE_MINMAX_ERROR %.9g" % errors[0])


if __name__ == "__main__":
    main()
