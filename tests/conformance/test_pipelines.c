/*
 * WordPiece, unigram, WordLevel and BPE models behind all sorts of normalizers and pre-tokenizers, against
 * the ids and the text that Hugging Face's `tokenizers` gives (data/pipeline_vectors.txt, made by
 * make_pipeline_vectors.py).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "edgewise/edgewise.h"
#include "scratch.h"
#include "test.h"
#include "text_file.h"

#define MAX_TEXT 4096
#define MAX_IDS  4096

/* Lines of one file: the tokenizer they are about, the text, and what it became. */
typedef struct vectors {
    ew_tokenizer *tokenizer;
    char name[64];
    uint8_t text[MAX_TEXT];
    size_t len;
    ew_token ids[MAX_IDS];
    size_t n_ids, n_texts, n_tokenizers;
} vectors;

/* "NAME JSON" */
static void open_tokenizer(vectors *v, const char *line) {
    ew_error err = {0};
    size_t name_len = strcspn(line, " "), len = strcspn(line, "\n") - name_len - 1;
    ew_tokenizer_close(v->tokenizer);
    snprintf(v->name, sizeof v->name, "%.*s", (int)name_len, line);
    const char *path = scratch_file("tokenizer.json", line + name_len + 1, len);
    if (ew_tokenizer_open(path, &v->tokenizer, &err)) fail_msg("%s: %s", v->name, err.text);
    v->n_tokenizers++;
}

static void check_ids(vectors *v, const char *line) {
    int32_t want[MAX_IDS];
    ew_error err = {0};
    ew_str text = {(const char *)v->text, v->len};
    size_t n_want = text_file_ids(line, want, MAX_IDS);
    assert_int_equal(ew_tokenizer_encode(v->tokenizer, text, 0, v->ids, MAX_IDS, &v->n_ids, &err), EW_OK);
    if (v->n_ids != n_want || memcmp(v->ids, want, n_want * sizeof *want) != 0)
        fail_msg("%s: other tokens for \"%.*s\"", v->name, (int)v->len, v->text);
    v->n_texts++;
}

static void check_decoded(const vectors *v, const char *hex) {
    uint8_t want[4 * MAX_TEXT];
    char got[4 * MAX_TEXT];
    ew_error err = {0};
    ew_detokenizer state = {0};
    size_t len, n_got = 0, n_want = text_file_hex(hex, want, sizeof want);
    for (size_t i = 0; i < v->n_ids; i++, n_got += len) {
        size_t room = sizeof got - n_got;
        assert_int_equal(ew_detokenize(v->tokenizer, &state, v->ids[i], false, got + n_got, room, &len, &err),
                         EW_OK);
        assert_true(len <= room);
    }
    n_got += ew_detokenize_end(&state, got + n_got);
    if (n_got != n_want || memcmp(got, want, n_want) != 0)
        fail_msg("%s: other text for \"%.*s\": \"%.*s\"", v->name, (int)v->len, v->text, (int)n_got, got);
}

static void all_pipelines(void **state) {
    (void)state;
    static vectors v;
    size_t size;
    char *file = text_file_read(text_file_data("conformance/data/pipeline_vectors.txt"), &size);
    for (const char *line = file; *line; line += strcspn(line, "\n") + 1) {
        if (strncmp(line, "tokenizer ", 10) == 0)
            open_tokenizer(&v, line + 10);
        else if (strncmp(line, "text ", 5) == 0)
            v.len = text_file_hex(line + 5, v.text, MAX_TEXT);
        else if (strncmp(line, "ids", 3) == 0)
            check_ids(&v, line + 3);
        else if (strncmp(line, "decoded ", 8) == 0)
            check_decoded(&v, line + 8);
    }
    assert_int_equal(v.n_tokenizers, 21);
    assert_true(v.n_texts > 400);
    free(file);
    ew_tokenizer_close(v.tokenizer);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_pipelines),
    };
    return cmocka_run_group_tests(tests, NULL, scratch_remove);
}
