/*
 * pack.c: GGUF's blocks are those of the GGUF specification's types, as ggml's quantization structs define
 * them.
 *
 * Four codes of a row are one 32-bit word everywhere: a row's 32 codes of a chunk become 8 words, and those
 * go to their places in the chunk's vectors.
 */
#include "kernels/pack.h"

#include <string.h>

#include "base/compiler.h"
#include "base/error.h"
#include "kernels/half.h"
#include "kernels/rotate.h"

#define NIBBLES 0x0f0f0f0fu

static uint32_t get32(const uint8_t *p) {
    uint32_t word;
    memcpy(&word, p, sizeof word);
    return word;
}
static void put32(uint8_t *p, uint32_t word) {
    memcpy(p, &word, sizeof word);
}

/* ---- the codes of one row and chunk ---- */

/* codes[j] holds the codes of inputs 4 j .. 4 j + 3, one a byte, the lowest first. */
EWI_INLINE void put_chunk(uint8_t *chunk, size_t output, const uint32_t *codes, uint32_t bits) {
    uint8_t *at = chunk + 4 * output;
    if (bits == 8) {
        for (size_t j = 0; j < 8; j++) put32(at + 64 * j, codes[j]);
        return;
    }
    for (size_t j = 0; j < 8; j += 2)
        put32(at + 32 * j, (codes[j] & NIBBLES) | (codes[j + 1] & NIBBLES) << 4);
    uint32_t plane[2] = {0, 0};
    for (size_t j = 0; bits == 5 && j < 8; j++) plane[0] |= (codes[j] >> 4 & 0x01010101u) << j;
    for (size_t j = 0; bits == 6 && j < 8; j++) plane[j / 4] |= (codes[j] >> 4 & 0x03030303u) << 2 * (j % 4);
    for (size_t i = 0; i + 4 < bits; i++) put32(at + 256 + 64 * i, plane[i]);
}

static uint8_t get_code(const uint8_t *chunk, size_t output, size_t k, uint32_t bits) {
    const uint8_t *at = chunk + 4 * output + k % 4;
    size_t j = k / 4;
    if (bits == 8) return at[64 * j];
    unsigned code = (unsigned)at[64 * (j / 2)] >> (j % 2 ? 4 : 0) & 15u;
    if (bits == 5) code |= (at[256] >> j & 1u) << 4;
    if (bits == 6) code |= ((unsigned)at[256 + 64 * (j / 4)] >> 2 * (j % 4) & 3u) << 4;
    return (uint8_t)code;
}

/* Low halves of 16 bytes are inputs 0..15, high halves 16..31. */
EWI_INLINE void split_halves(uint32_t *codes, const uint8_t *bytes) {
    for (size_t j = 0; j < 4; j++) {
        uint32_t word = get32(bytes + 4 * j);
        codes[j] = word & NIBBLES;
        codes[j + 4] = word >> 4 & NIBBLES;
    }
}

/* Bit i of 32 is the fifth bit of code i. */
EWI_INLINE void add_fifth_bits(uint32_t *codes, uint32_t bits) {
    for (size_t j = 0; j < 8; j++) {
        uint32_t four = bits >> 4 * j & 15u;
        codes[j] |= (four * 0x00204081u & 0x01010101u) << 4; /* bit i of four to bit 0 of byte i */
    }
}

/* ---- GGUF's blocks ---- */

/* Where one row's block of a super-block, or a group, goes. */
typedef struct place {
    uint8_t *head, *chunks;
    size_t output;
} place;

static void put_half(uint8_t *row_of_16, size_t output, const uint8_t *half) {
    memcpy(row_of_16 + 2 * output, half, 2);
}

static void pack_q8_0(const place *to, const uint8_t *block, size_t g) {
    uint32_t codes[8];
    for (size_t j = 0; j < 8; j++) codes[j] = get32(block + 2 + 4 * j) ^ 0x80808080u;
    put_half(to->head + 32 * g, to->output, block);
    put_chunk(to->chunks + 512 * g, to->output, codes, 8);
}

static void pack_q4_0(const place *to, const uint8_t *block, size_t g) {
    uint32_t codes[8];
    split_halves(codes, block + 2);
    put_half(to->head + 32 * g, to->output, block);
    put_chunk(to->chunks + 256 * g, to->output, codes, 4);
}

static void pack_q4_1(const place *to, const uint8_t *block, size_t g) {
    uint32_t codes[8];
    split_halves(codes, block + 4);
    put_half(to->head + 64 * g, to->output, block);
    put_half(to->head + 64 * g + 32, to->output, block + 2);
    put_chunk(to->chunks + 256 * g, to->output, codes, 4);
}

