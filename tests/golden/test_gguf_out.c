/*
 * test_gguf_out.c: GGUF files that ew_quantize writes of Hugging Face folders, beside those that llama.cpp's
 * convert_hf_to_gguf.py made of the same folders (tests/golden/make_models.py): the same architecture keys
 * and the same weights, in the same rows.
 */
#include "expect.h"
#include "format/gguf.h"
#include "golden.h"
#include "kernels/kernels.h"
#include "os/file.h"
#include "scratch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const models[] = {"llama-gqa",  "llama-tied-bf16", "llama-linear", "llama-llama3",
                                     "llama-yarn", "qwen2-f16",       "qwen3",        "olmo2",
                                     "smollm3",    "granite",         "starcoder2"};

typedef struct opened {
    ewi_arena arena;
    ewi_map *map;
    ewi_gguf gguf;
} opened;

static void open_gguf(const char *path, opened *o) {
    ew_error err = {0};
    ewi_arena_init(&o->arena, (size_t)64 << 20);
    expect_ok(ewi_map_open(path, &o->map, &err), &err);
    expect_ok(ewi_gguf_parse(ewi_map_bytes(o->map), &o->arena, &o->gguf, &err), &err);
}

static void close_gguf(opened *o) {
    ewi_map_close(o->map);
    ewi_arena_deinit(&o->arena);
}

static ew_status quantize(const char *from, const char *type, const char *to, ew_error *err) {
    ew_model *model;
    ew_quantize_options how = {.struct_size = sizeof how, .type = type, .n_threads = 2, .replace = true};
    expect_ok(ew_model_open(from, &model, err), err);
    ew_status status = ew_quantize(model, to, &how, NULL, NULL, NULL, err);
    ew_model_close(model);
    return status;
}

/* Names and sizes of the whole differ: the converter's are the folder's, and it writes other types. */
static bool is_compared(ew_str key) {
    return ewi_str_is(key, "general.architecture") || !ewi_str_starts(key, "general.");
}

static void same_metadata(const char *name, const ewi_gguf *theirs, const ewi_gguf *ours) {
    for (size_t i = 0; i < theirs->n_kv; i++) {
        const ewi_gguf_kv *a = &theirs->kv[i], *b = ewi_gguf_find(ours, a->key);
        if (!is_compared(a->key)) continue;
        if (!b || a->type != b->type || a->value.len != b->value.len ||
            memcmp(a->value.data, b->value.data, a->value.len) != 0)
            fail_msg("%s: %.*s is another, or missing", name, (int)a->key.len, a->key.data);
    }
}

static float *widened(const ewi_tensor *t) {
    const size_t n = (size_t)ewi_tensor_n_elements(t);
    float *x = malloc(n * sizeof *x);
    assert_non_null(x);
    ewi_kernels_get()->widen[t->dtype](x, t->data, n);
    return x;
}

static void same_tensor(const char *name, const ewi_tensor *a, const ewi_tensor *b) {
    if (!b || a->n_dims != b->n_dims || memcmp(a->dims, b->dims, a->n_dims * sizeof *a->dims) != 0)
        fail_msg("%s: tensor %.*s has another shape, or is missing", name, (int)a->name.len, a->name.data);
    float *x = widened(a), *y = widened(b);
    for (size_t i = 0; i < (size_t)ewi_tensor_n_elements(a); i++)
        if (x[i] != y[i])
            fail_msg("%s: tensor %.*s: number %zu is %g, not %g", name, (int)a->name.len, a->name.data, i,
                     (double)y[i], (double)x[i]);
    free(x);
    free(y);
}

static void as_the_converter(void **state) {
    const char *name = *state;
    char file[64];
    ew_error err = {0};
    opened theirs, ours;
    const char *path = scratch_path("ours.gguf");
    expect_ok(quantize(golden_path(name), "f32", path, &err), &err);
    snprintf(file, sizeof file, "%s.gguf", name);
    open_gguf(golden_path(file), &theirs);
    open_gguf(path, &ours);
    same_metadata(name, &theirs.gguf, &ours.gguf);
    assert_int_equal(theirs.gguf.n_tensors, ours.gguf.n_tensors);
    for (size_t i = 0; i < theirs.gguf.n_tensors; i++) {
        const ewi_tensor *t = &theirs.gguf.tensors[i];
        same_tensor(name, t, ewi_gguf_find_tensor(&ours.gguf, t->name));
    }
    close_gguf(&theirs);
    close_gguf(&ours);
}

/* Stacked experts and all metadata of a GGUF file stay as they were. */
static void as_it_was(void **state) {
    (void)state;
    ew_error err = {0};
    opened before, after;
    const char *path = scratch_path("again.gguf");
    expect_ok(quantize(golden_path("qwen3moe.gguf"), "f32", path, &err), &err);
    open_gguf(golden_path("qwen3moe.gguf"), &before);
    open_gguf(path, &after);
    same_metadata("qwen3moe", &before.gguf, &after.gguf);
    assert_int_equal(before.gguf.n_tensors, after.gguf.n_tensors);
    for (size_t i = 0; i < before.gguf.n_tensors; i++)
        same_tensor("qwen3moe", &before.gguf.tensors[i], &after.gguf.tensors[i]);
    close_gguf(&before);
    close_gguf(&after);
}

static void refusals(void **state) {
    (void)state;
    const struct {
        const char *model, *culprit;
    } refused[] = {{"llama-dynamic", "rope scaling \"dynamic\""},
                   {"mistral-window", "a sliding window"},
                   {"qwen2-window", "a sliding window"},
                   {"gemma", "not implemented"},
                   {"qwen3moe", "not implemented"},
                   {"minilm", "not implemented"}};
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        ew_error err = {0};
        ew_status status = quantize(golden_path(refused[i].model), "f32", scratch_path("no.gguf"), &err);
        expect_refused(status, EW_UNSUPPORTED, &err, refused[i].culprit);
    }
}

int main(void) {
    struct CMUnitTest tests[sizeof models / sizeof models[0] + 2];
    size_t n = 0;
    for (size_t i = 0; i < sizeof models / sizeof models[0]; i++) {
        void *model;
        memcpy(&model, &models[i], sizeof model);
        tests[n++] =
            (struct CMUnitTest){.name = models[i], .test_func = as_the_converter, .initial_state = model};
    }
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(as_it_was);
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(refusals);
    return _cmocka_run_group_tests("gguf_out", tests, n, NULL, scratch_remove);
}
