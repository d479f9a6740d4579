# Rounding by a text: outputs nearer to the original's than without, the same bytes everywhere, and what is
# refused.
. "$CASE_DIR/fixtures.inc"

for i in 1 2 3 4 5 6 7 8; do
    edgewise run -m "$MODEL" -p "Once upon a time" -n 300 --temp 1 --seed $i
    echo
done >text 2>/dev/null
edgewise run -m "$MODEL" -p "One day" -n 200 --temp 1 --seed 100 >other 2>/dev/null
edgewise logits -m "$MODEL" --out base <other

# distance FILE: the squared difference of its logits from the original's.
distance() {
    paste -d ' ' base.text "$1.text" | awk '{ d += ($1 - $2) * ($1 - $2) } END { print d }'
}

numbers() { od -An -v -tf4 -w4 "$1" >"$1.text"; }

numbers base
for type in q4s q4g32 q4g128; do
    edgewise quantize -m "$MODEL" --type $type -o round --force >/dev/null
    edgewise quantize -m "$MODEL" --type $type --calibrate text -o weighed --force >/dev/null
    edgewise inspect weighed --verify >/dev/null || echo "$type: damaged"
    for m in round weighed; do edgewise logits -m $m --out logits.$m <other && numbers logits.$m; done
    echo "$(distance logits.weighed) $(distance logits.round)" >distances
    awk '{ exit !($1 < 0.95 * $2) }' distances || echo "$type: $(cat distances)"
done

# The same bytes whatever the threads and the instruction set.
weighed() { edgewise quantize -m "$MODEL" --calibrate text --calibrate-tokens 1100 "$@"; }
weighed -t 1 -o one >/dev/null
EDGEWISE_CPU=scalar weighed -t 2 -o two >/dev/null
diff -r one two || echo "packages differ"

code 2 weighed --type q8c -o no 2>message
cat message
code 2 weighed --type q4_0 -o no.gguf 2>message
cat message
code 2 weighed --imatrix text -o no 2>message
head -n 1 message
code 2 edgewise quantize -m "$MODEL" --calibrate-tokens 5 -o no 2>message
head -n 1 message
ls -d no no.gguf 2>/dev/null
exit 0
