/* AWQ and SmoothQuant: against make_scaling_vectors.py, the papers' formulas in numpy. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "kernels/kernels.h"
#include "quant/scaling.h"

#include "scaling_vectors.h"

#define N SCALING_N
#define K SCALING_K
#define T SCALING_T

static uint64_t drawn = 7;

/* As draw() in make_scaling_vectors.py. */
static int draw(void) {
    drawn = drawn * 6364136223846793005u + 1442695040888963407u;
    return (int)(drawn >> 60) - 8;
}

static float inputs[T * K], weights[N * K], squares[K], most_x[K], most_w[K], sums[K * K];

static float larger(float a, float b) {
    return fabsf(a) > b ? fabsf(a) : b;
}

static int make_data(void **state) {
    (void)state;
    int first[N * K];
    assert_int_equal(ewi_kernels_init(NULL), EW_OK);
    for (size_t i = 0; i < T * K; i++)
        inputs[i] = (float)draw() / 8.0f * (i % K % SCALING_LARGE == 0 ? 20.0f : 1.0f);
    for (size_t i = 0; i < N * K; i++) first[i] = draw();
    for (size_t i = 0; i < N * K; i++) weights[i] = (float)(first[i] * draw()) / 64.0f;
    for (size_t i = 0; i < N * K; i++) most_w[i % K] = larger(weights[i], most_w[i % K]);
    for (size_t t = 0; t < T; t++)
        for (size_t i = 0; i < K; i++) {
            const float *x = inputs + t * K;
            most_x[i] = larger(x[i], most_x[i]);
            squares[i] += x[i] * x[i] / T;
            for (size_t j = 0; j < K; j++) sums[i * K + j] += x[i] * x[j];
        }
    return 0;
}

static void expect_scales(const float *scales, const float *wanted) {
    for (size_t i = 0; i < K; i++) assert_true(fabsf(scales[i] - wanted[i]) <= 1e-5f * wanted[i]);
}

static void scales_are_the_papers(void **state) {
    (void)state;
    float scales[K];
    ewi_awq_scales(squares, K, 0.5, scales);
    expect_scales(scales, awq_half);
    ewi_smooth_scales(most_x, most_w, K, 0.6, scales);
    expect_scales(scales, smooth_60);
}

/* alpha 0, and whatever is not touched by a text or a weight, changes nothing. */
static void nothing_is_scaled_for_nothing(void **state) {
    (void)state;
    float scales[3];
    const float x[3] = {4.0f, 0.0f, 1.0f}, w[3] = {1.0f, 1.0f, 0.0f}, none[3] = {0};
    ewi_awq_scales(x, 3, 0.0, scales);
    for (size_t i = 0; i < 3; i++) assert_true(scales[i] == 1.0f);
    ewi_awq_scales(x, 3, 1.0, scales);
    assert_true(scales[1] == 1.0f && fabsf(scales[0] * scales[2] - 1.0f) < 1e-6f);
    ewi_awq_scales(none, 3, 1.0, scales);
    for (size_t i = 0; i < 3; i++) assert_true(scales[i] == 1.0f);
    ewi_smooth_scales(x, w, 3, 0.5, scales);
    assert_true(scales[0] == 2.0f && scales[1] == 1.0f && scales[2] == 1.0f);
}

/* x^2 / s^2 of independent inputs, over their mean. */
static void importance_is_of_what_weights_meet(void **state) {
    (void)state;
    const float h[9] = {4.0f, 9.0f, 9.0f, 9.0f, 0.0f, 9.0f, 9.0f, 9.0f, 32.0f}, none[9] = {0};
    const float s[3] = {1.0f, 1.0f, 2.0f};
    float got[3];
    ewi_awq_importance(h, 3, s, got);
    assert_true(got[0] == 1.0f && got[1] > 0.0f && got[1] < 1e-6f && got[2] == 2.0f);
    ewi_awq_importance(h, 3, NULL, got);
    assert_true(fabsf(got[0] - 1.0f / 3.0f) < 1e-6f && fabsf(got[2] - 8.0f / 3.0f) < 1e-6f);
    ewi_awq_importance(none, 3, NULL, got);
    for (size_t i = 0; i < 3; i++) assert_true(got[i] == 1.0f);
}

static double error_of(ewi_dtype dtype, const float *scales) {
    void *scratch = ewi_alloc(ewi_scaled_error_scratch_bytes(dtype, K));
    assert_non_null(scratch);
    double error = 0;
    for (size_t at = 0; at < N; at += EWI_TILE_OUTPUTS) {
        size_t n = N - at < EWI_TILE_OUTPUTS ? N - at : EWI_TILE_OUTPUTS;
        error += ewi_scaled_error(dtype, weights + at * K, n, K, scales, sums, scratch);
    }
    ewi_free(scratch);
    return error;
}

/* Rounding differs in ties from numpy's, so errors do by a few percent; the least is much less than without
 * scales, and where numpy has it, or as small. */
static void errors_are_numpys(void **state) {
    (void)state;
    for (size_t c = 0; c < EWI_COUNT(scaling_cases); c++) {
        const scaling_case *want = &scaling_cases[c];
        double errors[EWI_AWQ_STEPS], off = 0;
        unsigned best = 0, best_there = 0;
        for (unsigned i = 0; i < EWI_AWQ_STEPS; i++) {
            float scales[K];
            ewi_awq_scales(squares, K, ewi_awq_alpha(i), scales);
            errors[i] = error_of(want->dtype, scales);
            off = fmax(off, fabs(errors[i] / want->errors[i] - 1));
            if (errors[i] < errors[best]) best = i;
            if (want->errors[i] < want->errors[best_there]) best_there = i;
        }
        print_message("%s: alpha %.2f, numpy %.2f; error %.4g of unscaled %.4g, off by %.2g at most\n",
                      ewi_dtype_get(want->dtype)->name, ewi_awq_alpha(best), ewi_awq_alpha(best_there),
                      errors[best], errors[0], off);
        assert_true(off < 0.05);
        assert_true(want->errors[best] < 1.05 * want->errors[best_there]);
        assert_true(errors[best] < 0.9 * errors[0]);
    }
}

static void weights_that_cannot_be_rounded_cost_infinitely_much(void **state) {
    (void)state;
    float scales[K], before = weights[3];
    for (size_t i = 0; i < K; i++) scales[i] = 1.0f;
    weights[3] = 1e30f;
    assert_true(isinf(error_of(EWI_Q4_0, scales)));
    weights[3] = before;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scales_are_the_papers), cmocka_unit_test(nothing_is_scaled_for_nothing),
        cmocka_unit_test(importance_is_of_what_weights_meet), cmocka_unit_test(errors_are_numpys),
        cmocka_unit_test(weights_that_cannot_be_rounded_cost_infinitely_much)};
    return cmocka_run_group_tests(tests, make_data, NULL);
}
