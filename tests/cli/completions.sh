# The completions that are installed are the ones that the option tables make.
cd "$CASE_DIR/../../share/completions" || exit 1
edgewise completion bash | diff edgewise.bash - || echo "edgewise completion bash >share/completions/edgewise.bash"
edgewise completion zsh | diff _edgewise - || echo "edgewise completion zsh >share/completions/_edgewise"
edgewise completion fish | diff edgewise.fish - || echo "edgewise completion fish >share/completions/edgewise.fish"
command -v bash >/dev/null || exit 0
exec bash -c '
    . ./edgewise.bash
    complete_words() {
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
        _edgewise
        echo "${COMPREPLY[*]}"
    }
    complete_words edgewise tok
    complete_words edgewise run --top
    complete_words edgewise run -ctv ""
    complete_words edgewise help de
'
