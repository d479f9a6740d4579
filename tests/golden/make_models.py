#!/usr/bin/env python3
"""Makes tests/golden/data: tiny random models, and what Hugging Face transformers computes with them.

Run by hand when a model is added; the tests only read the files. In a virtual environment outside the
repository, with a checkout of llama.cpp beside it:

    pip install torch transformers safetensors gguf numpy
    python tests/golden/make_models.py --llama-cpp LLAMA_CPP tests/golden/data [NAME ..]

For each model NAME:
    NAME/               config.json and safetensors as transformers writes them
    NAME.gguf           the same as llama.cpp's convert_hf_to_gguf.py writes it, without a vocabulary
    NAME.logits.f32     [T, V] float32, computed in float32 from the weights as stored (rounded to their type)
    NAME.ids.txt        three lines of token ids: the prompt (T); the greedy ids that follow it; those that
                        follow its first 40

The logits of the first 40 positions are those of a prompt of 40: attention is causal.
"""

import argparse
import json
import logging
import sys
from dataclasses import dataclass, field
from pathlib import Path

import numpy
import torch
import transformers

N_GREEDY = 64
N_SHORT = 40
# No greedy choice may hang on rounding: the best logit leads by so much of the largest one, more than ten
# times what the tests allow ours to be off.
LEAST_LEAD = 2.5e-4
# Nor may a choice of experts: the least router logit that is chosen is above the others by so much.
LEAST_GAP = 1e-3
F16, BF16, F32 = torch.float16, torch.bfloat16, torch.float32


@dataclass
class Recipe:
    name: str
    config: type
    dtype: torch.dtype
    sizes: dict = field(default_factory=dict)
    n_prompt: int = 140  # more than two of the engine's blocks of 64
    shard_size: str = "50GB"
    has_gguf: bool = True
    seed: int = 1  # the first to try
    splits_experts: bool = True
    n_ctx: int = 0  # tokens of each forward pass, where their number changes what earlier positions compute


def sizes(hidden, ffn, layers, heads, kv_heads, vocab=80, positions=512, **more):
    return dict(hidden_size=hidden, intermediate_size=ffn, num_hidden_layers=layers,
                num_attention_heads=heads, num_key_value_heads=kv_heads, vocab_size=vocab,
                max_position_embeddings=positions, pad_token_id=None, bos_token_id=None, eos_token_id=None,
                **more)


def rope(theta, kind="default", **more):
    return {"rope_type": kind, "rope_theta": theta, **more}


def llama(kind, positions=512, **more):
    return sizes(32, 48, 2, 4, 2, positions=positions, tie_word_embeddings=False,
                 rope_parameters=rope(10000.0, kind, **more))


def falcon(heads=4, **more):
    return {**dict(hidden_size=8 * heads, num_hidden_layers=2, num_attention_heads=heads, vocab_size=80,
                   parallel_attn=True, bias=False, alibi=False, max_position_embeddings=512,
                   rope_parameters=rope(10000.0), pad_token_id=None, bos_token_id=None, eos_token_id=None),
            **more}


