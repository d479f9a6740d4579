#!/usr/bin/env python3
"""Makes tiny random models that embed texts, and the embeddings that sentence-transformers makes with them.

Run by hand when a model is added; the tests only read the files. In a virtual environment outside the
repository, with a checkout of llama.cpp beside it:

    pip install torch transformers sentence-transformers tokenizers safetensors gguf numpy
    python tests/golden/make_encoders.py --llama-cpp LLAMA_CPP tests/golden/data [NAME ..]

encoders.texts.txt holds the texts, a line each. For each model NAME:
    NAME/                    a folder as its authors publish it, with tokenizer.json and how to pool
    NAME.gguf                the same as llama.cpp's convert_hf_to_gguf.py writes it, without a vocabulary
    NAME.embeddings.f32      [texts, width] float32, computed in float32 from the weights as stored
    NAME.ids.txt             the token ids of each text
Of models that rank, in place of the last two:
    NAME.scores.f32          of each of the first five texts as a query and of each, and an empty one, as a
                             document, float32; computed in float32 from the weights as stored
    NAME.counts.txt          the tokens of these pairs
"""

import argparse
import json
import logging
import shutil
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy
import sentence_transformers
import tokenizers
import torch
import transformers
from tokenizers import decoders, models, normalizers, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast

T = transformers
F16, BF16, F32 = torch.float16, torch.bfloat16, torch.float32
TEXTS = [
    "a",
    "The cat sat on the mat.",
    "Is it raining in Reykjavik today, or only windy?",
    "na\u00efve caf\u00e9s serve 2,500 cups",
    " ".join(["what follows is a longer text, whose end is far from its beginning;"] * 3),
    " ".join(f"line {i} of many lines that fill more than two blocks" for i in range(9)),
]

RANKED = TEXTS[:5]  # of which two fit a context of 512


@dataclass
class Recipe:
    name: str
    config: type
    dtype: torch.dtype
    pooling: str  # mean, cls, lasttoken, rank
    words: str  # the kind of tokenizer
    sizes: dict = field(default_factory=dict)
    has_gguf: bool = True
    seed: int = 1


def bert(**more):
    return dict(hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
                max_position_embeddings=512, type_vocab_size=2, **more)


RECIPES = [
    Recipe("minilm", T.BertConfig, F16, "mean", "wordpiece", bert()),
    Recipe("bge", T.BertConfig, BF16, "cls", "wordpiece", bert()),
    Recipe("xlm-roberta", T.XLMRobertaConfig, F16, "cls", "unigram",
           bert() | dict(type_vocab_size=1, max_position_embeddings=514), has_gguf=False),
    Recipe("nomic", T.NomicBertConfig, BF16, "mean", "wordpiece",
           dict(hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
                max_position_embeddings=2048)),
    # A window of 16 to both sides together; five layers, of which two see all.
    Recipe("modernbert", T.ModernBertConfig, BF16, "cls", "bytes",
           dict(hidden_size=32, intermediate_size=48, num_hidden_layers=5, num_attention_heads=4,
                local_attention=16, max_position_embeddings=1024)),
    Recipe("qwen3-embedding", T.Qwen3Config, BF16, "lasttoken", "bytes",
           dict(hidden_size=32, intermediate_size=40, num_hidden_layers=2, num_attention_heads=4,
                num_key_value_heads=2, head_dim=16, max_position_embeddings=1024, tie_word_embeddings=True)),
    # Token types of both texts, and a pooler, which the converter to GGUF leaves out.
    Recipe("bert-rank", T.BertConfig, F32, "rank", "wordpiece", bert(), has_gguf=False),
    Recipe("xlm-roberta-rank", T.XLMRobertaConfig, F32, "rank", "unigram",
           bert() | dict(type_vocab_size=1, max_position_embeddings=514)),
    Recipe("modernbert-rank", T.ModernBertConfig, F32, "rank", "bytes",
           dict(hidden_size=32, intermediate_size=48, num_hidden_layers=3, num_attention_heads=4,
                local_attention=16, max_position_embeddings=1024, classifier_pooling="cls"), has_gguf=False),
]


# ---- tokenizers ----

LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789.,;?-"


def wordpiece():
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *LETTERS, *("##" + c for c in LETTERS), "the",
              "##ing"]
    made = tokenizers.Tokenizer(models.WordPiece({t: i for i, t in enumerate(tokens)}, unk_token="[UNK]"))
    made.normalizer = normalizers.BertNormalizer(lowercase=True)
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.post_processor = processors.TemplateProcessing("[CLS] $A [SEP]", "[CLS] $A [SEP] $B:1 [SEP]:1",
                                                        [("[CLS]", 2), ("[SEP]", 3)])
    made.decoder = decoders.WordPiece()
    return PreTrainedTokenizerFast(tokenizer_object=made, pad_token="[PAD]", unk_token="[UNK]",
                                   cls_token="[CLS]", sep_token="[SEP]", mask_token="[MASK]")


