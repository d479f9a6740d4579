# Texts become vectors: of a prompt or of each line, as JSON or as an order; what does not fit is named.
data=$CASE_DIR/../golden/data
printf 'The cat sat on the mat.\nthe cat sat on a mat\nstock prices fell\n' >lines
edgewise embed -m "$data/nomic" <lines |
    awk '{ s = 0; for (i = 1; i <= NF; i++) s += $i * $i; printf "%d %.6f\n", NF, s }'
edgewise embed -m "$data/nomic" --rank <lines
edgewise embed -m "$data/minilm" -p "a" --keep-length --json |
    python3 -c 'import json, sys; e = json.load(sys.stdin)["embeddings"][0]; print(e["tokens"],
        len(e["embedding"]))'
# Ways to pool differ; the model's own is one of them.
for way in model mean cls last; do
    edgewise embed -m "$data/bge" -p "The cat" --pooling $way | md5sum
done | sort | uniq -c | awk '{ print $1 }' | sort
# Decoders embed too, and their steps may be short.
edgewise embed -m "$data/qwen3-embedding" -b 3 -p "The cat sat on the mat." >few
edgewise embed -m "$data/qwen3-embedding" --exact -p "The cat sat on the mat." >many
awk '{ print NF }' few
edgewise quantize -m "$data/minilm" --type q8c -o package >/dev/null 2>&1
edgewise embed -m package --rank <lines

long=$(seq 1 900 | tr '\n' ' ')
edgewise embed -m "$data/minilm" -p "$long" 2>err
echo "$?: $(cat err)"
edgewise embed -m "$data/minilm" -p "$long" --truncate --json | grep -o '"tokens":[0-9]*'
edgewise run -m "$data/minilm" -p hi 2>err
echo "$?: $(cat err)"
edgewise embed -m "$data/minilm" </dev/null 2>err
echo "$?: $(head -n 1 err)"

# Cross-encoders score texts as answers to the first (tests/golden/data/bert-rank.scores.f32).
printf 'a\nThe cat sat on the mat.\na\n' >pair
edgewise embed -m "$data/bert-rank" --exact --rank -ctk f32 -ctv f32 <pair
edgewise embed -m "$data/bert-rank" --rank --json <pair | sed 's/\(score":-*[0-9]*\.[0-9]\)[0-9]*/\1/g'
edgewise embed -m "$data/nomic" --rank --json <pair | grep -o '"index":[0-9]'
refused() {
    "$@" 2>err >/dev/null
    echo "$?: $(sed "s|$PWD|.|" err)"
}
refused edgewise embed -m "$data/bert-rank" <pair
refused edgewise embed -m "$data/bert-rank" --rank --pooling cls <pair
refused edgewise embed -m "$data/bert-rank" --rank -p "$(seq 1 100)" -p "$(seq 1 160)"
refused edgewise embed -m "$data/bert-rank" --rank -p a -p "$long"
refused edgewise quantize -m "$data/bert-rank" --type q8c --method gptq --calibrate lines -o package2
# Heads that are not of one label and of the model's width; another way to pool.
spoil() {
    rm -rf spoiled
    cp -r "$data/$1" spoiled
    LC_ALL=C sed -i "s/$3/$4/" "spoiled/$2"
    cmp -s "$data/$1/$2" "spoiled/$2" && echo "$4: nothing was changed"
    refused edgewise embed -m spoiled --rank <pair
}
spoil bert-rank model.safetensors '\("classifier.weight":{"dtype":"F32","shape":\)\[1,32\]' '\1[32,1]'
spoil bert-rank model.safetensors '\(pooler.dense.weight":{"dtype":"F32","shape":\)\[32,32\]' '\1[16,64]'
spoil bert-rank model.safetensors '"classifier.bias"' '"classifier.bia_"'
spoil bert-rank tokenizer.json '"id": "B",' '"id": "A",'
spoil modernbert-rank config.json '"classifier_pooling": "cls"' '"classifier_pooling": "mean"'
spoil modernbert-rank config.json '"classifier_activation": "gelu"' '"classifier_activation": "silu"'

# GGUF: a head without its pooler, which converters leave out of BERT's, and half a head.
for name in 'cls\.weight' 'cls\.output\.weight' 'cls\.output\.bias'; do
    other=$(echo "$name" | tr -d '\\' | sed s/cls/clx/)
    LC_ALL=C sed "s/$name/$other/" "$data/xlm-roberta-rank.gguf" >spoiled.gguf
    refused edgewise embed -m spoiled.gguf --rank <pair
done
refused edgewise embed -m "$data/xlm-roberta-rank.gguf" --rank <pair

# What has no head for text has no perplexity.
echo 'some text' >text
refused edgewise eval -m "$data/bge" --text text
