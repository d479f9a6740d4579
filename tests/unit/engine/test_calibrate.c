/* test_calibrate.c: quantizing with a text: what is refused, by name; how far it has come; and that it can be
 * stopped. */
#include "expect.h"
#include "rig.h"
#include "scratch.h"
#include "tiny_model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define WINDOW 32

/* Letters, each a token of its own at most: at least WINDOW tokens. */
static char letters[1200];

static int make_letters(void **state) {
    (void)state;
    uint32_t x = 1;
    for (size_t i = 0; i + 1 < sizeof letters; i++) {
        x = x * 1664525u + 1013904223u;
        letters[i] = x >> 28 == 0 ? ' ' : (char)('a' + (x >> 16) % 26);
    }
    return 0;
}

static ew_model *open_tiny(const tiny_model *m) {
    ew_model *model;
    ew_error err = {0};
    tiny_model small = *m;
    small.n_ctx = WINDOW;
    const char *path = scratch_path("tiny.gguf");
    gguf_build *b = tiny_model_build(&small);
    gguf_build_write(b, path);
    gguf_build_free(b);
    expect_ok(ew_model_open(path, &model, &err), &err);
    return model;
}

static ew_quantize_options how_with(const char *method, const char *text) {
    return (ew_quantize_options){.struct_size = sizeof(ew_quantize_options),
                                 .n_threads = 2,
                                 .replace = true,
                                 .method = method,
                                 .calibration = {text, strlen(text)}};
}

static void refuse_options(const ew_model *model, const ew_quantize_options *how, ew_status wanted,
                           const char *culprit) {
    ew_error err = {0};
    struct stat at;
    const char *path = scratch_path("none");
    expect_refused(ew_quantize(model, path, how, NULL, NULL, NULL, &err), wanted, &err, culprit);
    assert_int_not_equal(stat(path, &at), 0);
}

static void refuse(const ew_model *model, const char *method, const char *text, ew_status wanted,
                   const char *culprit) {
    ew_quantize_options how = how_with(method, text);
    refuse_options(model, &how, wanted, culprit);
}

static void bad_texts(void **state) {
    (void)state;
    ew_model *model = open_tiny(&(tiny_model){0});
    static const char *const methods[] = {"gptq", "awq"};
    for (size_t i = 0; i < 2; i++) {
        refuse(model, methods[i], "", EW_INVALID, "the calibration text is empty");
        refuse(model, methods[i], "abc", EW_INVALID, "at least 31 are needed");
        refuse(model, methods[i], "abc \xff", EW_INVALID, "not UTF-8: byte 4");
        refuse(model, methods[i], "\xc0\x80", EW_INVALID, "not UTF-8: byte 0");
        refuse(model, methods[i], "a \xf0\x9f\x98", EW_INVALID, "not UTF-8: byte 2");
    }
    ew_quantize_options how = how_with("gptq", letters);
    how.calibration_tokens = WINDOW - 2;
    refuse_options(model, &how, EW_INVALID, "has 30 tokens: at least 31");
    ew_model_close(model);
}

static void bad_methods(void **state) {
    (void)state;
    ew_model *model = open_tiny(&(tiny_model){0});
    refuse(model, "best", letters, EW_INVALID, "method \"best\" is none of round, gptq, awq");
    ew_quantize_options how = how_with("round", letters);
    how.type = "q8c";
    refuse_options(model, &how, EW_INVALID, "for a package's types with scales of groups");
    how.activation_ranges = "p99";
    refuse_options(model, &how, EW_INVALID, "\"p99\" are none of minmax, p99.9, p99.99, mse");
    how = how_with("awq", letters);
    how.smooth = 0.5f;
    refuse_options(model, &how, EW_INVALID, "choose one");
    how = how_with("gptq", letters);
    how.type = "f16";
    refuse_options(model, &how, EW_INVALID, "method \"gptq\" is for quantized types, not for f16");
    how.method = "awq";
    refuse_options(model, &how, EW_INVALID, "method \"awq\" is for quantized types, not for f16");
    how = how_with("round", "");
    how.smooth = 0.5f;
    static const float bad[] = {-0.5f, 1.5f, __builtin_nanf("")};
    for (size_t i = 0; i < 3; i++) {
        how.smooth = bad[i];
        refuse_options(model, &how, EW_INVALID, "is not between 0 and 1");
    }
    ew_model_close(model);
}

