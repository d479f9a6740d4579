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
#include <string.h>

#include "kernels/q4r.h"
#include "kernels/wide/softmax_wide.h"
#include "kernels/wide/tile_wide.h"
#include "kernels/wide/vi.h"

#if defined(V16_ROWS) && defined(VI_N)

/* A matrix whose rows of vectors are combined: keys [head_dim, 64] or values [64, head_dim]. With codes of 4
 * bits the stride is a multiple of 16. */
typedef struct attention_matrix {
    const char *at;
    size_t stride; /* elements from row to row */
    ewi_dtype type;
} attention_matrix;

/* ---- the register block ---- */

/* acc[r][c] += x[r][i] * w[i][16 c ..], for ascending i < n: register by register, so that a vector of w
 * needs one of them only. */
EWI_INLINE void chain(v16 *acc, size_t rows, size_t cols, const float *const *x, size_t n, const char *w,
                      size_t stride, v16_part (*load)(const void *p, size_t part), size_t bits) {
    for (size_t i = 0; i < n; i++, w += stride * bits / 8) {
        V16_UNROLL for (size_t p = 0; p < V16_PARTS; p++) {
            v16_part vector[4];
            V16_UNROLL for (size_t c = 0; c < cols; c++) vector[c] = load(w + 2 * c * bits, p);
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
    if (m->type == EWI_F16)
        chain(acc, rows, cols, x, n, m->at + first * 2, m->stride, v16_part_load_f16, 16);
    else if (m->type == EWI_I8)
        chain(acc, rows, cols, x, n, m->at + first, m->stride, v16_part_load_i8, 8);
    else if (m->type == EWI_Q4R)
        chain(acc, rows, cols, x, n, m->at + first / 2, m->stride, v16_part_load_i4, 4);
    else
        chain(acc, rows, cols, x, n, m->at + first * 4, m->stride, v16_part_load, 32);
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
EWI_INLINE void score_floats(const attention_matrix *k, const ewi_attention_row *rows, size_t n_rows,
                             size_t head_dim, size_t n_keys, attention_keys *scores) {
    const size_t step = 16 * TILE_COLS(n_rows);
    size_t j = 0;
    for (; j + step <= n_keys; j += step)
        score_columns(k, rows, n_rows, TILE_COLS(n_rows), head_dim, j, scores);
    for (; j < n_keys; j += 16) score_columns(k, rows, n_rows, 1, head_dim, j, scores);
}

/* ---- scores of codes ---- */

/* Vectors of keys in a register block. */
#define CODE_COLS (VI_N == 8 ? 2 : 4)

/* acc += what 4 elements of CODE_COLS vectors of keys make with each row's. */
EWI_INLINE void dot_four(vi *acc, size_t n_rows, const vb *codes, const uint8_t *const *q, size_t i,
                         vi (*dot)(vi acc, vb codes, const int8_t *x)) {
    V16_UNROLL for (size_t c = 0; c < CODE_COLS; c++) V16_UNROLL for (size_t r = 0; r < n_rows; r++)
        acc[r * CODE_COLS + c] = dot(acc[r * CODE_COLS + c], codes[c], (const int8_t *)q[r] + i);
}

/* Sums of products of codes, of CODE_COLS vectors of keys. */
EWI_INLINE void dot_codes(vi *acc, size_t n_rows, const uint8_t *const *q, size_t head_dim,
                          const uint8_t *k) {
    vb codes[CODE_COLS];
    for (size_t i = 0; i < head_dim; i += 4, k += EWI_ATTENTION_KEYS * 4) {
        V16_UNROLL for (size_t c = 0; c < CODE_COLS; c++) codes[c] = vb_load(k + 4 * VI_N * c);
        dot_four(acc, n_rows, codes, q, i, vi_dot8);
    }
}

/* The same of 4 bits; rows of queries have zeros after their codes. */
EWI_INLINE void dot_half_codes(vi *acc, size_t n_rows, const uint8_t *const *q, size_t head_dim,
                               const uint8_t *k) {
    vb low[CODE_COLS], high[CODE_COLS];
    for (size_t i = 0; i < head_dim; i += 8, k += EWI_ATTENTION_KEYS * 4) {
        V16_UNROLL for (size_t c = 0; c < CODE_COLS; c++) {
            vb both = vb_load(k + 4 * VI_N * c);
            low[c] = vb_and(both, 15);
            high[c] = vb_and(vb_right(both, 4), 15);
        }
        dot_four(acc, n_rows, low, q, i, vi_dot);
        dot_four(acc, n_rows, high, q, i + 4, vi_dot);
    }
}

/* A row of query codes: its scale, and what its sums have too much because codes of keys are not signed. */
typedef struct code_row {
    float scale;
    int32_t excess;
} code_row;

EWI_INLINE code_row read_row(const ewi_attention *a, const uint8_t *qrow) {
    const bool is_half = a->k_type == EWI_Q4R;
    const ewi_qrow layout = ewi_qrow_layout(is_half ? EWI_QROWS_WHOLE : EWI_QROWS_256, a->head_dim);
    code_row row = {0};
    memcpy(&row.scale, qrow + layout.scales, sizeof row.scale);
    const int32_t zero = is_half ? 8 : VI_DOT8_ZERO;
    for (size_t i = 0; zero && i < a->head_dim; i += 16) {
        int16_t sum;
        memcpy(&sum, qrow + layout.sums + i / 16 * sizeof sum, sizeof sum);
        row.excess += zero * sum;
    }
    return row;
}

EWI_INLINE void score_codes(const ewi_attention *a, const ewi_attention_row *rows, size_t n_rows,
                            size_t n_keys, const float *k_scales, attention_keys *scores) {
    const uint8_t *q[V16_ROWS];
    code_row row[V16_ROWS];
    vi acc[V16_ROWS * CODE_COLS];
    V16_UNROLL for (size_t r = 0; r < n_rows; r++) {
        q[r] = rows[r].qrow;
        row[r] = read_row(a, q[r]);
    }
    for (size_t j = 0; j < n_keys; j += VI_N * CODE_COLS) {
        V16_UNROLL for (size_t i = 0; i < n_rows * CODE_COLS; i++) acc[i] = vi_set1(0);
        if (a->k_type == EWI_Q4R)
            dot_half_codes(acc, n_rows, q, a->head_dim, (const uint8_t *)a->k + 4 * j);
        else
            dot_codes(acc, n_rows, q, a->head_dim, (const uint8_t *)a->k + 4 * j);
        V16_UNROLL for (size_t r = 0; r < n_rows; r++) V16_UNROLL for (size_t c = 0; c < CODE_COLS; c++) {
            vf product = vf_from(vi_sub(acc[r * CODE_COLS + c], vi_set1(row[r].excess)));
            vf scales = vf_mul(vf_set1(row[r].scale), vf_load(k_scales + j + VI_N * c));
            vf_store(scores[r] + j + VI_N * c, vf_mul(product, scales));
        }
    }
}

EWI_INLINE bool has_codes(ewi_dtype type) {
    return type == EWI_I8 || type == EWI_Q4R;
}

/* [64] as f32: as they are, or widened. */
EWI_INLINE const float *scales_of(ewi_dtype type, const void *scales, float *wide) {
    if (type != EWI_Q4R) return scales;
    for (size_t j = 0; j < EWI_ATTENTION_KEYS; j += 16)
        v16_store(wide + j, v16_load_bf16((const uint16_t *)scales + j));
    return wide;
}

/* ---- softmax ---- */

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
EWI_INLINE void soften(const ewi_attention *a, ewi_attention_row *rows, size_t n_rows, attention_keys *scores,
                       float *shrink) {
    for (size_t r = 0; r < n_rows; r++) {
        float top = scale_scores(a, &rows[r], scores[r]);
        shrink[r] = rows[r].max - top;
        rows[r].max = top;
    }
    v16_store(shrink, v16_exp(v16_load(shrink)));
    for (size_t r = 0; r < n_rows; r++)
        rows[r].sum = fmaf(rows[r].sum, shrink[r], exp_scores(&rows[r], scores[r]));
}

/* Probabilities times the scales of values. */
EWI_INLINE void weigh(const ewi_attention_row *rows, size_t n_rows, attention_keys *p, const float *scales) {
    for (size_t r = 0; r < n_rows; r++)
        for (size_t j = 0; j < rows[r].n_keys; j += 16)
            v16_store(p[r] + j, v16_mul(v16_load(p[r] + j), v16_load(scales + j)));
}

/* ---- values ---- */

/* Keys that rows see together. */
typedef struct key_range {
    size_t begin, end;
} key_range;

/* acc[r][first ..] = acc * shrink + sum over keys of p * v, for 16 * cols columns, of the last 16 only
 * n_last. */
EWI_INLINE void mix_columns(const attention_matrix *v, ewi_attention_row *rows, size_t n_rows, size_t cols,
                            size_t n_last, size_t first, key_range keys, attention_keys *p,
                            const float *shrink) {
    const size_t skipped = keys.begin * v->stride;
    const float *x[V16_ROWS];
    v16 acc[V16_ROWS * 4];
#define LANES(c) ((c) + 1 == cols ? n_last : 16)
    V16_UNROLL for (size_t r = 0; r < n_rows; r++) {
        x[r] = p[r] + keys.begin;
        V16_UNROLL for (size_t c = 0; c < cols; c++) {
            const float *from = rows[r].acc + first + 16 * c;
            v16 old = LANES(c) == 16 ? v16_load(from) : v16_load_n(from, LANES(c));
            acc[r * cols + c] = v16_mul(old, v16_set1(shrink[r]));
        }
    }
    chain_in(v, acc, n_rows, cols, x, keys.end - keys.begin, skipped + first);
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
                         key_range keys, attention_keys *p, const float *shrink) {
    const size_t cols = TILE_COLS(n_rows);
    size_t at = 0;
    for (; at + 16 * cols <= head_dim; at += 16 * cols)
        mix_columns(v, rows, n_rows, cols, 16, at, keys, p, shrink);
    for (; at + 16 <= head_dim; at += 16) mix_columns(v, rows, n_rows, 1, 16, at, keys, p, shrink);
    if (at < head_dim) mix_columns(v, rows, n_rows, 1, head_dim - at, at, keys, p, shrink);
}

EWI_INLINE v16 load_values(const attention_matrix *v, size_t i) {
    if (v->type == EWI_F16) return v16_load_f16(v->at + 2 * i);
    if (v->type == EWI_Q4R) return v16_load_i4(v->at + i / 2);
    return v->type == EWI_I8 ? v16_load_i8(v->at + i) : v16_load(v->at + 4 * i);
}

/* Keys that one row sees beside those that all rows of its block see: the others must not touch values that
 * are not theirs, as 0 * NaN is not 0. */
EWI_INLINE void mix_more(const attention_matrix *v, ewi_attention_row *row, size_t head_dim, const float *p,
                         key_range keys) {
    for (size_t j = keys.begin; j < keys.end; j++) {
        v16 weight = v16_set1(p[j]);
        for (size_t i = 0; i < head_dim; i += 16) {
            size_t n = head_dim - i < 16 ? head_dim - i : 16;
            v16 value = load_values(v, j * v->stride + i);
            v16_store_n(row->acc + i, v16_fma(weight, value, v16_load_n(row->acc + i, n)), n);
        }
    }
}

/* Those before the keys that all rows see: a row that has any shrinks here, not with the others. */
EWI_INLINE void mix_before(const attention_matrix *v, ewi_attention_row *row, size_t head_dim, const float *p,
                           size_t end, float *shrink) {
    if (row->first_key >= end) return;
    for (size_t i = 0; i < head_dim; i += 16) {
        size_t n = head_dim - i < 16 ? head_dim - i : 16;
        v16_store_n(row->acc + i, v16_mul(v16_load_n(row->acc + i, n), v16_set1(*shrink)), n);
    }
    *shrink = 1.0f;
    mix_more(v, row, head_dim, p, (key_range){row->first_key, end});
}

/* ---- the block ---- */

/* What all rows see, possibly nothing. */
EWI_INLINE key_range common_keys(const ewi_attention_row *rows, size_t n_rows) {
    key_range keys = {0, EWI_ATTENTION_KEYS};
    for (size_t r = 0; r < n_rows; r++) {
        keys.begin = rows[r].first_key > keys.begin ? rows[r].first_key : keys.begin;
        keys.end = rows[r].n_keys < keys.end ? rows[r].n_keys : keys.end;
    }
    if (keys.begin > keys.end) keys.begin = keys.end;
    return keys;
}

/* Up to so many rows, each register block converts for itself: cheaper than scratch. */
#define FEW_ROWS (2 * V16_ROWS)

/* Keys or values of a block. */
typedef struct attention_side {
    attention_matrix matrix;
    const float *scales; /* [64] of codes */
} attention_side;

EWI_INLINE void score_rows(const ewi_attention *a, const attention_side *k, const ewi_attention_row *rows,
                           size_t n_rows, size_t n_keys, attention_keys *scores) {
    if (has_codes(a->k_type))
        score_codes(a, rows, n_rows, n_keys, k->scales, scores);
    else
        score_floats(&k->matrix, rows, n_rows, a->head_dim, n_keys, scores);
}

EWI_INLINE void attend(const ewi_attention *a, const attention_side *k, const attention_side *values,
                       ewi_attention_row *rows, size_t n_rows) {
    const attention_matrix *v = &values->matrix;
    attention_keys p[V16_ROWS];
    float shrink[16] = {0};
    size_t most = 0;
    const key_range common = common_keys(rows, n_rows);
    for (size_t r = 0; r < n_rows; r++) most = rows[r].n_keys > most ? rows[r].n_keys : most;
    score_rows(a, k, rows, n_rows, most, p);
    soften(a, rows, n_rows, p, shrink);
    if (has_codes(a->v_type)) weigh(rows, n_rows, p, values->scales);
    for (size_t r = 0; r < n_rows; r++) mix_before(v, &rows[r], a->head_dim, p[r], common.begin, &shrink[r]);
    mix_rows(v, rows, n_rows, a->head_dim, common, p, shrink);
    for (size_t r = 0; r < n_rows; r++) {
        size_t begin = rows[r].first_key > common.end ? rows[r].first_key : common.end;
        mix_more(v, &rows[r], a->head_dim, p[r], (key_range){begin, rows[r].n_keys});
    }
}

/* n elements as f32, and some more up to a multiple of 16. */
static void spread(float *to, const void *from, ewi_dtype type, size_t n) {
    const char *p = from;
    if (type == EWI_F16)
        for (size_t i = 0; i < n; i += 16) v16_store(to + i, v16_load_f16(p + 2 * i));
    else if (type == EWI_F32)
        for (size_t i = 0; i < n; i += 16) v16_store(to + i, v16_load(p + 4 * i));
    else if (type == EWI_Q4R)
        for (size_t i = 0; i < n; i += 16) v16_store(to + i, v16_load_i4(p + i / 2));
    else
        for (size_t i = 0; i < n; i += VI_N) vf_store(to + i, vf_from(vi_load_i8((const uint8_t *)p + i)));
}

/* A matrix of n elements: as it is, when its rows are whole vectors and conversion is nothing or happens to
 * few rows only; else in scratch, where the last vector of the last row may reach beyond n. */
static attention_matrix prepare(const void *at, ewi_dtype type, size_t n, size_t stride, bool few,
                                float *scratch) {
    if ((type == EWI_F32 || few) && stride % 16 == 0) return (attention_matrix){at, stride, type};
    spread(scratch, at, type, n);
    return (attention_matrix){(const char *)scratch, stride, EWI_F32};
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
    const bool few = a->n_rows <= FEW_ROWS;
    const size_t dim = a->head_dim, stride = a->v_type == EWI_Q4R ? 2 * ewi_q4r_value_bytes(dim) : dim;
    float k_scales[EWI_ATTENTION_KEYS], v_scales[EWI_ATTENTION_KEYS];
    attention_side k = {.scales = scales_of(a->k_type, a->k_scales, k_scales)};
    attention_side v = {.scales = scales_of(a->v_type, a->v_scales, v_scales)};
    if (!has_codes(a->k_type))
        k.matrix = prepare(a->k, a->k_type, dim * EWI_ATTENTION_KEYS, EWI_ATTENTION_KEYS, few, a->scratch);
    v.matrix = prepare(a->v, a->v_type, most * stride, stride, few, a->scratch + EWI_ATTENTION_KEYS * dim);
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

EWI_INLINE void fill_attention(ewi_kernels *table) {
    table->attention = attention;
    table->attention_merge = attention_merge;
}

#endif
#endif
