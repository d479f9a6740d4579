/*
 * gptq.h: f32 weights into packed tiles so that a layer's outputs change least (GPTQ, arXiv 2210.17323): each
 * weight is rounded on the type's own grid after it has taken up what the errors of the weights before it do
 * to the outputs.
 *
 * With L of quant/hessian.h and errors e = w - q, weight i is rounded as
 *     w[i] + (sum over j < i of e[j] L[i][j]) / L[i][i]
 * on the grids of quant/round.h, in the order of L. One scale per row is found from the row as it is; scales
 * of groups, and Q4S's sub-scales, when the group is reached, from what its weights would best be then: their
 * inputs are taken as they come. The same bits on every machine. Pure functions over the caller's memory.
 *
 *     void *scratch = ewi_alloc(ewi_gptq_scratch_bytes(k));
 *     for each tile t:
 *         fault = ewi_gptq_tile(dtype, w + t * tile_bytes, rows, 16 * t, n, h, drift, scratch, &sums[t]);
 */
#ifndef EW_QUANT_GPTQ_H
#define EW_QUANT_GPTQ_H

#include "quant/drift.h"
#include "quant/round.h"

/* Whether L may be of sorted inputs: no group of them shares a scale. */
bool ewi_gptq_sorts(ewi_dtype dtype);

/* About 272 bytes for each input. */
size_t ewi_gptq_scratch_bytes(size_t k);

/* n_rows <= 16 rows of weights, from row `first` of their matrix on, become a whole tile; h is factored,
 * sorted only where the type sorts, and of rotated inputs where its kind is ROW. drift: of the same inputs;
 * NULL: there is none. scratch: of one thread, aligned to 64. */
EWI_NODISCARD ewi_round_fault ewi_gptq_tile(ewi_dtype dtype, uint8_t *tile, const float *rows, size_t first,
                                            size_t n_rows, const ewi_hessian *h, const ewi_drift *drift,
                                            void *scratch, ewi_round_sums *sums);

#endif
