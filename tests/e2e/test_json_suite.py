#!/usr/bin/env python3
"""JSONTestSuite (github.com/nst/JSONTestSuite) as bodies of requests: n_ files are no JSON, and the error
says at which offset; y_ files are JSON, but no request; i_ files may be either. Nothing crashes.

    test_json_suite.py --program build/dev/edgewise
"""

import collections
import json
import re

import served

PATHS = ("/v1/chat/completions", "/v1/messages", "/v1/completions", "/v1/responses", "/v1/embeddings")


def error_of(path, body):
    reply = json.loads(body)
    if path == "/v1/messages":
        assert reply["type"] == "error" and set(reply["error"]) == {"type", "message"}, reply
        return reply["error"]["message"]
    assert set(reply["error"]) == {"message", "type", "param", "code"}, reply
    return reply["error"]["message"]


def is_syntax(message):
    return message.startswith("the body is not JSON: ")


def check(server, path, file):
    body = file.read_bytes()
    status, _, reply = server.ask(path, body)
    assert status == 400, f"{path} {file.name}: {status} {reply}"
    message = error_of(path, reply)
    kind = file.name[0]
    if is_syntax(message):
        assert kind in "ni", f"{path} {file.name}: {message}"
        offset = re.search(r"offset (\d+)", message)
        assert offset and int(offset[1]) <= len(body), f"{path} {file.name}: {message}"
    else:
        assert kind in "yi", f"{path} {file.name}: {message}"
    return kind


def main():
    program = served.options(__doc__).program
    files = sorted(served.fixture("peer-tests/JSONTestSuite/test_parsing").iterdir())
    with served.Server(program, {"pocket": served.POCKET}) as server:
        for path in PATHS:
            counts = collections.Counter(check(server, path, file) for file in files)
            assert counts["y"] == 95 and counts["n"] == 188 and counts["i"] == 35, counts
        server.check_alive()
    print("ok")


if __name__ == "__main__":
    main()
