/*
 * test_package_sources.c: one model in files of several kinds, and the packages that are made of them: of a
 * folder and of llama.cpp's conversion of it (make_models.py), of experts one by one and in one tensor, of
 * matrices and of their transposes. They compute the same logits to the last bit, which are transformers'
 * where f16 loses nothing.
 */
#include "expect.h"
#include "golden.h"
#include "hf_folder.h"
#include "model/checkpoint.h"
#include "rig.h"
#include "scratch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const types[] = {"q4s", "q8c", "q4c", "q8g", "q4g32", "q4g128", "f16"};
#define N_TYPES (sizeof types / sizeof types[0])

static void quantize(const char *from, const char *type, const char *to) {
    ew_model *model;
    ew_error err = {0};
    ew_quantize_options how = {.struct_size = sizeof how, .type = type, .n_threads = 2, .replace = true};
    expect_ok(ew_model_open(from, &model, &err), &err);
    expect_ok(ew_quantize(model, to, &how, NULL, NULL, NULL, &err), &err);
    ew_model_close(model);
}

static const ew_engine_options options = {
    .n_threads = 2, .cache_k = EW_CACHE_F32, .cache_v = EW_CACHE_F32, .exact = true};

static float *logits_of(const golden *g, const char *path) {
    rig r = rig_open(path, &options);
    float *logits = rig_logits(&r, g->prompt, g->n_prompt);
    rig_close(&r);
    return logits;
}

/* ---- a folder and its conversion ---- */

/* In f16, weights of F16 lose nothing, and of BF16 the tiniest. */
static void of_both_files(void **state) {
    const char *name = *state;
    char folder[512], file[512], ending[64];
    golden g = golden_load(name);
    const size_t n = g.n_prompt * g.n_vocab;
    snprintf(ending, sizeof ending, "%s.gguf", name);
    snprintf(folder, sizeof folder, "%s", golden_path(name));
    snprintf(file, sizeof file, "%s", golden_path(ending));
    for (size_t i = 0; i < N_TYPES; i++) {
        quantize(folder, types[i], scratch_path("of_folder"));
        quantize(file, types[i], scratch_path("of_file"));
        float *a = logits_of(&g, scratch_path("of_folder")), *b = logits_of(&g, scratch_path("of_file"));
        const float apart = golden_distance(a, b, n), off = golden_distance(a, g.logits, n);
        print_message("%s, %s: %g apart, %g from transformers\n", name, types[i], (double)apart, (double)off);
        assert_memory_equal(a, b, n * sizeof *a);
        assert_true(strcmp(types[i], "f16") != 0 || off < 1e-4f);
        free(a);
        free(b);
    }
    golden_free(&g);
}

/* ---- packages, tensor by tensor ---- */

static void same_tensors(const char *one, const char *other) {
    ewi_checkpoint a, b;
    ew_error err = {0};
    expect_ok(ewi_checkpoint_open(one, &a, &err), &err);
    expect_ok(ewi_checkpoint_open(other, &b, &err), &err);
    assert_int_equal(a.n_tensors, b.n_tensors);
    for (size_t i = 0; i < a.n_tensors; i++) {
        const ewi_tensor *x = &a.tensors[i], *y = ewi_checkpoint_find(&b, x->name);
        if (!y || x->dtype != y->dtype || x->size_bytes != y->size_bytes ||
            memcmp(x->data, y->data, (size_t)x->size_bytes) != 0)
            fail_msg("tensor %.*s differs, or is missing", (int)x->name.len, x->name.data);
    }
    ewi_checkpoint_close(&a);
    ewi_checkpoint_close(&b);
}

static void same_packages(const char *one, const char *other) {
    for (size_t i = 0; i < N_TYPES; i++) {
        quantize(one, types[i], scratch_path("of_one"));
        quantize(other, types[i], scratch_path("of_other"));
        same_tensors(scratch_path("of_one"), scratch_path("of_other"));
    }
}

/* ---- experts in one tensor ---- */

#define MAX_TENSORS 256

typedef struct listing {
    ewi_tensor tensors[MAX_TENSORS];
    char names[MAX_TENSORS][96];
    size_t n;
} listing;

/* Some rows of a stack as a matrix of its own. */
static void add_matrix(listing *l, const ewi_tensor *stack, uint64_t first_row, uint64_t n_rows,
                       const char *part, int expert) {
    const uint64_t row_bytes = stack->size_bytes / stack->dims[0] / stack->dims[1];
    assert_true(l->n < MAX_TENSORS);
    ewi_tensor *t = &l->tensors[l->n];
    const char *own = ewi_str_ends(stack->name, "down_proj") ? "down_proj" : "gate_up_proj";
    int n = snprintf(l->names[l->n], sizeof l->names[0], "%.*s%d.%s.weight",
                     (int)(stack->name.len - strlen(own)), stack->name.data, expert, part);
    *t = (ewi_tensor){.name = {l->names[l->n++], (size_t)n},
                      .dtype = stack->dtype,
                      .n_dims = 2,
                      .dims = {n_rows, stack->dims[2]},
                      .data = stack->data + first_row * row_bytes,
                      .size_bytes = n_rows * row_bytes};
}

