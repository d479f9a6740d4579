/*
 * The tokenizer.json of Llama-2 and Phi-2, and Qwen2's stages before Phi-2's vocabulary, against the ids
 * and the text that Hugging Face's `tokenizers` gives (data/hf_vectors.txt, made by make_hf_vectors.py).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "edgewise/edgewise.h"
#include "fixtures.h"
#include "scratch.h"
#include "test.h"
#include "text_file.h"

#define MAX_TEXT 4096
#define MAX_IDS  4096

#define QWEN2                                                                                                \
    "\"normalizer\": {\"type\": \"NFC\"}, \"pre_tokenizer\": {\"type\": \"Sequence\", \"pretokenizers\": [{" \
    "\"type\": \"Split\", \"pattern\": {\"Regex\": "                                                         \
    "\"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\\\r\\\\n\\\\p{L}\\\\p{N}]?"                                          \
    "\\\\p{L}+|\\\\p{N}| "                                                                                   \
    "?[^\\\\s\\\\p{L}\\\\p{N}]+[\\\\r\\\\n]*|\\\\s*[\\\\r\\\\n]+|\\\\s+(?!\\\\S)|\\\\s+\"}, "                \
    "\"behavior\": \"Isolated\", \"invert\": false}, {\"type\": \"ByteLevel\", \"add_prefix_space\": "       \
    "false, "                                                                                                \
    "\"trim_offsets\": false, \"use_regex\": false}]}, "

static ew_tokenizer *open_path(const char *path) {
    ew_tokenizer *tokenizer;
    ew_error err = {0};
    if (ew_tokenizer_open(path, &tokenizer, &err)) fail_msg("%s", err.text);
    return tokenizer;
}

/* Phi-2's file with other stages between "added_tokens" and "post_processor". */
static ew_tokenizer *open_with_stages(const char *stages) {
    size_t size, n_stages = strlen(stages);
    char *file = text_file_read(test_fixture("tokenizers/hf-json/phi-2/tokenizer.json"), &size);
    char *from = strstr(file, "\"normalizer\""), *to = strstr(file, "\"post_processor\"");
    assert_true(from && to && from < to);
    size_t head = (size_t)(from - file), tail = size - (size_t)(to - file);
    char *changed = malloc(head + n_stages + tail);
    assert_non_null(changed);
    memcpy(changed, file, head);
    memcpy(changed + head, stages, n_stages);
    memcpy(changed + head + n_stages, to, tail);
    const char *path = scratch_file("tokenizer.json", changed, head + n_stages + tail);
    free(file);
    free(changed);
    return open_path(path);
}

static void check_ids(const ew_tokenizer *tokenizer, ew_str text, const char *ids) {
    int32_t want[MAX_IDS];
    ew_token got[MAX_IDS];
    ew_error err = {0};
    size_t n_got, n_want = text_file_ids(ids, want, MAX_IDS);
    assert_int_equal(ew_tokenizer_encode(tokenizer, text, 0, got, MAX_IDS, &n_got, &err), EW_OK);
    if (n_got != n_want || memcmp(got, want, n_got * sizeof *got) != 0)
        fail_msg("other tokens for \"%.*s\"", (int)text.len, text.data);
}

static void check_decoded(const ew_tokenizer *tokenizer, ew_str text, const char *hex) {
    ew_token ids[MAX_IDS];
    uint8_t want[2 * MAX_TEXT];
    char got[2 * MAX_TEXT];
    ew_error err = {0};
    ew_detokenizer state = {0};
    size_t n, len, n_got = 0, n_want = text_file_hex(hex, want, sizeof want);
    assert_int_equal(ew_tokenizer_encode(tokenizer, text, 0, ids, MAX_IDS, &n, &err), EW_OK);
    for (size_t i = 0; i < n; i++, n_got += len) {
        size_t room = sizeof got - n_got;
        assert_int_equal(ew_detokenize(tokenizer, &state, ids[i], false, got + n_got, room, &len, &err),
                         EW_OK);
        assert_true(len <= room);
    }
    n_got += ew_detokenize_end(&state, got + n_got);
    assert_int_equal(n_got, n_want);
    assert_memory_equal(got, want, n_want);
}

/* Checks the lines of one tokenizer, and the "decoded" lines if it is the one they are of. */
static void check_vectors(ew_tokenizer *tokenizer, const char *name, bool decoded) {
    uint8_t text[MAX_TEXT];
    size_t size, len = 0, n = 0, n_texts = 0;
    char *file = text_file_read(text_file_data("conformance/data/hf_vectors.txt"), &size);
    for (const char *line = file; *line; line += strcspn(line, "\n") + 1) {
        ew_str bytes = {(const char *)text, len};
        if (strncmp(line, "text ", 5) == 0) {
            len = text_file_hex(line + 5, text, MAX_TEXT);
            n_texts++;
        } else if (strncmp(line, name, strlen(name)) == 0) {
            check_ids(tokenizer, bytes, line + strlen(name));
            n++;
        } else if (decoded && strncmp(line, "decoded ", 8) == 0) {
            check_decoded(tokenizer, bytes, line + 8);
        }
    }
    assert_true(n_texts > 200);
    assert_int_equal(n, n_texts);
    free(file);
    ew_tokenizer_close(tokenizer);
}

static void llama2(void **state) {
    (void)state;
    ew_tokenizer *tokenizer = open_path(test_fixture("tokenizers/hf-json/llama2"));
    assert_int_equal(ew_tokenizer_n_vocab(tokenizer), 32000);
    assert_int_equal(ew_tokenizer_bos(tokenizer), 1);
    assert_int_equal(ew_tokenizer_eos(tokenizer), 2);
    assert_true(ew_tokenizer_adds_bos(tokenizer));
    check_vectors(tokenizer, "llama2", true);
}

static void phi_2(void **state) {
    (void)state;
    ew_tokenizer *tokenizer = open_path(test_fixture("tokenizers/hf-json/phi-2/tokenizer.json"));
    assert_int_equal(ew_tokenizer_n_vocab(tokenizer), 50295);
    assert_int_equal(ew_tokenizer_eos(tokenizer), 50256);
    assert_false(ew_tokenizer_adds_bos(tokenizer));
    check_vectors(tokenizer, "phi-2", false);
}

static void qwen2_stages(void **state) {
    (void)state;
    check_vectors(open_with_stages(QWEN2), "qwen2-phi-2", false);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(llama2),
        cmocka_unit_test(phi_2),
        cmocka_unit_test(qwen2_stages),
    };
    return cmocka_run_group_tests(tests, NULL, scratch_remove);
}
