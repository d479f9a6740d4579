/*
 * halves.h: 16-bit weights times inputs in 16-bit integers, as docs/numerics.md defines it ("Halves").
 *
 * In blocks of 256 inputs, what is multiplied becomes codes with a scale: inputs to -2047..2047, weights to
 * -4095..4095, so that the sum of a block fits 32 bits.
 *
 *     ewi_qrow_scaling s = ewi_halves_input(bits of the largest |x|);
 */
#ifndef EW_KERNELS_HALVES_H
#define EW_KERNELS_HALVES_H

#include "kernels/qrows.h"

#define EWI_HALVES_BLOCK 256u
/* Below this, the largest counts as zero: 4095 / largest must be finite. */
#define EWI_HALVES_TINY 0x1p-112f

static inline ewi_qrow_scaling ewi_halves_input(uint32_t bits) {
    return ewi_qrow_scale_to(bits, 2047.0f, EWI_HALVES_TINY);
}
static inline ewi_qrow_scaling ewi_halves_weight(uint32_t bits) {
    return ewi_qrow_scale_to(bits, 4095.0f, EWI_HALVES_TINY);
}

#endif
