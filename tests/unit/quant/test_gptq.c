/* GPTQ: against make_gptq_vectors.py, the paper's own recurrence in numpy; its factor; limits. */
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
#include "kernels/pack.h"
#include "kernels/rotate.h"
#include "quant/gptq.h"

#include "gptq_vectors.h"

static uint64_t drawn = 3;

/* As draw() in make_gptq_vectors.py. */
static int draw(void) {
    drawn = drawn * 6364136223846793005u + 1442695040888963407u;
    return (int)(drawn >> 60) - 8;
}

static float inputs[GPTQ_T * GPTQ_K], drifted[GPTQ_T * GPTQ_K], weights[GPTQ_N * GPTQ_K];

static int make_data(void **state) {
    (void)state;
    int mix[GPTQ_LATENT][GPTQ_K], latent[GPTQ_T][GPTQ_LATENT], first[GPTQ_N * GPTQ_K];
    assert_int_equal(ewi_kernels_init(NULL), EW_OK);
    for (size_t i = 0; i < GPTQ_LATENT * GPTQ_K; i++) mix[i / GPTQ_K][i % GPTQ_K] = draw();
    for (size_t i = 0; i < GPTQ_T * GPTQ_LATENT; i++) latent[i / GPTQ_LATENT][i % GPTQ_LATENT] = draw();
    for (size_t t = 0; t < GPTQ_T; t++)
        for (size_t i = 0; i < GPTQ_K; i++) {
            int sum = draw();
            for (size_t j = 0; j < GPTQ_LATENT; j++) sum += latent[t][j] * mix[j][i];
            inputs[t * GPTQ_K + i] = i == 5 ? 0.0f : (float)sum;
        }
    for (size_t t = 0; t < GPTQ_T; t++)
        for (size_t i = 0; i < GPTQ_K; i++) {
            const float *row = inputs + t * GPTQ_K;
            drifted[t * GPTQ_K + i] = row[i] + row[(i + GPTQ_K - 1) % GPTQ_K] / 4;
        }
    for (size_t i = 0; i < GPTQ_N * GPTQ_K; i++) first[i] = draw();
    for (size_t i = 0; i < GPTQ_N * GPTQ_K; i++) weights[i] = (float)(first[i] * draw()) / 64.0f;
    return 0;
}

static void run_in_turn(void *n, ewi_quant_work work, void *arg) {
    const uint32_t n_threads = *(const uint32_t *)n;
    for (uint32_t i = 0; i < n_threads; i++) work(arg, i, n_threads);
}

static ewi_hessian *hessian_of(const float *rows, size_t n, size_t k, bool sorted, uint32_t n_threads) {
    ewi_hessian *h;
    ewi_quant_threads threads = {run_in_turn, &n_threads, n_threads};
    assert_int_equal(ewi_hessian_new(k, &threads, &h, NULL), EW_OK);
    ewi_hessian_add(h, rows, n);
    ewi_hessian_end(h);
    assert_int_equal(ewi_hessian_factor(h, 0.01, sorted, EWI_STR("w"), NULL), EW_OK);
    return h;
}

static void unpack_rows(ewi_dtype dtype, const uint8_t *tile, float *y) {
    for (size_t i = 0; i < GPTQ_N; i++) ewi_unpack_row(dtype, tile, i, GPTQ_K, y + i * GPTQ_K);
}

/* As the type's weights meet them: rotated for whole-row types. */
static void turn(ewi_dtype dtype, const float *rows, float *y) {
    memcpy(y, rows, GPTQ_T * GPTQ_K * sizeof *y);
    if (ewi_packed_info_get(dtype)->kind != EWI_PACKED_ROW) return;
    for (size_t t = 0; t < GPTQ_T; t++) ewi_rotate(y + t * GPTQ_K, y + t * GPTQ_K, GPTQ_K);
}

static void turn_weights(ewi_dtype dtype, float *y) {
    memcpy(y, weights, GPTQ_N * GPTQ_K * sizeof *y);
    if (ewi_packed_info_get(dtype)->kind != EWI_PACKED_ROW) return;
    for (size_t i = 0; i < GPTQ_N; i++) ewi_rotate_weights(y + i * GPTQ_K, y + i * GPTQ_K, GPTQ_K);
}

/* by_weights: the drift is summed up by rows of weights, not by inputs. */
static uint8_t *make_tile(ewi_dtype dtype, bool is_drifted, bool by_weights, uint32_t n_threads) {
    static float now[GPTQ_T * GPTQ_K], before[GPTQ_T * GPTQ_K];
    ewi_quant_threads threads = {run_in_turn, &n_threads, n_threads};
    ewi_drift *drift;
    turn(dtype, is_drifted ? drifted : inputs, now);
    turn(dtype, inputs, before);
    ewi_hessian *h = hessian_of(now, GPTQ_T, GPTQ_K, ewi_gptq_sorts(dtype), n_threads);
    assert_int_equal(ewi_drift_new(GPTQ_K, by_weights ? GPTQ_N : 0, &threads, &drift, NULL), EW_OK);
    if (by_weights)
        turn_weights(dtype, ewi_drift_weights(drift));
    else
        assert_null(ewi_drift_weights(drift));
    ewi_drift_add(drift, now, before, GPTQ_T);
    void *scratch = ewi_alloc(ewi_gptq_scratch_bytes(GPTQ_K));
    uint8_t *tile = ewi_alloc(ewi_packed_tile_bytes(dtype, GPTQ_K));
    ewi_round_sums sums;
    assert_non_null(scratch);
    assert_non_null(tile);
    assert_int_equal(ewi_gptq_tile(dtype, tile, weights, 0, GPTQ_N, h, drift, scratch, &sums),
                     EWI_ROUND_FINE);
    ewi_free(scratch);
    ewi_hessian_free(h);
    ewi_drift_free(drift);
    return tile;
}

