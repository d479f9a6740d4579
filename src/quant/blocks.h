/*
 * blocks.h: f32 weights rounded into the blocks of GGUF: Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, Q4_K, Q5_K, Q6_K; or
 * just written: F32, F16.
 *
 * Scales and minima are searched for (group_fit.h) so that the squared errors, each times the importance of
 * its input, add up to little; those of super-blocks together with the small integers that multiply them.
 * What is compared are the values that the block will stand for, with its scales as f16. The same bits on
 * every machine. Pure functions over the caller's memory; rows in any order and by any threads.
 *
 *     for each row:  fault = ewi_blocks_row(EWI_Q4_K, out, row, k, NULL, &sums);
 */
#ifndef EW_QUANT_BLOCKS_H
#define EW_QUANT_BLOCKS_H

#include "quant/round.h"

bool ewi_blocks_offers(ewi_dtype dtype);

/* Of a row of k weights, k a multiple of the type's block. */
size_t ewi_blocks_bytes(ewi_dtype dtype, size_t k);

/* Adds to *sums. importance [k], above 0 and at most
 * about 2^40 apart, or NULL: all inputs count the same. */
EWI_NODISCARD ewi_round_fault ewi_blocks_row(ewi_dtype dtype, uint8_t *out, const float *row, size_t k,
                                             const float *importance, ewi_round_sums *sums);

#endif
