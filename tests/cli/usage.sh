# Every mistake in a command line is named, and is exit code 2; nothing is written to stdout.
try() {
    printf '%s:' "$*" >&2
    echo >&2
    edgewise "$@"
    code=$?
    [ "$code" -eq 2 ] || echo "$code: edgewise $*"
}

try
try rnu
try pull
try --versoin
try --version now
try run --tmp 1
try run -q
try run --seed
try run --raw=yes
try run -n 5 -n 6
try run a.gguf b.gguf
try run a.gguf -m b.gguf -p hi
try run a.gguf -p hi --ids --json
try run a.gguf -p hi --keep 4
try run a.gguf -p hi --raw --system x
try run a.gguf -p hi -ctk q4
try run a.gguf -p hi --stop ''
try run a.gguf -p hi --context-full never
try run ''
try inspect
try inspect a.gguf --meta key --json
try tokenize
try tokenize -m a.gguf --bos --no-bos
try tokenize -m a.gguf --decode --bos
try tokenize a.gguf
try template
try template -m a.gguf --bos
try logits -m a.gguf
try embed -p hi
try embed -m a.gguf -p hi --pooling max
try quantize -o folder
try eval --tasks t.jsonl --stride 5
try eval --tasks t.jsonl --against a.gguf
try eval --svg kld.svg
try eval --layers-svg layers.svg
try eval --tasks t.jsonl --special
try eval -n 5
try eval --raw
try eval --base-cache-type-v q8
try validate
try validate a.gguf
try validate a.gguf --against b.gguf
try validate a.gguf --against b.gguf --max-kld 1 --tasks t.jsonl
try validate a.gguf --against b.gguf --max-kld 1 --min-score 1
try validate a.gguf --against b.gguf --max-kld 1 --score f1
try validate a.gguf --against b.gguf --max-kld -1
try bench -m a.gguf --prompt-tokens 0
try bench -m a.gguf -c 10 --prompt-tokens 11 --gen-tokens 3
try devices --jsno
try devices all
try help nothing
try completion tcsh
