/*
 * scale.h: the scale of a run of weights that are to share one.
 *
 * For a scale s the best codes are q = u / s, rounded and clamped; for codes q the best scale is
 * s = sum(u q) / sum(q q), and the squared error then falls by gain = sum(u q)^2 / sum(q q) from sum(u u). A
 * search tries scales that bring the largest weight to given codes and keeps the one with the largest gain.
 *
 * Runs are padded with zeros to a multiple of 16 weights, and divided so that the largest is about 1. Pure
 * functions.
 *
 *     ewi_run run = {kern, u, n, -8.0f, 7.0f, NULL};
 *     ewi_fit fit = ewi_scale_search(&run, sign, &targets);
 *     scale = largest * (fit.uq / fit.qq);
 */
#ifndef EW_QUANT_SCALE_H
#define EW_QUANT_SCALE_H

#include "kernels/kernels.h"

typedef struct ewi_run {
    const ewi_kernels *kern;
    const float *u;
    size_t n;
    float least, most;       /* codes */
    const float *importance; /* [n] what squared errors are multiplied with; NULL: nothing */
} ewi_run;

/* What the largest weight is brought to: first, first + step, .., n <= EWI_TARGETS of them. */
#define EWI_TARGETS 24
typedef struct ewi_targets {
    float first, step;
    size_t n;
} ewi_targets;

/* What a fit takes from the squared error; 0 when all codes are 0. */
static inline float ewi_fit_gain(ewi_fit fit) {
    return fit.qq > 0.0f ? fit.uq * fit.uq / fit.qq : 0.0f;
}

static inline float ewi_fit_scale(ewi_fit fit) {
    return fit.qq > 0.0f ? fit.uq / fit.qq : 0.0f;
}

/* Fits with codes q = u * inverses[i]; each product times its importance. */
void ewi_run_fit(const ewi_run *run, ewi_fit *fits, const float *inverses, size_t n);

/* The index of the best; the first of equals. */
size_t ewi_fit_best(const ewi_fit *fits, size_t n);

/* The best of codes q = u * (sign * target); the first of equals. */
ewi_fit ewi_scale_search(const ewi_run *run, float sign, const ewi_targets *targets);

#endif
