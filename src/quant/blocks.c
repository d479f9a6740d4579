#include "quant/blocks.h"

#include <string.h>

#include "base/error.h"
#include "kernels/half.h"
#include "kernels/kernels.h"
#include "quant/super_block.h"

/* Beyond this no f16 scale reaches; below it a block counts as zero. */
#define MOST_POWER  0x1p60f
#define LEAST_POWER 0x1p-60f

#define MAX_BLOCK EWI_SUPER_WEIGHTS

/* A block on its way: weights in units of a power of two, so that dividing them changes no bit. */
typedef struct block {
    float x[MAX_BLOCK], importance[MAX_BLOCK];
    float unit;
    uint8_t *out;
} block;

static void store_u16(uint8_t *p, uint16_t x) {
    p[0] = (uint8_t)x;
    p[1] = (uint8_t)(x >> 8);
}

/* A scale as f16: its bits, and what they stand for in units of the block. */
typedef struct scale16 {
    uint16_t bits;
    float value;
} scale16;

static scale16 scale16_of(const block *b, float scale) {
    const uint16_t bits = ewi_f32_to_f16(scale * b->unit);
    return (scale16){bits, ewi_f16_to_f32(bits) / b->unit};
}

/* ---- codes of one block, as GGUF has them ---- */

/* The low four bits of input i lie in the low half of byte i, those of 16 + i in its high half. */
static void put_fours(uint8_t *to, const float *codes) {
    for (size_t i = 0; i < 16; i++)
        to[i] = (uint8_t)(((unsigned)codes[i] & 15u) | ((unsigned)codes[16 + i] & 15u) << 4);
}

static void put_fifths(uint8_t *to, const float *codes) {
    uint32_t bits = 0;
    for (size_t i = 0; i < 32; i++) bits |= ((uint32_t)codes[i] >> 4 & 1u) << i;
    for (size_t i = 0; i < 4; i++) to[i] = (uint8_t)(bits >> 8 * i);
}

/* Of two groups at a time, in the low and the high halves of 32 bytes. */
static void put_halves(uint8_t *to, const float *codes) {
    for (size_t i = 0; i < MAX_BLOCK; i++) {
        const size_t group = i / 32;
        to[group / 2 * 32 + i % 32] |= (uint8_t)(((unsigned)codes[i] & 15u) << (group % 2 ? 4 : 0));
    }
}

/* Bit g of byte j is the fifth bit of input j of group g. */
static void put_plane(uint8_t *to, const float *codes) {
    for (size_t i = 0; i < MAX_BLOCK; i++) to[i % 32] |= (uint8_t)(((unsigned)codes[i] >> 4 & 1u) << i / 32);
}

/* Eight scales and eight minima of six bits: the first four of each whole, the others in four bits each and
 * in the two bits that the first leave. */
static void put_sixes(uint8_t *to, const float *s, const float *m) {
    for (size_t i = 0; i < 4; i++) {
        const unsigned s1 = (unsigned)s[4 + i], m1 = (unsigned)m[4 + i];
        to[i] = (uint8_t)((unsigned)s[i] | s1 >> 4 << 6);
        to[4 + i] = (uint8_t)((unsigned)m[i] | m1 >> 4 << 6);
        to[8 + i] = (uint8_t)((s1 & 15u) | (m1 & 15u) << 4);
    }
}

/* ---- blocks of 32 ---- */

static ewi_group group_of(const block *b, float least, float most) {
    return (ewi_group){b->x, b->importance, 32, least, most};
}

/* Codes from 0 on. Returns the scale. */
static uint16_t round_scaled(const block *b, float least, float most, float *codes) {
    const ewi_group g = group_of(b, least, most);
    const scale16 d = scale16_of(b, ewi_group_search_scale(&g).d);
    ewi_group_codes(&g, (ewi_line){d.value, 0.0f}, codes);
    return d.bits;
}

