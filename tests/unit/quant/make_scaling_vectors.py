#!/usr/bin/env python3
"""Writes scaling_vectors.h: scales of AWQ and SmoothQuant, and what AWQ's search finds.

    python3 make_scaling_vectors.py > scaling_vectors.h

By the papers' formulas, in numpy and double precision, on the grids of make_round_vectors.py: AWQ (arXiv
2306.00978, eq. 4 and 5: s = a^alpha; the error of Q(W diag(s)) diag(s)^-1 X over a grid of 20 alphas; scales
divided by the root of their least times their largest, as in the paper's code), and SmoothQuant (arXiv
2211.10438, eq. 4). Weights and inputs are integers of a generator that test_scaling.c has too.
"""

import numpy as np

import make_round_vectors as grids

N, K, T, LARGE = 20, 172, 64, 7
KINDS = ("Q8C", "Q4C", "Q4S", "Q4G128", "Q8_0", "Q4_0")
state = 7


def draw(n):
    """n integers -8 .. 7, by the 64-bit generator of Knuth's MMIX."""
    global state
    out = np.empty(n, dtype=np.int64)
    for i in range(n):
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        out[i] = (state >> 60) - 8
    return out


def awq(a, alpha):
    s = a ** alpha
    return s / np.sqrt(s.min() * s.max())


def error(kind, w, s, x):
    q = np.array([grids.KINDS[kind](row) for row in w * s]) / s
    return (((w - q) @ x.T) ** 2).sum()


def main():
    x = draw(T * K).reshape(T, K) / 8.0
    x[:, ::LARGE] *= 20  # channels with large inputs
    w = (draw(N * K) * draw(N * K)).reshape(N, K) / 64.0
    a = np.sqrt((x ** 2).mean(axis=0))
    smooth = np.abs(x).max(axis=0) ** 0.6 / np.abs(w).max(axis=0) ** 0.4
    print("/* Made by make_scaling_vectors.py: do not edit. */")
    for name, value in (("N", N), ("K", K), ("T", T), ("LARGE", LARGE)):
        print("#define SCALING_%s %d" % (name, value))
    print("static const float awq_half[SCALING_K] = { /* alpha 0.5 */")
    lines(awq(a, 0.5))
    print("};\nstatic const float smooth_60[SCALING_K] = { /* alpha 0.6 */")
    lines(smooth)
    print("};\ntypedef struct scaling_case {\n    ewi_dtype dtype;")
    print("    double errors[EWI_AWQ_STEPS]; /* of all alphas */\n} scaling_case;")
    print("static const scaling_case scaling_cases[] = {")
    for kind in KINDS:
        print("    {EWI_%s,\n     {" % kind)
        errors = [error(kind, w, awq(a, i / 20), x) for i in range(20)]
        for i in range(0, 20, 5):
            print("        " + ", ".join("%.6g" % e for e in errors[i:i + 5]) + ",")
        print("     }},")
    print("};")


def lines(values):
    for i in range(0, len(values), 8):
        print("    " + ", ".join("%.7gf" % v if "." in "%.7g" % v else "%.7g.0f" % v
                                 for v in values[i:i + 8]) + ",")


if __name__ == "__main__":
    main()
