/*
 * v16_neon.h: sixteen float lanes as four Advanced SIMD registers. See wide/v16.h.
 */
#ifndef EW_KERNELS_ARM_V16_NEON_H
#define EW_KERNELS_ARM_V16_NEON_H
#if defined(__aarch64__) && defined(__ARM_NEON)

#include <arm_neon.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/compiler.h"
#include "kernels/expf.h"

/* 24 registers of accumulators, 2 of weights and 1 of input, of 32. */
#define V16_ROWS 3
#define V16_COLS 2

/* Lanes 0-3, 4-7, 8-11, 12-15. */
typedef struct v16 {
    float32x4_t a, b, c, d;
} v16;

/* What one register holds: a quarter of the lanes. */
typedef float32x4_t v16_part;
#define V16_PARTS      4
#define V16_PART(v, p) (*((p) == 0 ? &(v).a : (p) == 1 ? &(v).b : (p) == 2 ? &(v).c : &(v).d))

EWI_INLINE v16 v16_set1(float x) {
    float32x4_t q = vdupq_n_f32(x);
    return (v16){q, q, q, q};
}
EWI_INLINE v16 v16_zero(void) {
    return v16_set1(0.0f);
}
EWI_INLINE float v16_get0(v16 x) {
    return vgetq_lane_f32(x.a, 0);
}

/* f in each register. */
#define V16_EACH1(f, x)    ((v16){f((x).a), f((x).b), f((x).c), f((x).d)})
#define V16_EACH2(f, x, y) ((v16){f((x).a, (y).a), f((x).b, (y).b), f((x).c, (y).c), f((x).d, (y).d)})
#define V16_EACH3(f, x, y, z) \
    ((v16){f((x).a, (y).a, (z).a), f((x).b, (y).b, (z).b), f((x).c, (y).c, (z).c), f((x).d, (y).d, (z).d)})

EWI_INLINE v16 v16_add(v16 x, v16 y) {
    return V16_EACH2(vaddq_f32, x, y);
}
EWI_INLINE v16 v16_sub(v16 x, v16 y) {
    return V16_EACH2(vsubq_f32, x, y);
}
EWI_INLINE v16 v16_mul(v16 x, v16 y) {
    return V16_EACH2(vmulq_f32, x, y);
}
EWI_INLINE v16 v16_div(v16 x, v16 y) {
    return V16_EACH2(vdivq_f32, x, y);
}

/* Not FMAX and FMIN, which give NaN where either is NaN. */
EWI_INLINE float32x4_t v16_part_max(float32x4_t x, float32x4_t y) {
    return vbslq_f32(vcgtq_f32(x, y), x, y);
}
EWI_INLINE float32x4_t v16_part_min(float32x4_t x, float32x4_t y) {
    return vbslq_f32(vcltq_f32(x, y), x, y);
}
EWI_INLINE v16 v16_max(v16 x, v16 y) {
    return V16_EACH2(v16_part_max, x, y);
}
EWI_INLINE v16 v16_min(v16 x, v16 y) {
    return V16_EACH2(v16_part_min, x, y);
}

EWI_INLINE v16_part v16_part_fma(v16_part x, v16_part y, v16_part z) {
    return vfmaq_f32(z, x, y);
}
EWI_INLINE v16 v16_fma(v16 x, v16 y, v16 z) {
    return V16_EACH3(v16_part_fma, x, y, z);
}
EWI_INLINE v16 v16_fms(v16 x, v16 y, v16 z) {
    return v16_fma(x, y, V16_EACH1(vnegq_f32, z));
}
EWI_INLINE float32x4_t v16_negate_even(float32x4_t x) {
    const uint32x4_t signs = vreinterpretq_u32_u64(vdupq_n_u64(0x80000000u));
    return vreinterpretq_f32_u32(veorq_u32(vreinterpretq_u32_f32(x), signs));
}
EWI_INLINE v16 v16_fmaddsub(v16 x, v16 y, v16 z) {
    return v16_fma(x, y, V16_EACH1(v16_negate_even, z));
}