/* As transformers computes with them: gate, up = linear(x, gate_up_proj[e]).chunk(2). */
static void split_stack(listing *l, const ewi_tensor *stack) {
    const uint64_t rows = stack->dims[1];
    for (uint64_t e = 0; e < stack->dims[0]; e++) {
        if (ewi_str_ends(stack->name, "down_proj")) {
            add_matrix(l, stack, e * rows, rows, "down_proj", (int)e);
            continue;
        }
        add_matrix(l, stack, e * rows, rows / 2, "gate_proj", (int)e);
        add_matrix(l, stack, e * rows + rows / 2, rows / 2, "up_proj", (int)e);
    }
}

static void link_config(const hf_folder *f, const char *model) {
    char path[512];
    snprintf(path, sizeof path, "%s/config.json", golden_path(model));
    hf_folder_link(f, "config.json", path);
}

static void stacked_and_not(void **state) {
    (void)state;
    static listing l;
    ewi_checkpoint c;
    ew_error err = {0};
    char stacked[512];
    snprintf(stacked, sizeof stacked, "%s", golden_path("qwen3moe-stacked"));
    expect_ok(ewi_checkpoint_open(stacked, &c, &err), &err);
    for (size_t i = 0; i < c.n_tensors; i++)
        if (c.tensors[i].n_dims == 3)
            split_stack(&l, &c.tensors[i]);
        else
            l.tensors[l.n++] = c.tensors[i];
    assert_true(l.n > c.n_tensors);
    hf_folder separate = hf_folder_new();
    link_config(&separate, "qwen3moe-stacked");
    hf_folder_tensors(&separate, l.tensors, l.n);
    same_packages(stacked, separate.path);
    golden g = golden_load("qwen3moe-stacked");
    float *logits = logits_of(&g, scratch_path("of_one"));
    assert_true(golden_distance(logits, g.logits, g.n_prompt * g.n_vocab) < 1e-4f);
    free(logits);
    golden_free(&g);
    ewi_checkpoint_close(&c);
}

/* ---- buffers that follow from config.json ---- */

/* As openai-community/gpt2 on the Hub has them. */
static void without_masks(void **state) {
    (void)state;
    static const uint8_t mask[16] = {1, 0, 0, 0, 1, 1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 1};
    ewi_tensor tensors[MAX_TENSORS];
    ewi_checkpoint c;
    ew_error err = {0};
    char plain[512];
    snprintf(plain, sizeof plain, "%s", golden_path("gpt2"));
    expect_ok(ewi_checkpoint_open(plain, &c, &err), &err);
    assert_true(c.n_tensors + 1 < MAX_TENSORS);
    memcpy(tensors, c.tensors, c.n_tensors * sizeof *tensors);
    tensors[c.n_tensors] = (ewi_tensor){.name = EWI_STR("transformer.h.0.attn.bias"),
                                        .dtype = EWI_BOOL,
                                        .n_dims = 4,
                                        .dims = {1, 1, 4, 4},
                                        .data = mask,
                                        .size_bytes = sizeof mask};
    hf_folder masked = hf_folder_new();
    link_config(&masked, "gpt2");
    hf_folder_tensors(&masked, tensors, c.n_tensors + 1);
    same_packages(plain, masked.path);
    ewi_checkpoint_close(&c);
}

/* ---- a model after it was quantized ---- */

/* Turned matrices are memory of the model's own, which nothing brings back. */
static void sources_stay(void **state) {
    (void)state;
    ew_model *model;
    ew_error err = {0};
    ew_quantize_options how = {.struct_size = sizeof how, .n_threads = 1, .replace = true};
    expect_ok(ew_model_open(golden_path("gpt2"), &model, &err), &err);
    expect_ok(ew_quantize(model, scratch_path("of_one"), &how, NULL, NULL, NULL, &err), &err);
    expect_ok(ew_quantize(model, scratch_path("of_other"), &how, NULL, NULL, NULL, &err), &err);
    ew_model_close(model);
    same_tensors(scratch_path("of_one"), scratch_path("of_other"));
}

int main(void) {
    static char gpt2[] = "gpt2", qwen3moe[] = "qwen3moe", olmoe[] = "olmoe";
    const struct CMUnitTest tests[] = {cmocka_unit_test_prestate(of_both_files, gpt2),
                                       cmocka_unit_test_prestate(of_both_files, qwen3moe),
                                       cmocka_unit_test_prestate(of_both_files, olmoe),
                                       cmocka_unit_test(stacked_and_not),
                                       cmocka_unit_test(without_masks),
                                       cmocka_unit_test(sources_stay)};
    return cmocka_run_group_tests_name("package_sources", tests, NULL, scratch_remove);
}
