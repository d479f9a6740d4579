/* test_calibrated_experts.c: tiny models with experts, quantized with a text of random letters (lettered.h):
 * how far their logits are from transformers' (make_models.py). By GPTQ 4 bits must lose less than by
 * rounding, in 8 bits each method must be about as near; stacks of experts become what experts one by one do,
 * to the bit; and experts that all rows go to become what a dense layer does.
 */
#include "expect.h"
#include "golden.h"
#include "lettered.h"
#include "rig.h"
#include "scratch.h"
#include "tiny_model.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/model.h"

static const char *names[] = {"qwen3moe", "qwen3moe-stacked", "olmoe"};
#define N_NAMES (sizeof names / sizeof names[0])

#define N_LETTERS 4096
static char text[LETTERED_BYTES * N_LETTERS + 1];

static int make_text(void **state) {
    (void)state;
    lettered_text(text, N_LETTERS, 5);
    return 0;
}

typedef struct quantizing {
    const char *type, *method;
    float smooth;
} quantizing;

static void quantize(const ew_model *model, const quantizing *q, const char *path) {
    ew_error err = {0};
    const bool calibrates = strcmp(q->method, "round") != 0 || q->smooth > 0;
    ew_quantize_options how = {.struct_size = sizeof how,
                               .type = q->type,
                               .n_threads = 1,
                               .replace = true,
                               .method = q->method,
                               .calibration = {text, calibrates ? strlen(text) : 0},
                               .smooth = q->smooth};
    expect_ok(ew_quantize(model, path, &how, NULL, NULL, NULL, &err), &err);
}

/* The root of the mean square of the differences from transformers' logits. */
static double distance(const char *name, quantizing q) {
    const char *path = scratch_path("package");
    ew_model *model;
    ew_error err = {0};
    golden g = golden_load(name);
    hf_folder folder = lettered_folder(name);
    expect_ok(ew_model_open(folder.path, &model, &err), &err);
    quantize(model, &q, path);
    ew_model_close(model);
    rig r = rig_open(path, NULL);
    float *logits = rig_logits(&r, g.prompt, g.n_prompt);
    double sum = 0;
    const size_t n = g.n_prompt * g.n_vocab;
    for (size_t i = 0; i < n; i++) sum += pow((double)(logits[i] - g.logits[i]), 2);
    free(logits);
    rig_close(&r);
    golden_free(&g);
    return sqrt(sum / (double)n);
}

static void gptq_loses_less(void **state) {
    const char *name = *state;
    static const char *const types[] = {"q4c", "q4g32"};
    for (size_t i = 0; i < 2; i++) {
        double nearest = distance(name, (quantizing){types[i], "round", 0}),
               gptq = distance(name, (quantizing){types[i], "gptq", 0});
        print_message("%s, %s: logits off by %.4f by rounding, %.4f by gptq\n", name, types[i], nearest,
                      gptq);
        assert_true(gptq < nearest);
    }
}

static void packages_compute_the_same(void **state) {
    const char *name = *state;
    double nearest = distance(name, (quantizing){"q8c", "round", 0}),
           gptq = distance(name, (quantizing){"q8c", "gptq", 0}),
           awq = distance(name, (quantizing){"q8c", "awq", 0}),
           smooth = distance(name, (quantizing){"q8c", "round", 0.5f}),
           both = distance(name, (quantizing){"q8c", "gptq", 0.5f});
    print_message("%s: logits off by %.4f, gptq %.4f, awq %.4f, smooth %.4f, smooth and gptq %.4f\n", name,
                  nearest, gptq, awq, smooth, both);
    assert_true(gptq < 1.5 * nearest && awq < 1.5 * nearest && smooth < 1.5 * nearest &&
                both < 1.5 * nearest);
}

static float *logits_of(const char *path, const golden *g) {
    rig r = rig_open(path, NULL);
    float *logits = rig_logits(&r, g->prompt, g->n_prompt);
    rig_close(&r);
    return logits;
}

