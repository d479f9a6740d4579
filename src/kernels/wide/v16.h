/*
 * v16.h: the canonical 16 lanes as a vector type, for whichever instruction set the including file is
 * compiled for.
 *
 * The bodies in this folder are written once, over v16, and compiled once per instruction set
 * (x86/kernels_avx2.c, ...). Each ISA header gives the type, V16_ROWS and V16_COLS (the register block of a
 * matmul) and:
 *   v16_load, _store       16 elements, any alignment; _f16, _bf16, _i8 and _i4 (kernels/q4r.h) convert
 *   v16_load_n, _store_n   the first n <= 16; lanes beyond are loaded as +0, memory beyond is not touched
 *   v16_max(a, b)          a > b ? a : b per lane, so b where either is NaN; v16_min likewise
 *   v16_fms                a b - c, one rounding;  v16_fmaddsub: that in even lanes, a b + c in odd ones
 *   v16_sum, v16_sum4      the canonical tree of one and of four vectors
 *   v16_swap(a, n)         lane i of the result is lane i ^ n, n = 1, 2, 4 or 8
 *   v16_flip(a, signs)     the sign of lane i is flipped where bit i is set
 *   v16_top(bits, a)       the larger of bits and |a|'s bits, as unsigned integers; v16_topmost: the largest
 *   v16_store_i8, _i16     lanes rounded to nearest, ties to even; -127..127, -4095..4095
 *
 * Without such an instruction set V16_ROWS stays undefined and the bodies are empty.
 */
#ifndef EW_KERNELS_WIDE_V16_H
#define EW_KERNELS_WIDE_V16_H

#if defined(__AVX512F__)
#include "kernels/x86/v16_avx512.h"
#elif defined(__AVX2__)
#include "kernels/x86/v16_avx2.h"
#elif defined(__aarch64__)
#include "kernels/arm/v16_neon.h"
#endif

#include "kernels/x86/tree_x86.h"

#ifdef V16_ROWS

/* Loops over registers: unrolled, so that arrays of v16 stay in registers. */
#if defined(__clang__)
#define V16_UNROLL _Pragma("clang loop unroll(full)")
#else
#define V16_UNROLL _Pragma("GCC unroll 32")
#endif

/* How elements of a type become lanes. */
typedef struct v16_format {
    v16 (*load)(const void *p);
    v16_part (*load_part)(const void *p, size_t part);
    v16 (*load_n)(const void *p, size_t n);
    size_t bytes;
} v16_format;

#define V16_F32  ((v16_format){v16_load, v16_part_load, v16_load_n, 4})
#define V16_F16  ((v16_format){v16_load_f16, v16_part_load_f16, v16_load_f16_n, 2})
#define V16_BF16 ((v16_format){v16_load_bf16, v16_part_load_bf16, v16_load_bf16_n, 2})

/* The rest of n elements from i on, at most 16. */
EWI_INLINE size_t rest(size_t n, size_t i) {
    return n - i < 16 ? n - i : 16;
}

/* Loads and stores of 16 elements, or of fewer in the last step. */
EWI_INLINE v16 get(const float *p, size_t n) {
    return n == 16 ? v16_load(p) : v16_load_n(p, n);
}
EWI_INLINE void put(float *p, v16 a, size_t n) {
    if (n == 16)
        v16_store(p, a);
    else
        v16_store_n(p, a, n);
}

/* ewi_expf in every lane: the same operations in the same order. */
EWI_INLINE v16 v16_exp(v16 x) {
    x = v16_max(v16_set1(EWI_EXPF_MIN), x);
    x = v16_min(v16_set1(EWI_EXPF_MAX), x);
    v16 t = v16_fma(x, v16_set1(EWI_EXPF_LOG2E), v16_set1(EWI_EXPF_ROUND));
    v16 n = v16_sub(t, v16_set1(EWI_EXPF_ROUND));
    v16 r = v16_fma(n, v16_set1(-EWI_EXPF_LN2_HI), x);
    r = v16_fma(n, v16_set1(-EWI_EXPF_LN2_LO), r);
    v16 p = v16_set1(EWI_EXPF_P5);
    p = v16_fma(p, r, v16_set1(EWI_EXPF_P4));
    p = v16_fma(p, r, v16_set1(EWI_EXPF_P3));
    p = v16_fma(p, r, v16_set1(EWI_EXPF_P2));
    p = v16_fma(p, r, v16_set1(EWI_EXPF_P1));
    p = v16_fma(p, r, v16_set1(EWI_EXPF_P0));
    v16 y = v16_add(v16_fma(v16_mul(r, r), p, r), v16_set1(1.0f));
    return v16_scale(y, t);
}

/* ewi_capf in every lane. */
EWI_INLINE v16 v16_cap(v16 x, v16 cap) {
    const v16 one = v16_set1(1.0f);
    v16 t = v16_div(x, cap);
    v16 e = v16_exp(v16_add(t, t));
    return v16_mul(cap, v16_sub(one, v16_div(v16_set1(2.0f), v16_add(e, one))));
}

#endif
#endif
