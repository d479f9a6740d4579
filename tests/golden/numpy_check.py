"""What the checks against numpy share: the program, its fixtures, and how a figure is compared.

    from numpy_check import differs, edgewise, fixtures, np

    model, text = fixtures("models/x.gguf", "eval/y.txt")     or skipped
    failed = differs("q8c", "ppl", got, wanted, 1e-5)          prints both

A check is run with the folder of the program that was built. Its exit code is 1 when a figure differs and 77,
skipped, without numpy or EDGEWISE_FIXTURES; with EDGEWISE_REQUIRE_FIXTURES=1 it fails then.
"""

import os
import pathlib
import subprocess
import sys

PROGRAM = str(pathlib.Path(sys.argv[1]).resolve() / "edgewise")
EXACT = ["--exact", "-ctk", "f32", "-ctv", "f32"]


def skip(why):
    must = os.environ.get("EDGEWISE_REQUIRE_FIXTURES") == "1"
    print(f"{'FAILED' if must else 'SKIPPED'}: {pathlib.Path(sys.argv[0]).stem}: needs {why}")
    sys.exit(1 if must else 77)


try:
    import numpy as np
except ImportError:
    skip(f"numpy ({sys.executable} has none)")


def fixtures(*names):
    source = pathlib.Path(os.environ.get("EDGEWISE_FIXTURES", "none"))
    if not all((source / name).exists() for name in names):
        skip("EDGEWISE_FIXTURES")
    return [source / name for name in names]


def edgewise(*arguments, text=b""):
    done = subprocess.run([PROGRAM, *map(str, arguments)], input=text, stdout=subprocess.PIPE, check=True)
    return done.stdout


def tokens_of(model, text):
    return list(map(int, edgewise("tokenize", "-m", model, "--bos", text=text).split()))


def log_probs(model, window, folder, *options):
    """[positions, vocabulary], float64."""
    out = folder / "logits.f32"
    edgewise("logits", "-m", model, "--tokens", " ".join(map(str, window)), *options, "--out", out)
    logits = np.fromfile(out, dtype=np.float32).reshape(len(window), -1).astype(np.float64)
    logits -= logits.max(axis=1, keepdims=True)
    return logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))


def differs(what, key, got, wanted, allowed):
    """By more than is allowed."""
    far = not abs(got - wanted) <= allowed
    print(f"{what:14} {key:15} {got:<16.10g} numpy {wanted:<16.10g}{' DIFFERS' if far else ''}")
    return far
