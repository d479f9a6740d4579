/*
 * vi_neon.h: integer vectors as Advanced SIMD registers: four outputs each. See wide/vi.h.
 *
 * One header for three levels: the products of bytes are widened and added in pairs, or one instruction with
 * FEAT_DotProd (signed by signed), or with FEAT_I8MM (unsigned by signed).
 */
#ifndef EW_KERNELS_ARM_VI_NEON_H
#define EW_KERNELS_ARM_VI_NEON_H
#if defined(__aarch64__) && defined(__ARM_NEON)

#include <arm_neon.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/compiler.h"

#define VI_N 4
/* 16 integer accumulators of 32 registers. */
#define VI_ROWS           4
#define VI_COLS           4
#define VI_FEW_COLS(rows) ((rows) <= 4 ? 4 : 2)
#define VI_AHEAD          0

typedef int32x4_t vi;
typedef float32x4_t vf;
typedef uint8x16_t vb;

EWI_INLINE vi vi_set1(int32_t x) {
    return vdupq_n_s32(x);
}
EWI_INLINE vi vi_load(const void *p) {
    return vreinterpretq_s32_u8(vld1q_u8((const uint8_t *)p));
}
EWI_INLINE vi vi_add(vi a, vi b) {
    return vaddq_s32(a, b);
}
EWI_INLINE vi vi_sub(vi a, vi b) {
    return vsubq_s32(a, b);
}
EWI_INLINE vi vi_mul(vi a, vi b) {
    return vmulq_s32(a, b);
}
/* a p[0] + b p[1] of two i16, in all lanes; a and b are i16 too. */
EWI_INLINE vi vi_pair(const int8_t *p, int32_t a, int32_t b) {
    int16_t pair[2];
    memcpy(pair, p, sizeof pair);
    return vi_set1(a * pair[0] + b * pair[1]);
}

#define VI_PAIR(i) 128
/* acc + m (p[0] + p[1]) of i16, lane by lane: the sum comes first. */
EWI_INLINE vi vi_dot_pair(vi acc, vi m, const int8_t *p) {
    return vmlaq_s32(acc, m, vi_pair(p, 1, 1));
}

/* Four bytes, twice. */
EWI_INLINE uint8x8_t vi_four(const void *p) {
    uint32_t four;
    memcpy(&four, p, sizeof four);
    return vreinterpret_u8_u32(vdup_n_u32(four));
}
EWI_INLINE vi vi_load_u8(const uint8_t *p) {
    return vreinterpretq_s32_u32(vmovl_u16(vget_low_u16(vmovl_u8(vi_four(p)))));
}
EWI_INLINE vi vi_load_i8(const uint8_t *p) {
    return vmovl_s16(vget_low_s16(vmovl_s8(vreinterpret_s8_u8(vi_four(p)))));
}
EWI_INLINE vi vi_load_low4(const uint8_t *p) {
    return vandq_s32(vi_load_u8(p), vdupq_n_s32(15));
}
EWI_INLINE vi vi_load_high4(const uint8_t *p) {
    return vshrq_n_s32(vi_load_u8(p), 4);
}

EWI_INLINE vf vf_set1(float x) {
    return vdupq_n_f32(x);
}
EWI_INLINE vf vf_from(vi a) {
    return vcvtq_f32_s32(a);
}
EWI_INLINE vf vf_load(const void *p) {
    return vreinterpretq_f32_u8(vld1q_u8((const uint8_t *)p));
}
EWI_INLINE vf vf_load_f16(const void *p) {
    return vcvt_f32_f16(vreinterpret_f16_u8(vld1_u8((const uint8_t *)p)));
}
EWI_INLINE void vf_store(float *p, vf a) {
    vst1q_f32(p, a);
}
EWI_INLINE void vf_store_n(float *p, vf a, size_t n) {
    float lanes[VI_N];
    vst1q_f32(lanes, a);
    memcpy(p, lanes, n * sizeof *p);
}
EWI_INLINE vf vf_add(vf a, vf b) {
    return vaddq_f32(a, b);
}
EWI_INLINE vf vf_mul(vf a, vf b) {
    return vmulq_f32(a, b);
}
EWI_INLINE vf vf_fma(vf a, vf b, vf c) {
    return vfmaq_f32(c, a, b);
}
EWI_INLINE vf vf_fms(vf a, vf b, vf c) {
    return vfmaq_f32(vnegq_f32(c), a, b);
}

