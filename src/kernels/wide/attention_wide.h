/*
 * attention_wide.h: one block of attention over 16 lanes: a few rows at a time share each pass over keys and
 * values.
 *
 * A row that sees fewer keys than its neighbours (causality) never touches the others' values: they may be
 * anything.
 */
#ifndef EW_KERNELS_WIDE_ATTENTION_WIDE_H
#define EW_KERNELS_WIDE_ATTENTION_WIDE_H

#include <math.h>

#include "kernels/kernels.h"
#include "kernels/wide/tile_wide.h"

#ifdef V16_ROWS

/* [row][key]: scores, then probabilities */
typedef float score_row[EWI_ATTENTION_KEYS];

/* scores[r][j] = dot(q[r], k[j]) for j < n_keys. */
EWI_INLINE void score_rows(const ewi_attention *a, const ewi_attention_row *rows, size_t n_rows,
                           size_t n_keys, score_row *scores, v16_format format) {
    const size_t cols = TILE_COLS(n_rows), stride = a->head_dim * format.bytes;
    const float *q[V16_ROWS];
    float out[V16_ROWS * 4];
    V16_UNROLL for (size_t r = 0; r < n_rows; r++) q[r] = rows[r].q;
    for (size_t j = 0; j < n_keys;) {
        const char *k = (const char *)a->k + j * stride;
        size_t n = j + cols <= n_keys ? cols : 1;
        if (n == cols)
            tile(out, n_rows, cols, q, k, stride, a->head_dim, format);
        else
            tile(out, n_rows, 1, q, k, stride, a->head_dim, format);
        for (size_t r = 0; r < n_rows; r++)
            for (size_t c = 0; c < n; c++) scores[r][j + c] = out[r * n + c];
        j += n;
    }
}

/* Turns scores into exp(scale * score - max) and brings max and sum up to date; returns what the old acc
 * shrinks by. */
EWI_INLINE float soften(ewi_attention_row *row, float *p, float scale) {
    const size_t n = row->n_keys;
    v16 best = v16_set1(row->max), lanes = v16_zero();
    for (size_t j = 0; j < n; j++) p[j] *= scale;
    for (size_t j = n; j % 16 != 0; j++) p[j] = -INFINITY; /* exp of it is 0, and the sum does not see it */
    for (size_t j = 0; j < n; j += 16) best = v16_max(v16_load(p + j), best);
    float top = v16_largest(best) + 0.0f;
    for (size_t j = 0; j < n; j += 16) {
        v16 e = v16_exp(v16_sub(v16_load(p + j), v16_set1(top)));
        lanes = v16_add(lanes, e);
        v16_store(p + j, e);
    }
    float shrink = v16_get0(v16_exp(v16_set1(row->max - top)));
    row->sum = v16_get0(v16_fma(v16_set1(row->sum), v16_set1(shrink), v16_set1(v16_sum(lanes))));
    row->max = top;
    return shrink;
}

/* acc[r][0..n) = acc * shrink + sum over keys of p * v, for 16 * cols columns of which the last 16 may have
 * fewer. */
EWI_INLINE void mix(ewi_attention_row *rows, size_t n_rows, size_t cols, size_t n_last, size_t at,
                    const char *v, size_t stride, score_row *p, const float *shrink, size_t n_common,
                    v16_format format) {
    v16 acc[V16_ROWS * V16_COLS];
#define LANES(c) ((c) + 1 == cols ? n_last : 16)
    V16_UNROLL for (size_t r = 0; r < n_rows; r++) V16_UNROLL for (size_t c = 0; c < cols; c++) {
        const float *from = rows[r].acc + at + 16 * c;
        v16 old = LANES(c) == 16 ? v16_load(from) : v16_load_n(from, LANES(c));
        acc[r * cols + c] = v16_mul(old, v16_set1(shrink[r]));
    }
    for (size_t j = 0; j < n_common; j++) {
        v16 value[V16_COLS];
        V16_UNROLL for (size_t c = 0; c < cols; c++) {
            const char *from = v + j * stride + (at + 16 * c) * format.bytes;
            value[c] = LANES(c) == 16 ? format.load(from) : format.load_n(from, LANES(c));
        }
        V16_UNROLL for (size_t r = 0; r < n_rows; r++) V16_UNROLL for (size_t c = 0; c < cols; c++)
            acc[r * cols + c] = v16_fma(v16_set1(p[r][j]), value[c], acc[r * cols + c]);
    }
    V16_UNROLL for (size_t r = 0; r < n_rows; r++) V16_UNROLL for (size_t c = 0; c < cols; c++) {
        float *to = rows[r].acc + at + 16 * c;
        if (LANES(c) == 16)
            v16_store(to, acc[r * cols + c]);
        else
            v16_store_n(to, acc[r * cols + c], LANES(c));
    }
#undef LANES
}

