"""Compares the divergence that `edgewise quantize --target-size` prints with numpy's, from `edgewise logits`.

    tests/golden/check_mix.py BUILD_DIR

Mixes types in stories260K (EDGEWISE_FIXTURES) by a text, cuts that text's held part into the windows that the
manual names, and computes the divergence of the package from the original. Then for a limit of divergence.
Exit code 1 when a figure differs by more than 1e-5, 77 (skipped) without numpy or the fixtures.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

TEXT = "eval/tinyshakespeare.txt"
MODEL = "models/stories260K-f32.gguf"
N_BYTES, N_TOKENS, N_CTX = 8000, 2048, 512
TOLERANCE = 1e-5


def skip(why):
    print(f"SKIPPED: check_mix: {why}")
    sys.exit(1 if os.environ.get("EDGEWISE_REQUIRE_FIXTURES") == "1" and "FIXTURES" in why else 77)


try:
    import numpy as np
except ImportError:
    skip("needs numpy")


def edgewise(*arguments, text=b""):
    done = subprocess.run([PROGRAM, *map(str, arguments)], input=text, stdout=subprocess.PIPE, check=True)
    return done.stdout


def held_part(text):
    """The last quarter, from the beginning of its line on."""
    at = len(text) - len(text) // 4
    line = text.rfind(b"\n", 0, at) + 1
    return text[line if line > at // 2 else at :]


def log_probs(model, window, folder):
    out = folder / "logits.f32"
    exact = ["--exact", "-ctk", "f32", "-ctv", "f32"]
    edgewise("logits", "-m", model, "--tokens", " ".join(map(str, window)), *exact, "--out", out)
    logits = np.fromfile(out, dtype=np.float32).reshape(len(window), -1).astype(np.float64)
    logits -= logits.max(axis=1, keepdims=True)
    return logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))


def divergence(model, base, text, folder):
    tokens = list(map(int, edgewise("tokenize", "-m", base, "--bos", text=text).split()))
    tokens = tokens[: max(N_TOKENS // 8, N_CTX)]
    found = []
    for at in range(0, len(tokens) - N_CTX + 1, N_CTX - 1):
        window = tokens[:1] + tokens[at + 1 : at + N_CTX]  # each begins with the BOS
        p, q = (log_probs(m, window, folder)[:-1] for m in (base, model))
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
        far = abs(said[key] - value) > TOLERANCE * abs(value)
        failed = failed or far
        print(f"{name:8} {key:10} {said[key]:<16.10g} numpy {value:<16.10g}{' DIFFERS' if far else ''}")
    return failed, said


def main():
    source = pathlib.Path(os.environ.get("EDGEWISE_FIXTURES", "none"))
    if not (source / MODEL).exists() or not (source / TEXT).exists():
        skip("needs EDGEWISE_FIXTURES")
    text = (source / TEXT).read_bytes()[:N_BYTES]
    with tempfile.TemporaryDirectory() as name:
        folder, near = pathlib.Path(name), ("--max-kld", 0.01, "--method", "gptq")
        failed, said = check("size", source / MODEL, text, ("--target-size", 180000), folder)
        failed |= said["size_bytes"] > 180000
        more, said = check("kld", source / MODEL, text, near, folder)
        failed |= more or said["kld_mean"] > 0.01
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    PROGRAM = str(pathlib.Path(sys.argv[1]).resolve() / "edgewise")
    main()
