/*
 * vi_vnni.h: integer vectors as AVX-512 registers with VNNI. See wide/vi.h.
 */
#ifndef EW_KERNELS_X86_VI_VNNI_H
#define EW_KERNELS_X86_VI_VNNI_H
#ifdef __AVX512VNNI__

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/compiler.h"

#define VI_N 16
/* 12 integer and 12 float accumulators of 32 registers. */
#define VI_ROWS           6
#define VI_COLS           2
#define VI_FEW_COLS(rows) ((rows) == 1 ? 4 : 2)
/* A line at once: asking for memory ahead of the prefetcher costs more than it brings. */
#define VI_AHEAD 0

/* The two compilers' headers disagree on the type of a count. */
#if defined(__clang__)
#define VI_COUNT(n) (n)
#else
#define VI_COUNT(n) ((int)(n))
#endif

typedef __m512i vi;
typedef __m512 vf;
typedef __m512i vb;

EWI_INLINE vi vi_set1(int32_t x) {
    return _mm512_set1_epi32(x);
}
EWI_INLINE vi vi_load(const void *p) {
    return _mm512_loadu_si512(p);
}
EWI_INLINE vi vi_add(vi a, vi b) {
    return _mm512_add_epi32(a, b);
}
EWI_INLINE vi vi_sub(vi a, vi b) {
    return _mm512_sub_epi32(a, b);
}
EWI_INLINE vi vi_mul(vi a, vi b) {
    return _mm512_mullo_epi32(a, b);
}
/* a p[0] + b p[1] of two i16, in all lanes; a and b are i16 too. */
EWI_INLINE vi vi_pair(const int8_t *p, int32_t a, int32_t b) {
    int32_t pair;
    memcpy(&pair, p, sizeof pair);
    return _mm512_madd_epi16(_mm512_set1_epi32(pair),
                             _mm512_set1_epi32((int32_t)((uint32_t)b << 16 | (uint16_t)a)));
}
#define VI_PAIR(i) (i)
/* acc + m[0] p[0] + m[1] p[1] of i16, lane by lane. */
EWI_INLINE vi vi_dot_pair(vi acc, vi m, const int8_t *p) {
    int32_t pair;
    memcpy(&pair, p, sizeof pair);
    return _mm512_dpwssd_epi32(acc, m, _mm512_set1_epi32(pair));
}
EWI_INLINE vi vi_load_u8(const uint8_t *p) {
    return _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)(const void *)p));
}
EWI_INLINE vi vi_load_i8(const uint8_t *p) {
    return _mm512_cvtepi8_epi32(_mm_loadu_si128((const __m128i *)(const void *)p));
}
EWI_INLINE vi vi_load_low4(const uint8_t *p) {
    return _mm512_and_si512(vi_load_u8(p), _mm512_set1_epi32(15));
}
EWI_INLINE vi vi_load_high4(const uint8_t *p) {
    return _mm512_srli_epi32(vi_load_u8(p), 4);
}

EWI_INLINE vf vf_set1(float x) {
    return _mm512_set1_ps(x);
}
EWI_INLINE vf vf_from(vi a) {
    return _mm512_cvtepi32_ps(a);
}
EWI_INLINE vf vf_load(const void *p) {
    return _mm512_loadu_ps(p);
}
EWI_INLINE vf vf_load_f16(const void *p) {
    return _mm512_cvtph_ps(_mm256_loadu_si256(p));
}
EWI_INLINE void vf_store(float *p, vf a) {
    _mm512_storeu_ps(p, a);
}
EWI_INLINE void vf_store_n(float *p, vf a, size_t n) {
    _mm512_mask_storeu_ps(p, (__mmask16)((1u << n) - 1u), a);
}
EWI_INLINE vf vf_add(vf a, vf b) {
    return _mm512_add_ps(a, b);
}
EWI_INLINE vf vf_mul(vf a, vf b) {
    return _mm512_mul_ps(a, b);
}
EWI_INLINE vf vf_fma(vf a, vf b, vf c) {
    return _mm512_fmadd_ps(a, b, c);
}
EWI_INLINE vf vf_fms(vf a, vf b, vf c) {
    return _mm512_fmsub_ps(a, b, c);
}

EWI_INLINE vb vb_load(const uint8_t *p) {
    return _mm512_loadu_si512(p);
}
EWI_INLINE void vb_store(uint8_t *p, vb a) {
    _mm512_storeu_si512(p, a);
}
EWI_INLINE vb vb_or(vb a, vb b) {
    return _mm512_or_si512(a, b);
}
EWI_INLINE vb vb_and(vb a, uint8_t mask) {
    return _mm512_and_si512(a, _mm512_set1_epi8((char)mask));
}
EWI_INLINE vb vb_left(vb a, unsigned n) {
    return _mm512_slli_epi16(a, VI_COUNT(n));
}
EWI_INLINE vb vb_right(vb a, unsigned n) {
    return _mm512_srli_epi16(a, VI_COUNT(n));
}
EWI_INLINE vb vb_add(vb a, vb b) {
    return _mm512_add_epi8(a, b);
}
EWI_INLINE vb vb_sub(vb a, vb b) {
    return _mm512_sub_epi8(a, b);
}
EWI_INLINE vi vi_pick(vb a, const uint8_t index[16]) {
    return _mm512_shuffle_epi8(a,
                               _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)(const void *)index)));
}
EWI_INLINE vb vb_look_up(const uint8_t table[16], vb a) {
    return _mm512_shuffle_epi8(_mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)(const void *)table)),
                               a);
}
EWI_INLINE vb vb_set1(uint8_t x) {
    return _mm512_set1_epi8((char)x);
}
/* Lanes of 0..255, each as four bytes. */
EWI_INLINE vb vb_repeat(vi a) {
    return _mm512_mullo_epi32(a, _mm512_set1_epi32(0x01010101));
}
/* Bytes of a times bytes of b (below 128), the low 8 bits. */
EWI_INLINE vb vb_mul(vb a, vb b) {
    __m512i even = _mm512_maddubs_epi16(_mm512_and_si512(a, _mm512_set1_epi16(0x00ff)), b);
    __m512i odd = _mm512_maddubs_epi16(_mm512_andnot_si512(_mm512_set1_epi16(0x00ff), a), b);
    return _mm512_or_si512(_mm512_and_si512(even, _mm512_set1_epi16(0x00ff)), _mm512_slli_epi16(odd, 8));
}

/* Unsigned by signed bytes at any value: codes keep their zero point, and sums take it out. */
#define VI_DOT8_ZERO 128

EWI_INLINE vi vi_dot(vi acc, vb codes, const int8_t *x) {
    int32_t four;
    memcpy(&four, x, sizeof four);
    return _mm512_dpbusd_epi32(acc, codes, _mm512_set1_epi32(four));
}
#define VI_HALF_ROWS 12
EWI_INLINE vi vi_dot16(vi acc, vi w, const int16_t *x) {
    int32_t pair;
    memcpy(&pair, x, sizeof pair);
    return _mm512_dpwssd_epi32(acc, w, _mm512_set1_epi32(pair));
}
EWI_INLINE vi vi_dot8(vi acc, vb codes, const int8_t *x) {
    return vi_dot(acc, codes, x);
}

EWI_INLINE void vb_prefetch(const uint8_t *p) {
    _mm_prefetch((const char *)p, _MM_HINT_T0);
}

#endif
#endif
