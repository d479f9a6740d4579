/*
 * divergence.c: with x the base's logits less their largest and y the model's likewise,
 *
 *     KL = sum(e^x (x - y)) / sum(e^x) - (log(sum(e^x)) - log(sum(e^y)))
 *
 * One pass over both rows. Equal rows give exactly 0: each x - y is.
 */
#include "measure/divergence.h"

#include "kernels/elementary.h"

size_t ewi_n_spans(size_t n) {
    return (n + EWI_SPAN - 1) / EWI_SPAN;
}

void ewi_span_sum(const ewi_kernels *kern, const ewi_divergence_rows *rows, size_t span,
                  ewi_divergence_sums *out) {
    size_t first = span * EWI_SPAN;
    ewi_divergence_rows part = *rows;
    part.n = rows->n - first < EWI_SPAN ? rows->n - first : EWI_SPAN;
    part.model += first;
    if (part.base) part.base += first;
    kern->divergence(out, &part);
}

ewi_divergence ewi_divergence_of(const ewi_divergence_rows *rows, const ewi_divergence_sums *sums) {
    ewi_divergence_sums all = {0};
    for (size_t i = 0; i < ewi_n_spans(rows->n); i++) {
        all.base += sums[i].base;
        all.model += sums[i].model;
        all.weighted += sums[i].weighted;
    }
    double log_model = ewi_log(all.model);
    ewi_divergence d = {.log_sum = (double)rows->max_model + log_model};
    if (!rows->base) return d;
    double log_base = ewi_log(all.base);
    d.log_sum_base = (double)rows->max_base + log_base;
    d.kld = all.weighted / all.base - (log_base - log_model);
    if (d.kld < 0) d.kld = 0; /* by rounding */
    return d;
}
