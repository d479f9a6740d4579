/*
 * divergence.h: the softmax of a row of logits, and how far another one's is from it, in double precision.
 *
 * A row is cut into spans that threads may share; sums of spans are added in their order, so that neither
 * the number of threads nor the instruction set can be seen in the bits.
 *
 *     for (size_t i = 0; i < ewi_n_spans(n); i++) ewi_span_sum(kern, &rows, i, &sums[i]);      in any order
 *     ewi_divergence d = ewi_divergence_of(&rows, sums);
 *     double nll = d.log_sum - logits[token];
 */
#ifndef EW_MEASURE_DIVERGENCE_H
#define EW_MEASURE_DIVERGENCE_H

#include "kernels/kernels.h"

#define EWI_SPAN 4096u /* logits */

size_t ewi_n_spans(size_t n);
void ewi_span_sum(const ewi_kernels *kern, const ewi_divergence_rows *rows, size_t span,
                  ewi_divergence_sums *out);

/* Logarithms of the sums of exponentials, and the Kullback-Leibler divergence KL(base || model) in nats,
 * never negative; without a base, the model's logarithm alone. Not finite where a logit is not. */
typedef struct ewi_divergence {
    double log_sum_base, log_sum, kld;
} ewi_divergence;

ewi_divergence ewi_divergence_of(const ewi_divergence_rows *rows, const ewi_divergence_sums *sums);

#endif
