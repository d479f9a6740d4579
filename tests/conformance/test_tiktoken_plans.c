/*
 * cl100k_base and o200k_base against the ids that tiktoken gives (fixtures tokenizers/tiktoken/TestPlans.txt,
 * openai/tiktoken): all samples of both encodings.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "edgewise/edgewise.h"
#include "fixtures.h"
#include "test.h"
#include "text_file.h"

#define MAX_IDS 4096

static void check_sample(const ew_tokenizer *tokenizer, ew_str sample, const char *encoded) {
    int32_t want[MAX_IDS];
    ew_token got[MAX_IDS];
    ew_error err = {0};
    size_t n_got, n_want = text_file_ids(encoded, want, MAX_IDS);
    assert_int_equal(ew_tokenizer_encode(tokenizer, sample, 0, got, MAX_IDS, &n_got, &err), EW_OK);
    if (n_got != n_want || memcmp(got, want, n_got * sizeof *got) != 0)
        fail_msg("other tokens than tiktoken's for \"%.*s\"", (int)sample.len, sample.data);
}

/*
 * The plan is blocks of "EncodingName: E\nSample: S\nEncoded: [ids]\n\n". Returns how many were of this
 * encoding.
 */
static size_t check_plan(const ew_tokenizer *tokenizer, const char *plan, const char *encoding) {
    char head[64];
    size_t n = 0;
    snprintf(head, sizeof head, "EncodingName: %s\nSample: ", encoding);
    for (const char *at = plan; (at = strstr(at, head)); n++) {
        at += strlen(head);
        const char *end = strstr(at, "\nEncoded: [");
        assert_non_null(end);
        check_sample(tokenizer, (ew_str){at, (size_t)(end - at)}, end + strlen("\nEncoded: ["));
    }
    return n;
}

static void check_encoding(const char *encoding, size_t n_samples) {
    char path[128];
    size_t size;
    ew_tokenizer *tokenizer;
    ew_error err = {0};
    snprintf(path, sizeof path, "tokenizers/tiktoken/%s.tiktoken", encoding);
    if (ew_tokenizer_open(test_fixture(path), &tokenizer, &err)) fail_msg("%s", err.text);
    char *plan = text_file_read(test_fixture("tokenizers/tiktoken/TestPlans.txt"), &size);
    assert_int_equal(check_plan(tokenizer, plan, encoding), n_samples);
    free(plan);
    ew_tokenizer_close(tokenizer);
}

static void cl100k_base(void **state) {
    (void)state;
    check_encoding("cl100k_base", 64);
}

static void o200k_base(void **state) {
    (void)state;
    check_encoding("o200k_base", 57);
}

/* tiktoken_ext/openai_public.py */
static void special_tokens_have_their_ids(void **state) {
    (void)state;
    ew_tokenizer *tokenizer;
    ew_error err = {0};
    ew_token ids[8];
    size_t n;
    ew_str text = {"a<|fim_prefix|><|endofprompt|>", 30};
    const char *path = test_fixture("tokenizers/tiktoken/cl100k_base.tiktoken");
    if (ew_tokenizer_open(path, &tokenizer, &err)) fail_msg("%s", err.text);
    assert_int_equal(ew_tokenizer_n_vocab(tokenizer), 100277);
    assert_int_equal(ew_tokenizer_eos(tokenizer), 100257);
    assert_int_equal(ew_tokenizer_encode(tokenizer, text, EW_ENCODE_SPECIAL, ids, 8, &n, &err), EW_OK);
    assert_int_equal(n, 3);
    assert_int_equal(ids[0], 64);
    assert_int_equal(ids[1], 100258);
    assert_int_equal(ids[2], 100276);
    ew_tokenizer_close(tokenizer);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cl100k_base),
        cmocka_unit_test(o200k_base),
        cmocka_unit_test(special_tokens_have_their_ids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
