"""Compares what `edgewise eval --json` says with the same figures made by numpy from `edgewise logits`.

    tests/golden/check_eval.py BUILD_DIR

Quantizes stories260K (EDGEWISE_FIXTURES) to q8c and q4g32, runs a text in windows, with and without --stride,
and prints each figure beside the other. Exit code 1 when one differs by more than 1e-5, 77 (skipped) without
numpy or the fixtures.
"""

import json
import pathlib
import sys
import tempfile

from numpy_check import differs, edgewise, fixtures, log_probs, np, tokens_of

TEXT = "eval/tinyshakespeare.txt"
MODEL = "models/stories260K-f32.gguf"
N_BYTES, N_CTX = 3000, 256
TOLERANCE = 1e-5


def windows_of(tokens, stride):
    """Tokens of each window, and where the scored ones begin in it."""
    first = N_CTX - stride if stride else N_CTX // 2 + 1
    for at in range(0, len(tokens) - N_CTX + 1, stride or N_CTX):
        yield tokens[:1] + tokens[at + 1 : at + N_CTX], first  # each begins with the BOS


def mean_and_error(x):
    return x.mean(), x.std(ddof=1) / np.sqrt(len(x))


def figures(model, base, text, stride, folder):
    tokens = tokens_of(model, text)
    rows, base_rows, nexts = [], [], []
    for window, first in windows_of(tokens, stride):
        rows.append(log_probs(model, window, folder)[first - 1 : -1])
        base_rows.append(log_probs(base, window, folder)[first - 1 : -1])
        nexts += window[first:]
    q, p, at = np.concatenate(rows), np.concatenate(base_rows), np.arange(len(nexts))
    nll, nll_base = -q[at, nexts], -p[at, nexts]
    kld = (np.exp(p) * (p - q)).sum(axis=1)
    dp = np.exp(-nll) - np.exp(-nll_base)
    said = {"tokens": len(nexts), "kld_max": kld.max()}
    for key, x in (("ppl", nll), ("ppl_base", nll_base), ("ppl_ratio", nll - nll_base)):
        mean, error = mean_and_error(x)
        said[key], said[key + "_se"] = np.exp(mean), np.exp(mean) * error
    said["kld_mean"], said["kld_se"] = mean_and_error(kld)
    for key, percent in (("kld_p50", 50), ("kld_p90", 90), ("kld_p99", 99), ("kld_p999", 99.9)):
        said[key] = np.percentile(kld, percent)
    said["top1_agreement"], said["top1_se"] = mean_and_error((p.argmax(axis=1) == q.argmax(axis=1)) * 1.0)
    said["dp_mean"], said["dp_se"] = mean_and_error(dp)
    square, error = mean_and_error(dp**2)
    said["dp_rms"], said["dp_rms_se"] = np.sqrt(square), error / (2 * np.sqrt(square))
    return said


def check(name, model, base, text, stride, folder):
    options = ["--against", base, "--json", "-c", N_CTX] + (["--stride", stride] if stride else [])
    got = json.loads(edgewise("eval", "-m", model, *options, text=text))
    failed = False
    for key, wanted in figures(model, base, text, stride, folder).items():
        allowed = TOLERANCE * min(1, abs(wanted)) if wanted else 1e-9
        failed |= differs(name, key, got[key], wanted, allowed)
    return failed


def main():
    model, text = fixtures(MODEL, TEXT)
    text = text.read_bytes()[:N_BYTES]
    failed = False
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for kind in ("q8c", "q4g32"):
            edgewise("quantize", "-m", model, "--type", kind, "-o", folder / kind)
            for stride in (0, 100):
                what = f"{kind} {'stride ' + str(stride) if stride else ''}"
                failed |= check(what, folder / kind, model, text, stride, folder)
        itself = ["-m", model, "--against", model]
        got = json.loads(edgewise("eval", *itself, "--json", text=text))
        failed |= got["kld_max"] > 1e-9 or got["dp_rms"] != 0 or got["top1_agreement"] != 1
        print(f"the same model  kld_max {got['kld_max']:g}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
