#!/usr/bin/env python3
"""Writes a checkpoint, or the mean of several, as a model folder (config.json, model.safetensors in f32,
tokenizer.json, tokenizer_config.json with the chat template, generation_config.json), and checks that the
program computes what PyTorch does.

    python3 export.py --checkpoint FILE .. --tokenizer FILE --out DIR [--edgewise PROGRAM]

The mean of the weights of trainings that began with the same ones is mostly better than each, above all on
texts of another kind (model soups, arXiv 2203.05482). With --edgewise the folder is opened by that program:
token ids of some texts must be the same, and logits within 1e-4. Exits 1 when they are not.
"""

import argparse
import json
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile

import numpy
import torch

import bpe
from home_requests import Requests
from model import Config, Model

MOST_DIFFERENCE = 1e-4
# Each request stands alone: the model never saw a conversation.
CHAT_TEMPLATE = f"{bpe.USER}{{{{ messages[-1]['content'] }}}}{bpe.TOOL}"
STORY = (
    "Once upon a time there was a little fox named Tilda. She lived near the old mill and loved her red kite."
)


def config_json(c):
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "hidden_size": c.d_model,
        "intermediate_size": c.d_ffn,
        "num_hidden_layers": c.n_layers,
        "num_attention_heads": c.n_heads,
        "num_key_value_heads": c.n_kv_heads,
        "head_dim": c.head_dim,
        "vocab_size": c.n_vocab,
        "max_position_embeddings": c.n_ctx,
        "rms_norm_eps": c.eps,
        "rope_theta": c.rope_theta,
        "hidden_act": "silu",
        "tie_word_embeddings": True,
        "attention_bias": False,
        "mlp_bias": False,
        "bos_token_id": None,
        "eos_token_id": 0,
        "torch_dtype": "float32",
    }


def tokenizer_config():
    return {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": None,
        "eos_token": bpe.END,
        "add_bos_token": False,
        "add_eos_token": False,
        "clean_up_tokenization_spaces": False,
        "model_max_length": Config().n_ctx,
        "chat_template": CHAT_TEMPLATE,
    }


def write_safetensors(path, tensors):
    """An 8-byte length, a JSON header padded to 8 bytes, then the tensors (huggingface/safetensors)."""
    header, at = {"__metadata__": {"format": "pt"}}, 0
    for name, tensor in tensors.items():
        size = tensor.numel() * 4
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [at, at + size]}
        at += size
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text)
        for tensor in tensors.values():
            f.write(tensor.contiguous().numpy().astype("<f4").tobytes())


def write_json(path, value):
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def mean_of(checkpoints):
    states = [torch.load(path, weights_only=True)["model"] for path in checkpoints]
    return {
        name: torch.stack([state[name] for state in states]).mean(0) if first.is_floating_point() else first
        for name, first in states[0].items()
    }


def export(checkpoints, tokenizer, out):
    model = Model(Config(), *map(torch.tensor, bpe.load(tokenizer).forms()))
    model.load_state_dict(mean_of(checkpoints))
    out.mkdir(parents=True, exist_ok=True)
    with torch.no_grad():
        write_safetensors(out / "model.safetensors", dict(sorted(model.weights().items())))
    write_json(out / "config.json", config_json(model.c))
    write_json(out / "tokenizer_config.json", tokenizer_config())
    write_json(out / "generation_config.json", {"do_sample": False})
    shutil.copyfile(tokenizer, out / "tokenizer.json")
    return model.eval()


def edgewise_ids(program, folder, text):
    done = subprocess.run(
        [program, "tokenize", "-m", folder, "--special"], input=text.encode(), capture_output=True, check=True
    )
    return [int(word) for word in done.stdout.split()]


def edgewise_logits(program, folder, ids):
    with tempfile.TemporaryDirectory() as temporary:
        out = pathlib.Path(temporary) / "logits"
        subprocess.run(
            [
                program,
                "logits",
                "-m",
                folder,
                "--out",
                out,
                "-ctk",
                "f32",
                "-ctv",
                "f32",
                "--tokens",
                " ".join(map(str, ids)),
            ],
            check=True,
            capture_output=True,
        )
        return numpy.fromfile(out, numpy.float32).reshape(len(ids), -1)


def check(program, folder, model, tokenizer):
    """The largest difference of logits; raises when token ids differ."""
    source = Requests(seed=7)
    texts = [(source.sample(), True) for _ in range(20)] + [((STORY, ""), False)]
    most = 0.0
    for (text, answer), is_request in texts:
        ids = tokenizer.encode(text)
        spelled = text
        if is_request:
            ids = [1, *ids, 2, *tokenizer.encode(answer), 0]
            spelled = bpe.USER + text + bpe.TOOL + answer + bpe.END
        found = edgewise_ids(program, folder, spelled)
        if found != ids:
            raise ValueError(f"token ids of {spelled!r}: {found}, expected {ids}")
        with torch.no_grad():
            expected = model.logits(model.hidden(torch.tensor([ids])))[0].numpy()
        most = max(most, float(numpy.abs(edgewise_logits(program, folder, ids) - expected).max()))
    return most


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--checkpoint", type=pathlib.Path, required=True, nargs="+")
    parser.add_argument("--tokenizer", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--edgewise")
    args = parser.parse_args()
    model = export(args.checkpoint, args.tokenizer, args.out)
    print(f"{args.out}: {model.n_params():,} parameters")
    if not args.edgewise:
        return 0
    most = check(args.edgewise, args.out, model, bpe.load(args.tokenizer))
    print(f"the program's logits differ from PyTorch's by {most:.2e} at most (bound {MOST_DIFFERENCE:.0e})")
    return int(most > MOST_DIFFERENCE)


if __name__ == "__main__":
    sys.exit(main())
