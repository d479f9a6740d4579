#include "quant/hessian.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "base/error.h"
#include "base/mem.h"
#include "kernels/kernels.h"

#define PANEL 256u /* rows or columns that are taken together */
/* What a thread multiplies at a time, [ROWS, COLS]. */
#define ROWS 64u
#define COLS 256u

/* An input, and its sum of squares. */
typedef struct place {
    float square;
    uint32_t input;
} place;

struct ewi_hessian {
    size_t k;
    ewi_quant_threads threads;
    float *h;       /* [k, k]: the lower triangle of H, then all of it, then L and L^T */
    float *panel;   /* [k, PANEL] */
    float *scratch; /* [n_threads, ROWS, COLS] */
    bool *dead;     /* [k] */
    place *order;   /* [k] */
};

ew_status ewi_hessian_new(size_t k, const ewi_quant_threads *threads, ewi_hessian **out, ew_error *err) {
    size_t squares;
    if (!ewi_mul_size(k, k, &squares)) return ewi_fail(err, EW_LIMIT, "%zu inputs of a layer", k);
    ewi_hessian *h = ewi_zalloc(sizeof *h);
    if (!h) return ewi_no_memory(err, "a layer's calibration");
    *h = (ewi_hessian){.k = k, .threads = *threads};
    h->h = ewi_alloc_array(squares, sizeof *h->h);
    h->panel = ewi_alloc_array(k, PANEL * sizeof *h->panel);
    h->scratch = ewi_alloc_array(threads->n_threads, ROWS * COLS * sizeof *h->scratch);
    h->dead = ewi_alloc_array(k, sizeof *h->dead);
    h->order = ewi_zalloc_array(k, sizeof *h->order);
    if (!h->h || !h->panel || !h->scratch || !h->dead || !h->order) {
        ewi_hessian_free(h);
        return ewi_no_memory(err, "a layer's calibration");
    }
    memset(h->h, 0, squares * sizeof *h->h);
    memset(h->dead, 0, k * sizeof *h->dead);
    for (size_t i = 0; i < k; i++) h->order[i].input = (uint32_t)i;
    *out = h;
    return EW_OK;
}

void ewi_hessian_free(ewi_hessian *h) {
    if (!h) return;
    ewi_free(h->h);
    ewi_free(h->panel);
    ewi_free(h->scratch);
    ewi_free(h->dead);
    ewi_free(h->order);
    ewi_free(h);
}

size_t ewi_hessian_inputs(const ewi_hessian *h) {
    return h->k;
}

const float *ewi_hessian_sums(const ewi_hessian *h) {
    return h->h;
}

const float *ewi_hessian_triangle(const ewi_hessian *h) {
    return h->h;
}

size_t ewi_hessian_input(const ewi_hessian *h, size_t i) {
    return h->order[i].input;
}

bool ewi_hessian_is_dead(const ewi_hessian *h, size_t i) {
    return h->dead[i];
}

static void run(const ewi_hessian *h, ewi_quant_work work, void *arg) {
    h->threads.run(h->threads.runner, work, arg);
}

/* ---- h += or -= panel panel^T ---- */

typedef struct update {
    const ewi_hessian *h;
    size_t n; /* its first rows and columns */
    float sign;
} update;

static size_t least(size_t a, size_t b) {
    return a < b ? a : b;
}

static void update_block(const update *u, size_t row, size_t col, float *y) {
    const ewi_hessian *h = u->h;
    size_t m = least(ROWS, u->n - row), n = least(COLS, row + m - col);
    const ewi_kernels *kern = ewi_kernels_get();
    kern->matmul[EWI_F32](&(ewi_matmul){.m = m,
                                        .n = n,
                                        .k = PANEL,
                                        .x = h->panel + row * PANEL,
                                        .w = h->panel + col * PANEL,
                                        .y = y,
                                        .x_stride = PANEL,
                                        .y_stride = COLS,
                                        .w_stride_bytes = PANEL * sizeof(float)});
    for (size_t i = 0; i < m && col <= row + i; i++) {
        float *to = h->h + (row + i) * h->k + col, *product = y + i * COLS;
        const size_t n_left = least(n, row + i + 1 - col);
        if (u->sign < 0) kern->scale(product, product, u->sign, n_left);
        kern->add(to, to, product, n_left);
    }
}

/* Rows in turn from the longest on, so that threads have about as much each. */
static void update_share(void *arg, uint32_t thread, uint32_t n_threads) {
    const update *u = arg;
    size_t n_blocks = (u->n + ROWS - 1) / ROWS;
    for (size_t b = thread; b < n_blocks; b += n_threads) {
        size_t row = (n_blocks - 1 - b) * ROWS;
        for (size_t col = 0; col < least(row + ROWS, u->n); col += COLS)
            update_block(u, row, col, u->h->scratch + thread * (size_t)ROWS * COLS);
    }
}

/* ---- sums ---- */

typedef struct addition {
    ewi_hessian *h;
    const float *rows;
    size_t n;
} addition;

/* Columns of the rows as rows of the panel, some to a thread. */
static void collect_share(void *arg, uint32_t thread, uint32_t n_threads) {
    const addition *a = arg;
    const size_t k = a->h->k, begin = k * thread / n_threads, end = k * (thread + 1) / n_threads;
    for (size_t i = begin; i < end; i++)
        for (size_t t = 0; t < PANEL; t++) a->h->panel[i * PANEL + t] = t < a->n ? a->rows[t * k + i] : 0.0f;
}

