#!/usr/bin/env python3
"""Samples stories from a model and measures them.

    python3 stories.py --library LIBEDGEWISE.so --model FOLDER [--data DIR...] [--count 200] [--show 20]
        [--json FILE]

Each sample continues the first two sentences of a story of story.py with a seed that training never uses.
Printed: how many of the samples keep their characters and object (story_facts.py), with --data how long a
span of tokens each sample has in common with the training stories (made again from DIR's shards), and the
first samples, as they came.
"""

import argparse
import collections
import json
import pathlib
import re

import numpy

import edgewise
import story_facts
from story import Stories

SEED = 1_000_003
N_PREDICT = 200
TEMPERATURE, TOP_K = 0.8, 40


def beginnings(count):
    stories = Stories(SEED)
    for _ in range(count):
        sentences = re.findall(r"[^.!?]+[.!?]+\"?", stories.sample())
        yield "".join(sentences[:2])


def sampled(model, count):
    """[(beginning, continuation, token ids of both)]"""
    made = []
    for i, beginning in enumerate(beginnings(count)):
        sampler = model.sampler(TEMPERATURE, TOP_K, SEED + i)
        ids = model.encode(beginning, special=False)
        text, tokens = model.answer(ids, N_PREDICT, sampler)
        model.free_sampler(sampler)
        made.append((beginning, text, ids + tokens))
    return made


# ---- spans in common with the training text ----


def training_tokens(folders):
    """All story tokens; stories are the samples that begin with no <|user|>."""
    out = []
    for path in sorted(path for folder in folders for path in folder.glob("shard-*.npz")):
        with numpy.load(path) as z:
            tokens, starts = z["tokens"], z["starts"]
        first = tokens[starts[:-1]] != 1
        out += [tokens[a:b] for a, b, keep in zip(starts[:-1], starts[1:], first, strict=True) if keep]
    if not out:
        raise SystemExit(f"{folders[0]}: no stories in its shards")
    return numpy.concatenate(out)


class Spans:
    """A 64-bit hash of each span of n tokens: the sum of mixed(token) m^i modulo 2^64, by prefix sums."""

    M = 0x9E3779B97F4A7C15

    def __init__(self, tokens):
        n, inverse = len(tokens), pow(self.M, -1, 1 << 64)
        up = numpy.cumprod(numpy.full(n + 1, self.M, numpy.uint64))
        self.down = numpy.cumprod(numpy.full(n + 1, inverse, numpy.uint64))
        mixed = (tokens.astype(numpy.uint64) + numpy.uint64(1)) * numpy.uint64(0xBF58476D1CE4E5B9)
        mixed ^= mixed >> numpy.uint64(31)
        self.sums = numpy.concatenate([numpy.zeros(1, numpy.uint64), numpy.cumsum(mixed * up[:-1])])

    def of(self, n):
        return (self.sums[n:] - self.sums[:-n]) * self.down[: len(self.sums) - n]


def held(corpus, n, wanted):
    """Those of the wanted hashes that are a span's of the corpus."""
    table = numpy.zeros(1 << 22, bool)
    table[wanted >> numpy.uint64(42)] = True
    spans = corpus.of(n)
    return numpy.intersect1d(spans[table[spans >> numpy.uint64(42)]], wanted)


def longest_spans(samples, corpus):
    """For each sample the length of its longest span that the corpus holds, by bisection."""
    corpus = Spans(corpus)
    spans = [Spans(numpy.array(ids, numpy.uint16)) for ids in samples]
    low, high = [0] * len(samples), [len(ids) for ids in samples]
    while any(a < b for a, b in zip(low, high, strict=True)):
        groups = collections.defaultdict(list)
        for i, (a, b) in enumerate(zip(low, high, strict=True)):
            if a < b:
                groups[(a + b + 1) // 2].append(i)
        for n, members in groups.items():
            hashes = {i: spans[i].of(n) for i in members}
            known = held(corpus, n, numpy.unique(numpy.concatenate(list(hashes.values()))))
            for i in members:
                found = bool(numpy.isin(hashes[i], known).any())
                low[i], high[i] = (n, high[i]) if found else (low[i], n - 1)
    return low


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--library", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--data", type=pathlib.Path, nargs="+")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--show", type=int, default=0)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--json", type=pathlib.Path, help="write the figures and what is shown there too")
    args = parser.parse_args()
    made = sampled(edgewise.Model(args.library, args.model, args.threads), args.count)
    faults = [story_facts.faults(a + b) for a, b, _ in made]
    result = {
        "samples": len(made),
        "consistent": sum(not f for f in faults),
        "faults": dict(
            collections.Counter(
                re.sub(
                    r"^.*?(was never|is a|is nobody|is not the one|beside|no object).*$",
                    r"\1",
                    f[0],
                    flags=re.S,
                )
                for f in faults
                if f
            ).most_common()
        ),
    }
    if args.data:
        spans = sorted(longest_spans([ids for _, _, ids in made], training_tokens(args.data)))
        result["longest_copied_span_tokens"] = {
            "median": spans[len(spans) // 2],
            "percentile_95": spans[int(0.95 * (len(spans) - 1))],
            "most": spans[-1],
            "below_40": sum(s < 40 for s in spans),
        }
    if args.json:
        shown = [{"beginning": a, "continuation": b} for a, b, _ in made[: args.show]]
        text = json.dumps(result | {"shown": shown}, indent=1, ensure_ascii=False)
        args.json.write_text(text + "\n", encoding="utf-8")
    print(f"{result['consistent']} of {len(made)} samples keep characters and object")
    for kind, n in result["faults"].items():
        print(f"    {n:3} first fault: {kind}")
    if args.data:
        print(
            "longest span copied from the training stories, in tokens: "
            + ", ".join(f"{k} {v}" for k, v in result["longest_copied_span_tokens"].items())
        )
    for beginning, continuation, _ in made[: args.show]:
        print(f"\n{beginning} |{continuation}")


if __name__ == "__main__":
    main()