static void round_q8_0(const block *b) {
    float codes[32];
    store_u16(b->out, round_scaled(b, -127.0f, 127.0f, codes));
    for (size_t i = 0; i < 32; i++) b->out[2 + i] = (uint8_t)(int8_t)codes[i];
}

static void from_zero(float *codes, float zero) {
    for (size_t i = 0; i < 32; i++) codes[i] += zero;
}

static void round_q4_0(const block *b) {
    float codes[32];
    store_u16(b->out, round_scaled(b, -8.0f, 7.0f, codes));
    from_zero(codes, 8.0f);
    put_fours(b->out + 2, codes);
}

static void round_q5_0(const block *b) {
    float codes[32];
    store_u16(b->out, round_scaled(b, -16.0f, 15.0f, codes));
    from_zero(codes, 16.0f);
    put_fifths(b->out + 2, codes);
    put_fours(b->out + 6, codes);
}

/* Writes the scale and the minimum. */
static void round_line(const block *b, float most, float *codes) {
    const ewi_group g = group_of(b, 0.0f, most);
    const ewi_line line = ewi_group_search_free_line(&g);
    const scale16 d = scale16_of(b, line.d), m = scale16_of(b, line.m);
    ewi_group_codes(&g, (ewi_line){d.value, m.value}, codes);
    store_u16(b->out, d.bits);
    store_u16(b->out + 2, m.bits);
}

static void round_q4_1(const block *b) {
    float codes[32];
    round_line(b, 15.0f, codes);
    put_fours(b->out + 4, codes);
}

static void round_q5_1(const block *b) {
    float codes[32];
    round_line(b, 31.0f, codes);
    put_fifths(b->out + 4, codes);
    put_fours(b->out + 8, codes);
}

/* ---- blocks of 256 ---- */

static ewi_super_block super_of(const block *b) {
    return (ewi_super_block){.x = b->x, .importance = b->importance, .unit = b->unit};
}

static ewi_super_block fit_with_minima(const block *b, float most) {
    ewi_super_block s = super_of(b);
    s.group = 32;
    s.most = most;
    s.most_s = 63.0f;
    s.has_min = true;
    ewi_super_block_fit(&s);
    store_u16(b->out, s.d);
    store_u16(b->out + 2, s.dmin);
    put_sixes(b->out + 4, s.s, s.m);
    return s;
}

static void round_q4_k(const block *b) {
    const ewi_super_block s = fit_with_minima(b, 15.0f);
    put_halves(b->out + 16, s.codes);
}

static void round_q5_k(const block *b) {
    const ewi_super_block s = fit_with_minima(b, 31.0f);
    put_plane(b->out + 16, s.codes);
    put_halves(b->out + 48, s.codes);
}

/* Each half of 128 inputs: 64 bytes of low and 32 of upper bits, as blocks_ref.c reads them. */
static void put_q6_k(uint8_t *to, const float *codes) {
    for (size_t i = 0; i < MAX_BLOCK; i++) {
        const size_t half = i / 128, g = i % 128 / 32, j = i % 32;
        const unsigned code = (unsigned)(codes[i] + 32.0f);
        to[64 * half + 32 * (g % 2) + j] |= (uint8_t)((code & 15u) << (g < 2 ? 0 : 4));
        to[128 + 32 * half + j] |= (uint8_t)(code >> 4 << 2 * g);
    }
}

static void round_q6_k(const block *b) {
    ewi_super_block s = super_of(b);
    s.group = 16;
    s.least = -32.0f;
    s.most = 31.0f;
    s.least_s = -128.0f;
    s.most_s = 127.0f;
    ewi_super_block_fit(&s);
    put_q6_k(b->out, s.codes);
    for (size_t i = 0; i < EWI_SUPER_GROUPS; i++) b->out[192 + i] = (uint8_t)(int8_t)s.s[i];
    store_u16(b->out + 208, s.d);
}

/* ---- rows ---- */