def unigram():
    pieces = [("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("\u2581", -2.0),
              *((c, -4.0 - i / 10) for i, c in enumerate(LETTERS)), ("\u2581the", -3.0), ("ing", -5.0),
              ("<mask>", 0.0)]
    made = tokenizers.Tokenizer(models.Unigram(pieces, unk_id=3))
    made.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    made.pre_tokenizer = pre_tokenizers.Metaspace()
    made.post_processor = processors.TemplateProcessing("<s> $A </s>", "<s> $A </s> </s> $B </s>",
                                                        [("<s>", 0), ("</s>", 2)])
    made.decoder = decoders.Metaspace()
    return PreTrainedTokenizerFast(tokenizer_object=made, bos_token="<s>", eos_token="</s>",
                                   cls_token="<s>", sep_token="</s>", pad_token="<pad>", unk_token="<unk>",
                                   mask_token="<mask>")


def of_bytes(end_only):
    """Byte-level BPE. ModernBERT marks both ends of a text, Qwen3-Embedding its end."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    special = ["<|endoftext|>", "[PAD]", "[CLS]", "[SEP]", "[MASK]"]
    pairs = [("t", "h"), ("th", "e"), ("i", "n")]
    tokens = alphabet + [a + b for a, b in pairs] + special
    made = tokenizers.Tokenizer(models.BPE({t: i for i, t in enumerate(tokens)}, pairs))
    made.add_special_tokens(special)
    made.normalizer = normalizers.NFC()
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    n = len(alphabet) + len(pairs)
    made.post_processor = (
        processors.TemplateProcessing("$A <|endoftext|>", "$A $B <|endoftext|>", [("<|endoftext|>", n)])
        if end_only else
        processors.TemplateProcessing("[CLS] $A [SEP]", "[CLS] $A [SEP] $B [SEP]",
                                      [("[CLS]", n + 2), ("[SEP]", n + 3)]))
    return PreTrainedTokenizerFast(tokenizer_object=made, pad_token="[PAD]", cls_token="[CLS]",
                                   sep_token="[SEP]", mask_token="[MASK]", eos_token="<|endoftext|>")


def tokenizer_of(recipe):
    if recipe.words == "bytes":
        return of_bytes(end_only=recipe.pooling == "lasttoken")
    return {"wordpiece": wordpiece, "unigram": unigram}[recipe.words]()


# ---- models ----

def randomize(model, seed):
    """Values keep their size from layer to layer."""
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in model.named_parameters():
        spread, middle = 0.3, 0.0
        if parameter.dim() == 1 and not name.endswith("bias"):
            spread, middle = 0.1, 1.0
        elif parameter.dim() == 2 and "embed" not in name:
            spread = 1.5 * parameter.shape[-1] ** -0.5
        parameter.data = middle + spread * torch.randn(parameter.shape, generator=generator)


def store(recipe, folder):
    """What sentence-transformers reads."""
    tokenizer = tokenizer_of(recipe)
    special = {key: getattr(tokenizer, key) for key in ("pad_token_id", "bos_token_id", "eos_token_id")}
    ranks = recipe.pooling == "rank"
    labels = dict(num_labels=1) if ranks else {}
    config = recipe.config(**recipe.sizes, **special, **labels, vocab_size=len(tokenizer))
    model = (T.AutoModelForSequenceClassification if ranks else T.AutoModel).from_config(config)
    randomize(model, recipe.seed)
    model.to(recipe.dtype).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def nomic_as_published(native, folder):
    """transformers stores tensors as Nomic's own code calls them, but config.json has words of its own."""
    sizes = json.loads((native / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({
        "architectures": ["NomicBertModel"], "model_type": "nomic_bert", "activation_function": "swiglu",
        "causal": False, "layer_norm_epsilon": sizes["layer_norm_eps"], "max_trained_positions": 2048,
        "mlp_fc1_bias": False, "mlp_fc2_bias": False, "n_embd": sizes["hidden_size"],
        "n_head": sizes["num_attention_heads"], "n_inner": sizes["intermediate_size"],
        "n_layer": sizes["num_hidden_layers"], "n_positions": 8192, "prenorm": False, "qkv_proj_bias": False,
        "rotary_emb_base": 1000, "rotary_emb_fraction": 1.0, "rotary_emb_interleaved": False,
        "rotary_emb_scale_base": None, "rotary_scaling_factor": None, "type_vocab_size": 2,
        "use_rms_norm": False, "vocab_size": sizes["vocab_size"]}, indent=2) + "\n")


def publish(recipe, native, folder):
    """The files that are committed."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name in ("config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"):
        shutil.copyfile(native / name, folder / name)
    if recipe.config is T.NomicBertConfig:
        nomic_as_published(native, folder)
    if recipe.pooling == "rank":
        return
    kinds = [("", "base.modules.Transformer"), ("1_Pooling", "sentence_transformer.modules.Pooling"),
             ("2_Normalize", "sentence_transformer.modules.Normalize")]
    (folder / "modules.json").write_text(json.dumps(
        [{"idx": i, "name": str(i), "path": path, "type": "sentence_transformers." + kind}
         for i, (path, kind) in enumerate(kinds)], indent=2) + "\n")
    (folder / "1_Pooling").mkdir()
    keys = {"mean": "mean_tokens", "cls": "cls_token", "lasttoken": "lasttoken", "max": "max_tokens"}
    (folder / "1_Pooling" / "config.json").write_text(json.dumps(
        {"word_embedding_dimension": recipe.sizes["hidden_size"]}
        | {"pooling_mode_" + key: way == recipe.pooling for way, key in keys.items()}, indent=2) + "\n")


def write_gguf(recipe, folder, path):
    import conversion
    import gguf
    hparams = json.loads((folder / "config.json").read_text())  # transformers would read Nomic's as its own
    name = conversion.get_model_architecture(hparams, conversion.ModelType.TEXT)
    of_arch = conversion.get_model_class(name)
    without_vocabulary = type(of_arch.__name__, (of_arch,), {
        "model_arch": of_arch.model_arch, "set_vocab": lambda self: None})
    file_type = gguf.LlamaFileType[{F32: "ALL_F32", F16: "MOSTLY_F16", BF16: "MOSTLY_BF16"}[recipe.dtype]]
    with torch.inference_mode():
        without_vocabulary(folder, file_type, path, hparams=hparams, model_name=recipe.name).write()


def make_ranking(recipe, out):
    folder = out / recipe.name
    with tempfile.TemporaryDirectory() as at:
        store(recipe, Path(at))
        publish(recipe, Path(at), folder)
    tokenizer = T.AutoTokenizer.from_pretrained(folder)
    model = T.AutoModelForSequenceClassification.from_pretrained(
        folder, dtype=F32, attn_implementation="eager").eval()
    types = recipe.config is T.BertConfig  # as its own tokenizer class would
    pairs = [tokenizer([q], [d], return_tensors="pt", return_token_type_ids=types)
             for q in RANKED for d in [*RANKED, ""]]
    with torch.inference_mode():
        scores = numpy.array([model(**pair).logits.item() for pair in pairs])
    if recipe.has_gguf:
        write_gguf(recipe, folder, out / f"{recipe.name}.gguf")
    scores.astype("<f4").tofile(out / f"{recipe.name}.scores.f32")
    counts = [pair["input_ids"].shape[1] for pair in pairs]
    (out / f"{recipe.name}.counts.txt").write_text("\n".join(map(str, counts)) + "\n")
    print(f"{recipe.name}: {len(pairs)} pairs of {min(counts)} .. {max(counts)} tokens, scores "
          f"{scores.min():.3f} .. {scores.max():.3f}, deviation {scores.std():.3f}")


def make(recipe, out):
    folder = out / recipe.name
    with tempfile.TemporaryDirectory() as at:
        native = Path(at)
        store(recipe, native)
        publish(recipe, native, folder)
        from sentence_transformers import models as modules
        transformer = modules.Transformer(
            str(native), model_kwargs={"dtype": F32, "attn_implementation": "eager"})
        pooling = modules.Pooling(recipe.sizes["hidden_size"], pooling_mode=recipe.pooling)
        model = sentence_transformers.SentenceTransformer(modules=[transformer, pooling, modules.Normalize()])
        model.max_seq_length = 1024
        vectors = numpy.stack([model.encode([text])[0] for text in TEXTS])
        ids = [transformer.tokenizer(text)["input_ids"] for text in TEXTS]
    if recipe.has_gguf:
        write_gguf(recipe, folder, out / f"{recipe.name}.gguf")
    vectors.astype("<f4").tofile(out / f"{recipe.name}.embeddings.f32")
    (out / f"{recipe.name}.ids.txt").write_text("".join(" ".join(map(str, i)) + "\n" for i in ids))
    alike = (vectors @ vectors.T)[~numpy.eye(len(vectors), dtype=bool)]
    print(f"{recipe.name}: {vectors.shape}, tokens {[len(i) for i in ids]}, cosines of different texts "
          f"{alike.min():.3f} .. {alike.max():.3f}")


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
    (args.out / "encoders.texts.txt").write_text("".join(text + "\n" for text in TEXTS))
    for recipe in RECIPES:
        if not args.names or recipe.name in args.names:
            (make_ranking if recipe.pooling == "rank" else make)(recipe, args.out)


main()
