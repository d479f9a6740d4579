/*
 * No text is slow: a megabyte of the worst kinds takes less than a second of processor time, with
 * vocabularies in which all of it merges again and again. Quadratic merging would take hours.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sanitized.h"
#include "test.h"
#include "vocab_build.h"

/* Sanitizers cost time, but make nothing quadratic: less text, more patience. */
#if SANITIZED
#define TEXT_BYTES  (1u << 17)
#define MAX_SECONDS 5.0
#else
#define TEXT_BYTES  (1u << 20)
#define MAX_SECONDS 1.0
#endif

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static void fill(char *text, size_t len, const char *unit) {
    size_t n = strlen(unit);
    for (size_t i = 0; i < len; i++) text[i] = unit[i % n];
}

static void fill_randomly(char *text, size_t len) {
    uint32_t seed = 1;
    for (size_t i = 0; i < len; i++) text[i] = (char)((seed = seed * 1664525u + 1013904223u) >> 24);
}

static void check(const ew_tokenizer *tokenizer, const char *what, ew_str text) {
    size_t n;
    double start = seconds();
    assert_int_equal(ew_tokenizer_encode(tokenizer, text, 0, NULL, 0, &n, NULL), EW_OK);
    double took = seconds() - start;
    assert_true(n > 0 || tokenizer->kind == EWI_VOCAB_WORDPIECE); /* which drops blanks */
    if (took > MAX_SECONDS) fail_msg("text of %s took %.2f s", what, took);
}

static void check_all(const ew_tokenizer *tokenizer, size_t len) {
    char *text = malloc(len);
    assert_non_null(text);
    static const char *const units[] = {"a",         " ",  "\n", "\xf0\x9f\x98\x80", "ab",
                                        "A\xc2\xaa", "'",  "<",  "\xe2\x96\x81",     "e\xcc\x81",
                                        "1",         "a ", "aB", "12\xc2\xbd",       "<sentinel:1"};
    for (size_t i = 0; i < EWI_COUNT(units); i++) {
        fill(text, len, units[i]);
        check(tokenizer, units[i], (ew_str){text, len});
    }
    fill_randomly(text, len);
    check(tokenizer, "random bytes", (ew_str){text, len});
    free(text);
}

/* unit, twice the unit, and so on up to 512 units. */
static void add_doublings(vocab_build *b, const char *unit, bool merges) {
    char half[4096], joined[8192];
    snprintf(half, sizeof half, "%s", unit);
    for (int i = 0; i < 9; i++) {
        snprintf(joined, sizeof joined, "%s%s", half, half);
        if (merges)
            vocab_build_merge(b, half, half);
        else
            vocab_build_token(b, joined, EWI_TOKEN_NORMAL, (float)-i);
        if (strlen(joined) >= sizeof half) return;
        memcpy(half, joined, strlen(joined) + 1);
    }
}

static void byte_level_bpe(void **state) {
    (void)state;
    vocab_build *b = vocab_build_bpe();
    add_doublings(b, "a", true);
    add_doublings(b, "\xc4\xa0", true); /* blank */
    add_doublings(b, "\xc4\x8a", true); /* newline */
    add_doublings(b, "'", true);
    vocab_build_token(b, "<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<|", EWI_TOKEN_USER_DEFINED,
                      0);
    ew_tokenizer *tokenizer = vocab_build_open(b);
    check_all(tokenizer, TEXT_BYTES);
    ew_tokenizer_close(tokenizer);
    vocab_build_free(b);
}

/* The other scanners, without merges that would hide them, and Form C before them. There are many. */
static void scanners_and_form_c(void **state) {
    (void)state;
    vocab_build *b = vocab_build_bpe();
    for (unsigned scanner = 0; scanner < EWI_N_SCANNERS; scanner++) {
        vocab_build_vocab(b)->scanner = (ewi_scanner)scanner;
        static const ewi_norm_step form_c = {.kind = EWI_NORM_NFC};
        vocab_build_vocab(b)->norms = &form_c;
        vocab_build_vocab(b)->n_norms = scanner == EWI_SCAN_QWEN2;
        ew_tokenizer *tokenizer = vocab_build_open(b);
        check_all(tokenizer, TEXT_BYTES / 4);
        ew_tokenizer_close(tokenizer);
    }
    vocab_build_free(b);
}

