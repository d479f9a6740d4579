#!/usr/bin/env python3
"""Writes data/scanner_vectors.txt: where regular expressions cut texts into words. Needs `pip install regex`.

    tests/conformance/make_scanner_vectors.py [N] [SEED] > tests/conformance/data/scanner_vectors.txt

A text is a line "text HEX"; each line after it names a scanner and the ends of its words in bytes. The
expressions are those that the models' own tokenizer files have (for Falcon and GGUF's default, those of
llama.cpp), run by the `regex` module. Texts with characters that Unicode 15.0 does not assign are left out:
newer versions differ on them.
"""
import os
import sys
from pathlib import Path

import regex

from adversarial_text import texts

CONTRACTIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
WORDS = CONTRACTIONS + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}%s| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
BLOOM = r" ?[^(\s|.,!?\u2026\u3002\uff0c\u3001\u0964\u06d4\u060c)]+"
UPPER, LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
SCANNERS = {
    "gpt2": [GPT2],
    "llama3": [WORDS % "{1,3}"],
    "qwen2": [WORDS % ""],
    "cl100k": [
        r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+"
        r"|\s++\Z|\s*[\r\n]|\s+(?!\S)|\s"  # \Z: Python's spelling of Rust's $
    ],
    "o200k": [
        rf"[^\r\n\p{{L}}\p{{N}}]?{UPPER}*{LOWER}+{CONTRACTIONS}?"
        rf"|[^\r\n\p{{L}}\p{{N}}]?{UPPER}+{LOWER}*{CONTRACTIONS}?"
        r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    ],
    "starcoder": [r"\p{N}", GPT2],
    "falcon": [r"[\p{P}\$\+<=>\^~\|`]+", GPT2, "[0-9][0-9][0-9]"],
    "deepseek-coder": [
        r"[\r\n]",
        r"\s?\p{L}+",
        r"\s?\p{P}+",
        "[\u4e00-\u9fa5\u0800-\u4e00\uac00-\ud7ff]+",
        r"\p{N}",
    ],
    "deepseek-v3": [
        r"\p{N}{1,3}",
        "[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+",
        r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+"
        r"| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    ],
    "tekken": [
        rf"[^\r\n\p{{L}}\p{{N}}]?{UPPER}*{LOWER}+|[^\r\n\p{{L}}\p{{N}}]?{UPPER}+{LOWER}*"
        r"|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    ],
    "qwen35": [
        CONTRACTIONS + r"|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*"
        r"|\s*[\r\n]+|\s+(?!\S)|\s+"
    ],
    "seed-coder": [
        CONTRACTIONS + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1}| ?[^\s\p{L}\p{N}\r\n]+"
        r"|\s*[\r\n]+|\s+(?!\S)|\s+"
    ],
    "bloom": [BLOOM],
    "viking": [BLOOM, r"\p{N}"],
    "gguf-default": [r"[\p{P}\$\+<=>\^~\|]+", GPT2, r"\p{N}+", "[0-9][0-9][0-9]"],
}


def split(expression, piece):
    """The matches and what lies between them."""
    at = 0
    for match in regex.finditer(expression, piece, flags=regex.V1):
        if match.start() > at:
            yield piece[at : match.start()]
        if match.end() > match.start():
            yield match.group()
        at = match.end()
    if at < len(piece):
        yield piece[at:]


def word_ends(cascade, text):
    pieces = [text]
    for expression in cascade:
        pieces = [part for piece in pieces for part in split(expression, piece)]
    ends, at = [], 0
    for piece in pieces:
        at += len(piece.encode())
        ends.append(at)
    return ends


def assigned():
    """Characters of Unicode 15.0 by DerivedAge.txt (Debian: unicode-data; else the folder UNICODE_DATA)."""
    known = set()
    path = Path(os.environ.get("UNICODE_DATA", "/usr/share/unicode")) / "DerivedAge.txt"
    for line in path.read_text(encoding="utf-8").splitlines():
        chars = line.split("#")[0].split(";")[0].strip()
        if chars:
            first, _, last = chars.partition("..")
            known.update(range(int(first, 16), int(last or first, 16) + 1))
    return known


def main():
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 260
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    known = assigned()
    print(f"# made by make_scanner_vectors.py, regex {regex.__version__}")
    for text in texts(n, seed):
        if not all(ord(c) in known for c in text):
            continue
        print("text", text.encode().hex())
        for name, cascade in SCANNERS.items():
            print(name, *word_ends(cascade, text))


main()
