/*
 * The vocabularies that llama.cpp tests itself with, against the ids that it expects (ggml-org/llama.cpp,
 * models/ggml-vocab-*.inp and .out; they were made by Hugging Face's tokenizers): all texts of each. No BOS,
 * and special tokens stay text.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "edgewise/edgewise.h"
#include "fixtures.h"
#include "test.h"
#include "text_file.h"

#define SEPARATOR "\n__ggml_vocab_test__\n"
#define N_TEXTS   46
#define MAX_IDS   1024

static void check_text(const char *name, size_t index, const ew_tokenizer *tokenizer, ew_str text,
                       const char *expected) {
    int32_t want[MAX_IDS];
    ew_token got[MAX_IDS];
    ew_error err = {0};
    size_t n_want = text_file_ids(expected, want, MAX_IDS), n_got;
    assert_int_equal(ew_tokenizer_encode(tokenizer, text, 0, got, MAX_IDS, &n_got, &err), EW_OK);
    bool same = n_got == n_want && n_got <= MAX_IDS && memcmp(got, want, n_got * sizeof *got) == 0;
    if (same) return;
    fprintf(stderr, "%s, text %zu: \"%.*s\"\n  got ", name, index, (int)text.len, text.data);
    for (size_t i = 0; i < n_got && i < MAX_IDS; i++) fprintf(stderr, " %d", (int)got[i]);
    fprintf(stderr, "\n  want %.*s\n", (int)strcspn(expected, "\n"), expected);
    fail_msg("%s: text %zu: other tokens than llama.cpp expects", name, index);
}

static void check_vocabulary(const char *name) {
    char path[256];
    size_t size;
    ew_tokenizer *tokenizer;
    ew_error err = {0};
    snprintf(path, sizeof path, "tokenizers/ggml-vocab/ggml-vocab-%s.gguf", name);
    if (ew_tokenizer_open(test_fixture(path), &tokenizer, &err)) fail_msg("%s", err.text);
    snprintf(path, sizeof path, "tokenizers/ggml-vocab/ggml-vocab-%s.gguf.inp", name);
    char *texts = text_file_read(test_fixture(path), &size);
    snprintf(path, sizeof path, "tokenizers/ggml-vocab/ggml-vocab-%s.gguf.out", name);
    char *expected = text_file_read(test_fixture(path), &size);
    const char *text = texts, *line = expected, *end;
    size_t n = 0;
    for (; (end = strstr(text, SEPARATOR)); text = end + strlen(SEPARATOR), n++) {
        check_text(name, n, tokenizer, (ew_str){text, (size_t)(end - text)}, line);
        line += strcspn(line, "\n") + 1;
    }
    assert_int_equal(n, N_TEXTS);
    free(texts);
    free(expected);
    ew_tokenizer_close(tokenizer);
}

#define VOCABULARY(function, name)       \
    static void function(void **state) { \
        (void)state;                     \
        check_vocabulary(name);          \
    }

VOCABULARY(llama_spm, "llama-spm")
VOCABULARY(phi_3, "phi-3")
VOCABULARY(gpt_2, "gpt-2")
VOCABULARY(starcoder, "starcoder")
VOCABULARY(falcon, "falcon")
VOCABULARY(deepseek_coder, "deepseek-coder")
VOCABULARY(bert_bge, "bert-bge")

/* [CLS] hello world [SEP]: the ids that google-research/bert's vocabulary (uncased) gives them. */
static void bert_puts_tokens_around_a_text(void **state) {
    (void)state;
    static const ew_token want[] = {101, 7592, 2088, 102};
    ew_tokenizer *tokenizer;
    ew_error err = {0};
    ew_token got[8];
    size_t n;
    const char *path = test_fixture("tokenizers/ggml-vocab/ggml-vocab-bert-bge.gguf");
    unsigned flags = EW_ENCODE_BOS | EW_ENCODE_EOS;
    if (ew_tokenizer_open(path, &tokenizer, &err)) fail_msg("%s", err.text);
    assert_true(ew_tokenizer_adds_bos(tokenizer) && ew_tokenizer_adds_eos(tokenizer));
    assert_int_equal(ew_tokenizer_encode(tokenizer, (ew_str){"Hello world", 11}, flags, got, 8, &n, &err),
                     EW_OK);
    assert_int_equal(n, sizeof want / sizeof *want);
    assert_memory_equal(got, want, sizeof want);
    ew_tokenizer_close(tokenizer);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(llama_spm), cmocka_unit_test(phi_3),
        cmocka_unit_test(gpt_2),     cmocka_unit_test(starcoder),
        cmocka_unit_test(falcon),    cmocka_unit_test(deepseek_coder),
        cmocka_unit_test(bert_bge),  cmocka_unit_test(bert_puts_tokens_around_a_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
