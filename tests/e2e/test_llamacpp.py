#!/usr/bin/env python3
"""The endpoints of llama.cpp's server, over plain HTTP.

test_llamacpp.py --program build/dev/edgewise
"""

import json
import pathlib
import shutil
import struct
import tempfile
import urllib.request

import served

# What would change an answer and is not here.
WRONG = {"mirostat": 1, "dry_multiplier": 0.5, "grammar": 'root ::= "a"', "samplers": ["top_k"], "x": 1}
DATA = served.HERE.parent / "golden" / "data"


def events(server, path, body):
    """The JSON of a stream's events."""
    request = urllib.request.Request(server.url + path, data=json.dumps(body).encode())
    with urllib.request.urlopen(request, timeout=60) as reply:
        assert reply.headers["Content-Type"] == "text/event-stream"
        lines = [line for line in reply.read().decode().split("\n\n") if line]
    assert all(line.startswith("data: ") for line in lines)
    return [json.loads(line[len("data: ") :]) for line in lines]


def completes(server):
    prompt = "<|user|>turn on the light<|tool|>"
    _, _, whole = served.ask(server, "/completion", {"prompt": prompt, "n_probs": 2, "return_tokens": True})
    assert json.loads(whole["content"])["tool"] == "light_set" and whole["stop"] is True
    assert (whole["stop_type"], whole["prompt"], whole["tokens_evaluated"]) == ("eos", prompt, 6)
    assert whole["tokens_predicted"] >= len(whole["tokens"]) == len(whole["completion_probabilities"])
    text = b"".join(bytes(p["bytes"]) for p in whole["completion_probabilities"])
    assert text.decode().startswith(whole["content"])
    pieces = events(server, "/completion", {"prompt": prompt, "stream": True})
    assert [p["stop"] for p in pieces] == [False] * (len(pieces) - 1) + [True]
    assert "".join(p["content"] for p in pieces) == whole["content"]
    assert [t for p in pieces for t in p["tokens"]] == whole["tokens"]
    assert pieces[-1]["generation_settings"]["temperature"] == 0 and "timings" in pieces[-1]
    body = {"prompt": [prompt, "Once upon"], "n_predict": 3, "stop": ["tool"]}
    _, _, two = served.ask(server, "/completions", body)
    assert [r["index"] for r in two] == [0, 1]
    assert two[0]["stop_type"] == "word" and two[0]["stopping_word"] == "tool"
    assert two[1]["stop_type"] == "limit" and two[1]["tokens_predicted"] == 3
    for name, value in WRONG.items():
        error = served.refused(400, name, server, "/completion", {"prompt": "a", name: value})
        assert error["code"] == 400 and error["type"] == "invalid_request_error"


def tokenizes(server):
    text = "<|user|>H\u00e9 there"
    for special in (True, False):
        ids = served.ask(server, "/tokenize", {"content": text, "parse_special": special})[2]["tokens"]
        assert (len(ids) == 5) == special
        assert served.ask(server, "/detokenize", {"tokens": ids})[2] == {"content": text}
    pieces = served.ask(server, "/tokenize", {"content": text, "with_pieces": True})[2]["tokens"]
    spelled = [p["piece"].encode() if isinstance(p["piece"], str) else bytes(p["piece"]) for p in pieces]
    assert b"".join(spelled).decode() == text and any(isinstance(p["piece"], list) for p in pieces)
    served.refused(400, "tokens[1]", server, "/detokenize", {"tokens": [0, 1 << 40]})
    served.refused(400, "content", server, "/tokenize", {})
    rendered = served.ask(server, "/apply-template", {"messages": served.user("hi")})[2]
    assert rendered == {"prompt": "<|user|>hi<|tool|>"}


