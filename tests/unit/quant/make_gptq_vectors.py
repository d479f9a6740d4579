#!/usr/bin/env python3
"""Writes gptq_vectors.h: what GPTQ makes of random weights with correlated inputs.

    python3 make_gptq_vectors.py > gptq_vectors.h

GPTQ as the paper's code has it (arXiv 2210.17323, gptq.py: the inverse of H, its upper Cholesky factor,
errors carried into all later columns; act order where a row has one scale), in numpy and double precision, on
the grids of make_round_vectors.py. Weights and inputs are integers of a generator that test_gptq.c has too.
Twice: with the inputs that the weights were made for, and with such that drifted from them, where what lies
half way to the damped least squares is rounded. And what the first rows of both are divided by, so that those
with large numbers count for less.
"""

import numpy as np

import make_round_vectors as grids

N, K, T, LATENT = 3, 172, 300, 12
TEMPERED = 8  # rows
SORTED = ("Q8C", "Q4C")
KINDS = ("Q8C", "Q4C", "Q4S", "Q4G128", "Q8_0", "Q4_0")
state = 3  # chosen: other seeds have ties, after which codes are others


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
    d = row_scale(kind, np.where(dead, 0, w))
    if kind in SORTED:
        order = np.argsort(-np.where(dead, 0, np.diag(h)), kind="stable")
        q = np.empty(len(w))
        q[order] = columns(kind, w[order], h[np.ix_(order, order)], dead[order], d)
        return q
    return columns(kind, w, h, dead, d)


def columns(kind, w, h, dead, d):
    half = 128 if kind in ("Q8C", "Q8_0") else 8
    group = {"Q4S": 32, "Q8_0": 32, "Q4_0": 32, "Q4G128": 128}.get(kind)
    u = np.linalg.cholesky(np.linalg.inv(h)).T
    w, q, scale = np.where(dead, 0, w), np.zeros(len(w)), d
    for i in range(len(w)):
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
    drifted = x + np.roll(x, 1, axis=1) / 4
    print("/* Made by make_gptq_vectors.py: do not edit. */")
    for name, value in (("N", N), ("K", K), ("T", T), ("LATENT", LATENT)):
        print("#define GPTQ_%s %d" % (name, value))
    print("typedef struct gptq_case {\n    ewi_dtype dtype;\n    bool drifted;")
    print("    double nearest, gptq; /* what outputs differ by, squared: rounded to nearest, and of these */")
    print("    float weights[GPTQ_N * GPTQ_K]; /* rotated for whole-row types */\n} gptq_case;")
    divisors = (x[:TEMPERED] ** 2).mean(1) ** 0.25
    print("static const float gptq_divisors[] = {" + ", ".join("%.9ef" % v for v in divisors) + "};")
    print("static const gptq_case gptq_cases[] = {")
    for kind, now in ((kind, now) for kind in KINDS for now in (x, drifted)):
        rotated = kind in grids.ROTATED
        turn = rotate_inputs if rotated else np.array
        read, target = turn(now), turn(x)
        h, dead = damped(read.T @ read)
        qs, nearest, error = [], 0, 0
        for w in weights:
            nearest += ((now @ grids.KINDS[kind](w) - x @ w) ** 2).sum()
            turned = grids.rotate(w) if rotated else w
            best = turned + 0.5 * np.linalg.solve(h, read.T @ ((target - read) @ turned))
            q = gptq(kind, best, h, dead)
            error += ((read @ q - x @ w) ** 2).sum()
            qs.append(q)
        says = "true" if now is drifted else "false"
        print("    {EWI_%s, %s, %.6g, %.6g, {" % (kind, says, nearest, error))
        flat = np.concatenate(qs)
        for i in range(0, len(flat), 8):
            print("        " + ", ".join("%.9ef" % v for v in flat[i:i + 8]) + ",")
        print("    }},")
    print("};")


if __name__ == "__main__":
    main()