/* Lane j as bit j of the result. */
EWI_INLINE unsigned v16_equal(v16 x, v16 y) {
    static const uint16_t bits[16] = {1,        1u << 1,  1u << 2,  1u << 3, 1u << 4,  1u << 5,
                                      1u << 6,  1u << 7,  1u << 8,  1u << 9, 1u << 10, 1u << 11,
                                      1u << 12, 1u << 13, 1u << 14, 1u << 15};
    uint16x8_t low = vcombine_u16(vmovn_u32(vceqq_f32(x.a, y.a)), vmovn_u32(vceqq_f32(x.b, y.b)));
    uint16x8_t high = vcombine_u16(vmovn_u32(vceqq_f32(x.c, y.c)), vmovn_u32(vceqq_f32(x.d, y.d)));
    low = vandq_u16(low, vld1q_u16(bits));
    return vaddvq_u16(vorrq_u16(low, vandq_u16(high, vld1q_u16(bits + 8))));
}

/* ---- memory: by bytes, so at any address ---- */

EWI_INLINE v16_part v16_part_load(const void *p, size_t part) {
    return vreinterpretq_f32_u8(vld1q_u8((const uint8_t *)p + 16 * part));
}
/* Operands come from registers only: nothing to keep. */
EWI_INLINE v16_part v16_part_keep(v16_part x) {
    return x;
}
EWI_INLINE v16 v16_load(const void *p) {
    return (v16){v16_part_load(p, 0), v16_part_load(p, 1), v16_part_load(p, 2), v16_part_load(p, 3)};
}
EWI_INLINE v16 v16_load_n(const void *p, size_t n) {
    float x[16] = {0};
    memcpy(x, p, n * sizeof *x);
    return v16_load(x);
}
EWI_INLINE void v16_store(float *p, v16 x) {
    vst1q_f32(p, x.a);
    vst1q_f32(p + 4, x.b);
    vst1q_f32(p + 8, x.c);
    vst1q_f32(p + 12, x.d);
}
EWI_INLINE void v16_store_n(float *p, v16 x, size_t n) {
    float lanes[16];
    v16_store(lanes, x);
    memcpy(p, lanes, n * sizeof *lanes);
}

EWI_INLINE v16_part v16_part_load_f16(const void *p, size_t part) {
    return vcvt_f32_f16(vreinterpret_f16_u8(vld1_u8((const uint8_t *)p + 8 * part)));
}
EWI_INLINE v16 v16_load_f16(const void *p) {
    return (v16){v16_part_load_f16(p, 0), v16_part_load_f16(p, 1), v16_part_load_f16(p, 2),
                 v16_part_load_f16(p, 3)};
}
EWI_INLINE v16 v16_load_f16_n(const void *p, size_t n) {
    uint16_t h[16] = {0};
    memcpy(h, p, n * sizeof *h);
    return v16_load_f16(h);
}

EWI_INLINE v16_part v16_part_load_i8(const void *p, size_t part) {
    uint32_t four;
    memcpy(&four, (const uint8_t *)p + 4 * part, sizeof four);
    int16x8_t codes = vmovl_s8(vreinterpret_s8_u32(vdup_n_u32(four)));
    return vcvtq_f32_s32(vmovl_s16(vget_low_s16(codes)));
}
EWI_INLINE v16 v16_load_i8(const void *p) {
    return (v16){v16_part_load_i8(p, 0), v16_part_load_i8(p, 1), v16_part_load_i8(p, 2),
                 v16_part_load_i8(p, 3)};
}

/* Each lane's four bytes, shifted so that its code comes to the top. */
EWI_INLINE v16_part v16_part_load_i4(const void *p, size_t part) {
    static const int32_t left[4][4] = {{28, 28, 24, 24}, {20, 20, 16, 16}, {12, 12, 8, 8}, {4, 4, 0, 0}};
    uint64_t fours;
    memcpy(&fours, p, sizeof fours);
    int32x4_t top = vshlq_s32(vreinterpretq_s32_u64(vdupq_n_u64(fours)), vld1q_s32(left[part]));
    return vcvtq_f32_s32(vshrq_n_s32(top, 28));
}
EWI_INLINE v16 v16_load_i4(const void *p) {
    return (v16){v16_part_load_i4(p, 0), v16_part_load_i4(p, 1), v16_part_load_i4(p, 2),
                 v16_part_load_i4(p, 3)};
}

