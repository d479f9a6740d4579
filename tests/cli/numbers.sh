# Numbers are strict: what is not finite, negative, signed, hexadecimal, padded or too large is refused
# by the option's name, before any file is touched.
refused() {
    edgewise run none.gguf -p hi "$1" "$2" 2>err
    code=$?
    [ "$code" -eq 2 ] && grep -qF -- "$1: " err && return
    echo "$1 '$2': exit code $code, said: $(cat err)"
}

for option in --temp --top-p --min-p --repeat-penalty; do
    for value in nan NaN inf -inf infinity -1 -0.1 1e999 0x1p3 '' ' 1' '1 ' 1,5 abc 1e +; do
        refused "$option" "$value"
    done
done
for option in --frequency-penalty --presence-penalty; do
    for value in nan inf -inf 1e999 '' x -101; do refused "$option" "$value"; done
done
for option in --top-k --repeat-last-n --seed -n -c -t -b; do
    for value in -1 +1 1.5 1e3 0x10 '' ' 1' 99999999999999999999999 abc nan; do
        refused "$option" "$value"
    done
done
for option in -c -t -b --repeat-last-n; do refused "$option" 0; done
refused --top-p 1.01
refused --temp 101
refused -n 4294967296

# And these are fine: what is wrong here is only the file.
edgewise run none.gguf -p hi --temp 0 --top-p .5 --min-p 0 --top-k 0 --seed 18446744073709551615 \
    --presence-penalty -1.5 -n 4294967295 --repeat-penalty 1e0 2>err
[ $? -eq 1 ] || { echo "good numbers were refused:"; cat err; }
