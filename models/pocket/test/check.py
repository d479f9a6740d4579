#!/usr/bin/env python3
"""Checks utterances.jsonl and second.jsonl against ../tools.json: form, arguments, duplicates; of the former
also counts and the balance of the split.

Prints one line per fault (file:line: what) and exits 1, or prints the counts and exits 0.
"""

import collections
import hashlib
import json
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
LEAST_IN_SCOPE = 640
LEAST_NONE = 220
LEAST_PER_TOOL = 20
LEAST_SEVERAL = 0.18  # share of the answers in scope that hold several calls
ARTICLES = {"a", "an", "the", "my", "our", "your", "some"}
FREE_TEXT = {"label", "text", "items", "what", "place"}  # words of the request, as tools.json says
AT_LEAST_ONE = {"light_set": {"state", "brightness", "colour"}}
AT_MOST_ONE = {
    "light_set": [{"state", "brightness"}, {"state", "colour"}],
    "timer_cancel": [{"label", "all"}],
    "alarm_cancel": [{"time", "all"}],
    "reminder_add": [{"time", "seconds"}, {"day", "seconds"}],
}


def load_tools():
    with open(HERE.parent / "tools.json", encoding="utf-8") as f:
        return {t["function"]["name"]: t["function"]["parameters"] for t in json.load(f)}


