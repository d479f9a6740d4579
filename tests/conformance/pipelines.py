"""Tokenizers for the scripts here that make vectors and compare: each a tokenizer.json, as a dictionary."""

import base64
import os
import struct
from pathlib import Path

META = "\u2581"
WORDS = (
    "the a i you he she it to of and in that is was not for with as at be this have from or had by but what "
    "all were when we there can an your which their said if do will each about how up out them then "
    "many some "
    "so these would other into has more two like him see time could no make than first been its who now"
).split()
CHARS = [chr(c) for c in range(0x21, 0x7F)] + list(
    "\u00e9\u00df\u03b1\u03b3\u4e2d\u6587\u3042\uac00\u0939\u2014\u2603"
)
SPECIALS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def added(token, token_id, **more):
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    return {"id": token_id, "content": token, **flags, **more}


def sequence(kind, steps):
    return {"type": "Sequence", kind: steps}


def replace(pattern, content):
    return {"type": "Replace", "pattern": pattern, "content": content}


def metaspace(scheme="always", split=True):
    return {"type": "Metaspace", "replacement": META, "prepend_scheme": scheme, "split": split}


def byte_level(**more):
    flags = {"add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    return {"type": "ByteLevel", **flags, **more}


def bert_normalizer(**more):
    flags = {"clean_text": True, "handle_chinese_chars": True, "strip_accents": None, "lowercase": True}
    return {"type": "BertNormalizer", **flags, **more}


def split(pattern, behavior):
    return {"type": "Split", "pattern": pattern, "behavior": behavior, "invert": False}


def template(first, last, ids):
    part = {"Sequence": {"id": "A", "type_id": 0}}
    single = [{"SpecialToken": {"id": first, "type_id": 0}}] * bool(first) + [part]
    single += [{"SpecialToken": {"id": last, "type_id": 0}}] * bool(last)
    tokens = {name: {"id": name, "ids": [ids[name]], "tokens": [name]} for name in (first, last) if name}
    return {"type": "TemplateProcessing", "single": single, "pair": single, "special_tokens": tokens}


def document(model, tokens=(), normalizer=None, pre_tokenizer=None, post_processor=None, decoder=None):
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": list(tokens),
        "normalizer": normalizer,
        "pre_tokenizer": pre_tokenizer,
        "post_processor": post_processor,
        "decoder": decoder,
        "model": model,
    }


