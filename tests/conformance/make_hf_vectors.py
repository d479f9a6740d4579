#!/usr/bin/env python3
"""Writes data/hf_vectors.txt: what Hugging Face's tokenizers make of texts. Needs `pip install tokenizers`.

    tests/conformance/make_hf_vectors.py FIXTURES [N] [SEED] > tests/conformance/data/hf_vectors.txt

A text is a line "text HEX"; each line after it names a tokenizer of FIXTURES/tokenizers/hf-json and the
ids. Special tokens that are spelled out stay text (encode_special_tokens). "decoded HEX" lines give
Llama-2's text of the ids before.

The Llama-2 file there spells no-break spaces as blanks, which leaves three merges that have no meaning; the
package refuses them, so they are dropped here, as the loader drops them.

Qwen2's file is not among the fixtures: its stages are put before Phi-2's vocabulary, as "qwen2-phi-2".
"""
import json
import sys
from pathlib import Path

import tokenizers

from adversarial_text import texts

QWEN2 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def load(spec):
    tokenizer = tokenizers.Tokenizer.from_str(json.dumps(spec))
    tokenizer.encode_special_tokens = True
    return tokenizer


def read_specs(fixtures):
    """The tokenizers' documents, by name."""
    folder = Path(fixtures) / "tokenizers" / "hf-json"
    llama2 = json.loads((folder / "llama2" / "tokenizer.json").read_text(encoding="utf-8"))
    llama2["model"]["merges"] = [merge for merge in llama2["model"]["merges"] if merge.count(" ") == 1]
    phi2 = json.loads((folder / "phi-2" / "tokenizer.json").read_text(encoding="utf-8"))
    qwen2 = dict(phi2)
    qwen2["normalizer"] = {"type": "NFC"}
    qwen2["pre_tokenizer"] = {
        "type": "Sequence",
        "pretokenizers": [
            {"type": "Split", "pattern": {"Regex": QWEN2}, "behavior": "Isolated", "invert": False},
            {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False, "use_regex": False},
        ],
    }
    return {"llama2": llama2, "phi-2": phi2, "qwen2-phi-2": qwen2}


def main():
    n = int(sys.argv[2]) if len(sys.argv) > 2 else 320
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 2
    loaded = {name: load(spec) for name, spec in read_specs(sys.argv[1]).items()}
    print(f"# made by make_hf_vectors.py, tokenizers {tokenizers.__version__}")
    for text in texts(n, seed):
        print("text", text.encode().hex())
        for name, tokenizer in loaded.items():
            ids = tokenizer.encode(text, add_special_tokens=False).ids
            print(name, *ids)
            if name == "llama2":
                print("decoded", tokenizer.decode(ids).encode().hex())


if __name__ == "__main__":
    main()