T = transformers
RECIPES = [
    # Heads of 16 although hidden / heads is 4; four query heads share a key head; two shards.
    Recipe("llama-gqa", T.LlamaConfig, F32,
           sizes(32, 24, 2, 8, 2, head_dim=16, rms_norm_eps=1e-5, tie_word_embeddings=False,
                 rope_parameters=rope(10000.0)), shard_size="75KB", seed=11),
    Recipe("llama-tied-bf16", T.LlamaConfig, BF16,
           sizes(32, 48, 3, 4, 2, head_dim=8, rms_norm_eps=1e-5, tie_word_embeddings=True,
                 attention_bias=True, mlp_bias=True, rope_parameters=rope(500000.0)), seed=22),
    Recipe("llama-linear", T.LlamaConfig, F16, llama("linear", factor=4.0)),
    Recipe("llama-llama3", T.LlamaConfig, BF16,
           llama("llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
                 original_max_position_embeddings=64)),
    Recipe("llama-yarn", T.LlamaConfig, BF16, llama("yarn", factor=4.0, original_max_position_embeddings=32)),
    Recipe("llama-dynamic", T.LlamaConfig, BF16, llama("dynamic", positions=64, factor=2.0), has_gguf=False,
           n_ctx=204),
    Recipe("llama-dynamic-short", T.LlamaConfig, BF16, llama("dynamic", factor=2.0), n_prompt=70,
           has_gguf=False),
    Recipe("qwen2-f16", T.Qwen2Config, F16,
           sizes(48, 40, 2, 3, 1, rms_norm_eps=1e-6, tie_word_embeddings=False,
                 rope_parameters=rope(1000000.0)), seed=13),
    Recipe("qwen2-window", T.Qwen2Config, BF16,
           sizes(32, 40, 3, 4, 2, tie_word_embeddings=False, use_sliding_window=True, sliding_window=20,
                 max_window_layers=1, rope_parameters=rope(10000.0)), has_gguf=False),
    Recipe("mistral-f32", T.MistralConfig, F32,
           sizes(32, 24, 1, 2, 1, head_dim=16, rms_norm_eps=1e-5, tie_word_embeddings=False,
                 sliding_window=None, rope_parameters=rope(10000.0)), n_prompt=70, has_gguf=False, seed=14),
    Recipe("mistral-window", T.MistralConfig, BF16,
           sizes(32, 24, 2, 4, 2, head_dim=16, tie_word_embeddings=False, sliding_window=24,
                 rope_parameters=rope(10000.0)), has_gguf=False),
    Recipe("qwen3", T.Qwen3Config, BF16,
           sizes(32, 40, 2, 4, 2, head_dim=16, tie_word_embeddings=True, rope_parameters=rope(1000000.0))),
    Recipe("olmo2", T.Olmo2Config, F32,
           sizes(32, 40, 2, 4, 2, tie_word_embeddings=False, rope_parameters=rope(500000.0))),
    # Heads of 16 although hidden / heads is 8; not all of the dense size is that of the experts.
    Recipe("qwen3moe", T.Qwen3MoeConfig, F16,
           sizes(32, 40, 2, 4, 2, head_dim=16, moe_intermediate_size=24, num_experts=8, num_experts_per_tok=3,
                 norm_topk_prob=True, tie_word_embeddings=False, rope_parameters=rope(1000000.0))),
    Recipe("olmoe", T.OlmoeConfig, BF16,
           sizes(48, 20, 2, 4, 2, rms_norm_eps=1e-5, num_experts=8, num_experts_per_tok=2,
                 norm_topk_prob=False, tie_word_embeddings=False, rope_parameters=rope(10000.0))),
    # All experts of a layer in one tensor; the last layer dense, and of three others only the second sparse.
    Recipe("qwen3moe-stacked", T.Qwen3MoeConfig, F16,
           sizes(32, 40, 4, 4, 2, head_dim=8, moe_intermediate_size=12, num_experts=4, num_experts_per_tok=2,
                 norm_topk_prob=True, decoder_sparse_step=2, mlp_only_layers=[3], tie_word_embeddings=False,
                 rope_parameters=rope(1000000.0)), has_gguf=False, splits_experts=False),
    Recipe("smollm3", T.SmolLM3Config, BF16,
           sizes(32, 40, 5, 4, 2, tie_word_embeddings=True, rope_parameters=rope(10000.0))),
    Recipe("granite", T.GraniteConfig, BF16,
           sizes(32, 40, 2, 4, 2, tie_word_embeddings=True, embedding_multiplier=12.0,
                 attention_multiplier=0.2, residual_multiplier=0.4, logits_scaling=0.5,
                 rope_parameters=rope(10000.0))),
    Recipe("phi2", T.PhiConfig, F16,
           sizes(32, 128, 2, 2, 2, tie_word_embeddings=False,
                 rope_parameters=rope(10000.0, partial_rotary_factor=0.5))),
    Recipe("phi3", T.Phi3Config, BF16,
           sizes(32, 40, 2, 4, 2, tie_word_embeddings=False, original_max_position_embeddings=512,
                 rope_parameters=rope(10000.0), sliding_window=30), has_gguf=False, seed=2),
    Recipe("phi3-longrope", T.Phi3Config, BF16,
           sizes(32, 40, 2, 4, 2, tie_word_embeddings=False, original_max_position_embeddings=32,
                 rope_parameters=rope(10000.0, "longrope", original_max_position_embeddings=32,
                                      short_factor=[1.0, 1.1, 1.2, 1.3], long_factor=[1.5, 2.0, 4.0, 9.0]))),
    Recipe("phi3-shortrope", T.Phi3Config, F16,
           sizes(32, 40, 1, 4, 2, tie_word_embeddings=False, original_max_position_embeddings=512,
                 rope_parameters=rope(10000.0, "longrope", original_max_position_embeddings=512,
                                      short_factor=[1.0, 1.1, 1.2, 1.3], long_factor=[1.5, 2.0, 4.0, 9.0]))),
    Recipe("stablelm", T.StableLmConfig, BF16,
           sizes(32, 40, 2, 4, 2, tie_word_embeddings=False, use_qkv_bias=True,
                 rope_parameters=rope(10000.0, partial_rotary_factor=0.5))),
    Recipe("stablelm-parallel", T.StableLmConfig, F16,
           sizes(32, 40, 1, 2, 2, tie_word_embeddings=False, use_parallel_residual=True,
                 rope_parameters=rope(10000.0, partial_rotary_factor=0.25))),
    # Norms of each head of queries and keys, as the 12B model has them.
    Recipe("stablelm-heads", T.StableLmConfig, BF16,
           sizes(32, 40, 2, 4, 2, tie_word_embeddings=False, use_parallel_residual=True, qk_layernorm=True,
                 rope_parameters=rope(10000.0, partial_rotary_factor=0.25))),
    Recipe("starcoder2", T.Starcoder2Config, BF16,
           sizes(32, 64, 2, 4, 2, tie_word_embeddings=True, sliding_window=None, residual_dropout=0.0,
                 embedding_dropout=0.0, rope_parameters=rope(10000.0))),
    Recipe("gptneox", T.GPTNeoXConfig, F16,
           sizes(32, 64, 2, 2, 2, tie_word_embeddings=False,
                 rope_parameters=rope(10000.0, partial_rotary_factor=0.25))),
    Recipe("gptneox-serial", T.GPTNeoXConfig, BF16,
           sizes(32, 64, 2, 4, 4, tie_word_embeddings=False, use_parallel_residual=False,
                 rope_parameters=rope(10000.0, partial_rotary_factor=1.0))),
    Recipe("gemma", T.GemmaConfig, BF16,
           sizes(32, 40, 2, 4, 1, head_dim=16, rope_parameters=rope(10000.0))),
    Recipe("gemma2", T.Gemma2Config, BF16,
           sizes(32, 40, 3, 4, 2, head_dim=16, query_pre_attn_scalar=16, sliding_window=24,
                 attn_logit_softcapping=5.0, final_logit_softcapping=8.0, rope_parameters=rope(10000.0))),
    Recipe("gemma3", T.Gemma3TextConfig, BF16,
           sizes(32, 40, 7, 4, 2, head_dim=16, query_pre_attn_scalar=16, sliding_window=24,
                 rope_parameters={"full_attention": rope(1000000.0, "linear", factor=8.0),
                                  "sliding_attention": rope(10000.0)})),
    Recipe("gpt2", T.GPT2Config, F16,
           dict(n_embd=32, n_layer=2, n_head=4, n_positions=256, n_ctx=256, vocab_size=80, bos_token_id=None,
                eos_token_id=None)),
    Recipe("mpt", T.MptConfig, BF16,
           dict(d_model=48, n_layers=2, n_heads=6, max_seq_len=256, vocab_size=80, expansion_ratio=4,
                pad_token_id=None, bos_token_id=None, eos_token_id=None)),
    Recipe("bloom", T.BloomConfig, F16,
           dict(hidden_size=48, n_layer=2, n_head=6, vocab_size=80, seq_length=256, pad_token_id=None,
                bos_token_id=None, eos_token_id=None)),
    Recipe("falcon", T.FalconConfig, BF16, falcon(multi_query=True, num_kv_heads=1)),
    Recipe("falcon-40b", T.FalconConfig, F16, falcon(heads=6, new_decoder_architecture=True, num_kv_heads=2)),
    Recipe("falcon-11b", T.FalconConfig, BF16,
           falcon(new_decoder_architecture=True, num_kv_heads=2, num_ln_in_parallel_attn=1,
                  tie_word_embeddings=False)),
    # transformers rounds the slopes of heads, and their products with positions, to bf16: those of four heads
    # at up to 256 positions stay what they are.
    Recipe("falcon-rw", T.FalconConfig, BF16,
           falcon(alibi=True, multi_query=False, parallel_attn=False, bias=True), has_gguf=False),
    Recipe("command-r", T.CohereConfig, BF16,
           sizes(32, 40, 2, 4, 2, logit_scale=0.25, rope_parameters=rope(10000.0))),
    Recipe("command-r-plus", T.CohereConfig, BF16,
           sizes(32, 40, 2, 4, 2, logit_scale=0.25, use_qk_norm=True, rope_parameters=rope(10000.0))),
]


