/*
 * expf.h: the constants of the float exponential that all levels share.
 *
 * x = n ln 2 + r with |r| <= ln2 / 2 and e^r = 1 + r + r^2 p(r). p is the Chebyshev fit of degree 5 to (e^r -
 * 1 - r) / r^2 on that interval (mpmath.chebyfit at 200 bits, coefficients rounded to f32): it is wrong by
 * 2^-32 of the result.
 */
#ifndef EW_KERNELS_EXPF_H
#define EW_KERNELS_EXPF_H

/* e^MIN rounds to zero, e^MAX overflows. */
#define EWI_EXPF_MIN (-104.0f)
#define EWI_EXPF_MAX 89.0f

/* Adding 1.5 * 2^23 leaves an integer in the low bits of the sum. */
#define EWI_EXPF_ROUND      0x1.8p+23f
#define EWI_EXPF_ROUND_BITS 0x4b400000u

#define EWI_EXPF_LOG2E  0x1.715476p+0f
#define EWI_EXPF_LN2_HI 0x1.62e43p-1f
#define EWI_EXPF_LN2_LO (-0x1.05c61p-29f)

#define EWI_EXPF_P0 0x1p-1f
#define EWI_EXPF_P1 0x1.555556p-3f
#define EWI_EXPF_P2 0x1.5554e8p-5f
#define EWI_EXPF_P3 0x1.1110ep-7f
#define EWI_EXPF_P4 0x1.6d43bp-10f
#define EWI_EXPF_P5 0x1.a1256cp-13f

#endif
