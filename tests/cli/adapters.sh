# LoRA adapters on the command line give what Hugging Face PEFT gives (tests/golden/make_adapters.py).
data=$CASE_DIR/../golden/data
tokens=$(head -n 1 "$data/llama-gqa.lora.ids.txt")
logits() {
    edgewise logits --tokens "$tokens" --exact -ctk f32 -ctv f32 "$@" </dev/null || exit 1
}
numbers() {
    od -A n -v -t f4 -w4 "$1"
}
# Reads two files of numbers.
differ() {
    numbers "$1" >a
    numbers "$2" >b
    paste a b | awk '{ d = $1 - $2; if (d < 0) d = -d; if (d > most) most = d }
                     END { print (NR == 11200 && most <= 1e-4 ? "same" : "other") }'
}
for form in "" .gguf; do
    attention=$data/llama-gqa.lora-attention$form all=$data/llama-gqa.lora-all$form
    logits -m "$data/llama-gqa$form" --lora "$attention" --lora "$all:0.5" --out with.f32
    differ with.f32 "$data/llama-gqa.lora.logits.f32"
    logits -m "$data/llama-gqa$form" --lora "$attention:0" --out without.f32
    differ without.f32 "$data/llama-gqa.logits.f32"
    differ with.f32 without.f32
done
# A path may end as a scale does.
cp "$data/llama-gqa.lora-all.gguf" all:2
logits -m "$data/llama-gqa.gguf" --lora all:2 --out one.f32
logits -m "$data/llama-gqa.gguf" --lora all:2:2 --out two.f32
differ one.f32 two.f32

for path in absent.gguf "$data/llama-gqa.lora-all.gguf:much" "$data/llama-gqa.lora-all:1"; do
    edgewise logits -m "$data/llama-gqa.gguf" --lora "$path" --tokens "1 2" --out x.f32 2>said
    echo "exit $?: $(sed "s|$data|DATA|g" said | head -n 1)"
done
