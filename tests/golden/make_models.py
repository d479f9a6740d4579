#!/usr/bin/env python3
"""Makes tests/golden/data: tiny random models, and what Hugging Face transformers computes with them.

Run by hand when a model is added; the tests only read the files. In a virtual environment outside the
repository:

    pip install torch transformers safetensors gguf numpy
    python tests/golden/make_models.py tests/golden/data

For each model NAME:
    NAME/               config.json and safetensors as transformers writes them
    NAME.gguf           the same weights through the gguf package, with the names and conventions of llama.cpp
    NAME.logits.f32     [T, V] float32, computed in float32 from the weights as stored (rounded to their type)
    NAME.ids.txt        three lines of token ids: the prompt (T); the greedy ids that follow it; those that
                        follow its first 40

The logits of the first 40 positions are those of a prompt of 40: attention is causal.
"""

import sys
from dataclasses import dataclass, field
from pathlib import Path

import gguf
import numpy
import torch
import transformers

N_GREEDY = 24
N_SHORT = 40
# No greedy choice may hang on rounding: the best logit leads by more than ten times the tests' bound.
LEAST_LEAD = 2e-3


@dataclass
class Recipe:
    name: str
    config: type
    arch: str  # GGUF's
    dtype: torch.dtype
    sizes: dict = field(default_factory=dict)
    n_prompt: int = 140  # more than two of the engine's blocks of 64
    shard_size: str = "50GB"
    has_gguf: bool = True
    seed: int = 1


def sizes(hidden, ffn, layers, heads, kv_heads, vocab=80, **more):
    return dict(hidden_size=hidden, intermediate_size=ffn, num_hidden_layers=layers,
                num_attention_heads=heads, num_key_value_heads=kv_heads, vocab_size=vocab,
                max_position_embeddings=512, pad_token_id=None, bos_token_id=None, eos_token_id=None, **more)


def rope(theta):
    return {"rope_type": "default", "rope_theta": theta}


RECIPES = [
    # Heads of 16 although hidden / heads is 4; four query heads share a key head; two shards.
    Recipe("llama-gqa", transformers.LlamaConfig, "llama", torch.float32,
           sizes(32, 24, 2, 8, 2, head_dim=16, rms_norm_eps=1e-5, tie_word_embeddings=False,
                 rope_parameters=rope(10000.0)), shard_size="75KB", seed=11),
    Recipe("llama-tied-bf16", transformers.LlamaConfig, "llama", torch.bfloat16,
           sizes(32, 48, 3, 4, 2, head_dim=8, rms_norm_eps=1e-5, tie_word_embeddings=True,
                 attention_bias=True, rope_parameters=rope(500000.0)), seed=22),
    Recipe("qwen2-f16", transformers.Qwen2Config, "qwen2", torch.float16,
           sizes(48, 40, 2, 3, 1, rms_norm_eps=1e-6, tie_word_embeddings=False,
                 rope_parameters=rope(1000000.0)), seed=13),
    Recipe("mistral-f32", transformers.MistralConfig, "mistral", torch.float32,
           sizes(32, 24, 1, 2, 1, head_dim=16, rms_norm_eps=1e-5, tie_word_embeddings=False,
                 sliding_window=None, rope_parameters=rope(10000.0)), n_prompt=70, has_gguf=False, seed=14),
]


def randomize(model, seed):
    """Values keep their size from layer to layer, and the logits spread over several units."""
    generator = torch.Generator().manual_seed(seed)

    def normal(shape, middle, spread):
        return middle + spread * torch.randn(shape, generator=generator)

    for name, parameter in model.named_parameters():
        if name.endswith("norm.weight"):
            parameter.data = normal(parameter.shape, 1.0, 0.1)
        elif name.endswith("bias"):
            parameter.data = normal(parameter.shape, 0.0, 0.3)
        elif "embed_tokens" in name:
            parameter.data = normal(parameter.shape, 0.0, 0.1)
        else:
            parameter.data = normal(parameter.shape, 0.0, 1.5 * parameter.shape[1] ** -0.5)


def logits_of(model, ids):
    with torch.no_grad():
        return model(input_ids=torch.tensor([ids]), use_cache=False).logits[0].to(torch.float32).numpy()


def greedy(model, prompt):
    ids, lead = list(prompt), numpy.inf
    for _ in range(N_GREEDY):
        last = logits_of(model, ids)[-1]
        best, second = numpy.sort(last)[-1], numpy.sort(last)[-2]
        lead = min(lead, best - second)
        ids.append(int(last.argmax()))
    if lead < LEAST_LEAD:
        raise SystemExit(f"a greedy choice leads by {lead} only: take another seed")
    return ids[len(prompt):]


