/* Rounding to nearest: against make_round_vectors.py, which searches the same scales in numpy; limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "kernels/pack.h"
#include "quant/round.h"
#include "round_vectors.h"

static ewi_round_fault round_rows(ewi_dtype dtype, const float *rows, size_t n, size_t k, uint8_t **tile,
                                  ewi_round_sums *sums) {
    void *scratch = ewi_alloc(ewi_round_scratch_bytes(k));
    *tile = ewi_alloc(ewi_packed_tile_bytes(dtype, k));
    assert_non_null(scratch);
    assert_non_null(*tile);
    ewi_round_fault fault = ewi_round_tile(dtype, *tile, rows, n, k, NULL, scratch, sums);
    ewi_free(scratch);
    return fault;
}

/* The squared error of what a tile unpacks to is that of the independent search, and what was reported. */
static void check_case(const round_case *c) {
    uint8_t *tile;
    ewi_round_sums sums;
    float y[ROUND_MAX_K];
    double error = 0.0, norm = 0.0;
    assert_int_equal(round_rows(c->dtype, c->rows, c->n, c->k, &tile, &sums), EWI_ROUND_FINE);
    for (size_t i = 0; i < c->n; i++) {
        ewi_unpack_row(c->dtype, tile, i, c->k, y);
        for (size_t j = 0; j < c->k; j++) {
            double x = (double)c->rows[i * c->k + j];
            norm += x * x;
            error += (x - (double)y[j]) * (x - (double)y[j]);
        }
    }
    ewi_free(tile);
    double relative = sqrt(error / norm), reported = sqrt(sums.errors / sums.weights);
    if (fabs(relative - c->relative) > 1e-4 * c->relative || fabs(reported - relative) > 1e-4 * relative)
        fail_msg("%s k=%zu: error %.8f (reported %.8f), the independent search has %.8f",
                 ewi_dtype_get(c->dtype)->name, c->k, relative, reported, c->relative);
}

static void test_vectors(void **state) {
    (void)state;
    for (size_t i = 0; i < EWI_COUNT(round_cases); i++) check_case(&round_cases[i]);
}

static const ewi_dtype types[] = {EWI_Q8C, EWI_Q4C, EWI_Q4S, EWI_Q4G128, EWI_Q8_0, EWI_Q4_0};

/* Rows of zeros, of weights too small to matter, and rows that are missing, are zeros. */
static void test_zeros(void **state) {
    (void)state;
    for (size_t t = 0; t < EWI_COUNT(types); t++) {
        float rows[3 * 72] = {0}, y[72];
        uint8_t *tile;
        ewi_round_sums sums;
        for (size_t i = 72; i < 144; i++) rows[i] = i % 2 ? 0x1p-140f : -0x1p-120f;
        for (size_t i = 144; i < 216; i++) rows[i] = i % 2 ? 1.0f : -1.0f;
        assert_int_equal(round_rows(types[t], rows, 3, 72, &tile, &sums), EWI_ROUND_FINE);
        for (size_t row = 0; row < EWI_TILE_OUTPUTS; row++) {
            ewi_unpack_row(types[t], tile, row, 72, y);
            for (size_t i = 0; i < 72; i++)
                if (row != 2) assert_true(y[i] == 0.0f);
        }
        ewi_free(tile);
    }
}

static void check_fault(ewi_dtype dtype, float weight, ewi_round_fault want) {
    float rows[2 * 64] = {0};
    uint8_t *tile;
    ewi_round_sums sums;
    rows[100] = weight;
    assert_int_equal(round_rows(dtype, rows, 2, 64, &tile, &sums), want);
    ewi_free(tile);
}

static void test_faults(void **state) {
    (void)state;
    for (size_t t = 0; t < EWI_COUNT(types); t++) {
        bool has_halves = ewi_packed_info_get(types[t])->kind == EWI_PACKED_GROUP;
        check_fault(types[t], NAN, EWI_ROUND_NOT_FINITE);
        check_fault(types[t], -INFINITY, EWI_ROUND_NOT_FINITE);
        check_fault(types[t], 1e30f, has_halves ? EWI_ROUND_TOO_LARGE : EWI_ROUND_FINE);
    }
}

/* The squared error of the first half of a row of 256, with the given importance. */
static double error_of_half(ewi_dtype dtype, const float *importance) {
    static _Alignas(64) uint8_t scratch[16384], tile[16384];
    float y[256];
    double error = 0.0;
    const float *rows = rows_384;
    for (size_t i = 0; i < 3; i++) {
        ewi_round_sums sums;
        assert_true(ewi_round_scratch_bytes(256) <= sizeof scratch &&
                    ewi_packed_tile_bytes(dtype, 256) <= sizeof tile);
        assert_int_equal(ewi_round_tile(dtype, tile, rows + 384 * i, 1, 256, importance, scratch, &sums),
                         EWI_ROUND_FINE);
        ewi_unpack_row(dtype, tile, 0, 256, y);
        for (size_t j = 0; j < 128; j++) {
            double e = (double)rows[384 * i + j] - (double)y[j];
            error += e * e * (importance ? (double)importance[j] : 1.0);
        }
    }
    return error;
}

/* Inputs that count more are met better; where all count the same, it does not matter how much. */
static void test_importance(void **state) {
    (void)state;
    float halves[256], same[256], odd[256];
    for (size_t i = 0; i < 256; i++) {
        halves[i] = i < 128 ? 1e6f : 1.0f;
        same[i] = 4.0f;
        odd[i] = i % 32 == 3 ? 1e6f : 1e-3f;
    }
    for (size_t t = 0; t < EWI_COUNT(types); t++) {
        const double plain = error_of_half(types[t], NULL);
        const double scale = error_of_half(types[t], same) / (4.0 * plain);
        if (fabs(scale - 1.0) > 0.01) fail_msg("%s: %f", ewi_dtype_get(types[t])->name, scale);
        const double of_half = error_of_half(types[t], halves) / 1e6;
        if (!(of_half <= 1.0001 * plain))
            fail_msg("%s: %g, without importance %g", ewi_dtype_get(types[t])->name, of_half, plain);
        /* A scale of the whole row has nothing to choose but for half of it. */
        if (ewi_packed_info_get(types[t])->kind == EWI_PACKED_ROW)
            assert_true(of_half < 0.9999 * plain);
        else
            assert_true(error_of_half(types[t], odd) < 0.5e6 * plain / 32);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_vectors), cmocka_unit_test(test_zeros),
                                       cmocka_unit_test(test_faults), cmocka_unit_test(test_importance)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
