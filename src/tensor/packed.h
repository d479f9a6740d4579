/*
 * packed.h: quantized weights as the kernels read them: one layout for every instruction set.
 *
 * The outputs of a matrix [n, k] go in tiles of 16, the inputs in chunks of 32; missing outputs and inputs
 * are zero weights. A tile is a head (scales) and then its chunks; both begin at multiples of 64 bytes.
 * A chunk holds 8 vectors of 64 bytes: vector j, byte 4 c + b is the code of output c and input 4 j + b: a
 * row of an AMX tile, a VNNI operand, two AVX2 or four NEON registers. In a chunk of codes of
 *     8 bits   the vectors lie one after the other
 *     4 bits   vector j is the low (j even) or high (j odd) half of the bytes of stored vector j / 2
 *     5 bits   as 4 bits; then a 64-byte plane: bit j of its byte i is the fifth bit of vector j's byte i
 *     6 bits   as 4 bits; then two planes: bits 2 (j % 4) .. + 1 of byte i of plane j / 4 are the upper two
 * A weight is scale * (code - zero) (+ minimum), of IQ4_NL scale * level[code]; where the scales lie is said
 * at ewi_packed_kind.
 *
 *     if (ewi_packed_info_get(dtype)) size = ewi_packed_bytes(dtype, n, k);
 */
#ifndef EW_TENSOR_PACKED_H
#define EW_TENSOR_PACKED_H

#include "base/compiler.h"
#include "tensor/tensor.h"

#define EWI_TILE_OUTPUTS 16u
#define EWI_CHUNK_INPUTS 32u
/* Most inputs of a quantized matrix: 255 * 127 * k stays below 2^31. */
#define EWI_PACKED_MAX_K 65536u

typedef enum ewi_packed_kind {
    /* One f32 scale per output: head = f32 d[16]. Q4S: then u8 s[k / 64][16], a sub-scale 0..15 per chunk:
     * for chunk i the low (i even) or high half of s[i / 2]; the weight is d * s * (code - 8). */
    EWI_PACKED_ROW,
    /* An f16 scale per group of inputs: head = f16 d[groups][16], with minimum {f16 d[16], m[16]}[groups]. */
    EWI_PACKED_GROUP,
    /* Super-blocks of 256 inputs. Q4_K, Q5_K: head = {f16 d[16], f16 dmin[16], u32 sm[3][16]} per block;
     * the weight is d * s * code - dmin * m, s and m by chunk, of 6 bits, in sm as GGUF has them: byte g of
     * the three words is s[g] | (s[4 + g] >> 4) << 6, m[g] | (m[4 + g] >> 4) << 6, and
     * (s[4 + g] & 15) | (m[4 + g] & 15) << 4. Q6_K: head = {f16 d[16],
     * i8 s[16][16]} per block, d * s * (code - 32), s by half chunk. */
    EWI_PACKED_SUPER,
} ewi_packed_kind;

typedef struct ewi_packed_info {
    ewi_packed_kind kind;
    uint32_t bits, zero;
    uint32_t group; /* GROUP: inputs that share a scale */
    bool has_min;
    const int8_t *levels; /* what the codes stand for, where that is not code - zero; else NULL */
} ewi_packed_info;

/* The levels of IQ4_NL by code: X(level). ggml-common.h has them as kvalues_iq4nl. */
#define EWI_IQ4_NL_MAP(X) \
    X(-127) X(-104) X(-83) X(-65) X(-49) X(-35) X(-22) X(-10) X(1) X(13) X(25) X(38) X(53) X(69) X(89) X(113)

/* NULL: not a type that is packed. */
const ewi_packed_info *ewi_packed_info_get(ewi_dtype dtype);

/* What a code stands for in units of its scale. */
int ewi_packed_value(const ewi_packed_info *info, unsigned code);

/* s and m of output `at` and chunk g of a super-block with minima, whose head this is. */
typedef struct ewi_k_scale {
    int32_t scale, min;
} ewi_k_scale;
ewi_k_scale ewi_k_scale_get(const uint8_t *head, size_t at, size_t g);

/* Inputs rounded up to whole chunks; for ROW to two of them, as AMX tiles take 64 inputs. */
size_t ewi_packed_inputs(ewi_dtype dtype, size_t k);
size_t ewi_packed_chunk_bytes(ewi_dtype dtype);
size_t ewi_packed_head_bytes(ewi_dtype dtype, size_t k);
size_t ewi_packed_tile_bytes(ewi_dtype dtype, size_t k);

/* Of a whole matrix. False when it would not fit a size_t; k <= EWI_PACKED_MAX_K. */
EWI_NODISCARD bool ewi_packed_bytes(ewi_dtype dtype, size_t n, size_t k, size_t *out);

/* The matrices [n, k] of a tensor: of two dimensions one, of three several, one after the other. Packed, each
 * begins with a tile of its own. */
typedef struct ewi_stack {
    size_t n_matrices, n, k;
    size_t n_tiles; /* of one matrix */
} ewi_stack;

/* Only for shapes of two or three dimensions whose elements can be counted. */
ewi_stack ewi_stack_of(const ewi_tensor *tensor);
/* The first row of tile i; both are counted through all matrices. */
size_t ewi_stack_row(const ewi_stack *stack, size_t tile);
/* As ewi_packed_bytes, of all matrices. */
EWI_NODISCARD bool ewi_stack_bytes(const ewi_stack *stack, ewi_dtype dtype, size_t *out);

#endif
