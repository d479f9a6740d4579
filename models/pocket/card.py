#!/usr/bin/env python3
"""Writes the model card from what score.py, stories.py and train.py left: every figure in it is theirs.

    python3 card.py --out DIR > MODEL_CARD.md

DIR is make's: data/, data-*/, run/log.jsonl, run-*/log.jsonl, score-f32.json, score-q8c.json, stories.json, f32/, q8c/.
"""

import argparse
import json
import pathlib

import numpy

TEXTS = ("development", "second", "held-out")
SCORES = (
    ("in_scope", "exact match, requests in scope"),
    ("one_call", "of these, one call"),
    ("several_calls", "of these, several calls"),
    ("none_recall", "`none`: recall"),
    ("none_precision", "`none`: precision"),
)
HEAD = """---
license: apache-2.0
language: en
pipeline_tag: text-generation
---
# pocket

A language model of {n_parameters:,} parameters for two things: it turns plain English said to a home and its devices into calls
of the tools of `tools.json`, and it continues short stories in simple English. It is what `edgewise run` opens when no model is
named. This page is written by `card.py` from measurements.

| | |
|---|---|
| architecture | Llama: {n_layers} layers, width {d_model}, feed-forward {d_ffn}, {n_heads} heads with {n_kv_heads} for keys, tied embedding |
| vocabulary | {n_vocab} tokens of byte-level BPE, digits alone |
| context | {n_ctx} positions; trained on texts of up to 320 tokens |
| shipped as | `package/`: 8-bit weights per channel (q8c), {package_mb:.1f} MB |
| trained on | texts made by `generate.py` for it, no other data: {data_tokens} |
| training | {first:,} steps, then {n_more} times {more:,} more from there, apart, whose mean this is (`make`); {tokens:.1f} million tokens, {hours:.1f} hours on a CPU |
| last losses | {losses} of a trained token; {held_back} on samples of the generator that were not trained on |

![losses of the first training and of one of those that went on](loss.svg)

## Use

    edgewise run -p "dim the lamps in the loft a bit"
    edgewise run --raw -p "Once upon a time there was a little fox named Tilda." --temp 0.8

A request is `<|user|>TEXT<|tool|>ANSWER<|end|>`, which the chat template makes; each request stands alone. The answer is one call,
an array of calls, or `{{"tool":"none"}}`. It is as often right as the tables below say: ask before anything that cannot be
undone, and see `examples/home` for answers with a confidence.

## Requests: `test/`

`utterances.jsonl` was written by hand before the generator, which must not contain its wordings (`test/no_template.py`). Its
development half was used to mend the generator, and so was `second.jsonl`, written later without sight of the generator, whose
wordings are kept out likewise; the held-out half was only scored for this page, its errors were never looked at. Greedy; right is
what is equal in every byte.
"""
LIMITS = """
## Limits

- English only; the tools of `tools.json` only. It knows no facts and holds no conversation.
- Wordings far from those of `templates/` go wrong more often than the table says: its texts were written by few people.
- The wordings of the test were kept out of its training, and with them some of the plainest commands: these it knows only with
  what people say around them.
- Numbers, names and titles are copied from the request; long or rare ones may be misspelt.
- Stories have one plot at a time, told in few words; nothing in them is true.
"""


def read(path):
    return json.loads(path.read_text(encoding="utf-8"))


def percent(share):
    return f"{share['right']} of {share['of']}, {share['percent']:.1f} %"


def print_scores(f32, shipped):
    print("\n| | " + " | ".join(f"{texts}, {kind}" for texts in TEXTS for kind in ("f32", "q8c")) + " |")
    print("|---|" + "---|" * 2 * len(TEXTS))
    for key, name in SCORES:
        cells = [percent(scores[texts][key]) for texts in TEXTS for scores in (f32, shipped)]
        print(f"| {name} | " + " | ".join(cells) + " |")


