/*
 * attention_wide.h: one block of attention over 16 lanes, a few rows at a time.
 *
 * Scores have keys in their lanes, the mix of values has elements of the head: both are chains of products of
 * a number of each row with a vector of the block, and share one register block. When many rows pass over a
 * block, its elements become f32 once, in the caller's scratch.
 */
#ifndef EW_KERNELS_WIDE_ATTENTION_WIDE_H
#define EW_KERNELS_WIDE_ATTENTION_WIDE_H

#include <math.h>

#include "kernels/kernels.h"
#include "kernels/wide/tile_wide.h"

#ifdef V16_ROWS

/* Scores, then probabilities, of one row. */
typedef float attention_keys[EWI_ATTENTION_KEYS];

/* A matrix whose rows of vectors are combined: keys [head_dim, 64] or values [64, head_dim]. */
typedef struct attention_matrix {
    const char *at;
    size_t stride; /* elements from row to row */
    bool is_f16;
} attention_matrix;

/* ---- the register block ---- */

/* acc[r][c] += x[r][i] * w[i][16 c ..], for ascending i < n: register by register, so that a vector of w
 * needs one of them only. */
EWI_INLINE void chain(v16 *acc, size_t rows, size_t cols, const float *const *x, size_t n, const char *w,
                      size_t stride_bytes, v16_format format) {
    for (size_t i = 0; i < n; i++, w += stride_bytes) {
        V16_UNROLL for (size_t p = 0; p < V16_PARTS; p++) {
            v16_part vector[4];
            V16_UNROLL for (size_t c = 0; c < cols; c++) vector[c] =
                format.load_part(w + 16 * c * format.bytes, p);
            V16_UNROLL for (size_t r = 0; r < rows; r++) {
                v16 all = v16_set1(x[r][i]);
                v16_part one = v16_part_keep(V16_PART(all, p));
                V16_UNROLL for (size_t c = 0; c < cols; c++) V16_PART(acc[r * cols + c], p) =
                    v16_part_fma(one, vector[c], V16_PART(acc[r * cols + c], p));
            }
        }
    }
}

EWI_INLINE void chain_in(const attention_matrix *m, v16 *acc, size_t rows, size_t cols, const float *const *x,
                         size_t n, size_t first) {
    if (m->is_f16)
        chain(acc, rows, cols, x, n, m->at + first * 2, m->stride * 2, V16_F16);
    else
        chain(acc, rows, cols, x, n, m->at + first * 4, m->stride * 4, V16_F32);
}

/* ---- scores ---- */

/* The scores of 16 * cols keys from `first` on. */
EWI_INLINE void score_columns(const attention_matrix *k, const ewi_attention_row *rows, size_t n_rows,
                              size_t cols, size_t head_dim, size_t first, attention_keys *scores) {
    const float *q[V16_ROWS];
    v16 acc[V16_ROWS * 4];
    V16_UNROLL for (size_t r = 0; r < n_rows; r++) q[r] = rows[r].q;
    V16_UNROLL for (size_t a = 0; a < n_rows * cols; a++) acc[a] = v16_zero();
    chain_in(k, acc, n_rows, cols, q, head_dim, first);
    V16_UNROLL for (size_t r = 0; r < n_rows; r++) V16_UNROLL for (size_t c = 0; c < cols; c++)
        v16_store(scores[r] + first + 16 * c, acc[r * cols + c]);
}

/* The scores of the first n_keys keys, and of some more up to a multiple of 16. */
EWI_INLINE void score_rows(const attention_matrix *k, const ewi_attention_row *rows, size_t n_rows,
                           size_t head_dim, size_t n_keys, attention_keys *scores) {
    const size_t step = 16 * TILE_COLS(n_rows);
    size_t j = 0;
    for (; j + step <= n_keys; j += step)
        score_columns(k, rows, n_rows, TILE_COLS(n_rows), head_dim, j, scores);
    for (; j < n_keys; j += 16) score_columns(k, rows, n_rows, 1, head_dim, j, scores);
}

/* ---- softmax ---- */

/* Scales the scores; the largest of max and all of them. What lies beyond the row's keys becomes -infinity:
 * exp of it is 0, and no sum sees it. */
