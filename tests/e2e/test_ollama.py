#!/usr/bin/env python3
"""The official Ollama client, and plain HTTP, talk to the server: chat, streams, tools, embeddings, errors,
and models that are opened and closed.

    test_ollama.py --program build/dev/edgewise

Embeddings are compared with those of sentence-transformers (tests/golden/make_encoders.py).
"""

import json
import math
import struct
import time

import ollama
import served

DATA = served.HERE.parent / "golden" / "data"


def fails(status, part, call):
    try:
        call()
    except ollama.ResponseError as error:
        assert error.status_code == status and part in error.error, (status, part, error)
    else:
        raise AssertionError(f"no error with {part!r}")


def until(condition, what, seconds=10):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.05)


def chats(client):
    whole = client.chat("pocket", messages=served.user("turn on the light"), options={"temperature": 0})
    assert json.loads(whole.message.content) == {"tool": "light_set", "args": {"state": "on"}}, whole
    assert whole.done and whole.done_reason == "stop"
    assert whole.prompt_eval_count == 6, whole.prompt_eval_count  # <|user|> turn on the light <|tool|>
    assert 0 < whole.eval_duration < whole.total_duration < 60e9
    pieces = list(client.chat("pocket:latest", messages=served.user("turn on the light"), stream=True))
    assert len(pieces) > 3 and [p.done for p in pieces] == [False] * (len(pieces) - 1) + [True]
    assert "".join(p.message.content for p in pieces) == whole.message.content
    assert pieces[-1].done_reason == "stop" and pieces[-1].eval_count == whole.eval_count
    cut = client.chat("pocket", messages=served.user("turn on the light"), options={"num_predict": 3})
    assert cut.done_reason == "length" and cut.eval_count == 3
    assert whole.message.content.startswith(cut.message.content)
    stopped = client.chat("pocket", messages=served.user("turn on the light"), options={"stop": ["args"]})
    assert stopped.done_reason == "stop" and stopped.message.content == '{"tool":"light_set","'


def calls_tools(client):
    whole = client.chat("pocket", messages=served.user("turn on the light"), tools=[served.LIGHT])
    call = whole.message.tool_calls[0].function
    assert (call.name, dict(call.arguments)) == ("light_set", {"state": "on"}), whole
    assert not whole.message.content and whole.done_reason == "stop"
    asked = served.user("turn on the light")
    pieces = list(client.chat("pocket", messages=asked, tools=[served.LIGHT], stream=True))
    calls = [c for p in pieces for c in p.message.tool_calls or []]
    assert [(c.function.name, dict(c.function.arguments)) for c in calls] == [("light_set", {"state": "on"})]
    assert "".join(p.message.content for p in pieces) == ""

    def light_set(state: str) -> str:
        """Switches a light.

        Args:
            state: on or off
        """
        return state

    said = served.user("turn on the light")
    said.append(client.chat("pocket", messages=said, tools=[light_set]).message)
    said.append({"role": "tool", "tool_name": "light_set", "content": "on"})
    said += served.user("turn it off")
    again = client.chat("pocket", messages=said, tools=[light_set])
    assert again.done, again


def generates(client):
    whole = client.generate("pocket", "turn on the light")
    assert json.loads(whole.response)["tool"] == "light_set" and whole.done_reason == "stop"
    raw = client.generate("pocket", "<|user|>turn on the light<|tool|>", raw=True)
    assert raw.response == whole.response and raw.prompt_eval_count == whole.prompt_eval_count
    pieces = list(client.generate("pocket", "turn on the light", stream=True))
    assert "".join(p.response for p in pieces) == whole.response and pieces[-1].done
    chance = {"temperature": 1, "num_predict": 20}
    stories = [
        client.generate("pocket", "Once upon a time", raw=True, options={"seed": seed, **chance}).response
        for seed in (7, 7, 8)
    ]
    assert stories[0] == stories[1] != stories[2]
    greedy = client.generate("pocket", "turn on the light", logprobs=True, top_logprobs=2)
    assert len(greedy.logprobs) == greedy.eval_count
    for token in greedy.logprobs:
        assert token.logprob <= 0 and token.logprob == token.top_logprobs[0].logprob
        assert sum(math.exp(t.logprob) for t in token.top_logprobs) <= 1 + 1e-6


def golden_vectors(name, width):
    raw = (DATA / f"{name}.embeddings.f32").read_bytes()
    values = struct.unpack(f"<{len(raw) // 4}f", raw)
    return [values[i : i + width] for i in range(0, len(values), width)]


def cosine(a, b):
    return sum(x * y for x, y in zip(a, b)) / math.hypot(*a) / math.hypot(*b)


def embeds(client, server):
    texts = [t for t in (DATA / "encoders.texts.txt").read_text().splitlines()]
    golden = golden_vectors("bge", 32)
    assert len(texts) == len(golden)
    some = [i for i in range(len(texts)) if texts[i]][:6]
    reply = client.embed("bge", [texts[i] for i in some])
    for i, vector in zip(some, reply.embeddings):
        assert cosine(vector, golden[i]) > 0.99999, texts[i]
        assert abs(math.hypot(*vector) - 1) < 1e-5
    one = client.embeddings("bge", texts[some[0]]).embedding
    assert cosine(one, golden[some[0]]) > 0.99999 and abs(math.hypot(*one) - 1) > 1e-3
    assert client.embed("bge", "").embeddings == []
    fails(400, "dimensions", lambda: client.embed("bge", "a", dimensions=8))
    long = "the cat " * 2000
    assert len(client.embed("bge", long).embeddings[0]) == 32
    fails(400, "tokens", lambda: client.embed("bge", long, truncate=False))
    theirs = served.ask(server, "/embedding", {"model": "bge", "content": [texts[i] for i in some]})[2]
    for i, entry in zip(some, theirs):
        assert cosine(entry["embedding"][0], golden[i]) > 0.99999
    fails(400, "embeddings", lambda: client.chat("bge", messages=served.user("a")))


