#!/usr/bin/env python3
"""Writes gptq_vectors.h: what GPTQ makes of random weights with correlated inputs.

    python3 make_gptq_vectors.py > gptq_vectors.h

GPTQ as the paper's code has it (arXiv 2210.17323, gptq.py: the inverse of H, its upper Cholesky factor,
errors carried into all later columns), in numpy and double precision, on the grids of make_round_vectors.py.
Weights and inputs are integers of a generator that test_gptq.c has too.
"""

import numpy as np

import make_round_vectors as grids

N, K, T, LATENT = 3, 172, 300, 12
KINDS = ("Q8C", "Q4C", "Q4S", "Q4G128", "Q8_0", "Q4_0")
state = 1


def draw(n):
    """n integers -8 .. 7, by the 64-bit generator of Knuth's MMIX."""
    global state
    out = np.empty(n, dtype=np.int64)
    for i in range(n):
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        out[i] = (state >> 60) - 8
    return out


def make_inputs():
    mix = draw(LATENT * K).reshape(LATENT, K)
    latent = draw(T * LATENT).reshape(T, LATENT)
    x = latent @ mix + draw(T * K).reshape(T, K)
    x[:, 5] = 0  # a dead input
    return x.astype(float)


def make_weights():
    return (draw(N * K) * draw(N * K)).reshape(N, K) / 64.0


def rotate_inputs(x):
    y = np.empty_like(x)
    for at, n in grids.blocks(x.shape[1]):
        y[:, at:at + n] = (x[:, at:at + n] * grids.SIGNS[:n]) @ grids.hadamard(n) * grids.factor(n)
    return y


def damped(h):
    dead = np.diag(h) == 0
    mean = np.diag(h)[~dead].mean()
    h = h + 0.01 * mean * np.diag(~dead)
    h[dead, dead] = mean
    return h, dead


def row_scale(kind, w):
    """The scale of a whole row; None for types that have none."""
    if kind == "Q8C":
        return grids.search(w, 128, grids.EIGHT)
    if kind == "Q4C":
        return grids.search(w, 8, grids.FOUR_ROW)
    return grids.subscales(w)[0] if kind == "Q4S" else None


def group_scale(kind, part):
    half, targets = (128, grids.EIGHT) if kind == "Q8_0" else (8, grids.FOUR)
    return float(np.float16(grids.search(part, half, targets)))


def gptq(kind, w, h, dead):
    """What one row becomes."""
    half = 128 if kind in ("Q8C", "Q8_0") else 8
    group = {"Q4S": 32, "Q8_0": 32, "Q4_0": 32, "Q4G128": 128}.get(kind)
    u = np.linalg.cholesky(np.linalg.inv(h)).T
    w, q = np.where(dead, 0, w), np.zeros(K)
    d = scale = row_scale(kind, w)
    for i in range(K):
        if group and i % group == 0:
            part = w[i:i + group]
            if kind == "Q4S":
                scale = d * min(range(1, 16),
                                key=lambda s: ((part - grids.codes(part, d * s, 8) * d * s) ** 2).sum())
            else:
                scale = group_scale(kind, part)
        q[i] = grids.codes(w[i], scale, half) * scale
        w[i:] -= (w[i] - q[i]) / u[i, i] * u[i, i:]
    return q


def main():
    x, weights = make_inputs(), make_weights()
    print("/* Made by make_gptq_vectors.py: do not edit. */")
    for name, value in (("N", N), ("K", K), ("T", T), ("LATENT", LATENT)):
        print("#define GPTQ_%s %d" % (name, value))
    print("typedef struct gptq_case {\n    ewi_dtype dtype;")
    print("    double nearest, gptq; /* tr((W - Q) H (W - Q)^T), rounded to nearest and of these */")
    print("    float weights[GPTQ_N * GPTQ_K]; /* rotated for whole-row types */\n} gptq_case;")
    print("static const gptq_case gptq_cases[] = {")
    plain = x.T @ x
    for kind in KINDS:
        rotated = kind in grids.ROTATED
        h, dead = damped(rotate_inputs(x).T @ rotate_inputs(x) if rotated else plain)
        qs, nearest, error = [], 0, 0
        for w in weights:
            e = w - grids.KINDS[kind](w)
            nearest += e @ plain @ e
            w = grids.rotate(w) if rotated else w
            q = gptq(kind, w, h, dead)
            e = grids.rotate_back(w - q) if rotated else w - q
            error += e @ plain @ e
            qs.append(q)
        print("    {EWI_%s, %.6g, %.6g, {" % (kind, nearest, error))
        flat = np.concatenate(qs)
        for i in range(0, len(flat), 8):
            print("        " + ", ".join("%.9ef" % v for v in flat[i:i + 8]) + ",")
        print("    }},")
    print("};")


if __name__ == "__main__":
    main()
