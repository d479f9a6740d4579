#!/usr/bin/env python3
"""share/openapi.json says what the server does: its paths are those of the table of routes, its fields those
of the tables of fields, and Schemathesis (schemathesis.io) finds no reply that it does not describe, no
failure, and no answer to a request that the document forbids.

    test_openapi.py --program build/dev/edgewise
"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile
import urllib.parse

import served

SERVE = served.HERE.parent.parent / "src" / "serve"
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
KINDS = {"BOOL": {"boolean"}, "COUNT": {"integer"}, "NUMBER": {"number"}, "TEXT": {"string"}}

# ---- the tables, as the C sources have them ----


def numbers():
    """#define EWI_MAX_CHOICES 8"""
    return {
        name: value
        for file in SERVE.parent.glob("*/*.h")
        for name, value in re.findall(r"#define (EWI_MAX_\w+)\s+(\d+)u?\b", file.read_text())
    }


def value_of(text, known):
    """Of a number, a name, or a shift: 1 << 24."""
    parts = [float(known.get(part, part)) for part in map(str.strip, text.split("<<"))]
    return parts[0] if len(parts) == 1 else parts[0] * 2 ** parts[1]


def read_field(text, known):
    """(name, kind, range or None), of {.name = ..} and of {"name", kind, offset, min, max, ..}"""
    name, kind = re.search(r'"(\w+)", (?:\.kind = )?EWI_FIELD_(\w+)', text).groups()
    if text.startswith(".name"):
        only = re.search(r"\.min = (\S+)", text)
        return name, kind, (value_of(only[1], known),) if only else None
    limits = [value_of(limit, known) for limit in re.sub(r"\([^)]*\)", "", text).split(",")[3:5]]
    return name, kind, tuple(limits) if any(limits) else None


def tables():
    """{"openai_chat.fields": {name: (kind, range)}}"""
    known, found = numbers(), {}
    shared = {
        name: text.replace("\\\n", "\n")
        for name, text in re.findall(
            r"#define (EWI_\w+_FIELDS) ((?:.*\\\n)+.*)", (SERVE / "openai.h").read_text()
        )
    }
    for file in SERVE.glob("*.c"):
        for name, body in re.findall(
            r"static const ewi_field (\w+)\[\] = \{\n(.*?)\n\};", file.read_text(), re.S
        ):
            for macro, text in shared.items():
                body = body.replace(macro, text)
            fields = (read_field(" ".join(text.split()), known) for text in re.findall(r"\{([^{}]*)\}", body))
            found[f"{file.stem}.{name}"] = {name: (kind, limits) for name, kind, limits in fields}
    return found


def routes():
    return {
        (method.lower(), path)
        for method, path in re.findall(r'\{EWI_(\w+), "([^"]+)", \w+, \w+\}', (SERVE / "api.c").read_text())
    }


# ---- comparing ----


def check_range(name, kind, limits, schema):
    types = schema.get("type", [])
    types = {types} if isinstance(types, str) else set(types)
    if kind == "ONLY":
        assert schema == {"enum": [limits[0], None]}, (name, schema)
    elif kind in KINDS and "enum" not in schema:
        assert types - {"null"} == KINDS[kind], (name, schema)
        assert (schema.get("minimum"), schema.get("maximum")) == (limits or (None, None)), (
            name,
            limits,
            schema,
        )


def check_tables(document):
    """Every table is described by a schema, name by name."""
    known, described = tables(), set()
    assert len(known) > 15 and len(known["openai_chat.fields"]) > 30
    for schema in document["components"]["schemas"].values():
        if "x-tables" not in schema:
            continue
        described |= set(schema["x-tables"])
        fields = {name: field for table in schema["x-tables"] for name, field in known[table].items()}
        assert list(schema["properties"]) == list(fields) and not schema["additionalProperties"]
        for name, (kind, limits) in fields.items():
            inner = schema["properties"][name]
            check_range(name, kind, limits, inner)
            if kind == "OBJECT":
                tables_of = [table for table in known if list(known[table]) == list(inner["properties"])]
                assert tables_of and inner["additionalProperties"] is False, name
                described |= set(tables_of)
                for member, (of, range_of) in known[tables_of[0]].items():
                    check_range(member, of, range_of, inner["properties"][member])
    assert described == set(known), set(known) - described