EWI_INLINE float scale_scores(const ewi_attention_row *row, float *s, float scale) {
    v16 best = v16_set1(row->max);
    size_t n = row->n_keys, whole = n / 16 * 16;
    for (size_t j = 0; j < whole; j += 16) {
        v16 scaled = v16_mul(v16_load(s + j), v16_set1(scale));
        v16_store(s + j, scaled);
        best = v16_max(scaled, best);
    }
    if (whole < n) {
        float last[16];
        for (size_t j = 0; j < 16; j++) last[j] = whole + j < n ? s[whole + j] * scale : -INFINITY;
        v16_store(s + whole, v16_load(last));
        best = v16_max(v16_load(last), best);
    }
    return v16_largest(best) + 0.0f;
}

/* Turns scores into exp(score - max) and returns their sum. */
EWI_INLINE float exp_scores(const ewi_attention_row *row, float *s) {
    v16 lanes = v16_zero();
    for (size_t j = 0; j < row->n_keys; j += 16) {
        v16 e = v16_exp(v16_sub(v16_load(s + j), v16_set1(row->max)));
        lanes = v16_add(lanes, e);
        v16_store(s + j, e);
    }
    return v16_sum(lanes);
}

/* Brings max and sum of the rows up to date; shrink[16]: what their acc shrinks by. */
EWI_INLINE void soften(ewi_attention_row *rows, size_t n_rows, attention_keys *scores, float scale,
                       float *shrink) {
    for (size_t r = 0; r < n_rows; r++) {
        float top = scale_scores(&rows[r], scores[r], scale);
        shrink[r] = rows[r].max - top;
        rows[r].max = top;
    }
    v16_store(shrink, v16_exp(v16_load(shrink)));
    for (size_t r = 0; r < n_rows; r++)
        rows[r].sum = fmaf(rows[r].sum, shrink[r], exp_scores(&rows[r], scores[r]));
}

/* ---- values ---- */

/* acc[r][first ..] = acc * shrink + sum over n keys of p * v, for 16 * cols columns, of the last 16 only
 * n_last. */
EWI_INLINE void mix_columns(const attention_matrix *v, ewi_attention_row *rows, size_t n_rows, size_t cols,
                            size_t n_last, size_t first, size_t n_keys, attention_keys *p,
                            const float *shrink) {
    const float *x[V16_ROWS];
    v16 acc[V16_ROWS * 4];
#define LANES(c) ((c) + 1 == cols ? n_last : 16)
    V16_UNROLL for (size_t r = 0; r < n_rows; r++) {
        x[r] = p[r];
        V16_UNROLL for (size_t c = 0; c < cols; c++) {
            const float *from = rows[r].acc + first + 16 * c;
            v16 old = LANES(c) == 16 ? v16_load(from) : v16_load_n(from, LANES(c));
            acc[r * cols + c] = v16_mul(old, v16_set1(shrink[r]));
        }
    }
    chain_in(v, acc, n_rows, cols, x, n_keys, first);
    V16_UNROLL for (size_t r = 0; r < n_rows; r++) V16_UNROLL for (size_t c = 0; c < cols; c++) {
        float *to = rows[r].acc + first + 16 * c;
        if (LANES(c) == 16)
            v16_store(to, acc[r * cols + c]);
        else
            v16_store_n(to, acc[r * cols + c], LANES(c));
    }
#undef LANES
}

EWI_INLINE void mix_rows(const attention_matrix *v, ewi_attention_row *rows, size_t n_rows, size_t head_dim,
                         size_t n_keys, attention_keys *p, const float *shrink) {
    const size_t cols = TILE_COLS(n_rows);
    size_t at = 0;
    for (; at + 16 * cols <= head_dim; at += 16 * cols)
        mix_columns(v, rows, n_rows, cols, 16, at, n_keys, p, shrink);
    for (; at + 16 <= head_dim; at += 16) mix_columns(v, rows, n_rows, 1, 16, at, n_keys, p, shrink);
    if (at < head_dim) mix_columns(v, rows, n_rows, 1, head_dim - at, at, n_keys, p, shrink);
}

/* The keys that one row sees beyond those that all rows of its block see: the others must not touch values
 * that are not theirs, as 0 * NaN is not 0. */
EWI_INLINE void mix_more(const attention_matrix *v, ewi_attention_row *row, size_t head_dim, const float *p,
                         size_t first) {
    for (size_t j = first; j < row->n_keys; j++) {
        v16 weight = v16_set1(p[j]);
        for (size_t i = 0; i < head_dim; i += 16) {
            size_t n = head_dim - i < 16 ? head_dim - i : 16, at = j * v->stride + i;
            v16 value = v->is_f16 ? v16_load_f16(v->at + 2 * at) : v16_load(v->at + 4 * at);
            v16_store_n(row->acc + i, v16_fma(weight, value, v16_load_n(row->acc + i, n)), n);
        }
    }
}

