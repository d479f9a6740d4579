#!/usr/bin/env python3
"""Compares the library with Hugging Face's tokenizers, text by text. `make oracle` installs what it
needs: tokenizers, sentencepiece, protobuf.

    tests/conformance/oracle.py FIXTURES LIBRARY [N] [SEED] [NAME ...]

LIBRARY is libedgewise.so; N texts (10,000) that apply go through each tokenizer (or those named): encoded,
special tokens staying text, and decoded again. The tokenizers are those of FIXTURES, BERT's vocabulary from
there, the pipelines of pipelines.py, and unigram models that SentencePiece trains here, with its own
charsmap. Texts that differ only where a character is newer than Unicode 8 are counted apart, and those
characters listed: the package's categories are that old in places. The exit code says whether others differ.
"""

import base64
import ctypes
import json
import sys
import tempfile
import textwrap
from pathlib import Path

import tokenizers

import pipelines
from adversarial_text import texts
from make_hf_vectors import read_specs

MAX = 1 << 16


class Str(ctypes.Structure):
    _fields_ = [("data", ctypes.c_char_p), ("len", ctypes.c_size_t)]


class Error(ctypes.Structure):
    _fields_ = [("status", ctypes.c_int), ("text", ctypes.c_char * 1020)]


class Detokenizer(ctypes.Structure):
    _fields_ = [("pending", ctypes.c_uint8 * 4), ("n_pending", ctypes.c_uint8), ("started", ctypes.c_bool)]
    _fields_ += [("last", ctypes.c_int32)]


class Edgewise:
    def __init__(self, library, path):
        self.lib, self.err, self.handle = library, Error(), ctypes.c_void_p()
        if library.ew_tokenizer_open(str(path).encode(), ctypes.byref(self.handle), ctypes.byref(self.err)):
            raise ValueError(self.err.text.decode())

    def encode(self, text):
        out, n = (ctypes.c_int32 * MAX)(), ctypes.c_size_t()
        data = text.encode()
        status = self.lib.ew_tokenizer_encode(
            self.handle, Str(data, len(data)), 0, out, MAX, ctypes.byref(n), ctypes.byref(self.err)
        )
        return list(out[: n.value]) if status == 0 else self.err.text.decode()

    def decode(self, ids):
        state, result, length = Detokenizer(), b"", ctypes.c_size_t()
        buf = ctypes.create_string_buffer(4096)
        for token in ids:
            self.lib.ew_detokenize(
                self.handle,
                ctypes.byref(state),
                token,
                False,
                buf,
                4096,
                ctypes.byref(length),
                ctypes.byref(self.err),
            )
            result += buf.raw[: length.value]
        return (result + buf.raw[: self.lib.ew_detokenize_end(ctypes.byref(state), buf)]).decode()


def trained(corpus, folder):
    """Unigram models as T5 and XLM-R have them: SentencePiece's scores and its compiled nmt_nfkc rules."""
    import sentencepiece
    from sentencepiece import sentencepiece_model_pb2

    for rule, fallback in (("nmt_nfkc", False), ("nmt_nfkc_cf", True)):
        name = Path(folder) / rule
        sentencepiece.SentencePieceTrainer.train(
            input=str(corpus),
            model_prefix=str(name),
            vocab_size=2000,
            model_type="unigram",
            pad_id=0,
            eos_id=1,
            unk_id=2,
            bos_id=-1,
            normalization_rule_name=rule,
            byte_fallback=fallback,
            minloglevel=2,
            num_threads=1,
        )
        proto = sentencepiece_model_pb2.ModelProto()
        proto.ParseFromString(Path(f"{name}.model").read_bytes())
        pieces = [[piece.piece, piece.score] for piece in proto.pieces]
        rules = base64.b64encode(proto.normalizer_spec.precompiled_charsmap).decode()
        steps = [{"type": "Precompiled", "precompiled_charsmap": rules}]
        steps += [pipelines.replace({"Regex": " {2,}"}, " ")]
        decoder = pipelines.metaspace()
        if fallback:
            decoder = pipelines.sequence("decoders", [{"type": "ByteFallback"}, decoder])
        yield "spm-" + rule, pipelines.unigram(
            pieces,
            pipelines.sequence("normalizers", steps),
            pipelines.metaspace(),
            decoder,
            byte_fallback=fallback,
        )


def all_specs(fixtures, folder):
    specs = read_specs(fixtures)
    yield from specs.items()
    for name, normalizer, pre_tokenizer in pipelines.stages():
        spec = dict(specs["phi-2"], normalizer=normalizer, pre_tokenizer=pre_tokenizer)
        if normalizer:  # the package decodes an added token to its normalized spelling
            spec["added_tokens"] = [token for token in spec["added_tokens"] if token["special"]]
        yield name, spec
    bert = pipelines.bert_tokens(fixtures)
    splitter = {"type": "BertPreTokenizer"}
    yield "bert-bge", pipelines.wordpiece(bert, pipelines.bert_normalizer(), splitter)
    yield "bert-bge-words", pipelines.wordpiece(bert, {"type": "NFKC"}, {"type": "Whitespace"})
    for name, spec in pipelines.small():
        yield "small-" + name, spec
    yield from trained(Path(fixtures) / "eval" / "tinyshakespeare.txt", folder)


def compare(library, name, spec, samples, n, old, folder):
    """The first n of samples that apply. Whether all agree, and the characters after Unicode 8 where not."""
    path = Path(folder) / "tokenizer.json"
    path.write_text(json.dumps(spec), encoding="utf-8")
    theirs = tokenizers.Tokenizer.from_str(json.dumps(spec))
    theirs.encode_special_tokens = True
    try:
        ours = Edgewise(library, path)
    except ValueError as problem:
        print(f"{name}: {problem}")
        return False, set()
    same = newer = other = 0
    where = set()
    applies = [text for text in samples if not pipelines.spells_special(text, spec)][:n]
    for text in applies:
        want = theirs.encode(text, add_special_tokens=False).ids
        got = ours.encode(text)
        decoded = got == want and ours.decode(got) == theirs.decode(want)
        if decoded:
            same += 1
        elif young := {c for c in text if ord(c) not in old}:
            newer += 1
            where |= young
        else:
            other += 1
            if other <= 3:
                print(f"{name}: {text!r}\n  want {want}\n  got  {got}")
                if got == want:
                    print(f"  want {theirs.decode(want)!r}\n  got  {ours.decode(got)!r}")
    print(f"{name}: {same} agree, {newer} differ at characters after Unicode 8, {other} differ", flush=True)
    return other == 0 and len(applies) == n, where


def main():
    fixtures, library = sys.argv[1], ctypes.CDLL(str(Path(sys.argv[2]).resolve()))
    n = int(sys.argv[3]) if len(sys.argv) > 3 else 10000
    seed = int(sys.argv[4]) if len(sys.argv) > 4 else 3
    samples = texts(n + n // 4, seed, planes=True)  # some models are not asked about some of them
    old = pipelines.old_characters()
    with tempfile.TemporaryDirectory() as folder:
        wanted = [(name, spec) for name, spec in all_specs(fixtures, folder)]
        results = [
            compare(library, *item, samples, n, old, folder)
            for item in wanted
            if not sys.argv[5:] or item[0] in sys.argv[5:]
        ]
    young = sorted(set().union(*(where for _, where in results)))
    print(f"in texts that differ, {len(young)} characters after Unicode 8:")
    print(textwrap.fill(" ".join(f"U+{ord(c):04X}" for c in young), 120))
    sys.exit(not all(good for good, _ in results))


main()
