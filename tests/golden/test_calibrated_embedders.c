/* test_calibrated_embedders.c: tiny models that make embeddings, quantized with lines of random words: how
 * far what their packages make of other texts is from the embeddings of sentence-transformers
 * (make_encoders.py), as 1 - cosine, the mean of all texts.
 *
 * By GPTQ 4 bits must lose less than by rounding. In 8 bits each method must be about as near as rounding:
 * what is wrong about a fold or about what a layer reads makes another model of it.
 */
#include "expect.h"
#include "golden.h"
#include "rig.h"
#include "scratch.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/engine.h"

#define MAX_TEXTS  16
#define MAX_TOKENS 1024

static const char *names[] = {"minilm", "bge", "xlm-roberta", "nomic", "modernbert", "qwen3-embedding"};
#define N_NAMES (sizeof names / sizeof names[0])

/* ---- texts ---- */

static char lines[6000];

static uint32_t roll(uint64_t *x, uint32_t n) {
    *x = *x * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*x >> 33) % n;
}

static int make_lines(void **state) {
    (void)state;
    static const char letters[] = "etaoinshrdlucmfwypvbgkqjxz0123456789";
    uint64_t x = 7;
    size_t at = 0;
    while (at + 64 < sizeof lines) {
        const uint32_t most = roll(&x, 2) ? 10 : sizeof letters - 1;
        for (uint32_t i = 0, n = 1 + roll(&x, 9); i < n; i++) lines[at++] = letters[roll(&x, most)];
        lines[at++] = roll(&x, 16) ? ' ' : '\n';
    }
    return 0;
}

/* ---- how far ---- */

static double distance(const char *name, const char *path) {
    ew_token ids[MAX_TOKENS];
    rig r = rig_open(path, &(ew_engine_options){.n_threads = 1, .n_rows = MAX_TOKENS, .embeds = true});
    const size_t width = ew_model_get_info(r.model).d_model;
    FILE *texts = golden_open(name, "ids.txt"), *wanted = golden_open(name, "embeddings.f32");
    float *made = malloc(2 * width * sizeof *made), *from = made + width;
    double sum = 0;
    size_t n = 0;
    assert_non_null(made);
    for (; fread(from, sizeof *from, width, wanted) == width; n++) {
        ew_error err = {0};
        expect_ok(ew_embed(r.session, ids, golden_read_ids(texts, ids, MAX_TOKENS), NULL, made, &err), &err);
        sum += 1 - golden_cosine(made, from, width);
    }
    assert_true(n > 0);
    free(made);
    fclose(texts);
    fclose(wanted);
    rig_close(&r);
    return sum / (double)n;
}

static double quantized(const char *name, const char *type, const char *method, float smooth) {
    const char *path = scratch_path("package");
    ew_error err = {0};
    ew_model *model;
    const bool calibrates = strcmp(method, "round") != 0 || smooth > 0;
    ew_quantize_options how = {.struct_size = sizeof how,
                               .type = type,
                               .n_threads = 1,
                               .replace = true,
                               .method = method,
                               .calibration = {lines, calibrates ? strlen(lines) : 0},
                               .smooth = smooth};
    expect_ok(ew_model_open(golden_path(name), &model, &err), &err);
    expect_ok(ew_quantize(model, path, &how, NULL, NULL, NULL, &err), &err);
    ew_model_close(model);
    return distance(name, path);
}

static void gptq_loses_less(void **state) {
    const char *name = *state;
    static const char *const types[] = {"q4c", "q4g32"};
    for (size_t i = 0; i < 2; i++) {
        double nearest = quantized(name, types[i], "round", 0), gptq = quantized(name, types[i], "gptq", 0);
        print_message("%s, %s: 1 - cosine by rounding %.5f, by gptq %.5f\n", name, types[i], nearest, gptq);
        assert_true(gptq < nearest);
    }
}

static void packages_compute_the_same(void **state) {
    const char *name = *state;
    double nearest = quantized(name, "q8c", "round", 0), gptq = quantized(name, "q8c", "gptq", 0),
           awq = quantized(name, "q8c", "awq", 0), smooth = quantized(name, "q8c", "round", 0.5f),
           both = quantized(name, "q8c", "gptq", 0.5f);
    print_message("%s: 1 - cosine %.1e, gptq %.1e, awq %.1e, smooth %.1e, smooth and gptq %.1e\n", name,
                  nearest, gptq, awq, smooth, both);
    assert_true(gptq < 2 * nearest && awq < 2 * nearest && smooth < 2 * nearest && both < 2 * nearest);
}

int main(void) {
    struct CMUnitTest tests[2 * N_NAMES];
    for (size_t i = 0; i < N_NAMES; i++) {
        void *name = (void *)(uintptr_t)names[i];
        tests[i] = (struct CMUnitTest)cmocka_unit_test_prestate(gptq_loses_less, name);
        tests[N_NAMES + i] = (struct CMUnitTest)cmocka_unit_test_prestate(packages_compute_the_same, name);
    }
    return cmocka_run_group_tests(tests, make_lines, scratch_remove);
}
