# The manual pages name exactly the options that the help names, and mandoc finds no fault in them.
pages=$CASE_DIR/../../docs/man
for verb in run serve launch stats inspect tokenize \
    template logits embed quantize eval validate bench devices; do
    page=$pages/edgewise-$verb.1
    edgewise help "$verb" | sed -n '/^  *-/p' | cut -c 1-27 |
        grep -oE -- '--?[a-z][a-z-]*' | sort -u >help.txt
    sed -n 's/^\.It Fl //p' "$page" |
        sed 's/Fl Fl \([a-z-]*\)/--\1/g; s/^Fl \([a-z-]*\)/--\1/; s/^\([a-z]\)/-\1/' |
        grep -oE -- '--?[a-z][a-z-]*' | sort -u >page.txt
    diff help.txt page.txt || echo "edgewise-$verb.1 and its help name different options"
done
if command -v mandoc >/dev/null; then
    # Whether other manuals are installed here is not the page's fault.
    mandoc -T lint "$pages"/*.1 | grep -v 'referenced manual not found\|lacks .* entry'
fi
exit 0