def lists(client, server):
    assert {m.model for m in client.list().models} == {"pocket:latest", "bge:latest"}
    assert all(m.size > 10000 and len(m.digest) == 64 for m in client.list().models)
    shown = client.show("pocket")
    assert "<|user|>" in shown.template and shown.modelinfo["general.architecture"] == "llama"
    assert "tools" in shown.capabilities and client.show("bge").capabilities == ["embedding"]
    assert served.ask(server, "/api/version")[2]["version"]


def keeps_alive(client, server):
    def is_open(name):
        return f"{name}:latest" in {m.model for m in client.ps().models}

    assert client.generate("pocket").done_reason == "load" and is_open("pocket")
    assert client.chat("pocket", keep_alive=0).done_reason == "unload"
    until(lambda: not is_open("pocket"), "keep_alive 0 leaves the model open")
    assert client.chat("pocket", messages=[], keep_alive="1h30m").done_reason == "load"
    entry = next(m for m in client.ps().models if m.model == "pocket:latest")
    left = entry.expires_at.timestamp() - time.time()
    assert 5300 < left <= 5401, left
    client.chat("pocket", messages=served.user("hello"), keep_alive=-1)
    entry = next(m for m in client.ps().models if m.model == "pocket:latest")
    assert entry.expires_at.timestamp() - time.time() > 86400 * 365
    client.generate("pocket", "hello", keep_alive="1s")
    looked = time.monotonic()  # and looking at it does not keep it open
    until(lambda: not is_open("pocket"), "keep_alive 1s leaves the model open")
    assert time.monotonic() - looked < 5


HELLO = {"model": "pocket", "messages": served.user("hello")}
A = served.user("a")[0]

# Path, the request, and what its error names.
WRONG = [
    ("chat", b"{", "JSON"),
    ("chat", {**HELLO, "options": {"num_ctx": 100000}}, "options.num_ctx: 100000"),
    ("chat", {**HELLO, "options": {"no_such": 1}}, "options.no_such"),
    ("chat", {**HELLO, "options": {"mirostat": 2}}, "options.mirostat"),
    ("chat", {**HELLO, "no_such": 1}, "no_such"),
    ("chat", {**HELLO, "format": "json"}, "format"),
    ("chat", {**HELLO, "format": {"type": "object"}}, "format"),
    ("chat", {**HELLO, "think": True}, "think"),
    ("chat", {**HELLO, "keep_alive": "5x"}, "keep_alive"),
    ("chat", {**HELLO, "top_logprobs": 2}, "top_logprobs"),
    ("chat", {"model": "pocket", "messages": [{**A, "images": ["aGk="]}]}, "messages[0].images"),
    ("chat", {"model": "pocket", "messages": [{"content": "a"}]}, "messages[0].role"),
    ("chat", {"model": "pocket", "messages": [A, {**A, "x": 1}]}, "messages[1].x"),
    ("chat", {"model": "pocket", "messages": "a"}, "messages"),
    ("generate", {"model": "pocket", "prompt": "a", "images": ["aGk="]}, "images"),
    ("generate", {"model": "pocket", "prompt": "a", "suffix": "b"}, "suffix"),
    ("generate", {"model": "pocket", "prompt": "a", "context": [1]}, "context"),
    ("generate", {"model": "pocket", "prompt": "a", "template": "{{ .Prompt }}"}, "template"),
    ("generate", {"model": "pocket", "prompt": "a", "system": "b", "raw": True}, "system"),
    ("generate", {"model": "pocket", "prompt": "word " * 2000}, "tokens"),
]


def refuses(client, server):
    for path, body, part in WRONG:
        error = served.refused(400, part, server, f"/api/{path}", body)
        assert isinstance(error, str), error
    fails(404, "nope", lambda: client.chat("nope", messages=[A]))
    fails(404, "nope", lambda: client.show("nope"))
    served.refused(404, "/api/nothing", server, "/api/nothing")
    served.refused(405, "POST", server, "/api/chat")
    fails(501, "not supported", lambda: client.pull("a"))
    fails(501, "not supported", lambda: client.push("a"))
    fails(501, "not supported", lambda: client.copy("a", "b"))
    fails(501, "not supported", lambda: client.delete("a"))
    idle = {**HELLO, "options": {"num_gpu": 1, "num_thread": 2}, "stream": False}
    _, headers, _ = served.ask(server, "/api/chat", idle)
    assert headers["X-Edgewise-Ignored"] == "options.num_gpu, options.num_thread"
    long = {"model": "pocket", "prompt": "word " * 2000, "raw": True, "truncate": True, "stream": False}
    status, headers, _ = served.ask(server, "/api/generate", long)
    assert status == 200 and int(headers["X-Edgewise-Truncated"]) > 1000


def main():
    options = served.options(__doc__)
    models = {"pocket": served.POCKET, "bge": DATA / "bge"}
    with served.Server(options.program, models) as server:
        client = ollama.Client(host=server.url)
        for check in (chats, calls_tools, generates):
            check(client)
        for check in (embeds, lists, refuses, keeps_alive):
            check(client, server)
    print("ok")


if __name__ == "__main__":
    main()
