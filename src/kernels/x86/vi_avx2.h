/*
 * vi_avx2.h: integer vectors as AVX2 registers. See wide/vi.h.
 */
#ifndef EW_KERNELS_X86_VI_AVX2_H
#define EW_KERNELS_X86_VI_AVX2_H
#ifdef __AVX2__

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/compiler.h"

#define VI_N 8
/* 8 integer accumulators; the float ones wait in the first-level cache. */
#define VI_ROWS           4
#define VI_COLS           2
#define VI_FEW_COLS(rows) ((rows) == 1 ? 4 : 2)
/* Codes that take many steps to unpack: the processor's own prefetcher comes too late. */
#define VI_AHEAD 2048

typedef __m256i vi;
typedef __m256 vf;
typedef __m256i vb;

EWI_INLINE vi vi_set1(int32_t x) {
    return _mm256_set1_epi32(x);
}
EWI_INLINE vi vi_load(const void *p) {
    return _mm256_loadu_si256((const __m256i *)p);
}
EWI_INLINE vi vi_add(vi a, vi b) {
    return _mm256_add_epi32(a, b);
}
EWI_INLINE vi vi_sub(vi a, vi b) {
    return _mm256_sub_epi32(a, b);
}
EWI_INLINE vi vi_mul(vi a, vi b) {
    return _mm256_mullo_epi32(a, b);
}
/* a p[0] + b p[1] of two i16, in all lanes; a and b are i16 too. */
EWI_INLINE vi vi_pair(const int8_t *p, int32_t a, int32_t b) {
    int32_t pair;
    memcpy(&pair, p, sizeof pair);
    return _mm256_madd_epi16(_mm256_set1_epi32(pair),
                             _mm256_set1_epi32((int32_t)((uint32_t)b << 16 | (uint16_t)a)));
}
#define VI_PAIR(i) (i)
/* acc + m[0] p[0] + m[1] p[1] of i16, lane by lane. */
EWI_INLINE vi vi_dot_pair(vi acc, vi m, const int8_t *p) {
    int32_t pair;
    memcpy(&pair, p, sizeof pair);
    return _mm256_add_epi32(acc, _mm256_madd_epi16(m, _mm256_set1_epi32(pair)));
}
EWI_INLINE vi vi_load_u8(const uint8_t *p) {
    return _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)(const void *)p));
}
EWI_INLINE vi vi_load_i8(const uint8_t *p) {
    return _mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)(const void *)p));
}
EWI_INLINE vi vi_load_low4(const uint8_t *p) {
    return _mm256_and_si256(vi_load_u8(p), _mm256_set1_epi32(15));
}
EWI_INLINE vi vi_load_high4(const uint8_t *p) {
    return _mm256_srli_epi32(vi_load_u8(p), 4);
}

EWI_INLINE vf vf_set1(float x) {
    return _mm256_set1_ps(x);
}
EWI_INLINE vf vf_from(vi a) {
    return _mm256_cvtepi32_ps(a);
}
EWI_INLINE vf vf_load(const void *p) {
    return _mm256_loadu_ps(p);
}
EWI_INLINE vf vf_load_f16(const void *p) {
    return _mm256_cvtph_ps(_mm_loadu_si128(p));
}
EWI_INLINE void vf_store(float *p, vf a) {
    _mm256_storeu_ps(p, a);
}
EWI_INLINE void vf_store_n(float *p, vf a, size_t n) {
    float lanes[VI_N];
    _mm256_storeu_ps(lanes, a);
    memcpy(p, lanes, n * sizeof *p);
}
EWI_INLINE vf vf_add(vf a, vf b) {
    return _mm256_add_ps(a, b);
}
EWI_INLINE vf vf_mul(vf a, vf b) {
    return _mm256_mul_ps(a, b);
}
EWI_INLINE vf vf_fma(vf a, vf b, vf c) {
    return _mm256_fmadd_ps(a, b, c);
}
EWI_INLINE vf vf_fms(vf a, vf b, vf c) {
    return _mm256_fmsub_ps(a, b, c);
}

