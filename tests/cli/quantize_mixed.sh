# Types chosen by measurement: better than one type in as many bytes, limits kept, the same bytes everywhere,
# what is refused. The figures' values: tests/golden.
. "$CASE_DIR/fixtures.inc"

for i in 1 2 3 4 5 6 7 8; do
    edgewise run -m "$MODEL" -p "Once upon a time" -n 300 --temp 1 --seed $i
    echo
done >text 2>/dev/null
for i in 101 102 103 104; do
    edgewise run -m "$MODEL" -p "One day" -n 300 --temp 1 --seed $i
done >other 2>/dev/null

# number KEY FILE: a number of a JSON object on one line.
number() { sed -n "s/.*\"$1\":\([^,}]*\)[,}].*/\1/p" "$2"; }
kld() { edgewise eval -m "$1" --against "$MODEL" --text other --json >json && number kld_mean json; }
mixed() { edgewise quantize -m "$MODEL" --calibrate text --calibrate-tokens 2048 "$@"; }

edgewise quantize -m "$MODEL" --type q4s -o single >/dev/null
size=$(edgewise inspect single --json >json && number tensor_bytes json)
mixed --target-size "$size" -o sized --json >said || echo "size: $?"
edgewise inspect sized --verify | sed -n '/^format/p; /^runs/p'
edgewise inspect sized --json >json
awk -v most="$size" -v got="$(number tensor_bytes json)" -v said="$(number size_bytes said)" \
    'BEGIN { if (got > most || got < 0.97 * most) print "size", got, "of", most }'
awk -v one="$(kld single)" -v mix="$(kld sized)" \
    'BEGIN { if (!(mix < 0.8 * one)) print "mix", mix, "single", one }'

# The same bytes whatever the threads.
mixed -t 2 --target-size "$size" -o again >/dev/null
diff -r sized again || echo "packages differ"

# Scales of inputs are found for the result as for one type.
mixed --target-size "$size" --activation-ranges mse -o ranged >/dev/null
edgewise inspect ranged --verify | sed -n '/^format/p'
edgewise inspect ranged --json | tr ',' '\n' | grep -c '"input_scale":'

mixed --method gptq --max-kld 0.02 -o near >out
tail -n 1 out | sed 's/^.*; \(mean divergence from the original\) .* nats/\1 X nats/'
awk -v kld="$(kld near)" 'BEGIN { if (!(kld < 0.03)) print "near", kld }'

# What cannot be had, and what is no limit.
code 3 mixed --target-size 1000 -o no 2>message
cat message
code 3 mixed --max-kld 1e-12 -o no 2>message
sed 's/has .*/has X/' message
code 1 mixed --target-size 5bpw -o sized 2>message
cat message
code 2 mixed --max-kld 0 -o no 2>message
cat message
for size in 3parsec -1 nan 1e99 bpw; do
    code 2 mixed --target-size $size -o no 2>message
    head -n 1 message
done
code 2 mixed --target-size 5bpw --max-kld 1 -o no 2>message
head -n 1 message
code 2 mixed --target-size 5bpw --type q4s -o no 2>message
head -n 1 message
code 2 edgewise quantize -m "$MODEL" --max-kld 1 -o no 2>message
head -n 1 message
for one in "-o no.gguf" "-o no --method awq" "-o no --smooth 0.5" "-o no --imatrix text"; do
    code 2 mixed --target-size 5bpw $one 2>message
    head -n 1 message
done
head -c 2000 text >short
code 3 edgewise quantize -m "$MODEL" --max-kld 1 --calibrate short -o no 2>message
sed 's/has [0-9]* tokens/has N tokens/' message
ls -Ad no .*types* 2>/dev/null
exit 0
