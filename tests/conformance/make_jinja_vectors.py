#!/usr/bin/env python3
"""Fills in data/jinja_vectors.json: what jinja2 makes of small templates, in transformers' environment.

    python3 make_jinja_vectors.py

Needs transformers 4.57.1 and Jinja2 3.1.6 from PyPI. The file holds the variables, and an entry for each
template; this writes beside each template the text that comes out, or "raises": true. To add one, add
{"template": "..."} to the file and run this.
"""
import json
from pathlib import Path

from transformers.utils import chat_template_utils

PATH = Path(__file__).parent / "data" / "jinja_vectors.json"


def expected(template, variables):
    try:
        return {"text": chat_template_utils._compile_jinja_template(template).render(**variables)}
    except Exception:
        return {"raises": True}


def main():
    data = json.loads(PATH.read_text(encoding="utf-8"))
    templates, variables = [entry["template"] for entry in data["entries"]], data["variables"]
    entries = [{"template": template, **expected(template, variables)} for template in templates]
    lines = ",\n".join(json.dumps(entry, ensure_ascii=False) for entry in entries)
    text = json.dumps(variables, ensure_ascii=False)
    PATH.write_text(f'{{"variables": {text},\n"entries": [\n{lines}\n]}}\n', encoding="utf-8")


main()
