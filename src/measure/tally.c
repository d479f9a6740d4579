#include "measure/tally.h"

#include <math.h>
#include <stdlib.h>

#include "kernels/elementary.h"

void ewi_tally_add(ewi_tally *t, double x) {
    double distance = x - t->mean;
    t->mean += distance / (double)++t->n;
    t->squares += distance * (x - t->mean);
}

ew_estimate ewi_tally_get(const ewi_tally *t) {
    double n = (double)t->n;
    return (ew_estimate){.mean = t->n > 0 ? t->mean : (double)NAN,
                         .se = t->n > 1 ? sqrt(t->squares / (n - 1) / n) : (double)NAN};
}

ew_estimate ewi_tally_exp(const ewi_tally *t) {
    ew_estimate e = ewi_tally_get(t);
    double value = ewi_exp(e.mean);
    return (ew_estimate){value, value * e.se};
}

ew_estimate ewi_tally_root(const ewi_tally *t) {
    ew_estimate e = ewi_tally_get(t);
    double root = sqrt(e.mean);
    return (ew_estimate){root, root > 0 ? e.se / (2 * root) : 0};
}

/* ---- quantiles ---- */

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void ewi_quantiles(double *x, size_t n, double *out, size_t n_parts) {
    qsort(x, n, sizeof *x, ascending);
    for (size_t i = 0; i <= n_parts; i++) {
        double at = (double)i / (double)n_parts * (double)(n - 1);
        size_t below = (size_t)at;
        double above = below + 1 < n ? x[below + 1] : x[below];
        out[i] = x[below] + (at - (double)below) * (above - x[below]);
    }
}