static void bad_models(void **state) {
    (void)state;
    static const struct {
        tiny_model model;
        const char *culprit;
    } cases[] = {
        {{.no_vocabulary = true}, "calibration needs a vocabulary"},
        {{.dtype = EWI_Q8_0}, "tensor blk.0.attn_q.weight: is Q8_0"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ew_model *model = open_tiny(&cases[i].model);
        refuse(model, "gptq", letters, EW_UNSUPPORTED, cases[i].culprit);
        ew_model_close(model);
    }
}

/* An infinity among a norm's weights: the layer that reads it is named, whatever the method. */
static void inputs_that_are_no_numbers(void **state) {
    (void)state;
    ew_quantize_options how = how_with("round", letters);
    const float infinity = __builtin_inff();
    uint64_t n = 64;
    gguf_build *b = tiny_model_build(&(tiny_model){.n_ctx = WINDOW, .omit = "blk.1.ffn_norm.weight"});
    float weights[64] = {0};
    weights[7] = infinity;
    gguf_build_tensor(b, "blk.1.ffn_norm.weight", EWI_F32, 1, &n, weights);
    const char *path = scratch_path("infinite.gguf");
    gguf_build_write(b, path);
    gguf_build_free(b);
    ew_model *model;
    ew_error err = {0};
    expect_ok(ew_model_open(path, &model, &err), &err);
    refuse(model, "gptq", letters, EW_FORMAT,
           "tensor blk.1.ffn_gate.weight: on the calibration text its input 7");
    how.smooth = 0.5f;
    refuse_options(model, &how, EW_FORMAT, "input 7 is an infinity or NaN");
    ew_model_close(model);
}

/* A router of zeros sends all rows to the first two of four experts: what the others' three matrices read is
 * not known. */
static void experts_that_nothing_reaches(void **state) {
    (void)state;
    const uint64_t dims[] = {4, 64};
    const float zeros[4 * 64] = {0};
    gguf_build *b = tiny_model_build(&(tiny_model){.arch = "qwen3moe",
                                                   .n_experts = 4,
                                                   .n_used = 2,
                                                   .n_ctx = WINDOW,
                                                   .omit = "blk.1.ffn_gate_inp.weight"});
    gguf_build_tensor(b, "blk.1.ffn_gate_inp.weight", EWI_F32, 2, dims, zeros);
    const char *path = scratch_path("unreached.gguf");
    gguf_build_write(b, path);
    gguf_build_free(b);
    ew_model *model;
    ew_error err = {0};
    ew_quantize_report report;
    ew_quantize_options how = how_with("gptq", letters);
    expect_ok(ew_model_open(path, &model, &err), &err);
    expect_ok(ew_quantize(model, scratch_path("package"), &how, NULL, NULL, &report, &err), &err);
    assert_int_equal(report.n_unreached, 2 * 3);
    ew_model_close(model);
}

/* ---- progress ---- */

typedef struct watch {
    uint64_t last, total, n_steps, stop_at;
} watch;

static bool look(void *user, uint64_t done, uint64_t total) {
    watch *w = user;
    assert_true(done >= w->last && done <= total);
    assert_true(w->total == 0 || w->total == total);
    if (done > w->last) w->n_steps++;
    w->last = done;
    w->total = total;
    return !w->stop_at || w->n_steps < w->stop_at;
}

/* The text has many windows: they alone move it more often than all tensors do. */
static void windows_move_the_progress(void **state) {
    (void)state;
    ew_model *model = open_tiny(&(tiny_model){0});
    const char *path = scratch_path("package");
    ew_error err = {0};
    watch w = {0}, without = {0};
    ew_quantize_options how = how_with("gptq", letters), rounding = how_with(NULL, "");
    expect_ok(ew_quantize(model, path, &how, look, &w, NULL, &err), &err);
    expect_ok(ew_quantize(model, path, &rounding, look, &without, NULL, &err), &err);
    assert_true(w.last == w.total && without.last == without.total);
    assert_true(w.total == 2 * without.total);
    /* 4 stages over windows of 31 letters or more */
    assert_true(w.n_steps >= without.n_steps + 4 * 20);
    ew_model_close(model);
}

/* In a window, and among tensors. */
static void it_can_be_stopped(void **state) {
    (void)state;
    static const char *const methods[] = {"gptq", "awq"};
    struct stat at;
    ew_model *model = open_tiny(&(tiny_model){0});
    for (uint64_t stop = 1; stop < 120; stop += 17)
        for (size_t i = 0; i < 2; i++) {
            ew_error err = {0};
            watch w = {.stop_at = stop};
            ew_quantize_options how = how_with(methods[i], letters);
            const char *path = scratch_path("stopped");
            expect_refused(ew_quantize(model, path, &how, look, &w, NULL, &err), EW_CANCELLED, &err,
                           "no model was made");
            assert_int_not_equal(stat(path, &at), 0);
        }
    ew_model_close(model);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_texts),
        cmocka_unit_test(bad_methods),
        cmocka_unit_test(bad_models),
        cmocka_unit_test(inputs_that_are_no_numbers),
        cmocka_unit_test(experts_that_nothing_reaches),
        cmocka_unit_test(windows_move_the_progress),
        cmocka_unit_test(it_can_be_stopped),
    };
    return cmocka_run_group_tests(tests, make_letters, scratch_remove);
}
