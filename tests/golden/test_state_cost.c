/* test_state_cost.c: what a smaller state costs, as KL divergence from the same model with its state in f32;
 * and what the rotation of 4-bit states brings, beside the same codes without it. Printed for
 * docs/performance.md.
 *
 * Models: stories260K, heads of 8 elements, and pocket, heads of 64, on the first 8,000 bytes of
 * tinyshakespeare. */
#include "engine/engine.h"

#include "expect.h"
#include "fixtures.h"
#include "golden.h"
#include "rig.h"
#include "text_file.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define N_BYTES 8000
#define WINDOW  256
#define POCKET  "../../../models/pocket/package" /* from the golden data */

static ew_str first_bytes(void) {
    static char text[N_BYTES];
    size_t size;
    char *file = text_file_read(test_fixture("eval/tinyshakespeare.txt"), &size);
    assert_true(size > N_BYTES);
    memcpy(text, file, N_BYTES);
    free(file);
    return (ew_str){text, N_BYTES};
}

/* Rows as they would be kept in 4 bits without rotation: the rule of docs/numerics.md. */
static void round_plainly(void *to, const float *x, size_t n) {
    float *y = to, far = 0;
    for (size_t i = 0; i < n; i++) far = fabsf(x[i]) > fabsf(far) ? x[i] : far;
    for (size_t i = 0; i < n; i++) y[i] = far != 0 ? fminf(7, rintf(x[i] * (-8 / far))) * (far / -8) : 0;
}

/* Kept as floats that hold what 4 bits would; heads are of 64 elements at most, so they come whole. */
static void keep_plainly(rig *r, ewi_kernels *kern) {
    *kern = *r->engine->kern;
    kern->narrow[EWI_F32] = round_plainly;
    r->engine->kern = kern;
}

static double divergence(const char *path, ew_cache_type k, ew_cache_type v, bool plainly, ew_str text) {
    ew_engine_options f32 = {.n_threads = 1, .cache_k = EW_CACHE_F32, .cache_v = EW_CACHE_F32, .exact = true};
    ew_engine_options kept = f32;
    ew_session_options window = {.n_ctx = WINDOW};
    ewi_kernels kern;
    ew_evaluation e;
    ew_error err = {0};
    kept.cache_k = k;
    kept.cache_v = v;
    rig base = rig_open(path, &f32), model = rig_open(path, &kept);
    if (plainly) keep_plainly(&model, &kern);
    ew_session *a = rig_session(&model, &window), *b = rig_session(&base, &window);
    expect_ok(ew_evaluate(a, b, text, NULL, NULL, NULL, &e, &err), &err);
    assert_true(e.n_scored > 1000);
    ew_session_free(a);
    ew_session_free(b);
    rig_close(&model);
    rig_close(&base);
    return e.kld.mean;
}

/* Bounds are about twice what was measured. Keys are what matters more. */
static void compare(const char *name, const char *model, double most_q8, double most_q4r) {
    static const struct {
        ew_cache_type k, v;
        bool plainly;
    } states[] = {{EW_CACHE_F16, EW_CACHE_F16, false},
                  {EW_CACHE_Q8, EW_CACHE_Q8, false},
                  {EW_CACHE_Q8, EW_CACHE_Q4R, false},
                  {EW_CACHE_Q4R, EW_CACHE_Q4R, false},
                  {EW_CACHE_F32, EW_CACHE_F32, true}};
    double cost[EWI_COUNT(states)];
    char path[4096];
    snprintf(path, sizeof path, "%s", model); /* a fixture's path does not last */
    for (size_t i = 0; i < EWI_COUNT(states); i++)
        cost[i] = divergence(path, states[i].k, states[i].v, states[i].plainly, first_bytes());
    print_message("| %s | %.2g | %.2g | %.2g | %.2g | %.2g |\n", name, cost[0], cost[1], cost[2], cost[3],
                  cost[4]);
    assert_true(cost[0] > 0 && cost[1] < most_q8 && cost[3] < most_q4r);
    for (size_t i = 1; i < EWI_COUNT(states); i++) assert_true(cost[i - 1] < cost[i]);
}

static void stories(void **state) {
    (void)state;
    compare("stories260K", test_fixture("models/stories260K-f32.gguf"), 0.012, 1);
}

static void pocket(void **state) {
    (void)state;
    compare("pocket", golden_path(POCKET), 0.005, 0.13);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(stories), cmocka_unit_test(pocket)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