static void sentencepiece(void **state) {
    (void)state;
    vocab_build *b = vocab_build_spm();
    static const char *const units[] = {"a", "\xe2\x96\x81", "\xf0\x9f\x98\x80", "'"};
    for (size_t i = 0; i < EWI_COUNT(units); i++) {
        vocab_build_token(b, units[i], EWI_TOKEN_NORMAL, -100);
        add_doublings(b, units[i], false);
    }
    ew_tokenizer *tokenizer = vocab_build_open(b);
    check_all(tokenizer, TEXT_BYTES);
    ew_tokenizer_close(tokenizer);
    vocab_build_free(b);
}

static const ewi_norm_step all_norms[] = {
    {.kind = EWI_NORM_NFKD},
    {.kind = EWI_NORM_STRIP_MARKS},
    {.kind = EWI_NORM_LOWERCASE},
    {.kind = EWI_NORM_NFKC},
    {.kind = EWI_NORM_CHINESE},
    {.kind = EWI_NORM_NMT},
    {.kind = EWI_NORM_REPLACE_RUNS, .to = {" ", 1}},
};

static const ewi_split_step words_and_marks[] = {
    {.kind = EWI_SPLIT_WORDS, .behavior = EWI_SPLIT_REMOVED},
    {.kind = EWI_SPLIT_PUNCTUATION, .behavior = EWI_SPLIT_MERGED_WITH_PREVIOUS},
    {.kind = EWI_SPLIT_DIGITS, .behavior = EWI_SPLIT_CONTIGUOUS},
};

static const ewi_split_step blanks[] = {{.kind = EWI_SPLIT_BLANKS, .prefix = EWI_PREFIX_EACH}};

/* Words of as many characters as are allowed at most, of pieces of all lengths. */
static void wordpiece(void **state) {
    (void)state;
    vocab_build *b = vocab_build_empty(EWI_VOCAB_WORDPIECE);
    ewi_vocab *vocab = vocab_build_vocab(b);
    static const char *const units[] = {"a", "##a", "'", "##'", "\xf0\x9f\x98\x80"};
    vocab->unk = vocab_build_token(b, "[UNK]", EWI_TOKEN_CONTROL, 0);
    for (size_t i = 0; i < EWI_COUNT(units); i++) vocab_build_token(b, units[i], EWI_TOKEN_NORMAL, 0);
    char piece[128] = "##";
    for (size_t n = 1; n < 100; n++) {
        piece[n + 1] = 'a';
        vocab_build_token(b, piece, EWI_TOKEN_NORMAL, 0);
    }
    vocab = vocab_build_vocab(b);
    vocab->inner_prefix = (ew_str){"##", 2};
    vocab->max_word_chars = EWI_MAX_WORD_CHARS;
    vocab->norms = all_norms;
    vocab->n_norms = EWI_COUNT(all_norms);
    vocab->splits = words_and_marks;
    vocab->n_splits = EWI_COUNT(words_and_marks);
    ew_tokenizer *tokenizer = vocab_build_open(b);
    check_all(tokenizer, TEXT_BYTES);
    ew_tokenizer_close(tokenizer);
    vocab_build_free(b);
}

/* A whole text as one word, with pieces of all lengths. */
static void unigram(void **state) {
    (void)state;
    static double log_probs[1024];
    vocab_build *b = vocab_build_empty(EWI_VOCAB_UNIGRAM);
    int32_t unk = vocab_build_token(b, "<unk>", EWI_TOKEN_CONTROL, 0);
    static const char *const units[] = {"a", "\xe2\x96\x81", "\xf0\x9f\x98\x80", "'", "\n"};
    for (size_t i = 0; i < EWI_COUNT(units); i++) vocab_build_token(b, units[i], EWI_TOKEN_NORMAL, 0);
    char piece[128] = "";
    for (size_t n = 0; n < 64; n++) {
        piece[n] = 'a';
        if (n > 0) vocab_build_token(b, piece, EWI_TOKEN_NORMAL, 0);
    }
    ewi_vocab *vocab = vocab_build_vocab(b);
    for (size_t i = 0; i < vocab->n_tokens; i++) log_probs[i] = -1.0 - (double)i;
    vocab->unk = unk;
    vocab->log_probs = log_probs;
    vocab->splits = blanks;
    vocab->n_splits = 1;
    ew_tokenizer *tokenizer = vocab_build_open(b);
    check_all(tokenizer, TEXT_BYTES);
    ew_tokenizer_close(tokenizer);
    vocab_build_free(b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(byte_level_bpe), cmocka_unit_test(scanners_and_form_c),
        cmocka_unit_test(sentencepiece),  cmocka_unit_test(wordpiece),
        cmocka_unit_test(unigram),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
