#!/usr/bin/env python3
"""examples/home with models that know nothing: their answers are right in form all the same.

    home_random.py PROGRAM

The models are made here: Llama's architecture, one small layer of random weights, and a vocabulary of the 256
bytes, the three marks and little more. That an answer is right is said by models/pocket/test/check.py. How
sure a model is of it is compared with what the definition gives for a model whose logits are all the same.
"""

import array
import json
import os
import pathlib
import pty
import random
import struct
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "models/pocket"), str(ROOT / "models/pocket/test")]
import bpe  # noqa: E402
import check  # noqa: E402

# Two of them end a string together with what follows it, one is the beginning of many characters.
MERGES = [('"', ":"), ('"', "}"), (bpe.BYTES[0xE6], bpe.BYTES[0x9D])]
N_VOCAB, N_CTX, D_MODEL, D_FFN, N_HEADS = 259 + len(MERGES), 2048, 32, 64, 2
NONE = {"tool": "none"}
REQUESTS = ["turn on the lights", "what is love", "caf\u00e9 \u6771\u4eac", '"', "a" * 100]


def shapes():
    layer = "model.layers.0."
    yield "model.embed_tokens.weight", [N_VOCAB, D_MODEL]
    yield "model.norm.weight", [D_MODEL]
    for norm in ("input_layernorm", "post_attention_layernorm"):
        yield f"{layer}{norm}.weight", [D_MODEL]
    for name in "qkvo":
        yield f"{layer}self_attn.{name}_proj.weight", [D_MODEL, D_MODEL]
    for name in ("gate", "up"):
        yield f"{layer}mlp.{name}_proj.weight", [D_FFN, D_MODEL]
    yield f"{layer}mlp.down_proj.weight", [D_MODEL, D_FFN]


def write_weights(path, seed, scale):
    rng, header, data = random.Random(seed), {}, array.array("f")
    for name, shape in shapes():
        n = shape[0] * (shape[1] if len(shape) > 1 else 1)
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [4 * len(data), 4 * (len(data) + n)]}
        data.extend(rng.gauss(0, scale) for _ in range(n))
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + data.tobytes())


def read_all(terminal):
    """What was written to a terminal whose other end is closed: it comes in pieces, then as an error."""
    data = b""
    while True:
        try:
            piece = os.read(terminal, 65536)
        except OSError:
            piece = b""
        if not piece:
            return data
        data += piece


def write_model(folder, seed, scale=1.0):
    folder.mkdir()
    bpe.Bpe(MERGES).save(folder / "tokenizer.json")
    config = {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "hidden_size": D_MODEL,
        "intermediate_size": D_FFN,
        "num_hidden_layers": 1,
        "num_attention_heads": N_HEADS,
        "num_key_value_heads": N_HEADS,
        "vocab_size": N_VOCAB,
        "max_position_embeddings": N_CTX,
        "rms_norm_eps": 1e-5,
        "rope_theta": 10000.0,
        "hidden_act": "silu",
        "tie_word_embeddings": True,
        "bos_token_id": None,
        "eos_token_id": 0,
        "torch_dtype": "float32",
    }
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    write_weights(folder / "model.safetensors", seed, scale)
    return folder


def call_faults(call, schema):
    known = schema["properties"]
    ordered = [key for key in known if key in call["args"]]
    in_order = list(call) == ["tool", "args"] and list(call["args"]) == ordered
    found = [] if in_order else ["names, or their order"]
    found += [f"{key}: missing" for key in schema["required"] if key not in call["args"]]
    return found + [fault for key in ordered for fault in check.value_faults(known[key], call["args"][key])]


def words_faults(call, request):
    """Open words are said in the request."""
    said = " ".join(request.lower().split())
    words = [value for key, value in call["args"].items() if key in check.FREE_TEXT]
    words = [word for value in words for word in (value if isinstance(value, list) else [value])]
    return [f"{word!r} is not said" for word in words if not word or word not in said]


def faults(answer, request, tools):
    if answer == NONE:
        return []
    calls = answer if isinstance(answer, list) else [answer]
    found = ["a list of one call"] if isinstance(answer, list) and len(calls) < 2 else []
    for call in calls:
        found += call_faults(call, tools[call["tool"]]) + words_faults(call, request)
    return found


