# Two layers of the shape of Llama 3.2 1B (2048 wide, 8192 in the feed-forward part, 32 and 8 heads of 64):
# the same bits at every level, with --exact where tiles attend. 20 tokens, as matrix tiles begin at 17 rows;
# the slow scalar level has the first two of them: a row's logits do not depend on what comes after it.
tools=$(dirname "$(command -v edgewise)")/tests
tokens="1 403 1407 261 1378 432 436 300 265 1417 414 293 2000 7 99 1024 512 640 3 800"
row=$((2048 * 4))

shape() {
    "$tools/make-tiny-model" "$1.gguf" width=2048 ffn=8192 heads=32 kv-heads=8 head-dim=64 layers=2 \
        vocab=2048 tied dtype="$2" ${3:+"$3"} || exit 1
}

# logits PROGRAM MODEL OUT [OPTIONS]
logits() {
    program=$1 model=$2 out=$3
    shift 3
    "$program" logits -m "$model" -ctk f32 -ctv f32 --out "$out" --tokens "$tokens" "$@" </dev/null
}

# same_bits MODEL
same_bits() {
    EDGEWISE_CPU=avx2 logits edgewise "$1" avx2.f32 || echo "$1 fails at avx2"
    [ "$(wc -c <avx2.f32)" -eq $((20 * row)) ] || echo "$1: not 20 rows of logits"
    (tokens="1 403" && EDGEWISE_CPU=scalar logits edgewise "$1" scalar.f32) || echo "$1 fails at scalar"
    cmp -n $((2 * row)) avx2.f32 scalar.f32 || echo "$1: other bits at scalar"
    logits edgewise "$1" other.f32 --exact || echo "$1 fails with --exact"
    cmp avx2.f32 other.f32 || echo "$1: other bits with --exact"
    for level in avx512 vnni; do
        EDGEWISE_CPU=$level logits edgewise "$1" other.f32 || echo "$1 fails at $level"
        cmp avx2.f32 other.f32 || echo "$1: other bits at $level"
    done
}

# at_amx MODEL, after same_bits: emulated by millions of traps, so not for a second type with a scale per 32.
at_amx() {
    [ -x "$tools/edgewise-amx" ] || return 0
    logits "$tools/edgewise-amx" "$1" other.f32 --exact 2>amx.err
    code=$?
    [ $code -eq 77 ] && return 0 # not to be had, by emulation either
    [ $code -eq 0 ] || echo "$1 fails at amx: $(cat amx.err)"
    cmp avx2.f32 other.f32 || echo "$1: other bits at amx"
}

shape q4_0 q4_0
same_bits q4_0.gguf
at_amx q4_0.gguf
shape q4_k_m q4_k mixed
same_bits q4_k_m.gguf
at_amx q4_k_m.gguf
shape q8_0 q8_0
same_bits q8_0.gguf
for type in q4s q8c; do
    edgewise quantize -m q8_0.gguf --type $type -o $type >/dev/null || echo "no package of $type"
    same_bits $type
    at_amx $type
    rm -r $type
done
