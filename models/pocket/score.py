#!/usr/bin/env python3
"""Scores a model on the texts in test/ through the C library: are the answers the right ones?

    python3 score.py --library LIBEDGEWISE.so --model FOLDER [--texts NAME] [--json FILE] [--errors]

NAME is development or held-out, the halves of utterances.jsonl, second (second.jsonl), or all, the default.
Prints a table: exact match of the answers in scope, of those with several calls, by tool; recall and precision
of `none`; and which tool was said in place of which. --errors lists the texts that went wrong, but never those held out.
"""

import argparse
import collections
import json
import pathlib
import sys
import time

import bpe
import edgewise

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "test"))
from check import canonical, is_held_out  # noqa: E402

NONE = {"tool": "none"}
TEXTS = ("development", "held-out", "second")
N_PREDICT = 240


def read_texts(name):
    file = "second.jsonl" if name == "second" else "utterances.jsonl"
    with open(HERE / "test" / file, encoding="utf-8") as lines:
        entries = [json.loads(line) for line in lines]
    if name == "second":
        return entries
    return [e for e in entries if is_held_out(e["text"]) == (name == "held-out")]


def parsed(text):
    try:
        return json.loads(text)
    except ValueError:
        return None


def tools_of(answer):
    """The names that an answer calls, in order; `?` where it is no answer."""
    calls = answer if isinstance(answer, list) else [answer]
    return [
        call["tool"] if isinstance(call, dict) and isinstance(call.get("tool"), str) else "?"
        for call in calls
    ]


def answers_of(model, entries):
    user, tool = model.encode(bpe.USER), model.encode(bpe.TOOL)
    return [model.answer(user + model.encode(e["text"], special=False) + tool, N_PREDICT)[0] for e in entries]


def share(part, whole):
    return {"right": part, "of": whole, "percent": round(100 * part / whole, 2) if whole else None}


def count(entries, answers):
    right = [a == canonical(e["answer"]) for e, a in zip(entries, answers, strict=True)]
    wanted = [e["answer"] for e in entries]
    said_none = [parsed(a) == NONE for a in answers]
    scope = [i for i, w in enumerate(wanted) if w != NONE]
    outside = [i for i, w in enumerate(wanted) if w == NONE]
    several = [i for i in scope if isinstance(wanted[i], list)]
    by_tool = {}
    for name in sorted({t for w in wanted for t in tools_of(w)}):
        having = [i for i, w in enumerate(wanted) if name in tools_of(w)]
        by_tool[name] = share(sum(right[i] for i in having), len(having))
    confused = collections.Counter()
    for w, a in zip(wanted, answers, strict=True):
        want, said = tools_of(w), tools_of(parsed(a))
        if want != said:
            confused[" + ".join(want) + " -> " + " + ".join(said)] += 1
    none_right = sum(said_none[i] for i in outside)
    return {
        "in_scope": share(sum(right[i] for i in scope), len(scope)),
        "several_calls": share(sum(right[i] for i in several), len(several)),
        "one_call": share(sum(right[i] for i in scope if i not in several), len(scope) - len(several)),
        "none_recall": share(none_right, len(outside)),
        "none_precision": share(none_right, sum(said_none)),
        "no_json": sum(parsed(a) is None for a in answers),
        "by_tool": by_tool,
        "confused": dict(confused.most_common()),
    }


def print_table(name, counts):
    print(name)
    for name in ("in_scope", "one_call", "several_calls", "none_recall", "none_precision"):
        c = counts[name]
        print(f"  {name:24} {c['right']:4} of {c['of']:4}  {c['percent'] or 0:6.2f} %")
    print(f"  {'answers that are no JSON':24} {counts['no_json']:4}")
    print("  answers with a call of")
    for name, c in counts["by_tool"].items():
        print(f"    {name:22} {c['right']:4} of {c['of']:4}  {c['percent']:6.2f} %")
    print("  calls -> calls answered")
    for pair, n in counts["confused"].items():
        print(f"    {n:3} {pair}")


def print_errors(entries, answers):
    for e, a in zip(entries, answers, strict=True):
        if a != canonical(e["answer"]):
            print(f"{e['text']}\n    wanted {canonical(e['answer'])}\n    said   {a}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--library", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--texts", choices=[*TEXTS, "all"], default="all")
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--json", type=pathlib.Path, help="write the figures there too")
    parser.add_argument("--errors", action="store_true", help="list those that went wrong")
    args = parser.parse_args()
    model = edgewise.Model(args.library, args.model, args.threads)
    result = {}
    for name in TEXTS if args.texts == "all" else [args.texts]:
        entries = read_texts(name)
        began = time.monotonic()
        answers = answers_of(model, entries)
        result[name] = count(entries, answers) | {"seconds": round(time.monotonic() - began, 2)}
        print_table(name, result[name])
        if args.errors and name != "held-out":
            print_errors(entries, answers)
    if args.json:
        args.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
