/* The bounds that docs/numerics.md states for 16-bit weights in 16-bit integers and on bf16 tiles, against
 * sums in double. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "base/mem.h"
#include "kernels/half.h"
#include "kernels/kernels.h"

#include "heavy_tails.h"

enum { M = 19, N = 37, MAX_K = 1100 };

typedef struct layer {
    float x[M * MAX_K], y[M * N];
    uint16_t w[N * MAX_K];
    size_t k;
    ewi_dtype dtype;
} layer;

static void fill(layer *l, size_t k, ewi_dtype dtype, double outlier, double scale) {
    uint64_t state = k;
    l->k = k;
    l->dtype = dtype;
    for (size_t i = 0; i < M * k; i++) l->x[i] = heavy(&state, outlier) * (float)scale;
    for (size_t i = 0; i < N * k; i++) {
        float w = heavy(&state, outlier) / 16;
        l->w[i] = dtype == EWI_F16 ? ewi_f32_to_f16(w) : (uint16_t)(ewi_float_bits(w) >> 16);
    }
}

static double weight(const layer *l, size_t j, size_t i) {
    uint16_t w = l->w[j * l->k + i];
    return (double)(l->dtype == EWI_F16 ? ewi_f16_to_f32(w) : ewi_bf16_to_f32(w));
}

static double dot_of(const layer *l, size_t row, size_t j) {
    double dot = 0;
    for (size_t i = 0; i < l->k; i++) dot += (double)l->x[row * l->k + i] * weight(l, j, i);
    return dot;
}

/* The sum over blocks of X sum|w| / 4000 + W sum|x| / 7500. */
static double bound_of_halves(const layer *l, size_t row, size_t j) {
    double bound = 0;
    for (size_t b = 0; b < l->k; b += 256) {
        double x_most = 0, w_most = 0, x_sum = 0, w_sum = 0;
        for (size_t i = b; i < l->k && i < b + 256; i++) {
            double x = (double)l->x[row * l->k + i], w = weight(l, j, i);
            x_most = fmax(x_most, fabs(x)), w_most = fmax(w_most, fabs(w));
            x_sum += fabs(x), w_sum += fabs(w);
        }
        bound += x_most * w_sum / 4000 + w_most * x_sum / 7500;
    }
    return bound;
}

/* (2^-7 or 2^-8 + (k / 32 + 18) 2^-24) sum|x w| + 2^-126 sum(|x| + |w| + 2). */
static double bound_of_tiles(const layer *l, size_t row, size_t j) {
    double products = 0, tiny = 0;
    for (size_t i = 0; i < l->k; i++) {
        double x = fabs((double)l->x[row * l->k + i]), w = fabs(weight(l, j, i));
        products += x * w, tiny += x + w + 2;
    }
    double share = (l->dtype == EWI_F16 ? 0x1p-7 : 0x1p-8) + ((double)l->k / 32 + 18) * 0x1p-24;
    return share * products + 0x1p-126 * tiny;
}

typedef struct way {
    const char *name;
    double (*bound_of)(const layer *l, size_t row, size_t j);
    double share; /* of the outputs that the error is at most without outliers, root mean squares */
} way;

static const way halves = {"halves", bound_of_halves, 3.5e-4}, tiles = {"tiles", bound_of_tiles, 2.5e-3};

/* Returns the error's share of the output, both as root mean squares. */
static double check_layer(const layer *l, const way *v) {
    double errors = 0, outputs = 0;
    for (size_t row = 0; row < M; row++)
        for (size_t j = 0; j < N; j++) {
            double dot = dot_of(l, row, j), bound = v->bound_of(l, row, j);
            double error = (double)l->y[row * N + j] - dot;
            if (!(fabs(error) <= bound))
                fail_msg("%s, k = %zu, row %zu, output %zu: off by %g, at most %g", v->name, l->k, row, j,
                         error, bound);
            errors += error * error;
            outputs += dot * dot;
        }
    return sqrt(errors / outputs);
}

