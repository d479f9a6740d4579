# Greedy answers are those of llama2.c, by id and by text, however the prompt comes in.
. "$CASE_DIR/fixtures.inc"
for n in 0 1 2 3; do
    prompt=$(golden $n prompt)
    given=$(golden $n 'prompt ids' | wc -w)
    wanted=$(golden $n ids | cut -d ' ' -f "$given"-)
    count=$(echo "$wanted" | wc -w)
    got=$(edgewise run "$MODEL" -p "$prompt" --temp 0 -n "$count" --ids) || exit 1
    same "prompt $n, ids" "$got" "$wanted"
    # The text of llama2.c begins with the prompt and goes on after the ids that the file lists.
    edgewise run -m "$MODEL" --prompt="$prompt" --temp 0 -n "$count" >text || exit 1
    got=$prompt$(cat text)
    wanted=$(sed '1,/^text:/d' "$GOLDEN/stories260K.$n.txt")
    [ "${#got}" -gt 200 ] || same "prompt $n, text" "$got" "more than 200 characters"
    case $wanted in "$got"*) ;; *) same "prompt $n, text" "$got" "$wanted" ;; esac
done

wanted=$(golden 0 ids | cut -d ' ' -f 5-24)
same "stdin" "$(echo 'Once upon a time' | edgewise run "$MODEL" --temp 0 -n 20 --ids)" "$wanted"
same "-p -" "$(echo 'Once upon a time' | edgewise run "$MODEL" -p - --temp 0 -n 20 --ids)" "$wanted"
for options in '-t 1' '-b 1' '-b 3 -t 2' '-c 64'; do
    # shellcheck disable=SC2086
    same "$options" "$(edgewise run "$MODEL" -p 'Once upon a time' --temp 0 -n 20 --ids $options)" "$wanted"
done
code 2 edgewise run "$MODEL" --temp 0 -n 20 # stdin is empty: no prompt
