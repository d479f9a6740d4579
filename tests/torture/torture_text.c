/* torture_text.c: while a tokenizer is opened and used, the Nth allocation or file call fails, for every
 * N: a typed error, nothing leaked, and success once N lies past the last call. */
#include <string.h>

#include "base/mem.h"
#include "edgewise/edgewise.h"
#include "gguf_build.h"
#include "scratch.h"
#include "test.h"
#include "vocab_build.h"

#define LONG_WORD 3000

/* Opens the file and encodes a long word of it with marks that need ordering. */
static ew_status use_path(const char *path, ew_error *err) {
    ew_tokenizer *tokenizer;
    char text[LONG_WORD + 8];
    size_t n;
    ew_status status = ew_tokenizer_open(path, &tokenizer, err);
    memset(text, 'a', sizeof text);
    memcpy(text + LONG_WORD, "e\xcc\x81 \xcc\xa7z", 7);
    if (!status)
        status = ew_tokenizer_encode(tokenizer, (ew_str){text, LONG_WORD + 7}, EW_ENCODE_SPECIAL, NULL, 0, &n,
                                     err);
    ew_tokenizer_close(tokenizer);
    return status;
}

/* Uses the file with the nth call failing; true when none was left to fail. */
static bool survives(const char *path, uint64_t nth) {
    ew_error err = {0};
    int64_t live = ewi_hostile_live_blocks();
    ewi_hostile_fail_at(nth);
    ew_status status = use_path(path, &err);
    bool failed = ewi_hostile_count() >= nth;
    ewi_hostile_fail_at(0);
    assert_int_equal(ewi_hostile_live_blocks(), live);
    if (!failed) {
        if (status) fail_msg("%s", err.text);
        return true;
    }
    assert_true(status == EW_NO_MEMORY || status == EW_IO);
    assert_true(err.status == status && err.text[0]);
    return false;
}

static void torture(const char *path) {
    uint64_t nth = 1;
    while (!survives(path, nth)) nth++;
    assert_true(nth > 8);
}

static void gguf_file(void **state) {
    (void)state;
    vocab_build *v = vocab_build_spm();
    vocab_build_token(v, "a", EWI_TOKEN_NORMAL, -1);
    vocab_build_token(v, "aa", EWI_TOKEN_NORMAL, -2);
    const ewi_vocab *vocab = vocab_build_vocab(v);
    gguf_build *b = gguf_build_new();
    int32_t types[512];
    for (size_t i = 0; i < vocab->n_tokens; i++) types[i] = vocab->types[i];
    gguf_build_str(b, "tokenizer.ggml.model", "llama");
    gguf_build_strings(b, "tokenizer.ggml.tokens", vocab->tokens, vocab->n_tokens);
    gguf_build_array(b, "tokenizer.ggml.scores", 6, vocab->scores, vocab->n_tokens, sizeof(float));
    gguf_build_array(b, "tokenizer.ggml.token_type", 5, types, vocab->n_tokens, sizeof types[0]);
    gguf_build_write(b, scratch_path("spm.gguf"));
    torture(scratch_path("spm.gguf"));
    gguf_build_free(b);
    vocab_build_free(v);
}

static void json_file(void **state) {
    (void)state;
    static const char config[] = "{\"eos_token\":\"<\\u007C\"}";
    static const char json[] = "{\"added_tokens\":[{\"id\":8,\"content\":\"<\\u007c\",\"special\":true}],"
                               "\"normalizer\":{\"type\":\"NFC\"},"
                               "\"pre_tokenizer\":{\"type\":\"ByteLevel\",\"add_prefix_space\":false},"
                               "\"decoder\":{\"type\":\"ByteLevel\"},"
                               "\"model\":{\"vocab\":{\"a\":0,\"\\u00c3\":1,\"\xc2\xa9\":2,\"\\u0120\":3,"
                               "\"\\u00cc\":4,\"\xc2\xa7\":5,\"z\":6,"
                               "\"aa\":7},\"merges\":[\"\\u0061 a\"]}}";
    scratch_file("tokenizer_config.json", config, sizeof config - 1);
    torture(scratch_file("tokenizer.json", json, sizeof json - 1));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(gguf_file), cmocka_unit_test(json_file)};
    return cmocka_run_group_tests(tests, NULL, scratch_remove);
}
