# Output that cannot be written is a failure with a reason; a reader that went away is one without words;
# closed streams are not mistaken for files.
. "$CASE_DIR/fixtures.inc"
if [ -e /dev/full ]; then
    for verb in --help devices "inspect $MODEL" "run $MODEL -p Once -n 5" "run $MODEL -p Once -n 5 --json"; do
        # shellcheck disable=SC2086
        code 1 edgewise $verb >/dev/full 2>err
        grep -q 'standard output: No space left' err || { echo "$verb: $(cat err)"; }
    done
fi

# The answer has no end: only the closed pipe ends it.
{
    edgewise run "$MODEL" -p Once --temp 0 --ignore-eos --context-full shift
    echo $? >status
} 2>err | head -c 10 >/dev/null
same "exit code with a closed pipe" "$(cat status)" 1
same "said with a closed pipe" "$(cat err)" ""

code 1 edgewise devices >&- 2>err
grep -q 'cannot write' err || echo "closed stdout: $(cat err)"
code 1 edgewise tokenize -m "$MODEL" <&- 2>err
grep -q 'cannot read' err || echo "closed stdin: $(cat err)"
code 0 edgewise tokenize -m "$MODEL" </dev/null 2>&- >out
same "no text, no ids" "$(cat out)" ""
code 0 edgewise run "$MODEL" -p Once --temp 0 -n 5 --ids <&- >out
code 1 edgewise tokenize -m "$MODEL" <. 2>err
grep -q 'cannot read' err || echo "a folder as stdin: $(cat err)"