/* The GGUF file holds stacks, and no vocabulary: it borrows the folder's. */
static void stacks_are_alike(void **state) {
    (void)state;
    ew_model *folder, *gguf;
    ew_error err = {0};
    golden g = golden_load("qwen3moe");
    hf_folder lettered = lettered_folder("qwen3moe");
    const quantizing how = {"q4c", "gptq", 0};
    expect_ok(ew_model_open(lettered.path, &folder, &err), &err);
    expect_ok(ew_model_open(golden_path("qwen3moe.gguf"), &gguf, &err), &err);
    assert_null(gguf->tokenizer);
    quantize(folder, &how, scratch_path("package"));
    float *ones = logits_of(scratch_path("package"), &g);
    gguf->tokenizer = folder->tokenizer;
    quantize(gguf, &how, scratch_path("package"));
    gguf->tokenizer = NULL;
    float *stacks = logits_of(scratch_path("package"), &g);
    assert_memory_equal(ones, stacks, g.n_prompt * g.n_vocab * sizeof *ones);
    free(ones);
    free(stacks);
    ew_model_close(folder);
    ew_model_close(gguf);
    golden_free(&g);
}

static bool stop(void *user, uint64_t done, uint64_t total) {
    unsigned *left = user;
    (void)done;
    (void)total;
    return *left == 0 || --*left > 0;
}

/* Tensors that were made before are taken as they are, and the same comes of it. */
static void interrupted_runs_go_on(void **state) {
    (void)state;
    ew_model *model;
    ew_error err = {0};
    golden g = golden_load("qwen3moe");
    hf_folder folder = lettered_folder("qwen3moe");
    const quantizing q = {"q4c", "gptq", 0};
    expect_ok(ew_model_open(folder.path, &model, &err), &err);
    quantize(model, &q, scratch_path("whole"));
    float *whole = logits_of(scratch_path("whole"), &g);
    ew_quantize_report report;
    ew_quantize_options how = {.struct_size = sizeof how,
                               .type = q.type,
                               .n_threads = 1,
                               .replace = true,
                               .method = q.method,
                               .calibration = {text, strlen(text)}};
    unsigned left = 140, never = 0;
    expect_refused(ew_quantize(model, scratch_path("parts"), &how, stop, &left, &report, &err), EW_CANCELLED,
                   &err, "cancelled");
    assert_true(report.n_kept > 0);
    expect_ok(ew_quantize(model, scratch_path("parts"), &how, stop, &never, &report, &err), &err);
    print_message("%u tensors were there already\n", (unsigned)report.n_resumed);
    assert_true(report.n_resumed > 0);
    float *parts = logits_of(scratch_path("parts"), &g);
    assert_memory_equal(whole, parts, g.n_prompt * g.n_vocab * sizeof *whole);
    free(whole);
    free(parts);
    ew_model_close(model);
    golden_free(&g);
}

/* ---- two experts that are one layer ---- */

#define N_EXPERTS 4

static char *copy_file(const ew_model *model, size_t *len) {
    const ewi_bytes file = ewi_map_bytes(model->checkpoint.maps[0]);
    char *bytes = malloc(file.len);
    assert_non_null(bytes);
    memcpy(bytes, file.data, file.len);
    *len = file.len;
    return bytes;
}

/* Routers of zeros choose the first two, by halves; and these are the same. */
static void make_twins(const ew_model *model, char *bytes) {
    for (size_t i = 0; i < model->checkpoint.n_tensors; i++) {
        const ewi_tensor *t = &model->checkpoint.tensors[i];
        const size_t one = (size_t)t->size_bytes / N_EXPERTS;
        if (ewi_str_ends(t->name, "ffn_gate_inp.weight")) memset(bytes + t->offset, 0, (size_t)t->size_bytes);
        if (t->n_dims == 3) memcpy(bytes + t->offset + one, bytes + t->offset, one);
    }
}

/* The tensor of that name, or the stack that has it first. */
static const ewi_tensor *find_either(const ew_model *model, ew_str name) {
    char stack[64];
    const ewi_tensor *t = ewi_checkpoint_find(&model->checkpoint, name);
    if (t) return t;
    snprintf(stack, sizeof stack, "%.*s_exps.weight", (int)(name.len - strlen(".weight")), name.data);
    t = ewi_checkpoint_find(&model->checkpoint, ewi_str(stack));
    assert_non_null(t);
    return t;
}

