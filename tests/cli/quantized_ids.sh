# With --exact, 200 tokens of quantized weights are the same whatever the threads, the rows of a step and the
# level, picked greedily or with a seed; beside other sessions the logits that they are picked from have the
# same bits.
. "$CASE_DIR/fixtures.inc"
tools=$(dirname "$(command -v edgewise)")/tests

# ids PROGRAM MODEL OPTIONS...: greedily and drawn, one line each.
ids() {
    program=$1 model=$2
    shift 2
    "$program" run -m "$model" -p "$PROMPT" -n 200 --ids --ignore-eos --exact --temp 0 "$@" || return
    "$program" run -m "$model" -p "$PROMPT" -n 200 --ids --ignore-eos --exact --temp 0.8 --seed 7 "$@"
}

logits() {
    edgewise logits -m "$1" --exact --tokens "1 $(tail -n 1 wanted)" --out "$2" ${3:+--beside "$3"} </dev/null
}

same_ids() {
    ids edgewise "$1" -t 1 >wanted || echo "$1 does not run"
    [ "$(head -n 1 wanted)" != "$(tail -n 1 wanted)" ] || echo "$1: drawn as picked"
    [ "$(tail -n 1 wanted | wc -w)" -ge "$2" ] || echo "$1: only $(wc -w <wanted) tokens"
    for options in '-t 2' '-t 1 -b 1' '-t 2 -b 7' '-t 2 -b 512'; do
        # shellcheck disable=SC2086
        ids edgewise "$1" $options | cmp wanted - || echo "$1: other ids with $options"
    done
    for level in scalar avx2 avx512 vnni; do
        EDGEWISE_CPU=$level ids edgewise "$1" | cmp wanted - || echo "$1: other ids at $level"
    done
    logits "$1" alone && logits "$1" beside 3 && cmp alone beside || echo "$1: other logits beside others"
    [ -x "$tools/edgewise-amx" ] || return 0
    ids "$tools/edgewise-amx" "$1" >got 2>amx.err || grep -q SKIPPED amx.err || echo "$1 fails at amx"
    grep -q SKIPPED amx.err || cmp wanted got || echo "$1: other ids at amx"
}

PROMPT='Once upon a time, there was a little girl named Lily who loved to play with her toys in the park'
for type in q8c q4s q4g32; do
    edgewise quantize -m "$MODEL" --type $type -o $type >/dev/null
    same_ids $type 200
done
# What that model's rows of 172 have no blocks for: random weights of GGUF's types.
for type in q4_0 q4_k; do
    "$tools/make-tiny-model" $type.gguf width=256 ffn=512 heads=4 head-dim=64 dtype=$type || exit 1
    same_ids $type.gguf 200
done
