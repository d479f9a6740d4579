/* test_windows.c: a calibration text as a model's windows: those of models that make embeddings are the
 * tokens that transformers makes of the same lines (tests/golden/make_encoders.py). */
#include "expect.h"
#include "golden.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/windows.h"

#define N_TEXTS 6
#define MOST    1024
#define EVERY   (1u << 20)

static ew_model *open_golden(const char *name) {
    ew_model *model;
    ew_error err = {0};
    expect_ok(ew_model_open(golden_path(name), &model, &err), &err);
    return model;
}

static ewi_windows cut(const ew_model *model, const char *text, uint32_t n_tokens) {
    ewi_windows w;
    ew_error err = {0};
    expect_ok(ewi_windows_cut(model, (ew_str){text, strlen(text)}, n_tokens, false, &w, &err), &err);
    return w;
}

/* Lines without a text between them, and no end of line behind the last. */
static char *read_texts(char *text, size_t size) {
    FILE *file = golden_open("encoders", "texts.txt");
    size_t n = 0;
    for (char line[2048]; fgets(line, sizeof line, file); n += strlen(text + n))
        snprintf(text + n, size - n, "%s\n", line);
    text[n - 2] = 0;
    fclose(file);
    return text;
}

static void lines_are_marked_texts(void **state) {
    (void)state;
    static const char *const names[] = {"bge", "xlm-roberta", "modernbert", "qwen3-embedding"};
    char text[8192];
    read_texts(text, sizeof text);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        ew_model *model = open_golden(names[i]);
        ewi_windows w = cut(model, text, EVERY);
        FILE *file = golden_open(names[i], "ids.txt");
        ew_token ids[MOST];
        assert_int_equal(w.n, N_TEXTS);
        for (size_t k = 0; k < N_TEXTS; k++) {
            assert_int_equal(golden_read_ids(file, ids, MOST), ewi_window_length(&w, k));
            assert_memory_equal(w.tokens + w.starts[k], ids, ewi_window_length(&w, k) * sizeof *ids);
        }
        fclose(file);
        ewi_windows_deinit(&w);
        ew_model_close(model);
    }
}

/* bge takes 512 tokens: [CLS], 510 letters, [SEP]. */
static void long_lines_are_several(void **state) {
    (void)state;
    static const size_t lengths[] = {512, 92, 12};
    char text[2 * 630 + 1];
    for (size_t i = 0; i < 630; i++) memcpy(text + 2 * i, i < 600 ? "a " : i == 600 ? "\n " : "b ", 3);
    ew_model *model = open_golden("bge");
    ewi_windows w = cut(model, text, 610);
    assert_int_equal(w.longest, 512);
    assert_int_equal(w.n, 3);
    for (size_t i = 0; i < 3; i++) {
        const size_t n = ewi_window_length(&w, i);
        const ew_token *ids = w.tokens + w.starts[i];
        assert_int_equal(n, lengths[i]);
        assert_int_equal(ids[0], 2);
        assert_int_equal(ids[n - 1], 3);
        for (size_t k = 2; k + 1 < n; k++) assert_int_equal(ids[k], ids[1]);
    }
    ewi_windows_deinit(&w);
    ew_model_close(model);
}

static void refuse(const ew_model *model, const char *text, ew_status wanted, const char *culprit) {
    ewi_windows w;
    ew_error err = {0};
    ew_status status = ewi_windows_cut(model, (ew_str){text, strlen(text)}, EVERY, false, &w, &err);
    expect_refused(status, wanted, &err, culprit);
    ewi_windows_deinit(&w);
}

static void too_little(void **state) {
    (void)state;
    ew_model *model = open_golden("bge");
    refuse(model, "", EW_INVALID, "the calibration text is empty");
    refuse(model, "\n\n", EW_INVALID, "has 0 tokens: at least 510 are needed");
    refuse(model, "a\nb c\n", EW_INVALID, "has 3 tokens: at least 510 are needed");
    model->hparams.n_ctx_train = 2;
    refuse(model, "a b c", EW_UNSUPPORTED, "the model takes 2 tokens: too few for calibration");
    ew_model_close(model);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(lines_are_marked_texts),
                                       cmocka_unit_test(long_lines_are_several),
                                       cmocka_unit_test(too_little)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
