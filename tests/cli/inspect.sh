# What a file holds. Counts and shapes are those of the model's card: dim 64, ffn 172, 5 layers, 8 heads, 4 KV
# heads, vocabulary 512: 512*64 + 5*(64*64*2 + 2*64*32 + 3*64*172 + 2*64) + 64 weights.
. "$CASE_DIR/fixtures.inc"
edgewise inspect "$MODEL" --tensors >out || exit 1
has() {
    grep -qE -- "$1" out || { echo "not there: $1"; cat out; exit 1; }
}
has '^format +GGUF v3$'
has "^size .*\($(wc -c <"$MODEL") bytes\)$"
has '^parameters +292\.80 K in 48 tensors$'
has '^runs +yes$'
has '^F32 +48 +292\.80 K'
has '^  llama\.block_count +5$'
has '^  tokenizer\.ggml\.tokens +\(512\) \["<unk>"'
has '^token_embd\.weight +F32 +512 x 64 +128\.0 KiB$'
has '^blk\.0\.ffn_down\.weight +F32 +64 x 172 '
has '^blk\.4\.attn_k\.weight +F32 +32 x 64 '

same "--meta" "$(edgewise inspect "$MODEL" --meta llama.attention.head_count_kv)" 4
same "--meta of a text" "$(edgewise inspect "$MODEL" --meta general.architecture)" '"llama"'
types=$(edgewise inspect "$MODEL" --meta tokenizer.ggml.token_type | tr ',' '\n' | wc -l)
same "--meta of an array, whole" "$((types))" 512
code 1 edgewise inspect "$MODEL" --meta no.such.key 2>err
grep -q 'no metadata "no.such.key"' err || cat err

# GGUF v3 with one entry: key "ab", value "<ESC>[2J<DEL><NEL>!". None of these reaches a terminal as it is.
{
    printf 'GGUF\003\0\0\0\0\0\0\0\0\0\0\0\001\0\0\0\0\0\0\0\002\0\0\0\0\0\0\0ab'
    printf '\010\0\0\0\010\0\0\0\0\0\0\0\033[2J\177\302\205!'
} >evil.gguf
edgewise inspect evil.gguf >out
has '^  ab  .*\[2J'
LC_ALL=C grep -q "$(printf '[\033\177\205]')" out && { echo "a control character came through:"; od -c out; }
has '^runs +no: '
exit 0