def is_embedding(name):
    return any(part in name for part in ("embed_tokens", "wte", "wpe", "word_embeddings.", "embed_in"))


def randomize(model, seed):
    """Values keep their size from layer to layer, and the logits spread over several units."""
    generator = torch.Generator().manual_seed(seed)
    config = model.config
    norm = 0.0 if config.model_type.startswith("gemma") else 1.0  # Gemma's norms multiply by 1 + weight
    embedding = 0.3 if config.tie_word_embeddings else 0.1

    def normal(shape, middle, spread):
        return middle + spread * torch.randn(shape, generator=generator)

    for name, parameter in model.named_parameters():
        is_turned = config.model_type == "gpt2"  # its matrices are [in, out]
        if name.endswith("bias"):
            parameter.data = normal(parameter.shape, 0.0, 0.3)
        elif parameter.dim() == 1 or name.endswith(("q_norm.weight", "k_norm.weight")):
            parameter.data = normal(parameter.shape, norm, 0.1)
        elif is_embedding(name):
            parameter.data = normal(parameter.shape, 0.0, embedding)
        else:
            n_in = parameter.shape[0 if is_turned else -1]
            parameter.data = normal(parameter.shape, 0.0, 1.5 * n_in ** -0.5)


def logits_of(model, ids, n_ctx=0):
    """Of ids, filled up to n_ctx tokens, which the earlier ones do not see: attention is causal."""
    filled = ids + [0] * (n_ctx - len(ids))
    with torch.no_grad():
        logits = model(input_ids=torch.tensor([filled]), use_cache=False).logits[0, :len(ids)]
    return logits.to(torch.float32).numpy()


