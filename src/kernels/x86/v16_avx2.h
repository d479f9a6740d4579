/*
 * v16_avx2.h: sixteen float lanes as two AVX2 registers. See wide/v16.h.
 */
#ifndef EW_KERNELS_X86_V16_AVX2_H
#define EW_KERNELS_X86_V16_AVX2_H
#if defined(__AVX2__) && defined(__FMA__) && defined(__F16C__)

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/compiler.h"
#include "kernels/expf.h"

/* 12 registers of accumulators and 4 of weights: all 16; inputs come from memory. */
#define V16_ROWS 3
#define V16_COLS 2

typedef struct v16 {
    __m256 lo, hi;
} v16;

/* What one register holds: lanes 0-7 or 8-15. */
typedef __m256 v16_part;
#define V16_PARTS      2
#define V16_PART(a, p) (*((p) == 0 ? &(a).lo : &(a).hi))

EWI_INLINE v16 v16_zero(void) {
    return (v16){_mm256_setzero_ps(), _mm256_setzero_ps()};
}
EWI_INLINE v16 v16_set1(float x) {
    return (v16){_mm256_set1_ps(x), _mm256_set1_ps(x)};
}
EWI_INLINE float v16_get0(v16 a) {
    return _mm256_cvtss_f32(a.lo);
}

EWI_INLINE v16 v16_add(v16 a, v16 b) {
    return (v16){_mm256_add_ps(a.lo, b.lo), _mm256_add_ps(a.hi, b.hi)};
}
EWI_INLINE v16 v16_sub(v16 a, v16 b) {
    return (v16){_mm256_sub_ps(a.lo, b.lo), _mm256_sub_ps(a.hi, b.hi)};
}
EWI_INLINE v16 v16_mul(v16 a, v16 b) {
    return (v16){_mm256_mul_ps(a.lo, b.lo), _mm256_mul_ps(a.hi, b.hi)};
}
EWI_INLINE v16 v16_div(v16 a, v16 b) {
    return (v16){_mm256_div_ps(a.lo, b.lo), _mm256_div_ps(a.hi, b.hi)};
}
EWI_INLINE v16 v16_max(v16 a, v16 b) {
    return (v16){_mm256_max_ps(a.lo, b.lo), _mm256_max_ps(a.hi, b.hi)};
}
EWI_INLINE v16 v16_min(v16 a, v16 b) {
    return (v16){_mm256_min_ps(a.lo, b.lo), _mm256_min_ps(a.hi, b.hi)};
}
EWI_INLINE v16_part v16_part_fma(v16_part a, v16_part b, v16_part c) {
    return _mm256_fmadd_ps(a, b, c);
}
EWI_INLINE v16 v16_fma(v16 a, v16 b, v16 c) {
    return (v16){_mm256_fmadd_ps(a.lo, b.lo, c.lo), _mm256_fmadd_ps(a.hi, b.hi, c.hi)};
}
EWI_INLINE v16 v16_fms(v16 a, v16 b, v16 c) {
    return (v16){_mm256_fmsub_ps(a.lo, b.lo, c.lo), _mm256_fmsub_ps(a.hi, b.hi, c.hi)};
}
EWI_INLINE v16 v16_fmaddsub(v16 a, v16 b, v16 c) {
    return (v16){_mm256_fmaddsub_ps(a.lo, b.lo, c.lo), _mm256_fmaddsub_ps(a.hi, b.hi, c.hi)};
}

EWI_INLINE unsigned v16_equal(v16 a, v16 b) {
    unsigned lo = (unsigned)_mm256_movemask_ps(_mm256_cmp_ps(a.lo, b.lo, _CMP_EQ_OQ));
    return lo | (unsigned)_mm256_movemask_ps(_mm256_cmp_ps(a.hi, b.hi, _CMP_EQ_OQ)) << 8;
}

/* ---- memory ---- */

/* All ones in the first n of 16 lanes: lanes 0-7 or 8-15 of them. */
EWI_INLINE __m256i v16_mask(size_t n, size_t from) {
    static const int32_t ones[32] = {-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1};
    return _mm256_loadu_si256((const void *)(ones + (16 - n) + from));
}

