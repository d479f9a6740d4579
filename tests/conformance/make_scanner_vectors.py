#!/usr/bin/env python3
"""Writes data/scanner_vectors.txt: where regular expressions cut texts into words. Needs `pip install regex`.

    tests/conformance/make_scanner_vectors.py [N] [SEED] > tests/conformance/data/scanner_vectors.txt

A text is a line "text HEX"; each line after it names a scanner and the ends of its words in bytes. The
expressions are those that the models' own tokenizer files have (for Falcon and GGUF's default, those of
llama.cpp), run by the `regex` module. Texts with characters that Unicode 15.0 does not assign are left out:
newer versions differ on them.
"""
import os
import random
import sys
from pathlib import Path

import regex

from adversarial_text import texts

CONTRACTIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
WORDS = CONTRACTIONS + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}%s| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
BLOOM = r" ?[^(\s|.,!?\u2026\u3002\uff0c\u3001\u0964\u06d4\u060c)]+"
UPPER, LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
CASED = (
    rf"[^\r\n\p{{L}}\p{{N}}]?{UPPER}*{LOWER}+{CONTRACTIONS}?"
    rf"|[^\r\n\p{{L}}\p{{N}}]?{UPPER}+{LOWER}*{CONTRACTIONS}?"
)
REST = r"|\s*[\r\n]+|\s+(?!\S)|\s+"
DEEPSEEK_V3 = (
    r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+"
    r"| ?[\p{P}\p{S}]+[\r\n]*" + REST
)
# \w of Oniguruma
WORD = r"[[\w\xb2\xb3\xb9\xbc-\xbe]--[\u200c\u200d]]"
# DeepSeek LLM's
LETTERS = (
    "A-Za-z\u00b5\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u01ba\u01bc-\u01bf\u01c4-\u0293\u0295-\u02af"
    "\u0370-\u0373\u0376\u0377\u037b-\u037d\u037f\u0386\u0388-\u038a\u038c\u038e-\u03a1\u03a3-\u03f5"
    "\u03f7-\u0481\u048a-\u052f\u0531-\u0556\u10a0-\u10c5\u13a0-\u13f5\u13f8-\u13fd\u1c90-\u1cba"
    "\u1cbd-\u1cbf\u1d00-\u1d2b\u1d6b-\u1d77\u1d79-\u1d9a\u1e00-\u1f15\u1f18-\u1f1d\u1f20-\u1f45"
    "\u1f48-\u1f4d\u1f50-\u1f57\u1f59\u1f5b\u1f5d\u1f5f-\u1f7d\u1f80-\u1fb4\u1fb6-\u1fbc\u1fbe"
    "\u1fc2-\u1fc4\u1fc6-\u1fcc\u1fd0-\u1fd3\u1fd6-\u1fdb\u1fe0-\u1fec\u1ff2-\u1ff4\u1ff6-\u1ffc\u2102"
    "\u2107\u210a-\u2113\u2115\u2119-\u211d\u2124\u2126\u2128\u212a-\u212d\u212f-\u2134\u2139"
    "\u213c-\u213f\u2145-\u2149\u214e\u2183\u2184\u2c00-\u2c7b\u2c7e-\u2ce4\u2ceb-\u2cee\u2cf2\u2cf3"
    "\ua640-\ua66d\ua680-\ua69b\ua722-\ua76f\ua771-\ua787\ua78b-\ua78e\uab70-\uabbf\ufb00-\ufb06"
    "\ufb13-\ufb17\uff21-\uff3a\uff41-\uff5a\U00010400-\U0001044f\U000104b0-\U000104d3"
    "\U000104d8-\U000104fb\U00010c80-\U00010cb2\U00010cc0-\U00010cf2\U000118a0-\U000118df"
    "\U0001e900-\U0001e943"
)
SCANNERS = {
    "gpt2": [GPT2],
    "llama3": [WORDS % "{1,3}"],
    "qwen2": [WORDS % ""],
    "cl100k": [
        r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+"
        r"|\s++\Z|\s*[\r\n]|\s+(?!\S)|\s"  # \Z: Python's spelling of Rust's $
    ],
    "o200k": [
        CASED + r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*" + REST,
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
        DEEPSEEK_V3,
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
    "deepseek-llm": [
        r"[\r\n]",
        rf"\s?[{LETTERS}]+",
        "\\s?[!-/:-~\uff01-\uff0f\uff1a-\uff5e\u2018-\u201f\u3000-\u3002]+",
        r"\s+$",
        "[\u4e00-\u9fa5\u0800-\u4e00\uac00-\ud7ff]+",
        r"\p{N}+",
    ],
    "minicpm5": [r"\p{N}{1,3}", WORDS % "+"],
    "youtu": [
        "[\uac00-\ud7a3\u3131-\u318e]+"
        "|[\uff01\u2026\u201c\u201d"
        "\u2018\u2019\u2014\uff1a\uff1b\uff0c\u3001-\u303f\ufe30-\ufe4f]+"
        "|[\u3105-\u312f]+|[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+",
        CASED + r"|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*" + REST,
    ],
    "jais2": [
        CONTRACTIONS + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
        r"|\s{512}(?!\S)|\s{256}(?!\S)|\s{128}(?!\S)|\s{64}(?!\S)|\s{32}(?!\S)|\s{16}(?!\S)|\s{8}(?!\S)"
        r"|\s{4}(?!\S)|\s{1,2}(?!\S)|\s{1}"
    ],
    "exaone-moe": [
        CONTRACTIONS + r"|[^\r\n\p{L}\p{N}]?(?:\p{L}\p{M}*(?: \p{L}\p{M}*)*)+|\p{N}"
        r"| ?[^\s\p{L}\p{N}]+[\r\n/]?|\s*[\r\n]|\s+(?!\S)|\s+"
    ],
    "chameleon": [
        "<sentinel:[0-9]+>",
        "(IMGIMG)((A|B|C|D|E|F|G|H|I){1,4})Z",
        r"([\t\n]|    |  )",
        r"\p{N}",
        r"[\p{P}!-/:-@\[-`{-~]",
        GPT2,
    ],
    # in the file (?:\d{3})*\b
    "tiny-aya": [
        r"\d{1,3}(?=(?:\d{3})*(?!" + WORD + "))",
         CASED + r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*" + REST,
    ],
    "superbpe": [r"\p{N}+", r"(?=(\d{3})+(?!\d))"],
    "kimi-k2": [
        r"[\p{Han}]+|"
        + CASED.replace(UPPER, f"[{UPPER}--\\p{{Han}}]").replace(LOWER, f"[{LOWER}--\\p{{Han}}]")
        + r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
        + REST
    ],
    "afmoe": [
        r"\p{N}{1,3}(?=(?:\p{N}{3})*(?!\p{N}))",
        "[\u4e00-\u9fff\u3400-\u4dbf\u8c48-\ufaff\u3040-\u309f\u30a0-\u30ff\uff65-\uff9f"
        "\u2f00-\u2fdf\u0e40-\u0e7f\u0e80-\u0eff\u1780-\u17ff\u1000-\u109f"
        "\uaa60-\uaa7f\ua9e0-\ua9ff\uac00-\ud7af\u1100-\u11ff]+",
        DEEPSEEK_V3,
    ],
    "laguna": [r"[^\n]+|[\n]+", WORDS % ""],
    "gguf-default": [r"[\p{P}\$\+<=>\^~\|]+", GPT2, r"\p{N}+", "[0-9][0-9][0-9]"],
}


# What the expressions above look for, and texts seldom have.
MORE = (
    "<sentinel:12>|<sentinel:>|<sentinel:1|IMGIMGABCDZ|IMGIMGABCDEZ|IMGIMGZ|IMGIMGIMGIMGAZ|12|123456"
    "|1234567|12345678|\u00bd12|\u0663\u0664\u0665\u0666|\u2167|123a|a1234b|12_|1234\u2167|\u200d|a b c"
    "|e\u0301 a\u0301|a  b|x \u0301|\u2e80\u4e2d\u6587|\u3007\u3007|\u3005|!\u2e80|AB\u4e2dcd"
    "|\u3105\u3131\uac00|\ufe30\u3001|\uff01|\u9f8d\ua000|\u0e40\u1780|          |                     "
    "|\t\t|\n\n|\r|\n| |~|A|z|\u0560\u0561|\u10d0\u10a0|\ua790|\ua78b|\U0001d400|\U00010570|\u2018|.../"
    "|.../\n|?\n\n|/"
).split("|")


def more_texts(n, seed):
    rng = random.Random(seed)
    for _ in range(n):
        yield "".join(rng.choice(MORE) for _ in range(rng.randint(1, 9)))
    for n_blanks in (511, 512, 513, 800):
        yield "a" + " " * n_blanks + "b" + " " * n_blanks


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
    for text in [*texts(n, seed), *more_texts(n // 2, seed)]:
        if not all(ord(c) in known for c in text):
            continue
        print("text", text.encode().hex())
        for name, cascade in SCANNERS.items():
            print(name, *word_ends(cascade, text))


main()
