/*
 * softmax_wide.h: the scores of a row in a block, before exp: what attention in f32 and in bf16 share.
 */
#ifndef EW_KERNELS_WIDE_SOFTMAX_WIDE_H
#define EW_KERNELS_WIDE_SOFTMAX_WIDE_H

#include "kernels/kernels.h"
#include "kernels/wide/v16.h"

#ifdef V16_ROWS

/* Scores, then probabilities, of one row. */
typedef float attention_keys[EWI_ATTENTION_KEYS];

/* Scales the products of keys j .. j + 15, caps them and adds what their distance does. */
EWI_INLINE v16 score_of(const ewi_attention *a, const ewi_attention_row *row, v16 products, size_t j) {
    static const float places[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    v16 s = v16_mul(products, v16_set1(a->scale));
    if (a->cap != 0) s = v16_cap(s, v16_set1(a->cap));
    if (row->slope == 0) return s;
    return v16_fma(v16_set1(row->slope), v16_add(v16_set1(row->distance + (float)j), v16_load(places)), s);
}

/* Scores of keys that the row does not see become -infinity: exp of it is 0, and no sum sees it. */
EWI_INLINE v16 hide_unseen(const ewi_attention_row *row, v16 s, size_t j) {
    float lanes[16];
    v16_store(lanes, s);
    for (size_t i = 0; i < 16; i++)
        if (j + i < row->first_key || j + i >= row->n_keys) lanes[i] = -INFINITY;
    return v16_load(lanes);
}

/* Products to scores, up to the row's last key; the largest of max and all of them. */
EWI_INLINE float scale_scores(const ewi_attention *a, const ewi_attention_row *row, float *s) {
    v16 best = v16_set1(row->max);
    for (size_t j = 0; j < row->n_keys; j += 16) {
        v16 score = score_of(a, row, v16_load(s + j), j);
        if (j < row->first_key || j + 16 > row->n_keys) score = hide_unseen(row, score, j);
        v16_store(s + j, score);
        best = v16_max(score, best);
    }
    return v16_largest(best) + 0.0f;
}

#endif
#endif
