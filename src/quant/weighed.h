/*
 * weighed.h: f32 weights rounded to nearest into packed tiles, with the scales that change a layer's outputs
 * on a text least: for types whose inputs share scales in groups, and Q4S, whose chunks have sub-scales.
 *
 * Errors e of a row of weights change its outputs by e H e^T in all, where H has the second moments of its
 * inputs (quant/hessian.h). Group after group takes the scale near its own, or the sub-scale, with which that
 * sum is least beside the errors of the groups before; and once more, beside those of all others. Codes are
 * those nearest to the weights: what GPTQ does, moving weights, is not done. The same bits on every machine.
 * Pure functions over the caller's memory.
 *
 *     ewi_moments_for(dtype, sums, k, moments);                         of ewi_hessian_sums
 *     void *scratch = ewi_alloc(ewi_weighed_scratch_bytes(k));
 *     for each tile t:
 *         fault = ewi_weighed_tile(dtype, w + t * tile_bytes, rows, n, k, moments, scratch, &sums[t]);
 */
#ifndef EW_QUANT_WEIGHED_H
#define EW_QUANT_WEIGHED_H

#include "quant/round.h"

/* Of the types of quant/round.h. */
bool ewi_weighed_offers(ewi_dtype dtype);

/* H of inputs, [k, k] and symmetric, as rows of the type meet them: rotated for whole-row types. */
void ewi_moments_for(ewi_dtype dtype, const float *sums, size_t k, float *moments);

/* About 272 bytes for each input. k <= EWI_PACKED_MAX_K. */
size_t ewi_weighed_scratch_bytes(size_t k);

/* n_rows <= 16 rows [n_rows, k] become a whole tile. scratch: of one thread, aligned to 64. */
EWI_NODISCARD ewi_round_fault ewi_weighed_tile(ewi_dtype dtype, uint8_t *tile, const float *rows,
                                               size_t n_rows, size_t k, const float *moments, void *scratch,
                                               ewi_round_sums *sums);

#endif