EWI_INLINE v16_part v16_part_load_bf16(const void *p, size_t part) {
    uint16x4_t b = vreinterpret_u16_u8(vld1_u8((const uint8_t *)p + 8 * part));
    return vreinterpretq_f32_u32(vshll_n_u16(b, 16));
}
EWI_INLINE v16 v16_load_bf16(const void *p) {
    return (v16){v16_part_load_bf16(p, 0), v16_part_load_bf16(p, 1), v16_part_load_bf16(p, 2),
                 v16_part_load_bf16(p, 3)};
}
EWI_INLINE v16 v16_load_bf16_n(const void *p, size_t n) {
    uint16_t b[16] = {0};
    memcpy(b, p, n * sizeof *b);
    return v16_load_bf16(b);
}

EWI_INLINE void v16_store_f16(void *p, v16 x) {
    uint8_t *h = (uint8_t *)p;
    float16x8_t low = vcombine_f16(vcvt_f16_f32(x.a), vcvt_f16_f32(x.b));
    float16x8_t high = vcombine_f16(vcvt_f16_f32(x.c), vcvt_f16_f32(x.d));
    vst1q_u8(h, vreinterpretq_u8_f16(low));
    vst1q_u8(h + 16, vreinterpretq_u8_f16(high));
}
EWI_INLINE void v16_store_f16_n(void *p, v16 x, size_t n) {
    uint16_t h[16];
    v16_store_f16(h, x);
    memcpy(p, h, n * sizeof *h);
}

/* ---- across lanes ---- */

/* p[0] p[0] p[1] p[1] ... p[7] p[7] of the first n <= 8. */
EWI_INLINE v16 v16_load_twice_n(const float *p, size_t n) {
    float x[8] = {0};
    memcpy(x, p, n * sizeof *x);
    float32x4_t low = vld1q_f32(x), high = vld1q_f32(x + 4);
    return (v16){vzip1q_f32(low, low), vzip2q_f32(low, low), vzip1q_f32(high, high), vzip2q_f32(high, high)};
}

/* Lanes 1 0 3 2 5 4 ... */
EWI_INLINE v16 v16_swap_pairs(v16 x) {
    return V16_EACH1(vrev64q_f32, x);
}

EWI_INLINE float32x4_t v16_swap_halves(float32x4_t x) {
    return vextq_f32(x, x, 2);
}
EWI_INLINE v16 v16_swap(v16 x, size_t n) {
    switch (n) {
    case 1: return v16_swap_pairs(x);
    case 2: return V16_EACH1(v16_swap_halves, x);
    case 4: return (v16){x.b, x.a, x.d, x.c};
    default: return (v16){x.c, x.d, x.a, x.b};
    }
}

EWI_INLINE float32x4_t v16_flip_part(float32x4_t x, uint32_t signs) {
    static const uint32_t bits[4] = {1, 2, 4, 8};
    uint32x4_t set = vtstq_u32(vdupq_n_u32(signs), vld1q_u32(bits));
    return vreinterpretq_f32_u32(veorq_u32(vreinterpretq_u32_f32(x), vshlq_n_u32(set, 31)));
}
EWI_INLINE v16 v16_flip(v16 x, uint32_t signs) {
    return (v16){v16_flip_part(x.a, signs), v16_flip_part(x.b, signs >> 4), v16_flip_part(x.c, signs >> 8),
                 v16_flip_part(x.d, signs >> 12)};
}

/* The lanes are not needed apart: four running maxima are enough. */
typedef uint32x4_t v16_bits;