def wordpiece(tokens, normalizer, pre_tokenizer, cleanup=True, more=(), max_chars=100):
    ids = {token: i for i, token in enumerate(tokens)}
    model = {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##"}
    model |= {"max_input_chars_per_word": max_chars, "vocab": ids}
    specials = [added(token, ids[token]) for token in SPECIALS] + list(more)
    return document(
        model,
        specials,
        normalizer,
        pre_tokenizer,
        template("[CLS]", "[SEP]", ids),
        {"type": "WordPiece", "prefix": "##", "cleanup": cleanup},
    )


def small_wordpiece_tokens():
    parts = ["ing", "ed", "s", "er", "ly", "ation", "e", "t"]
    return SPECIALS + WORDS + CHARS + ["##" + c for c in CHARS] + ["##" + part for part in parts]


def unigram(pieces, normalizer, pre_tokenizer, decoder, unk_id=2, byte_fallback=False, more=()):
    model = {"type": "Unigram", "unk_id": unk_id, "vocab": pieces, "byte_fallback": byte_fallback}
    ids = {piece: i for i, (piece, _) in enumerate(pieces)}
    tokens = [added(name, i) for i, name in enumerate(["<pad>", "</s>", "<unk>"])] + list(more)
    return document(model, tokens, normalizer, pre_tokenizer, template(None, "</s>", ids), decoder)


def small_pieces(with_bytes=False):
    pieces = [["<pad>", 0.0], ["</s>", 0.0], ["<unk>", 0.0]]
    pieces += [[f"<0x{b:02X}>", 0.0] for b in range(256)] if with_bytes else []
    pieces += [[META, -2.5], [META + META, -6.25]]
    pieces += [[META + word, -3.0 - 0.37 * i] for i, word in enumerate(WORDS)]
    pieces += [[c, -7.0 - 0.013 * i] for i, c in enumerate(CHARS)]
    pieces += [["ing", -4.5], ["ed", -4.75], ["s,", -9.5], ["th", -6.0], ["ab", -8.5], ["aab", -11.0]]
    return pieces


def double_array(entries):
    """Darts-clone's units of a few keys: bytes to value."""
    units, used, bases = [0] * 4096, {0}, set()

    def place(node, keys):
        labels = sorted({key[0] if key else 0 for key in keys})
        base = next(
            b for b in range(1, 4096) if b not in bases and all(b ^ label not in used for label in labels)
        )
        bases.add(base)
        units[node] |= (base ^ node) << 10
        used.update(base ^ label for label in labels)
        for label in labels:
            child, rest = base ^ label, {
                k[1:]: v for k, v in keys.items() if (k[0] if k else 0) == label and k
            }
            if label == 0:
                units[node] |= 1 << 8
                units[child] = keys[b""] | 1 << 31
            else:
                units[child] |= label
                place(child, rest)

    place(0, entries)
    n = (max(used) | 255) + 1
    return struct.pack(f"<{n}I", *units[:n])


def charsmap(replacements):
    texts, entries = b"", {}
    for source, target in replacements.items():
        entries[source.encode()] = len(texts)
        texts += target.encode() + b"\0"
    array = double_array(entries)
    return base64.b64encode(struct.pack("<I", len(array)) + array + texts).decode()


SMALL_MAP = {
    "\ufb01": "fi",
    "\uff11": "1",
    "\t": " ",
    "\n": " ",
    "\r": " ",
    "e\u0301": "\u00e9",
    "\u00ad": "",
}
SMALL_MAP |= {
    "A\u030a": "\u00c5",
    "\u2026": "...",
    "\u3000": " ",
    "\u00a0": " ",
    "\u200b": "",
    "\u2026\u0301": "!",
}


def bpe(vocab, merges, more=(), unk="[UNK]", **options):
    """A BPE model over characters; `vocab` are tokens beside those that the merges make."""
    prefix = options.get("continuing_subword_prefix") or ""
    tokens = list(dict.fromkeys([*SPECIALS, *vocab, *(a + b[len(prefix) :] for a, b in merges)]))
    model = {"type": "BPE", "dropout": None, "unk_token": unk, "continuing_subword_prefix": None}
    model |= {"end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False, "ignore_merges": False}
    model |= {"vocab": {token: i for i, token in enumerate(tokens)}, "merges": [list(m) for m in merges]}
    return model | options


def word_merges(words, prefix="", suffix=""):
    """Merges that make each word, from the left."""
    merges = {}
    for word in words:
        parts = [prefix * (i > 0) + c for i, c in enumerate(word)]
        parts[-1] += suffix
        left = parts[0]
        for right in parts[1:]:
            merges[(left, right)] = None
            left += right[len(prefix) :]
    return list(merges)


def alphabet():
    """GPT-2's characters for the bytes."""
    plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    return [chr(b) for b in plain] + [chr(0x100 + i) for i in range(68)]


def words_and_characters():
    """WordLevel models, and BPE over characters."""
    bert = {"type": "BertPreTokenizer"}
    specials = [added(token, i) for i, token in enumerate(SPECIALS)]
    vocab = {token: i for i, token in enumerate(SPECIALS + WORDS + CHARS)}
    level = {"type": "WordLevel", "vocab": vocab, "unk_token": "[UNK]"}
    lower = {"type": "Lowercase"}
    yield "wordlevel", document(level, specials, lower, {"type": "Whitespace"})
    spaces = {"type": "WhitespaceSplit"}
    yield "wordlevel-split", document(level, specials, None, spaces, None, {"type": "Fuse"})
    scripts = sequence("pretokenizers", [{"type": "UnicodeScripts"}, {"type": "FixedLength", "length": 3}])
    ctc = {"type": "CTC", "pad_token": "[PAD]", "word_delimiter_token": "|", "cleanup": True}
    yield "wordlevel-ctc", document(level, specials, None, {"type": "FixedLength", "length": 1}, None, ctc)
    ends = [c + "</w>" for c in CHARS]
    suffix = {"end_of_word_suffix": "</w>"}
    decoder = {"type": "BPEDecoder", "suffix": "</w>"}
    gpt1 = bpe(CHARS + ends, word_merges(WORDS, "", "</w>"), **suffix)
    yield "openai-gpt", document(gpt1, specials, bert_normalizer(), bert, None, decoder)
    inner = {"continuing_subword_prefix": "##"}
    parts = ["##" + c for c in CHARS]
    marked = bpe(CHARS + parts, word_merges(WORDS, "##"), fuse_unk=True, **inner)
    pieces = {"type": "WordPiece", "prefix": "##", "cleanup": True}
    yield "bpe-prefix", document(marked, specials, bert_normalizer(), bert, None, pieces)
    both = bpe(
        CHARS + ends + parts + [c + "</w>" for c in parts],
        word_merges(WORDS, "##", "</w>"),
        **inner,
        **suffix,
    )
    yield "bpe-affixes", document(both, specials, lower, bert, None, decoder)
    plain = bpe(CHARS, word_merges(WORDS), ignore_merges=True)
    plain["vocab"]["foo"] = len(plain["vocab"])
    yield "bpe-scripts", document(plain, specials, None, scripts, None, {"type": "Fuse"})
    fused = bpe(CHARS, word_merges(WORDS), fuse_unk=True)
    yield "bpe-fused", document(fused, specials, {"type": "NFKC"}, {"type": "UnicodeScripts"})
    blanks = [META + w for w in WORDS]
    some_bytes = [f"<0x{b:02X}>" for b in range(256)]
    falls = bpe([META, *CHARS, *some_bytes], word_merges(blanks), byte_fallback=True)
    steps = [{"type": "ByteFallback"}, metaspace()]
    yield "bpe-metaspace", document(
        falls, specials, {"type": "NFC"}, metaspace(), None, sequence("decoders", steps)
    )
    letters = alphabet()
    clip = bpe(letters + [c + "</w>" for c in letters], word_merges(WORDS, "", "</w>"), **suffix)
    yield "bytes-suffix", document(clip, specials, lower, byte_level(), None, byte_level())
    spelled = bpe(letters, word_merges(["\u0120" + w for w in WORDS]))
    yield "bytes-normalizer", document(spelled, specials, {"type": "ByteLevel"}, None, None, byte_level())
    yield "bytes-joined", document(spelled, specials, None, byte_level(add_prefix_space=True))


def small():
    """Pipelines with vocabularies of their own: names and documents."""
    bert = {"type": "BertPreTokenizer"}
    tokens = small_wordpiece_tokens()
    yield "bert", wordpiece(tokens, bert_normalizer(), bert)
    yield "bert-cased", wordpiece(tokens, bert_normalizer(lowercase=False), bert, cleanup=False)
    yield "bert-accents", wordpiece(
        tokens, bert_normalizer(strip_accents=False, handle_chinese_chars=False), bert
    )
    lone = added("the", 5, special=False, single_word=True, normalized=True)
    strips = added("[MASK]", 4, special=False, lstrip=True, rstrip=True)
    steps = [{"type": "NFKC"}, {"type": "Lowercase"}, {"type": "StripAccents"}]
    yield "wordpiece-words", wordpiece(
        tokens, sequence("normalizers", steps), {"type": "Whitespace"}, more=[lone], max_chars=8
    )
    steps = [{"type": "WhitespaceSplit"}, {"type": "Digits", "individual_digits": True}]
    steps += [
        {"type": "Punctuation", "behavior": "MergedWithPrevious"},
        split({"String": "a"}, "MergedWithNext"),
    ]
    strip = {"type": "Strip", "strip_left": True, "strip_right": True}
    yield "wordpiece-split", wordpiece(
        tokens,
        sequence("normalizers", [{"type": "NFD"}, {"type": "Nmt"}, strip]),
        sequence("pretokenizers", steps),
        more=[strips],
    )
    steps = [
        {"type": "Precompiled", "precompiled_charsmap": charsmap(SMALL_MAP)},
        replace({"Regex": " {2,}"}, " "),
    ]
    yield "t5", unigram(small_pieces(), sequence("normalizers", steps), metaspace(), metaspace())
    steps = [{"type": "Nmt"}, {"type": "NFKC"}, replace({"String": " "}, META)]
    blanks = [replace({"String": META}, " "), {"type": "ByteFallback"}, {"type": "Fuse"}]
    yield "unigram-bytes", unigram(
        small_pieces(True),
        sequence("normalizers", steps),
        None,
        sequence("decoders", blanks),
        byte_fallback=True,
    )
    yield "unigram-first", unigram(
        small_pieces(), {"type": "NFKD"}, metaspace("first", False), metaspace("first")
    )
    steps = [{"type": "Digits", "individual_digits": False}, {"type": "WhitespaceSplit"}, metaspace("never")]
    yield "unigram-never", unigram(small_pieces(), None, sequence("pretokenizers", steps), metaspace("never"))
    yield from words_and_characters()


CONTRACTIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
WORD = CONTRACTIONS + r"|[^\r\n\p{L}\p{N}]?\p{L}+"
SYMBOLS = r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|"
BLANKS = r"\s+(?!\S)|\s+"
UPPER, LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
POWERS = "".join(rf"\s{{{1 << i}}}(?!\S)|" for i in range(9, 1, -1)) + r"\s{1,2}(?!\S)|\s{1}"
# As the tokenizer.json files of these models have them.
MORE_CASCADES = {
    "bailingmoe": [
        r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}"
        r"| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|" + BLANKS
    ],
    "seed-coder": [
        CONTRACTIONS
        + "|[^\r\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1}| ?[^\\s\\p{L}\\p{N}\r\n]+|\\s*[\r\n]+|"
        + BLANKS
    ],
    "jais-2": [WORD + r"|\p{N}{1,3}" + SYMBOLS + POWERS],
    "exaone-moe": [
        CONTRACTIONS
        + r"|[^\r\n\p{L}\p{N}]?(?:\p{L}\p{M}*(?: \p{L}\p{M}*)*)+|\p{N}"
        + r"| ?[^\s\p{L}\p{N}]+[\r\n/]?|\s*[\r\n]|"
        + BLANKS
    ],
    "minicpm5": [r"\p{N}{1,3}", WORD + r"|\p{N}+" + SYMBOLS + BLANKS],
    "tiny-aya": [
        r"\d{1,3}(?=(?:\d{3})*\b)",
        rf"[^\r\n\p{{L}}\p{{N}}]?{UPPER}*{LOWER}+{CONTRACTIONS}?"
        rf"|[^\r\n\p{{L}}\p{{N}}]?{UPPER}+{LOWER}*{CONTRACTIONS}?"
        r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|" + BLANKS,
    ],
}


def stages():
    """What stands before a byte-level vocabulary: names, normalizer and pre-tokenizer."""
    levels = byte_level(add_prefix_space=True)
    plain = byte_level(use_regex=False)
    yield "roberta", None, levels
    digits = {"type": "Digits", "individual_digits": True}
    yield "digits-lead", {"type": "NFKC"}, sequence("pretokenizers", [digits, levels])
    marks = {"type": "Punctuation", "behavior": "Contiguous"}
    steps = [marks, {"type": "CharDelimiterSplit", "delimiter": "a"}, byte_level()]
    yield "punctuation", sequence("normalizers", [{"type": "NFD"}, {"type": "Lowercase"}]), sequence(
        "pretokenizers", steps
    )
    for behavior in ["Removed", "Isolated", "Contiguous", "MergedWithPrevious", "MergedWithNext"]:
        steps = [{"type": "Punctuation", "behavior": behavior}, split({"String": " "}, behavior), plain]
        yield "split-" + behavior, None, sequence("pretokenizers", steps)
    for name, cascade in MORE_CASCADES.items():
        steps = [split({"Regex": expression}, "Isolated") for expression in cascade]
        yield name, None, sequence("pretokenizers", [*steps, plain])
    prepend = [{"type": "Prepend", "prepend": "> "}, replace({"String": "aa"}, "b"), {"type": "StripAccents"}]
    yield "replace", sequence("normalizers", prepend), byte_level()


def spells_special(text, spec):
    """Some of the package's models make special and byte tokens of plain text; the library never does."""
    if spec["model"]["type"] not in ("Unigram", "WordLevel") and not spec["model"].get("ignore_merges"):
        return False
    byte = spec["model"].get("byte_fallback") and "<0x" in text
    return byte or any(token["content"] in text for token in spec["added_tokens"] if token["special"])


def old_characters():
    """The characters of Unicode 8 by DerivedAge.txt (Debian: unicode-data; else the folder UNICODE_DATA)."""
    path = Path(os.environ.get("UNICODE_DATA", "/usr/share/unicode")) / "DerivedAge.txt"
    old = set()
    for line in path.read_text(encoding="utf-8").splitlines():
        chars, _, age = line.split("#")[0].partition(";")
        if age and float(age) <= 8:
            first, _, last = chars.strip().partition("..")
            old.update(range(int(first, 16), int(last or first, 16) + 1))
    return old


def gguf_strings(path, key):
    """The array of strings of a GGUF file's key."""
    data = Path(path).read_bytes()
    at = data.index(struct.pack("<Q", len(key)) + key.encode()) + 8 + len(key) + 4
    kind, n = struct.unpack_from("<IQ", data, at)
    assert kind == 8
    at, strings = at + 12, []
    for _ in range(n):
        (size,) = struct.unpack_from("<Q", data, at)
        strings.append(data[at + 8 : at + 8 + size].decode())
        at += 8 + size
    return strings


def bert_tokens(fixtures):
    """BERT's vocabulary, which llama.cpp writes with a mark where words begin instead of inside of them."""
    path = Path(fixtures) / "tokenizers" / "ggml-vocab" / "ggml-vocab-bert-bge.gguf"
    tokens = gguf_strings(path, "tokenizer.ggml.tokens")
    plain = [
        t[1:] if t.startswith(META) else t if t[0] == "[" and t[-1] == "]" and len(t) > 2 else "##" + t
        for t in tokens
    ]
    return ["[PAD]" if t == "##[PAD]" else t for t in plain]