static void pack_q5_0(const place *to, const uint8_t *block, size_t g) {
    uint32_t codes[8];
    split_halves(codes, block + 6);
    add_fifth_bits(codes, get32(block + 2));
    put_half(to->head + 32 * g, to->output, block);
    put_chunk(to->chunks + 320 * g, to->output, codes, 5);
}

static void pack_q5_1(const place *to, const uint8_t *block, size_t g) {
    uint32_t codes[8];
    split_halves(codes, block + 8);
    add_fifth_bits(codes, get32(block + 4));
    put_half(to->head + 64 * g, to->output, block);
    put_half(to->head + 64 * g + 32, to->output, block + 2);
    put_chunk(to->chunks + 320 * g, to->output, codes, 5);
}

/* Each 32 bytes hold two groups of 32: low halves and high halves. Q5_K: bit g of byte i of the plane is the
 * fifth bit of input i of group g. */
static void pack_k(const place *to, const uint8_t *block, size_t b, bool has_plane) {
    uint8_t *head = to->head + 256 * b;
    const uint8_t *plane = block + 16, *codes_at = has_plane ? block + 48 : block + 16;
    const size_t chunk = has_plane ? 320 : 256;
    put_half(head, to->output, block);
    put_half(head + 32, to->output, block + 2);
    for (size_t i = 0; i < 3; i++) memcpy(head + 64 * (1 + i) + 4 * to->output, block + 4 + 4 * i, 4);
    for (size_t g = 0; g < 8; g++) {
        uint32_t codes[8];
        for (size_t j = 0; j < 8; j++) {
            codes[j] = get32(codes_at + 32 * (g / 2) + 4 * j) >> 4 * (g % 2) & NIBBLES;
            if (has_plane) codes[j] |= (get32(plane + 4 * j) >> g & 0x01010101u) << 4;
        }
        put_chunk(to->chunks + chunk * (8 * b + g), to->output, codes, has_plane ? 5 : 4);
    }
}

static void pack_q4_k(const place *to, const uint8_t *block, size_t b) {
    pack_k(to, block, b, false);
}
static void pack_q5_k(const place *to, const uint8_t *block, size_t b) {
    pack_k(to, block, b, true);
}

/* Two halves of 128 inputs, each four groups of 32: group g has its low four bits in 32 bytes at 32 (g % 2),
 * low halves for g < 2, and bits 2 g, 2 g + 1 of 32 bytes of upper bits. */
static void pack_q6_k(const place *to, const uint8_t *block, size_t b) {
    uint8_t *head = to->head + 288 * b;
    put_half(head, to->output, block + 208);
    for (size_t s = 0; s < 16; s++) head[32 + 16 * s + to->output] = block[192 + s];
    for (size_t i = 0; i < 8; i++) {
        const size_t half = i / 4, g = i % 4;
        uint32_t codes[8];
        for (size_t j = 0; j < 8; j++) {
            uint32_t low = get32(block + 64 * half + 32 * (g % 2) + 4 * j) >> 4 * (g / 2) & NIBBLES;
            uint32_t high = get32(block + 128 + 32 * half + 4 * j) >> 2 * g & 0x03030303u;
            codes[j] = low | high << 4;
        }
        put_chunk(to->chunks + 384 * (8 * b + i), to->output, codes, 6);
    }
}

static void (*const packers[EWI_N_DTYPES])(const place *to, const uint8_t *block, size_t i) = {
    [EWI_Q8_0] = pack_q8_0, [EWI_Q4_0] = pack_q4_0, [EWI_Q4_1] = pack_q4_1,
    [EWI_Q5_0] = pack_q5_0, [EWI_Q5_1] = pack_q5_1, [EWI_Q4_K] = pack_q4_k,
    [EWI_Q5_K] = pack_q5_k, [EWI_Q6_K] = pack_q6_k, [EWI_IQ4_NL] = pack_q4_0, /* the same places */
};

/* ---- tiles ---- */

void ewi_pack_tile(ewi_dtype dtype, uint8_t *tile, const uint8_t *rows, size_t row_bytes, size_t n_rows,
                   size_t k) {
    EW_ASSERT(packers[dtype] && n_rows <= EWI_TILE_OUTPUTS);
    const ewi_dtype_info *info = ewi_dtype_get(dtype);
    place to = {tile, tile + ewi_packed_head_bytes(dtype, k), 0};
    if (n_rows < EWI_TILE_OUTPUTS) memset(tile, 0, ewi_packed_tile_bytes(dtype, k));
    for (; to.output < n_rows; to.output++)
        for (size_t i = 0; i < k / info->block_elements; i++)
            packers[dtype](&to, rows + to.output * row_bytes + i * info->block_bytes, i);
}

