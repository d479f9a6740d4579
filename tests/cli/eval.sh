# eval and validate: figures, refusals by name, the gate's exit codes. The figures' values: tests/golden.
. "$CASE_DIR/fixtures.inc"
need eval/tinyshakespeare.txt
head -c 3000 "$EDGEWISE_FIXTURES/eval/tinyshakespeare.txt" >text
edgewise quantize -m "$MODEL" --type q8c -o q8c >/dev/null
edgewise quantize -m "$MODEL" --type q4c -o q4c >/dev/null

# number KEY FILE: a number of a JSON object on one line.
number() {
    sed -n "s/.*\"$1\":\([^,}]*\)[,}].*/\1/p" "$2"
}

# From stdin or a file, in the open or as JSON.
edgewise eval -m q8c --against "$MODEL" -c 128 --json <text >json || echo "eval: $?"
edgewise eval -m q8c --against "$MODEL" -c 128 --json --text text -b 17 -t 1 | sed 's/"threads".*//' >again
sed 's/"threads".*//' json | cmp - again || echo "another text, or other bits"
tr ',' '\n' <json | sed -n 's/[{"]*\([a-z_0-9]*\)":.*/\1/p' | tr '\n' ' '
echo
awk -v ppl="$(number ppl json)" -v base="$(number ppl_base json)" -v kld="$(number kld_mean json)" \
    'BEGIN { if (!(ppl > 1 && base > 1 && kld > 0 && kld < 0.01)) print "ppl", ppl, base, "kld", kld }'
edgewise eval -m q8c --against "$MODEL" -c 128 --text text |
    sed -n '1p; s/^\([a-z][a-z0-9.% ]*[a-z%]\)  .*/\1/p'
edgewise eval -m "$MODEL" --text text -c 64 --stride 32 | head -n 1
edgewise eval -m q4c --against q4c --json <text >json
same "a model against itself" "$(number kld_max json)" 0

# A model is its own base, but for the state: one of 4 bits costs more than one of 8.
for type in q8 q4r; do
    edgewise eval -m "$MODEL" -ctk $type -ctv $type --against "$MODEL" --base-cache-type-k f32 \
        --base-cache-type-v f32 -c 128 --json --text text >$type.json
done
edgewise eval -m "$MODEL" -ctk q4r -ctv q4r --against "$MODEL" -c 128 --json --text text >json
same "a model and its base with the same state" "$(number kld_max json)" 0
awk -v q8="$(number kld_mean q8.json)" -v q4r="$(number kld_mean q4r.json)" \
    'BEGIN { if (!(q8 > 0 && q8 < 0.02 && q8 < q4r && q4r < 2)) print "states", q8, q4r }'

# The picture is whole, or there is none.
edgewise eval -m q8c --against "$MODEL" --text text --svg kld.svg >/dev/null
head -c 4 kld.svg
tail -n 1 kld.svg
edgewise eval -m q8c --against "$MODEL" --text text --layers-svg layers.svg >/dev/null
grep -c '<rect.*fill="#2a6fb0"' layers.svg
tail -n 1 layers.svg
code 1 edgewise eval -m q8c --against "$MODEL" --text text --layers-svg no/such/l.svg >/dev/null 2>&1
code 1 edgewise eval -m q8c --against "$MODEL" --text text --svg no/such/kld.svg >/dev/null 2>&1

# What a text must be.
refused() {
    edgewise eval -m "$MODEL" "$@" >out 2>message
    echo "$? $(cat out)$(sed 's/^edgewise: //' message)"
}
refused --text /dev/null
printf '\377' >bytes
refused --text bytes
echo "Once upon a time" >short
refused --text short
refused --text none
refused --text text --stride 512
refused --text text --against "$CASE_DIR/../golden/data/llama-gqa.gguf" | sed 's/golden.*//'
tools=$(dirname "$(command -v edgewise)")/tests
"$tools/make-tiny-model" other.gguf vocab=512
refused --text text --against other.gguf

# Answers: stories260K goes on with a story, and is scored by how.
cat >tasks.jsonl <<'END'
{"prompt": "Once upon a time", "answer": "there was a little girl named Lily."}
{"prompt": "Tom and", "answers": ["his", "Tom and his friends"]}
END
edgewise eval -m "$MODEL" --tasks tasks.jsonl -n 12 --json >json
edgewise run "$MODEL" -p "Once upon a time" -n 12 --temp 0
tr ',{' '\n\n' <json | grep -oE '"(n|exact|f1|bleu|rouge.)":(0|1|2|[0-9.]*)'
edgewise eval -m "$MODEL" --tasks tasks.jsonl -n 12 --text text |
    grep -cE '^(perplexity|exact|f1|bleu|rouge[12L]) '
echo '{"prompt": 7}' >bad.jsonl
refused --tasks bad.jsonl
refused --tasks none.jsonl

# The gate.
code 0 edgewise validate q8c --against "$MODEL" --max-kld 0.01 --max-ppl-increase 2 --text text -c 128 \
    --report report.json | tail -n 3 | sed 's/[0-9.e-]*, at/N, at/'
grep -o '"passed":[a-z]*' report.json
code 4 edgewise validate q4c --against "$MODEL" --max-kld 0.01 --max-ppl-increase -1 --text text -c 128 \
    --report report.json 2>message | grep FAIL | sed 's/[0-9.e-]*, at/N, at/'
sed "s|$EDGEWISE_FIXTURES|F|" message
grep -o '"passed":[a-z]*' report.json
code 4 edgewise validate q8c --against "$MODEL" --max-kld 1 --tasks tasks.jsonl --min-score 0.99 \
    --score rougeL -n 12 --json --text text 2>/dev/null >json
grep -o '"what":"[a-z_]*"' json
code 0 edgewise validate q8c --against "$MODEL" --max-kld 1 --tasks tasks.jsonl --min-score 0 -n 12 \
    --text text >/dev/null
code 3 edgewise validate q8c --against "$MODEL" --max-kld 1 --text short >/dev/null 2>&1
code 1 edgewise validate q8c --against "$MODEL" --max-kld 1 --text text --report no/such/r >/dev/null 2>&1
code 2 edgewise validate q8c --against "$MODEL" 2>/dev/null
code 2 edgewise validate q8c --max-kld 1 2>/dev/null