def shows_itself(server):
    props = served.ask(server, "/props")[2]
    assert props["total_slots"] == 16 and props["default_generation_settings"]["n_ctx"] == 512
    assert "<|user|>" in props["chat_template"] and props["model_alias"] == "pocket"
    slots = served.ask(server, "/slots")[2]
    assert len(slots) == 16 and not any(s["is_processing"] for s in slots)
    served.refused(404, "nope", server, "/slots?model=nope")
    many = {"prompt": "Once upon", "n_predict": 480, "n_cmpl": 8, "ignore_eos": True, "stream": True}
    request = urllib.request.Request(server.url + "/completion", data=json.dumps(many).encode())
    with urllib.request.urlopen(request, timeout=60) as reply:
        reply.readline()
        busy = [s for s in served.ask(server, "/slots")[2] if s["is_processing"]]
        assert busy and all(s["n_prompt_tokens"] == 2 for s in busy), busy
        assert all(s["next_token"]["n_decoded"] < 480 for s in busy), busy
    assert served.ask(server, "/v1/health")[2] == {"status": "ok"}
    for path in ("/props", "/slots/0?action=save"):
        served.refused(501, "not supported", server, path, {})
    for path in ("/rerank", "/reranking", "/v1/rerank", "/v1/reranking"):
        error = served.refused(501, "cross-encoder", server, path, {"query": "a", "documents": ["b"]})
        assert (error["type"] == "not_supported_error") == (path.startswith("/re")), error
    error = served.refused(501, "no marks", server, "/infill", {"input_prefix": "a", "input_suffix": "b"})
    assert error["type"] == "not_supported_error"


def scales_adapters(program):
    """Greedy tokens of transformers and PEFT with both adapters (tests/golden/make_adapters.py)."""
    lines = (DATA / "llama-gqa.lora.ids.txt").read_text(encoding="utf-8").splitlines()
    prompt, greedy = ([int(i) for i in line.split()] for line in lines[:2])
    both = [{"id": 0, "scale": 1}, {"id": 1, "scale": 0.5}]
    body = {"prompt": prompt, "n_predict": 24, "temperature": 0, "ignore_eos": True, "return_tokens": True}
    vocabulary = {
        "model": {"type": "WordLevel", "vocab": {f"w{i}": i for i in range(80)}, "unk_token": "w0"},
        "pre_tokenizer": {"type": "Whitespace"},
    }
    with tempfile.TemporaryDirectory() as folder:
        model = pathlib.Path(folder) / "llama"
        shutil.copytree(DATA / "llama-gqa", model)
        (model / "tokenizer.json").write_text(json.dumps(vocabulary), encoding="utf-8")
        adapters = [f"--lora={DATA}/llama-gqa.lora-{name}" for name in ("attention", "all")]
        with served.Server(program, {"llama": model}, *adapters) as server:

            def tokens(**more):
                return served.ask(server, "/completion", {**body, **more})[2]["tokens"]

            plain = tokens(lora=[])
            assert tokens(lora=both) == greedy[:24] != plain
            assert [a["scale"] for a in served.ask(server, "/lora-adapters")[2]] == [1, 1]
            assert served.ask(server, "/lora-adapters", both)[2] == {"success": True}
            assert [a["scale"] for a in served.ask(server, "/lora-adapters")[2]] == [1, 0.5]
            assert tokens() == greedy[:24]
            assert served.ask(server, "/lora-adapters", [])[2] == {"success": True}
            assert tokens() == plain
            served.refused(400, "adapter 2", server, "/lora-adapters", [{"id": 2, "scale": 1}])
            served.refused(400, "array", server, "/lora-adapters", {"id": 0})


def fills_in(program):
    """A vocabulary with the marks of Qwen2.5-Coder (arXiv 2409.12186, section 3.2): which prompt is made."""
    marks = {"[CLS]": "<|fim_prefix|>", "[SEP]": "<|fim_suffix|>", "[MASK]": "<|fim_middle|>"}
    with tempfile.TemporaryDirectory() as folder:
        model = pathlib.Path(folder) / "coder"
        shutil.copytree(DATA / "qwen3-embedding", model)
        for name in ("modules.json", "1_Pooling"):
            path = model / name
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        for name in ("tokenizer.json", "tokenizer_config.json"):
            text = (model / name).read_text()
            for old, new in marks.items():
                text = text.replace(old, new)
            (model / name).write_text(text)
        config = json.loads((model / "config.json").read_text())
        config["architectures"] = ["Qwen3ForCausalLM"]
        (model / "config.json").write_text(json.dumps(config))
        with served.Server(program, {"coder": model}) as server:
            body = {"input_prefix": "def f(", "input_suffix": "  return 1", "prompt": "x", "n_predict": 2}
            _, _, reply = served.ask(server, "/infill", body)
            assert reply["prompt"] == "<|fim_prefix|>def f(x<|fim_suffix|>  return 1<|fim_middle|>", reply
            assert reply["tokens_predicted"] == 2
            served.refused(400, "input_suffix", server, "/infill", {"input_prefix": "a"})
            no_text = {**body, "input_extra": [{"filename": "a"}]}
            served.refused(400, "input_extra[0]", server, "/infill", no_text)
            served.refused(400, "chat template", server, "/api/chat", {"messages": served.user("a")})