static void (*const rounders[EWI_N_DTYPES])(const block *b) = {
    [EWI_Q8_0] = round_q8_0, [EWI_Q4_0] = round_q4_0, [EWI_Q4_1] = round_q4_1, [EWI_Q5_0] = round_q5_0,
    [EWI_Q5_1] = round_q5_1, [EWI_Q4_K] = round_q4_k, [EWI_Q5_K] = round_q5_k, [EWI_Q6_K] = round_q6_k,
};

bool ewi_blocks_offers(ewi_dtype dtype) {
    return rounders[dtype] != NULL || dtype == EWI_F32 || dtype == EWI_F16;
}

size_t ewi_blocks_bytes(ewi_dtype dtype, size_t k) {
    const ewi_dtype_info *info = ewi_dtype_get(dtype);
    return k / info->block_elements * info->block_bytes;
}

static uint32_t largest_bits(const float *x, size_t n) {
    uint32_t most = 0;
    for (size_t i = 0; i < n; i++) {
        const uint32_t bits = ewi_float_bits(x[i]) & 0x7fffffffu;
        most = bits > most ? bits : most;
    }
    return most;
}

/* The power of two that is at most the largest weight. */
static ewi_round_fault take(block *b, const float *x, const float *importance, size_t n) {
    const uint32_t most = largest_bits(x, n);
    if (most >= 0x7f800000u) return EWI_ROUND_NOT_FINITE;
    const float power = ewi_bits_float(most & 0x7f800000u);
    if (power > MOST_POWER) return EWI_ROUND_TOO_LARGE;
    b->unit = power < LEAST_POWER ? 1.0f : power;
    for (size_t i = 0; i < n; i++) {
        b->x[i] = power < LEAST_POWER ? 0.0f : x[i] / power;
        b->importance[i] = importance ? importance[i] : 1.0f;
    }
    return EWI_ROUND_FINE;
}

/* Whether what was written stands for finite weights; adds squares of the weights and of their errors. */
static bool add_sums(ewi_dtype dtype, const uint8_t *out, const float *x, size_t n, ewi_round_sums *sums) {
    float y[MAX_BLOCK];
    double weights = 0.0, errors = 0.0;
    ewi_kernels_get()->widen[dtype](y, out, n);
    for (size_t i = 0; i < n; i++) {
        const double e = (double)x[i] - (double)y[i];
        weights += (double)x[i] * (double)x[i];
        errors += e * e;
    }
    sums->weights += weights;
    sums->errors += errors;
    return errors - errors == 0.0;
}

static void put_plain(ewi_dtype dtype, uint8_t *out, const float *x, size_t n) {
    if (dtype == EWI_F32) memcpy(out, x, n * sizeof *x);
    for (size_t i = 0; i < n && dtype == EWI_F16; i++) store_u16(out + 2 * i, ewi_f32_to_f16(x[i]));
}

static ewi_round_fault put_block(ewi_dtype dtype, uint8_t *out, const float *x, const float *importance,
                                 size_t n) {
    block b = {.out = out};
    const ewi_round_fault fault = take(&b, x, importance, n);
    if (!fault && rounders[dtype]) rounders[dtype](&b);
    if (!fault && !rounders[dtype]) put_plain(dtype, out, x, n);
    return fault;
}

ewi_round_fault ewi_blocks_row(ewi_dtype dtype, uint8_t *out, const float *row, size_t k,
                               const float *importance, ewi_round_sums *sums) {
    const size_t whole = ewi_dtype_get(dtype)->block_elements, most = whole > 1 ? whole : MAX_BLOCK;
    EW_ASSERT(ewi_blocks_offers(dtype) && k % whole == 0);
    memset(out, 0, ewi_blocks_bytes(dtype, k));
    for (size_t at = 0, n; at < k; at += n) {
        uint8_t *to = out + ewi_blocks_bytes(dtype, at);
        n = most < k - at ? most : k - at;
        const ewi_round_fault fault = put_block(dtype, to, row + at, importance ? importance + at : NULL, n);
        if (fault) return fault;
        if (!add_sums(dtype, to, row + at, n, sums)) return EWI_ROUND_TOO_LARGE;
    }
    return EWI_ROUND_FINE;
}