EWI_INLINE vb vb_load(const uint8_t *p) {
    return _mm256_loadu_si256((const __m256i *)(const void *)p);
}
EWI_INLINE void vb_store(uint8_t *p, vb a) {
    _mm256_storeu_si256((__m256i *)(void *)p, a);
}
EWI_INLINE vb vb_or(vb a, vb b) {
    return _mm256_or_si256(a, b);
}
EWI_INLINE vb vb_and(vb a, uint8_t mask) {
    return _mm256_and_si256(a, _mm256_set1_epi8((char)mask));
}
EWI_INLINE vb vb_left(vb a, unsigned n) {
    return _mm256_slli_epi16(a, (int)n);
}
EWI_INLINE vb vb_right(vb a, unsigned n) {
    return _mm256_srli_epi16(a, (int)n);
}
EWI_INLINE vb vb_add(vb a, vb b) {
    return _mm256_add_epi8(a, b);
}
EWI_INLINE vb vb_sub(vb a, vb b) {
    return _mm256_sub_epi8(a, b);
}
EWI_INLINE vi vi_pick(vb a, const uint8_t index[16]) {
    return _mm256_shuffle_epi8(
        a, _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)index)));
}
EWI_INLINE vb vb_look_up(const uint8_t table[16], vb a) {
    return _mm256_shuffle_epi8(
        _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)table)), a);
}
EWI_INLINE vb vb_set1(uint8_t x) {
    return _mm256_set1_epi8((char)x);
}
EWI_INLINE vb vb_repeat(vi a) {
    return _mm256_mullo_epi32(a, _mm256_set1_epi32(0x01010101));
}
EWI_INLINE vb vb_mul(vb a, vb b) {
    __m256i even = _mm256_maddubs_epi16(_mm256_and_si256(a, _mm256_set1_epi16(0x00ff)), b);
    __m256i odd = _mm256_maddubs_epi16(_mm256_andnot_si256(_mm256_set1_epi16(0x00ff), a), b);
    return _mm256_or_si256(_mm256_and_si256(even, _mm256_set1_epi16(0x00ff)), _mm256_slli_epi16(odd, 8));
}

/* vpmaddubsw saturates beyond 2 x 128 x 127: codes of 8 bits become signed first, and lose their zero. */
#define VI_DOT8_ZERO 0

/* A sum stays the chain that it is written as: made a tree of, its terms would wait outside of registers. */
EWI_INLINE vi vi_keep(vi sum) {
    __asm__ volatile("" : "+x"(sum));
    return sum;
}

EWI_INLINE vb vi_four(const int8_t *x) {
    int32_t four;
    memcpy(&four, x, sizeof four);
    return _mm256_set1_epi32(four);
}
/* Codes below 128. */
EWI_INLINE vi vi_dot(vi acc, vb codes, const int8_t *x) {
    __m256i pairs = _mm256_maddubs_epi16(codes, vi_four(x));
    return vi_keep(_mm256_add_epi32(acc, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1))));
}
/* Products summed in pairs of 16 bits: 2 x 127 codes each, so runs of 8 codes below 16, of 4 below 32 and of
 * 2 below 64 stay below 2^15. */
#define VI_RUNS
EWI_INLINE vi vi_run(vi pairs, vb codes, const int8_t *x) {
    return vi_keep(_mm256_add_epi16(pairs, _mm256_maddubs_epi16(codes, vi_four(x))));
}
EWI_INLINE vi vi_end_run(vi acc, vi pairs) {
    return vi_keep(_mm256_add_epi32(acc, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1))));
}
#define VI_HALF_ROWS 6
EWI_INLINE vi vi_dot16(vi acc, vi w, const int16_t *x) {
    int32_t pair;
    memcpy(&pair, x, sizeof pair);
    /* In the register of acc: GCC would copy accumulators. */
    __asm__ volatile("vpaddd %1, %0, %0" : "+x"(acc) : "x"(_mm256_madd_epi16(w, _mm256_set1_epi32(pair))));
    return acc;
}
/* |w| times x with w's sign: w is -128..127, x is -127..127. */
EWI_INLINE vi vi_dot8(vi acc, vb codes, const int8_t *x) {
    __m256i w = _mm256_xor_si256(codes, _mm256_set1_epi8((char)0x80));
    __m256i pairs = _mm256_maddubs_epi16(_mm256_abs_epi8(w), _mm256_sign_epi8(vi_four(x), w));
    return vi_keep(_mm256_add_epi32(acc, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1))));
}

EWI_INLINE void vb_prefetch(const uint8_t *p) {
    _mm_prefetch((const char *)p, _MM_HINT_T0);
}

#endif
#endif
