"""Compares the packages of `edgewise quantize --method gptq` with GPTQ in numpy, matrix by matrix.

    tests/golden/check_gptq.py BUILD_DIR

stories260K (EDGEWISE_FIXTURES) runs over a text twice, in double precision: as it is, and with the matrices
that the package holds (read and run as make_quantized.py does). What these read and what the original's read
are the inputs of each matrix, and the paper's recurrence (make_gptq_vectors.py) rounds what lies half way to
the damped least squares between them. Inputs of 8 bits that lie between two codes are rounded apart in single
and double precision, which grows from layer to layer: so weights are compared in the first layer, and in all
of them how far outputs are from the original's. Exit code 1 when more than a tenth of the weights differ
there, or a matrix's outputs are further off than a tenth more than numpy's; 77 (skipped) without numpy or the
fixtures.
"""

import pathlib
import sys
import tempfile

from numpy_check import edgewise, fixtures, np

MODEL = "models/stories260K-f32.gguf"
TEXT = "eval/tinyshakespeare.txt"
WINDOW, N_WINDOWS, N_BYTES = 512, 2, 8000
TYPES = ("q4c", "q4g32", "q8c")

SOURCE, SPOKEN = fixtures(MODEL, TEXT)

import make_quantized as model  # noqa: E402 (it reads the model)
import make_gptq_vectors as method  # noqa: E402 (make_quantized knows its folder)


def windows(text):
    """Each begins with the BOS."""
    tokens = list(map(int, edgewise("tokenize", "-m", SOURCE, text=text).split()))
    return [[1, *tokens[at : at + WINDOW - 1]] for at in range(0, N_WINDOWS * (WINDOW - 1), WINDOW - 1)]


def original(name):
    if name == "output.weight":
        return model.embedding
    _, layer, role, _ = name.split(".")
    return model.originals[role][int(layer)]


def inputs_of_all(tokens, table, multiply):
    """By the matrix that reads them, of all windows."""
    found = {}

    def look(name, x):
        found.setdefault(name, []).append(x)
        return multiply(name, x)

    for window in tokens:
        model.run(window, table, look)
    return {name: np.concatenate(x) for name, x in found.items()}


def learn(w, x, y):
    """A row of inputs counts by the inverse of its root mean square."""
    weights = 1 / np.sqrt((y * y).mean(1, keepdims=True))
    h, dead = method.damped(x.T @ (weights * x))
    return h, w + 0.5 * np.linalg.solve(h, (weights * x).T @ ((y - x) @ w.T)).T, dead


def check_matrix(name, kind, written, x, y):
    w = original(name)
    if kind in model.rounding.ROTATED:
        w = np.array([model.rounding.rotate(row) for row in w])
    x, y = model.inputs(x, kind), model.turn(y, kind)
    h, best, dead = learn(w, x, y)
    q = np.array([method.gptq(kind, row, h, dead) for row in best])
    ours, numpys = (((x @ m.T - y @ w.T) ** 2).sum() for m in (written, q))
    others = (np.abs(q - written) > 1e-4 * np.abs(q).max(1, keepdims=True)).sum()
    return others, q.size, ours, numpys


def check(name, folder, text, tokens):
    kind, path = model.TYPES[name], folder / name
    (folder / "text").write_bytes(text)
    edgewise("quantize", "-m", SOURCE, "--type", name, "--method", "gptq", "--calibrate",
             folder / "text", "--calibrate-tokens", N_WINDOWS * (WINDOW - 1), "-o", path)
    table, weights = model.package(path)
    written = {n: model.matrix(t, weights) for n, t in table.items() if len(t["dims"]) == 2}
    x = inputs_of_all(tokens, model.embeddings(written.get, kind),
                      lambda n, rows: model.linear(rows, written[n], kind))
    y = inputs_of_all(tokens, model.embedding, lambda n, rows: rows @ original(n).T)
    found = {n: check_matrix(n, kind, written[n], x[n], y[n]) for n in x}
    others, size = (sum(f[i] for n, f in found.items() if n.startswith("blk.0.")) for i in (0, 1))
    worst = max(found, key=lambda n: found[n][2] / found[n][3])
    error = found[worst][2] / found[worst][3]
    failed = others > size / 10 or error > 1.1
    print(f"{name:6} first layer: {others} of {size} weights differ; errors of outputs at most {error:.4f} "
          f"of numpy's ({worst}){' DIFFERS' if failed else ''}")
    return failed


def main():
    text = SPOKEN.read_bytes()[:N_BYTES]
    tokens = windows(text)
    with tempfile.TemporaryDirectory() as folder:
        failed = [check(name, pathlib.Path(folder), text, tokens) for name in TYPES]
    sys.exit(any(failed))


if __name__ == "__main__":
    main()
