/*
 * super_block.h: 256 weights on the grid of a super-block: groups with small whole numbers s (and m) that
 * multiply the two scales of the block. A weight is d s q - dmin m; Q6_K has no minima.
 *
 * From what each group would have of its own, s and m are the nearest; then in turn the best s and m next to
 * them for these scales, and the scales that fit all best then, as f16. Pure functions.
 *
 *     ewi_super_block b = {.x = x, .importance = w, .unit = unit, .group = 32, .least = 0, .most = 15,
 *                          .most_s = 63, .has_min = true};
 *     ewi_super_block_fit(&b);         b.d, b.dmin (f16), b.s, b.m, b.codes
 */
#ifndef EW_QUANT_SUPER_BLOCK_H
#define EW_QUANT_SUPER_BLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "quant/group_fit.h"

#define EWI_SUPER_WEIGHTS 256u
#define EWI_SUPER_GROUPS  16u

typedef struct ewi_super_block {
    const float *x, *importance; /* [256] x is what the weights are in units of `unit`, a power of two */
    float unit;
    size_t group; /* 32 or 16 weights */
    float least, most;
    float least_s, most_s; /* of s; m is 0 .. most_s */
    bool has_min;
    uint16_t d, dmin; /* f16, in units of 1 */
    float s[EWI_SUPER_GROUPS], m[EWI_SUPER_GROUPS];
    float codes[EWI_SUPER_WEIGHTS];
} ewi_super_block;

void ewi_super_block_fit(ewi_super_block *b);

#endif
