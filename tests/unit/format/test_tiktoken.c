/* test_tiktoken.c: .tiktoken vocabularies. Base64 examples: RFC 4648, section 10. */
#include <stdlib.h>
#include <string.h>

#include "fixtures.h"
#include "format/tiktoken.h"
#include "os/file.h"
#include "test.h"

static ewi_arena arena;

static int setup(void **state) {
    (void)state;
    ewi_arena_init(&arena, 64u << 20);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    ewi_arena_deinit(&arena);
    return 0;
}

static ew_status parse(const char *text, ewi_tiktoken *out, ew_error *err) {
    return ewi_tiktoken_parse((ewi_bytes){(const uint8_t *)text, strlen(text)}, &arena, out, err);
}

static void check_refused(const char *text, const char *part) {
    ewi_tiktoken vocab;
    ew_error err = {0};
    size_t n = strlen(text);
    uint8_t *exact = malloc(n ? n : 1);
    assert_non_null(exact);
    memcpy(exact, text, n);
    ew_status status = ewi_tiktoken_parse((ewi_bytes){exact, n}, &arena, &vocab, &err);
    free(exact);
    if (status != EW_FORMAT) fail_msg("\"%s\": status %d", text, status);
    if (!strstr(err.text, part)) fail_msg("\"%s\": \"%s\" does not say \"%s\"", text, err.text, part);
}

static void decodes_base64(void **state) {
    (void)state;
    static const char *const expected[] = {"f", "fo", "foo", "foob", "fooba", "foobar"};
    ewi_tiktoken vocab;
    ew_error err = {0};
    const char *text = "Zg== 0\nZm8= 1\nZm9v 2\nZm9vYg== 3\nZm9vYmE= 4\nZm9vYmFy 5\n/+8A 6";
    if (parse(text, &vocab, &err)) fail_msg("%s", err.text);
    assert_int_equal(vocab.n_tokens, 7);
    for (size_t i = 0; i < 6; i++) assert_true(ewi_str_is(vocab.tokens[i], expected[i]));
    assert_true(ewi_str_eq(vocab.tokens[6], EWI_STR("\xff\xef\0")));
}

static void takes_lines_in_any_order(void **state) {
    (void)state;
    ewi_tiktoken vocab;
    ew_error err = {0};
    if (parse("\nZm8= 1\r\n\r\nZg== 0\r\n\n", &vocab, &err)) fail_msg("%s", err.text);
    assert_int_equal(vocab.n_tokens, 2);
    assert_true(ewi_str_is(vocab.tokens[0], "f"));
    assert_true(ewi_str_is(vocab.tokens[1], "fo"));
}

static void refuses_bad_files(void **state) {
    (void)state;
    check_refused("", "tiktoken: the file has no tokens");
    check_refused("\n\r\n", "the file has no tokens");
    check_refused("Zg== 0\nZm8= 0\n", "line 2: rank 0 occurs twice");
    check_refused("Zg== 0\nZm8= 2\n",
                  "line 2: rank 2, but the ranks of 2 tokens must be 0 to 1 without a gap");
    check_refused("Zg== 0\n\nZm8= 9999999\n", "line 3: rank 9999999");
    check_refused("Zg== 0\nZm8= 1\nZg== 2\n", "lines 1 and 3 give the same token two ranks");
}

static void refuses_bad_lines(void **state) {
    (void)state;
    static const char *const no_rank[] = {
        "Zg==",    "Zg== ",   "Zg== x",  "Zg== -1",       "Zg== 1 2",
        "Zg==  0", "Zg== 0 ", "Zg==\t0", "Zg== 00000000", "Zg== 18446744073709551616",
        " "};
    static const char *const no_base64[] = {" 0",
                                            "Zg 0",
                                            "Zg= 0",
                                            "Z=== 0",
                                            "==== 0",
                                            "Z*== 0",
                                            "Zg==Zg== 0",
                                            "Zh== 0",
                                            "Zm9= 0",
                                            "Zm8 0",
                                            "-_8A 0",
                                            "Zg==== 0",
                                            "Zm9v\xff\xff\xff\xff 0"};
    for (size_t i = 0; i < sizeof no_rank / sizeof no_rank[0]; i++)
        check_refused(no_rank[i], "line 1: expected a token in base64, one blank and its rank");
    for (size_t i = 0; i < sizeof no_base64 / sizeof no_base64[0]; i++)
        check_refused(no_base64[i], "line 1: the token is not base64, or empty");
}

static void reads_real_vocabularies(void **state) {
    (void)state;
    static const struct {
        const char *path;
        size_t n; /* tiktoken_ext/openai_public.py: the first special token follows */
    } real[] = {{"tokenizers/tiktoken/cl100k_base.tiktoken", 100256},
                {"tokenizers/tiktoken/o200k_base.tiktoken", 199998}};
    for (size_t i = 0; i < 2; i++) {
        ewi_map *map;
        ewi_tiktoken vocab;
        ew_error err = {0};
        assert_int_equal(ewi_map_open(test_fixture(real[i].path), &map, &err), EW_OK);
        if (ewi_tiktoken_parse(ewi_map_bytes(map), &arena, &vocab, &err))
            fail_msg("%s: %s", real[i].path, err.text);
        assert_int_equal(vocab.n_tokens, real[i].n);
        assert_true(ewi_str_is(vocab.tokens[0], "!"));
        ewi_map_close(map);
    }
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(decodes_base64),    TEST(takes_lines_in_any_order), TEST(refuses_bad_files),
        TEST(refuses_bad_lines), TEST(reads_real_vocabularies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
