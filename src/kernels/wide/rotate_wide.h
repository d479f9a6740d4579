/*
 * rotate_wide.h: the transform of kernels/rotate.h over 16 lanes: a block of 16 to 128 inputs stays in
 * registers.
 */
#ifndef EW_KERNELS_WIDE_ROTATE_WIDE_H
#define EW_KERNELS_WIDE_ROTATE_WIDE_H

#include "kernels/qrows.h"
#include "kernels/rotate.h"
#include "kernels/wide/v16.h"

#ifdef V16_ROWS

#define ROTATE_VECTORS (EWI_QROWS_ROTATE / 16)

/* a + b where bit h of the lane's number is clear, b - a where it is set; b is a with those lanes swapped. */
EWI_INLINE v16 butterfly(v16 a, size_t h) {
    static const uint32_t upper[9] = {[1] = 0xaaaa, [2] = 0xcccc, [4] = 0xf0f0, [8] = 0xff00};
    return v16_add(v16_swap(a, h), v16_flip(a, upper[h]));
}

EWI_INLINE void hadamard(v16 *y, size_t n_vectors) {
    V16_UNROLL for (size_t i = 0; i < n_vectors; i++) {
        v16 a = butterfly(butterfly(y[i], 1), 2);
        y[i] = butterfly(butterfly(a, 4), 8);
    }
    V16_UNROLL for (size_t h = 1; h < n_vectors; h *= 2) V16_UNROLL for (size_t i = 0; i < n_vectors; i++) {
        if (i & h) continue;
        v16 a = y[i], b = y[i + h];
        y[i] = v16_add(a, b);
        y[i + h] = v16_sub(a, b);
    }
}

EWI_INLINE void flip_signs(v16 *y, size_t n_vectors) {
    V16_UNROLL for (size_t i = 0; i < n_vectors; i++) y[i] =
        v16_flip(y[i], ewi_rotate_signs[i / 2] >> 16 * (i % 2) & 0xffff);
}

EWI_INLINE void rotate_vectors(v16 *y, const float *x, size_t n_vectors, bool back) {
    const v16 factor = v16_set1(ewi_rotate_factor(16 * n_vectors));
    V16_UNROLL for (size_t i = 0; i < n_vectors; i++) y[i] = v16_load(x + 16 * i);
    if (!back) flip_signs(y, n_vectors);
    hadamard(y, n_vectors);
    if (back) flip_signs(y, n_vectors);
    if (n_vectors >= 4) return; /* the factor is 1 */
    V16_UNROLL for (size_t i = 0; i < n_vectors; i++) y[i] = v16_mul(y[i], factor);
}

/* Fewer than 16; lanes beyond are zeros. */
EWI_INLINE void rotate_few(v16 *y, const float *x, size_t n, bool back) {
    float block[16] = {0};
    if (back)
        ewi_rotate_back(block, x, n);
    else
        ewi_rotate_block_of(block, x, n);
    y[0] = v16_load(block);
}

/* A block of n = 1, 2, 4, .. 128 inputs, as ewi_rotate or ewi_rotate_back makes it. */
EWI_INLINE void rotate_block(v16 *y, const float *x, size_t n, bool back) {
    switch (n) {
    case 128: rotate_vectors(y, x, 8, back); break;
    case 64: rotate_vectors(y, x, 4, back); break;
    case 32: rotate_vectors(y, x, 2, back); break;
    case 16: rotate_vectors(y, x, 1, back); break;
    default: rotate_few(y, x, n, back); break;
    }
}

/* What a block of n is multiplied with once it is turned. */
EWI_INLINE v16 rotate_divisor(size_t n, ewi_rotation rotation) {
    const float factor = ewi_rotate_factor(n);
    return v16_set1(rotation == EWI_ROTATE_WEIGHTS ? 1.0f / ((float)n * factor * factor) : 1.0f);
}

EWI_INLINE void rotate_row(float *y, const float *x, size_t k, ewi_rotation rotation) {
    v16 block[ROTATE_VECTORS];
    for (size_t i = 0, n; i < k; i += n) {
        rotate_block(block, x + i, n = ewi_rotate_block(k - i), rotation == EWI_ROTATE_BACK);
        const v16 divisor = rotate_divisor(n, rotation);
        for (size_t j = 0; j < n; j += 16) put(y + i + j, v16_mul(block[j / 16], divisor), rest(n, j));
    }
}

static void rotate_inputs(float *y, const float *x, size_t k) {
    rotate_row(y, x, k, EWI_ROTATE_INPUTS);
}

static void rotate_weights(float *y, const float *x, size_t k) {
    rotate_row(y, x, k, EWI_ROTATE_WEIGHTS);
}

static void rotate_back(float *y, const float *x, size_t k) {
    rotate_row(y, x, k, EWI_ROTATE_BACK);
}

#endif
#endif
