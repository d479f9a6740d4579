#!/usr/bin/env python3
"""Proves that no template of the generator says what utterances.jsonl and second.jsonl say.

    python3 models/pocket/test/no_template.py [--count N] [--seed N]

Three checks, with counts only; a text of the test is never printed. Exits 1 when either finds something.

1. N sentences are generated, and the flat template of each whole sentence and of each clause in it
(grammar.py: words and slots) is compared as a regular expression with each of those texts, case and
punctuation aside. The generator refuses such templates by itself (guard.py); this looks at what it let
through, by another way: all regular expressions against all texts, without the guard's index and memory.
2. The texts that came out, with their slips, equal no text of the test.
3. Their answers are such as check.py demands of the test's: form, arguments, order, copied words.

With --broken the generator's guard is switched off: the check must then fail, which shows that it can.
"""

import argparse
import json
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import check  # noqa: E402

import guard  # noqa: E402
import slots  # noqa: E402
from home_requests import Requests  # noqa: E402

CHUNK = 400


class Watched(guard.Guard):
    """Remembers which templates it let through."""

    def __init__(self, broken):
        super().__init__(slots.PATTERNS)
        self.broken, self.passed = broken, set()

    def allows(self, flat):
        allowed = self.broken or super().allows(flat)
        if allowed:
            self.passed.add(flat)
        return allowed

    def allows_text(self, text):
        return self.broken or super().allows_text(text)


def matching(flats, texts):
    """Templates that match a text: many at once, then one by one where some do."""
    found = []
    flats = sorted(flats)
    body = "\n".join(texts)
    for at in range(0, len(flats), CHUNK):
        patterns = [
            guard.flat_pattern(flat, slots.PATTERNS).replace(r"\S+(?: \S+)*", r"[^\n]+")
            for flat in flats[at : at + CHUNK]
        ]
        if not re.search("^(?:" + "|".join(patterns) + ")$", body, re.M):
            continue
        found += [
            flat
            for flat, pattern in zip(flats[at : at + CHUNK], patterns, strict=True)
            if re.search(f"^{pattern}$", body, re.M)
        ]
    return found


def answer_faults(made):
    tools = check.load_tools()
    lines = [check.canonical({"text": text, "answer": json.loads(answer)}) for text, answer in made]
    return [f"{fault}: {line}" for line in lines for fault in check.line_faults(tools, line)[0]]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--broken", action="store_true", help="switch the generator's guard off")
    args = parser.parse_args()
    watched = Watched(args.broken)
    source = Requests(args.seed, watched)
    texts = guard.read_test()
    known = set(texts)
    made = [source.sample() for _ in range(args.count)]
    equal = sum(guard.plain(text) in known for text, _ in made)
    faults = answer_faults(made)
    found = matching(watched.passed, texts)
    print(
        f"{args.count} sentences of {len(watched.passed)} flat templates; "
        f"{watched.n_refused} times one was refused"
    )
    print(f"{len(found)} templates match a text of the test, {equal} sentences equal one")
    print(f"{len(faults)} faults in answers")
    for line in found[:20] + faults[:20]:
        print(f"    {line}")
    return int(bool(found) or bool(equal) or bool(faults))


if __name__ == "__main__":
    sys.exit(main())