def check_paths(document):
    ours = {
        (method, re.sub(r"\{\w+\}$", "*", path))
        for path, methods in document["paths"].items()
        for method in methods
    }
    assert ours == routes(), ours ^ routes()


# ---- asking ----


def narrowed(document, mode):
    """The same for this server: its models, tokens that both have; without what it refuses as not supported,
    and without deadlines and widths of vectors, which are hard to guess."""
    models, schemas = ["pocket", "stories"], document["components"]["schemas"]
    # Where there are no messages, which opens the model, nobody looks at the tools.
    schemas["OllamaChatRequest"]["properties"].pop("tools")
    if mode == "positive":
        schemas["Token"]["maximum"] = 500
    for schema in schemas.values():
        fields = schema.get("properties", {}) if "x-tables" in schema else {}
        fields.pop("timeout", None)
        fields.pop("dimensions", None)
        for name in fields.keys() & ({"model", "name"} if mode == "positive" else {"model"}):
            fields[name] = {"enum": [*models, None]}
    paths = {
        path: methods
        for path, methods in document["paths"].items()
        if not any("501" in operation["responses"] for operation in methods.values())
    }
    for methods in paths.values():
        for operation in methods.values():
            for parameter in operation.get("parameters", []):
                if parameter["name"] == "model" and (mode == "positive" or parameter["in"] == "path"):
                    parameter["schema"] = {"enum": models}
    return {**document, "paths": paths}


def check_by_examples(server, mode, phases, checks, seconds):
    with tempfile.TemporaryDirectory() as folder:
        schema = pathlib.Path(folder) / "openapi.json"
        schema.write_text(json.dumps(narrowed(server.get("/openapi.json"), mode)), encoding="utf-8")
        words = [
            pathlib.Path(sys.executable).parent / "st",
            "run",
            schema,
            "--url",
            server.url,
            "--checks",
            checks,
            "--mode",
            mode,
            "--seed",
            "1",
            "--max-time",
            str(seconds),
            "--phases",
            phases,
            "--continue-on-failure",
            "--suppress-health-check",
            "all",
            "--generation-database",
            "none",
            "--warnings",
            "off",
            "--no-color",
        ]
        run = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False, timeout=150)
    assert run.returncode == 0, run.stdout[-8000:] + run.stderr[-2000:]
    print(f"{mode}, {phases}: {re.search(r'[0-9]+ generated', run.stdout)[0]}")


def check_unsupported(server, document):
    """What is not there says so."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if "200" not in operation["responses"]:
                assert (
                    server.ask(
                        re.sub(r"\{\w+\}", "1", path),
                        b"" if method == "post" else None,
                        method=method.upper(),
                    )[0]
                    == 501
                ), path


def main():
    program = served.options(__doc__).program
    models = {"pocket": served.POCKET, "stories": served.stories()}
    with served.Server(program, models, "--keep-alive", "3600") as server:
        document = server.get("/openapi.json")
        assert document == json.loads((served.HERE.parent.parent / "share" / "openapi.json").read_text())
        assert urllib.parse.urlsplit(server.url).hostname == "127.0.0.1" and document["openapi"].startswith(
            "3.1"
        )
        check_paths(document)
        check_tables(document)
        check_unsupported(server, document)
        check_by_examples(server, "positive", "coverage,fuzzing", CHECKS, 25)
        check_by_examples(server, "negative", "coverage", f"{CHECKS},negative_data_rejection", 60)
        check_by_examples(server, "negative", "fuzzing", CHECKS, 15)
        server.check_alive()
        said = [json.loads(line) for line in server.log().splitlines()]
        answered = {line["api"] for line in said if line["code"] == 200 and line["generated_tokens"]}
        print(f"{len(said)} requests, {sum(line['code'] == 200 for line in said)} answered")
        # Described well enough for answers; how many depends on how fast the machine is.
        assert len(answered) >= 4, answered
    print("ok")


if __name__ == "__main__":
    main()
