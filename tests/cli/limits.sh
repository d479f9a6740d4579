# Where an answer ends, and what is said about it.
. "$CASE_DIR/fixtures.inc"
run() {
    edgewise run "$MODEL" -p 'Once upon a time' --temp 0 "$@" 2>err
}

same "-n 0 makes nothing" "$(run -n 0)" ""
same "-n" "$(run -n 9)" ", there was a little girl named"
same "--stop" "$(run -n 50 --stop ' She' --stop xyz)" ", there was a little girl named Lily."
same "--stop inside a token" "$(run -n 50 --stop 'tle g')" ", there was a lit"

# 16 positions: BOS, 4 of the prompt, 11 new ones.
text=", there was a little girl named Lily."
same "a full context" "$(run -c 16)" "$text"
code 0 run -c 16 >/dev/null
grep -q 'the context is full: 16 of 16 positions' err || { echo "no word about the full context:"; cat err; }
grep -q -- '-c N' err || { echo "no word about what helps:"; cat err; }
same "a full context with -n" "$(run -c 16 -n 40)" "$text"
code 1 run -c 16 -n 40 >/dev/null
grep -q '11 of 40 tokens' err || { echo "no word about missing tokens:"; cat err; }
code 0 run -c 16 -n 11 >/dev/null
code 1 run -c 4 >/dev/null
grep -q '5 tokens.* 4 positions' err || { echo "no counts of a prompt that is too long:"; cat err; }
made=$(run -c 16 -n 40 --context-full shift --keep 2 --ids | wc -w)
same "--context-full shift goes on" "$((made))" 40
code 2 run -c 16 -n 40 --context-full shift --keep 16
