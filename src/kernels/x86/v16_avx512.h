/*
 * v16_avx512.h: sixteen float lanes as one AVX-512 register. See wide/v16.h.
 */
#ifndef EW_KERNELS_X86_V16_AVX512_H
#define EW_KERNELS_X86_V16_AVX512_H
#ifdef __AVX512F__

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "kernels/expf.h"

/* 24 accumulators, 4 weights, 1 input of 32 registers. */
#define V16_ROWS 6
#define V16_COLS 4

typedef __m512 v16;

/* What one register holds: all lanes. */
typedef __m512 v16_part;
#define V16_PARTS      1
#define V16_PART(a, p) (a)

EWI_INLINE __mmask16 v16_first(size_t n) {
    return (__mmask16)((1u << n) - 1u);
}

EWI_INLINE v16 v16_zero(void) {
    return _mm512_setzero_ps();
}
EWI_INLINE v16 v16_set1(float x) {
    return _mm512_set1_ps(x);
}
EWI_INLINE float v16_get0(v16 a) {
    return _mm512_cvtss_f32(a);
}

EWI_INLINE v16 v16_add(v16 a, v16 b) {
    return _mm512_add_ps(a, b);
}
EWI_INLINE v16 v16_sub(v16 a, v16 b) {
    return _mm512_sub_ps(a, b);
}
EWI_INLINE v16 v16_mul(v16 a, v16 b) {
    return _mm512_mul_ps(a, b);
}
EWI_INLINE v16 v16_div(v16 a, v16 b) {
    return _mm512_div_ps(a, b);
}
EWI_INLINE v16 v16_max(v16 a, v16 b) {
    return _mm512_max_ps(a, b);
}
EWI_INLINE v16 v16_min(v16 a, v16 b) {
    return _mm512_min_ps(a, b);
}
EWI_INLINE v16 v16_fma(v16 a, v16 b, v16 c) {
    return _mm512_fmadd_ps(a, b, c);
}
EWI_INLINE v16_part v16_part_fma(v16_part a, v16_part b, v16_part c) {
    return _mm512_fmadd_ps(a, b, c);
}
EWI_INLINE v16 v16_fms(v16 a, v16 b, v16 c) {
    return _mm512_fmsub_ps(a, b, c);
}
EWI_INLINE v16 v16_fmaddsub(v16 a, v16 b, v16 c) {
    return _mm512_fmaddsub_ps(a, b, c);
}

EWI_INLINE unsigned v16_equal(v16 a, v16 b) {
    return _mm512_cmp_ps_mask(a, b, _CMP_EQ_OQ);
}

/* ---- memory ---- */

EWI_INLINE v16 v16_load(const void *p) {
    return _mm512_loadu_ps(p);
}
EWI_INLINE v16_part v16_part_load(const void *p, size_t part) {
    return v16_load((const float *)p + 16 * part);
}
/* Larger tiles: loads are no limit, and inputs may come from memory. */
EWI_INLINE v16_part v16_part_keep(v16_part a) {
    return a;
}
EWI_INLINE v16 v16_load_n(const void *p, size_t n) {
    return _mm512_maskz_loadu_ps(v16_first(n), p);
}
EWI_INLINE void v16_store(float *p, v16 a) {
    _mm512_storeu_ps(p, a);
}
EWI_INLINE void v16_store_n(float *p, v16 a, size_t n) {
    _mm512_mask_storeu_ps(p, v16_first(n), a);
}

EWI_INLINE v16 v16_load_f16(const void *p) {
    return _mm512_cvtph_ps(_mm256_loadu_si256(p));
}
EWI_INLINE v16_part v16_part_load_f16(const void *p, size_t part) {
    return v16_load_f16((const uint16_t *)p + 16 * part);
}
EWI_INLINE v16 v16_load_f16_n(const void *p, size_t n) {
    return _mm512_cvtph_ps(_mm256_maskz_loadu_epi16(v16_first(n), p));
}

EWI_INLINE v16 v16_load_i8(const void *p) {
    return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128((const __m128i *)p)));
}
EWI_INLINE v16_part v16_part_load_i8(const void *p, size_t part) {
    return v16_load_i8((const uint8_t *)p + 16 * part);
}

/* Each lane's code, shifted down, picks its number: what is above it does not count. */
EWI_INLINE v16 v16_load_i4(const void *p) {
    const __m512 numbers = _mm512_setr_ps(0, 1, 2, 3, 4, 5, 6, 7, -8, -7, -6, -5, -4, -3, -2, -1);
    const __m512i right = _mm512_setr_epi32(0, 0, 4, 4, 8, 8, 12, 12, 16, 16, 20, 20, 24, 24, 28, 28);
    int64_t fours;
    memcpy(&fours, p, sizeof fours);
    return _mm512_permutexvar_ps(_mm512_srlv_epi32(_mm512_set1_epi64(fours), right), numbers);
}
EWI_INLINE v16_part v16_part_load_i4(const void *p, size_t part) {
    return v16_load_i4((const uint8_t *)p + 8 * part);
}

