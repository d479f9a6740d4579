#!/usr/bin/env python3
"""Makes the training data: the tokenizer, and samples as token ids.

    python3 generate.py --out DIR [--requests N] [--stories N] [--shards N] [--seed N] [--processes N]
                        [--after DIR]
    python3 generate.py --show requests|stories [--count N] [--seed N]

DIR gets tokenizer.json and shard-NN.npz, each with tokens [n] uint16, starts [m + 1] (where a sample
begins) and answers [m] (how many tokens of a sample are only read, not learned). The same seed gives the
same bytes. --after makes the data of a training that goes on from another: with the tokenizer of that one's DIR,
and fewer requests that no tool does.
"""

import argparse
import multiprocessing
import pathlib
import random
import shutil
import time

import numpy

import bpe
from home_requests import Requests
from story import Stories

N_VOCAB = 3072
N_BLANK = 1120  # merges of a blank with the first piece of a word
N_TO_COUNT = 40_000  # requests and a fourth of stories that the tokenizer is made from
MAX_STORY = 320  # tokens


def training_texts(seed):
    requests, stories = Requests(seed), Stories(seed)
    for _ in range(N_TO_COUNT):
        text, answer = requests.sample()
        yield text
        yield answer
    for _ in range(N_TO_COUNT // 4):
        yield stories.sample()


def make_tokenizer(path, seed):
    n_inner = N_VOCAB - len(bpe.SPECIALS) - 256 - N_BLANK
    made = bpe.Bpe(bpe.train(bpe.count_words(training_texts(seed)), n_inner, N_BLANK))
    if len(made.tokens) != N_VOCAB or len(set(made.tokens)) != N_VOCAB:
        raise ValueError(f"the vocabulary has {len(set(made.tokens))} tokens, wanted {N_VOCAB}")
    made.save(path)


def request_ids(tokenizer, text, answer):
    """<|user|> text <|tool|> answer <|end|>, and how many of them come before the answer."""
    end, user, tool = range(len(bpe.SPECIALS))
    prompt = [user, *tokenizer.encode(text), tool]
    return prompt + tokenizer.encode(answer) + [end], len(prompt)


def samples(tokenizer, seed, plans, n_requests, n_stories):
    requests, stories = Requests(seed, plans=plans), Stories(seed)
    kinds = ["request"] * n_requests + ["story"] * n_stories
    random.Random(seed).shuffle(kinds)
    for kind in kinds:
        if kind == "request":
            yield request_ids(tokenizer, *requests.sample())
        else:
            yield (tokenizer.encode(stories.sample()) + [0])[:MAX_STORY], 1


def make_shard(job):
    out, number, seed, plans, n_requests, n_stories = job
    tokenizer = bpe.load(out / "tokenizer.json")
    tokens, starts, answers = [], [0], []
    for ids, n_read in samples(tokenizer, seed * 1000 + number + 1, plans, n_requests, n_stories):
        tokens += ids
        starts.append(len(tokens))
        answers.append(n_read)
    numpy.savez(
        out / f"shard-{number:02d}.npz",
        tokens=numpy.array(tokens, numpy.uint16),
        starts=numpy.array(starts, numpy.int64),
        answers=numpy.array(answers, numpy.int32),
    )
    return len(tokens)


def show(kind, count, seed):
    source = Requests(seed) if kind == "requests" else Stories(seed)
    for _ in range(count):
        made = source.sample()
        print("\t".join(made) if kind == "requests" else made + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=pathlib.Path)
    parser.add_argument("--requests", type=int, default=1_600_000)
    parser.add_argument("--stories", type=int, default=20_000)
    parser.add_argument("--shards", type=int, default=16)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--after", type=pathlib.Path)
    parser.add_argument("--show", choices=["requests", "stories"])
    parser.add_argument("--count", type=int, default=20)
    args = parser.parse_args()
    if args.show:
        return show(args.show, args.count, args.seed)
    if not args.out:
        parser.error("--out DIR is needed")
    args.out.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    if args.after:
        shutil.copyfile(args.after / "tokenizer.json", args.out / "tokenizer.json")
    else:
        make_tokenizer(args.out / "tokenizer.json", args.seed)
        print(f"tokenizer: {N_VOCAB} tokens, {time.monotonic() - began:.0f} s", flush=True)
    plans = Requests.SECOND if args.after else Requests.FIRST
    jobs = [
        (args.out, i, args.seed, plans, args.requests // args.shards, args.stories // args.shards)
        for i in range(args.shards)
    ]
    with multiprocessing.Pool(args.processes) as pool:
        n_tokens = sum(pool.imap(make_shard, jobs))
    print(f"{args.shards} shards: {n_tokens:,} tokens, {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
