/*
 * ngrams.h: what two texts share: n-grams of words, and the longest sequence that both hold in this order.
 *
 * Words become numbers first, so that equal ones of several texts are equal numbers.
 *
 *     if (!ewi_words_number(words, 2, numbers, &arena)) ...          numbers[k] belong to words[k]
 *     ewi_ngrams a = ewi_ngrams_make(numbers[0], words[0].n, 2, &arena);
 *     uint64_t n = ewi_ngrams_shared(&a, &b, 1, &arena);
 */
#ifndef EW_MEASURE_NGRAMS_H
#define EW_MEASURE_NGRAMS_H

#include "measure/words.h"

#define EWI_MAX_NGRAM 4u

/* numbers[k][i] > 0 for the i-th word of text k of n. False: no memory. */
EWI_NODISCARD bool ewi_words_number(const ewi_words *words, size_t n, uint32_t **numbers, ewi_arena *arena);

/* Words of an n-gram, then zeros. */
typedef struct ewi_ngram {
    uint32_t words[EWI_MAX_NGRAM];
} ewi_ngram;

/* Ascending. */
typedef struct ewi_ngrams {
    ewi_ngram *items; /* NULL: no memory */
    size_t n;
} ewi_ngrams;

ewi_ngrams ewi_ngrams_make(const uint32_t *numbers, size_t n, size_t order, ewi_arena *arena);
/* How many n-grams of the first have their equal in the others: each as often as in the one of them that
 * holds most of it. */
size_t ewi_ngrams_shared(const ewi_ngrams *a, const ewi_ngrams *others, size_t n_others);

/* Length of the longest common subsequence; row: [n_b + 1]. Takes n_a * n_b steps. */
size_t ewi_longest_shared(const uint32_t *a, size_t n_a, const uint32_t *b, size_t n_b, uint32_t *row);

#endif
