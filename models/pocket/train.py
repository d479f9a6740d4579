#!/usr/bin/env python3
"""Trains the model on what generate.py made, on the CPU.

    python3 train.py --data DIR --out DIR (--steps N | --minutes M) [--resume] [--after DIR] [--threads N] [--rate R]
                     [--seed N]

OUT gets checkpoint.pt (every few minutes and at the end), log.jsonl (step, tokens, seconds, learning rate,
training loss; now and then the loss of held-back samples and answers to some of them), settings.json and
loss.svg.
--minutes chooses the number of steps by the speed of the first ones; --steps repeats a run. --resume goes
on after the last checkpoint, with the steps that it was begun with. --after begins a training with the
weights, and the counts of the log, that another one left in DIR.
"""

import argparse
import ctypes
import json
import math
import os
import pathlib
import shutil
import time

import numpy
import torch
from torch.nn import functional

import bpe
import curve
from model import Config, Model

MAX_TOKENS = 320  # of a sample; longer ones are left out
POOL = 6000  # samples that are sorted by length before they are cut into batches
N_WARM = 10  # steps before the speed is measured
N_TIMED = 30
N_HELD_BACK = 512  # samples of the last shard that are not trained on
SAVE_EVERY_S = 240
LOG_EVERY = 20
LOOK_EVERY = 500
WIDTHS = 8  # a batch's width is a multiple of this, and the places learned of
N_LEARNED = 256  # this: each new shape costs the CPU's kernels time to be made
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # malloc.h


# ---- data ----


class Shard:
    def __init__(self, path):
        with numpy.load(path) as z:
            self.tokens, self.starts, self.answers = z["tokens"], z["starts"], z["answers"]

    def __len__(self):
        return len(self.answers)

    def length(self, i):
        return int(self.starts[i + 1] - self.starts[i])

    def row(self, i):
        return self.tokens[self.starts[i] : self.starts[i + 1]]


def up(n, multiple):
    return -(-n // multiple) * multiple


def batch_of(shard, members):
    """tokens [B, T] with zeros at the end; the places (of B * T) whose logits count, and the next tokens there,
    -1 where a place only fills the shape."""
    width = up(max(shard.length(i) for i in members), WIDTHS)
    tokens = numpy.zeros((len(members), width), numpy.int64)
    targets = numpy.full((len(members), width), -1, numpy.int64)
    for b, i in enumerate(members):
        row = shard.row(i)
        first = int(shard.answers[i])
        tokens[b, : len(row)] = row
        targets[b, first - 1 : len(row) - 1] = row[first:]
    learned = numpy.flatnonzero(targets >= 0)
    places = numpy.zeros(up(len(learned), N_LEARNED), numpy.int64)
    places[: len(learned)] = learned
    wanted = numpy.full(len(places), -1, numpy.int64)
    wanted[: len(learned)] = targets.ravel()[learned]
    return torch.from_numpy(tokens), torch.from_numpy(places), torch.from_numpy(wanted)


def batches(paths, seed, n_held_back, n_tokens):
    """Batches of about n_tokens tokens each, of samples of about the same length; without end."""
    epoch = 0
    while True:
        rng = numpy.random.default_rng([seed, epoch])
        for p in rng.permutation(len(paths)):
            shard = Shard(paths[p])
            known = numpy.arange(len(shard) - (n_held_back if p == len(paths) - 1 else 0))
            rng.shuffle(known)
            ready = []
            for at in range(0, len(known), POOL):
                pool = [i for i in known[at : at + POOL] if shard.length(i) <= MAX_TOKENS]
                ready += cut(shard, sorted(pool, key=shard.length, reverse=True), n_tokens)
            for b in rng.permutation(len(ready)):
                yield batch_of(shard, ready[b])
        epoch += 1


def cut(shard, members, n_tokens):
    """Groups of neighbours in length, longest first, that fill a batch: how many follows from the width alone.
    What is left at the end fills none."""
    groups, at = [], 0
    while at < len(members):
        n = n_tokens // up(shard.length(members[at]), WIDTHS)
        groups.append(members[at : at + n])
        at += n
    return groups[:-1] if at > len(members) else groups


# ---- steps ----


def loss_of(model, tokens, places, wanted):
    """The mean over learned tokens; logits are made for those only."""
    with torch.autocast("cpu", torch.bfloat16):
        hidden = model.hidden(tokens).flatten(0, 1)
        logits = model.logits(hidden[places])
    return functional.cross_entropy(logits.float(), wanted, ignore_index=-1)


def keep_memory():
    """Freed tensors stay in the heap: glibc would map each large one anew, and its pages cost a fault each."""
    libc = ctypes.CDLL(None)
    for parameter, value in ((M_MMAP_THRESHOLD, 1 << 30), (M_TRIM_THRESHOLD, (1 << 31) - 1)):
        libc.mallopt(parameter, value)


def rate_at(step, n_steps, peak):
    """A linear start, then half a cosine down to a fiftieth."""
    n_start = min(200, n_steps // 10 + 1)
    if step < n_start:
        return peak * (step + 1) / n_start
    part = (step - n_start) / max(1, n_steps - n_start)
    return peak * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * part)))


