#include "quant/drift.h"

#include <string.h>

#include "base/checked.h"
#include "base/error.h"
#include "base/mem.h"
#include "kernels/kernels.h"

#define PANEL 128u /* rows that are added together */
/* What a thread multiplies at a time, [ROWS, COLS]. */
#define ROWS 64u
#define COLS 256u
/* Columns that a thread solves at a time. */
#define STRIP 64u

/* Of the way to the least squares. */
#define WAY 0.5f

struct ewi_drift {
    size_t k;
    ewi_quant_threads threads;
    float *d;       /* [k, k]: D, then H^-1 D */
    float *x, *y;   /* [k, PANEL]: inputs, and what they lack */
    float *scratch; /* [n_threads, ROWS, COLS] */
};

ew_status ewi_drift_new(size_t k, const ewi_quant_threads *threads, ewi_drift **out, ew_error *err) {
    size_t squares;
    if (!ewi_mul_size(k, k, &squares)) return ewi_fail(err, EW_LIMIT, "%zu inputs of a layer", k);
    ewi_drift *d = ewi_zalloc(sizeof *d);
    if (!d) return ewi_no_memory(err, "a layer's calibration");
    *d = (ewi_drift){.k = k, .threads = *threads};
    d->d = ewi_zalloc_array(squares, sizeof *d->d);
    d->x = ewi_alloc_array(k, PANEL * sizeof *d->x);
    d->y = ewi_alloc_array(k, PANEL * sizeof *d->y);
    d->scratch = ewi_alloc_array(threads->n_threads, ROWS * COLS * sizeof *d->scratch);
    if (!d->d || !d->x || !d->y || !d->scratch) {
        ewi_drift_free(d);
        return ewi_no_memory(err, "a layer's calibration");
    }
    *out = d;
    return EW_OK;
}

void ewi_drift_free(ewi_drift *d) {
    if (!d) return;
    ewi_free(d->d);
    ewi_free(d->x);
    ewi_free(d->y);
    ewi_free(d->scratch);
    ewi_free(d);
}

static size_t least(size_t a, size_t b) {
    return a < b ? a : b;
}

/* ---- sums ---- */

typedef struct addition {
    ewi_drift *d;
    const float *x, *y;
    size_t n;
} addition;

/* Columns of the rows as rows of the panels, some to a thread. */
static void collect_share(void *arg, uint32_t thread, uint32_t n_threads) {
    const addition *a = arg;
    const size_t k = a->d->k, begin = k * thread / n_threads, end = k * (thread + 1) / n_threads;
    for (size_t i = begin; i < end; i++)
        for (size_t t = 0; t < PANEL; t++) {
            const float x = t < a->n ? a->x[t * k + i] : 0.0f, y = t < a->n ? a->y[t * k + i] : 0.0f;
            a->d->x[i * PANEL + t] = x;
            a->d->y[i * PANEL + t] = y - x;
        }
}

static void add_block(const ewi_drift *d, size_t row, size_t col, float *product) {
    const size_t m = least(ROWS, d->k - row), n = least(COLS, d->k - col);
    ewi_kernels_get()->matmul[EWI_F32](&(ewi_matmul){.m = m,
                                                     .n = n,
                                                     .k = PANEL,
                                                     .x = d->x + row * PANEL,
                                                     .w = d->y + col * PANEL,
                                                     .y = product,
                                                     .x_stride = PANEL,
                                                     .y_stride = COLS,
                                                     .w_stride_bytes = PANEL * sizeof(float)});
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < n; j++) d->d[(row + i) * d->k + col + j] += product[i * COLS + j];
}

static void add_share(void *arg, uint32_t thread, uint32_t n_threads) {
    const addition *a = arg;
    const size_t k = a->d->k;
    for (size_t row = (size_t)thread * ROWS; row < k; row += (size_t)n_threads * ROWS)
        for (size_t col = 0; col < k; col += COLS)
            add_block(a->d, row, col, a->d->scratch + thread * (size_t)ROWS * COLS);
}

static void run(const ewi_drift *d, ewi_quant_work work, void *arg) {
    d->threads.run(d->threads.runner, work, arg);
}

void ewi_drift_add(ewi_drift *d, const float *x, const float *y, size_t n) {
    for (size_t at = 0; at < n; at += PANEL) {
        addition a = {d, x + at * d->k, y + at * d->k, least(PANEL, n - at)};
        run(d, collect_share, &a);
        run(d, add_share, &a);
    }
}

/* ---- H^-1 D ---- */

typedef struct solving {
    const ewi_drift *d;
    const ewi_hessian *h;
} solving;

/* Row i in the order of the factor, from a column on. */
static float *row_at(const solving *s, size_t i, size_t col) {
    return s->d->d + ewi_hessian_input(s->h, i) * s->d->k + col;
}

/* to -= factor * from, of n columns. */
static void subtract(float *to, const float *from, float factor, size_t n) {
    for (size_t j = 0; j < n; j++) to[j] -= factor * from[j];
}

static void divide(float *row, float by, size_t n) {
    for (size_t j = 0; j < n; j++) row[j] /= by;
}

/* L^T Y = D from the last row on, then L P = Y from the first: n columns. */
static void solve_strip(const solving *s, size_t col, size_t n) {
    const size_t k = s->d->k;
    const float *triangle = ewi_hessian_triangle(s->h);
    for (size_t i = k; i-- > 0;) {
        const float *l = triangle + i * k;
        divide(row_at(s, i, col), l[i], n);
        for (size_t t = 0; t < i; t++) subtract(row_at(s, t, col), row_at(s, i, col), l[t], n);
    }
    for (size_t i = 0; i < k; i++) {
        const float *l = triangle + i * k;
        for (size_t t = 0; t < i; t++) subtract(row_at(s, i, col), row_at(s, t, col), l[t], n);
        divide(row_at(s, i, col), l[i], n);
    }
}

static void solve_share(void *arg, uint32_t thread, uint32_t n_threads) {
    const solving *s = arg;
    for (size_t col = (size_t)thread * STRIP; col < s->d->k; col += (size_t)n_threads * STRIP)
        solve_strip(s, col, least(STRIP, s->d->k - col));
}

void ewi_drift_solve(ewi_drift *d, const ewi_hessian *h) {
    EW_ASSERT(ewi_hessian_inputs(h) == d->k);
    solving s = {d, h};
    run(d, solve_share, &s);
}

void ewi_drift_correct(const ewi_drift *d, float *rows, size_t stride, size_t n, float *scratch) {
    ewi_kernels_get()->matmul[EWI_F32](&(ewi_matmul){.m = n,
                                                     .n = d->k,
                                                     .k = d->k,
                                                     .x = rows,
                                                     .w = d->d,
                                                     .y = scratch,
                                                     .x_stride = stride,
                                                     .y_stride = stride,
                                                     .w_stride_bytes = d->k * sizeof(float)});
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < d->k; j++) rows[i * stride + j] += WAY * scratch[i * stride + j];
}