void ewi_pack_codes(ewi_dtype dtype, uint8_t *tile, const uint8_t *codes, size_t stride, size_t n_rows,
                    size_t k) {
    const ewi_packed_info *info = ewi_packed_info_get(dtype);
    const size_t n_chunks = ewi_packed_inputs(dtype, k) / EWI_CHUNK_INPUTS;
    uint8_t *chunks = tile + ewi_packed_head_bytes(dtype, k);
    for (size_t output = 0; output < EWI_TILE_OUTPUTS; output++)
        for (size_t i = 0; i < n_chunks; i++) {
            uint8_t bytes[EWI_CHUNK_INPUTS];
            uint32_t words[8];
            size_t at = i * EWI_CHUNK_INPUTS, left = output < n_rows && at < k ? k - at : 0;
            size_t n = left < EWI_CHUNK_INPUTS ? left : EWI_CHUNK_INPUTS;
            memset(bytes, (int)info->zero, sizeof bytes);
            if (n) memcpy(bytes, codes + output * stride + at, n);
            memcpy(words, bytes, sizeof words);
            put_chunk(chunks + i * ewi_packed_chunk_bytes(dtype), output, words, info->bits);
        }
}

/* ---- single rows ---- */

static float half_at(const uint8_t *p, size_t i) {
    uint16_t half;
    memcpy(&half, p + 2 * i, sizeof half);
    return ewi_f16_to_f32(half);
}

/* Scale and minimum of the inputs around k: the weight is scale * (code - zero) + minimum. */
typedef struct affine {
    float scale, min;
} affine;

static affine row_affine(ewi_dtype dtype, const uint8_t *head, size_t output, size_t k) {
    float d;
    memcpy(&d, head + 4 * output, sizeof d);
    if (dtype == EWI_Q4S) d *= (float)(head[64 + k / 64 * 16 + output] >> (k / 32 % 2 ? 4 : 0) & 15);
    return (affine){d, 0.0f};
}

static affine super_affine(bool has_min, const uint8_t *head, size_t output, size_t k) {
    if (!has_min) {
        const uint8_t *block = head + k / 256 * 288;
        int8_t s = (int8_t)block[32 + k % 256 / 16 * 16 + output];
        return (affine){half_at(block, output) * (float)s, 0.0f};
    }
    const uint8_t *block = head + k / 256 * 256;
    const ewi_k_scale s = ewi_k_scale_get(block, output, k % 256 / 32);
    return (affine){half_at(block, output) * (float)s.scale, -(half_at(block + 32, output) * (float)s.min)};
}

static affine affine_at(ewi_dtype dtype, const uint8_t *head, size_t output, size_t k) {
    const ewi_packed_info *info = ewi_packed_info_get(dtype);
    if (info->kind == EWI_PACKED_ROW) return row_affine(dtype, head, output, k);
    if (info->kind == EWI_PACKED_SUPER) return super_affine(info->has_min, head, output, k);
    const uint8_t *group = head + k / info->group * (info->has_min ? 64 : 32);
    return (affine){half_at(group, output), info->has_min ? half_at(group + 32, output) : 0.0f};
}

void ewi_unpack_row(ewi_dtype dtype, const uint8_t *w, size_t row, size_t k, float *y) {
    const ewi_packed_info *info = ewi_packed_info_get(dtype);
    const uint8_t *head = w + row / EWI_TILE_OUTPUTS * ewi_packed_tile_bytes(dtype, k);
    const uint8_t *chunks = head + ewi_packed_head_bytes(dtype, k);
    const size_t output = row % EWI_TILE_OUTPUTS, chunk_bytes = ewi_packed_chunk_bytes(dtype);
    affine a = {0};
    for (size_t i = 0; i < k; i++) {
        if (i % 16 == 0) a = affine_at(dtype, head, output, i); /* no type has smaller groups */
        unsigned code = get_code(chunks + i / 32 * chunk_bytes, output, i % 32, info->bits);
        y[i] = a.scale * (float)ewi_packed_value(info, code) + a.min;
    }
    if (info->kind == EWI_PACKED_ROW) ewi_rotate_back(y, y, k);
}