def greedy(model, prompt, n_ctx):
    """The ids, and by how much of the largest logit the least certain of them leads."""
    ids, lead = list(prompt), numpy.inf
    for _ in range(N_GREEDY):
        last = logits_of(model, ids, n_ctx)[-1]
        best, second = numpy.sort(last)[-1], numpy.sort(last)[-2]
        lead = min(lead, (best - second) / numpy.abs(last).max())
        ids.append(int(last.argmax()))
    return ids[len(prompt):], lead


def least_gap(model, ids):
    """By how much the last expert that is chosen leads the first that is not, over all rows and layers."""
    gaps = [numpy.inf]

    def look(router, inputs, _):
        logits = torch.nn.functional.linear(inputs[0], router.weight)
        ordered = logits.reshape(-1, logits.shape[-1]).sort(descending=True).values
        gaps.append((ordered[:, router.top_k - 1] - ordered[:, router.top_k]).min().item())

    routers = [m for m in model.modules() if type(m).__name__.endswith("TopKRouter")]
    hooks = [router.register_forward_hook(look) for router in routers]
    logits_of(model, ids)
    for hook in hooks:
        hook.remove()
    return min(gaps)


# ---- GGUF ----

FILE_TYPES = {F32: "ALL_F32", F16: "MOSTLY_F16", BF16: "MOSTLY_BF16"}


