/* Rounding weighed by inputs: against make_weighed_vectors.py, which computes all outputs for each scale in
 * numpy; limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "kernels/kernels.h"
#include "kernels/pack.h"
#include "quant/weighed.h"

#include "weighed_vectors.h"

#define N WEIGHED_N
#define K WEIGHED_K
#define T WEIGHED_T

static uint64_t drawn = 3;

/* As draw() in make_gptq_vectors.py. */
static int draw(void) {
    drawn = drawn * 6364136223846793005u + 1442695040888963407u;
    return (int)(drawn >> 60) - 8;
}

static float inputs[T * K], weights[N * K], sums[K * K];

static int make_data(void **state) {
    (void)state;
    int mix[WEIGHED_LATENT][K], latent[T][WEIGHED_LATENT], first[N * K];
    assert_int_equal(ewi_kernels_init(NULL), EW_OK);
    for (size_t i = 0; i < WEIGHED_LATENT * K; i++) mix[i / K][i % K] = draw();
    for (size_t i = 0; i < T * WEIGHED_LATENT; i++) latent[i / WEIGHED_LATENT][i % WEIGHED_LATENT] = draw();
    for (size_t t = 0; t < T; t++)
        for (size_t i = 0; i < K; i++) {
            int sum = draw();
            for (size_t j = 0; j < WEIGHED_LATENT; j++) sum += latent[t][j] * mix[j][i];
            inputs[t * K + i] = i == 5 ? 0.0f : (float)sum;
        }
    for (size_t i = 0; i < N * K; i++) first[i] = draw();
    for (size_t i = 0; i < N * K; i++) weights[i] = (float)(first[i] * draw()) / 64.0f;
    for (size_t t = 0; t < T; t++)
        for (size_t i = 0; i < K * K; i++) sums[i] += inputs[t * K + i / K] * inputs[t * K + i % K];
    return 0;
}

static ewi_round_fault round_rows(ewi_dtype dtype, const float *rows, size_t k, const float *h, uint8_t *tile,
                                  ewi_round_sums *counted) {
    float *moments = ewi_alloc_array(k, k * sizeof *moments);
    void *scratch = ewi_alloc(ewi_weighed_scratch_bytes(k));
    assert_non_null(moments);
    assert_non_null(scratch);
    ewi_moments_for(dtype, h, k, moments);
    ewi_round_fault fault = ewi_weighed_tile(dtype, tile, rows, N, k, moments, scratch, counted);
    ewi_free(scratch);
    ewi_free(moments);
    return fault;
}

/* What the outputs for all inputs differ by, squared. */
static double output_error(const float *y) {
    double error = 0.0;
    for (size_t t = 0; t < T; t++)
        for (size_t i = 0; i < N; i++) {
            double sum = 0.0;
            for (size_t j = 0; j < K; j++)
                sum += (double)inputs[t * K + j] * ((double)weights[i * K + j] - (double)y[i * K + j]);
            error += sum * sum;
        }
    return error;
}

/* The weights are numpy's but where two scales cost nearly the same; the reported errors are those there. */
static void check_case(const weighed_case *c) {
    float y[N * K];
    ewi_round_sums counted;
    double squares = 0.0;
    size_t n_others = 0;
    uint8_t *tile = ewi_alloc(ewi_packed_tile_bytes(c->dtype, K));
    assert_non_null(tile);
    assert_int_equal(round_rows(c->dtype, weights, K, sums, tile, &counted), EWI_ROUND_FINE);
    for (size_t i = 0; i < N; i++) ewi_unpack_row(c->dtype, tile, i, K, y + i * K);
    ewi_free(tile);
    for (size_t i = 0; i < N * K; i++) {
        n_others += fabsf(y[i] - c->weights[i]) > 1e-4f * (fabsf(y[i]) + 0.01f);
        squares += ((double)y[i] - (double)weights[i]) * ((double)y[i] - (double)weights[i]);
    }
    const double error = output_error(y);
    print_message("%s: %zu of %d weights differ; error %.5g, numpy %.5g, rounded alone %.5g\n",
                  ewi_dtype_get(c->dtype)->name, n_others, N * K, error, c->weighed, c->nearest);
    assert_true(n_others == 0);
    assert_true(fabs(error - c->weighed) < 1e-3 * c->weighed);
    assert_true(fabs(counted.errors - squares) < 1e-4 * squares);
}

static void test_vectors(void **state) {
    (void)state;
    for (size_t i = 0; i < EWI_COUNT(weighed_cases); i++) check_case(&weighed_cases[i]);
}

static void test_types(void **state) {
    (void)state;
    assert_true(ewi_weighed_offers(EWI_Q4S) && ewi_weighed_offers(EWI_Q4_0) && ewi_weighed_offers(EWI_Q8_0) &&
                ewi_weighed_offers(EWI_Q4G128));
    assert_false(ewi_weighed_offers(EWI_Q4C) || ewi_weighed_offers(EWI_Q8C) || ewi_weighed_offers(EWI_F16));
}

/* Zeros stay zeros; inputs that never were anything, and moments that are no numbers, leave the scales that
 * rounding finds; what no scale can hold is said. */
static void test_limits(void **state) {
    (void)state;
    static uint8_t tile[16384], plain[16384];
    static float zeros[N * K], none[K * K], rows[N * K];
    static const ewi_dtype types[] = {EWI_Q4S, EWI_Q4G128, EWI_Q8_0, EWI_Q4_0};
    ewi_round_sums counted, unread;
    float y[K];
    for (size_t i = 0; i < EWI_COUNT(types); i++) {
        const size_t bytes = ewi_packed_tile_bytes(types[i], K);
        void *scratch = ewi_alloc(ewi_round_scratch_bytes(K));
        assert_true(scratch && bytes <= sizeof tile);
        assert_int_equal(round_rows(types[i], zeros, K, sums, tile, &counted), EWI_ROUND_FINE);
        ewi_unpack_row(types[i], tile, 0, K, y);
        for (size_t j = 0; j < K; j++) assert_true(y[j] == 0.0f);
        assert_int_equal(ewi_round_tile(types[i], plain, weights, N, K, NULL, scratch, &unread),
                         EWI_ROUND_FINE);
        for (size_t j = 0; j < K * K; j++) none[j] = 0.0f;
        assert_int_equal(round_rows(types[i], weights, K, none, tile, &counted), EWI_ROUND_FINE);
        assert_memory_equal(tile, plain, bytes);
        for (size_t j = 0; j < K * K; j++) none[j] = NAN;
        assert_int_equal(round_rows(types[i], weights, K, none, tile, &counted), EWI_ROUND_FINE);
        assert_memory_equal(tile, plain, bytes);
        memcpy(rows, weights, sizeof rows);
        rows[K + 3] = INFINITY;
        assert_int_equal(round_rows(types[i], rows, K, sums, tile, &counted), EWI_ROUND_NOT_FINITE);
        rows[K + 3] = 3e38f;
        if (types[i] != EWI_Q4S)
            assert_int_equal(round_rows(types[i], rows, K, sums, tile, &counted), EWI_ROUND_TOO_LARGE);
        ewi_free(scratch);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_vectors), cmocka_unit_test(test_types),
                                       cmocka_unit_test(test_limits)};
    return cmocka_run_group_tests(tests, make_data, NULL);
}
