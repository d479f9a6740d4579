# What a limit of the system interrupted goes on with the same command, not with another.
. "$CASE_DIR/fixtures.inc"
edgewise quantize -m "$MODEL" -o whole >/dev/null
edgewise quantize -m "$MODEL" -o whole.gguf --type f16 >/dev/null

# What the message says, without how many.
said() {
    sed -n "s/^edgewise: \([a-z.]*\): [1-9][0-9]* tensors are kept: /\1: N are kept: /p
s/^edgewise: \([a-z.]*\): an interrupted run had made [1-9][0-9]* tensors: /\1: had made N: /p
s/^edgewise: \([a-z.]*\): what an interrupted run had kept/\1: what was kept/p" message
}

for out in part part.gguf; do
    type=$([ $out = part ] && echo q4s || echo f16)
    (ulimit -f 200 && code 1 edgewise quantize -m "$MODEL" --type $type -o $out 2>message)
    said
    (ulimit -f 300 && code 1 edgewise quantize -m "$MODEL" --type $type -o $out 2>message)
    said
    ls -A | grep -c "^[.]$out[.].*[.]part$"
    edgewise quantize -m "$MODEL" --type $type -o $out 2>message | sed -n 2p
    said
    diff -r whole"${out#part}" $out || echo "$out differs"
done

(ulimit -f 200 && code 1 edgewise quantize -m "$MODEL" -o other 2>/dev/null)
edgewise quantize -m "$MODEL" --type q8c -o other 2>message >/dev/null
said
ls -A | grep -c "[.]part$"
true
