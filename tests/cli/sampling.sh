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
