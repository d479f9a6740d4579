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

#endif
#endif
