/*
 * tally.h: the mean of numbers as they come, with its standard error (Welford 1962).
 *
 *     ewi_tally nll = {0};
 *     ewi_tally_add(&nll, 2.5);
 *     ew_estimate e = ewi_tally_get(&nll);
 */
#ifndef EW_MEASURE_TALLY_H
#define EW_MEASURE_TALLY_H

#include <stdint.h>

#include "edgewise/edgewise.h"

typedef struct ewi_tally {
    uint64_t n;
    double mean, squares; /* of distances from the mean */
} ewi_tally;

void ewi_tally_add(ewi_tally *tally, double x);
/* NaN without a number; the error is NaN with one alone. */
ew_estimate ewi_tally_get(const ewi_tally *tally);
/* The estimate of e^x where x is the one of the mean. */
ew_estimate ewi_tally_exp(const ewi_tally *tally);
/* Of the root of the mean. */
ew_estimate ewi_tally_root(const ewi_tally *tally);

/* Sorts x and writes its quantiles i / n_parts, 0 <= i <= n_parts, interpolated between neighbours (method 7
 * of Hyndman and Fan 1996). n > 0. */
void ewi_quantiles(double *x, size_t n, double *out, size_t n_parts);

#endif
