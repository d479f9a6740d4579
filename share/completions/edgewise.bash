# bash completion for edgewise; made by: edgewise completion bash

_edgewise_words() { mapfile -t COMPREPLY < <(compgen -W "$1" -- "$current"); }
_edgewise_files() { mapfile -t COMPREPLY < <(compgen -f -- "$current"); }

_edgewise() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
    local verb=${COMP_WORDS[1]} words=''
    if [ "$COMP_CWORD" -eq 1 ]; then
        _edgewise_words 'run serve stats launch inspect tokenize template logits embed quantize eval validate bench devices help --help --version'
        return
    fi
    case $verb:$previous in
        help:*) _edgewise_words 'run serve stats launch inspect tokenize template logits embed quantize eval validate bench devices help'; return ;;
        run:-m | run:--model) _edgewise_files ;;
        run:-p | run:--prompt) COMPREPLY=() ;;
        run:-n | run:--n-predict) COMPREPLY=() ;;
        run:--stop) COMPREPLY=() ;;
        run:--system) COMPREPLY=() ;;
        run:--temp) COMPREPLY=() ;;
        run:--top-k) COMPREPLY=() ;;
        run:--top-p) COMPREPLY=() ;;
        run:--min-p) COMPREPLY=() ;;
        run:--repeat-penalty) COMPREPLY=() ;;
        run:--frequency-penalty) COMPREPLY=() ;;
        run:--presence-penalty) COMPREPLY=() ;;
        run:--repeat-last-n) COMPREPLY=() ;;
        run:--seed) COMPREPLY=() ;;
        run:-c | run:--ctx-size) COMPREPLY=() ;;
        run:-t | run:--threads) COMPREPLY=() ;;
        run:-b | run:--rows) COMPREPLY=() ;;
        run:-ctk | run:--cache-type-k) _edgewise_words "f16 f32 q8 q4r" ;;
        run:-ctv | run:--cache-type-v) _edgewise_words "f16 f32 q8 q4r" ;;
        run:--lora) COMPREPLY=() ;;
        run:--context-full) _edgewise_words "error shift" ;;
        run:--keep) COMPREPLY=() ;;
        serve:-m | serve:--model) COMPREPLY=() ;;
        serve:--host) COMPREPLY=() ;;
        serve:--port) COMPREPLY=() ;;
        serve:--api-key) COMPREPLY=() ;;
        serve:--api-key-file) _edgewise_files ;;
        serve:--allow-host) COMPREPLY=() ;;
        serve:--allow-origin) COMPREPLY=() ;;
        serve:--stats-file) _edgewise_files ;;
        serve:-np | serve:--parallel) COMPREPLY=() ;;
        serve:--queue) COMPREPLY=() ;;
        serve:--keep-alive) COMPREPLY=() ;;
        serve:--memory) COMPREPLY=() ;;
        serve:--cache-dir) _edgewise_files ;;
        serve:--cache-memory) COMPREPLY=() ;;
        serve:--cache-disk) COMPREPLY=() ;;
        serve:-c | serve:--ctx-size) COMPREPLY=() ;;
        serve:-t | serve:--threads) COMPREPLY=() ;;
        serve:-b | serve:--rows) COMPREPLY=() ;;
        serve:-ctk | serve:--cache-type-k) _edgewise_words "f16 f32 q8 q4r" ;;
        serve:-ctv | serve:--cache-type-v) _edgewise_words "f16 f32 q8 q4r" ;;
        serve:--lora) COMPREPLY=() ;;
        stats:--file) _edgewise_files ;;
        stats:--since) COMPREPLY=() ;;
        stats:--by) _edgewise_words "model api day hour" ;;
        stats:--svg) _edgewise_files ;;
        launch:-m | launch:--model) COMPREPLY=() ;;
        launch:--url) COMPREPLY=() ;;
        launch:--api-key-file) _edgewise_files ;;
        inspect:--meta) COMPREPLY=() ;;
        tokenize:-m | tokenize:--model) _edgewise_files ;;
        template:-m | template:--model) _edgewise_files ;;
        template:--bos) COMPREPLY=() ;;
        template:--eos) COMPREPLY=() ;;
        template:--date) COMPREPLY=() ;;
        logits:-m | logits:--model) _edgewise_files ;;
        logits:--out) _edgewise_files ;;
        logits:--tokens) COMPREPLY=() ;;
        logits:-c | logits:--ctx-size) COMPREPLY=() ;;
        logits:-t | logits:--threads) COMPREPLY=() ;;
        logits:-b | logits:--rows) COMPREPLY=() ;;
        logits:-ctk | logits:--cache-type-k) _edgewise_words "f16 f32 q8 q4r" ;;
        logits:-ctv | logits:--cache-type-v) _edgewise_words "f16 f32 q8 q4r" ;;
        logits:--lora) COMPREPLY=() ;;
        logits:--beside) COMPREPLY=() ;;
        embed:-m | embed:--model) _edgewise_files ;;
        embed:-p | embed:--prompt) COMPREPLY=() ;;
        embed:--pooling) _edgewise_words "model mean cls last" ;;
        embed:-c | embed:--ctx-size) COMPREPLY=() ;;
        embed:-t | embed:--threads) COMPREPLY=() ;;
        embed:-b | embed:--rows) COMPREPLY=() ;;
        embed:-ctk | embed:--cache-type-k) _edgewise_words "f16 f32 q8 q4r" ;;
        embed:-ctv | embed:--cache-type-v) _edgewise_words "f16 f32 q8 q4r" ;;
        embed:--lora) COMPREPLY=() ;;
        quantize:-m | quantize:--model) _edgewise_files ;;
        quantize:-o | quantize:--out) _edgewise_files ;;
        quantize:--type) _edgewise_words "q4s q8c q4c q8g q4g32 q4g128 q8_0 q4_0 q4_1 q5_0 q5_1 q4_k q5_k q6_k f16 f32" ;;
        quantize:--method) _edgewise_words "round gptq awq" ;;
        quantize:--target-size) COMPREPLY=() ;;
        quantize:--max-kld) COMPREPLY=() ;;
        quantize:--smooth) COMPREPLY=() ;;
        quantize:--activation-ranges) _edgewise_words "minmax p99.9 p99.99 mse" ;;
        quantize:--calibrate) _edgewise_files ;;
        quantize:--calibrate-tokens) COMPREPLY=() ;;
        quantize:--imatrix) _edgewise_files ;;
        quantize:-t | quantize:--threads) COMPREPLY=() ;;
        eval:-m | eval:--model) _edgewise_files ;;
        eval:--against) _edgewise_files ;;
        eval:--text) _edgewise_files ;;
        eval:-c | eval:--ctx-size) COMPREPLY=() ;;
        eval:--stride) COMPREPLY=() ;;
        eval:--tasks) _edgewise_files ;;
        eval:-n | eval:--n-predict) COMPREPLY=() ;;
        eval:-t | eval:--threads) COMPREPLY=() ;;
        eval:-b | eval:--rows) COMPREPLY=() ;;
        eval:-ctk | eval:--cache-type-k) _edgewise_words "f16 f32 q8 q4r" ;;
        eval:-ctv | eval:--cache-type-v) _edgewise_words "f16 f32 q8 q4r" ;;
        eval:--lora) COMPREPLY=() ;;
        eval:--base-cache-type-k) _edgewise_words "f16 f32 q8 q4r" ;;
        eval:--base-cache-type-v) _edgewise_words "f16 f32 q8 q4r" ;;
        eval:--svg) _edgewise_files ;;
        eval:--layers-svg) _edgewise_files ;;
        validate:--against) _edgewise_files ;;
        validate:--max-kld) COMPREPLY=() ;;
        validate:--max-ppl-increase) COMPREPLY=() ;;
        validate:--min-score) COMPREPLY=() ;;
        validate:--score) _edgewise_words "exact f1 bleu rouge1 rouge2 rougeL" ;;
        validate:--report) _edgewise_files ;;
        validate:--text) _edgewise_files ;;
        validate:-c | validate:--ctx-size) COMPREPLY=() ;;
        validate:--stride) COMPREPLY=() ;;
        validate:--tasks) _edgewise_files ;;
        validate:-n | validate:--n-predict) COMPREPLY=() ;;
        validate:-t | validate:--threads) COMPREPLY=() ;;
        validate:-b | validate:--rows) COMPREPLY=() ;;
        validate:-ctk | validate:--cache-type-k) _edgewise_words "f16 f32 q8 q4r" ;;
        validate:-ctv | validate:--cache-type-v) _edgewise_words "f16 f32 q8 q4r" ;;
        validate:--lora) COMPREPLY=() ;;
        validate:--base-cache-type-k) _edgewise_words "f16 f32 q8 q4r" ;;
        validate:--base-cache-type-v) _edgewise_words "f16 f32 q8 q4r" ;;
        bench:-m | bench:--model) _edgewise_files ;;
        bench:--prompt-tokens) COMPREPLY=() ;;
        bench:--gen-tokens) COMPREPLY=() ;;
        bench:--depth) COMPREPLY=() ;;
        bench:--batch) COMPREPLY=() ;;
        bench:-r | bench:--repetitions) COMPREPLY=() ;;
        bench:-c | bench:--ctx-size) COMPREPLY=() ;;
        bench:-t | bench:--threads) COMPREPLY=() ;;
        bench:-b | bench:--rows) COMPREPLY=() ;;
        bench:-ctk | bench:--cache-type-k) _edgewise_words "f16 f32 q8 q4r" ;;
        bench:-ctv | bench:--cache-type-v) _edgewise_words "f16 f32 q8 q4r" ;;
        bench:--lora) COMPREPLY=() ;;
        *) false ;;
    esac && return
    case $verb in
        run) words='-m --model -p --prompt -n --n-predict --stop --ignore-eos --system --raw --special --temp --top-k --top-p --min-p --repeat-penalty --frequency-penalty --presence-penalty --repeat-last-n --seed -c --ctx-size -t --threads -b --rows -ctk --cache-type-k -ctv --cache-type-v --lora --exact --context-full --keep --ids --json --verbose --dump-graph --help' ;;
        serve) words='-m --model --host --port --api-key --api-key-file --allow-host --allow-origin -q --quiet --stats-file --no-stats -np --parallel --queue --keep-alive --memory --no-cache --no-disk-cache --cache-dir --cache-memory --cache-disk -c --ctx-size -t --threads -b --rows -ctk --cache-type-k -ctv --cache-type-v --lora --exact --help' ;;
        stats) words='--file --since --by --json --svg --help' ;;
        launch) words='-m --model --url --api-key-file --dry-run --force --undo --help' ;;
        inspect) words='--tensors --meta --verify --json --help' ;;
        tokenize) words='-m --model --bos --no-bos --special --decode --show --json --help' ;;
        template) words='-m --model --bos --eos --date --help' ;;
        logits) words='-m --model --out --tokens --special -c --ctx-size -t --threads -b --rows -ctk --cache-type-k -ctv --cache-type-v --lora --exact --beside --help' ;;
        embed) words='-m --model -p --prompt --pooling --keep-length --truncate --rank --json -c --ctx-size -t --threads -b --rows -ctk --cache-type-k -ctv --cache-type-v --lora --exact --help' ;;
        quantize) words='-m --model -o --out --type --method --target-size --max-kld --smooth --activation-ranges --calibrate --calibrate-tokens --special --imatrix --force -t --threads --json --help' ;;
        eval) words='-m --model --against --text --special -c --ctx-size --stride --tasks -n --n-predict --raw --static-activations -t --threads -b --rows -ctk --cache-type-k -ctv --cache-type-v --lora --exact --base-cache-type-k --base-cache-type-v --json --svg --layers-svg --help' ;;
        validate) words='--against --max-kld --max-ppl-increase --min-score --score --report --text --special -c --ctx-size --stride --tasks -n --n-predict --raw -t --threads -b --rows -ctk --cache-type-k -ctv --cache-type-v --lora --exact --base-cache-type-k --base-cache-type-v --json --help' ;;
        bench) words='-m --model --prompt-tokens --gen-tokens --depth --batch -r --repetitions -c --ctx-size -t --threads -b --rows -ctk --cache-type-k -ctv --cache-type-v --lora --exact --profile --json --help' ;;
        devices) words='--json --help' ;;
        help) words='--help' ;;
    esac
    case $current in
        -*) _edgewise_words "$words" ;;
        *) _edgewise_files ;;
    esac
}
complete -o filenames -F _edgewise edgewise
