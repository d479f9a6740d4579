/*
 * Merging, in short words and long, against a naive transcription of the definition (Sennrich et al. 2016,
 * algorithm 1): while any neighbours merge, merge the pair of the lowest rank, the leftmost of equals.
 */
#include <stdlib.h>
#include <string.h>

#include "test.h"
#include "vocab_build.h"

#define MAX_LEN 400

/* Merges of letters a..d, as a trainer would find them. */
static const char *const merges[][2] = {
    {"a", "b"}, {"c", "d"},   {"ab", "a"}, {"ab", "cd"}, {"a", "a"},
    {"b", "b"}, {"aa", "aa"}, {"bb", "c"}, {"d", "a"},   {"aaaa", "aaaa"},
};

static vocab_build *letters(void) {
    vocab_build *b = vocab_build_bpe();
    for (size_t i = 0; i < EWI_COUNT(merges); i++) vocab_build_merge(b, merges[i][0], merges[i][1]);
    return b;
}

typedef struct words {
    char pieces[MAX_LEN][16];
    size_t n;
} words;

static size_t rank_of(const char *left, const char *right) {
    size_t i = 0;
    while (i < EWI_COUNT(merges) && (strcmp(merges[i][0], left) != 0 || strcmp(merges[i][1], right) != 0))
        i++;
    return i;
}

static void merge_naively(words *w, const char *text, size_t len) {
    w->n = len;
    for (size_t i = 0; i < len; i++) {
        w->pieces[i][0] = text[i];
        w->pieces[i][1] = '\0';
    }
    for (;;) {
        size_t best = 0, best_rank = EWI_COUNT(merges);
        for (size_t i = 0; i + 1 < w->n; i++) {
            size_t rank = rank_of(w->pieces[i], w->pieces[i + 1]);
            if (rank >= best_rank) continue;
            best = i;
            best_rank = rank;
        }
        if (best_rank == EWI_COUNT(merges)) return;
        size_t at = strlen(w->pieces[best]), n = strlen(w->pieces[best + 1]);
        memcpy(w->pieces[best] + at, w->pieces[best + 1], n + 1);
        memmove(w->pieces[best + 1], w->pieces[best + 2], (w->n - best - 2) * sizeof w->pieces[0]);
        w->n--;
    }
}

static void check(const ew_tokenizer *tokenizer, const char *text, size_t len) {
    static words want;
    ew_token got[MAX_LEN];
    ew_error err = {0};
    size_t n;
    merge_naively(&want, text, len);
    assert_int_equal(ew_tokenizer_encode(tokenizer, (ew_str){text, len}, 0, got, MAX_LEN, &n, &err), EW_OK);
    assert_int_equal(n, want.n);
    for (size_t i = 0; i < n; i++) {
        ew_str piece = ew_token_spelling(tokenizer, got[i]);
        assert_true(ewi_str_is(piece, want.pieces[i]));
    }
}

/* Lengths on both sides of where the heap takes over. */
static void all_lengths_merge_as_defined(void **state) {
    (void)state;
    vocab_build *b = letters();
    ew_tokenizer *tokenizer = vocab_build_open(b);
    char text[MAX_LEN];
    uint32_t seed = 7;
    for (size_t len = 1; len < MAX_LEN; len += len < 60 ? 1 : 17)
        for (unsigned letters_used = 1; letters_used <= 4; letters_used++) {
            for (size_t i = 0; i < len; i++)
                text[i] = (char)('a' + ((seed = seed * 1664525u + 1013904223u) >> 16) % letters_used);
            check(tokenizer, text, len);
        }
    ew_tokenizer_close(tokenizer);
    vocab_build_free(b);
}

static void the_first_of_equal_merges_counts(void **state) {
    (void)state;
    vocab_build *b = vocab_build_bpe();
    vocab_build_merge(b, "a", "b"); /* 256 */
    vocab_build_merge(b, "b", "c"); /* 257 */
    vocab_build_merge(b, "a", "b");
    ew_tokenizer *tokenizer = vocab_build_open(b);
    assert_string_equal(vocab_build_encode(tokenizer, EWI_STR("abc"), 0), "256 99");
    ew_tokenizer_close(tokenizer);
    vocab_build_free(b);
}

/* "ab" from a+b and "ba" from b+a, and each from the other: nothing turns in circles, as each merge
 * shortens the word. */
static void merges_that_circle_end(void **state) {
    (void)state;
    vocab_build *b = vocab_build_bpe();
    vocab_build_merge(b, "a", "b");
    vocab_build_merge(b, "b", "a");
    vocab_build_merge(b, "ab", "ab");
    vocab_build_merge(b, "ba", "ba");
    vocab_build_merge(b, "abab", "ab");
    ew_tokenizer *tokenizer = vocab_build_open(b);
    assert_string_equal(vocab_build_encode(tokenizer, EWI_STR("babab"), 0), "98 258");
    ew_tokenizer_close(tokenizer);
    vocab_build_free(b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_lengths_merge_as_defined),
        cmocka_unit_test(the_first_of_equal_merges_counts),
        cmocka_unit_test(merges_that_circle_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
