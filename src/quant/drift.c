#include "quant/drift.h"

#include <math.h>
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

/* The sums are D, or W D^T where there are few rows of weights. */
struct ewi_drift {
    size_t k, n; /* rows of sums: inputs, or weights */
    ewi_quant_threads threads;
    float *sums;    /* [n, k] */
    float *weights; /* [n, k]; NULL: the sums are D */
    float *lacks;   /* [PANEL, k] y - x, for weights */
    float *left;    /* [n, PANEL] x, or weights times y - x */
    float *right;   /* [k, PANEL] y - x, or x */
    float *scratch; /* [n_threads, ROWS, COLS] */
};

static ew_status make_arrays(ewi_drift *d, bool has_weights, ew_error *err) {
    d->sums = ewi_zalloc_array(d->n, d->k * sizeof *d->sums);
    d->left = ewi_alloc_array(d->n, PANEL * sizeof *d->left);
    d->right = ewi_alloc_array(d->k, PANEL * sizeof *d->right);
    d->scratch = ewi_alloc_array(d->threads.n_threads, ROWS * COLS * sizeof *d->scratch);
    bool fine = d->sums && d->left && d->right && d->scratch;
    if (has_weights) {
        d->weights = ewi_alloc_array(d->n, d->k * sizeof *d->weights);
        d->lacks = ewi_alloc_array(PANEL, d->k * sizeof *d->lacks);
        fine = fine && d->weights && d->lacks;
    }
    return fine ? EW_OK : ewi_no_memory(err, "a layer's calibration");
}

ew_status ewi_drift_new(size_t k, size_t n_rows, const ewi_quant_threads *threads, ewi_drift **out,
                        ew_error *err) {
    const bool has_weights = n_rows > 0 && n_rows < k / 2;
    size_t squares;
    if (!ewi_mul_size(k, k, &squares)) return ewi_fail(err, EW_LIMIT, "%zu inputs of a layer", k);
    ewi_drift *d = ewi_zalloc(sizeof *d);
    if (!d) return ewi_no_memory(err, "a layer's calibration");
    *d = (ewi_drift){.k = k, .n = has_weights ? n_rows : k, .threads = *threads};
    ew_status status = make_arrays(d, has_weights, err);
    if (status == EW_OK)
        *out = d;
    else
        ewi_drift_free(d);
    return status;
}

void ewi_drift_free(ewi_drift *d) {
    if (!d) return;
    ewi_free(d->sums);
    ewi_free(d->weights);
    ewi_free(d->lacks);
    ewi_free(d->left);
    ewi_free(d->right);
    ewi_free(d->scratch);
    ewi_free(d);
}

