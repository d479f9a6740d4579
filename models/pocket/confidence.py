#!/usr/bin/env python3
"""How far examples/home may trust the model: for thresholds of confidence, which share of the requests is
answered, and how many of those answers are the right ones.

    python3 confidence.py --home PROGRAM --model MODEL [--texts second|development|held-out]

An answer counts when it is calls, not `none`, and its confidence reaches the threshold; what is not answered
would be asked of a bigger model. Prints totals only. For texts that are not held out also the lowest
threshold from which on at least 98 % of the answers are right: of second, the default of examples/home.
"""

import argparse
import json
import subprocess

from score import NONE, TEXTS, canonical, read_texts

WANTED = 0.98
STEP = 0.001
SHOWN = [0, 0.5, 0.7, 0.8, 0.85, 0.9, 0.92, 0.94, 0.95, 0.96, 0.97, 0.98, 0.985, 0.99, 0.995, 0.999]


def said_by(home, model, entries):
    """What the program says to each request."""
    texts = "".join(entry["text"] + "\n" for entry in entries)
    done = subprocess.run([home, "--json", model], input=texts.encode(), stdout=subprocess.PIPE, check=True)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    if len(lines) != len(entries):
        raise RuntimeError(f"{len(lines)} answers to {len(entries)} requests")
    return lines


class Sample:
    def __init__(self, entry, line):
        self.called = line["answer"] is not None and line["answer"] != NONE
        self.right = canonical(line["answer"]) == canonical(entry["answer"])
        self.in_scope = entry["answer"] != NONE
        self.confidence, self.lowest = line["confidence"], line["lowest"]


def row(samples, threshold, of="confidence"):
    """How many are answered, how many of them rightly, how many of those in scope are."""
    answered = [s for s in samples if s.called and getattr(s, of) >= threshold]
    return len(answered), sum(s.right for s in answered), sum(s.in_scope for s in answered)


def right_share(samples, threshold, of="confidence"):
    n, right, _ = row(samples, threshold, of)
    return right / n if n else 1


def suggested(samples, of="confidence"):
    """The lowest threshold from which on no one's share is below what is wanted."""
    threshold = 1.0
    while threshold > 0 and right_share(samples, round(threshold - STEP, 3), of) >= WANTED:
        threshold = round(threshold - STEP, 3)
    return threshold


def percent(part, whole):
    return f"{100 * part / whole:6.2f} %" if whole else "       -"


def print_rows(samples, thresholds, of):
    in_scope = sum(s.in_scope for s in samples)
    print(f"  {of:>10}  {'answered':>21}  {'of those in scope':>17}  {'right of answered':>22}")
    for threshold in thresholds:
        n, right, scope = row(samples, threshold, of)
        print(
            f"  {threshold:10.3f}  {n:4} of {len(samples):4} {percent(n, len(samples))}"
            f"  {percent(scope, in_scope):>17}  {right:4} of {n:4}  {percent(right, n)}"
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--home", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--texts", choices=TEXTS, default="second")
    args = parser.parse_args()
    entries = read_texts(args.texts)
    lines = said_by(args.home, args.model, entries)
    samples = [Sample(*pair) for pair in zip(entries, lines, strict=True)]
    scope = [s for s in samples if s.in_scope]
    ms = sorted(line["ms"] for line in lines)
    print(f"{args.texts}: {len(samples)} requests, {len(scope)} in scope, median {ms[len(ms) // 2]:.1f} ms")
    print(f"  in scope right, with no threshold: {percent(sum(s.right for s in scope), len(scope))}")
    print_rows(samples, SHOWN, "confidence")
    if args.texts != "held-out":
        for of in ("confidence", "lowest"):
            print(f"  {100 * WANTED:.0f} % right from {of} {suggested(samples, of):.3f} on")
            print_rows(samples, [suggested(samples, of)], of)


if __name__ == "__main__":
    main()