EWI_INLINE vb vb_load(const uint8_t *p) {
    return vld1q_u8(p);
}
EWI_INLINE void vb_store(uint8_t *p, vb a) {
    vst1q_u8(p, a);
}
EWI_INLINE vb vb_or(vb a, vb b) {
    return vorrq_u8(a, b);
}
EWI_INLINE vb vb_and(vb a, uint8_t mask) {
    return vandq_u8(a, vdupq_n_u8(mask));
}
/* By bytes: what would cross them is not wanted. */
EWI_INLINE vb vb_left(vb a, unsigned n) {
    return vshlq_u8(a, vdupq_n_s8((int8_t)n));
}
EWI_INLINE vb vb_right(vb a, unsigned n) {
    return vshlq_u8(a, vdupq_n_s8((int8_t)(0 - (int)n)));
}
EWI_INLINE vb vb_add(vb a, vb b) {
    return vaddq_u8(a, b);
}
EWI_INLINE vb vb_sub(vb a, vb b) {
    return vsubq_u8(a, b);
}
EWI_INLINE vi vi_pick(vb a, const uint8_t index[16]) {
    return vreinterpretq_s32_u8(vqtbl1q_u8(a, vld1q_u8(index)));
}
EWI_INLINE vb vb_look_up(const uint8_t table[16], vb a) {
    return vqtbl1q_u8(vld1q_u8(table), a);
}
EWI_INLINE vb vb_set1(uint8_t x) {
    return vdupq_n_u8(x);
}
EWI_INLINE vb vb_repeat(vi a) {
    return vreinterpretq_u8_s32(vmulq_n_s32(a, 0x01010101));
}
EWI_INLINE vb vb_mul(vb a, vb b) {
    return vmulq_u8(a, b);
}
EWI_INLINE void vb_prefetch(const uint8_t *p) {
    __builtin_prefetch(p);
}

#define VI_HALF_ROWS 4
EWI_INLINE vi vi_dot16(vi acc, vi w, const int16_t *x) {
    uint32_t pair;
    memcpy(&pair, x, sizeof pair);
    const int16x4_t both = vreinterpret_s16_u32(vdup_n_u32(pair));
    const int16x8_t codes = vreinterpretq_s16_s32(w);
    int32x4_t low = vmull_s16(vget_low_s16(codes), both), high = vmull_s16(vget_high_s16(codes), both);
    return vaddq_s32(acc, vpaddq_s32(low, high));
}

/* ---- products of bytes ---- */

#if defined(__ARM_FEATURE_DOTPROD)

EWI_INLINE int8x16_t vi_inputs(const int8_t *x) {
    return vreinterpretq_s8_u8(vcombine_u8(vi_four(x), vi_four(x)));
}
EWI_INLINE vi vi_dot_signed(vi acc, int8x16_t w, const int8_t *x) {
    return vdotq_s32(acc, w, vi_inputs(x));
}

#else

/* Two products of -128..127 and -127..127 fit 16 bits. */
EWI_INLINE vi vi_dot_signed(vi acc, int8x16_t w, const int8_t *x) {
    const int8x8_t four = vreinterpret_s8_u8(vi_four(x));
    int16x8_t low = vmull_s8(vget_low_s8(w), four), high = vmull_s8(vget_high_s8(w), four);
    return vpadalq_s16(acc, vpaddq_s16(low, high));
}

#endif

/* Codes below 128 are the same as signed bytes. */
EWI_INLINE vi vi_dot(vi acc, vb codes, const int8_t *x) {
    return vi_dot_signed(acc, vreinterpretq_s8_u8(codes), x);
}

#if defined(__ARM_FEATURE_MATMUL_INT8)

#define VI_DOT8_ZERO 128

EWI_INLINE vi vi_dot8(vi acc, vb codes, const int8_t *x) {
    return vusdotq_s32(acc, codes, vi_inputs(x));
}

#else

/* Codes become signed first, and lose their zero. */
#define VI_DOT8_ZERO 0

EWI_INLINE vi vi_dot8(vi acc, vb codes, const int8_t *x) {
    return vi_dot_signed(acc, vreinterpretq_s8_u8(veorq_u8(codes, vdupq_n_u8(0x80))), x);
}

#endif

#endif
#endif
