# The same seed gives the same answer, another seed another one, and the flags reach the sampler.
. "$CASE_DIR/fixtures.inc"
run() {
    edgewise run "$MODEL" -p 'Once upon a time' -n 60 --ids "$@"
}
greedy=$(run --temp 0)
same "one seed" "$(run --temp 1.5 --seed 7)" "$(run --temp 1.5 --seed 7)"
[ "$(run --temp 1.5 --seed 7)" = "$(run --temp 1.5 --seed 8)" ] && echo "two seeds, one answer"
[ "$(run --temp 1.5)" = "$(run --temp 1.5)" ] && echo "no seed: the same answer twice"
same "--top-k 1 is greedy" "$(run --temp 1.5 --seed 7 --top-k 1)" "$greedy"
same "--min-p 1 is greedy" "$(run --temp 1.5 --seed 7 --min-p 1)" "$greedy"
[ "$(run --temp 0 --repeat-penalty 1.5)" = "$greedy" ] && echo "--repeat-penalty has no effect"
[ "$(run --temp 0 --frequency-penalty 2)" = "$greedy" ] && echo "--frequency-penalty has no effect"
[ "$(run --temp 0 --presence-penalty 2)" = "$greedy" ] && echo "--presence-penalty has no effect"
# What --verbose says of a random seed brings the same answer back.
run --temp 1.5 --verbose >first 2>err
seed=$(sed -n 's/^edgewise: seed \([0-9]*\),.*/\1/p' err)
same "the seed of --verbose" "$(run --temp 1.5 --seed "$seed")" "$(cat first)"

# What a model's generation_config.json recommends holds where no flag says otherwise.
mkdir advised && cp "$CASE_DIR/../golden/data/mistral-f32/"* advised
awk 'BEGIN {
    printf "{\"added_tokens\":[],\"pre_tokenizer\":{\"type\":\"ByteLevel\",\"add_prefix_space\":false},"
    printf "\"decoder\":{\"type\":\"ByteLevel\"},"
    printf "\"model\":{\"type\":\"BPE\",\"merges\":[\"h e\"],\"vocab\":{\"he\":79"
    for (i = 0; i < 79; i++) printf ",\"%c\":%d", i < 57 ? i + 35 : i + 36, i
    print "}}}"
}' >advised/tokenizer.json
advised() { edgewise run advised --raw -p hello -n 40 --ids "$@"; }
[ "$(advised)" = "$(advised)" ] && echo "without advice: the same answer twice"
echo '{"do_sample":false}' >advised/generation_config.json
same "do_sample false is greedy" "$(advised)" "$(advised --temp 0)"
[ "$(advised --temp 1.5)" = "$(advised --temp 1.5)" ] && echo "the advice wins over a flag"
exit 0
