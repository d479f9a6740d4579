/*
 * divergence_wide.h: sums of two softmaxes side by side, in double precision.
 *
 * Plain C: loops of 16 steps, which the compiler makes vector instructions of, whatever the file's
 * instruction set; nothing is contracted or reordered.
 */
#ifndef EW_KERNELS_WIDE_DIVERGENCE_WIDE_H
#define EW_KERNELS_WIDE_DIVERGENCE_WIDE_H

#include <string.h>

#include "kernels/expd.h"
#include "kernels/kernels.h"

#define DIVERGENCE_LANES 16

typedef struct divergence_lanes {
    double lane[DIVERGENCE_LANES];
} divergence_lanes;

EWI_INLINE void divergence_exp(divergence_lanes *y, const divergence_lanes *x) {
    double power[DIVERGENCE_LANES];
    uint64_t bits[DIVERGENCE_LANES];
    for (size_t j = 0; j < DIVERGENCE_LANES; j++) {
        double n = x->lane[j] * EWI_EXPD_LOG2E + EWI_EXPD_ROUND - EWI_EXPD_ROUND;
        double r = x->lane[j] - n * EWI_EXPD_LN2_HI - n * EWI_EXPD_LN2_LO;
        power[j] = EWI_EXPD_AT_LEAST(n) + EWI_EXPD_ROUND;
        double p = 1.0 / 39916800;
        p = p * r + 1.0 / 3628800;
        p = p * r + 1.0 / 362880;
        p = p * r + 1.0 / 40320;
        p = p * r + 1.0 / 5040;
        p = p * r + 1.0 / 720;
        p = p * r + 1.0 / 120;
        p = p * r + 1.0 / 24;
        p = p * r + 1.0 / 6;
        p = p * r + 1.0 / 2;
        p = p * r + 1;
        y->lane[j] = p * r + 1;
    }
    memcpy(bits, power, sizeof bits);
    for (size_t j = 0; j < DIVERGENCE_LANES; j++) bits[j] = (bits[j] + 1023) << 52;
    memcpy(power, bits, sizeof power);
    for (size_t j = 0; j < DIVERGENCE_LANES; j++) y->lane[j] *= power[j];
}

EWI_INLINE void divergence_less(divergence_lanes *y, const float *x, float max) {
    for (size_t j = 0; j < DIVERGENCE_LANES; j++) y->lane[j] = (double)x[j] - (double)max;
}

EWI_INLINE void divergence_add(divergence_lanes *sum, const divergence_lanes *x) {
    for (size_t j = 0; j < DIVERGENCE_LANES; j++) sum->lane[j] += x->lane[j];
}

EWI_INLINE double divergence_tree(divergence_lanes *sum) {
    for (size_t half = DIVERGENCE_LANES / 2; half > 0; half /= 2)
        for (size_t j = 0; j < half; j++) sum->lane[j] += sum->lane[j + half];
    return sum->lane[0];
}

/* What 16 logits of each row add. */
typedef struct divergence_terms {
    divergence_lanes base, model, weighted;
} divergence_terms;

EWI_INLINE void divergence_of(divergence_terms *t, const ewi_divergence_rows *rows, const float *base,
                              const float *model) {
    divergence_lanes x, y;
    divergence_less(&y, model, rows->max_model);
    divergence_exp(&t->model, &y);
    if (!base) return;
    divergence_less(&x, base, rows->max_base);
    divergence_exp(&t->base, &x);
    for (size_t j = 0; j < DIVERGENCE_LANES; j++)
        t->weighted.lane[j] = t->base.lane[j] * (x.lane[j] - y.lane[j]);
}

/* The last few; lanes past them add nothing. */
EWI_INLINE void divergence_tail(divergence_terms *t, const ewi_divergence_rows *rows, size_t first) {
    float base[DIVERGENCE_LANES] = {0}, model[DIVERGENCE_LANES] = {0};
    size_t n = rows->n - first;
    memcpy(model, rows->model + first, n * sizeof *model);
    if (rows->base) memcpy(base, rows->base + first, n * sizeof *base);
    divergence_of(t, rows, rows->base ? base : NULL, model);
    for (size_t j = n; j < DIVERGENCE_LANES; j++)
        t->base.lane[j] = t->model.lane[j] = t->weighted.lane[j] = 0;
}

static void divergence(ewi_divergence_sums *out, const ewi_divergence_rows *rows) {
    divergence_terms sums = {{{0}}, {{0}}, {{0}}}, t = sums;
    for (size_t i = 0; i < rows->n; i += DIVERGENCE_LANES) {
        if (rows->n - i < DIVERGENCE_LANES)
            divergence_tail(&t, rows, i);
        else
            divergence_of(&t, rows, rows->base ? rows->base + i : NULL, rows->model + i);
        divergence_add(&sums.model, &t.model);
        if (!rows->base) continue;
        divergence_add(&sums.base, &t.base);
        divergence_add(&sums.weighted, &t.weighted);
    }
    *out = (ewi_divergence_sums){divergence_tree(&sums.base), divergence_tree(&sums.model),
                                 divergence_tree(&sums.weighted)};
}

#endif
