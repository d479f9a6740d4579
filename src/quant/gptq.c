#include "quant/gptq.h"

#include <string.h>

#include "base/error.h"
#include "kernels/pack.h"
#include "quant/rounding.h"

#define ROWS  EWI_TILE_OUTPUTS
#define BLOCK 128u /* inputs at most that are taken together */

/* A tile's rows lie side by side in a block: element [input][row]. */
typedef float lanes[ROWS];

typedef struct tile {
    ewi_rounding r; /* of no row yet */
    const ewi_hessian *h;
    const float *l; /* its triangle [k, k] */
    size_t first, n_rows;
    float *source;   /* [ROWS, padded] weights */
    float *x;        /* [ROWS, padded] what they should be behind rounded layers */
    float *e;        /* [ROWS, padded] their errors, in the triangle's order */
    float *best;     /* [ROWS, padded] what they would best be, given the codes before the block; behind e */
    float *products; /* [ROWS, BLOCK] */
    lanes *sums;     /* [BLOCK]: what the errors before the block add up to */
    lanes *errors;   /* [BLOCK] */
    uint8_t *codes;  /* [ROWS, padded] */
    uint8_t *chosen; /* [ROWS, n_chunks] */
    float row_scales[ROWS], scales[ROWS]; /* the latter of the block */
} tile;

bool ewi_gptq_sorts(ewi_dtype dtype) {
    return ewi_packed_info_get(dtype)->group == 0;
}

size_t ewi_gptq_scratch_bytes(size_t k) {
    size_t padded = ewi_rounding_padded(k), chunks = padded / EWI_CHUNK_INPUTS;
    size_t floats = 4 * ROWS * padded + 3 * ROWS * BLOCK + padded + chunks;
    return floats * sizeof(float) + ROWS * (padded + chunks);
}

static void lay_out(tile *t, void *scratch) {
    const size_t row = t->r.padded, all = ROWS * row;
    float *at = scratch;
    t->source = at;
    t->x = t->source + all;
    t->e = t->x + all;
    t->best = t->e + all;
    t->products = t->best + all;
    t->sums = (lanes *)(t->products + ROWS * BLOCK);
    t->errors = t->sums + BLOCK;
    t->r.u = (float *)(t->errors + BLOCK);
    t->r.scales = t->r.u + row;
    t->codes = (uint8_t *)(t->r.scales + t->r.n_chunks);
    t->chosen = t->codes + all;
    memset(at, 0, 4 * all * sizeof *at);
    memset(t->codes, (int)t->r.info->zero, all);
}

/* Row i with its weights, or with those in `from`. */
static ewi_rounding row_of(const tile *t, size_t i, float *from) {
    ewi_rounding r = t->r;
    r.output = i;
    r.x = from + i * r.padded;
    r.codes = t->codes + i * r.padded;
    r.chosen = t->chosen + i * r.n_chunks;
    return r;
}

/* Inputs from `at` on that are rounded together: those that a scale is chosen for. */
static size_t block_at(const tile *t, size_t at) {
    size_t n = t->r.info->group ? t->r.info->group : BLOCK;
    return n < t->r.k - at ? n : t->r.k - at;
}

static ewi_round_fault take_rows(tile *t, const float *rows, const ewi_hessian *h, const ewi_drift *drift) {
    for (size_t i = 0; i < t->n_rows; i++) {
        const ewi_rounding r = row_of(t, i, t->source);
        ewi_round_fault fault = ewi_rounding_take(&r, rows + i * r.k);
        if (fault) return fault;
    }
    memcpy(t->x, t->source, ROWS * t->r.padded * sizeof *t->x);
    if (drift) ewi_drift_correct(drift, h, t->x, t->first, t->r.padded, t->e);
    for (size_t i = 0; i < t->n_rows; i++)
        for (size_t j = 0; j < t->r.k; j++) {
            float *x = &t->x[i * t->r.padded + j];
            if (ewi_hessian_is_dead(h, j)) *x = 0.0f;
            if (*x - *x != 0.0f) return EWI_ROUND_TOO_LARGE;
        }
    return EWI_ROUND_FINE;
}

static void choose_row_scales(tile *t) {
    for (size_t i = 0; i < t->n_rows; i++) {
        const ewi_rounding r = row_of(t, i, t->x);
        t->row_scales[i] = ewi_rounding_row_scale(&r);
        ewi_rounding_put_row_scale(&r, t->row_scales[i]);
    }
}

/* sums[i] = the errors of all inputs before the block, times row at + i of the triangle. */
static void sum_before(const tile *t, size_t at, size_t n) {
    t->r.kern->matmul[EWI_F32](&(ewi_matmul){.m = ROWS,
                                             .n = n,
                                             .k = at,
                                             .x = t->e,
                                             .w = t->l + at * t->r.k,
                                             .y = t->products,
                                             .x_stride = t->r.padded,
                                             .y_stride = BLOCK,
                                             .w_stride_bytes = t->r.k * sizeof(float)});
    for (size_t i = 0; i < n; i++)
        for (size_t row = 0; row < ROWS; row++) t->sums[i][row] = t->products[row * BLOCK + i];
}

