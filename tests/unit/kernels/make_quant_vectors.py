#!/usr/bin/env python3
"""Writes quant_vectors.h: random GGUF blocks of each quantized type and the weights they mean, as the `gguf`
package (PyPI, ggml-org) dequantizes them. Needs gguf and numpy: pip install gguf

    python3 make_quant_vectors.py > quant_vectors.h
"""
import struct
import sys

import numpy as np
from gguf import GGMLQuantizationType as Type
from gguf.constants import GGML_QUANT_SIZES
from gguf.quants import dequantize

TYPES = ["Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q4_K", "Q5_K", "Q6_K", "IQ4_NL"]
# Byte offsets of the f16 scales in a block.
HALVES = {"Q8_0": [0], "Q4_0": [0], "Q4_1": [0, 2], "Q5_0": [0], "Q5_1": [0, 2], "Q4_K": [0, 2],
          "Q5_K": [0, 2], "Q6_K": [208], "IQ4_NL": [0]}
N_WEIGHTS = 512


def blocks_of(name, rng):
    n_elements, n_bytes = GGML_QUANT_SIZES[Type[name]]
    blocks = rng.integers(0, 256, (N_WEIGHTS // n_elements, n_bytes), dtype=np.uint8)
    for at in HALVES[name]:
        scales = rng.uniform(-0.1, 0.1, len(blocks)).astype(np.float16)
        blocks[:, at:at + 2] = scales.view(np.uint8).reshape(-1, 2)
    return blocks


def write_array(kind, name, items):
    print(f"static const {kind} {name}[] = {{")
    for i in range(0, len(items), 12):
        print("    " + " ".join(f"{x}," for x in items[i:i + 12]))
    print("};")


def main():
    rng = np.random.default_rng(20261121)
    print("/* Made by make_quant_vectors.py with the gguf package: do not edit. */")
    print("#ifndef QUANT_VECTORS_H\n#define QUANT_VECTORS_H\n")
    print("#include <stdint.h>\n\n#include \"tensor/dtype.h\"\n")
    print(f"#define QUANT_WEIGHTS {N_WEIGHTS}")
    for name in TYPES:
        blocks = blocks_of(name, rng)
        weights = dequantize(blocks, Type[name]).astype(np.float32).reshape(-1)
        write_array("uint8_t", f"{name.lower()}_blocks", [str(b) for b in blocks.reshape(-1)])
        write_array("uint32_t", f"{name.lower()}_bits", [hex(x) for x in weights.view(np.uint32)])
    print("static const struct {\n    ewi_dtype dtype;\n    const uint8_t *blocks;\n"
          "    const uint32_t *bits; /* of the weights as f32 */\n} quant_vectors[] = {")
    for name in TYPES:
        print(f"    {{EWI_{name}, {name.lower()}_blocks, {name.lower()}_bits}},")
    print("};\n\n#endif")


main()
