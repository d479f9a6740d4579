/*
 * vd.h: doubles as one register of whichever instruction set the including file is compiled for.
 *
 * The compiler's own vectors: +, - and * are theirs; here is what operators do not say.
 *   vd_widen(p)           VD_N floats, any alignment, as doubles
 *   vd_fma(a, b, c)       a b + c, one rounding
 *   vd_at_least(a, least) the larger; NaN where a is NaN
 *   vd_power(a)           2^n, with n in the low bits of a as adding 1.5 * 2^52 leaves it; -1022 <= n <= 1023
 */
#ifndef EW_KERNELS_WIDE_VD_H
#define EW_KERNELS_WIDE_VD_H

#include "kernels/wide/v16.h"

#ifdef V16_ROWS

#if defined(__AVX512F__)

#define VD_N 8u
typedef __m512d vd;
typedef __m512i vd_bits;

EWI_INLINE vd vd_set1(double x) {
    return _mm512_set1_pd(x);
}
EWI_INLINE vd vd_widen(const float *p) {
    return _mm512_cvtps_pd(_mm256_loadu_ps(p));
}
EWI_INLINE vd vd_fma(vd a, vd b, vd c) {
    return _mm512_fmadd_pd(a, b, c);
}
EWI_INLINE vd vd_at_least(vd a, double least) {
    return _mm512_max_pd(vd_set1(least), a);
}

#elif defined(__AVX2__)

#define VD_N 4u
typedef __m256d vd;
typedef __m256i vd_bits;

EWI_INLINE vd vd_set1(double x) {
    return _mm256_set1_pd(x);
}
EWI_INLINE vd vd_widen(const float *p) {
    return _mm256_cvtps_pd(_mm_loadu_ps(p));
}
EWI_INLINE vd vd_fma(vd a, vd b, vd c) {
    return _mm256_fmadd_pd(a, b, c);
}
EWI_INLINE vd vd_at_least(vd a, double least) {
    return _mm256_max_pd(vd_set1(least), a);
}

#else

#define VD_N 2u
typedef float64x2_t vd;
typedef int64x2_t vd_bits;

EWI_INLINE vd vd_set1(double x) {
    return vdupq_n_f64(x);
}
EWI_INLINE vd vd_widen(const float *p) {
    return vcvt_f64_f32(vld1_f32(p));
}
EWI_INLINE vd vd_fma(vd a, vd b, vd c) {
    return vfmaq_f64(c, a, b);
}
EWI_INLINE vd vd_at_least(vd a, double least) {
    return vmaxq_f64(a, vd_set1(least));
}

#endif

EWI_INLINE vd vd_power(vd a) {
    return (vd)(((vd_bits)a + 1023) << 52);
}

#endif
#endif
