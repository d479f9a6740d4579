#!/usr/bin/env python3
"""Writes block_errors.h: random rows, and the squared errors that llama.cpp's quantizers leave in them.

    python3 make_block_errors.py LLAMA/build/bin > block_errors.h

llama-quantize --pure makes the files, without and with an importance matrix; the package gguf reads what the
blocks stand for. Errors with importance are each multiplied with it.
"""

import os
import subprocess
import sys
import tempfile

import gguf
import numpy as np

N, K = 4, 512
TYPES = ("Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q4_K", "Q5_K", "Q6_K")
THEIR_NAMES = {"Q4_K": "Q4_K_S", "Q5_K": "Q5_K_S"}
NAME = "blk.0.ffn_up.weight"

rng = np.random.default_rng(7)


def rows():
    """Heavy tails, groups of other sizes, a row that is mostly above 0, and a row with many zeros."""
    w = rng.standard_t(5, (N, K)) * np.repeat(rng.uniform(0.2, 1.5, (N, K // 32)), 32, axis=1) * 0.03
    w[2] = np.abs(w[2]) + 0.01
    w[3] *= rng.random(K) < 0.3
    return w.astype(np.float32)


def write_model(path, w):
    f = gguf.GGUFWriter(path, "llama")
    f.add_block_count(1)
    f.add_context_length(64)
    f.add_embedding_length(K)
    f.add_feed_forward_length(N)
    f.add_head_count(4)
    f.add_layer_norm_rms_eps(1e-5)
    f.add_vocab_size(8)
    f.add_tensor(NAME, w)
    finish(f)


def write_imatrix(path, importance):
    f = gguf.GGUFWriter(path, "")
    f.kv_data[0].clear()
    f.add_type("imatrix")
    f.add_array("imatrix.datasets", ["text"])
    f.add_uint32("imatrix.chunk_count", 1)
    f.add_uint32("imatrix.chunk_size", 512)
    f.add_tensor(NAME + ".in_sum2", importance.reshape(1, K))
    f.add_tensor(NAME + ".counts", np.ones((1, 1), np.float32))
    finish(f)


def finish(f):
    f.write_header_to_file()
    f.write_kv_data_to_file()
    f.write_tensors_to_file()
    f.close()


def error(program, folder, kind, w, importance):
    source, out = os.path.join(folder, "f32.gguf"), os.path.join(folder, "out.gguf")
    command = [program, "--pure"]
    if importance is not None:
        command += ["--imatrix", os.path.join(folder, "imatrix.gguf")]
    subprocess.run(command + [source, out, THEIR_NAMES.get(kind, kind)], check=True, capture_output=True)
    tensor = gguf.GGUFReader(out).tensors[0]
    assert tensor.tensor_type.name == kind
    y = gguf.quants.dequantize(tensor.data, tensor.tensor_type).astype(np.float64)
    return ((w - y) ** 2 * (1 if importance is None else importance)).sum()


def print_floats(name, x):
    print("static const float %s[] = {" % name)
    for i in range(0, len(x), 4):
        print("    " + ", ".join("%sf" % float(v).hex() for v in x[i:i + 4]) + ",")
    print("};")


def main():
    program = os.path.join(sys.argv[1], "llama-quantize")
    w = rows()
    importance = rng.lognormal(0, 1.5, K).astype(np.float32)
    print("/* Made by make_block_errors.py: do not edit. */")
    print("#define BLOCK_ROWS %d\n#define BLOCK_INPUTS %d" % (N, K))
    print_floats("block_rows", w.reshape(-1))
    print_floats("block_importance", importance)
    print("typedef struct block_error {\n    ewi_dtype dtype;\n    double plain, weighted; /* theirs */")
    print("} block_error;")
    print("static const block_error block_errors[] = {")
    with tempfile.TemporaryDirectory() as folder:
        write_model(os.path.join(folder, "f32.gguf"), w)
        write_imatrix(os.path.join(folder, "imatrix.gguf"), importance)
        for kind in TYPES:
            print("    {EWI_%s, %.9g, %.9g}," % (kind, error(program, folder, kind, w, None),
                                               error(program, folder, kind, w, importance)))
    print("};")


if __name__ == "__main__":
    main()
