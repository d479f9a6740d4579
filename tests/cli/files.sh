# What is wrong with a model file decides between 1 (cannot be opened) and 3 (bad); a message names the file.
. "$CASE_DIR/fixtures.inc"
for verb in 'run -p hi -m' 'logits --out out.f32 -m' 'bench -m' 'tokenize -m' inspect; do
    check() {
        # shellcheck disable=SC2086
        edgewise $verb "$2" </dev/null >out 2>err
        got=$?
        [ "$got" -eq "$1" ] || echo "edgewise $verb $2: exit code $got, wanted $1: $(cat err)"
        grep -qF -- "$2" err || echo "edgewise $verb $2: the message does not name the file: $(cat err)"
        [ -s out ] && echo "edgewise $verb $2: something on stdout"
    }
    check 1 nowhere/model.gguf
    printf 'GGUF' >short.gguf
    check 3 short.gguf
    head -c 100000 /dev/zero >zero.gguf
    check 3 zero.gguf
    head -c 600000 "$MODEL" >cut.gguf
    [ "$verb" = 'tokenize -m' ] || check 3 cut.gguf
    : >empty.gguf
    check 3 empty.gguf
    mkdir -p folder
    check 1 folder
    [ -e out.f32 ] && echo "$verb left a file"
done
edgewise run llama3:8b -p hi
edgewise run hf.co/owner/repo -p hi
