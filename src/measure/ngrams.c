#include "measure/ngrams.h"

#include <stdlib.h>

/* ---- numbers of words ---- */

typedef struct numbered {
    ew_str word;
    uint32_t *number;
} numbered;

static int by_word(const void *a, const void *b) {
    ew_str x = ((const numbered *)a)->word, y = ((const numbered *)b)->word;
    int order = memcmp(x.data, y.data, x.len < y.len ? x.len : y.len);
    return order ? order : (x.len > y.len) - (x.len < y.len);
}

bool ewi_words_number(const ewi_words *words, size_t n, uint32_t **numbers, ewi_arena *arena) {
    size_t n_all = 0, at = 0;
    for (size_t k = 0; k < n; k++) n_all += words[k].n;
    numbered *all = ewi_arena_array(arena, n_all, sizeof *all);
    for (size_t k = 0; all && k < n; k++) {
        numbers[k] = ewi_arena_array(arena, words[k].n, sizeof *numbers[k]);
        if (!numbers[k]) return false;
        for (size_t i = 0; i < words[k].n; i++) all[at++] = (numbered){words[k].items[i], &numbers[k][i]};
    }
    if (!all) return false;
    qsort(all, n_all, sizeof *all, by_word);
    uint32_t number = 0;
    for (size_t i = 0; i < n_all; i++) {
        if (i == 0 || !ewi_str_eq(all[i - 1].word, all[i].word)) number++;
        *all[i].number = number;
    }
    return true;
}

/* ---- n-grams ---- */

static int by_words(const void *a, const void *b) {
    const ewi_ngram *x = a, *y = b;
    for (size_t i = 0; i < EWI_MAX_NGRAM; i++)
        if (x->words[i] != y->words[i]) return x->words[i] < y->words[i] ? -1 : 1;
    return 0;
}

ewi_ngrams ewi_ngrams_make(const uint32_t *numbers, size_t n, size_t order, ewi_arena *arena) {
    ewi_ngrams grams = {.n = n < order ? 0 : n - order + 1};
    grams.items = ewi_arena_array(arena, grams.n, sizeof *grams.items);
    if (!grams.items) return grams;
    for (size_t i = 0; i < grams.n; i++) memcpy(grams.items[i].words, numbers + i, order * sizeof *numbers);
    qsort(grams.items, grams.n, sizeof *grams.items, by_words);
    return grams;
}

/* How often the n-gram at *at comes from there on; *at moves to the next one. */
static size_t take_equal(const ewi_ngrams *grams, size_t *at) {
    size_t first = *at;
    do ++*at;
    while (*at < grams->n && by_words(&grams->items[first], &grams->items[*at]) == 0);
    return *at - first;
}

static size_t first_not_below(const ewi_ngrams *grams, const ewi_ngram *gram) {
    size_t low = 0, high = grams->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (by_words(&grams->items[middle], gram) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* How often it comes, `most` at most. */
static size_t count(const ewi_ngrams *grams, const ewi_ngram *gram, size_t most) {
    size_t first = first_not_below(grams, gram), n = 0;
    while (n < most && first + n < grams->n && by_words(&grams->items[first + n], gram) == 0) n++;
    return n;
}

size_t ewi_ngrams_shared(const ewi_ngrams *a, const ewi_ngrams *others, size_t n_others) {
    size_t shared = 0;
    for (size_t at = 0; at < a->n;) {
        const ewi_ngram *gram = &a->items[at];
        size_t mine = take_equal(a, &at), best = 0;
        for (size_t k = 0; k < n_others && best < mine; k++) {
            size_t theirs = count(&others[k], gram, mine);
            best = theirs > best ? theirs : best;
        }
        shared += best;
    }
    return shared;
}

/* ---- the longest common subsequence ---- */

/* row[j + 1] is the length for a[..i] and b[..j]. */
size_t ewi_longest_shared(const uint32_t *a, size_t n_a, const uint32_t *b, size_t n_b, uint32_t *row) {
    memset(row, 0, (n_b + 1) * sizeof *row);
    for (size_t i = 0; i < n_a; i++) {
        uint32_t diagonal = 0; /* row[j] as it was for a[..i - 1] */
        for (size_t j = 0; j < n_b; j++) {
            uint32_t above = row[j + 1];
            if (a[i] == b[j])
                row[j + 1] = diagonal + 1;
            else if (row[j] > above)
                row[j + 1] = row[j];
            diagonal = above;
        }
    }
    return row[n_b];
}
