#!/usr/bin/env python3
"""Writes block_vectors.h: random GGUF blocks, and their values by an independent implementation.

    python3 make_block_vectors.py > block_vectors.h

The values come from gguf.quants.dequantize of the PyPI package `gguf` (ggml-org/llama.cpp, gguf-py).
"""

import numpy as np
from gguf import GGMLQuantizationType as T
from gguf.quants import GGML_QUANT_SIZES, dequantize

rng = np.random.default_rng(42)

# Where the f16 scales of a block lie: random bytes there could be infinities.
SCALES = {T.Q8_0: [0], T.Q4_0: [0], T.Q4_1: [0, 2], T.Q5_0: [0], T.Q5_1: [0, 2], T.Q4_K: [0, 2],
          T.Q5_K: [0, 2], T.Q6_K: [208], T.IQ4_NL: [0]}


def blocks(kind, n):
    size = GGML_QUANT_SIZES[kind][1]
    data = rng.integers(0, 256, (n, size), dtype=np.uint8)
    for at in SCALES[kind]:
        scale = (rng.standard_normal(n) * np.exp2(rng.integers(-18, 6, n))).astype(np.float16)
        data[:, at:at + 2] = scale.view(np.uint8).reshape(n, 2)
    return data


def rows(numbers, fmt, per_line):
    numbers = list(numbers)
    for i in range(0, len(numbers), per_line):
        print("    " + ", ".join(fmt % x for x in numbers[i:i + per_line]) + ",")


print("/* Made by make_block_vectors.py with the PyPI package gguf: do not edit. */")
for kind in SCALES:
    n = 3 if GGML_QUANT_SIZES[kind][0] == 32 else 1
    data = blocks(kind, n)
    values = dequantize(data.reshape(-1), kind).astype(np.float32)
    print("static const uint8_t blocks_%s[] = {" % kind.name)
    rows(data.reshape(-1), "%d", 20)
    print("};\nstatic const uint32_t values_%s[] = {" % kind.name)
    rows(values.view(np.uint32).reshape(-1), "0x%08x", 8)
    print("};")
