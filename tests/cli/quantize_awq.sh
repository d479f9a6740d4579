# AWQ and SmoothQuant: the same bytes everywhere, what the report says, what is refused.
# What they gain: tests/golden/test_calibrated.c.
. "$CASE_DIR/fixtures.inc"

for i in 1 2 3 4; do
    edgewise run -m "$MODEL" -p "Once upon a time" -n 300 --temp 1 --seed $i
    echo
done >text 2>/dev/null

awq() { edgewise quantize -m "$MODEL" --method awq --calibrate text --calibrate-tokens 1100 "$@"; }
awq -t 1 -o one | tail -n 1
EDGEWISE_CPU=scalar awq -t 2 -o two >/dev/null
diff -r one two || echo "packages differ"
edgewise inspect one --verify | head -n 1
awq --type q8c -o json --json | tr ',{}' '\n\n\n' | grep inputs

smooth() { edgewise quantize -m "$MODEL" --smooth 0.5 --calibrate text --calibrate-tokens 1100 "$@"; }
smooth -t 1 -o three | tail -n 1
EDGEWISE_CPU=scalar smooth -t 2 -o four >/dev/null
diff -r three four || echo "packages differ"
smooth --method gptq -o five | tail -n 1
cmp -s three/index.json five/index.json && echo "gptq made what rounding makes"
edgewise quantize -m "$MODEL" -o plain | grep -c channels

# Scales for machines that know them beforehand: found, shown, measured; the weights are as without.
edgewise quantize -m "$MODEL" --type q8c -o q8c >/dev/null
edgewise quantize -m "$MODEL" --type q8c --activation-ranges mse --calibrate text -o ranged >/dev/null
edgewise inspect ranged --verify | head -n 1
edgewise inspect ranged --tensors | grep -oE '^(tensor  .*input scale|output_norm.weight .*-$)' | tr -s ' '
edgewise inspect ranged --json | tr ',' '\n' | grep -c '"input_scale":0[.]'
for m in q8c ranged; do head -c 800 text | edgewise logits -m $m --out $m.logits; done
cmp q8c.logits ranged.logits
edgewise eval -m ranged --against "$MODEL" --text text -c 256 --json >dynamic
edgewise eval -m ranged --against "$MODEL" --text text -c 256 --json --static-activations >static
for f in dynamic static; do sed 's/.*"kld_mean":\([^,]*\),.*/\1/' $f; done >klds
[ "$(sort -g klds | tr '\n' ' ')" = "$(tr '\n' ' ' <klds)" ] || cat klds
code 3 edgewise eval -m q8c --text text --static-activations 2>message
grep -o 'says no ranges of activations' message

# An adapter of the original does not fit.
mkdir adapter
code 3 edgewise run -m one --lora adapter -p x 2>message
grep -o 'were scaled when it was quantized' message

refused() {
    code 2 edgewise quantize -m "$MODEL" -o no "$@" 2>message
    head -n 1 message
}
refused --method awq
refused --smooth 0.5
refused --smooth 0.5 --method awq --calibrate text
refused --activation-ranges mse
refused --smooth 0 --calibrate text
refused --smooth 1.5 --calibrate text
ls -d no 2>/dev/null
exit 0
