# Packages: every type speaks, nothing half stays behind, nothing foreign is replaced, damage is refused.
. "$CASE_DIR/fixtures.inc"
prompt=$(golden 0 prompt)

for type in q8c q4c q4s q8g q4g32 q4g128 f16; do
    edgewise quantize -m "$MODEL" --type $type -o $type >/dev/null || echo "$type failed"
    edgewise inspect $type --verify | sed -n '/^format/p; /^runs/p'
    edgewise run -m $type -p "$prompt" -n 20 --temp 0 >answer || echo "$type does not run"
    [ -s answer ] || echo "$type says nothing"
done

# With 8 bits the answer begins as the original's does.
edgewise run -m "$MODEL" -p "$prompt" -n 12 --temp 0 >original
edgewise run -m q8c -p "$prompt" -n 12 --temp 0 | cmp - original || echo "q8c answers otherwise"

# The same bytes whatever the threads and the instruction set.
edgewise quantize -m "$MODEL" -t 1 -o one >/dev/null
EDGEWISE_CPU=scalar edgewise quantize -m "$MODEL" -t 2 -o two >/dev/null
diff -r one two && diff -r one q4s || echo "packages differ"

# The vocabulary comes along; a package is no source of another.
for m in "$MODEL" q4s; do echo "Once upon a time" | edgewise tokenize -m "$m" >ids."${m##*/}"; done
cmp ids.q4s ids."${MODEL##*/}"
code 3 edgewise quantize -m q4s -o again 2>message
grep -o 'is a package of quantized weights' message

# What is there stays, unless it is a package and may go.
code 1 edgewise quantize -m "$MODEL" -o q4s 2>message
grep -o 'q4s: exists already' message
code 0 edgewise quantize -m "$MODEL" --type q8c -o q4s --force >/dev/null
edgewise inspect q4s | head -n 1
mkdir mine && echo precious >mine/file
code 2 edgewise quantize -m "$MODEL" -o mine --force 2>message
grep -o 'mine: is not a package' message
cat mine/file
code 1 edgewise quantize -m "$MODEL" -o no/such/folder 2>/dev/null
code 2 edgewise quantize -m "$MODEL" --type q3 -o x 2>/dev/null
code 2 edgewise quantize -m "$MODEL" 2>/dev/null
# A file system that is full, or a limit: nothing is left but what the same command goes on with.
(ulimit -f 100 && code 1 edgewise quantize -m "$MODEL" -o full 2>/dev/null)
rm -r .full.*.part
ls -A | grep -v -x -e answer -e original -e 'ids\..*' -e "message.*"

# Damage.
largest=$(find one -type f -size +100k)
printf damage | dd of="$largest" bs=1 seek=5000 conv=notrunc 2>/dev/null
code 3 edgewise inspect one --verify 2>message >message.out
grep -o 'it was changed or damaged' message
rm "$largest"
code 3 edgewise run -m one -p x 2>message
grep -o 'is missing' message
code 3 edgewise inspect "$MODEL" --verify 2>/dev/null
edgewise quantize -m "$MODEL" --json -o j | tr -d ' \n' |
    sed 's/"relative_error":[0-9.e-]*/"relative_error":E/g'
echo