/* What input at + i lacks: the errors of all before it, divided by the pivot. */
static void lack_of(const tile *t, size_t at, size_t i, lanes out) {
    const float *l = t->l + (at + i) * t->r.k + at, pivot = l[i];
    memcpy(out, t->sums[i], sizeof(lanes));
    for (size_t j = 0; j < i; j++)
        for (size_t row = 0; row < ROWS; row++) out[row] += t->errors[j][row] * l[j];
    for (size_t row = 0; row < ROWS; row++) out[row] /= pivot;
}

/* What the block's weights would be if they needed no rounding. */
static void find_best(const tile *t, size_t at, size_t n) {
    lanes lack;
    for (size_t i = 0; i < n; i++) {
        lack_of(t, at, i, lack);
        for (size_t row = 0; row < ROWS; row++) {
            t->errors[i][row] = -lack[row];
            t->best[row * t->r.padded + at + i] = t->x[row * t->r.padded + at + i] + lack[row];
        }
    }
}

static ewi_round_fault choose_scales(tile *t, size_t at) {
    for (size_t i = 0; i < t->n_rows; i++) {
        const ewi_rounding r = row_of(t, i, t->best);
        t->scales[i] = t->row_scales[i];
        if (r.info->kind == EWI_PACKED_GROUP) {
            t->scales[i] = ewi_rounding_group_scale(&r, at);
            if (t->scales[i] - t->scales[i] != 0.0f) return EWI_ROUND_TOO_LARGE;
        } else if (r.dtype == EWI_Q4S) {
            ewi_rounding_choose_subscale(&r, at, t->row_scales[i]);
            ewi_rounding_put_subscale(&r, at / EWI_CHUNK_INPUTS);
            t->scales[i] *= (float)r.chosen[at / EWI_CHUNK_INPUTS];
        }
    }
    return EWI_ROUND_FINE;
}

static void round_block(const tile *t, size_t at, size_t n) {
    const float zero = (float)t->r.info->zero;
    lanes lack, inverses;
    for (size_t row = 0; row < ROWS; row++)
        inverses[row] = t->scales[row] != 0.0f ? 1.0f / t->scales[row] : 0.0f;
    for (size_t i = 0; i < n; i++) {
        const size_t input = ewi_hessian_input(t->h, at + i);
        lack_of(t, at, i, lack);
        for (size_t row = 0; row < ROWS; row++) {
            const size_t place = row * t->r.padded + input;
            float x = (t->x[place] + lack[row]) * inverses[row];
            float q = ewi_round_even(ewi_round_clamp(x, t->r.least, t->r.most));
            t->codes[place] = (uint8_t)(q + zero);
            t->errors[i][row] = t->e[row * t->r.padded + at + i] = t->x[place] - q * t->scales[row];
        }
    }
}

static void add_sums(const tile *t, size_t at, size_t n) {
    for (size_t i = 0; i < t->n_rows; i++) {
        const ewi_rounding r = row_of(t, i, t->source);
        ewi_rounding_add_sums(&r, at, n, t->scales[i]);
    }
}

static ewi_round_fault run_block(tile *t, size_t at, size_t n) {
    sum_before(t, at, n);
    if (t->r.info->group) find_best(t, at, n);
    ewi_round_fault fault = choose_scales(t, at);
    if (fault) return fault;
    round_block(t, at, n);
    if (t->r.info->group) add_sums(t, at, n);
    return EWI_ROUND_FINE;
}

ewi_round_fault ewi_gptq_tile(ewi_dtype dtype, uint8_t *bytes, const float *rows, size_t first, size_t n_rows,
                              const ewi_hessian *h, const ewi_drift *drift, void *scratch,
                              ewi_round_sums *sums) {
    const size_t k = ewi_hessian_inputs(h);
    EW_ASSERT(n_rows <= ROWS);
    tile t = {.r = ewi_rounding_of(dtype, bytes, k),
              .h = h,
              .l = ewi_hessian_triangle(h),
              .first = first,
              .n_rows = n_rows};
    t.r.sums = sums;
    lay_out(&t, scratch);
    *sums = (ewi_round_sums){0};
    memset(bytes, 0, ewi_packed_head_bytes(dtype, k));
    ewi_round_fault fault = take_rows(&t, rows, h, drift);
    if (fault) return fault;
    if (t.r.info->kind == EWI_PACKED_ROW) choose_row_scales(&t);
    for (size_t at = 0, n; at < k && !fault; at += n) fault = run_block(&t, at, n = block_at(&t, at));
    if (fault) return fault;
    if (!t.r.info->group) add_sums(&t, 0, k);
    ewi_pack_codes(dtype, bytes, t.codes, t.r.padded, n_rows, k);
    return EWI_ROUND_FINE;
}
