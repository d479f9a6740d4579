"""Compares the divergence that `edgewise quantize --target-size` prints with numpy's, from `edgewise logits`.

    tests/golden/check_mix.py BUILD_DIR

Mixes types in stories260K (EDGEWISE_FIXTURES) by a text, cuts that text's held part into the windows that the
manual names, and computes the divergence of the package from the original. Then for a limit of divergence.
Exit code 1 when a figure differs by more than 1e-5, 77 (skipped) without numpy or the fixtures.
"""

import json
import pathlib
import sys
import tempfile

from numpy_check import EXACT, differs, edgewise, fixtures, log_probs, np, tokens_of

TEXT = "eval/tinyshakespeare.txt"
MODEL = "models/stories260K-f32.gguf"
N_BYTES, N_TOKENS, N_CTX = 8000, 2048, 512
TOLERANCE = 1e-5


def held_part(text):
    """The last quarter, from the beginning of its line on."""
    at = len(text) - len(text) // 4
    line = text.rfind(b"\n", 0, at) + 1
    return text[line if line > at // 2 else at :]


def divergence(model, base, text, folder):
    tokens = tokens_of(base, text)[: max(N_TOKENS // 8, N_CTX)]
    found = []
    for at in range(0, len(tokens) - N_CTX + 1, N_CTX - 1):
        window = tokens[:1] + tokens[at + 1 : at + N_CTX]  # each begins with the BOS
        p, q = (log_probs(m, window, folder, *EXACT)[:-1] for m in (base, model))
        found.append((np.exp(p) * (p - q)).sum(axis=1))
    kld = np.concatenate(found)
    return kld.mean(), kld.std(ddof=1) / np.sqrt(len(kld)), len(kld)


def check(name, base, text, limit, folder):
    path = folder / "text"
    path.write_bytes(text)
    said = json.loads(edgewise("quantize", "-m", base, "-o", folder / name, *limit, "--calibrate", path,
                               "--calibrate-tokens", N_TOKENS, "--json"))["mix"]
    tensors = json.loads(edgewise("inspect", folder / name, "--json"))["tensors"]
    mean, error, n = divergence(folder / name, base, held_part(text), folder)
    wanted = {"kld_mean": mean, "kld_se": error, "tokens": n,
              "size_bytes": sum(t["size_bytes"] for t in tensors)}
    failed = len({t["dtype"] for t in tensors}) < 3  # two types and F32
    for key, value in wanted.items():
        failed |= differs(name, key, said[key], value, TOLERANCE * abs(value))
    return failed, said


def main():
    model, text = fixtures(MODEL, TEXT)
    text = text.read_bytes()[:N_BYTES]
    with tempfile.TemporaryDirectory() as name:
        folder, near = pathlib.Path(name), ("--max-kld", 0.01, "--method", "gptq")
        failed, said = check("size", model, text, ("--target-size", 180000), folder)
        failed |= said["size_bytes"] > 180000
        more, said = check("kld", model, text, near, folder)
        failed |= more or said["kld_mean"] > 0.01
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