def write_gguf(recipe, folder, path):
    import conversion
    import gguf
    hparams = conversion.ModelBase.load_hparams(folder, False)
    rope_parameters = hparams.get("rope_parameters") or {}
    if recipe.config is T.GPTNeoXConfig:  # the converter asks for the key of older files
        hparams["rotary_pct"] = rope_parameters.get("partial_rotary_factor", 0.25)
    name = conversion.get_model_architecture(hparams, conversion.ModelType.TEXT)
    of_arch = conversion.get_model_class({"MptForCausalLM": "MPTForCausalLM"}.get(name, name))

    def modify_tensors(self, data, name, layer):
        rest = yield from of_arch.modify_tensors(self, data, name, layer)
        yield from rest or []  # StableLM's norms of heads, which the converter returns instead of yielding

    without_vocabulary = type(of_arch.__name__, (of_arch,), {
        "model_arch": of_arch.model_arch, "set_vocab": lambda self: None, "modify_tensors": modify_tensors})
    file_type = gguf.LlamaFileType[FILE_TYPES[recipe.dtype]]
    tokenizer = folder / "tokenizer.json"  # Gemma 3's converter counts its entries
    tokens = {str(i): i for i in range(recipe.sizes["vocab_size"])}
    tokenizer.write_text(json.dumps({"model": {"vocab": tokens}, "added_tokens": []}))
    with torch.inference_mode():
        without_vocabulary(folder, file_type, path, hparams=hparams, model_name=recipe.name).write()
    tokenizer.unlink()


# ---- all ----

def store(recipe, seed, folder):
    model = transformers.AutoModelForCausalLM.from_config(recipe.config(**recipe.sizes))
    randomize(model, seed)
    model.tie_weights()
    model.to(recipe.dtype).save_pretrained(folder, max_shard_size=recipe.shard_size,
                                           save_original_format=recipe.splits_experts)
    (folder / "generation_config.json").unlink(missing_ok=True)


def open_exact(recipe, folder):
    """From the files again: a model that was converted in memory has its rope's frequencies rounded too."""
    more = {"experts_implementation": "eager"} if "num_experts" in recipe.sizes else {}
    # Version 5.23's eager attention adds Falcon's ALiBi twice: to its mask, and to scores.
    attention = "sdpa" if recipe.sizes.get("alibi") else "eager"
    return transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=F32, attn_implementation=attention,
                                                             **more).eval()


def make(recipe, out):
    folder = out / recipe.name
    for seed in range(recipe.seed, recipe.seed + 50):
        store(recipe, seed, folder)
        exact = open_exact(recipe, folder)
        generator = torch.Generator().manual_seed(seed + 1000)
        prompt = torch.randint(0, exact.config.vocab_size, (recipe.n_prompt,), generator=generator).tolist()
        after_short, lead = greedy(exact, prompt[:N_SHORT], recipe.n_ctx)
        if lead < LEAST_LEAD:
            continue
        after_prompt, lead = greedy(exact, prompt, recipe.n_ctx)
        gap = min(least_gap(exact, prompt + after_prompt), least_gap(exact, prompt[:N_SHORT] + after_short))
        if lead >= LEAST_LEAD and gap >= LEAST_GAP:
            break
    else:
        raise SystemExit(f"{recipe.name}: no seed whose greedy choices and experts lead clearly")
    if recipe.has_gguf:
        write_gguf(recipe, folder, out / f"{recipe.name}.gguf")
    logits = logits_of(exact, prompt, recipe.n_ctx)
    logits.astype("<f4").tofile(out / f"{recipe.name}.logits.f32")
    lines = [prompt, after_prompt, after_short]
    (out / f"{recipe.name}.ids.txt").write_text("".join(" ".join(map(str, ids)) + "\n" for ids in lines))
    double = logits_of(exact.to(torch.float64), prompt, recipe.n_ctx)
    print(f"{recipe.name}: seed {seed}, logits {logits.min():.3f} .. {logits.max():.3f}, "
          f"rms {numpy.sqrt((logits ** 2).mean()):.3f}; "
          f"float32 differs from float64 by at most {numpy.abs(logits - double).max():.2e}", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--llama-cpp", type=Path, required=True, help="a checkout: its converter writes GGUF")
    parser.add_argument("out", type=Path)
    parser.add_argument("names", nargs="*", help="default: all")
    args = parser.parse_args()
    sys.path[1:1] = [str(args.llama_cpp), str(args.llama_cpp / "gguf-py")]
    logging.disable(logging.WARNING)
    args.out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    for recipe in RECIPES:
        if not args.names or recipe.name in args.names:
            make(recipe, args.out)


main()
