/*
 * round.h: f32 weights rounded to nearest, into packed tiles: Q8C, Q4C, Q4S, Q4G128, Q8_0, Q4_0.
 *
 * Scales are searched for: of some candidates the one with the least squared error, refined by least squares.
 * Every operation is in one stated order: the same bits on every machine. Pure functions over the caller's
 * memory; a matrix is rounded by tiles, in any order and by any threads.
 *
 *     void *scratch = ewi_alloc(ewi_round_scratch_bytes(k));
 *     for each tile t:
 *         fault = ewi_round_tile(dtype, w + t * tile_bytes, rows, n, k, NULL, scratch, &sums[t]);
 *     relative error = sqrt(sum of sums[t].errors / sum of sums[t].weights)
 */
#ifndef EW_QUANT_ROUND_H
#define EW_QUANT_ROUND_H

#include "base/compiler.h"
#include "tensor/packed.h"

/* Sums of squares: of weights, and of what rounding changed in them. */
typedef struct ewi_round_sums {
    double weights, errors;
} ewi_round_sums;

typedef enum ewi_round_fault {
    EWI_ROUND_FINE,
    EWI_ROUND_NOT_FINITE, /* an infinity or a NaN among the weights */
    EWI_ROUND_TOO_LARGE,  /* a scale would not fit its type */
} ewi_round_fault;

bool ewi_round_offers(ewi_dtype dtype);

/* k <= EWI_PACKED_MAX_K. */
size_t ewi_round_scratch_bytes(size_t k);

/* n_rows <= 16 rows [n_rows, k] become a whole tile. importance [k], above 0: what squared errors of each
 * input are multiplied with in the search; NULL: all are the same. scratch: of one thread, aligned to 64. */
EWI_NODISCARD ewi_round_fault ewi_round_tile(ewi_dtype dtype, uint8_t *tile, const float *rows, size_t n_rows,
                                             size_t k, const float *importance, void *scratch,
                                             ewi_round_sums *sums);

#endif
