#!/usr/bin/env python3
"""Makes the LoRA adapters of tests/golden/data for llama-gqa, and what Hugging Face PEFT computes with them.

Run by hand, after make_models.py. In a virtual environment outside the repository:

    pip install torch transformers peft safetensors gguf numpy
    python tests/golden/make_adapters.py tests/golden/data LLAMA_CPP

LLAMA_CPP is a checkout of llama.cpp: its convert_lora_to_gguf.py writes the GGUF form.

    llama-gqa.lora-NAME/          as PEFT saves it
    llama-gqa.lora-NAME.gguf      the same for llama-gqa.gguf
    llama-gqa.lora.*              logits and ids as make_models.py writes them, of both: attention + all / 2
"""

import subprocess
import sys
from pathlib import Path

import numpy
import peft
import torch
import transformers

ADAPTERS = {
    "attention": dict(r=4, lora_alpha=8, target_modules=["q_proj", "v_proj"]),
    "all": dict(r=3, lora_alpha=6, target_modules="all-linear", rank_pattern={"down_proj": 5}),
}
HALF = "all"  # is used at half its scale
N_GREEDY, N_SHORT, LEAST_LEAD = 64, 40, 2e-3  # as in make_models.py


def randomize(model, seed):
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in model.named_parameters():
        if "lora_" in name:
            spread = 0.5 * parameter.shape[1] ** -0.5
            parameter.data = spread * torch.randn(parameter.shape, generator=generator)


def logits_of(model, ids):
    with torch.no_grad():
        return model(input_ids=torch.tensor([ids]), use_cache=False).logits[0].numpy()


def greedy(model, prompt):
    ids, lead = list(prompt), numpy.inf
    for _ in range(N_GREEDY):
        last = numpy.sort(logits_of(model, ids)[-1])
        lead = min(lead, last[-1] - last[-2])
        ids.append(int(logits_of(model, ids)[-1].argmax()))
    if lead < LEAST_LEAD:
        raise SystemExit(f"a greedy choice leads by {lead} only: take another seed")
    return ids[len(prompt) :]


def main():
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    data, llama_cpp = Path(sys.argv[1]), Path(sys.argv[2])
    torch.set_num_threads(1)
    base = data / "llama-gqa"
    model = transformers.AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32).eval()
    for name, sizes in ADAPTERS.items():
        config = peft.LoraConfig(task_type="CAUSAL_LM", lora_dropout=0.0, **sizes)
        if not isinstance(model, peft.PeftModel):
            model = peft.get_peft_model(model, config, adapter_name=name)
        else:
            model.add_adapter(name, config)
    randomize(model, 77)
    model.base_model.set_adapter(list(ADAPTERS))
    for module in model.modules():
        if hasattr(module, "set_scale") and HALF in getattr(module, "scaling", {}):
            module.set_scale(HALF, 0.5)
    prompt = [int(x) for x in (data / "llama-gqa.ids.txt").read_text().split("\n")[0].split()]
    logits = logits_of(model, prompt)
    lines = [prompt, greedy(model, prompt), greedy(model, prompt[:N_SHORT])]
    (data / "llama-gqa.lora.ids.txt").write_text("".join(" ".join(map(str, ids)) + "\n" for ids in lines))
    logits.astype("<f4").tofile(data / "llama-gqa.lora.logits.f32")
    plain = numpy.fromfile(data / "llama-gqa.logits.f32", "<f4").reshape(logits.shape)
    print(f"adapters move the logits by up to {numpy.abs(logits - plain).max():.2f}")
    for name in ADAPTERS:
        folder = data / f"llama-gqa.lora-{name}"
        model.save_pretrained(data / "saved", selected_adapters=[name])
        (data / "saved" / name).replace(folder)
        (data / "saved" / "README.md").unlink()
        (data / "saved").rmdir()
        converter = [llama_cpp / "convert_lora_to_gguf.py", "--base", base, "--outtype", "f32"]
        out = ["--outfile", data / f"llama-gqa.lora-{name}.gguf"]
        subprocess.run([sys.executable, *converter, *out, folder], check=True)


main()
