#!/usr/bin/env python3
"""Writes data/stories260K.TYPE.logits.f32: what stories260K says with quantized layers.

    EDGEWISE_FIXTURES=... python3 make_quantized.py PROGRAM

PROGRAM (edgewise) makes the packages; what they hold is read here by docs/container.md and tensor/packed.h,
and run by an independent forward pass in numpy, in double precision, but for what docs/numerics.md defines:
inputs of every matrix become int8. 12 positions of 512 logits each, for the tokens below.
"""

import json
import os
import subprocess
import sys
import tempfile

import numpy as np

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(here, "..", "unit", "quant"))
import make_round_vectors as rounding  # noqa: E402

# No input of theirs comes so near to half a code that double and single precision would round it apart.
TOKENS = [1, 403, 407, 261, 378, 432, 436, 300, 265, 417, 414, 293]
TYPES = {"q8c": "Q8C", "q4c": "Q4C", "q4s": "Q4S", "q8g": "Q8_0", "q4g32": "Q4_0", "q4g128": "Q4G128"}

models = os.path.join(os.environ["EDGEWISE_FIXTURES"], "models")
data = open(os.path.join(models, "stories260K.bin"), "rb").read()
dim, hidden, n_layers, n_heads, n_kv, n_vocab, _ = np.frombuffer(data, np.int32, 7)
head = dim // n_heads
at = 28


def take(*shape):
    global at
    n = int(np.prod(shape))
    values = np.frombuffer(data, np.float32, n, at).reshape(shape).astype(np.float64)
    at += 4 * n
    return values


embedding = take(n_vocab, dim)  # and head
attn_norm = take(n_layers, dim)
originals = {"attn_q": take(n_layers, dim, dim), "attn_k": take(n_layers, n_kv * head, dim),
             "attn_v": take(n_layers, n_kv * head, dim), "attn_output": take(n_layers, dim, dim)}
ffn_norm = take(n_layers, dim)
originals.update(ffn_gate=take(n_layers, hidden, dim), ffn_down=take(n_layers, dim, hidden),
                 ffn_up=take(n_layers, hidden, dim))
out_norm = take(dim)


def package(path):
    """Table and weights."""
    def blob(digest):
        return open(os.path.join(path, "blobs", *digest.split(":")), "rb").read()

    index = json.load(open(os.path.join(path, "index.json")))
    layers = json.loads(blob(index["manifests"][0]["digest"]))["layers"]
    by_type = {layer["mediaType"].split(".model.")[1]: layer["digest"] for layer in layers}
    table = json.loads(blob(by_type["tensors.v1+json"]))["tensors"]
    return {t["name"]: t for t in table}, blob(by_type["weights.v1"])


def codes_of(chunks, bits):
    if bits == 4:
        low, high = chunks & 15, chunks >> 4
        chunks = np.stack([low, high], 2)
    codes = chunks.reshape(-1, 8, 16, 4).transpose(2, 0, 1, 3).reshape(16, -1)
    return codes.astype(np.float64) - 2 ** (bits - 1)


