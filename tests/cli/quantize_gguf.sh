# GGUF files: every type speaks and keeps what the source says; what cannot be is refused by name; nothing
# half stays behind.
. "$CASE_DIR/fixtures.inc"
tools=$(dirname "$(command -v edgewise)")/tests
"$tools/make-tiny-model" tiny.gguf width=256 ffn=512 heads=4 head-dim=64 || exit 1

for type in q8_0 q4_0 q4_1 q5_0 q5_1 q4_k q5_k q6_k f16 f32; do
    edgewise quantize -m tiny.gguf --type $type -o $type.gguf >table || echo "$type failed"
    sed -n '2s/  .*//p' table
    edgewise inspect $type.gguf | sed -n '/^runs/p'
    edgewise run -m $type.gguf -p "hello" -n 20 --temp 0 >answer || echo "$type does not run"
    [ -s answer ] || echo "$type says nothing"
done
edgewise run -m tiny.gguf -p "hello" -n 20 --temp 0 | cmp - answer || echo "f32 answers otherwise"

# The source's metadata is there, and what the file is now.
for f in tiny q4_k; do
    edgewise inspect $f.gguf | sed -n 's/^  \([a-z]*\.[^ ]*\)  *\(.*\)/\1 \2/p' >$f.meta
done
diff tiny.meta q4_k.meta
for key in general.file_type general.quantization_version; do edgewise inspect q4_k.gguf --meta $key; done

# The same bytes whatever the threads and the instruction set; a file may be quantized again.
edgewise quantize -m tiny.gguf --type q4_k -t 1 -o one.gguf >/dev/null
EDGEWISE_CPU=scalar edgewise quantize -m tiny.gguf --type q4_k -t 2 -o two.gguf >/dev/null
cmp one.gguf two.gguf && cmp one.gguf q4_k.gguf || echo "files differ"
code 0 edgewise quantize -m q4_k.gguf --type q8_0 -o again.gguf >/dev/null

refused() {
    wanted=$1
    shift
    edgewise quantize "$@" >out 2>message
    got=$?
    [ "$got" -eq "$wanted" ] || echo "exit code $got: $*"
    sed "s/^edgewise: //; s|^$EDGEWISE_FIXTURES/||" message
}
# Types, paths and methods that do not go together; rows that are no whole blocks.
refused 2 -m tiny.gguf -o x.gguf
refused 2 -m tiny.gguf --type q4_k -o x
refused 2 -m tiny.gguf --type q4_k -o x.gguf --method gptq --calibrate "$MODEL"
refused 3 -m "$MODEL" --type q4_k -o x.gguf
refused 3 -m "$MODEL" --type q8_0 -o x.gguf

# Importance of another model, of another size, or none: in llama.cpp's older form.
imatrix() {
    printf '\001\000\000\000\023\000\000\000%s\001\000\000\000\004\000\000\000' "$1"
    printf '\000\000\200\077\000\000\200\077\000\000\200\077\000\000\200\077'
}
imatrix blk.9.attn_q.weight >other.dat
refused 3 -m tiny.gguf --type q8_0 -o x.gguf --imatrix other.dat
imatrix blk.0.attn_q.weight >short.dat
refused 3 -m tiny.gguf --type q8_0 -o x.gguf --imatrix short.dat
refused 3 -m tiny.gguf --type q8_0 -o x.gguf --imatrix "$MODEL"
refused 2 -m tiny.gguf -o x --method gptq --calibrate "$MODEL" --imatrix other.dat
refused 2 -m tiny.gguf --type f16 -o x.gguf --imatrix other.dat
refused 2 -m tiny.gguf --type f16 -o x --method gptq --calibrate "$MODEL"
refused 1 -m tiny.gguf --type q8_0 -o x.gguf --imatrix nothing.dat
rm other.dat short.dat

# What is there stays, unless it is a GGUF file and may go: the source itself, too.
refused 1 -m tiny.gguf --type q8_0 -o q8_0.gguf
cp tiny.gguf own.gguf
code 0 edgewise quantize -m own.gguf --type q8_0 -o own.gguf --force >/dev/null
cmp own.gguf q8_0.gguf
echo precious >mine.gguf
refused 2 -m tiny.gguf --type q8_0 -o mine.gguf --force
cat mine.gguf
mkdir folder.gguf
refused 2 -m tiny.gguf --type q8_0 -o folder.gguf --force

# A file system that is full, or a limit: nothing is left.
(ulimit -f 100 && code 1 edgewise quantize -m tiny.gguf --type q8_0 -o full.gguf 2>/dev/null)
rm -f out message table answer ./*.meta
ls -A
edgewise quantize -m tiny.gguf --type q4_0 --json -o j.gguf | tr -d ' \n' |
    sed 's/"relative_error":[0-9.e-]*/"relative_error":E/g'
