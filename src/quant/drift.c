#include "quant/drift.h"

#include <string.h>

#include "base/checked.h"
#include "base/error.h"
#include "base/mem.h"
#include "kernels/kernels.h"
#include "kernels/pack.h"

#define PANEL 256u /* rows that are added together */
#define BLOCK 64u  /* inputs that are solved together */
#define SIDE  16u  /* of the squares that are turned at a time */
/* What a thread multiplies at a time, [ROWS, COLS]. */
#define ROWS 64u
#define COLS 256u

/* Of the way to the least squares. */
#define WAY 0.5f

struct ewi_drift {
    size_t k;
    ewi_quant_threads threads;
    float *d;       /* [k, k]: D */
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

/* to[j, i] = from[i, j], of [n_rows, n_columns]. */
static void turn(float *to, size_t to_stride, const float *from, size_t stride, size_t n_rows,
                 size_t n_columns) {
    for (size_t row = 0; row < n_rows; row += SIDE)
        for (size_t col = 0; col < n_columns; col += SIDE)
            for (size_t j = col; j < least(col + SIDE, n_columns); j++)
                for (size_t i = row; i < least(row + SIDE, n_rows); i++)
                    to[j * to_stride + i] = from[i * stride + j];
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
    turn(a->d->x + begin * PANEL, PANEL, a->x + begin, k, a->n, end - begin);
    turn(a->d->y + begin * PANEL, PANEL, a->y + begin, k, a->n, end - begin);
    for (size_t i = begin; i < end; i++) {
        float *x = a->d->x + i * PANEL, *y = a->d->y + i * PANEL;
        for (size_t t = 0; t < a->n; t++) y[t] -= x[t];
        memset(x + a->n, 0, (PANEL - a->n) * sizeof *x);
        memset(y + a->n, 0, (PANEL - a->n) * sizeof *y);
    }
}

/* d += x y^T. */
static void add_block(const ewi_drift *d, size_t row, size_t col, float *product) {
    const size_t m = least(ROWS, d->k - row), n = least(COLS, d->k - col);
    const ewi_kernels *kern = ewi_kernels_get();
    kern->matmul[EWI_F32](&(ewi_matmul){.m = m,
                                        .n = n,
                                        .k = PANEL,
                                        .x = d->x + row * PANEL,
                                        .w = d->y + col * PANEL,
                                        .y = product,
                                        .x_stride = PANEL,
                                        .y_stride = COLS,
                                        .w_stride_bytes = PANEL * sizeof(float)});
    for (size_t i = 0; i < m; i++) {
        float *to = d->d + (row + i) * d->k + col;
        kern->add(to, to, product + i * COLS, n);
    }
}

static void add_share(void *arg, uint32_t thread, uint32_t n_threads) {
    const ewi_drift *d = arg;
    float *product = d->scratch + thread * (size_t)ROWS * COLS;
    for (size_t row = (size_t)thread * ROWS; row < d->k; row += (size_t)n_threads * ROWS)
        for (size_t col = 0; col < d->k; col += COLS) add_block(d, row, col, product);
}

static void run(const ewi_drift *d, ewi_quant_work work, void *arg) {
    d->threads.run(d->threads.runner, work, arg);
}

void ewi_drift_add(ewi_drift *d, const float *x, const float *y, size_t n) {
    for (size_t at = 0; at < n; at += PANEL) {
        addition a = {d, x + at * d->k, y + at * d->k, least(PANEL, n - at)};
        run(d, collect_share, &a);
        run(d, add_share, d);
    }
}

/* ---- w + WAY w D^T H^-1 ---- */

typedef float lanes[EWI_TILE_OUTPUTS]; /* of one input, a row's beside another's */

/* H^-1 = L^-1 (L^T)^-1, to the right of rows: first z L = g, then u L^T = z. */
typedef struct solving {
    const float *l; /* L, and above its diagonal L^T */
    size_t k, stride;
    float *rows; /* [16, stride], in the order of L */
} solving;

/* rows[at + i] of the block's inputs, less those from `from` on times how often they are in them. */
static void take_known(const solving *s, size_t at, size_t n, size_t from, size_t n_known, lanes *out) {
    float products[EWI_TILE_OUTPUTS * BLOCK];
    ewi_kernels_get()->matmul[EWI_F32](&(ewi_matmul){.m = EWI_TILE_OUTPUTS,
                                                     .n = n,
                                                     .k = n_known,
                                                     .x = s->rows + from,
                                                     .w = s->l + at * s->k + from,
                                                     .y = products,
                                                     .x_stride = s->stride,
                                                     .y_stride = BLOCK,
                                                     .w_stride_bytes = s->k * sizeof(float)});
    for (size_t i = 0; i < n; i++)
        for (size_t row = 0; row < EWI_TILE_OUTPUTS; row++)
            out[i][row] = s->rows[row * s->stride + at + i] - products[row * BLOCK + i];
}

static void put_known(const solving *s, size_t at, size_t n, lanes *known) {
    for (size_t i = 0; i < n; i++)
        for (size_t row = 0; row < EWI_TILE_OUTPUTS; row++) s->rows[row * s->stride + at + i] = known[i][row];
}

/* to = (to - sum of from[j] * factors[j]) / by. */
static void solve_one(lanes to, lanes *from, const float *factors, size_t n, float by) {
    for (size_t j = 0; j < n; j++)
        for (size_t row = 0; row < EWI_TILE_OUTPUTS; row++) to[row] -= from[j][row] * factors[j];
    for (size_t row = 0; row < EWI_TILE_OUTPUTS; row++) to[row] /= by;
}

static void solve_backward(const solving *s) {
    lanes x[BLOCK];
    for (size_t end = s->k, at; end > 0; end = at) {
        at = (end - 1) / BLOCK * BLOCK;
        const size_t n = end - at;
        take_known(s, at, n, end, s->k - end, x);
        for (size_t i = n; i-- > 0;) {
            const float *l = s->l + (at + i) * s->k + at;
            solve_one(x[i], x + i + 1, l + i + 1, n - i - 1, l[i]);
        }
        put_known(s, at, n, x);
    }
}

static void solve_forward(const solving *s) {
    lanes x[BLOCK];
    for (size_t at = 0; at < s->k; at += BLOCK) {
        const size_t n = least(BLOCK, s->k - at);
        take_known(s, at, n, 0, at, x);
        for (size_t i = 0; i < n; i++) {
            const float *l = s->l + (at + i) * s->k + at;
            solve_one(x[i], x, l, i, l[i]);
        }
        put_known(s, at, n, x);
    }
}

void ewi_drift_correct(const ewi_drift *d, const ewi_hessian *h, float *rows, size_t stride, float *scratch) {
    const size_t k = d->k;
    float *products = scratch, *sorted = scratch + EWI_TILE_OUTPUTS * stride;
    const solving s = {ewi_hessian_triangle(h), k, stride, sorted};
    EW_ASSERT(ewi_hessian_inputs(h) == k);
    ewi_kernels_get()->matmul[EWI_F32](&(ewi_matmul){.m = EWI_TILE_OUTPUTS,
                                                     .n = k,
                                                     .k = k,
                                                     .x = rows,
                                                     .w = d->d,
                                                     .y = products,
                                                     .x_stride = stride,
                                                     .y_stride = stride,
                                                     .w_stride_bytes = k * sizeof(float)});
    for (size_t row = 0; row < EWI_TILE_OUTPUTS * stride; row += stride)
        for (size_t i = 0; i < k; i++) sorted[row + i] = products[row + ewi_hessian_input(h, i)];
    solve_backward(&s);
    solve_forward(&s);
    for (size_t row = 0; row < EWI_TILE_OUTPUTS * stride; row += stride)
        for (size_t i = 0; i < k; i++) rows[row + ewi_hessian_input(h, i)] += WAY * sorted[row + i];
}