class Optimizer:
    """Muon (Jordan et al. 2024: orthogonal steps) for the layers' matrices, AdamW for embedding and norms.

    Muon's steps are scaled to the size of AdamW's, so that both have one learning rate.
    """

    def __init__(self, model):
        layers = [p for p in model.layers.parameters() if p.ndim == 2]
        known = {id(p) for p in layers}
        rest = [p for p in model.parameters() if id(p) not in known]
        self.parts = [
            torch.optim.Muon(layers, weight_decay=0.05, adjust_lr_fn="match_rms_adamw"),
            torch.optim.AdamW(rest, betas=(0.9, 0.98), weight_decay=0.0, fused=True),
        ]

    def step(self, rate):
        for part in self.parts:
            for group in part.param_groups:
                group["lr"] = rate
            part.step()
            part.zero_grad(set_to_none=True)

    def state_dict(self):
        return [part.state_dict() for part in self.parts]

    def load_state_dict(self, states):
        for part, state in zip(self.parts, states, strict=True):
            part.load_state_dict(state)


class Run:
    def __init__(self, args):
        self.args = args
        self.paths = sorted(args.data.glob("shard-*.npz"))
        if not self.paths:
            raise SystemExit(f"{args.data}: no shard-*.npz: run generate.py --out {args.data}")
        torch.manual_seed(args.seed)
        self.tokenizer = bpe.load(args.data / "tokenizer.json")
        self.model = Model(Config(), *map(torch.tensor, self.tokenizer.forms()))
        self.loss_of = torch.compile(loss_of, dynamic=True)
        self.optimizer = Optimizer(self.model)
        self.step, self.n_steps, self.seconds, self.n_tokens = 0, args.steps, 0.0, 0
        self.before = {"step": 0, "n_tokens": 0, "seconds": 0.0}
        self.held_back = Shard(self.paths[-1])
        if args.resume:
            self.load()
        elif args.after:
            self.begin_after(args.after)

    def begin_after(self, folder):
        state = torch.load(folder / "checkpoint.pt", weights_only=True)
        self.model.load_state_dict(state["model"])
        self.before = {key: state["before"][key] + state[key] for key in self.before}
        shutil.copyfile(folder / "log.jsonl", self.args.out / "log.jsonl")

    def load(self):
        state = torch.load(self.args.out / "checkpoint.pt", weights_only=True)
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step, self.n_steps = state["step"], state["n_steps"]
        self.seconds, self.n_tokens = state["seconds"], state["n_tokens"]
        self.before = state["before"]

    def save(self):
        state = {
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
            "n_steps": self.n_steps,
            "seconds": self.seconds,
            "n_tokens": self.n_tokens,
            "before": self.before,
        }
        torch.save(state, self.args.out / "checkpoint.tmp")
        os.replace(self.args.out / "checkpoint.tmp", self.args.out / "checkpoint.pt")

    def log(self, **what):
        with open(self.args.out / "log.jsonl", "a", encoding="utf-8") as f:
            f.write(json.dumps(what, ensure_ascii=False) + "\n")

    def train_step(self, tokens, places, wanted):
        rate = rate_at(self.step, self.n_steps, self.args.rate)
        loss = self.loss_of(self.model, tokens, places, wanted)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step(rate)
        self.step += 1
        self.n_tokens += tokens.numel()
        return loss.item(), rate

    def measured_steps(self, source):
        """How many steps --minutes allows; the weights are as before."""
        before = {k: v.clone() for k, v in self.model.state_dict().items()}
        self.n_steps = 1 << 20
        for i in range(N_WARM + N_TIMED):
            if i == N_WARM:
                began = time.monotonic()
            self.train_step(*next(source))
        each = (time.monotonic() - began) / N_TIMED
        self.model.load_state_dict(before)
        self.optimizer = Optimizer(self.model)
        self.step = self.n_tokens = 0
        return max(50, int(60 * self.args.minutes / each * 0.97))

    def look(self):
        """The loss of held-back samples, and greedy answers to three of them."""
        self.model.eval()
        first = len(self.held_back) - N_HELD_BACK
        with torch.no_grad():
            losses = [
                loss_of(self.model, *batch_of(self.held_back, range(at, at + 32))).item()
                for at in range(first, len(self.held_back), 32)
            ]
            answers = [self.answer(first + (self.step // LOOK_EVERY + 7 * k) % N_HELD_BACK) for k in range(3)]
        self.model.train()
        return sum(losses) / len(losses), answers

    def answer(self, i):
        row = self.held_back.row(i)
        prompt = row[: max(8, int(self.held_back.answers[i]))].tolist()
        ids = list(prompt)
        while len(ids) < len(prompt) + 60 and (len(ids) == len(prompt) or ids[-1] != 0):
            logits = self.model.logits(self.model.hidden(torch.tensor([ids]))[0, -1])
            ids.append(int(logits.argmax()))
        return self.tokenizer.decode(prompt) + " => " + self.tokenizer.decode(ids[len(prompt) :])

    def report(self, loss, rate):
        line = {
            "step": self.before["step"] + self.step,
            "of": self.before["step"] + self.n_steps,
            "tokens": self.before["n_tokens"] + self.n_tokens,
            "seconds": round(self.before["seconds"] + self.seconds, 1),
            "rate": round(rate, 6),
            "loss": round(loss, 4),
        }
        if self.step % LOOK_EVERY == 0 or self.step == self.n_steps:
            held_back, answers = self.look()
            line |= {"held_back_loss": round(held_back, 4), "answers": answers}
        self.log(**line)
        print(" ".join(f"{k} {v}" for k, v in line.items() if k != "answers"), flush=True)
        for answer in line.get("answers", []):
            print("    " + answer, flush=True)

    def batches(self):
        return batches(self.paths, self.args.seed, N_HELD_BACK, self.args.tokens)

    def go(self):
        source = self.batches()
        if self.n_steps is None:
            self.n_steps = self.measured_steps(source)
            source = self.batches()
        for _ in range(self.step):
            next(source)
        print(f"{self.model.n_params():,} parameters, {self.n_steps} steps", flush=True)
        settings = {"n_parameters": self.model.n_params(), "threads": self.args.threads, "seed": self.args.seed}
        (self.args.out / "settings.json").write_text(json.dumps(settings) + "\n")
        losses, saved = [], time.monotonic()
        while self.step < self.n_steps:
            began = time.monotonic()
            loss, rate = self.train_step(*next(source))
            self.seconds += time.monotonic() - began
            losses.append(loss)
            if self.step % LOG_EVERY == 0 or self.step == self.n_steps:
                self.report(sum(losses) / len(losses), rate)
                losses = []
            if time.monotonic() - saved > SAVE_EVERY_S:
                self.save()
                saved = time.monotonic()
        self.save()
        curve.draw(self.args.out / "log.jsonl", self.args.out / "loss.svg")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--steps", type=int)
    length.add_argument("--minutes", type=float)
    parser.add_argument("--rate", type=float, default=3e-3, help="the highest learning rate (default 3e-3)")
    parser.add_argument("--tokens", type=int, default=4096, help="of a step (default 4096)")
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--after", type=pathlib.Path, help="the --out of a first training")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    if not (args.steps or args.minutes or args.resume):
        parser.error("--steps N or --minutes M says how long")
    torch.set_num_threads(args.threads)
    keep_memory()
    args.out.mkdir(parents=True, exist_ok=True)
    if not args.resume:
        (args.out / "log.jsonl").unlink(missing_ok=True)
    Run(args).go()


if __name__ == "__main__":
    main()
