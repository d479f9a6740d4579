#include "quant/drift.h"

#include <string.h>

#include "base/checked.h"
#include "base/error.h"
#include "base/mem.h"
#include "kernels/kernels.h"

#define PANEL 256u /* rows that are added together */
#define BLOCK 128u /* rows that are solved together */
#define STRIP 64u  /* columns of them that a thread takes at a time */
#define SIDE  16u  /* of the squares that are turned at a time */
/* What a thread multiplies at a time, [ROWS, COLS]. */
#define ROWS 64u
#define COLS 256u

/* Of the way to the least squares. */
#define WAY 0.5f

struct ewi_drift {
    size_t k;
    ewi_quant_threads threads;
    float *d;       /* [k, k]: D, then H^-1 D */
    float *x, *y;   /* [k, PANEL]: inputs, and what they lack; then factors and solved rows, [k, BLOCK] */
    float *inverse; /* [BLOCK, BLOCK] */
    float *scratch; /* [n_threads, ROWS, COLS], of which a strip is half */
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
    d->inverse = ewi_alloc_array(BLOCK, BLOCK * sizeof *d->inverse);
    d->scratch = ewi_alloc_array(threads->n_threads, ROWS * COLS * sizeof *d->scratch);
    if (!d->d || !d->x || !d->y || !d->inverse || !d->scratch) {
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
    ewi_free(d->inverse);
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

/* d += x y^T, the panels' first `depth` columns, to d's rows [first, end) in the order of h's inputs. */
typedef struct update {
    const ewi_drift *d;
    const ewi_hessian *order; /* NULL: as they come */
    size_t depth, first, end;
} update;

static float *row_of(const update *u, size_t i) {
    return u->d->d + (u->order ? ewi_hessian_input(u->order, i) : i) * u->d->k;
}

static void update_block(const update *u, size_t row, size_t col, float *product) {
    const ewi_drift *d = u->d;
    const size_t m = least(ROWS, u->end - row), n = least(COLS, d->k - col);
    const ewi_kernels *kern = ewi_kernels_get();
    kern->matmul[EWI_F32](&(ewi_matmul){.m = m,
                                        .n = n,
                                        .k = u->depth,
                                        .x = d->x + row * u->depth,
                                        .w = d->y + col * u->depth,
                                        .y = product,
                                        .x_stride = u->depth,
                                        .y_stride = COLS,
                                        .w_stride_bytes = u->depth * sizeof(float)});
    for (size_t i = 0; i < m; i++) {
        float *to = row_of(u, row + i) + col;
        kern->add(to, to, product + i * COLS, n);
    }
}

static void update_share(void *arg, uint32_t thread, uint32_t n_threads) {
    const update *u = arg;
    float *product = u->d->scratch + thread * (size_t)ROWS * COLS;
    for (size_t row = u->first + (size_t)thread * ROWS; row < u->end; row += (size_t)n_threads * ROWS)
        for (size_t col = 0; col < u->d->k; col += COLS) update_block(u, row, col, product);
}

static void run(const ewi_drift *d, ewi_quant_work work, void *arg) {
    d->threads.run(d->threads.runner, work, arg);
}

void ewi_drift_add(ewi_drift *d, const float *x, const float *y, size_t n) {
    for (size_t at = 0; at < n; at += PANEL) {
        addition a = {d, x + at * d->k, y + at * d->k, least(PANEL, n - at)};
        update u = {d, NULL, PANEL, 0, d->k};
        run(d, collect_share, &a);
        run(d, update_share, &u);
    }
}

/* ---- H^-1 D ---- */

/* Rows [at, at + n) of L^T Y = D, or of L P = Y where it goes forward; those that they need are known. */
typedef struct solving {
    const ewi_drift *d;
    const ewi_hessian *h;
    bool is_forward;
    size_t at, n;
} solving;

/* Row i of the block. */
static float *row_at(const solving *s, size_t i) {
    return s->d->d + ewi_hessian_input(s->h, s->at + i) * s->d->k;
}

/* Of the factor's block on the diagonal, column by column; turned where it goes backward. */
static void invert_block(const solving *s) {
    const size_t k = s->d->k;
    const float *l = ewi_hessian_triangle(s->h) + s->at * k + s->at;
    double column[BLOCK];
    memset(s->d->inverse, 0, BLOCK * BLOCK * sizeof *s->d->inverse);
    for (size_t j = 0; j < s->n; j++)
        for (size_t i = j; i < s->n; i++) {
            double sum = i == j ? 1.0 : 0.0;
            for (size_t t = j; t < i; t++) sum -= (double)l[i * k + t] * column[t];
            column[i] = sum / (double)l[i * k + i];
            s->d->inverse[s->is_forward ? i * BLOCK + j : j * BLOCK + i] = (float)column[i];
        }
}

/* n columns of the block, which become the second panel's rows too; turned: [n, BLOCK]. */
static void solve_strip(const solving *s, size_t col, size_t n, float *turned) {
    float *solved = s->d->y + col * BLOCK;
    memset(turned, 0, n * BLOCK * sizeof *turned);
    for (size_t i = 0; i < s->n; i++)
        for (size_t j = 0; j < n; j++) turned[j * BLOCK + i] = row_at(s, i)[col + j];
    ewi_kernels_get()->matmul[EWI_F32](&(ewi_matmul){.m = n,
                                                     .n = BLOCK,
                                                     .k = BLOCK,
                                                     .x = turned,
                                                     .w = s->d->inverse,
                                                     .y = solved,
                                                     .x_stride = BLOCK,
                                                     .y_stride = BLOCK,
                                                     .w_stride_bytes = BLOCK * sizeof(float)});
    for (size_t i = 0; i < s->n; i++)
        for (size_t j = 0; j < n; j++) row_at(s, i)[col + j] = solved[j * BLOCK + i];
}

static update rest_of(const solving *s) {
    const size_t first = s->is_forward ? s->at + s->n : 0, end = s->is_forward ? s->d->k : s->at;
    return (update){s->d, s->h, BLOCK, first, end};
}

/* How often the block's rows are taken from rows [begin, end), as the first panel. */
static void collect_factors(const solving *s, size_t begin, size_t end) {
    const size_t k = s->d->k;
    const float *triangle = ewi_hessian_triangle(s->h);
    float *x = s->d->x + begin * BLOCK;
    memset(x, 0, (end - begin) * BLOCK * sizeof *x);
    if (s->is_forward)
        for (size_t i = begin; i < end; i++)
            memcpy(s->d->x + i * BLOCK, triangle + i * k + s->at, s->n * sizeof *x);
    else
        turn(x, BLOCK, triangle + s->at * k + begin, k, s->n, end - begin);
    ewi_kernels_get()->scale(x, x, -1.0f, (end - begin) * BLOCK);
}

static void solve_share(void *arg, uint32_t thread, uint32_t n_threads) {
    const solving *s = arg;
    const update rest = rest_of(s);
    const size_t k = s->d->k, n_rest = rest.end - rest.first;
    float *turned = s->d->scratch + thread * (size_t)ROWS * COLS;
    for (size_t col = (size_t)thread * STRIP; col < k; col += (size_t)n_threads * STRIP)
        solve_strip(s, col, least(STRIP, k - col), turned);
    collect_factors(s, rest.first + n_rest * thread / n_threads,
                    rest.first + n_rest * (thread + 1) / n_threads);
}

static void solve_block(solving *s) {
    update rest = rest_of(s);
    invert_block(s);
    run(s->d, solve_share, s);
    run(s->d, update_share, &rest);
}

void ewi_drift_solve(ewi_drift *d, const ewi_hessian *h) {
    const size_t k = d->k;
    EW_ASSERT(ewi_hessian_inputs(h) == k);
    for (size_t end = k, at; end > 0; end = at) {
        at = (end - 1) / BLOCK * BLOCK;
        solve_block(&(solving){d, h, false, at, end - at});
    }
    for (size_t at = 0; at < k; at += BLOCK) solve_block(&(solving){d, h, true, at, least(BLOCK, k - at)});
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
