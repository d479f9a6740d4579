/*
 * half.h: f16 (IEEE 754 binary16) and bf16 to and from f32, one number at a time, by bits.
 *
 * The definition that every level follows: widening is exact; narrowing rounds to nearest, ties to even. A
 * NaN keeps its sign and the top bits of its payload; f16 conversions make it quiet, bf16 widening leaves it
 * alone. Pure functions, any thread.
 *
 *     float x = ewi_f16_to_f32(0x3c00);      1.0
 */
#ifndef EW_KERNELS_HALF_H
#define EW_KERNELS_HALF_H

#include <stdint.h>
#include <string.h>

static inline uint32_t ewi_float_bits(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline float ewi_bits_float(uint32_t bits) {
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static inline float ewi_f16_to_f32(uint16_t h) {
    uint32_t sign = (uint32_t)(h & 0x8000) << 16, exponent = (h >> 10) & 31, mantissa = h & 1023;
    if (exponent == 0) {
        /* A subnormal is mantissa * 2^-24, which f32 holds exactly. */
        float magnitude = (float)mantissa * 0x1p-24f;
        return ewi_bits_float(sign | ewi_float_bits(magnitude));
    }
    if (exponent == 31) {
        uint32_t quiet = mantissa ? 0x00400000u : 0;
        return ewi_bits_float(sign | 0x7f800000u | quiet | (mantissa << 13));
    }
    return ewi_bits_float(sign | ((exponent + 112) << 23) | (mantissa << 13));
}

static inline uint16_t ewi_f32_to_f16(float x) {
    uint32_t bits = ewi_float_bits(x), sign = (bits >> 16) & 0x8000, magnitude = bits & 0x7fffffff;
    if (magnitude > 0x7f800000) return (uint16_t)(sign | 0x7e00 | ((magnitude >> 13) & 0x3ff));
    if (magnitude >= 0x47800000) return (uint16_t)(sign | 0x7c00); /* 2^16 and above */
    if (magnitude < 0x38800000) {
        /* Below 2^-14: a multiple of 2^-24. Adding 0.5 makes the float adder round at that bit. */
        float shifted = ewi_bits_float(magnitude) + 0.5f;
        return (uint16_t)(sign | (ewi_float_bits(shifted) - 0x3f000000));
    }
    /* Half of the last kept bit, less one when that bit is even; a carry may run on into the exponent, up to
     * infinity. */
    uint32_t rounded = magnitude + 0xfff + ((magnitude >> 13) & 1);
    return (uint16_t)(sign | ((rounded - (112u << 23)) >> 13));
}

static inline float ewi_bf16_to_f32(uint16_t b) {
    return ewi_bits_float((uint32_t)b << 16);
}

/* x is not NaN. */
static inline uint16_t ewi_f32_to_bf16(float x) {
    uint32_t bits = ewi_float_bits(x);
    return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

#endif
