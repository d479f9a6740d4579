# GPTQ: outputs nearer to the original's than by rounding, the same bytes everywhere, what is refused.
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
for type in q8c q4c q4s q8g q4g32 q4g128; do
    edgewise quantize -m "$MODEL" --type $type -o round --force >/dev/null
    edgewise quantize -m "$MODEL" --type $type --method gptq --calibrate text -o gptq --force >/dev/null
    edgewise inspect gptq --verify >/dev/null || echo "$type: damaged"
    for m in round gptq; do edgewise logits -m $m --out logits.$m <other && numbers logits.$m; done
    echo "$(distance logits.gptq) $(distance logits.round)" >distances
    # 8 bits leave little to gain: their inputs are rounded as finely as they are; those of q8g, which are not
    # rotated, lose more by it than its weights do.
    case $type in q8c) most=1 ;; q8g) most=1.1 ;; *) most=0.9 ;; esac
    awk -v most=$most '{ exit !($1 < most * $2) }' distances || echo "$type: $(cat distances)"
done

# The same bytes whatever the threads and the instruction set.
calibrated() { edgewise quantize -m "$MODEL" --method gptq --calibrate text --calibrate-tokens 1100 "$@"; }
calibrated -t 1 -o one >/dev/null
EDGEWISE_CPU=scalar calibrated -t 2 -o two >/dev/null
diff -r one two || echo "packages differ"

: >empty
echo "Once upon a time" >short
printf 'Once \377' >bytes
for t in empty short bytes; do
    code 2 edgewise quantize -m "$MODEL" --method gptq --calibrate $t -o no 2>message
    cat message
done
code 1 edgewise quantize -m "$MODEL" --method gptq --calibrate absent -o no 2>message
cat message
code 2 edgewise quantize -m "$MODEL" --method gptq -o no 2>message
head -n 1 message
code 2 edgewise quantize -m "$MODEL" --special -o no 2>message
head -n 1 message
ls -d no 2>/dev/null
exit 0
