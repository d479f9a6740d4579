"""A server of the program, for tests: `with served.Server(program, models) as server: server.url ...`.

Every test is `test_NAME.py --program build/dev/edgewise`, prints "ok"; tests/e2e/CMakeLists.txt runs it.
"""

import argparse
import contextlib
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
POCKET = HERE.parent.parent / "models" / "pocket" / "package"
LIGHT = {
    "type": "function",
    "function": {
        "name": "light_set",
        "description": "Switch the lights of a room.",
        "parameters": {
            "type": "object",
            "properties": {"room": {"type": "string"}, "state": {"type": "string"}},
        },
    },
}
ASK = [{"role": "user", "content": "turn on the light in the kitchen"}]
CALL = {"room": "kitchen", "state": "on"}  # what pocket's own tests say of it


def options(doc):
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True, type=pathlib.Path)
    parser.add_argument(
        "--tools", type=pathlib.Path, help="where tests/e2e/prepare put clients of other languages"
    )
    return parser.parse_args()


def skip(why):
    print(f"SKIPPED: {why}")
    sys.exit(77)


def fixture(name):
    """A path below EDGEWISE_FIXTURES; the test is skipped where it is not there."""
    folder = os.environ.get("EDGEWISE_FIXTURES")
    if folder and (pathlib.Path(folder) / name).exists():
        return pathlib.Path(folder) / name
    if os.environ.get("EDGEWISE_REQUIRE_FIXTURES"):
        sys.exit(f"{name}: not in EDGEWISE_FIXTURES ({folder})")
    return skip(f"{name}: not in EDGEWISE_FIXTURES ({folder or 'not set'})")


def stories():
    return fixture("models/stories260K-f32.gguf")


def wait_until(what, is_so, seconds=10):
    """Returns what `is_so` returns, once that is true."""
    end = time.monotonic() + seconds
    while not (value := is_so()):
        if time.monotonic() > end:
            raise AssertionError(f"{what}: not within {seconds} s")
        time.sleep(0.01)
    return value


class Server:
    """models: {name: path}; the first one is the default. cache: a folder that outlives the server."""

    def __init__(self, program, models, *more, cache=None):
        self.folder = tempfile.TemporaryDirectory()
        self.stats_file = pathlib.Path(self.folder.name) / "state" / "requests.db"
        self.log_path = pathlib.Path(self.folder.name) / "log"
        words = [
            str(program),
            "serve",
            "--port",
            "0",
            "--cache-dir",
            str(cache or f"{self.folder.name}/cache"),
        ]
        words += ["--stats-file", str(self.stats_file)]
        for name, path in models.items():
            words += ["-m", f"{name}={path}"]
        self.words = [*words, *map(str, more)]
        self.process, self.url, self.is_killed = None, None, False

    def __enter__(self):
        with self.log_path.open("w", encoding="utf-8") as log:
            # pylint: disable=consider-using-with
            self.process = subprocess.Popen(self.words, stdout=subprocess.PIPE, stderr=log, text=True)
        self.url = self.process.stdout.readline().strip()
        if not self.url:
            self.process.wait()
            raise RuntimeError(f"the server did not start: {self.log()}")
        return self

    def __exit__(self, *_):
        if not self.is_killed:
            self.process.terminate()
        code = self.process.wait(timeout=30)
        self.process.stdout.close()
        log = self.log()
        self.folder.cleanup()
        if code != (-signal.SIGKILL if self.is_killed else 0):
            raise RuntimeError(f"the server ended with {code}:\n{log[-4000:]}")

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.is_killed = True

    def log(self):
        return self.log_path.read_text(encoding="utf-8")

    def ask(self, path, body=None, headers=None, method=None):
        """(status, headers, bytes); body: an object, or bytes as they are."""
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, headers or {}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as reply:
                return reply.status, reply.headers, reply.read()
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, refused.headers, refused.read()

    def get(self, path, body=None):
        """The JSON of a reply that is 200."""
        status, _, reply = self.ask(path, body)
        assert status == 200, (path, status, reply)
        return json.loads(reply)

    def chat(self, content="turn on the light in the kitchen", **more):
        """What pocket answers, greedily."""
        body = {
            "model": "pocket",
            "messages": [{"role": "user", "content": content}],
            "temperature": 0,
            **more,
        }
        return self.get("/v1/chat/completions", body)["choices"][0]["message"]["content"]

    def check_alive(self):
        assert json.loads(self.chat())["args"] == CALL

    def metrics(self):
        """{"edgewise_memory_bytes{kind=\"cache\"}": 1.0, ..}"""
        status, _, page = self.ask("/metrics")
        assert status == 200, page
        lines = [line.rsplit(" ", 1) for line in page.decode().splitlines() if not line.startswith("#")]
        return {name: float(value) for name, value in lines}

    @contextlib.contextmanager
    def connection(self):
        """A bare socket to it."""
        where = urllib.parse.urlsplit(self.url)
        with socket.create_connection((where.hostname, where.port), timeout=60) as bare:
            yield bare

    def post_head(self, path, size, more=""):
        host = urllib.parse.urlsplit(self.url).netloc
        return (
            f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {size}\r\n{more}\r\n"
        ).encode()


def ask(server, path, body=None, method=None):
    """(status, headers, the body as JSON)"""
    status, headers, text = server.ask(path, body, method=method)
    return status, headers, json.loads(text) if text else None


def refused(status, part, server, path, body=None, method=None):
    code, _, reply = ask(server, path, body, method)
    error = reply["error"]
    text = error if isinstance(error, str) else error["message"]
    assert code == status and part in text, (path, body, code, reply)
    return error


def user(text):
    return [{"role": "user", "content": text}]
