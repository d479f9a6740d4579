# Help is on stdout and exit code 0, both ways to it say the same, and each command is in the list.
edgewise --help >list || echo "edgewise --help: $?"
edgewise -h | cmp - list
edgewise help | cmp - list
for verb in run serve launch stats inspect tokenize \
    template logits embed quantize eval validate bench devices help; do
    grep -q "^  $verb " list || echo "$verb is not in the list"
    edgewise help "$verb" >a || echo "help $verb: $?"
    edgewise "$verb" --help >b || echo "$verb --help: $?"
    edgewise "$verb" -h | cmp - a
    cmp a b
    head -n 1 a | grep -q "^Usage: edgewise $verb" || echo "$verb: no usage line"
done
# As an option's value, --help is a text like any other.
edgewise run none.gguf -p --help 2>/dev/null
[ $? -eq 1 ] || echo "-p --help was taken as a wish for help"
edgewise --version
