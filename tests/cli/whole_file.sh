# A logits file appears whole or not at all; what it replaces stays until then.
. "$CASE_DIR/fixtures.inc"
logits() {
    edgewise logits -m "$MODEL" --tokens "1 403 407 261 378" --out "$@" </dev/null
}
mkdir room
echo before >room/out
( ulimit -f 4 && logits room/out ) 2>err
[ $? -eq 1 ] && grep -q 'room/out.*too large' err || { echo "a full disk: "; cat err; }
same "what was there" "$(cat room/out)" before
same "what is left" "$(ls -A room)" out

code 2 logits room/out -b 0 2>/dev/null
code 2 edgewise logits -m "$MODEL" --tokens "1 512" --out room/new </dev/null 2>/dev/null
code 1 logits room/new -c 4 2>/dev/null
code 2 edgewise logits -m "$MODEL" --tokens "" --out room/new </dev/null 2>/dev/null
code 1 logits nowhere/out 2>/dev/null
same "after failures" "$(ls -A room)" out

ln -s out room/link
code 0 logits room/link
[ -L room/link ] || echo "the link was replaced, and not the file"
same "size" "$(wc -c <room/out | tr -d ' ')" $((5 * 512 * 4))
mkfifo room/pipe
cat room/pipe >piped &
code 0 logits room/pipe
[ -p room/pipe ] || { echo "a pipe was replaced by a file" && kill $!; }
wait
cmp room/out piped
rm room/pipe
code 0 logits /dev/stdout >piped
cmp room/out piped
same "at the end" "$(ls -A room | tr '\n' ' ')" "link out "
