/*
 * divergence_wide.h: sums of two softmaxes side by side, in double precision: 16 lanes of doubles, a register
 * of them at a time.
 */
#ifndef EW_KERNELS_WIDE_DIVERGENCE_WIDE_H
#define EW_KERNELS_WIDE_DIVERGENCE_WIDE_H

#include <string.h>

#include "kernels/expd.h"
#include "kernels/kernels.h"
#include "kernels/wide/vd.h"

#ifdef V16_ROWS

#define DIVERGENCE_LANES   16u
#define DIVERGENCE_VECTORS (DIVERGENCE_LANES / VD_N)

/* Terms i .. i + 3 of the exponential's series. */
EWI_INLINE vd exp_terms(vd r, vd r2, size_t i) {
    const vd low = vd_fma(r, vd_set1(ewi_expd_taylor[i + 1]), vd_set1(ewi_expd_taylor[i]));
    const vd high = vd_fma(r, vd_set1(ewi_expd_taylor[i + 3]), vd_set1(ewi_expd_taylor[i + 2]));
    return vd_fma(r2, high, low);
}

EWI_INLINE vd divergence_exp(vd x) {
    const vd n = vd_fma(x, vd_set1(EWI_EXPD_LOG2E), vd_set1(EWI_EXPD_ROUND));
    const vd r = vd_fma(n - EWI_EXPD_ROUND, vd_set1(-EWI_EXPD_LN2), x), r2 = r * r, r4 = r2 * r2;
    const vd high = vd_fma(r4, exp_terms(r, r2, 8), exp_terms(r, r2, 4));
    return vd_fma(r4, high, exp_terms(r, r2, 0)) * vd_power(vd_at_least(n, EWI_EXPD_LEAST));
}

/* What a vector of logits of each row adds. */
typedef struct divergence_terms {
    vd base, model, weighted;
} divergence_terms;

EWI_INLINE divergence_terms divergence_of(const ewi_divergence_rows *rows, const float *base,
                                          const float *model) {
    const vd y = vd_widen(model) - (double)rows->max_model;
    divergence_terms t = {.model = divergence_exp(y)};
    if (!base) return t;
    const vd x = vd_widen(base) - (double)rows->max_base;
    t.base = divergence_exp(x);
    t.weighted = t.base * (x - y);
    return t;
}

EWI_INLINE void divergence_add(divergence_terms *sums, const divergence_terms *t, bool has_base) {
    sums->model += t->model;
    if (!has_base) return;
    sums->base += t->base;
    sums->weighted += t->weighted;
}

EWI_INLINE vd keep_lanes(vd x, const int64_t *mask) {
    vd_bits bits;
    memcpy(&bits, mask, sizeof bits);
    return (vd)((vd_bits)x & bits);
}

/* The last few; lanes past them add nothing. */
EWI_INLINE void divergence_tail(divergence_terms *sums, const ewi_divergence_rows *rows, size_t first,
                                bool has_base) {
    float base[DIVERGENCE_LANES] = {0}, model[DIVERGENCE_LANES] = {0};
    int64_t mask[DIVERGENCE_LANES] = {0};
    const size_t n = rows->n - first;
    memcpy(model, rows->model + first, n * sizeof *model);
    if (has_base) memcpy(base, rows->base + first, n * sizeof *base);
    for (size_t j = 0; j < n; j++) mask[j] = -1;
    for (size_t v = 0, j = 0; v < DIVERGENCE_VECTORS; v++, j += VD_N) {
        divergence_terms t = divergence_of(rows, has_base ? base + j : NULL, model + j);
        t.base = keep_lanes(t.base, mask + j);
        t.model = keep_lanes(t.model, mask + j);
        t.weighted = keep_lanes(t.weighted, mask + j);
        divergence_add(&sums[v], &t, has_base);
    }
}

EWI_INLINE void divergence_sum(divergence_terms *sums, const ewi_divergence_rows *rows, bool has_base) {
    size_t i = 0;
    for (; i + DIVERGENCE_LANES <= rows->n; i += DIVERGENCE_LANES)
        V16_UNROLL for (size_t v = 0; v < DIVERGENCE_VECTORS; v++) {
            const size_t j = i + v * VD_N;
            const divergence_terms t = divergence_of(rows, has_base ? rows->base + j : NULL, rows->model + j);
            divergence_add(&sums[v], &t, has_base);
        }
    if (i < rows->n) divergence_tail(sums, rows, i, has_base);
}

static double divergence_tree(double *lane) {
    for (size_t half = DIVERGENCE_LANES / 2; half > 0; half /= 2)
        for (size_t j = 0; j < half; j++) lane[j] += lane[j + half];
    return lane[0];
}

static void divergence(ewi_divergence_sums *out, const ewi_divergence_rows *rows) {
    divergence_terms sums[DIVERGENCE_VECTORS];
    double base[DIVERGENCE_LANES], model[DIVERGENCE_LANES], weighted[DIVERGENCE_LANES];
    memset(sums, 0, sizeof sums);
    if (rows->base)
        divergence_sum(sums, rows, true);
    else
        divergence_sum(sums, rows, false);
    for (size_t v = 0, j = 0; v < DIVERGENCE_VECTORS; v++, j += VD_N) {
        memcpy(base + j, &sums[v].base, sizeof sums[v].base);
        memcpy(model + j, &sums[v].model, sizeof sums[v].model);
        memcpy(weighted + j, &sums[v].weighted, sizeof sums[v].weighted);
    }
    *out = (ewi_divergence_sums){divergence_tree(base), divergence_tree(model), divergence_tree(weighted)};
}

#endif
#endif
