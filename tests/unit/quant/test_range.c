/* Ranges: against make_range_vectors.py, numpy's percentiles and least squared error. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "quant/range.h"

#include "range_vectors.h"

#define N_ALL (RANGE_N * RANGE_K)

static uint64_t drawn = 11;

/* As draw() in make_range_vectors.py. */
static int draw(void) {
    drawn = drawn * 6364136223846793005u + 1442695040888963407u;
    return (int)(drawn >> 60) - 8;
}

static float rows[N_ALL];

static int make_data(void **state) {
    (void)state;
    static unsigned n_sevens[N_ALL];
    for (size_t i = 0; i < 4 * N_ALL; i++) rows[i % N_ALL] += (float)draw();
    for (size_t i = 0; i < N_ALL; i++) rows[i] += (float)draw() / 16;
    for (size_t i = 0; i < 3 * N_ALL; i++) n_sevens[i % N_ALL] += draw() == 7;
    for (size_t i = 0; i < N_ALL; i++) rows[i] *= n_sevens[i] == 3 ? 16 : 1;
    return 0;
}

static double error_of(double scale) {
    double sum = 0;
    for (size_t i = 0; i < N_ALL; i++) {
        double code = nearbyint((double)rows[i] / scale);
        code = code < -128 ? -128 : code > 127 ? 127 : code;
        sum += pow((double)rows[i] - scale * code, 2);
    }
    return sum;
}

static void expect_near(const char *what, double got, double wanted, double bound) {
    print_message("%s: %.6g, numpy %.6g\n", what, got, wanted);
    assert_true(fabs(got - wanted) <= bound * wanted);
}

/* In pieces, and divided by scales that the rows were multiplied by. */
static void ranges_are_numpys(void **state) {
    (void)state;
    ewi_range *r = ewi_range_new();
    assert_non_null(r);
    float scales[RANGE_K];
    for (size_t j = 0; j < RANGE_K; j++) scales[j] = exp2f((float)j - 20);
    for (size_t i = 0; i < N_ALL; i++) rows[i] *= scales[i % RANGE_K];
    ewi_range_add(r, rows, 3, RANGE_K, scales);
    ewi_range_add(r, rows + 3 * RANGE_K, RANGE_N - 3, RANGE_K, scales);
    for (size_t i = 0; i < N_ALL; i++) rows[i] /= scales[i % RANGE_K];
    expect_near("minmax", (double)ewi_range_scale(r, EWI_RANGE_MINMAX), RANGE_MINMAX, 1e-6);
    expect_near("p99.9", (double)ewi_range_scale(r, EWI_RANGE_P999), RANGE_P999, 1.0 / 256);
    expect_near("p99.99", (double)ewi_range_scale(r, EWI_RANGE_P9999), RANGE_P9999, 1.0 / 256);
    double best = (double)ewi_range_scale(r, EWI_RANGE_MSE);
    expect_near("mse", best, RANGE_MSE, 0.1);
    expect_near("its error", error_of(best), RANGE_LEAST_ERROR, 0.02);
    assert_true(RANGE_LEAST_ERROR < 0.95 * RANGE_MINMAX_ERROR);
    ewi_range_free(r);
}

static void inputs_that_are_all_zero_have_none(void **state) {
    (void)state;
    const float zeros[8] = {0};
    ewi_range *r = ewi_range_new();
    assert_non_null(r);
    ewi_range_add(r, zeros, 2, 4, NULL);
    for (unsigned kind = 0; kind < EWI_N_RANGES; kind++)
        assert_true(ewi_range_scale(r, (ewi_range_kind)kind) == 0);
    ewi_range_free(r);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(ranges_are_numpys),
                                       cmocka_unit_test(inputs_that_are_all_zero_have_none)};
    return cmocka_run_group_tests(tests, make_data, NULL);
}