def scales_of(head_bytes, kind, k):
    """[16, k] of a tile."""
    if kind in rounding.ROTATED:
        d = head_bytes[:64].view("<f4").astype(np.float64)[:, None]
        if kind != "Q4S":
            return np.repeat(d, k, 1)
        s = head_bytes[64:64 + (k + 63) // 64 * 16].reshape(-1, 16)
        return np.repeat(np.stack([s & 15, s >> 4], 1).reshape(-1, 16).T, 32, 1)[:, :k] * d
    group = 128 if kind == "Q4G128" else 32
    d = head_bytes[:(k + group - 1) // group * 32].view("<f2").reshape(-1, 16).T.astype(np.float64)
    return np.repeat(d, group, 1)[:, :k]


def matrix(entry, weights):
    n, k = entry["dims"]
    bits = 8 if entry["dtype"] in ("Q8C", "Q8_0") else 4
    unit = 64 if entry["dtype"] in rounding.ROTATED else 32
    chunks_bytes = (k + unit - 1) // unit * unit * 2 * bits
    rows = []
    n_tiles = (n + 15) // 16
    tile_bytes = entry["size"] // n_tiles
    for i in range(n_tiles):
        start = entry["offset"] + i * tile_bytes
        tile = np.frombuffer(weights, np.uint8, tile_bytes, start)
        codes = codes_of(tile[-chunks_bytes:].reshape(-1, bits, 16, 4), bits)[:, :k]
        rows.append(codes * scales_of(tile, entry["dtype"], k))
    return np.concatenate(rows)[:n]


def to_int8(x):
    largest = np.abs(x).max(-1, keepdims=True)
    largest[largest == 0] = 1
    return np.rint(x * (127 / largest)) * (largest / 127)


def turn(x, kind):
    if kind not in rounding.ROTATED:
        return x
    turned = np.empty_like(x)
    for start, n in rounding.blocks(x.shape[-1]):
        turned[:, start:start + n] = (x[:, start:start + n] * rounding.SIGNS[:n]) @ rounding.hadamard(n)
        turned[:, start:start + n] *= rounding.factor(n)
    return turned


def inputs(x, kind):
    if kind in rounding.ROTATED:
        return to_int8(turn(x, kind))
    return np.concatenate([to_int8(x[:, i:i + 256]) for i in range(0, x.shape[1], 256)], 1)


def linear(x, w, kind):
    return inputs(x, kind) @ w.T


def rms(x, w):
    return x / np.sqrt((x * x).mean(-1, keepdims=True) + 1e-5) * w


def rope(x, heads):
    angle = np.arange(len(x))[:, None] * 10000.0 ** (-np.arange(0, head, 2) / head)
    c, s = np.cos(angle)[:, None], np.sin(angle)[:, None]
    x = x.reshape(len(x), heads, head // 2, 2)
    a, b = x[..., 0], x[..., 1]
    return np.stack([a * c - b * s, a * s + b * c], -1).reshape(len(x), heads, head)


def attention(q, k, v):
    k, v = np.repeat(k, n_heads // n_kv, 1), np.repeat(v, n_heads // n_kv, 1)
    mask = np.triu(np.full((len(q), len(q)), -np.inf), 1)
    scores = np.einsum("thd,shd->hts", q, k) / np.sqrt(head) + mask
    p = np.exp(scores - scores.max(-1, keepdims=True))
    return np.einsum("hts,shd->thd", p / p.sum(-1, keepdims=True), v).reshape(len(q), dim)


def embeddings(weight, kind):
    rows = weight("token_embd.weight")
    return np.array([rounding.rotate_back(row) for row in rows]) if kind in rounding.ROTATED else rows


def forward(kind, path):
    table, weights = package(path)

    def weight(name):
        return matrix(table[name], weights)

    return run(TOKENS, embeddings(weight, kind), lambda name, h: linear(h, weight(name), kind))


def run(tokens, table, multiply):
    """multiply(name, x) is what the matrix of that name makes of rows."""
    def layer(i, name, h):
        return multiply("blk.%d.%s.weight" % (i, name), h)

    x = table[tokens]
    for i in range(n_layers):
        h = rms(x, attn_norm[i])
        q, k = rope(layer(i, "attn_q", h), n_heads), rope(layer(i, "attn_k", h), n_kv)
        v = layer(i, "attn_v", h).reshape(len(h), n_kv, head)
        x = x + layer(i, "attn_output", attention(q, k, v))
        h = rms(x, ffn_norm[i])
        g = layer(i, "ffn_gate", h)
        x = x + layer(i, "ffn_down", g / (1 + np.exp(-g)) * layer(i, "ffn_up", h))
    return multiply("output.weight", rms(x, out_norm))


def main():
    with tempfile.TemporaryDirectory() as folder:
        for name, kind in TYPES.items():
            out = os.path.join(folder, name)
            model = os.path.join(models, "stories260K-f32.gguf")
            subprocess.run([sys.argv[1], "quantize", "-m", model, "--type", name, "-o", out], check=True)
            target = os.path.join(here, "data", "stories260K.%s.logits.f32" % name)
            forward(kind, out).astype("<f4").tofile(target)


if __name__ == "__main__":
    main()
