"""Templates of text with choices and slots.

A template is text with groups `(a|b|)`, named groups `<name>` (MACROS) and slots `{name}`. Choosing one way
through its groups gives a flat template: words and slots only, which is the unit that guard.py compares
with the test. Filling the slots gives the text and the arguments of a call; `{=name}` says again what the
slot `{name}` before it said. In pairs.txt and verbs.txt, `{same_name}` is said once and meant in every call.

    flat = choose("turn {onoff} the {room} <lights>", macros, random.Random(1))
"""

import functools
import json
import pathlib
import re

TEMPLATES = pathlib.Path(__file__).resolve().parent / "templates"

PIECES = re.compile(r"[()|]|[^()|]+")
MACRO = re.compile(r"<([A-Za-z_0-9]+)>")
SLOT = re.compile(r"\{([-=]?[a-z_0-9]+)\}")


def expand_macros(template, macros):
    while MACRO.search(template):
        template = MACRO.sub(lambda m: "(" + macros[m.group(1)] + ")", template)
    return template


def parse(tokens):
    """Alternatives up to a closing bracket or the end; each is a list of strings and of alternatives."""
    alternatives = [[]]
    for token in tokens:
        if token == ")":
            break
        if token == "(":
            alternatives[-1].append(parse(tokens))
        elif token == "|":
            alternatives.append([])
        else:
            alternatives[-1].append(token)
    return alternatives


@functools.cache
def parsed(template):
    return parse(iter(PIECES.findall(template)))


def walk(alternatives, rng):
    parts = alternatives[int(rng.random() * len(alternatives))]
    return "".join(part if isinstance(part, str) else walk(part, rng) for part in parts)


def tidy(text):
    """One blank between words, none before punctuation."""
    text = re.sub(r"\s+", " ", text).strip()
    return re.sub(r" ([,.!?;:])", r"\1", text)


def choose(template, macros, rng):
    """A flat template: one way through the groups."""
    return tidy(walk(parsed(expanded(template, macros)), rng))


_expanded = {}


def expanded(template, macros):
    if template not in _expanded:
        _expanded[template] = expand_macros(template, macros)
    return _expanded[template]


def slots_of(flat):
    return SLOT.findall(flat)


def read_templates(name):
    """Returns macros {name: alternatives} and sections [(kind, tool, args, [template])]."""
    macros, sections, macro = {}, [], None
    text = (TEMPLATES / name).read_text(encoding="utf-8").replace("\\\n", "")
    for line in text.split("\n"):
        if line.startswith("= "):
            _, kind, tool, args = line.split(" ", 3)
            sections.append((kind, tool, json.loads(args), []))
        elif not sections and line.startswith("<"):
            macro = line.strip("<>")
            macros[macro] = ""
        elif not sections:
            macros[macro] += line
        elif line:
            sections[-1][3].append(line)
    return macros, sections


def read_lines(name):
    return (TEMPLATES / name).read_text(encoding="utf-8").split("\n")[:-1]


def read_pairs():
    """[([(tool, args), ..], [(first template, second template, ..)])]"""
    sections = []
    for line in (TEMPLATES / "pairs.txt").read_text(encoding="utf-8").strip().split("\n"):
        if line.startswith("= "):
            calls = [part.strip().split(" ", 1) for part in line[2:].split(" ; ")]
            sections.append(([(tool, json.loads(args)) for tool, args in calls], []))
        else:
            sections[-1][1].append(tuple(line.split(" ++ ")))
    return sections


def read_verbs():
    """{verb: ([(kind, frame)], [section of things])}: a frame holds a # where the things are listed."""
    verbs = {}
    for kind, name, args, templates in read_templates("verbs.txt")[1]:
        if name in verbs:
            verbs[name][0].extend((kind, template) for template in templates)
        elif kind in "if":
            verbs[name] = ([(kind, template) for template in templates], [])
        else:
            verbs[kind][1].append(("f", name, args, templates))
    return verbs


def read_story_templates():
    """Macros, parts {name: [template]}, and plots {name: [[template] for each step]}."""
    text = (TEMPLATES / "stories.txt").read_text(encoding="utf-8")
    head, *sections = re.split(r"^= ", text, flags=re.M)
    macros = dict(re.findall(r"^<(\w+)>\n((?:    .*\n)+)", head, flags=re.M))
    parts, plots = {}, {}
    for section in sections:
        name, *lines = section.strip().split("\n")
        steps = [step.strip().split("\n") for step in "\n".join(lines).split("\n--\n")]
        if name.startswith("plot "):
            plots[name.split(" ")[1]] = steps
        else:
            parts[name] = steps[0]
    return macros, parts, plots