EWI_INLINE v16_bits v16_bits_zero(void) {
    return vdupq_n_u32(0);
}
EWI_INLINE v16_bits v16_top_part(v16_bits most, float32x4_t x) {
    return vmaxq_u32(most, vreinterpretq_u32_f32(vabsq_f32(x)));
}
EWI_INLINE v16_bits v16_top(v16_bits most, v16 x) {
    return v16_top_part(v16_top_part(v16_top_part(v16_top_part(most, x.a), x.b), x.c), x.d);
}
EWI_INLINE uint32_t v16_topmost(v16_bits most) {
    return vmaxvq_u32(most);
}

EWI_INLINE void v16_store_i16(int16_t *p, v16 x) {
    vst1q_s16(p, vcombine_s16(vqmovn_s32(vcvtnq_s32_f32(x.a)), vqmovn_s32(vcvtnq_s32_f32(x.b))));
    vst1q_s16(p + 8, vcombine_s16(vqmovn_s32(vcvtnq_s32_f32(x.c)), vqmovn_s32(vcvtnq_s32_f32(x.d))));
}
EWI_INLINE void v16_store_i8(uint8_t *p, v16 x) {
    int16x8_t low = vcombine_s16(vqmovn_s32(vcvtnq_s32_f32(x.a)), vqmovn_s32(vcvtnq_s32_f32(x.b)));
    int16x8_t high = vcombine_s16(vqmovn_s32(vcvtnq_s32_f32(x.c)), vqmovn_s32(vcvtnq_s32_f32(x.d)));
    vst1q_u8(p, vreinterpretq_u8_s8(vcombine_s8(vqmovn_s16(low), vqmovn_s16(high))));
}

EWI_INLINE float32x4_t v16_scale_part(float32x4_t y, float32x4_t t) {
    const int32x4_t one = vdupq_n_s32(127);
    int32x4_t e = vsubq_s32(vreinterpretq_s32_f32(t), vdupq_n_s32((int32_t)EWI_EXPF_ROUND_BITS));
    int32x4_t half = vshrq_n_s32(e, 1);
    int32x4_t first = vshlq_n_s32(vaddq_s32(half, one), 23);
    int32x4_t second = vshlq_n_s32(vaddq_s32(vsubq_s32(e, half), one), 23);
    return vmulq_f32(vmulq_f32(y, vreinterpretq_f32_s32(first)), vreinterpretq_f32_s32(second));
}

/* y * 2^e, where t = e + EWI_EXPF_ROUND, in two factors 2^(e >> 1) and 2^(e - (e >> 1)). */
EWI_INLINE v16 v16_scale(v16 y, v16 t) {
    return V16_EACH2(v16_scale_part, y, t);
}

/* 8+8, 4+4. */
EWI_INLINE float32x4_t v16_fold(v16 x) {
    return vaddq_f32(vaddq_f32(x.a, x.c), vaddq_f32(x.b, x.d));
}

EWI_INLINE float v16_sum(v16 x) {
    float32x4_t four = v16_fold(x);
    return vpadds_f32(vadd_f32(vget_low_f32(four), vget_high_f32(four)));
}

/* Lanes 0+2, 1+3 of x, then of y. */
EWI_INLINE float32x4_t v16_fold_two(float32x4_t x, float32x4_t y) {
    float64x2_t a = vreinterpretq_f64_f32(x), b = vreinterpretq_f64_f32(y);
    return vaddq_f32(vreinterpretq_f32_f64(vzip1q_f64(a, b)), vreinterpretq_f32_f64(vzip2q_f64(a, b)));
}

/* out[i] = v16_sum(x[i]). */
EWI_INLINE void v16_sum4(float *out, const v16 *x) {
    float32x4_t low = v16_fold_two(v16_fold(x[0]), v16_fold(x[1]));
    float32x4_t high = v16_fold_two(v16_fold(x[2]), v16_fold(x[3]));
    vst1q_f32(out, vpaddq_f32(low, high));
}

/* The largest lane; NaN lanes are not allowed. */
EWI_INLINE float v16_largest(v16 x) {
    return vmaxvq_f32(vmaxq_f32(vmaxq_f32(x.a, x.b), vmaxq_f32(x.c, x.d)));
}

#endif
#endif