float *ewi_drift_weights(ewi_drift *d) {
    return d->weights;
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

/* Columns [begin, end) of rows as rows of a panel. */
static void collect(float *panel, const addition *a, const float *rows, size_t begin, size_t end) {
    turn(panel + begin * PANEL, PANEL, rows + begin, a->d->k, a->n, end - begin);
    for (size_t i = begin; i < end; i++) memset(panel + i * PANEL + a->n, 0, (PANEL - a->n) * sizeof *panel);
}

static void collect_share(void *arg, uint32_t thread, uint32_t n_threads) {
    const addition *a = arg;
    const ewi_drift *d = a->d;
    const size_t begin = d->k * thread / n_threads, end = d->k * (thread + 1) / n_threads;
    float *x = d->weights ? d->right : d->left;
    collect(x, a, a->x, begin, end);
    if (!d->weights) {
        collect(d->right, a, a->y, begin, end);
        for (size_t i = begin * PANEL; i < end * PANEL; i++) d->right[i] -= x[i];
    }
    for (size_t t = 0; t < PANEL && d->weights; t++)
        for (size_t i = begin; i < end; i++)
            d->lacks[t * d->k + i] = t < a->n ? a->y[t * d->k + i] - a->x[t * d->k + i] : 0.0f;
}

static void multiply_weights(const ewi_drift *d, size_t row, size_t n) {
    ewi_kernels_get()->matmul[EWI_F32](&(ewi_matmul){.m = n,
                                                     .n = PANEL,
                                                     .k = d->k,
                                                     .x = d->weights + row * d->k,
                                                     .w = d->lacks,
                                                     .y = d->left + row * PANEL,
                                                     .x_stride = d->k,
                                                     .y_stride = PANEL,
                                                     .w_stride_bytes = d->k * sizeof(float)});
}

/* sums += left right^T. */
static void add_block(const ewi_drift *d, size_t row, size_t m, size_t col, float *product) {
    const size_t n = least(COLS, d->k - col);
    const ewi_kernels *kern = ewi_kernels_get();
    kern->matmul[EWI_F32](&(ewi_matmul){.m = m,
                                        .n = n,
                                        .k = PANEL,
                                        .x = d->left + row * PANEL,
                                        .w = d->right + col * PANEL,
                                        .y = product,
                                        .x_stride = PANEL,
                                        .y_stride = COLS,
                                        .w_stride_bytes = PANEL * sizeof(float)});
    for (size_t i = 0; i < m; i++) {
        float *to = d->sums + (row + i) * d->k + col;
        kern->add(to, to, product + i * COLS, n);
    }
}

static void add_share(void *arg, uint32_t thread, uint32_t n_threads) {
    const ewi_drift *d = arg;
    float *product = d->scratch + thread * (size_t)ROWS * COLS;
    for (size_t row = (size_t)thread * ROWS; row < d->n; row += (size_t)n_threads * ROWS) {
        const size_t m = least(ROWS, d->n - row);
        if (d->weights) multiply_weights(d, row, m);
        for (size_t col = 0; col < d->k; col += COLS) add_block(d, row, m, col, product);
    }
}

void ewi_drift_temper(float *x, float *y, size_t n, size_t k) {
    for (float *end = y + n * k; y < end; x += k, y += k) {
        double sum = 0.0;
        for (size_t i = 0; i < k; i++) sum += (double)y[i] * (double)y[i];
        if (sum == 0.0) continue;
        const float factor = (float)(1.0 / sqrt(sqrt(sum / (double)k)));
        for (size_t i = 0; i < k; i++) {
            x[i] *= factor;
            y[i] *= factor;
        }
    }
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

/* Of a tile's rows, [16, stride]. */
static void take_products(const ewi_drift *d, const float *rows, size_t first, size_t stride, float *out) {
    if (!d->weights) {
        ewi_kernels_get()->matmul[EWI_F32](&(ewi_matmul){.m = EWI_TILE_OUTPUTS,
                                                         .n = d->k,
                                                         .k = d->k,
                                                         .x = rows,
                                                         .w = d->sums,
                                                         .y = out,
                                                         .x_stride = stride,
                                                         .y_stride = stride,
                                                         .w_stride_bytes = d->k * sizeof(float)});
        return;
    }
    memset(out, 0, EWI_TILE_OUTPUTS * stride * sizeof *out);
    for (size_t row = first; row < least(first + EWI_TILE_OUTPUTS, d->n); row++)
        memcpy(out + (row - first) * stride, d->sums + row * d->k, d->k * sizeof *out);
}

void ewi_drift_correct(const ewi_drift *d, const ewi_hessian *h, float *rows, size_t first, size_t stride,
                       float *scratch) {
    const size_t k = d->k;
    float *products = scratch, *sorted = scratch + EWI_TILE_OUTPUTS * stride;
    const solving s = {ewi_hessian_triangle(h), k, stride, sorted};
    EW_ASSERT(ewi_hessian_inputs(h) == k);
    take_products(d, rows, first, stride, products);
    for (size_t row = 0; row < EWI_TILE_OUTPUTS * stride; row += stride)
        for (size_t i = 0; i < k; i++) sorted[row + i] = products[row + ewi_hessian_input(h, i)];
    solve_backward(&s);
    solve_forward(&s);
    for (size_t row = 0; row < EWI_TILE_OUTPUTS * stride; row += stride)
        for (size_t i = 0; i < k; i++) rows[row + ewi_hessian_input(h, i)] += WAY * sorted[row + i];
}
