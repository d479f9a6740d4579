/* test_block_rows.c: GGUF's blocks: errors beside those of llama.cpp's own quantizers (make_block_errors.py),
 * weights that lie on a type's grid already, and limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "kernels/kernels.h"
#include "quant/blocks.h"

#include "block_errors.h"

#define MAX_ROW_BYTES (4 * BLOCK_INPUTS)

/* What the row stands for, after rounding. */
static ewi_round_fault round_row(ewi_dtype dtype, const float *row, size_t k, const float *importance,
                                 float *y, ewi_round_sums *sums) {
    uint8_t blocks[MAX_ROW_BYTES];
    assert_true(ewi_blocks_bytes(dtype, k) <= sizeof blocks);
    ewi_round_fault fault = ewi_blocks_row(dtype, blocks, row, k, importance, sums);
    ewi_kernels_get()->widen[dtype](y, blocks, k);
    return fault;
}

static double error_of(ewi_dtype dtype, const float *importance) {
    double error = 0.0, plain = 0.0;
    ewi_round_sums sums = {0};
    for (size_t i = 0; i < BLOCK_ROWS; i++) {
        const float *row = block_rows + i * BLOCK_INPUTS;
        float y[BLOCK_INPUTS];
        assert_int_equal(round_row(dtype, row, BLOCK_INPUTS, importance, y, &sums), EWI_ROUND_FINE);
        for (size_t j = 0; j < BLOCK_INPUTS; j++) {
            double e = (double)row[j] - (double)y[j];
            plain += e * e;
            error += e * e * (importance ? (double)importance[j] : 1.0);
        }
    }
    assert_true(fabs(plain - sums.errors) <= 1e-9 * plain);
    return error;
}

static void test_errors(void **state) {
    (void)state;
    for (size_t i = 0; i < EWI_COUNT(block_errors); i++) {
        const block_error *e = &block_errors[i];
        const double plain = error_of(e->dtype, NULL), weighted = error_of(e->dtype, block_importance);
        print_message("%s: squared error %.3f of llama.cpp's, with importance %.3f\n",
                      ewi_dtype_get(e->dtype)->name, plain / e->plain, weighted / e->weighted);
        assert_true(plain <= e->plain && weighted <= e->weighted);
        assert_true(plain > 0.3 * e->plain && weighted > 0.3 * e->weighted);
    }
}

/* Whatever has the values of a block comes back as it was. */
static void test_grids(void **state) {
    (void)state;
    const ewi_dtype types[] = {EWI_Q8_0, EWI_Q4_0, EWI_Q4_1, EWI_Q5_0, EWI_Q5_1};
    const int least[] = {-127, -8, 0, -16, 0}, most[] = {127, 7, 15, 15, 31};
    for (size_t t = 0; t < EWI_COUNT(types); t++) {
        float row[32], y[32];
        ewi_round_sums sums = {0};
        const bool has_min = ewi_packed_info_get(types[t])->has_min;
        for (int i = 0; i < 32; i++) {
            int code = i == 0 ? least[t] : i == 1 ? most[t] : least[t] + i * 11 % (most[t] - least[t] + 1);
            row[i] = 0.125f * (float)code + (has_min ? 0.75f : 0.0f);
        }
        assert_int_equal(round_row(types[t], row, 32, NULL, y, &sums), EWI_ROUND_FINE);
        for (size_t i = 0; i < 32; i++)
            if (row[i] != y[i])
                fail_msg("%s: %g became %g", ewi_dtype_get(types[t])->name, (double)row[i], (double)y[i]);
    }
}

static const ewi_dtype types[] = {EWI_Q8_0, EWI_Q4_0, EWI_Q4_1, EWI_Q5_0, EWI_Q5_1,
                                  EWI_Q4_K, EWI_Q5_K, EWI_Q6_K, EWI_F16};

static void test_limits(void **state) {
    (void)state;
    for (size_t t = 0; t < EWI_COUNT(types); t++) {
        float row[256] = {0}, y[256];
        ewi_round_sums sums = {0};
        assert_int_equal(round_row(types[t], row, 256, NULL, y, &sums), EWI_ROUND_FINE);
        for (size_t i = 0; i < 256; i++) assert_true(y[i] == 0.0f);
        row[3] = 0x1p-130f;
        assert_int_equal(round_row(types[t], row, 256, NULL, y, &sums), EWI_ROUND_FINE);
        row[3] = NAN;
        assert_int_equal(round_row(types[t], row, 256, NULL, y, &sums), EWI_ROUND_NOT_FINITE);
        row[3] = -INFINITY;
        assert_int_equal(round_row(types[t], row, 256, NULL, y, &sums), EWI_ROUND_NOT_FINITE);
        row[3] = 1e30f;
        assert_int_equal(round_row(types[t], row, 256, NULL, y, &sums), EWI_ROUND_TOO_LARGE);
        row[3] = -3e9f;
        assert_int_equal(round_row(types[t], row, 256, NULL, y, &sums), EWI_ROUND_TOO_LARGE);
        for (size_t i = 0; i < 256; i++) row[i] = -60000.0f;
        row[7] = 60000.0f;
        assert_int_equal(round_row(types[t], row, 256, NULL, y, &sums), EWI_ROUND_FINE);
    }
}

/* An input that counts a million times as much as the others is met almost exactly. */
static void test_importance(void **state) {
    (void)state;
    for (size_t t = 0; t + 1 < EWI_COUNT(types); t++) {
        float importance[256], y[256], plain = 0.0f, weighted = 0.0f;
        ewi_round_sums sums = {0};
        for (size_t i = 0; i < 256; i++) importance[i] = i % 32 == 5 ? 1e6f : 1.0f;
        for (size_t at = 0; at < BLOCK_ROWS * BLOCK_INPUTS; at += 256) {
            const float *row = block_rows + at;
            assert_int_equal(round_row(types[t], row, 256, NULL, y, &sums), EWI_ROUND_FINE);
            for (size_t i = 5; i < 256; i += 32) plain += (row[i] - y[i]) * (row[i] - y[i]);
            assert_int_equal(round_row(types[t], row, 256, importance, y, &sums), EWI_ROUND_FINE);
            for (size_t i = 5; i < 256; i += 32) weighted += (row[i] - y[i]) * (row[i] - y[i]);
        }
        if (!(weighted < 0.3f * plain))
            fail_msg("%s: %g, without importance %g", ewi_dtype_get(types[t])->name, (double)weighted,
                     (double)plain);
    }
}

static int setup(void **state) {
    ew_error err = {0};
    (void)state;
    return ewi_kernels_init(&err) != EW_OK;
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_errors), cmocka_unit_test(test_grids),
                                       cmocka_unit_test(test_limits), cmocka_unit_test(test_importance)};
    return cmocka_run_group_tests(tests, setup, NULL);
}
