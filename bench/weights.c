/* weights.c: blocks of random weights; the order of their fields is ggml-org/ggml's, src/ggml-common.h. */
#include "weights.h"

#include <string.h>

#include "kernels/half.h"

size_t weight_block_elements(weight_type type) {
    switch (type) {
    case WEIGHT_F32:
    case WEIGHT_F16:
    case WEIGHT_BF16: return 1;
    case WEIGHT_Q4_0:
    case WEIGHT_Q5_0:
    case WEIGHT_Q8_0: return 32;
    case WEIGHT_Q4_K:
    case WEIGHT_Q6_K: return 256;
    }
    return 0;
}

size_t weight_block_bytes(weight_type type) {
    switch (type) {
    case WEIGHT_F32: return 4;
    case WEIGHT_F16:
    case WEIGHT_BF16: return 2;
    case WEIGHT_Q4_0: return 18;
    case WEIGHT_Q5_0: return 22;
    case WEIGHT_Q8_0: return 34;
    case WEIGHT_Q4_K: return 144;
    case WEIGHT_Q6_K: return 210;
    }
    return 0;
}

/* ---- random numbers ---- */

/* splitmix64 (https://prng.di.unimi.it/splitmix64.c). */
static uint64_t next(weight_stream *s) {
    uint64_t z = s->state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* Streams of different names start at unrelated places: the name's FNV-1a hash goes through the mixer. */
weight_stream weight_stream_of(uint64_t seed, const char *tensor) {
    uint64_t hash = 0xcbf29ce484222325u;
    for (; *tensor; tensor++) hash = (hash ^ (uint8_t)*tensor) * 0x100000001b3u;
    weight_stream s = {seed};
    s.state = next(&s) ^ hash;
    s.state = next(&s);
    return s;
}

static void put_random(weight_stream *s, uint8_t *out, size_t n) {
    for (; n >= 8; n -= 8, out += 8) {
        uint64_t bits = next(s);
        memcpy(out, &bits, 8);
    }
    uint64_t bits = next(s);
    memcpy(out, &bits, n);
}

/* Variance 1: the sum of four uniform 16-bit numbers, each of variance 2^32 / 12, about its mean. */
static float near_normal(weight_stream *s) {
    uint64_t bits = next(s);
    int32_t sum = (int32_t)((bits & 0xffff) + (bits >> 16 & 0xffff) + (bits >> 32 & 0xffff) + (bits >> 48));
    return (float)(sum - 2 * 65535) * 0x1.bb67aep-16f; /* sqrt(12 / 4) / 65536 */
}

static void put_u16(uint8_t *out, uint16_t x) {
    out[0] = (uint8_t)x;
    out[1] = (uint8_t)(x >> 8);
}

/* An f16 scale within a quarter of `middle`; with either sign where the format's codes are lopsided
 * (-8 .. 7): real files have both, and only so is the weights' mean 0. */
static void put_scale(weight_stream *s, uint8_t *out, float middle, int either_sign) {
    uint64_t bits = next(s);
    float scale = middle * (0.75f + (float)(bits >> 40) * 0x1p-25f);
    put_u16(out, ewi_f32_to_f16(either_sign && (bits & 1) ? -scale : scale));
}

/* ---- one block of each type ---- */

/* Standard deviations of the codes, uniform over their range: of 16, 32 and 64 values, and of the 255 of
 * int8 without -128, which quantizers do not write. */
#define CODE4 4.6098f
#define CODE5 9.2331f
#define CODE6 18.473f
#define CODE8 73.612f

static void put_q4_0(weight_stream *s, float deviation, uint8_t *out) {
    put_scale(s, out, deviation / CODE4, 1);
    put_random(s, out + 2, 16);
}

static void put_q5_0(weight_stream *s, float deviation, uint8_t *out) {
    put_scale(s, out, deviation / CODE5, 1);
    put_random(s, out + 2, 20); /* the fifth bits, then the nibbles */
}

static void put_q8_0(weight_stream *s, float deviation, uint8_t *out) {
    put_scale(s, out, deviation / CODE8, 0);
    put_random(s, out + 2, 32);
    for (size_t i = 2; i < 34; i++) out[i] = out[i] == 0x80 ? 0 : out[i];
}

/* w = d sc q - dmin m, q in 0..15, sc and m in 0..63. With dmin = 7.5 d the mean is 0 and the variance
 * d^2 (E[sc^2] E[q^2] + 7.5^2 E[m^2] - 2 * 7.5 E[sc] E[q] E[m]) = 66661 d^2. */
static void put_q4_k(weight_stream *s, float deviation, uint8_t *out) {
    float d = deviation / 258.2f;
    put_scale(s, out, d, 0);
    put_scale(s, out + 2, 7.5f * d, 0);
    put_random(s, out + 4, 140);
}

/* w = d sc q, q in -32..31, sc any int8 (deviation 73.9). */
static void put_q6_k(weight_stream *s, float deviation, uint8_t *out) {
    put_random(s, out, 208);
    put_scale(s, out + 208, deviation / (73.9f * CODE6), 0);
}

static void put_f32(weight_stream *s, float deviation, uint8_t *out) {
    float x = deviation * near_normal(s);
    memcpy(out, &x, sizeof x);
}

static void put_f16(weight_stream *s, float deviation, uint8_t *out) {
    put_u16(out, ewi_f32_to_f16(deviation * near_normal(s)));
}

/* The low bits are cut off: random numbers need no rounding. */
static void put_bf16(weight_stream *s, float deviation, uint8_t *out) {
    put_u16(out, (uint16_t)(ewi_float_bits(deviation * near_normal(s)) >> 16));
}

typedef void put_block(weight_stream *s, float deviation, uint8_t *out);

static put_block *writer_of(weight_type type) {
    switch (type) {
    case WEIGHT_F32: return put_f32;
    case WEIGHT_F16: return put_f16;
    case WEIGHT_Q4_0: return put_q4_0;
    case WEIGHT_Q5_0: return put_q5_0;
    case WEIGHT_Q8_0: return put_q8_0;
    case WEIGHT_Q4_K: return put_q4_k;
    case WEIGHT_Q6_K: return put_q6_k;
    case WEIGHT_BF16: return put_bf16;
    }
    return put_f32;
}

void weight_fill(weight_stream *s, weight_type type, float deviation, uint8_t *out, size_t n_blocks) {
    put_block *put = writer_of(type);
    size_t bytes = weight_block_bytes(type);
    for (size_t i = 0; i < n_blocks; i++) put(s, deviation, out + i * bytes);
}

void weight_fill_around(weight_stream *s, float middle, float deviation, uint8_t *out, size_t n) {
    for (size_t i = 0; i < n; i++) {
        float x = middle + deviation * near_normal(s);
        memcpy(out + 4 * i, &x, sizeof x);
    }
}