/* What the outputs for all inputs differ by, squared. */
static double output_error(const float *y, bool is_drifted) {
    const float *now = is_drifted ? drifted : inputs;
    double error = 0.0;
    for (size_t t = 0; t < GPTQ_T; t++)
        for (size_t i = 0; i < GPTQ_N; i++) {
            double sum = 0.0;
            for (size_t j = 0; j < GPTQ_K; j++)
                sum += (double)inputs[t * GPTQ_K + j] * (double)weights[i * GPTQ_K + j] -
                       (double)now[t * GPTQ_K + j] * (double)y[i * GPTQ_K + j];
            error += sum * sum;
        }
    return error;
}

/* The codes are numpy's but for ties and what follows from them; the error is as small as numpy's, and much
 * smaller than that of rounding to nearest. */
static void check_case(const gptq_case *c, bool by_weights) {
    float y[GPTQ_N * GPTQ_K];
    uint8_t *tile = make_tile(c->dtype, c->drifted, by_weights, 1);
    size_t n_others = 0;
    unpack_rows(c->dtype, tile, y);
    ewi_free(tile);
    double error = output_error(y, c->drifted);
    if (ewi_packed_info_get(c->dtype)->kind == EWI_PACKED_ROW)
        for (size_t i = 0; i < GPTQ_N; i++) ewi_rotate_weights(y + i * GPTQ_K, y + i * GPTQ_K, GPTQ_K);
    for (size_t i = 0; i < GPTQ_N * GPTQ_K; i++)
        n_others += fabsf(y[i] - c->weights[i]) > 1e-4f * (fabsf(y[i]) + 0.01f);
    print_message("%s%s: %zu of %d weights differ; error %.5g, numpy %.5g, to nearest %.5g\n",
                  ewi_dtype_get(c->dtype)->name, c->drifted ? ", drifted" : "", n_others, GPTQ_N * GPTQ_K,
                  error, c->gptq, c->nearest);
    assert_true(n_others <= GPTQ_N * GPTQ_K / 100);
    assert_true(fabs(error - c->gptq) <= 0.02 * c->gptq);
    assert_true(error < 0.5 * c->nearest);
}

static void test_vectors(void **state) {
    (void)state;
    for (size_t i = 0; i < EWI_COUNT(gptq_cases); i++) {
        check_case(&gptq_cases[i], false);
        check_case(&gptq_cases[i], true);
    }
}

static void check_threads(bool by_weights) {
    uint8_t *one = make_tile(EWI_Q4S, true, by_weights, 1), *five = make_tile(EWI_Q4S, true, by_weights, 5);
    assert_memory_equal(one, five, ewi_packed_tile_bytes(EWI_Q4S, GPTQ_K));
    ewi_free(one);
    ewi_free(five);
}

static void test_threads(void **state) {
    (void)state;
    check_threads(false);
    check_threads(true);
}

/* L^T L is the damped H, computed here in double precision: over several panels and blocks. */
static void test_factor(void **state) {
    (void)state;
    enum { K = 300, T = 150 };
    static float rows[T * K];
    for (size_t i = 0; i < T * K; i++) rows[i] = (float)draw() + (i % 3 ? 0.0f : 3.0f);
    ewi_hessian *h = hessian_of(rows, T, K, false, 3);
    const float *l = ewi_hessian_triangle(h);
    double mean = 0.0, most = 0.0;
    for (size_t i = 0; i < T * K; i++) mean += (double)rows[i] * (double)rows[i] / K;
    for (size_t i = 0; i < K; i++)
        for (size_t j = 0; j <= i; j++) {
            double want = i == j ? 0.01 * mean : 0.0, sum = 0.0;
            for (size_t t = 0; t < T; t++) want += (double)rows[t * K + i] * (double)rows[t * K + j];
            for (size_t t = i; t < K; t++) sum += (double)l[t * K + i] * (double)l[t * K + j];
            most = fmax(most, fabs(sum - want));
        }
    print_message("factor: off by %.3g of the mean square\n", most / mean);
    assert_true(most < 1e-5 * mean);
    ewi_hessian_free(h);
}