EWI_INLINE v16 v16_from_bf16(__m256i b) {
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(b), 16));
}
EWI_INLINE v16 v16_load_bf16(const void *p) {
    return v16_from_bf16(_mm256_loadu_si256(p));
}
EWI_INLINE v16_part v16_part_load_bf16(const void *p, size_t part) {
    return v16_load_bf16((const uint16_t *)p + 16 * part);
}
EWI_INLINE v16 v16_load_bf16_n(const void *p, size_t n) {
    return v16_from_bf16(_mm256_maskz_loadu_epi16(v16_first(n), p));
}

EWI_INLINE __m256i v16_to_f16(v16 a) {
    return _mm512_cvtps_ph(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}
EWI_INLINE void v16_store_f16(void *p, v16 a) {
    _mm256_storeu_si256(p, v16_to_f16(a));
}
EWI_INLINE void v16_store_f16_n(void *p, v16 a, size_t n) {
    _mm256_mask_storeu_epi16(p, v16_first(n), v16_to_f16(a));
}

/* ---- across lanes ---- */

/* Lane j of the result is lane j + lane j + 8. */
EWI_INLINE __m256 v16_fold(v16 a) {
    return _mm256_add_ps(_mm512_castps512_ps256(a), _mm512_extractf32x8_ps(a, 1));
}

/* Lane j of the result is the larger of lanes j and j + 8. */
EWI_INLINE __m256 v16_fold_max(v16 a) {
    return _mm256_max_ps(_mm512_castps512_ps256(a), _mm512_extractf32x8_ps(a, 1));
}

/* p[0] p[0] p[1] p[1] ... p[7] p[7] of the first n <= 8. */
EWI_INLINE v16 v16_load_twice_n(const float *p, size_t n) {
    const __m512i index = _mm512_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7);
    return _mm512_permutexvar_ps(index, v16_load_n(p, n));
}

EWI_INLINE v16 v16_swap(v16 a, size_t n) {
    switch (n) {
    case 1: return _mm512_permute_ps(a, 0xb1);
    case 2: return _mm512_permute_ps(a, 0x4e);
    case 4: return _mm512_shuffle_f32x4(a, a, 0xb1);
    default: return _mm512_shuffle_f32x4(a, a, 0x4e);
    }
}

EWI_INLINE v16 v16_flip(v16 a, uint32_t signs) {
    __m512i flipped = _mm512_mask_xor_epi32(_mm512_castps_si512(a), (__mmask16)signs, _mm512_castps_si512(a),
                                            _mm512_set1_epi32(INT32_MIN));
    return _mm512_castsi512_ps(flipped);
}

typedef __m512i v16_bits;

EWI_INLINE v16_bits v16_bits_zero(void) {
    return _mm512_setzero_si512();
}
EWI_INLINE v16_bits v16_top(v16_bits most, v16 a) {
    return _mm512_max_epu32(most, _mm512_castps_si512(_mm512_abs_ps(a)));
}
EWI_INLINE uint32_t v16_topmost(v16_bits most) {
    return _mm512_reduce_max_epu32(most);
}

EWI_INLINE void v16_store_i8(uint8_t *p, v16 a) {
    _mm_storeu_si128((__m128i *)(void *)p, _mm512_cvtepi32_epi8(_mm512_cvtps_epi32(a)));
}

EWI_INLINE void v16_store_i16(int16_t *p, v16 a) {
    _mm256_storeu_si256((__m256i *)(void *)p, _mm512_cvtepi32_epi16(_mm512_cvtps_epi32(a)));
}

/* Lanes 1 0 3 2 5 4 ... */
EWI_INLINE v16 v16_swap_pairs(v16 a) {
    return _mm512_permute_ps(a, 0xb1);
}

/* y * 2^e, where t = e + EWI_EXPF_ROUND, in two factors 2^(e >> 1) and 2^(e - (e >> 1)). */
EWI_INLINE v16 v16_scale(v16 y, v16 t) {
    const __m512i one = _mm512_set1_epi32(127);
    __m512i e = _mm512_sub_epi32(_mm512_castps_si512(t), _mm512_set1_epi32((int)EWI_EXPF_ROUND_BITS));
    __m512i half = _mm512_srai_epi32(e, 1);
    __m512i first = _mm512_slli_epi32(_mm512_add_epi32(half, one), 23);
    __m512i second = _mm512_slli_epi32(_mm512_add_epi32(_mm512_sub_epi32(e, half), one), 23);
    return _mm512_mul_ps(_mm512_mul_ps(y, _mm512_castsi512_ps(first)), _mm512_castsi512_ps(second));
}

#endif
#endif