EWI_INLINE v16_part v16_part_load(const void *p, size_t part) {
    return _mm256_loadu_ps((const float *)p + 8 * part);
}
/* Keeps a in a register: compilers would load it for each use, and loads are what limits a tile. */
EWI_INLINE v16_part v16_part_keep(v16_part a) {
    __asm__("" : "+x"(a));
    return a;
}
EWI_INLINE v16 v16_load(const void *p) {
    return (v16){v16_part_load(p, 0), v16_part_load(p, 1)};
}
EWI_INLINE v16 v16_load_n(const void *p, size_t n) {
    const float *x = (const float *)p;
    return (v16){_mm256_maskload_ps(x, v16_mask(n, 0)), _mm256_maskload_ps(x + 8, v16_mask(n, 8))};
}
EWI_INLINE void v16_store(float *p, v16 a) {
    _mm256_storeu_ps(p, a.lo);
    _mm256_storeu_ps(p + 8, a.hi);
}
EWI_INLINE void v16_store_n(float *p, v16 a, size_t n) {
    _mm256_maskstore_ps(p, v16_mask(n, 0), a.lo);
    _mm256_maskstore_ps(p + 8, v16_mask(n, 8), a.hi);
}

EWI_INLINE v16_part v16_part_load_f16(const void *p, size_t part) {
    return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)p + part));
}
EWI_INLINE v16 v16_load_f16(const void *p) {
    return (v16){v16_part_load_f16(p, 0), v16_part_load_f16(p, 1)};
}
EWI_INLINE v16 v16_load_f16_n(const void *p, size_t n) {
    uint16_t h[16] = {0};
    memcpy(h, p, n * sizeof *h);
    return v16_load_f16(h);
}

EWI_INLINE v16_part v16_part_load_i8(const void *p, size_t part) {
    __m128i codes = _mm_loadl_epi64((const __m128i *)(const void *)((const uint8_t *)p + 8 * part));
    return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(codes));
}
EWI_INLINE v16 v16_load_i8(const void *p) {
    return (v16){v16_part_load_i8(p, 0), v16_part_load_i8(p, 1)};
}

/* Each lane's four bytes, shifted so that its code comes to the top. */
EWI_INLINE v16_part v16_part_load_i4(const void *p, size_t part) {
    const __m256i left = part == 0 ? _mm256_setr_epi32(28, 28, 24, 24, 20, 20, 16, 16)
                                   : _mm256_setr_epi32(12, 12, 8, 8, 4, 4, 0, 0);
    int64_t fours;
    memcpy(&fours, p, sizeof fours);
    return _mm256_cvtepi32_ps(_mm256_srai_epi32(_mm256_sllv_epi32(_mm256_set1_epi64x(fours), left), 28));
}
EWI_INLINE v16 v16_load_i4(const void *p) {
    return (v16){v16_part_load_i4(p, 0), v16_part_load_i4(p, 1)};
}

EWI_INLINE v16_part v16_part_load_bf16(const void *p, size_t part) {
    __m256i wide = _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)p + part));
    return _mm256_castsi256_ps(_mm256_slli_epi32(wide, 16));
}
EWI_INLINE v16 v16_load_bf16(const void *p) {
    return (v16){v16_part_load_bf16(p, 0), v16_part_load_bf16(p, 1)};
}
EWI_INLINE v16 v16_load_bf16_n(const void *p, size_t n) {
    uint16_t b[16] = {0};
    memcpy(b, p, n * sizeof *b);
    return v16_load_bf16(b);
}

