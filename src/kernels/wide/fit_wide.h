/*
 * fit_wide.h: how well codes fit weights, for the search of a scale.
 */
#ifndef EW_KERNELS_WIDE_FIT_WIDE_H
#define EW_KERNELS_WIDE_FIT_WIDE_H

#include "kernels/wide/v16.h"

#ifdef V16_ROWS

/* |q| < 2^22: adding this rounds to nearest, ties to even. */
#define FIT_ROUND 0x1.8p23f

static void fit_codes(ewi_fit *fits, const float *u, size_t n, const float *inverses, size_t n_inverses,
                      float least, float most) {
    const v16 low = v16_set1(least), high = v16_set1(most), round = v16_set1(FIT_ROUND);
    for (size_t f = 0; f < n_inverses; f++) {
        const v16 inverse = v16_set1(inverses[f]);
        v16 uq = v16_zero(), qq = v16_zero();
        for (size_t i = 0; i < n; i += 16) {
            v16 a = v16_load(u + i), q = v16_min(v16_max(v16_mul(a, inverse), low), high);
            q = v16_sub(v16_add(q, round), round);
            uq = v16_fma(a, q, uq);
            qq = v16_fma(q, q, qq);
        }
        fits[f] = (ewi_fit){v16_sum(uq), v16_sum(qq)};
    }
}

#endif
#endif