# ---- GGUF ----

NAMES = {
    "model.embed_tokens.weight": "token_embd.weight",
    "model.norm.weight": "output_norm.weight",
    "lm_head.weight": "output.weight",
}
LAYER_NAMES = {
    "input_layernorm": "attn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "post_attention_layernorm": "ffn_norm",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}


def gguf_name(name):
    if name in NAMES:
        return NAMES[name]
    _, _, layer, rest = name.split(".", 3)
    module, kind = rest.rsplit(".", 1)
    return f"blk.{layer}.{LAYER_NAMES[module]}.{kind}"


def adjacent_rows(tensor, n_heads):
    """Rows of q or k for a rope that pairs (2p, 2p + 1), from rows for one that pairs (p, p + half).

    Row 2p + j of a head is its old row p + j * half. Scores, sums over pairs, stay: q and k move alike.
    """
    dim = tensor.shape[0] // n_heads
    in_head = numpy.array([p + j * (dim // 2) for p in range(dim // 2) for j in (0, 1)])
    return tensor[(numpy.arange(n_heads)[:, None] * dim + in_head).reshape(-1)]


def write_tensor(writer, name, tensor):
    """Matrices in their own type, vectors in F32, as llama.cpp's converter does."""
    if tensor.dim() == 1:
        writer.add_tensor(name, tensor.to(torch.float32).numpy())
    elif tensor.dtype == torch.bfloat16:
        rows = tensor.contiguous().view(torch.int16).numpy().view(numpy.uint8)
        writer.add_tensor(name, rows, raw_dtype=gguf.GGMLQuantizationType.BF16)
    else:
        writer.add_tensor(name, tensor.contiguous().numpy())


def write_gguf(recipe, config, state, path):
    writer = gguf.GGUFWriter(path, recipe.arch)
    head_dim = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    writer.add_name(recipe.name)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_key_length(head_dim)
    writer.add_value_length(head_dim)
    writer.add_rope_dimension_count(head_dim)
    writer.add_rope_freq_base(config.rope_parameters["rope_theta"])
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_vocab_size(config.vocab_size)
    for name, tensor in state.items():
        if recipe.arch == "llama" and ".q_proj." in name:
            tensor = adjacent_rows(tensor, config.num_attention_heads)
        if recipe.arch == "llama" and ".k_proj." in name:
            tensor = adjacent_rows(tensor, config.num_key_value_heads)
        write_tensor(writer, gguf_name(name), tensor)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


# ---- all ----

def make(recipe, out):
    config = recipe.config(**recipe.sizes)
    model = transformers.AutoModelForCausalLM.from_config(config)
    randomize(model, recipe.seed)
    model.tie_weights()
    stored = model.to(recipe.dtype)
    stored.save_pretrained(out / recipe.name, max_shard_size=recipe.shard_size)
    (out / recipe.name / "generation_config.json").unlink(missing_ok=True)
    state = {name: tensor.detach().clone() for name, tensor in stored.state_dict().items()
             if not (config.tie_word_embeddings and name == "lm_head.weight")}
    if recipe.has_gguf:
        write_gguf(recipe, config, state, out / f"{recipe.name}.gguf")

    # From the files again: a model that was converted in memory has its rope's frequencies rounded too.
    exact = transformers.AutoModelForCausalLM.from_pretrained(out / recipe.name, dtype=torch.float32).eval()
    generator = torch.Generator().manual_seed(recipe.seed + 1000)
    prompt = torch.randint(0, config.vocab_size, (recipe.n_prompt,), generator=generator).tolist()
    logits = logits_of(exact, prompt)
    lines = [prompt, greedy(exact, prompt), greedy(exact, prompt[:N_SHORT])]
    logits.astype("<f4").tofile(out / f"{recipe.name}.logits.f32")
    (out / f"{recipe.name}.ids.txt").write_text("".join(" ".join(map(str, ids)) + "\n" for ids in lines))

    double = logits_of(exact.to(torch.float64), prompt)
    print(f"{recipe.name}: logits {logits.min():.3f} .. {logits.max():.3f}, "
          f"rms {numpy.sqrt((logits ** 2).mean()):.3f}; "
          f"float32 differs from float64 by at most {numpy.abs(logits - double).max():.2e}")


def main():
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    out = Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    for recipe in RECIPES:
        make(recipe, out)


main()