EWI_INLINE void v16_store_f16(void *p, v16 a) {
    __m128i *h = (__m128i *)p;
    _mm_storeu_si128(h, _mm256_cvtps_ph(a.lo, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
    _mm_storeu_si128(h + 1, _mm256_cvtps_ph(a.hi, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
}
EWI_INLINE void v16_store_f16_n(void *p, v16 a, size_t n) {
    uint16_t h[16];
    v16_store_f16(h, a);
    memcpy(p, h, n * sizeof *h);
}

/* ---- across lanes ---- */

/* Lane j of the result is lane j + lane j + 8. */
EWI_INLINE __m256 v16_fold(v16 a) {
    return _mm256_add_ps(a.lo, a.hi);
}

/* Lane j of the result is the larger of lanes j and j + 8. */
EWI_INLINE __m256 v16_fold_max(v16 a) {
    return _mm256_max_ps(a.lo, a.hi);
}

/* p[0] p[0] p[1] p[1] ... p[7] p[7] of the first n <= 8. */
EWI_INLINE v16 v16_load_twice_n(const float *p, size_t n) {
    __m256 a = _mm256_maskload_ps(p, v16_mask(n, 0));
    __m256 low = _mm256_unpacklo_ps(a, a), high = _mm256_unpackhi_ps(a, a);
    return (v16){_mm256_permute2f128_ps(low, high, 0x20), _mm256_permute2f128_ps(low, high, 0x31)};
}

EWI_INLINE v16 v16_swap(v16 a, size_t n) {
    switch (n) {
    case 1: return (v16){_mm256_permute_ps(a.lo, 0xb1), _mm256_permute_ps(a.hi, 0xb1)};
    case 2: return (v16){_mm256_permute_ps(a.lo, 0x4e), _mm256_permute_ps(a.hi, 0x4e)};
    case 4: return (v16){_mm256_permute2f128_ps(a.lo, a.lo, 1), _mm256_permute2f128_ps(a.hi, a.hi, 1)};
    default: return (v16){a.hi, a.lo};
    }
}

EWI_INLINE __m256 v16_flip_half(__m256 a, uint32_t signs) {
    const __m256i bit = _mm256_setr_epi32(1 << 0, 1 << 1, 1 << 2, 1 << 3, 1 << 4, 1 << 5, 1 << 6, 1 << 7);
    __m256i set = _mm256_cmpeq_epi32(_mm256_and_si256(_mm256_set1_epi32((int)signs), bit), bit);
    return _mm256_xor_ps(a, _mm256_castsi256_ps(_mm256_slli_epi32(set, 31)));
}
EWI_INLINE v16 v16_flip(v16 a, uint32_t signs) {
    return (v16){v16_flip_half(a.lo, signs), v16_flip_half(a.hi, signs >> 8)};
}

typedef struct v16_bits {
    __m256i lo, hi;
} v16_bits;

EWI_INLINE v16_bits v16_bits_zero(void) {
    return (v16_bits){_mm256_setzero_si256(), _mm256_setzero_si256()};
}
EWI_INLINE __m256i v16_abs_bits(__m256 a) {
    return _mm256_and_si256(_mm256_castps_si256(a), _mm256_set1_epi32(INT32_MAX));
}
EWI_INLINE v16_bits v16_top(v16_bits most, v16 a) {
    return (v16_bits){_mm256_max_epu32(most.lo, v16_abs_bits(a.lo)),
                      _mm256_max_epu32(most.hi, v16_abs_bits(a.hi))};
}
EWI_INLINE uint32_t v16_topmost(v16_bits most) {
    uint32_t lane[8], top = 0;
    _mm256_storeu_si256((__m256i *)(void *)lane, _mm256_max_epu32(most.lo, most.hi));
    for (int i = 0; i < 8; i++) top = lane[i] > top ? lane[i] : top;
    return top;
}

EWI_INLINE __m256i v16_to_i16(v16 a) {
    __m256i pairs = _mm256_packs_epi32(_mm256_cvtps_epi32(a.lo), _mm256_cvtps_epi32(a.hi));
    return _mm256_permute4x64_epi64(pairs, 0xd8); /* the pack works within halves */
}
EWI_INLINE void v16_store_i16(int16_t *p, v16 a) {
    _mm256_storeu_si256((__m256i *)(void *)p, v16_to_i16(a));
}
EWI_INLINE void v16_store_i8(uint8_t *p, v16 a) {
    __m256i pairs = v16_to_i16(a);
    __m128i bytes = _mm_packs_epi16(_mm256_castsi256_si128(pairs), _mm256_extracti128_si256(pairs, 1));
    _mm_storeu_si128((__m128i *)(void *)p, bytes);
}

/* Lanes 1 0 3 2 5 4 ... */
EWI_INLINE v16 v16_swap_pairs(v16 a) {
    return (v16){_mm256_permute_ps(a.lo, 0xb1), _mm256_permute_ps(a.hi, 0xb1)};
}

EWI_INLINE __m256 v16_scale_half(__m256 y, __m256 t) {
    const __m256i one = _mm256_set1_epi32(127);
    __m256i e = _mm256_sub_epi32(_mm256_castps_si256(t), _mm256_set1_epi32((int)EWI_EXPF_ROUND_BITS));
    __m256i half = _mm256_srai_epi32(e, 1);
    __m256i first = _mm256_slli_epi32(_mm256_add_epi32(half, one), 23);
    __m256i second = _mm256_slli_epi32(_mm256_add_epi32(_mm256_sub_epi32(e, half), one), 23);
    return _mm256_mul_ps(_mm256_mul_ps(y, _mm256_castsi256_ps(first)), _mm256_castsi256_ps(second));
}

/* y * 2^e, where t = e + EWI_EXPF_ROUND, in two factors 2^(e >> 1) and 2^(e - (e >> 1)). */
EWI_INLINE v16 v16_scale(v16 y, v16 t) {
    return (v16){v16_scale_half(y.lo, t.lo), v16_scale_half(y.hi, t.hi)};
}

#endif
#endif
