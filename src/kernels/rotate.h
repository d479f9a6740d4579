/*
 * rotate.h: the random-sign Hadamard transform of rows that docs/numerics.md defines, in blocks of 128.
 *
 * ewi_rotate turns inputs; ewi_rotate_weights turns the weights that they meet, so that the products stay:
 * x . w = rotate(x) . rotate_weights(w). Pure functions; y may be x.
 *
 *     ewi_rotate(y, x, k);
 */
#ifndef EW_KERNELS_ROTATE_H
#define EW_KERNELS_ROTATE_H

#include <stddef.h>

/* The three ways in a table of kernels. */
typedef enum ewi_rotation {
    EWI_ROTATE_INPUTS,
    EWI_ROTATE_WEIGHTS,
    EWI_ROTATE_BACK,
    EWI_N_ROTATIONS
} ewi_rotation;

void ewi_rotate(float *y, const float *x, size_t k);
/* Divided by each block's length and the square of its factor, powers of two. */
void ewi_rotate_weights(float *y, const float *x, size_t k);
/* The weights that ewi_rotate_weights turned, up to rounding. */
void ewi_rotate_back(float *y, const float *x, size_t k);
/* One block of n = 1, 2, 4, .. 128 inputs, times ewi_rotate_factor(n). */
void ewi_rotate_block_of(float *y, const float *x, size_t n);

#endif
