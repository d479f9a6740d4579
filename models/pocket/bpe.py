"""Byte-level BPE: training, encoding, tokenizer.json.

Words are cut as GPT-2 does, with digits alone (`Digits` and `ByteLevel` of huggingface/tokenizers). Merges
are learned inside words first; only then a blank may join the first piece of a word. So `jazz` and ` jazz`
are cut at the same places, which makes copying a word from a request into an answer a mapping of pieces,
one to one.
"""

import collections
import heapq
import json
import re

END, USER, TOOL = "<|end|>", "<|user|>", "<|tool|>"
SPECIALS = [END, USER, TOOL]
# \p{L} is [^\W\d_] here: true of the letters that occur.
WORDS = re.compile(r"'s|'t|'re|'ve|'m|'ll|'d| ?[^\W\d_]+|\d| ?(?:[^\s\w]|_)+|\s+(?!\S)|\s+")
BLANK = "\u0120"  # how a blank is spelled in the vocabulary
CAPITALS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ")


def byte_names():
    """GPT-2's printable spelling of each byte."""
    own = [*range(33, 127), *range(161, 173), *range(174, 256)]
    names = {b: chr(b) for b in own}
    for b in range(256):
        if b not in names:
            names[b] = chr(256 + len(names) - len(own))
    return [names[b] for b in range(256)]


BYTES = byte_names()


def spelled(word):
    return tuple(BYTES[b] for b in word.encode("utf-8"))


def count_words(texts):
    counts = collections.Counter()
    for text in texts:
        counts.update(WORDS.findall(text))
    return counts


def joined(symbols, pair):
    out, i = [], 0
    while i < len(symbols):
        if i + 1 < len(symbols) and (symbols[i], symbols[i + 1]) == pair:
            out.append(symbols[i] + symbols[i + 1])
            i += 2
        else:
            out.append(symbols[i])
            i += 1
    return out


class PairCounts:
    """How often each pair of neighbours occurs, and in which words."""

    def __init__(self, words, counts):
        self.words, self.word_counts = words, counts
        self.counts, self.where = collections.Counter(), collections.defaultdict(set)
        for i in range(len(words)):
            self.add(i, 1)
        self.heap = [(-n, pair) for pair, n in self.counts.items()]
        heapq.heapify(self.heap)

    def add(self, i, sign):
        word = self.words[i]
        for pair in zip(word, word[1:], strict=False):
            self.counts[pair] += sign * self.word_counts[i]
            if sign > 0:
                self.where[pair].add(i)

    def most_frequent(self):
        while self.heap:
            n, pair = heapq.heappop(self.heap)
            if self.counts[pair] == -n:
                return pair if n < 0 else None
            if self.counts[pair] > 0:
                heapq.heappush(self.heap, (-self.counts[pair], pair))
        return None

    def merge(self, pair):
        changed = set()
        for i in sorted(self.where.pop(pair, ())):
            self.add(i, -1)
            self.words[i] = joined(self.words[i], pair)
            self.add(i, 1)
            changed.update(zip(self.words[i], self.words[i][1:], strict=False))
        for other in changed:
            heapq.heappush(self.heap, (-self.counts[other], other))


def train(counts, n_inner, n_blank):
    """Merges: n_inner inside words, then n_blank of a blank with the first piece of a word."""
    bare = collections.Counter()
    for word, n in counts.items():
        bare[word.lstrip(" ") or word] += n
    known = sorted(bare)
    pairs = PairCounts([list(spelled(word)) for word in known], [bare[word] for word in known])
    merges = []
    while len(merges) < n_inner and (pair := pairs.most_frequent()):
        pairs.merge(pair)
        merges.append(pair)
    first = collections.Counter()
    pieces = dict(zip(known, pairs.words, strict=True))
    for word, n in counts.items():
        if word.startswith(" ") and len(word) > 1 and not word.startswith("  "):
            first[pieces[word[1:]][0]] += n
    ranked = sorted(first, key=lambda piece: (-first[piece], piece))[:n_blank]
    return merges + [(BLANK, piece) for piece in ranked]


class Bpe:
    def __init__(self, merges):
        self.merges = [tuple(m) for m in merges]
        self.tokens = SPECIALS + BYTES + [a + b for a, b in self.merges]
        self.ids = {token: i for i, token in enumerate(self.tokens)}
        self.ranks = {pair: i for i, pair in enumerate(self.merges)}
        self.cache = {}

    def forms(self):
        """For each token the one that is the same letters without a blank and in lower case, if there is one,
        else itself; and which of the two it has."""
        letters, marks = [], []
        for i, token in enumerate(self.tokens):
            blank = token.startswith(BLANK) and len(token) > 1
            bare = token[blank:]
            small = bare[:1].lower() + bare[1:]
            capital = bare[:1] in CAPITALS and small in self.ids
            letters.append(self.ids.get(small if capital else bare, i) if i >= len(SPECIALS) else i)
            marks.append([float(blank), float(capital)])
        return letters, marks

    def encode_word(self, word):
        symbols = list(spelled(word))
        while len(symbols) > 1:
            pair = min(zip(symbols, symbols[1:], strict=False), key=lambda p: self.ranks.get(p, 1 << 30))
            if pair not in self.ranks:
                break
            symbols = joined(symbols, pair)
        return [self.ids[s] for s in symbols]

    def encode(self, text):
        ids = []
        for word in WORDS.findall(text):
            if word not in self.cache:
                if len(self.cache) > 200_000:
                    self.cache.clear()
                self.cache[word] = self.encode_word(word)
            ids += self.cache[word]
        return ids

    def decode(self, ids):
        byte_of = {name: b for b, name in enumerate(BYTES)}
        return bytes(byte_of[c] for i in ids if i >= len(SPECIALS) for c in self.tokens[i]).decode(
            "utf-8", "replace"
        )

    def save(self, path):
        added = [
            {
                "id": i,
                "content": s,
                "single_word": False,
                "lstrip": False,
                "rstrip": False,
                "normalized": False,
                "special": True,
            }
            for i, s in enumerate(SPECIALS)
        ]
        byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
        data = {
            "version": "1.0",
            "truncation": None,
            "padding": None,
            "added_tokens": added,
            "normalizer": None,
            "pre_tokenizer": {
                "type": "Sequence",
                "pretokenizers": [{"type": "Digits", "individual_digits": True}, byte_level],
            },
            "post_processor": None,
            "decoder": byte_level,
            "model": {
                "type": "BPE",
                "dropout": None,
                "unk_token": None,
                "continuing_subword_prefix": None,
                "end_of_word_suffix": None,
                "fuse_unk": False,
                "byte_fallback": False,
                "vocab": self.ids,
                "merges": [list(m) for m in self.merges],
            },
        }
        with open(path, "w", encoding="utf-8") as f:
            json.dump(data, f, ensure_ascii=False, separators=(",", ":"))


def load(path):
    with open(path, encoding="utf-8") as f:
        return Bpe(json.load(f)["model"]["merges"])