static void make_dense(const ew_model *dense, char *bytes, const ew_model *twins) {
    for (size_t i = 0; i < dense->checkpoint.n_tensors; i++) {
        const ewi_tensor *t = &dense->checkpoint.tensors[i];
        memcpy(bytes + t->offset, find_either(twins, t->name)->data, (size_t)t->size_bytes);
    }
}

static ew_model *open_made(const tiny_model *how, const char *file) {
    ew_model *model;
    ew_error err = {0};
    gguf_build *b = tiny_model_build(how);
    const float zeros[16] = {0};
    const uint64_t n = 16;
    for (unsigned i = 0; i < 4 && !how->n_experts; i++) {
        char name[64];
        snprintf(name, sizeof name, "blk.%u.attn_%c_norm.weight", i / 2, "qk"[i % 2]);
        gguf_build_tensor(b, name, EWI_F32, 1, &n, zeros);
    }
    gguf_build_write(b, scratch_path(file));
    gguf_build_free(b);
    expect_ok(ew_model_open(scratch_path(file), &model, &err), &err);
    return model;
}

static ew_model *open_patched(const char *file, const char *bytes, size_t len) {
    ew_model *model;
    ew_error err = {0};
    expect_ok(ew_model_open(scratch_file(file, bytes, len), &model, &err), &err);
    return model;
}

static ew_model *package_of(const ew_model *model, const quantizing *how, const char *file) {
    ew_model *package;
    ew_error err = {0};
    quantize(model, how, scratch_path(file));
    expect_ok(ew_model_open(scratch_path(file), &package, &err), &err);
    return package;
}

static void expect_alike(const ew_model *dense, const ew_model *twins) {
    for (size_t i = 0; i < dense->checkpoint.n_tensors; i++) {
        const ewi_tensor *one = &dense->checkpoint.tensors[i], *t = find_either(twins, one->name);
        const size_t n = (size_t)one->size_bytes;
        assert_memory_equal(one->data, t->data, n);
        if (t->n_dims == 3) assert_memory_equal(one->data, t->data + n, n);
    }
}

/* A dense layer's weights by GPTQ, which numpy has checked (check_gptq.py), are those of both its experts. */
static void twins_are_a_dense_layer(void **state) {
    (void)state;
    static const char *const types[] = {"q4c", "q4g32"};
    size_t n_twins, n_dense;
    ew_model *random =
                 open_made(&(tiny_model){.arch = "qwen3moe", .n_experts = N_EXPERTS, .n_used = 2}, "random"),
             *other = open_made(&(tiny_model){.arch = "qwen3"}, "other");
    char *of_twins = copy_file(random, &n_twins), *of_dense = copy_file(other, &n_dense);
    make_twins(random, of_twins);
    ew_model *twins = open_patched("twins.gguf", of_twins, n_twins);
    make_dense(other, of_dense, twins);
    ew_model *dense = open_patched("dense.gguf", of_dense, n_dense);
    for (size_t i = 0; i < 2; i++) {
        const quantizing how = {types[i], "gptq", 0};
        ew_model *a = package_of(dense, &how, "dense"), *b = package_of(twins, &how, "twins");
        expect_alike(a, b);
        ew_model_close(a);
        ew_model_close(b);
    }
    free(of_twins);
    free(of_dense);
    ew_model_close(random);
    ew_model_close(other);
    ew_model_close(twins);
    ew_model_close(dense);
}

int main(void) {
    struct CMUnitTest tests[2 * N_NAMES + 3];
    for (size_t i = 0; i < N_NAMES; i++) {
        void *name = (void *)(uintptr_t)names[i];
        tests[i] = (struct CMUnitTest)cmocka_unit_test_prestate(gptq_loses_less, name);
        tests[N_NAMES + i] = (struct CMUnitTest)cmocka_unit_test_prestate(packages_compute_the_same, name);
    }
    tests[2 * N_NAMES] = (struct CMUnitTest)cmocka_unit_test(stacks_are_alike);
    tests[2 * N_NAMES + 1] = (struct CMUnitTest)cmocka_unit_test(twins_are_a_dense_layer);
    tests[2 * N_NAMES + 2] = (struct CMUnitTest)cmocka_unit_test(interrupted_runs_go_on);
    return cmocka_run_group_tests(tests, make_text, scratch_remove);
}