class Home(unittest.TestCase):
    program = None

    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.folder = pathlib.Path(cls.scratch.name)
        cls.model = write_model(cls.folder / "model", 1)

    @classmethod
    def tearDownClass(cls):
        cls.scratch.cleanup()

    def run_home(self, *arguments, text="", code=0):
        done = subprocess.run([self.program, *map(str, arguments)], input=text.encode(), capture_output=True)
        self.assertEqual(done.returncode, code, done.stderr)
        return done.stdout.decode("utf-8"), done.stderr.decode("utf-8")

    def answers(self, model, requests):
        out, _ = self.run_home("--json", model, text="\n".join(requests))
        lines = [json.loads(line) for line in out.splitlines()]
        self.assertEqual(len(lines), len(requests))
        return out, lines

    def test_every_answer_is_right_in_form(self):
        tools, n_done = check.load_tools(), 0
        for seed in range(2, 6):
            _, lines = self.answers(write_model(self.folder / str(seed), seed), REQUESTS)
            for request, line in zip(REQUESTS, lines, strict=True):
                self.assertTrue(0 <= line["lowest"] <= line["confidence"] <= 1, line)
                if line["answer"] is None:
                    self.assertEqual(line["ask"], "unfinished")
                    continue
                n_done += 1
                self.assertEqual(faults(line["answer"], request, tools), [], line["answer"])
                self.assertEqual(line["ask"] == "none", line["answer"] == NONE)
        self.assertGreater(n_done, 2 * len(REQUESTS))

    def test_answers_are_canonical_and_counted(self):
        out, lines = self.answers(self.model, REQUESTS)
        for text, line in zip(out.splitlines(), lines, strict=True):
            answer = check.canonical(line["answer"])
            self.assertTrue(text.startswith('{"answer":' + answer + ',"confidence":'))
            self.assertLessEqual(line["tokens"], len(answer.encode()) + 1)  # and the end
            self.assertGreater(line["tokens"], len(answer.encode()) // 2)

    def test_without_weights_all_tokens_are_as_probable(self):
        model = write_model(self.folder / "zero", 0, scale=0.0)
        _, (line,) = self.answers(model, ["lights"])
        self.assertAlmostEqual(line["confidence"], 1 / N_VOCAB, places=6)
        self.assertAlmostEqual(line["lowest"], 1 / N_VOCAB, places=6)

    def test_requests_do_not_know_of_each_other(self):
        _, together = self.answers(self.model, REQUESTS)
        for request, line in zip(REQUESTS, together, strict=True):
            out, _ = self.run_home("--json", self.model, request)
            alone = json.loads(out)
            self.assertEqual({**alone, "ms": 0}, {**line, "ms": 0})

    def test_the_threshold_decides(self):
        _, (line,) = self.answers(self.model, ["lights"])
        self.assertNotIn(line["ask"], ("none", "unfinished"))
        for threshold, ask in ((0, None), (line["confidence"] + 1e-4, "unsure"), (1, "unsure")):
            out, _ = self.run_home("--json", "--threshold", threshold, self.model, "lights")
            self.assertEqual(json.loads(out)["ask"], ask)

    def test_what_a_person_reads(self):
        _, (line,) = self.answers(self.model, ["lights"])
        out, _ = self.run_home("--threshold", 1, self.model, "lights")
        calls = line["answer"] if isinstance(line["answer"], list) else [line["answer"]]
        wanted = []
        for call in calls:
            args = [f"{key}={check.canonical(value)}" for key, value in call["args"].items()]
            wanted.append(f"{call['tool']}({', '.join(args)})")
        lines = out.splitlines()
        self.assertEqual(lines[: len(calls)], wanted)
        sure = f"    confidence {line['confidence']:.3f}, lowest token {line['lowest']:.3f}, "
        self.assertTrue(lines[len(calls)].startswith(sure + f"{line['tokens']} tokens in "), out)
        self.assertEqual(lines[-1], "    would rather ask a bigger model: confidence is below 1.000")

    def test_marks_in_a_request_are_text(self):
        """As one token each they would fit the context of 2048; as text of 8 bytes they do not."""
        out, _ = self.run_home("--json", self.model, "<|tool|>" * 300)
        line = json.loads(out)
        self.assertEqual((line["answer"], line["ask"], line["tokens"]), (None, "too long", 0))
        out, _ = self.run_home(self.model, "<|tool|>" * 300)
        self.assertEqual(out, "    would rather ask a bigger model: the request is too long\n")

    def test_empty_lines_are_no_requests(self):
        out, _ = self.run_home("--json", self.model, text="\n  \nlights\r\n\n")
        self.assertEqual(len(out.splitlines()), 1)
        self.assertEqual(self.run_home(self.model), ("", ""))

    def test_a_terminal_is_asked(self):
        ours, theirs = pty.openpty()
        os.write(ours, b"lights\n\x04")
        done = subprocess.run([self.program, self.model], stdin=theirs, stdout=theirs, check=True)
        os.close(theirs)
        shown = read_all(ours).decode("utf-8").replace("\r\n", "\n")
        os.close(ours)
        self.assertEqual(done.returncode, 0)
        self.assertIn("> ", shown)
        self.assertIn("    confidence 0.", shown)
        self.assertTrue(shown.endswith("\n> \n"), shown)

    def test_usage_and_failures(self):
        for arguments in (
            [],
            ["--threshold"],
            ["--threshold", "1.1", self.model],
            ["--threshold", "x", self.model],
            ["--threshold", "nan", self.model],
            ["--other", self.model],
            [self.model, " "],
            [self.model, "one", "two"],
        ):
            out, err = self.run_home(*arguments, code=2)
            self.assertEqual(out, "")
            self.assertTrue(err.startswith("usage: home "), err)
        _, err = self.run_home(self.folder / "absent", "lights", code=1)
        self.assertTrue(err.startswith(f"home: {self.folder}/absent: "), err)

    def test_a_full_disk(self):
        with open("/dev/full", "wb") as full:
            done = subprocess.run(
                [self.program, self.model, "lights"], stdout=full, stderr=subprocess.PIPE, check=False
            )
        self.assertEqual((done.returncode, done.stderr), (1, b"home: the answer cannot be written\n"))


if __name__ == "__main__":
    Home.program = sys.argv.pop(1)
    unittest.main()
