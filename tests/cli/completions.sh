# The completions that are installed are the ones that the option tables make.
cd "$CASE_DIR/../../share/completions" || exit 1
same_script() {
    edgewise completion "$1" | diff "$2" - || echo "run: edgewise completion $1 >share/completions/$2"
}
same_script bash edgewise.bash
same_script zsh _edgewise
same_script fish edgewise.fish
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
