#!/usr/bin/env python3
"""Writes data/template_vectors.txt: what transformers makes of chat templates, and how it counts.

    make_template_vectors.py FOLDER                               all templates of the folder (*.jinja)
    make_template_vectors.py FOLDER --show TEMPLATE CASE          prints one rendering
    make_template_vectors.py FOLDER --diff EDGEWISE               compares `EDGEWISE template` with them
    make_template_vectors.py FOLDER --diff EDGEWISE TEMPLATE CASE

Needs transformers 4.57.1 and Jinja2 3.1.6 from PyPI. The template is compiled by transformers' own function;
the conversations are data/conversations.json; bos_token is "<s>", eos_token "</s>", the date 2026-11-21.
A line is: template, conversation, then length in bytes and SHA-256 of the text, or "raises" (the template
raises, or uses an undefined value), or "error" (an error of Python's, whose place is not specified).
"""
import difflib
import hashlib
import json
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import jinja2
from transformers.utils import chat_template_utils

HERE = Path(__file__).parent
CONVERSATIONS = json.loads((HERE / "data" / "conversations.json").read_text(encoding="utf-8"))
BOS, EOS, DATE = "<s>", "</s>", "2026-11-21"


class FixedDate(datetime):
    @classmethod
    def now(cls, tz=None):
        return cls.fromisoformat(DATE)


chat_template_utils.datetime = FixedDate


def render(path, conversation):
    """The text, or None and the name of what was raised."""
    variables = {"tools": None, "documents": None, "add_generation_prompt": False, **conversation}
    try:
        template = chat_template_utils._compile_jinja_template(path.read_text(encoding="utf-8"))
        return template.render(bos_token=BOS, eos_token=EOS, **variables), "text"
    except jinja2.exceptions.TemplateError:
        return None, "raises"
    except Exception:  # TypeError and the like
        return None, "error"


def vector(path, name):
    text, kind = render(path, CONVERSATIONS[name])
    if text is None:
        return f"{path.name} {name} {kind}"
    data = text.encode("utf-8")
    return f"{path.name} {name} {len(data)} {hashlib.sha256(data).hexdigest()}"


def ours(program, path, name):
    command = [program, "template", "-m", path, "--bos", BOS, "--eos", EOS, "--date", DATE]
    conversation = json.dumps(CONVERSATIONS[name], ensure_ascii=False).encode("utf-8")
    result = subprocess.run(command, input=conversation, capture_output=True)
    if result.returncode:
        return None, result.stderr.decode("utf-8").strip()
    return result.stdout.decode("utf-8"), "text"


def compare(program, path, name, verbose):
    expected, kind = render(path, CONVERSATIONS[name])
    got, message = ours(program, path, name)
    if expected == got:
        if verbose and got is None:
            print(f"{path.name} {name}: {kind}: {message}")
        return kind == "text" or message != "text"
    if kind == "error" and got is not None:
        print(f"{path.name} {name}: Python fails, a text came out")
        return True
    print(f"{path.name} {name}: {kind} expected; {message}")
    if expected is not None and got is not None:
        lines = difflib.unified_diff(expected.splitlines(True), got.splitlines(True), "expected", "got", n=1)
        sys.stdout.writelines(repr(line) + "\n" for line in list(lines)[: None if verbose else 8])
    return False


def main():
    folder, arguments = Path(sys.argv[1]), sys.argv[2:]
    paths = sorted(folder.glob("*.jinja"))
    if arguments[:1] == ["--show"]:
        text, kind = render(folder / arguments[1], CONVERSATIONS[arguments[2]])
        print(text if text is not None else kind)
    elif arguments[:1] == ["--diff"] and len(arguments) == 4:
        sys.exit(not compare(arguments[1], folder / arguments[2], arguments[3], True))
    elif arguments[:1] == ["--diff"]:
        same = [compare(arguments[1], path, name, False) for path in paths for name in CONVERSATIONS]
        print(f"{sum(same)} of {len(same)} agree")
        sys.exit(not all(same))
    else:
        lines = [vector(path, name) for path in paths for name in CONVERSATIONS]
        (HERE / "data" / "template_vectors.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


main()
