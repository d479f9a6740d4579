/*
 * qrows.h: activations as quantized matmuls read them: rows of int8 with scales and sums.
 *
 * A row of k inputs is q[k up to a multiple of 64, zeros beyond], then what its kind adds:
 *     EWI_QROWS_WHOLE   f32 scale, i32 sum of q: one scale for all inputs, which were rotated first
 *     EWI_QROWS_256     f32 scales, one per 256 inputs
 * and then i16 sums of q, one per 16 inputs.
 * docs/numerics.md defines the values. Rows begin at multiples of 64 bytes. The caller owns the memory.
 *
 *     ewi_qrow row = ewi_qrow_layout(kind, k);
 *     kern->quantize[kind](buffer + i * row.bytes, x, k);
 */
#ifndef EW_KERNELS_QROWS_H
#define EW_KERNELS_QROWS_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "tensor/packed.h"

typedef enum ewi_qrows_kind { EWI_QROWS_WHOLE, EWI_QROWS_256, EWI_N_QROWS } ewi_qrows_kind;

/* Offsets in bytes. */
typedef struct ewi_qrow {
    size_t scales, sums, bytes;
} ewi_qrow;

/* Inputs of one scale in EWI_QROWS_256, and of one rotation in EWI_QROWS_WHOLE. */
#define EWI_QROWS_BLOCK  256u
#define EWI_QROWS_ROTATE 128u
/* Below this, the largest input counts as zero: 127 / largest must be finite. */
#define EWI_QROWS_TINY 0x1p-120f

static inline ewi_qrow ewi_qrow_layout(ewi_qrows_kind kind, size_t k) {
    size_t q = (k + 63) / 64 * 64;
    size_t words = kind == EWI_QROWS_WHOLE ? 2 : (k + EWI_QROWS_BLOCK - 1) / EWI_QROWS_BLOCK;
    size_t sums = q + 4 * words;
    return (ewi_qrow){q, sums, (sums + q / 16 * sizeof(int16_t) + 63) / 64 * 64};
}

/* The kind that weights of a packed type are multiplied with. */
static inline ewi_qrows_kind ewi_qrows_for(ewi_dtype dtype) {
    return ewi_packed_info_get(dtype)->kind == EWI_PACKED_ROW ? EWI_QROWS_WHOLE : EWI_QROWS_256;
}

/*
 * Signs of a rotated block of 128 inputs, bit i of word i / 32 for input i: 1 = negative. The first digits of
 * pi after the point, in binary (as in Blowfish's P-array): a fixed pattern without structure.
 */
static const uint32_t ewi_rotate_signs[EWI_QROWS_ROTATE / 32] = {0x243f6a88u, 0x85a308d3u, 0x13198a2eu,
                                                                 0x03707344u};

/* The next rotated block of a row that has `left` inputs left: 128, or the largest power of two that fits. */
static inline size_t ewi_rotate_block(size_t left) {
    size_t block = EWI_QROWS_ROTATE;
    while (block > left) block /= 2;
    return block;
}

/*
 * A rotation of n inputs makes them about sqrt(n) larger: shorter blocks are multiplied by the power of two
 * that is at most sqrt(128 / n), so that one scale serves all of a row.
 */
static inline float ewi_rotate_factor(size_t n) {
    return n >= 64 ? 1.0f : n >= 16 ? 2.0f : n >= 4 ? 4.0f : 8.0f;
}

/* What inputs are multiplied with to become codes, and what gives them back; bits are those of the largest
 * |x|, which as integers put infinities and NaN above all numbers. */
typedef struct ewi_qrow_scaling {
    float inverse, scale;
} ewi_qrow_scaling;

static inline ewi_qrow_scaling ewi_qrow_scale_to(uint32_t bits, float most, float tiny) {
    float largest;
    memcpy(&largest, &bits, sizeof largest);
    if (bits >= 0x7f800000u) return (ewi_qrow_scaling){0.0f, NAN};
    if (largest < tiny) return (ewi_qrow_scaling){0.0f, 0.0f};
    return (ewi_qrow_scaling){most / largest, largest / most};
}

static inline ewi_qrow_scaling ewi_qrow_scale(uint32_t bits) {
    return ewi_qrow_scale_to(bits, 127.0f, EWI_QROWS_TINY);
}

#endif
