# Text to ids and back. The ids are those that llama2.c gave to the prompts.
. "$CASE_DIR/fixtures.inc"
for n in 0 1 2 3; do
    prompt=$(golden $n prompt)
    wanted=$(golden $n 'prompt ids')
    got=$(printf '%s' "$prompt" | edgewise tokenize -m "$MODEL" --bos)
    same "prompt $n with BOS" "$got" "$wanted"
    without=$(echo "$wanted" | cut -s -d ' ' -f 2-)
    same "prompt $n" "$(printf '%s' "$prompt" | edgewise tokenize -m "$MODEL")" "$without"
    got=$(printf "%s" "$prompt" | edgewise tokenize -m "$MODEL" --no-bos)
    same "prompt $n with --no-bos" "$got" "$without"
    same "prompt $n decoded" "$(echo "$wanted" | edgewise tokenize -m "$MODEL" --decode)" "$prompt"
done

# Any text comes back byte for byte; nothing is added to it.
printf 'Tom said: "Grüße, 日本 🙂!"\n\n\tand  two  blanks' >text
edgewise tokenize -m "$MODEL" <text | edgewise tokenize -m "$MODEL" --decode | cmp - text

# 1 and 2 are <s> and </s>: text, unless --special.
same "special" "$(printf '<s>' | edgewise tokenize -m "$MODEL" --special)" "1"
[ "$(printf '<s>' | edgewise tokenize -m "$MODEL")" = "1" ] && echo "<s> became a token without --special"
same "decode drops" "$(echo '1, 403 2' | edgewise tokenize -m "$MODEL" --decode)" "Once"
same "decode shows" "$(echo '1 2' | edgewise tokenize -m "$MODEL" --decode --special)" "<s></s>"

for ids in 512 -1 1.5 x 99999999999 '1 2 0x3'; do
    echo "$ids" | edgewise tokenize -m "$MODEL" --decode 2>err
    [ $? -eq 2 ] && grep -q 'is no token: ids go from 0 to 511' err || echo "ids '$ids': $(cat err)"
done

printf 'Once\n' | edgewise tokenize -m "$MODEL" --show --bos
printf 'Once' | edgewise tokenize -m "$MODEL" --json --bos
printf '403' | edgewise tokenize -m "$MODEL" --json --decode
