/*
 * blocks_ref.c: GGUF's block types widened to f32, for what reads weights as plain numbers.
 *
 * Blocks are those of ggml's quantization structs (ggml-org/ggml, ggml-common.h). Every product of a scale, a
 * sub-scale and a code has at most 24 significant bits, so it is exact in f32; only adding a minimum rounds.
 */
#include "base/slice.h"
#include "kernels/ref/reference.h"
#include "tensor/packed.h"

static float half_at(const uint8_t *p) {
    return ewi_f16_to_f32(ewi_load_u16(p));
}

static unsigned low(uint8_t byte) {
    return byte & 15u;
}
static unsigned high(uint8_t byte) {
    return byte >> 4;
}

/* ---- blocks of 32 ---- */

static void block_q8_0(float *y, const uint8_t *b) {
    for (size_t i = 0; i < 32; i++) y[i] = half_at(b) * (float)(int8_t)b[2 + i];
}

/* 16 bytes hold inputs i in their low and 16 + i in their high halves; bit i of `fifths` is a fifth bit. */
EWI_INLINE void block_32(float *y, const uint8_t *codes, uint32_t fifths, float d, int zero) {
    for (size_t i = 0; i < 16; i++) {
        y[i] = d * (float)((int)(low(codes[i]) | (fifths >> i & 1) << 4) - zero);
        y[i + 16] = d * (float)((int)(high(codes[i]) | (fifths >> (i + 16) & 1) << 4) - zero);
    }
}

static void add_min(float *y, float min) {
    for (size_t i = 0; i < 32; i++) y[i] += min;
}

static void block_q4_0(float *y, const uint8_t *b) {
    block_32(y, b + 2, 0, half_at(b), 8);
}
static void block_q4_1(float *y, const uint8_t *b) {
    block_32(y, b + 4, 0, half_at(b), 0);
    add_min(y, half_at(b + 2));
}
static void block_q5_0(float *y, const uint8_t *b) {
    block_32(y, b + 6, ewi_load_u32(b + 2), half_at(b), 16);
}
static void block_q5_1(float *y, const uint8_t *b) {
    block_32(y, b + 8, ewi_load_u32(b + 4), half_at(b), 0);
    add_min(y, half_at(b + 2));
}

/* As Q4_0, with a level for each code. */
static void block_iq4_nl(float *y, const uint8_t *b) {
    const ewi_packed_info *info = ewi_packed_info_get(EWI_IQ4_NL);
    for (size_t i = 0; i < 16; i++) {
        y[i] = half_at(b) * (float)ewi_packed_value(info, low(b[2 + i]));
        y[i + 16] = half_at(b) * (float)ewi_packed_value(info, high(b[2 + i]));
    }
}

/* ---- blocks of 256 ---- */

/* Group g's 6-bit scale and minimum, 0 <= g < 8, from 12 bytes. */
static void k_scales(const uint8_t *packed, size_t g, unsigned *scale, unsigned *min) {
    if (g < 4) {
        *scale = packed[g] & 63u;
        *min = packed[g + 4] & 63u;
    } else {
        *scale = low(packed[g + 4]) | (unsigned)(packed[g - 4] >> 6) << 4;
        *min = high(packed[g + 4]) | (unsigned)(packed[g] >> 6) << 4;
    }
}

/* Groups 2 i and 2 i + 1 lie in the low and high halves of 32 bytes; bit g of plane[j] is group g's fifth bit
 * of input j. */
EWI_INLINE void block_k(float *y, const uint8_t *b, const uint8_t *plane, const uint8_t *codes) {
    for (size_t g = 0; g < 8; g++) {
        unsigned scale, min;
        k_scales(b + 4, g, &scale, &min);
        float d = half_at(b) * (float)scale, m = half_at(b + 2) * (float)min;
        for (size_t j = 0; j < 32; j++) {
            uint8_t byte = codes[g / 2 * 32 + j];
            unsigned code = g % 2 ? high(byte) : low(byte);
            if (plane) code |= (plane[j] >> g & 1u) << 4;
            y[32 * g + j] = d * (float)code - m;
        }
    }
}

static void block_q4_k(float *y, const uint8_t *b) {
    block_k(y, b, NULL, b + 16);
}
static void block_q5_k(float *y, const uint8_t *b) {
    block_k(y, b, b + 16, b + 48);
}

/* Two halves of 128 inputs, each of 64 bytes of low and 32 bytes of upper bits: group g of its four has its
 * low bits in bytes 32 (g % 2) on, in the low (g < 2) or high halves, and its upper bits at bit 2 g. */
static void block_q6_k(float *y, const uint8_t *b) {
    for (size_t i = 0; i < 256; i++) {
        size_t half = i / 128, g = i % 128 / 32, j = i % 32;
        uint8_t byte = b[64 * half + 32 * (g % 2) + j];
        unsigned upper = b[128 + 32 * half + j] >> 2 * g & 3u;
        int code = (int)((g < 2 ? low(byte) : high(byte)) | upper << 4) - 32;
        y[i] = half_at(b + 208) * (float)(int8_t)b[192 + i / 16] * (float)code;
    }
}

/* ---- the table ---- */

#define BLOCK_MAP(X) \
    X(Q8_0, q8_0)    \
    X(Q4_0, q4_0)    \
    X(Q4_1, q4_1)    \
    X(Q5_0, q5_0)    \
    X(Q5_1, q5_1)    \
    X(Q4_K, q4_k)    \
    X(Q5_K, q5_k)    \
    X(Q6_K, q6_k)    \
    X(IQ4_NL, iq4_nl)

#define WIDEN(type, name)                                         \
    static void widen_##name(float *y, const void *x, size_t n) { \
        const ewi_dtype_info *info = ewi_dtype_get(EWI_##type);   \
        const uint8_t *block = x;                                 \
        for (size_t i = 0; i < n; i += info->block_elements) {    \
            block_##name(y + i, block);                           \
            block += info->block_bytes;                           \
        }                                                         \
    }
BLOCK_MAP(WIDEN)
#undef WIDEN

void ewi_blocks_ref(ewi_kernels *table) {
#define ENTRY(type, name) table->widen[EWI_##type] = widen_##name;
    BLOCK_MAP(ENTRY)
#undef ENTRY
}
