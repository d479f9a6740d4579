/*
 * divergence.h: the softmax of a row of logits, and how far another one's is from it, in double precision.
 *
 * A row is cut into spans that threads may share; sums of spans are added in their order, so that neither
 * the number of threads nor the instruction set can be seen in the bits.
 *
 *     for (size_t i = 0; i < ewi_n_spans(n); i++) ewi_span_sum(&pair, i, &sums[i]);         in any order
 *     ewi_divergence d = ewi_divergence_of(&pair, sums);
 *     double nll = d.log_sum - logits[token];
 */
#ifndef EW_MEASURE_DIVERGENCE_H
#define EW_MEASURE_DIVERGENCE_H

#include <stddef.h>

#define EWI_SPAN 4096u /* logits */

/* Rows of n logits, and the largest of each. */
typedef struct ewi_logits_pair {
    size_t n;
    const float *base, *model; /* base may be NULL: there is nothing to compare with */
    float max_base, max_model;
} ewi_logits_pair;

/* Of exp(base - max_base), exp(model - max_model), and of the former times the difference of the two. */
typedef struct ewi_span_sums {
    double base, model, weighted;
} ewi_span_sums;

size_t ewi_n_spans(size_t n);
void ewi_span_sum(const ewi_logits_pair *pair, size_t span, ewi_span_sums *out);

/* Logarithms of the sums of exponentials, and the Kullback-Leibler divergence KL(base || model) in nats,
 * never negative. Not finite where a logit is not. */
typedef struct ewi_divergence {
    double log_sum_base, log_sum, kld;
} ewi_divergence;

ewi_divergence ewi_divergence_of(const ewi_logits_pair *pair, const ewi_span_sums *sums);

#endif