def canonical(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def plain(text):
    """What two texts are compared by: lower case, one blank between words, no punctuation."""
    return " ".join(re.sub(r"[^\w\s]", "", text.lower()).split())


def is_held_out(text):
    return hashlib.sha256(text.encode("utf-8")).digest()[0] & 1 == 1


def number_faults(schema, value):
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return ["is no number"]
    if schema["type"] == "integer" and not isinstance(value, int):
        return ["is no integer"]
    faults = []
    if isinstance(value, float) and (value == int(value) or value != round(value, 1)):
        faults.append("is not written with at most one decimal")
    if not schema.get("minimum", value) <= value <= schema.get("maximum", value):
        faults.append("is out of range")
    return faults


def value_faults(schema, value):
    if schema["type"] in ("integer", "number"):
        return number_faults(schema, value)
    if schema["type"] == "array":
        if not isinstance(value, list) or len(value) < schema.get("minItems", 0):
            return ["is no list, or too short"]
        return [fault for item in value for fault in value_faults(schema["items"], item)]
    python_type = {"string": str, "boolean": bool}[schema["type"]]
    if not isinstance(value, python_type):
        return ["is no " + schema["type"]]
    if "enum" in schema and value not in schema["enum"]:
        return ["is not one of the listed values"]
    if "pattern" in schema and not re.search(schema["pattern"], value):
        return ["does not match its pattern"]
    return []


def free_text_faults(value, text):
    words = value.split()
    if not words or value != " ".join(words) or value != value.lower():
        return ["is empty, has stray blanks or capitals"]
    if words[0] in ARTICLES:
        return ["starts with an article or possessive"]
    if not re.search(r"(?<!\w)" + re.escape(value) + r"(?!\w)", " ".join(text.lower().split())):
        return ["is not in the text"]
    return []


def args_faults(name, schema, args, text):
    known = schema["properties"]
    faults = [f"{key}: no such argument" for key in args if key not in known]
    if faults:
        return faults
    faults += [f"{key}: missing" for key in schema["required"] if key not in args]
    if list(args) != [key for key in known if key in args]:
        faults.append("arguments are not in the order of tools.json")
    for key, value in args.items():
        found = value_faults(known[key], value)
        if not found and key in FREE_TEXT:
            for part in value if isinstance(value, list) else [value]:
                found += free_text_faults(part, text)
        faults += [f"{key}: {canonical(value)} {fault}" for fault in found]
    if name in AT_LEAST_ONE and not AT_LEAST_ONE[name] & set(args):
        faults.append("none of " + ", ".join(sorted(AT_LEAST_ONE[name])))
    for pair in AT_MOST_ONE.get(name, []):
        if pair <= set(args):
            faults.append("both of " + ", ".join(sorted(pair)))
    return faults


def call_faults(tools, call, text):
    if call == {"tool": "none"}:
        return []
    if not isinstance(call, dict) or list(call) != ["tool", "args"] or not isinstance(call["args"], dict):
        return ['a call is {"tool":NAME,"args":{..}}, and nothing to call {"tool":"none"}']
    name = call["tool"]
    if name not in tools or name == "none":
        return [f"{name}: no such tool, or one without args"]
    return [f"{name}: {fault}" for fault in args_faults(name, tools[name], call["args"], text)]


def line_faults(tools, line):
    """The faults of a line, its text and its calls."""
    try:
        entry = json.loads(line)
    except ValueError as error:
        return [f"not JSON: {error}"], None, []
    if not isinstance(entry, dict) or list(entry) != ["text", "answer"] or not isinstance(entry["text"], str):
        return ['a line is {"text":..,"answer":..}'], None, []
    text, answer = entry["text"], entry["answer"]
    faults = []
    if canonical(entry) != line:
        faults.append("not in canonical form: " + canonical(entry))
    if text != text.strip() or not text or "  " in text:
        faults.append("text is empty or has stray blanks")
    calls = answer if isinstance(answer, list) else [answer]
    if isinstance(answer, list) and (len(answer) < 2 or {"tool": "none"} in answer):
        faults.append("a list holds two calls or more, none of them to nothing")
    for call in calls:
        faults += call_faults(tools, call, text)
    return faults, text, calls


def count(tools, entries):
    """Counts what the files hold; each count is a pair (all, held out)."""
    counts = collections.defaultdict(lambda: [0, 0])
    for text, calls in entries:
        held_out = is_held_out(text)
        kinds = {"all"}
        kinds.add("none" if calls == [{"tool": "none"}] else "in scope")
        if len(calls) > 1:
            kinds.add("several calls")
        for call in calls:
            kinds.add("tool " + call["tool"])
            kinds |= {f"arg {call['tool']}.{key}" for key in call.get("args", {})}
        for kind in kinds:
            counts[kind][0] += 1
            counts[kind][1] += held_out
    return counts


def count_faults(tools, counts):
    faults = []
    least = {"in scope": LEAST_IN_SCOPE, "none": LEAST_NONE}
    least["several calls"] = round(LEAST_SEVERAL * counts["in scope"][0])
    for name, schema in tools.items():
        least["tool " + name] = LEAST_PER_TOOL
        least.update({f"arg {name}.{key}": 1 for key in schema["properties"]})
    for kind, number in least.items():
        if counts[kind][0] < number:
            faults.append(f"{kind}: {counts[kind][0]}, wanted {number} or more")
    for kind in ("all", "in scope", "none"):
        total, held_out = counts[kind]
        if not 0.4 * total <= held_out <= 0.6 * total:
            faults.append(f"{kind}: {held_out} of {total} held out, wanted about half")
    return faults


def read(tools, name, seen):
    """Its faults, and the texts that have none with their calls. seen: where a text was, of all files."""
    faults, entries = [], []
    lines = (HERE / name).read_text(encoding="utf-8").split("\n")
    if lines.pop() != "":
        faults.append(f"{name}: no newline at the end")
    for number, line in enumerate(lines, 1):
        found, text, calls = line_faults(tools, line)
        if text is not None:
            if plain(text) in seen:
                found.append(f"same text as {seen[plain(text)]}")
            seen.setdefault(plain(text), f"{name}:{number}")
        faults += [f"{name}:{number}: {fault}" for fault in found]
        if not found:
            entries.append((text, calls))
    return faults, entries


def main():
    tools, seen = load_tools(), {}
    faults, entries = read(tools, "utterances.jsonl", seen)
    counts = count(tools, entries)
    if not faults:
        faults = [f"utterances.jsonl: {fault}" for fault in count_faults(tools, counts)]
    more_faults, second = read(tools, "second.jsonl", seen)
    in_second = count(tools, second)
    for kind in sorted(counts, key=lambda k: (" " in k and k.split()[0] in ("tool", "arg"), k)):
        if not kind.startswith("arg "):
            total, held_out = counts[kind]
            print(
                f"{kind:24} {total:5}  development {total - held_out:4}  held out {held_out:4}"
                f"  second {in_second[kind][0]:4}"
            )
    for fault in faults + more_faults:
        print(fault, file=sys.stderr)
    return 1 if faults or more_faults else 0


if __name__ == "__main__":
    sys.exit(main())
