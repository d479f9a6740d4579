#!/usr/bin/env python3
"""Writes tools.h, the table of calls.c, from a set of tools in the form of the OpenAI `tools` array.

    tools.py [--tools FILE] [--check]

FILE is ../../models/pocket/tools.json by default. --check writes nothing and exits 1 when tools.h is not what
would be written. A schema that the table cannot express is refused. The tool `none` has no entry: its answer
is spelled out in calls.c.
"""

import argparse
import json
import pathlib
import sys
import textwrap

HERE = pathlib.Path(__file__).resolve().parent
TIME = "^([01][0-9]|2[0-3]):[0-5][0-9]$"
WIDTH = 110
HEAD = """\
/* tools.h: the tools as a table. Made by tools.py: do not edit. */
#ifndef EXAMPLES_HOME_TOOLS_H
#define EXAMPLES_HOME_TOOLS_H

#include "calls.h"

/* clang-format off */
"""
TAIL = """
/* clang-format on */

#endif
"""


def c_text(value):
    """A C literal of plain ASCII."""
    if not value.isascii() or not value.isprintable():
        raise ValueError(f"{value!r}: not plain ASCII")
    return json.dumps(value)


def list_of(name, texts):
    line = f"static const char *const {name}[] = {{" + ", ".join([*map(c_text, texts), "NULL"]) + "};"
    return textwrap.fill(line, WIDTH, subsequent_indent="    ", break_long_words=False)


def known(schema, allowed):
    unknown = set(schema) - allowed - {"type", "description"}
    if unknown:
        raise ValueError(f"{sorted(unknown)} of {schema}: the table cannot say that")


def tenths(number):
    value = round(number * 10)
    if value < 0 or value != number * 10:
        raise ValueError(f"{number}: a bound is at least 0 and has one decimal at most")
    return value


class Table:
    """Lists of choices that several arguments share are written once."""

    def __init__(self):
        self.lists, self.args, self.tools = {}, [], []

    def choices(self, tool, arg, values):
        texts = [json.dumps(value, ensure_ascii=False) for value in values]
        for name, others in self.lists.items():
            if others == texts:
                return name
        name = f"{arg}_choices" if f"{arg}_choices" not in self.lists else f"{tool}_{arg}_choices"
        self.lists[name] = texts
        return name

    def value(self, tool, arg, schema):
        """(kind, smallest and largest in tenths, the list of choices)"""
        kind = schema["type"]
        if "enum" in schema:
            known(schema, {"enum"})
            return "TOOL_CHOICE", 0, 0, self.choices(tool, arg, schema["enum"])
        if kind in ("integer", "number"):
            known(schema, {"minimum", "maximum"})
            return f"TOOL_{kind.upper()}", tenths(schema["minimum"]), tenths(schema["maximum"]), "NULL"
        if kind == "string" and schema.get("pattern") == TIME:
            known(schema, {"pattern"})
            return "TOOL_TIME", 0, 0, "NULL"
        if kind == "string":
            known(schema, set())
            return "TOOL_WORDS", 0, 0, "NULL"
        if kind == "array" and schema.get("minItems") == 1 and schema["items"] == {"type": "string"}:
            known(schema, {"minItems", "items"})
            return "TOOL_WORDS_LIST", 0, 0, "NULL"
        raise ValueError(f"{schema}: the table cannot say that")

    def add(self, function):
        name, schema = function["name"], function["parameters"]
        known(schema, {"properties", "required", "additionalProperties"})
        if name == "none":
            return
        if not schema["properties"]:
            raise ValueError(f"{name}: only `none` has no arguments")
        rows = []
        for arg, of in schema["properties"].items():
            kind, least, most, choices = self.value(name, arg, of)
            required = "true" if arg in schema["required"] else "false"
            rows.append(f"    {{{c_text(arg)}, {kind}, {required}, {least}, {most}, {choices}}},")
        self.args.append(f"static const tool_arg {name}_args[] = {{\n" + "\n".join(rows) + "\n};")
        self.tools.append(f"    {{{c_text(name)}, {name}_args, {len(rows)}}},")

    def text(self):
        parts = [list_of(name, texts) for name, texts in self.lists.items()]
        parts += self.args
        parts.append("static const tool tools[] = {\n" + "\n".join(self.tools) + "\n};")
        return HEAD + "\n\n".join(parts) + "\n" + TAIL


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--tools", type=pathlib.Path, default=HERE / "../../models/pocket/tools.json")
    parser.add_argument("--check", action="store_true")
    args = parser.parse_args()
    table = Table()
    for entry in json.loads(args.tools.read_text(encoding="utf-8")):
        table.add(entry["function"])
    out, text = HERE / "tools.h", table.text()
    if args.check:
        if not out.exists() or out.read_text(encoding="utf-8") != text:
            sys.exit(f"{out}: not what {args.tools} says: run examples/home/tools.py")
        return
    out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
