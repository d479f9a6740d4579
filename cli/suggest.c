#include "suggest.h"

#include <stdio.h>
#include <string.h>

#define MAX_WORD 40

static size_t least(size_t a, size_t b, size_t c) {
    size_t m = a < b ? a : b;
    return m < c ? m : c;
}

/* Edits (insert, delete, replace, swap neighbours) between words of at most MAX_WORD bytes:
 * Damerau-Levenshtein, restricted. */
static size_t distance(ew_str a, ew_str b) {
    size_t d[MAX_WORD + 1][MAX_WORD + 1];
    for (size_t i = 0; i <= a.len; i++) d[i][0] = i;
    for (size_t j = 0; j <= b.len; j++) d[0][j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        for (size_t j = 1; j <= b.len; j++) {
            size_t differs = a.data[i - 1] != b.data[j - 1];
            d[i][j] = least(d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + differs);
            if (i > 1 && j > 1 && a.data[i - 1] == b.data[j - 2] && a.data[i - 2] == b.data[j - 1])
                d[i][j] = least(d[i][j], d[i - 2][j - 2] + 1, d[i][j]);
        }
    }
    return d[a.len][b.len];
}

void cli_suggest(cli_suggestion *best, const char *candidate) {
    ew_str other = {candidate, strlen(candidate)};
    if (best->word.len > MAX_WORD || other.len > MAX_WORD) return;
    size_t edits = distance(best->word, other), near = best->word.len / 3;
    if (edits > near) return;
    if (best->found[0] && edits >= best->distance) return;
    best->distance = edits;
    snprintf(best->found, sizeof best->found, "%s", candidate);
}