/* Summed up by inputs or by weights, over several blocks of either: rows are corrected alike. */
static void test_sums(void **state) {
    (void)state;
    enum { K = 300, T = 150, N = 140, TILE = EWI_TILE_OUTPUTS };
    static float x[T * K], y[T * K], rows[(N + TILE) * K], scratch[2 * TILE * K];
    uint32_t n_threads = 3;
    ewi_quant_threads threads = {run_in_turn, &n_threads, n_threads};
    ewi_drift *by_inputs, *by_weights;
    for (size_t i = 0; i < T * K; i++) x[i] = (float)draw();
    for (size_t i = 0; i < T * K; i++) y[i] = x[i] + (float)draw() / 8.0f;
    for (size_t i = 0; i < N * K; i++) rows[i] = (float)draw();
    ewi_hessian *h = hessian_of(x, T, K, true, 3);
    assert_int_equal(ewi_drift_new(K, 0, &threads, &by_inputs, NULL), EW_OK);
    assert_int_equal(ewi_drift_new(K, N, &threads, &by_weights, NULL), EW_OK);
    memcpy(ewi_drift_weights(by_weights), rows, N * K * sizeof *rows);
    ewi_drift_add(by_inputs, x, y, T);
    ewi_drift_add(by_weights, x, y, T);
    double most = 0.0, largest = 0.0;
    for (size_t first = 0; first < N; first += TILE) {
        static float one[TILE * K], other[TILE * K];
        memcpy(one, rows + first * K, sizeof one);
        memcpy(other, one, sizeof other);
        ewi_drift_correct(by_inputs, h, one, first, K, scratch);
        ewi_drift_correct(by_weights, h, other, first, K, scratch);
        for (size_t i = 0; i < TILE * K; i++) {
            most = fmax(most, (double)fabsf(one[i] - other[i]));
            largest = fmax(largest, (double)fabsf(one[i] - rows[first * K + i]));
        }
    }
    print_message("corrections: %.3g at most, off by %.3g\n", largest, most);
    assert_true(largest > 0.1 && most < 1e-4 * largest);
    ewi_hessian_free(h);
    ewi_drift_free(by_inputs);
    ewi_drift_free(by_weights);
}

/* Rows of both are divided by what the original's say; of zeros, by nothing. */
static void test_temper(void **state) {
    (void)state;
    enum { N = sizeof gptq_divisors / sizeof *gptq_divisors, ALL = (N + 1) * GPTQ_K };
    static float x[ALL], y[ALL];
    memcpy(x, drifted, sizeof x);
    memcpy(y, inputs, sizeof y);
    memset(y + N * GPTQ_K, 0, GPTQ_K * sizeof *y);
    ewi_drift_temper(x, y, N + 1, GPTQ_K);
    for (size_t i = 0; i < N * GPTQ_K; i++) {
        const float by = gptq_divisors[i / GPTQ_K];
        assert_float_equal(x[i], drifted[i] / by, 1e-6f * fabsf(drifted[i]));
        assert_float_equal(y[i], inputs[i] / by, 1e-6f * fabsf(inputs[i]));
    }
    assert_memory_equal(x + N * GPTQ_K, drifted + N * GPTQ_K, GPTQ_K * sizeof *x);
}

/* An input that is no number is an error that names the tensor; inputs that are all zero are not. */
static void test_limits(void **state) {
    (void)state;
    ewi_hessian *h;
    ew_error err = {0};
    uint32_t n = 1;
    ewi_quant_threads threads = {run_in_turn, &n, n};
    float rows[2 * 40] = {0}, w[40], y[40];
    for (size_t i = 0; i < 40; i++) w[i] = (float)draw();
    rows[50] = NAN;
    assert_int_equal(ewi_hessian_new(40, &threads, &h, &err), EW_OK);
    ewi_hessian_add(h, rows, 2);
    ewi_hessian_end(h);
    assert_int_equal(ewi_hessian_factor(h, 0.01, false, EWI_STR("blk.0.ffn_up"), &err), EW_FORMAT);
    assert_non_null(strstr(err.text, "blk.0.ffn_up"));
    ewi_hessian_free(h);

    rows[50] = 0.0f;
    h = hessian_of(rows, 2, 40, false, 1);
    void *scratch = ewi_alloc(ewi_gptq_scratch_bytes(40));
    uint8_t *tile = ewi_alloc(ewi_packed_tile_bytes(EWI_Q4_0, 40));
    ewi_round_sums sums;
    assert_int_equal(ewi_gptq_tile(EWI_Q4_0, tile, w, 0, 1, h, NULL, scratch, &sums), EWI_ROUND_FINE);
    ewi_unpack_row(EWI_Q4_0, tile, 0, 40, y);
    for (size_t i = 0; i < 40; i++) assert_true(y[i] == 0.0f);
    w[3] = INFINITY;
    assert_int_equal(ewi_gptq_tile(EWI_Q4_0, tile, w, 0, 1, h, NULL, scratch, &sums), EWI_ROUND_NOT_FINITE);
    w[3] = 0.0f;
    ewi_free(tile);
    ewi_free(scratch);
    ewi_hessian_free(h);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_vectors), cmocka_unit_test(test_threads),
                                       cmocka_unit_test(test_factor),  cmocka_unit_test(test_sums),
                                       cmocka_unit_test(test_temper),  cmocka_unit_test(test_limits)};
    return cmocka_run_group_tests(tests, make_data, NULL);
}
