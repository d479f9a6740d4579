/*
 * tile_ref.h: products of bf16 as a matrix unit makes them (TDPBF16PS, Intel SDM volume 2B), one element at
 * a time; docs/numerics.md, "Tiles".
 *
 * In steps of 32: even and odd elements make chains of their own, from zero. Subnormals are zero, factors,
 * sums and results alike.
 *
 *     float x[EWI_TILE_STEP] = {0}, w[EWI_TILE_STEP] = {0};     ewi_bf16_round of up to 32 numbers
 *     y = ewi_tile_step(y, x, w);
 */
#ifndef EW_KERNELS_REF_TILE_REF_H
#define EW_KERNELS_REF_TILE_REF_H

#include <math.h>

#include "kernels/half.h"

#define EWI_TILE_STEP 32

/* As a float: to nearest, ties to even; subnormals become zeros, a NaN stays one. */
static inline float ewi_bf16_round(float x) {
    uint32_t bits = ewi_float_bits(x);
    if (isnan(x)) return x;
    if ((bits & 0x7f800000u) == 0) return ewi_bits_float(bits & 0x80000000u);
    return ewi_bits_float((bits + 0x7fff + ((bits >> 16) & 1)) & 0xffff0000u);
}

/* y = t, rounded; zero where rounding to 24 bits, however small, leaves it below 2^-126. */
static inline float ewi_tile_flush(float y, double t) {
    return fabs(t) < 0x1p-126 - 0x1p-151 ? copysignf(0.0f, y) : y;
}

static inline float ewi_tile_fma(float a, float b, float c) {
    return ewi_tile_flush(fmaf(a, b, c), (double)a * (double)b + (double)c);
}

static inline float ewi_tile_add(float a, float b) {
    return ewi_tile_flush(a + b, (double)a + (double)b);
}

/* c + sum of x y, of EWI_TILE_STEP elements each. */
static inline float ewi_tile_step(float c, const float *x, const float *y) {
    float even = 0.0f, odd = 0.0f;
    for (size_t i = 0; i < EWI_TILE_STEP; i += 2) {
        even = ewi_tile_fma(x[i], y[i], even);
        odd = ewi_tile_fma(x[i + 1], y[i + 1], odd);
    }
    return ewi_tile_add(ewi_tile_flush(c, (double)c), ewi_tile_add(even, odd));
}

#endif
