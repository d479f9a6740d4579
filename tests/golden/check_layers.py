"""Compares the errors of layers that `edgewise eval --json` says with those that numpy computes.

    tests/golden/check_layers.py BUILD_DIR

The model is stories260K from llama2.c's own file (EDGEWISE_FIXTURES), run in float64; the other is the same
with its matrices rounded to 16-bit floats. Exit code 1 when a figure differs by more than 1 %, 77 (skipped)
without numpy or the fixtures.
"""

import json
import pathlib
import sys
import tempfile

from numpy_check import EXACT, differs, edgewise, fixtures, np, tokens_of

TEXT = "eval/tinyshakespeare.txt"
MODEL = "models/stories260K-f32.gguf"
BINARY = "models/stories260K.bin"
N_BYTES, N_CTX = 1200, 128
TOLERANCE = 0.01
EPSILON, ROPE_BASE = 1e-5, 10000.0


# ---- llama2.c's model (run.c, memory_map_weights) ----


def read_model(path):
    raw = path.read_bytes()
    dim, hidden, n_layers, n_heads, n_kv, n_vocab, _ = np.frombuffer(raw, np.int32, 7)
    n_vocab, kv = abs(n_vocab), dim // n_heads * n_kv
    shapes = {"embed": (n_vocab, dim), "norm_att": (n_layers, dim), "q": (n_layers, dim, dim),
              "k": (n_layers, kv, dim), "v": (n_layers, kv, dim), "o": (n_layers, dim, dim),
              "norm_ffn": (n_layers, dim), "gate": (n_layers, hidden, dim), "down": (n_layers, dim, hidden),
              "up": (n_layers, hidden, dim)}
    model, at = {"n_layers": n_layers, "n_heads": n_heads, "n_kv": n_kv}, 28
    for name, shape in shapes.items():
        n = int(np.prod(shape))
        model[name] = np.frombuffer(raw, np.float32, n, at).reshape(shape).astype(np.float64)
        at += 4 * n
    return model


def in_halves(model):
    return {name: x.astype(np.float32).astype(np.float16).astype(np.float64)
            if isinstance(x, np.ndarray) and not name.startswith("norm") else x for name, x in model.items()}


def norm(x, w):
    return x / np.sqrt((x * x).mean(axis=1, keepdims=True) + EPSILON) * w


def rope(x):
    """Neighbours turn together: x is [positions, heads, dim]."""
    n, _, dim = x.shape
    angles = np.arange(n)[:, None] * ROPE_BASE ** (-np.arange(0, dim, 2) / dim)
    cos, sin = np.cos(angles)[:, None], np.sin(angles)[:, None]
    even, odd = x[..., 0::2], x[..., 1::2]
    return np.stack([even * cos - odd * sin, even * sin + odd * cos], axis=-1).reshape(x.shape)


def attention(model, i, x):
    n, heads, n_kv = len(x), model["n_heads"], model["n_kv"]
    q = rope((x @ model["q"][i].T).reshape(n, heads, -1))
    k = rope((x @ model["k"][i].T).reshape(n, n_kv, -1)).repeat(heads // n_kv, axis=1)
    v = (x @ model["v"][i].T).reshape(n, n_kv, -1).repeat(heads // n_kv, axis=1)
    scores = np.einsum("ahd,bhd->hab", q, k) / np.sqrt(q.shape[2]) + np.triu(np.full((n, n), -np.inf), 1)
    weights = np.exp(scores - scores.max(axis=2, keepdims=True))
    weights /= weights.sum(axis=2, keepdims=True)
    return np.einsum("hab,bhd->ahd", weights, v).reshape(n, -1) @ model["o"][i].T


def hidden_states(model, tokens):
    x = model["embed"][tokens]
    yield x
    for i in range(model["n_layers"]):
        x = x + attention(model, i, norm(x, model["norm_att"][i]))
        y = norm(x, model["norm_ffn"][i])
        gate = y @ model["gate"][i].T
        x = x + gate / (1 + np.exp(-gate)) * (y @ model["up"][i].T) @ model["down"][i].T
        yield x


# ---- both ----


def wanted_errors(base, model, tokens):
    """Rows whose next token is scored: the second half of each window."""
    rows = slice(N_CTX // 2, N_CTX - 1)
    squares = errors = 0
    for at in range(0, len(tokens) - N_CTX + 1, N_CTX):
        window = tokens[:1] + tokens[at + 1 : at + N_CTX]
        pairs = zip(hidden_states(base, window), hidden_states(model, window), strict=True)
        sums = np.array([((x[rows] ** 2).sum(), ((y[rows] - x[rows]) ** 2).sum()) for x, y in pairs])
        squares, errors = squares + sums[:, 0], errors + sums[:, 1]
    return np.sqrt(errors / squares)


def main():
    model, binary, text = fixtures(MODEL, BINARY, TEXT)
    text = text.read_bytes()[:N_BYTES]
    with tempfile.TemporaryDirectory() as folder:
        halves = pathlib.Path(folder) / "halves"
        edgewise("quantize", "-m", model, "--type", "f16", "-o", halves)
        models = ["-m", halves, "--against", model]
        got = json.loads(edgewise("eval", *models, *EXACT, "--json", "-c", N_CTX, text=text))["layer_errors"]
    base = read_model(binary)
    wanted = wanted_errors(base, in_halves(base), tokens_of(model, text))
    failed = len(got) != len(wanted)
    for i, (a, b) in enumerate(zip(got, wanted)):
        failed |= differs(f"layer {i}" if i else "embedding", "error", a, b, TOLERANCE * b)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