def print_tools(shipped):
    print("\nAnswers that call a tool, held-out half as shipped:\n")
    print("| tool | right | of |\n|---|---|---|")
    for name, share in shipped["held-out"]["by_tool"].items():
        print(f"| {name} | {share['right']} | {share['of']} |")
    print("\nCalls, and what was answered in their place:\n")
    print("| wanted | answered | times |\n|---|---|---|")
    for pair, n in shipped["held-out"]["confused"].items():
        wanted, said = pair.split(" -> ")
        print(f"| {wanted} | {said} | {n} |")


def print_stories(stories):
    n, spans = stories["samples"], stories["longest_copied_span_tokens"]
    kept = stories["consistent"]
    print("\n## Stories\n")
    print(
        f"{n} beginnings that the generator made with a seed of its own, continued for up to 200 tokens at temperature 0.8, "
        f"top-k 40.\n\n- Characters keep name, kind and pronoun, and the object its looks, in {kept} of {n} "
        f"({100 * kept / n:.1f} %)."
    )
    for kind, count in stories["faults"].items():
        print(f"  - first fault: `{kind}`: {count}")
    print(
        f"- Longest span in common with the training stories: median {spans['median']} tokens, 95th percentile "
        f"{spans['percentile_95']}, most {spans['most']}; below 40 tokens in {spans['below_40']} of {n}."
    )
    print(f"\nThe first {len(stories['shown'])} samples, unselected; the bar is where the model goes on.\n")
    for sample in stories["shown"]:
        print(f"> {sample['beginning']} **|**{sample['continuation'].rstrip()}\n")


def data_size(folders):
    requests = stories = tokens = 0
    for path in sorted(path for folder in folders for path in folder.glob("shard-*.npz")):
        with numpy.load(path) as z:
            tokens += len(z["tokens"])
            is_request = z["tokens"][z["starts"][:-1]] == 1
            requests, stories = requests + int(is_request.sum()), stories + int((~is_request).sum())
    return f"{requests:,} requests and {stories:,} stories, {tokens / 1e6:.1f} million tokens"


def last_of(run):
    return json.loads((run / "log.jsonl").read_text(encoding="utf-8").splitlines()[-1])


def said(lines, key):
    return ", ".join(f"{line[key]:.4f}" for line in lines)


def head(out):
    config, first = read(out / "f32/config.json"), last_of(out / "run")
    runs = sorted(out.glob("run-*"))
    last = [last_of(run) for run in runs]
    settings = read(runs[0] / "settings.json")
    size = sum(path.stat().st_size for path in (out / "q8c").rglob("*") if path.is_file())
    return HEAD.format(
        n_parameters=settings["n_parameters"],
        n_layers=config["num_hidden_layers"],
        d_model=config["hidden_size"],
        d_ffn=config["intermediate_size"],
        n_heads=config["num_attention_heads"],
        n_kv_heads=config["num_key_value_heads"],
        n_vocab=config["vocab_size"],
        n_ctx=config["max_position_embeddings"],
        package_mb=size / 1e6,
        data_tokens=data_size([out / "data", *out.glob("data-*")]),
        first=first["step"],
        n_more=len(runs),
        more=last[0]["step"] - first["step"],
        tokens=(first["tokens"] + sum(line["tokens"] - first["tokens"] for line in last)) / 1e6,
        hours=(first["seconds"] + sum(line["seconds"] - first["seconds"] for line in last)) / 3600,
        losses=said(last, "loss"),
        held_back=said(last, "held_back_loss"),
    ).rstrip()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=pathlib.Path, required=True)
    out = parser.parse_args().out
    f32, shipped = read(out / "score-f32.json"), read(out / "score-q8c.json")
    print(head(out))
    print_scores(f32, shipped)
    print_tools(shipped)
    print_stories(read(out / "stories.json"))
    print(LIMITS.rstrip())


if __name__ == "__main__":
    main()
