/* test_routed.c: an expert learns from the rows that reach it, and from no others: H as its definition says.
 */
#include "expect.h"

#include <math.h>
#include <string.h>

#include "engine/routed.h"
#include "kernels/kernels.h"

#define K      32
#define N      900
#define EXPERT 2 /* of three; rows go to two of them */

static void run_alone(void *runner, ewi_quant_work work, void *arg) {
    (void)runner;
    work(arg, 0, 1);
}

/* Of whole numbers up to 127, which codes of 8 bits say exactly. */
static void fill(ewi_routed *r) {
    uint32_t x = 9;
    for (size_t i = 0; i < N; i++) {
        for (size_t k = 0; k < K; k++) {
            x = x * 1664525u + 1013904223u;
            r->x[i * K + k] = k == i % K ? 127.0f : (float)((int)(x >> 28) - 8);
        }
        for (size_t choice = 0; choice < 2; choice++) {
            r->experts[r->n_choices] = (uint32_t)(i + choice) % 3;
            r->rows[r->n_choices++] = (uint32_t)i;
        }
    }
    memcpy(r->y, r->x, N * K * sizeof *r->y);
    r->n_rows = N;
}

/* Rows count by what they say, divided by the square root of its root mean square: products by the latter. */
static double rms_of(const float *row) {
    double sum = 0;
    for (size_t k = 0; k < K; k++) sum += (double)row[k] * (double)row[k];
    return sqrt(sum / K);
}

static void own_rows_alone(void **state) {
    (void)state;
    const ewi_quant_threads alone = {run_alone, NULL, 1};
    ewi_routed r;
    ewi_hessian *h;
    ewi_drift *d;
    ew_error err = {0};
    expect_ok(ewi_kernels_init(&err), &err);
    expect_ok(ewi_routed_init(&r, K, N, 2 * N, &err), &err);
    fill(&r);
    assert_int_equal(ewi_routed_count(&r, EXPERT), 2 * N / 3);
    expect_ok(ewi_hessian_new(K, &alone, &h, &err), &err);
    expect_ok(ewi_drift_new(K, 0, &alone, &d, &err), &err);
    expect_ok(ewi_routed_learn(&r, EXPERT, EWI_QROWS_256, h, d, &err), &err);
    const float *sums = ewi_hessian_sums(h);
    for (size_t a = 0; a < K; a++)
        for (size_t b = 0; b < K; b++) {
            double sum = 0, size = 0;
            for (size_t i = 0; i < N; i++) {
                if (i % 3 != EXPERT && (i + 1) % 3 != EXPERT) continue;
                const double product = (double)r.x[i * K + a] * (double)r.x[i * K + b] / rms_of(r.y + i * K);
                sum += product;
                size += fabs(product);
            }
            assert_true(fabs((double)sums[a * K + b] - sum) <= 1e-6 * size);
        }
    ewi_hessian_free(h);
    ewi_drift_free(d);
    ewi_routed_deinit(&r);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(own_rows_alone)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
