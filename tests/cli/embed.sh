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
