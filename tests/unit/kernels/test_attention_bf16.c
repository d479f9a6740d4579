/* The bound that docs/numerics.md states for attention on bf16 tiles, against attention in double. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "kernels/half.h"
#include "kernels/kernels.h"

#include "heavy_tails.h"

enum { ROWS = 20, BLOCKS = 6, KEYS = BLOCKS * EWI_ATTENTION_KEYS, MAX_DIM = 128 };

typedef struct head {
    size_t dim;
    ewi_dtype type;
    float scale;
    float q[ROWS * MAX_DIM], out[ROWS * MAX_DIM];
    float k[KEYS * MAX_DIM], v[KEYS * MAX_DIM]; /* [KEYS, dim]: what the blocks hold, in f32 */
} head;

static void fill(head *h, size_t dim, ewi_dtype type, double outlier) {
    uint64_t state = dim;
    h->dim = dim;
    h->type = type;
    h->scale = 1 / sqrtf((float)dim);
    for (size_t i = 0; i < ROWS * dim; i++) h->q[i] = heavy(&state, outlier);
    for (size_t i = 0; i < KEYS * dim; i++) {
        h->k[i] = heavy(&state, outlier);
        h->v[i] = heavy(&state, outlier);
    }
}

/* ---- the kernel's side ---- */

typedef struct block {
    float k[EWI_ATTENTION_KEYS * MAX_DIM], v[EWI_ATTENTION_KEYS * MAX_DIM]; /* of the type's size */
    float k_scales[EWI_ATTENTION_KEYS], v_scales[EWI_ATTENTION_KEYS];
} block;

/* Stores *x as element i of a block's keys or values, and leaves there what the block then holds. */
static void put(void *to, size_t i, ewi_dtype type, float scale, int zero, float *x) {
    uint8_t *bytes = to;
    if (type == EWI_F32) {
        memcpy(bytes + 4 * i, x, 4);
    } else if (type == EWI_F16) {
        uint16_t half = ewi_f32_to_f16(*x);
        memcpy(bytes + 2 * i, &half, 2);
        *x = ewi_f16_to_f32(half);
    } else {
        float code = rintf(*x / scale);
        bytes[i] = (uint8_t)((int)code + zero);
        *x = code * scale;
    }
}

static float scale_of(const float *x, size_t n) {
    float most = 0;
    for (size_t i = 0; i < n; i++) most = fmaxf(most, fabsf(x[i]));
    return most / 127;
}

static void fill_block(block *b, head *h, size_t first) {
    for (size_t j = 0; j < EWI_ATTENTION_KEYS; j++) {
        float *k = h->k + (first + j) * h->dim, *v = h->v + (first + j) * h->dim;
        b->k_scales[j] = scale_of(k, h->dim);
        b->v_scales[j] = scale_of(v, h->dim);
        for (size_t i = 0; i < h->dim; i++) {
            size_t at =
                h->type == EWI_I8 ? (i / 4 * EWI_ATTENTION_KEYS + j) * 4 + i % 4 : i * EWI_ATTENTION_KEYS + j;
            put(b->k, at, h->type, b->k_scales[j], 128, &k[i]);
            put(b->v, j * h->dim + i, h->type, b->v_scales[j], 0, &v[i]);
        }
    }
}

/* Row r is at position KEYS - ROWS + r. */
static size_t length_of(size_t r) {
    return KEYS - ROWS + r + 1;
}

