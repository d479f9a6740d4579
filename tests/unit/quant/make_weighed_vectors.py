#!/usr/bin/env python3
"""Writes weighed_vectors.h: rounding with scales that change outputs least, of random weights and inputs.

    python3 make_weighed_vectors.py > weighed_vectors.h

In numpy and double precision, by the definition alone: all outputs are computed anew for each scale that is
tried. The grids are those of make_round_vectors.py, weights and inputs those of make_gptq_vectors.py.
"""

import numpy as np

import make_gptq_vectors as data
import make_round_vectors as grids

GROUPS = {"Q4S": 32, "Q4G128": 128, "Q8_0": 32, "Q4_0": 32}
FACTORS = np.arange(64, 97) / 80


def own_scales(kind, w, n):
    """What rounding takes for the row's groups, and Q4S's scale of the row."""
    if kind == "Q4S":
        d, chosen, _ = grids.subscales(w)
        return [d * s for s in chosen], d
    return [data.group_scale(kind, w[at:at + n]) for at in range(0, len(w), n)], None


def tried(scale, d):
    return [d * s for s in range(1, 16)] if d else [float(np.float16(scale * f)) for f in FACTORS]


def weighed(kind, w, x):
    """What a row becomes, whose inputs are the rows of x."""
    n, half = GROUPS[kind], 128 if kind == "Q8_0" else 8
    scales, d = own_scales(kind, w, n)
    q = w.copy()  # a group without a scale has no errors yet
    for _ in range(2):
        for i, at in enumerate(range(0, len(w), n)):
            part, rest = w[at:at + n], x @ (q - w) - x[:, at:at + n] @ (q - w)[at:at + n]

            def change(scale, part=part, rest=rest, at=at):
                error = grids.codes(part, scale, half) * scale - part
                return ((rest + x[:, at:at + n] @ error) ** 2).sum()

            scales[i] = min([scales[i]] + tried(scales[i], d), key=change)
            q[at:at + n] = grids.codes(part, scales[i], half) * scales[i]
    return q


def main():
    x, weights = data.make_inputs(), data.make_weights()
    print("/* Made by make_weighed_vectors.py: do not edit. */")
    for name, value in (("N", data.N), ("K", data.K), ("T", data.T), ("LATENT", data.LATENT)):
        print("#define WEIGHED_%s %d" % (name, value))
    print("typedef struct weighed_case {\n    ewi_dtype dtype;")
    print("    double nearest, weighed; /* what outputs differ by, squared: rounded alone, and of these */")
    print("    float weights[WEIGHED_N * WEIGHED_K];\n} weighed_case;")
    print("static const weighed_case weighed_cases[] = {")
    for kind in GROUPS:
        turned = kind in grids.ROTATED
        read = data.rotate_inputs(x) if turned else x
        qs = [weighed(kind, grids.rotate(w) if turned else w, read) for w in weights]
        if turned:
            qs = [grids.rotate_back(q) for q in qs]
        nearest = sum(((x @ (grids.KINDS[kind](w) - w)) ** 2).sum() for w in weights)
        error = sum(((x @ (q - w)) ** 2).sum() for q, w in zip(qs, weights))
        print("    {EWI_%s, %.6g, %.6g, {" % (kind, nearest, error))
        flat = np.concatenate(qs)
        for i in range(0, len(flat), 8):
            print("        " + ", ".join("%.9ef" % v for v in flat[i:i + 8]) + ",")
        print("    }},")
    print("};")


if __name__ == "__main__":
    main()