static void run_layer(const way *v, layer *l) {
    static _Alignas(64) uint8_t scratch[EWI_MATMUL_SCRATCH(M, MAX_K)];
    const ewi_kernels *kern = ewi_kernels_get();
    const ewi_matmul a = {.m = M,
                          .n = N,
                          .k = l->k,
                          .x = l->x,
                          .w = l->w,
                          .y = l->y,
                          .x_stride = l->k,
                          .y_stride = N,
                          .w_stride_bytes = 2 * l->k,
                          .scratch = scratch};
    (v == &tiles ? kern->matmul_bf16 : kern->matmul_fast)[l->dtype](&a);
}

static void test_bound(void **state) {
    static const ewi_dtype types[] = {EWI_F16, EWI_BF16};
    static const size_t ks[] = {1, 64, 255, 256, 300, 896, MAX_K};
    static const double outliers[] = {1, 30, 1000};
    const way *v = *state;
    layer *l = ewi_alloc(sizeof *l);
    assert_non_null(l);
    double worst = 0;
    for (size_t t = 0; t < 2; t++)
        for (size_t k = 0; k < sizeof ks / sizeof ks[0]; k++)
            for (size_t o = 0; o < 3; o++) {
                fill(l, ks[k], types[t], outliers[o], 1);
                run_layer(v, l);
                double share = check_layer(l, v);
                if (o == 0 && ks[k] > 1) worst = fmax(worst, share);
            }
    print_message("%s: error without outliers: at most %.1e of the outputs\n", v->name, worst);
    assert_true(worst < v->share);
    ewi_free(l);
}

/* Inputs, products and sums about 2^-126, where tiles begin to hold zeros. */
static void test_tiny(void **state) {
    (void)state;
    layer *l = ewi_alloc(sizeof *l);
    assert_non_null(l);
    for (int e = -132; e <= -112; e += 4) {
        fill(l, 300, EWI_BF16, 30, ldexp(1, e));
        run_layer(&tiles, l);
        check_layer(l, &tiles);
    }
    ewi_free(l);
}

/* An infinity or a NaN anywhere is seen in the output, and nowhere else. */
static void test_poison(void **state) {
    const way *v = *state;
    layer *l = ewi_alloc(sizeof *l);
    assert_non_null(l);
    fill(l, 300, EWI_F16, 1, 1);
    l->x[3 * 300 + 299] = NAN;
    l->x[5 * 300] = INFINITY;
    l->w[7 * 300 + 2] = 0x7e00; /* NaN */
    run_layer(v, l);
    for (size_t row = 0; row < M; row++)
        for (size_t j = 0; j < N; j++)
            assert_int_equal(!isfinite(l->y[row * N + j]), row == 3 || row == 5 || j == 7);
    ewi_free(l);
}

/* One output of one input, x w. */
static float one_product(float x, uint16_t w) {
    layer *l = ewi_zalloc(sizeof *l);
    assert_non_null(l);
    l->k = 1, l->dtype = EWI_BF16, l->x[0] = x, l->w[0] = w;
    run_layer(&tiles, l);
    float y = l->y[0];
    ewi_free(l);
    return y;
}

/* Inputs become bf16, to nearest, ties to even; what is as near to 2^128 as to the largest is an infinity. */
static void test_rounding(void **state) {
    (void)state;
    assert_true(one_product(0x1.01p0f, 0x3f80) == 0x1.00p0f); /* 0x3f80: 1 */
    assert_true(one_product(0x1.03p0f, 0x3f80) == 0x1.04p0f);
    assert_true(one_product(0x1.010002p0f, 0x3f80) == 0x1.02p0f);
    assert_true(one_product(0x1.fefffep127f, 0x3f80) == 0x1.fep127f);
    assert_true(one_product(-0x1.ffp127f, 0x3f80) == -INFINITY);
    assert_true(one_product(0x1.fffffcp-127f, 0x7e80) == 0); /* 2^126 */
    assert_true(one_product(0x1p-126f, 0x7e80) == 1);
    assert_true(one_product(0x1p126f, 0x0040) == 0); /* 2^-127 */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(test_bound, (void *)(uintptr_t)&halves),
        cmocka_unit_test_prestate(test_bound, (void *)(uintptr_t)&tiles),
        cmocka_unit_test_prestate(test_poison, (void *)(uintptr_t)&halves),
        cmocka_unit_test_prestate(test_poison, (void *)(uintptr_t)&tiles),
        cmocka_unit_test(test_tiny),
        cmocka_unit_test(test_rounding),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
