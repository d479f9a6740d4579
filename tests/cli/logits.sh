# Logits are those of llama2.c, and the same bits whatever the rows of a step, the threads and the company.
. "$CASE_DIR/fixtures.inc"
tokens="1 $(golden 0 ids | cut -d ' ' -f -95)"
logits() {
    edgewise logits -m "$MODEL" --tokens "$tokens" --exact -ctk f32 -ctv f32 --out "$@" </dev/null || exit 1
}
logits all.f32
same "size" "$(wc -c <all.f32 | tr -d ' ')" $((96 * 512 * 4))

# One number a line; both files have 96 rows of 512.
numbers() {
    od -A n -v -t f4 -w4 "$1"
}
numbers all.f32 >a
numbers "$GOLDEN/stories260K.0.logits.f32" >b
paste a b | awk '{ d = $1 - $2; if (d < 0) d = -d; if (d > most) most = d }
                 END { if (NR != 96 * 512 || most > 2e-4) print "largest difference", most, "of", NR }'

for options in '-b 1' '-b 7' '-t 1' '-t 2 -b 5' '--beside 3' '--beside 5 -b 6' '--beside 1 -t 1'; do
    # shellcheck disable=SC2086
    logits other.f32 $options
    cmp all.f32 other.f32 || echo "other bits with $options"
done
for level in scalar avx2 avx512; do
    EDGEWISE_CPU=$level logits other.f32
    cmp all.f32 other.f32 || echo "other bits with EDGEWISE_CPU=$level"
done

# A text gets the BOS that the model asks for.
tokens=$(golden 0 'prompt ids')
logits a
printf 'Once upon a time' | edgewise logits -m "$MODEL" -ctk f32 -ctv f32 --out b || exit 1
cmp a b
