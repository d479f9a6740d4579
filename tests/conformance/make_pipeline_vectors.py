#!/usr/bin/env python3
"""Writes data/pipeline_vectors.txt: small tokenizer.json files of WordPiece, unigram and other models
(pipelines.py), and what Hugging Face's tokenizers make of texts with them. Needs `pip install tokenizers`.

    tests/conformance/make_pipeline_vectors.py [N] [SEED] > tests/conformance/data/pipeline_vectors.txt

A line "tokenizer NAME JSON", then for each text the lines "text HEX", "ids ..." and "decoded HEX". Special
tokens that are spelled out stay text (encode_special_tokens); texts that the package's unigram models make
special or byte tokens of all the same are left out, and those with characters after Unicode 8. oracle.py
compares more, with more tokenizers.
"""

import json
import sys

import tokenizers

import pipelines
from adversarial_text import texts


def main():
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 4
    print(f"# made by make_pipeline_vectors.py, tokenizers {tokenizers.__version__}")
    old = pipelines.old_characters()
    for turn, (name, spec) in enumerate(pipelines.small()):
        text_of_spec = json.dumps(spec, ensure_ascii=True, separators=(",", ":"))
        print("tokenizer", name, text_of_spec)
        tokenizer = tokenizers.Tokenizer.from_str(text_of_spec)
        tokenizer.encode_special_tokens = True
        words = ["The following was made, about these people's words: no, isn't it?"]
        words += ["so\u2026\u0301 e\u0301\u0301 e\u0301\u0301\u0301 \ufb01\u0301 \r\n they \u0600e\u0301"]
        for text in words + texts(n, seed + turn, most_pieces=8):
            if pipelines.spells_special(text, spec) or not old.issuperset(map(ord, text)):
                continue
            ids = tokenizer.encode(text, add_special_tokens=False).ids
            print("text", text.encode().hex())
            print("ids", *ids)
            print("decoded", tokenizer.decode(ids).encode().hex())


main()