void ewi_hessian_add(ewi_hessian *h, const float *rows, size_t n) {
    for (size_t at = 0; at < n; at += PANEL) {
        addition a = {h, rows + at * h->k, least(PANEL, n - at)};
        update u = {h, h->k, 1.0f};
        run(h, collect_share, &a);
        run(h, update_share, &u);
    }
}

/* ---- all of H ---- */

/* Gives the upper half, in squares of ROWS, what the lower half has. */
static void mirror_square(const ewi_hessian *h, size_t row, size_t col) {
    for (size_t i = row; i < least(row + ROWS, h->k); i++)
        for (size_t j = col; j < least(col + ROWS, i); j++) h->h[j * h->k + i] = h->h[i * h->k + j];
}

static void mirror_share(void *arg, uint32_t thread, uint32_t n_threads) {
    const ewi_hessian *h = arg;
    for (size_t row = (size_t)thread * ROWS; row < h->k; row += (size_t)n_threads * ROWS)
        for (size_t col = 0; col <= row; col += ROWS) mirror_square(h, row, col);
}

void ewi_hessian_end(ewi_hessian *h) {
    run(h, mirror_share, h);
}

/* ---- the order ---- */

/* The largest first, of equals the first. */
static int compare_places(const void *a, const void *b) {
    const place *x = a, *y = b;
    if (x->square != y->square) return x->square > y->square ? -1 : 1;
    return x->input < y->input ? -1 : 1;
}

static void swap(float *a, float *b) {
    const float before = *a;
    *a = *b;
    *b = before;
}

static void swap_inputs(ewi_hessian *h, size_t i, size_t j) {
    const size_t k = h->k;
    for (size_t t = 0; t < k; t++) swap(&h->h[i * k + t], &h->h[j * k + t]);
    for (size_t t = 0; t < k; t++) swap(&h->h[t * k + i], &h->h[t * k + j]);
}

/* Brings rows and columns into the order of their squares. What belongs at i was swapped away where its place
 * is behind. */
static void sort_inputs(ewi_hessian *h) {
    for (size_t i = 0; i < h->k; i++) h->order[i].square = h->h[i * h->k + i];
    qsort(h->order, h->k, sizeof *h->order, compare_places);
    for (size_t i = 0; i < h->k; i++) {
        size_t j = h->order[i].input;
        while (j < i) j = h->order[j].input;
        if (j != i) swap_inputs(h, i, j);
    }
}

/* ---- the factor ---- */

/* Columns and rows [at, at + n) against themselves. */
static void factor_block(ewi_hessian *h, size_t at, size_t n, double floor) {
    float *s = h->h + at * h->k + at;
    for (size_t i = n; i-- > 0;)
        for (size_t j = i + 1; j-- > 0;) {
            double sum = (double)s[i * h->k + j];
            for (size_t t = i + 1; t < n; t++) sum -= (double)s[t * h->k + i] * (double)s[t * h->k + j];
            s[i * h->k + j] =
                (float)(j == i ? sqrt(sum > floor ? sum : floor) : sum / (double)s[i * h->k + i]);
        }
}

typedef struct solve {
    ewi_hessian *h;
    size_t at, n;
} solve;

/* The rows of the block left of it, some columns to a thread; and turned, into the panel. */
static void solve_share(void *arg, uint32_t thread, uint32_t n_threads) {
    const solve *v = arg;
    const size_t k = v->h->k, begin = v->at * thread / n_threads, end = v->at * (thread + 1) / n_threads;
    float *rows = v->h->h + v->at * k;
    for (size_t i = v->n; i-- > 0;) {
        float *row = rows + i * k, pivot = row[v->at + i];
        for (size_t t = i + 1; t < v->n; t++) {
            const float *other = rows + t * k, factor = other[v->at + i];
            for (size_t j = begin; j < end; j++) row[j] -= factor * other[j];
        }
        for (size_t j = begin; j < end; j++) row[j] /= pivot;
    }
    for (size_t j = begin; j < end; j++)
        for (size_t i = 0; i < PANEL; i++) v->h->panel[j * PANEL + i] = i < v->n ? rows[i * k + j] : 0.0f;
}

static void factor(ewi_hessian *h, double floor) {
    for (size_t end = h->k, at; end > 0; end = at) {
        at = (end - 1) / PANEL * PANEL;
        solve v = {h, at, end - at};
        update u = {h, at, -1.0f};
        factor_block(h, at, end - at, floor);
        run(h, solve_share, &v);
        run(h, update_share, &u);
    }
}

ew_status ewi_hessian_factor(ewi_hessian *h, double damping, bool sorted, ew_str name, ew_error *err) {
    double sum = 0.0;
    size_t n_alive = 0;
    for (size_t i = 0; i < h->k; i++) {
        double square = (double)h->h[i * h->k + i];
        if (!isfinite(square))
            return ewi_fail(err, EW_FORMAT,
                            "tensor %.*s: on the calibration text its input %zu is an infinity or NaN",
                            EWI_STR_ARG(name), i);
        h->dead[i] = square == 0.0;
        n_alive += square != 0.0;
        sum += square;
    }
    if (sorted) sort_inputs(h);
    double mean = n_alive ? sum / (double)n_alive : 1.0, floor = damping * mean;
    for (size_t i = 0; i < h->k; i++) {
        float *square = &h->h[i * h->k + i];
        *square = (float)(h->dead[h->order[i].input] ? mean : (double)*square + floor);
    }
    factor(h, floor);
    run(h, mirror_share, h);
    return EW_OK;
}
