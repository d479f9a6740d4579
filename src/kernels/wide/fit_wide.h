/*
 * fit_wide.h: how well codes fit weights, for the search of a scale.
 *
 * Two scales at a time: the sums of both, two each, fold together.
 */
#ifndef EW_KERNELS_WIDE_FIT_WIDE_H
#define EW_KERNELS_WIDE_FIT_WIDE_H

#include "kernels/wide/v16.h"

#ifdef V16_ROWS

/* |q| < 2^22: adding this rounds to nearest, ties to even. */
#define FIT_ROUND 0x1.8p23f

/* sums[0] += u q, sums[1] += q q of 16 weights. */
EWI_INLINE void fit_step(v16 *sums, v16 u, float inverse, float least, float most) {
    const v16 round = v16_set1(FIT_ROUND);
    v16 q = v16_min(v16_max(v16_mul(u, v16_set1(inverse)), v16_set1(least)), v16_set1(most));
    q = v16_sub(v16_add(q, round), round);
    sums[0] = v16_fma(u, q, sums[0]);
    sums[1] = v16_fma(q, q, sums[1]);
}

static void fit_codes(ewi_fit *fits, const float *u, size_t n, const float *inverses, size_t n_inverses,
                      float least, float most) {
    for (size_t f = 0; f < n_inverses; f += 2) {
        const bool is_pair = f + 1 < n_inverses;
        v16 sums[4] = {v16_zero(), v16_zero(), v16_zero(), v16_zero()};
        float folded[4];
        for (size_t i = 0; i < n; i += 16) {
            v16 a = v16_load(u + i);
            fit_step(sums, a, inverses[f], least, most);
            fit_step(sums + 2, a, inverses[f + is_pair], least, most);
        }
        v16_sum4(folded, sums);
        fits[f] = (ewi_fit){folded[0], folded[1]};
        if (is_pair) fits[f + 1] = (ewi_fit){folded[2], folded[3]};
    }
}

#endif
#endif