/* ---- the block ---- */

EWI_INLINE void attend(const ewi_attention *a, const attention_matrix *k, const attention_matrix *v,
                       ewi_attention_row *rows, size_t n_rows) {
    attention_keys p[V16_ROWS];
    float shrink[16] = {0};
    size_t most = 0, common = EWI_ATTENTION_KEYS;
    for (size_t r = 0; r < n_rows; r++) {
        most = rows[r].n_keys > most ? rows[r].n_keys : most;
        common = rows[r].n_keys < common ? rows[r].n_keys : common;
    }
    score_rows(k, rows, n_rows, a->head_dim, most, p);
    soften(rows, n_rows, p, a->scale, shrink);
    mix_rows(v, rows, n_rows, a->head_dim, common, p, shrink);
    for (size_t r = 0; r < n_rows; r++) mix_more(v, &rows[r], a->head_dim, p[r], common);
}

/* Rows of `cols` f16 or f32 elements, as f32, each from a multiple of 16 on. */
static void spread(float *to, const void *from, ewi_dtype type, size_t n_rows, size_t cols) {
    const v16_format format = type == EWI_F16 ? V16_F16 : V16_F32;
    const char *p = from;
    for (size_t r = 0; r < n_rows; r++, p += cols * format.bytes)
        for (size_t i = 0; i < cols; i += 16, to += 16) {
            size_t n = cols - i < 16 ? cols - i : 16;
            const char *at = p + i * format.bytes;
            if (type == EWI_F16)
                v16_store(to, n == 16 ? v16_load_f16(at) : v16_load_f16_n(at, n));
            else
                v16_store(to, n == 16 ? v16_load(at) : v16_load_n(at, n));
        }
}

/* As it is, when its elements are read only once or need no conversion, and its rows are whole vectors. */
static attention_matrix prepare(const void *at, ewi_dtype type, size_t n_rows, size_t cols, bool once,
                                float *scratch) {
    bool whole = cols % 16 == 0;
    if (whole && (once || type == EWI_F32)) return (attention_matrix){at, cols, type == EWI_F16};
    spread(scratch, at, type, n_rows, cols);
    return (attention_matrix){(const char *)scratch, (cols + 15) / 16 * 16, false};
}

/* Rows that see no key split the others into runs. */
EWI_INLINE size_t run_length(const ewi_attention *a, size_t i) {
    size_t n = 0;
    while (i + n < a->n_rows && a->rows[i + n].n_keys > 0) n++;
    return n;
}

static void attention(const ewi_attention *a) {
    size_t most = 0;
    for (size_t r = 0; r < a->n_rows; r++) most = a->rows[r].n_keys > most ? a->rows[r].n_keys : most;
    const bool once = a->n_rows <= V16_ROWS;
    float *scratch = a->scratch + EWI_ATTENTION_KEYS * a->head_dim;
    attention_matrix k = prepare(a->k, a->k_type, a->head_dim, EWI_ATTENTION_KEYS, once, a->scratch);
    attention_matrix v = prepare(a->v, a->v_type, most, a->head_dim, once, scratch);
    for (size_t i = 0; i < a->n_rows;) {
        size_t run = run_length(a, i), rows = run > 0 ? tile_rows(run) : 1;
#define ATTEND_ROWS(n) attend(a, &k, &v, a->rows + i, n)
        if (run > 0) TILE_SWITCH(rows, ATTEND_ROWS)
#undef ATTEND_ROWS
        i += rows;
    }
}

/* ---- spans ---- */

static void attention_merge(ewi_attention_row *row, const ewi_attention_row *span, size_t head_dim) {
    float top = (span->max > row->max ? span->max : row->max) + 0.0f;
    const v16 before = v16_exp(v16_set1(row->max - top)), after = v16_exp(v16_set1(span->max - top));
    row->max = top;
    row->sum = fmaf(row->sum, v16_get0(before), span->sum * v16_get0(after));
    for (size_t i = 0; i < head_dim; i += 16) {
        size_t n = head_dim - i < 16 ? head_dim - i : 16;
        v16 later = v16_mul(v16_load_n(span->acc + i, n), after);
        v16_store_n(row->acc + i, v16_fma(v16_load_n(row->acc + i, n), before, later), n);
    }
}

#endif
#endif
