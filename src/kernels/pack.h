/*
 * pack.h: weights into the packed layout of tensor/packed.h, and single rows out of it.
 *
 * Pure functions over the caller's memory, any thread; a matrix is packed by tiles, in any order.
 *
 *     for each tile t:
 *         ewi_pack_tile(EWI_Q4_0, w + t * tile_bytes, rows + 16 * t * row_bytes, row_bytes, 16, k);
 *     ewi_unpack_row(EWI_Q4_0, w, token, k, embedding);
 */
#ifndef EW_KERNELS_PACK_H
#define EW_KERNELS_PACK_H

#include <stddef.h>
#include <stdint.h>

#include "tensor/packed.h"

/* n_rows <= 16 rows of GGUF blocks become a tile; missing rows are zero weights. */
void ewi_pack_tile(ewi_dtype dtype, uint8_t *tile, const uint8_t *rows, size_t row_bytes, size_t n_rows,
                   size_t k);

/* Codes, a byte each, of n_rows <= 16 rows that lie `stride` apart become the chunks of a tile; what is
 * missing gets the type's zero code. The head is the caller's. */
void ewi_pack_codes(ewi_dtype dtype, uint8_t *tile, const uint8_t *codes, size_t stride, size_t n_rows,
                    size_t k);

/* The weights of one output as floats; those of whole-row types are rotated back. */
void ewi_unpack_row(ewi_dtype dtype, const uint8_t *w, size_t row, size_t k, float *y);

#endif
