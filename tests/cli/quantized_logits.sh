# Logits of packages are those of an independent forward pass over what they hold
# (tests/golden/make_quantized.py), and the same bits at every level.
. "$CASE_DIR/fixtures.inc"
data=$CASE_DIR/../golden/data
numbers() {
    od -A n -v -t f4 -w4 "$1"
}
for type in q8c q4c q4s q8g q4g32 q4g128; do
    edgewise quantize -m "$MODEL" --type $type -o $type >/dev/null
    for level in scalar avx2 avx512 vnni; do
        EDGEWISE_CPU=$level edgewise logits -m $type -ctk f32 -ctv f32 --out $level.f32 \
            --tokens "1 403 407 261 378 432 436 300 265 417 414 293" || echo "$type fails at $level"
        cmp scalar.f32 $level.f32 || echo "$type: other bits at $level"
    done
    numbers scalar.f32 >a
    numbers "$data/stories260K.$type.logits.f32" >b
    paste a b | awk -v type=$type '
        { d = $1 - $2; if (d < 0) d = -d; if (d > most) most = d }
        END { if (NR != 12 * 512 || most > 1e-4) print type ": largest difference", most, "of", NR }'
done
