/* The bound that docs/numerics.md states for 16-bit weights in 16-bit integers, against sums in double. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "base/mem.h"
#include "kernels/half.h"
#include "kernels/kernels.h"

enum { M = 19, N = 37, MAX_K = 1100 };

typedef struct layer {
    float x[M * MAX_K], y[M * N];
    uint16_t w[N * MAX_K];
    size_t k;
    ewi_dtype dtype;
} layer;

/* splitmix64 (Steele, Lea, Flood 2014), as numbers in -1..1 */
static double draw(uint64_t *state) {
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (double)(int64_t)(z ^ (z >> 31)) * 0x1p-63;
}

/* With tails: one in 64 is up to `outlier` times larger. */
static float heavy(uint64_t *state, double outlier) {
    double x = draw(state);
    return (float)(draw(state) > 1 - 1.0 / 32 ? x * outlier : x);
}

static void fill(layer *l, size_t k, ewi_dtype dtype, double outlier) {
    uint64_t state = k;
    l->k = k;
    l->dtype = dtype;
    for (size_t i = 0; i < M * k; i++) l->x[i] = heavy(&state, outlier);
    for (size_t i = 0; i < N * k; i++) {
        float w = heavy(&state, outlier) / 16;
        l->w[i] = dtype == EWI_F16 ? ewi_f32_to_f16(w) : (uint16_t)(ewi_float_bits(w) >> 16);
    }
}

static double weight(const layer *l, size_t j, size_t i) {
    uint16_t w = l->w[j * l->k + i];
    return (double)(l->dtype == EWI_F16 ? ewi_f16_to_f32(w) : ewi_bf16_to_f32(w));
}

/* The sum over blocks of X sum|w| / 4000 + W sum|x| / 7500, and x w itself. */
static double bound_of(const layer *l, size_t row, size_t j, double *dot) {
    double bound = 0;
    *dot = 0;
    for (size_t b = 0; b < l->k; b += 256) {
        double x_most = 0, w_most = 0, x_sum = 0, w_sum = 0;
        for (size_t i = b; i < l->k && i < b + 256; i++) {
            double x = (double)l->x[row * l->k + i], w = weight(l, j, i);
            *dot += x * w;
            x_most = fmax(x_most, fabs(x)), w_most = fmax(w_most, fabs(w));
            x_sum += fabs(x), w_sum += fabs(w);
        }
        bound += x_most * w_sum / 4000 + w_most * x_sum / 7500;
    }
    return bound;
}

/* Returns the error's share of the output, both as root mean squares. */
static double check_layer(const layer *l) {
    double errors = 0, outputs = 0;
    for (size_t row = 0; row < M; row++)
        for (size_t j = 0; j < N; j++) {
            double dot, bound = bound_of(l, row, j, &dot), error = (double)l->y[row * N + j] - dot;
            if (!(fabs(error) <= bound))
                fail_msg("k = %zu, row %zu, output %zu: off by %g, at most %g", l->k, row, j, error, bound);
            errors += error * error;
            outputs += dot * dot;
        }
    return sqrt(errors / outputs);
}

static void run_layer(const ewi_kernels *kern, layer *l) {
    static _Alignas(64) uint8_t scratch[EWI_MATMUL_SCRATCH(M)];
    kern->matmul_fast[l->dtype](&(ewi_matmul){.m = M,
                                              .n = N,
                                              .k = l->k,
                                              .x = l->x,
                                              .w = l->w,
                                              .y = l->y,
                                              .x_stride = l->k,
                                              .y_stride = N,
                                              .w_stride_bytes = 2 * l->k,
                                              .scratch = scratch});
}

static void test_bound(void **state) {
    static const ewi_dtype types[] = {EWI_F16, EWI_BF16};
    static const size_t ks[] = {1, 64, 255, 256, 300, 896, MAX_K};
    static const double outliers[] = {1, 30, 1000};
    (void)state;
    layer *l = ewi_alloc(sizeof *l);
    assert_non_null(l);
    double worst = 0;
    for (size_t t = 0; t < 2; t++)
        for (size_t k = 0; k < sizeof ks / sizeof ks[0]; k++)
            for (size_t o = 0; o < 3; o++) {
                fill(l, ks[k], types[t], outliers[o]);
                run_layer(ewi_kernels_get(), l);
                double share = check_layer(l);
                if (o == 0) worst = fmax(worst, share);
            }
    print_message("error without outliers: at most %.1e of the outputs\n", worst);
    assert_true(worst < 1e-3);
    ewi_free(l);
}

/* An infinity or a NaN anywhere in a block is seen in the output. */
static void test_poison(void **state) {
    (void)state;
    layer *l = ewi_alloc(sizeof *l);
    assert_non_null(l);
    fill(l, 300, EWI_F16, 1);
    l->x[3 * 300 + 299] = NAN;
    l->x[5 * 300] = INFINITY;
    l->w[7 * 300 + 2] = 0x7e00; /* NaN */
    run_layer(ewi_kernels_get(), l);
    for (size_t row = 0; row < M; row++)
        for (size_t j = 0; j < N; j++)
            assert_int_equal(isnan(l->y[row * N + j]) != 0, row == 3 || row == 5 || j == 7);
    ewi_free(l);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bound),
        cmocka_unit_test(test_poison),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
