/*
 * What the vectors of the conformance tests cannot say of scanners: bytes that are no UTF-8, and the
 * properties of any text. The words of valid texts are checked in tests/conformance/test_scanners.c.
 */
#include <stdlib.h>
#include <string.h>

#include "test.h"
#include "text/scanner.h"

/* The words, with '|' between them. */
static const char *cut(ewi_scanner scanner, const char *text) {
    static char out[256];
    size_t len = 0;
    ewi_words words;
    ewi_words_init(&words, scanner, (ewi_bytes){(const uint8_t *)text, strlen(text)});
    for (ewi_bytes word; ewi_words_next(&words, &word);) {
        assert_true(len + word.len + 2 < sizeof out);
        if (len) out[len++] = '|';
        memcpy(out + len, word.data, word.len);
        len += word.len;
    }
    out[len] = '\0';
    return out;
}

/* A byte that is no character is a symbol: neither letter nor digit nor white space. */
static void invalid_bytes_are_symbols(void **state) {
    (void)state;
    assert_string_equal(cut(EWI_SCAN_GPT2, "ab\xff\xfe!cd"), "ab|\xff\xfe!|cd");
    assert_string_equal(cut(EWI_SCAN_GPT2, "a \xff 1"), "a| \xff| 1");
    assert_string_equal(cut(EWI_SCAN_LLAMA3, "\xffword"), "\xffword");
    assert_string_equal(cut(EWI_SCAN_O200K, "\xc3"), "\xc3");
    assert_string_equal(cut(EWI_SCAN_STARCODER, "a\xe2\x82"
                                                "1"),
                        "a|\xe2\x82|1");
}

/* The lengths of words say where a model's prompt differs; the README of tiktoken and the GPT-4 pattern
 * disagree on this one. */
static void only_cl100k_keeps_white_space_at_the_end_whole(void **state) {
    (void)state;
    assert_string_equal(cut(EWI_SCAN_CL100K, "a \n  "), "a| \n  ");
    assert_string_equal(cut(EWI_SCAN_LLAMA3, "a \n  "), "a| \n|  ");
    assert_string_equal(cut(EWI_SCAN_CL100K, "a \n  b"), "a| \n| | b");
}

static void words_cover_any_bytes_without_a_gap(void **state) {
    (void)state;
    enum { LEN = 1 << 16 };
    uint8_t *text = malloc(LEN);
    assert_non_null(text);
    uint32_t seed = 1;
    for (size_t i = 0; i < LEN; i++) text[i] = (uint8_t)((seed = seed * 1664525u + 1013904223u) >> 24);
    for (unsigned scanner = 0; scanner < EWI_N_SCANNERS; scanner++) {
        size_t at = 0;
        ewi_words words;
        ewi_words_init(&words, (ewi_scanner)scanner, (ewi_bytes){text, LEN});
        for (ewi_bytes word; ewi_words_next(&words, &word); at += word.len) {
            assert_ptr_equal(word.data, text + at);
            assert_true(word.len > 0);
        }
        assert_int_equal(at, LEN);
    }
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(invalid_bytes_are_symbols),
        cmocka_unit_test(only_cl100k_keeps_white_space_at_the_end_whole),
        cmocka_unit_test(words_cover_any_bytes_without_a_gap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