/* All columns of mix, for keys first .. first + n_keys. */
EWI_INLINE void mix_rows(const ewi_attention *a, ewi_attention_row *rows, size_t n_rows, score_row *p,
                         const float *shrink, size_t n_keys, v16_format format) {
    const size_t d = a->head_dim, stride = d * format.bytes;
    const char *v = (const char *)a->v;
    size_t at = 0;
    for (; at + 16 * V16_COLS <= d; at += 16 * V16_COLS)
        mix(rows, n_rows, V16_COLS, 16, at, v, stride, p, shrink, n_keys, format);
    for (; at + 16 <= d; at += 16) mix(rows, n_rows, 1, 16, at, v, stride, p, shrink, n_keys, format);
    if (at < d) mix(rows, n_rows, 1, d - at, at, v, stride, p, shrink, n_keys, format);
}

/* The keys that one row sees beyond those that all rows of its block see. */
EWI_INLINE void mix_more(const ewi_attention *a, ewi_attention_row *row, score_row *p, size_t first,
                         v16_format format) {
    for (size_t j = first; j < row->n_keys; j++) {
        const char *v = (const char *)a->v + j * a->head_dim * format.bytes;
        v16 weight = v16_set1((*p)[j]);
        for (size_t i = 0; i < a->head_dim; i += 16) {
            size_t n = a->head_dim - i < 16 ? a->head_dim - i : 16;
            v16 value = n == 16 ? format.load(v + i * format.bytes) : format.load_n(v + i * format.bytes, n);
            v16_store_n(row->acc + i, v16_fma(weight, value, v16_load_n(row->acc + i, n)), n);
        }
    }
}

EWI_INLINE void attend(const ewi_attention *a, ewi_attention_row *rows, size_t n_rows, v16_format format) {
    score_row p[V16_ROWS];
    float shrink[V16_ROWS];
    size_t most = 0, common = EWI_ATTENTION_KEYS;
    for (size_t r = 0; r < n_rows; r++) {
        most = rows[r].n_keys > most ? rows[r].n_keys : most;
        common = rows[r].n_keys < common ? rows[r].n_keys : common;
    }
    score_rows(a, rows, n_rows, most, p, format);
    for (size_t r = 0; r < n_rows; r++) shrink[r] = soften(&rows[r], p[r], a->scale);
    mix_rows(a, rows, n_rows, p, shrink, common, format);
    for (size_t r = 0; r < n_rows; r++) mix_more(a, &rows[r], &p[r], common, format);
}

/* Rows that see no key split the others into runs. */
EWI_INLINE size_t run_length(const ewi_attention *a, size_t i) {
    size_t n = 0;
    while (i + n < a->n_rows && a->rows[i + n].n_keys > 0) n++;
    return n;
}

EWI_INLINE void attention(const ewi_attention *a, v16_format format) {
    for (size_t i = 0; i < a->n_rows;) {
        size_t run = run_length(a, i);
        if (run == 0) {
            i++;
            continue;
        }
        size_t rows = tile_rows(run);
#define ATTEND_ROWS(n) attend(a, a->rows + i, n, format)
        TILE_SWITCH(rows, ATTEND_ROWS)
#undef ATTEND_ROWS
        i += rows;
    }
}

static void attention_f32(const ewi_attention *a) {
    attention(a, V16_F32);
}
static void attention_f16(const ewi_attention *a) {
    attention(a, V16_F16);
}

#endif
#endif