static void run_head(head *h) {
    static float scratch[EWI_ATTENTION_SCRATCH(MAX_DIM)];
    static block b;
    ewi_attention_row rows[ROWS];
    memset(h->out, 0, sizeof h->out);
    for (size_t r = 0; r < ROWS; r++)
        rows[r] = (ewi_attention_row){.q = h->q + r * h->dim, .acc = h->out + r * h->dim, .max = -INFINITY};
    for (size_t first = 0; first < KEYS; first += EWI_ATTENTION_KEYS) {
        fill_block(&b, h, first);
        for (size_t r = 0; r < ROWS; r++) {
            size_t n = length_of(r) - first;
            rows[r].n_keys = n < EWI_ATTENTION_KEYS ? n : EWI_ATTENTION_KEYS;
        }
        ewi_kernels_get()->attention_bf16(&(ewi_attention){.rows = rows,
                                                           .n_rows = ROWS,
                                                           .head_dim = h->dim,
                                                           .k_type = h->type,
                                                           .v_type = h->type,
                                                           .k = b.k,
                                                           .v = b.v,
                                                           .k_scales = b.k_scales,
                                                           .v_scales = b.v_scales,
                                                           .scale = h->scale,
                                                           .scratch = scratch});
    }
    for (size_t r = 0; r < ROWS; r++)
        ewi_kernels_get()->attention_finish(rows[r].acc, rows[r].acc, rows[r].sum, h->dim);
}

/* ---- in double ---- */

/* p[j], not yet divided by their sum, which is returned; *most: the largest scale * (sum of |q k|). */
static double soften(const head *h, size_t r, double *p, double *most) {
    double top = (double)-INFINITY, sum = 0;
    *most = 0;
    for (size_t j = 0; j < length_of(r); j++) {
        double size = 0;
        p[j] = 0;
        for (size_t i = 0; i < h->dim; i++) {
            double product = (double)h->scale * (double)h->q[r * h->dim + i] * (double)h->k[j * h->dim + i];
            p[j] += product;
            size += fabs(product);
        }
        *most = fmax(*most, size);
        top = fmax(top, p[j]);
    }
    for (size_t j = 0; j < length_of(r); j++) sum += p[j] = exp(p[j] - top);
    return sum;
}

/* Returns the error's share of the output, both as root mean squares. */
static double check_head(const head *h) {
    static double p[KEYS];
    double errors = 0, outputs = 0;
    for (size_t r = 0; r < ROWS; r++) {
        double most, sum = soften(h, r, p, &most);
        for (size_t i = 0; i < h->dim; i++) {
            double want = 0, size = 0;
            for (size_t j = 0; j < length_of(r); j++) {
                want += p[j] / sum * (double)h->v[j * h->dim + i];
                size += p[j] / sum * fabs((double)h->v[j * h->dim + i]);
            }
            double error = (double)h->out[r * h->dim + i] - want;
            double bound = size * (1.007 * exp(2 * most / 250) - 1);
            if (isnan(error) || fabs(error) > bound) /* beyond all floats, a bound is no number */
                fail_msg("%s, head of %zu, row %zu, element %zu: off by %g, at most %g",
                         ewi_dtype_get(h->type)->name, h->dim, r, i, error, bound);
            errors += error * error;
            outputs += want * want;
        }
    }
    return sqrt(errors / outputs);
}

static void test_bound(void **state) {
    static const ewi_dtype types[] = {EWI_F32, EWI_F16, EWI_I8};
    static const size_t dims[] = {1, 40, 64, 128};
    static const double outliers[] = {1, 30, 1000};
    (void)state;
    head *h = ewi_alloc(sizeof *h);
    assert_non_null(h);
    double worst = 0;
    for (size_t t = 0; t < 3; t++)
        for (size_t d = 0; d < 4; d++)
            for (size_t o = 0; o < 3; o++) {
                fill(h, dims[d], types[t], outliers[o]);
                run_head(h);
                double share = check_head(h);
                if (o == 0) worst = fmax(worst, share);
            }
    print_message("error without outliers: at most %.1e of the outputs\n", worst);
    assert_true(worst < 1e-2);
    ewi_free(h);
}

/* A NaN among the keys or values is seen by all rows that see it. */
static void test_poison(void **state) {
    (void)state;
    head *h = ewi_alloc(sizeof *h);
    assert_non_null(h);
    for (int values = 0; values < 2; values++) {
        fill(h, 64, EWI_F32, 1);
        (values ? h->v : h->k)[(KEYS - 10) * 64 + 3] = NAN;
        run_head(h);
        for (size_t r = 0; r < ROWS; r++)
            if (length_of(r) > KEYS - 10) assert_true(isnan(h->out[r * 64 + 3]));
    }
    ewi_free(h);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bound),
        cmocka_unit_test(test_poison),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
