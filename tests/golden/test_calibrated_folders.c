/* test_calibrated_folders.c: tiny models as Hugging Face's folders, quantized to 8 bits with a text of random
 * letters (lettered.h), by each method: their logits are about as far from transformers' (make_models.py) as
 * by rounding. What is wrong about a fold of an architecture (norms that are 1 more than their weights, heads
 * in groups, layers side by side, fused matrices, biases) makes another model of it: logits then differ by as
 * much as they are large.
 */
#include "expect.h"
#include "golden.h"
#include "lettered.h"
#include "rig.h"
#include "scratch.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *names[] = {
    "llama-gqa",  "qwen2-f16",         "gemma", "gemma2", "gemma3",  "phi2",    "phi3",      "olmo2",
    "falcon-40b", "stablelm-parallel", "bloom", "gpt2",   "gptneox", "granite", "command-r", "starcoder2"};
#define N_NAMES (sizeof names / sizeof names[0])

#define N_LETTERS 4096
static char text[LETTERED_BYTES * N_LETTERS + 1];

static int make_text(void **state) {
    (void)state;
    lettered_text(text, N_LETTERS, 5);
    return 0;
}

/* The root of the mean square of the differences from transformers' logits. */
static double distance(const golden *g, const char *path) {
    rig r = rig_open(path, NULL);
    float *logits = rig_logits(&r, g->prompt, g->n_prompt);
    double sum = 0;
    const size_t n = g->n_prompt * g->n_vocab;
    for (size_t i = 0; i < n; i++) sum += pow((double)(logits[i] - g->logits[i]), 2);
    free(logits);
    rig_close(&r);
    return sqrt(sum / (double)n);
}

static double quantized(const golden *g, const ew_model *model, const char *method, float smooth) {
    const char *path = scratch_path("package");
    ew_error err = {0};
    bool calibrates = strcmp(method, "round") != 0 || smooth > 0;
    ew_quantize_options how = {.struct_size = sizeof how,
                               .type = "q8c",
                               .n_threads = 2,
                               .replace = true,
                               .method = method,
                               .calibration = {text, calibrates ? strlen(text) : 0},
                               .smooth = smooth};
    expect_ok(ew_quantize(model, path, &how, NULL, NULL, NULL, &err), &err);
    return distance(g, path);
}

static void packages_compute_the_same(void **state) {
    const char *name = *state;
    ew_model *model;
    ew_error err = {0};
    golden g = golden_load(name);
    hf_folder folder = lettered_folder(name);
    expect_ok(ew_model_open(folder.path, &model, &err), &err);
    double nearest = quantized(&g, model, "round", 0), gptq = quantized(&g, model, "gptq", 0),
           awq = quantized(&g, model, "awq", 0), smooth = quantized(&g, model, "round", 0.5f),
           both = quantized(&g, model, "gptq", 0.5f);
    print_message("%s: logits off by %.4f, gptq %.4f, awq %.4f, smooth %.4f, smooth and gptq %.4f\n", name,
                  nearest, gptq, awq, smooth, both);
    assert_true(gptq < 1.5 * nearest && awq < 1.5 * nearest && smooth < 1.5 * nearest &&
                both < 1.5 * nearest);
    ew_model_close(model);
    golden_free(&g);
}

int main(void) {
    struct CMUnitTest tests[N_NAMES];
    for (size_t i = 0; i < N_NAMES; i++)
        tests[i] = (struct CMUnitTest)cmocka_unit_test_prestate(packages_compute_the_same,
                                                                (void *)(uintptr_t)names[i]);
    return cmocka_run_group_tests(tests, make_text, scratch_remove);
}