def reranks(program):
    """Scores of transformers (tests/golden/make_encoders.py)."""
    texts = (DATA / "encoders.texts.txt").read_text(encoding="utf-8").splitlines()[:5] + [""]
    counts = [int(n) for n in (DATA / "bert-rank.counts.txt").read_text().split()]
    scores = struct.unpack("<30f", (DATA / "bert-rank.scores.f32").read_bytes())
    models = {"ranker": DATA / "bert-rank", "minilm": DATA / "minilm"}
    with served.Server(program, models, "--exact", "-ctk", "f32", "-ctv", "f32") as server:
        for i, query in enumerate(texts[:-1]):
            wanted = scores[6 * i : 6 * i + 6]
            path = ("/rerank", "/reranking", "/v1/rerank", "/v1/reranking")[i % 4]
            documents = [text if k % 2 else {"text": text} for k, text in enumerate(texts)]
            reply = served.ask(server, path, {"query": query, "documents": documents})[2]
            assert (reply["model"], reply["object"]) == ("ranker", "list")
            n = sum(counts[6 * i : 6 * i + 6])
            assert reply["usage"] == {"prompt_tokens": n, "total_tokens": n}
            order = sorted(range(6), key=lambda k: -wanted[k])
            assert [r["index"] for r in reply["results"]] == order, (reply, wanted)
            for result in reply["results"]:
                assert abs(result["relevance_score"] - wanted[result["index"]]) < 1e-5, (result, wanted)
                assert "document" not in result
        body = {"query": "a", "documents": texts[:3], "top_n": 2, "return_documents": True, "user": "me"}
        reply = served.ask(server, "/v1/rerank", body)[2]
        assert len(reply["results"]) == 2
        assert all(r["document"] == {"text": texts[r["index"]]} for r in reply["results"]), reply
        for wrong, word in (
            ({"documents": []}, "documents"),
            ({"documents": "a"}, "documents"),
            ({"documents": [1]}, "documents[0]"),
            ({"documents": ["a", {"title": "b"}]}, "documents[1]"),
            ({"documents": ["a", {}]}, "documents[1]"),
            ({"documents": ["a"] * 2049}, "2049"),
            ({"documents": None}, "documents"),
            ({"query": ""}, "query"),
            ({"top_n": 0}, "top_n"),
            ({"rank_fields": ["a"]}, "rank_fields"),
            ({"documents": ["a", "7 " * 600]}, "documents[1]: 604 tokens, the model takes 512"),
        ):
            served.refused(400, word, server, "/v1/rerank", {"query": "a", "documents": ["a"], **wrong})
        other = {"query": "a", "documents": ["b"], "model": "minilm"}
        served.refused(501, "minilm", server, "/rerank", other)
        served.refused(400, "/v1/rerank", server, "/v1/embeddings", {"input": "a"})
        embedding = served.ask(server, "/v1/embeddings", {"input": "a", "model": "minilm"})[2]
        assert len(embedding["data"][0]["embedding"]) == 32


def main():
    options = served.options(__doc__)
    with served.Server(options.program, {"pocket": served.POCKET}) as server:
        assert served.ask(server, "/slots")[2] == []
        for check in (completes, tokenizes, shows_itself):
            check(server)
    scales_adapters(options.program)
    reranks(options.program)
    fills_in(options.program)
    print("ok")


if __name__ == "__main__":
    main()
