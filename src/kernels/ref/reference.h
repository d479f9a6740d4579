/*
 * reference.h: what the reference kernels share: the canonical reduction of docs/numerics.md in plain C.
 *
 * Pure functions, any thread.
 *
 *     ewi_lanes lanes = {{0}};
 *     for (size_t i = 0; i < n; i++) ewi_lanes_fma(&lanes, i, x[i], w[i]);
 *     ewi_lanes_pad(&lanes, n);
 *     float dot = ewi_lanes_sum(&lanes);
 */
#ifndef EW_KERNELS_REF_REFERENCE_H
#define EW_KERNELS_REF_REFERENCE_H

#include <math.h>
#include <string.h>

#include "kernels/half.h"
#include "kernels/kernels.h"

typedef struct ewi_lanes {
    float lane[16];
} ewi_lanes;

static inline void ewi_lanes_fma(ewi_lanes *lanes, size_t i, float x, float w) {
    lanes->lane[i % 16] = fmaf(x, w, lanes->lane[i % 16]);
}

/* The lanes that the last, incomplete group of 16 lacks take a product of zeros: it turns a -0 into +0. */
static inline void ewi_lanes_pad(ewi_lanes *lanes, size_t n) {
    for (size_t i = n; i % 16 != 0; i++) ewi_lanes_fma(lanes, i, 0.0f, 0.0f);
}

/* 8+8, 4+4, 2+2, 1+1. */
static inline float ewi_lanes_sum(const ewi_lanes *lanes) {
    ewi_lanes t = *lanes;
    for (size_t half = 8; half > 0; half /= 2)
        for (size_t j = 0; j < half; j++) t.lane[j] += t.lane[j + half];
    return t.lane[0];
}

/* Element i of an array of each type, wherever it lies. */
typedef float (*ewi_load_fn)(const void *p, size_t i);

static inline float ewi_load_f32(const void *p, size_t i) {
    float x;
    memcpy(&x, (const char *)p + i * sizeof x, sizeof x);
    return x;
}

static inline float ewi_load_f16(const void *p, size_t i) {
    uint16_t h;
    memcpy(&h, (const char *)p + i * sizeof h, sizeof h);
    return ewi_f16_to_f32(h);
}

static inline float ewi_load_bf16(const void *p, size_t i) {
    uint16_t b;
    memcpy(&b, (const char *)p + i * sizeof b, sizeof b);
    return ewi_bf16_to_f32(b);
}

EWI_INLINE float ewi_dot(const float *x, const void *w, size_t n, ewi_load_fn load) {
    ewi_lanes lanes = {{0}};
    for (size_t i = 0; i < n; i++) ewi_lanes_fma(&lanes, i, x[i], load(w, i));
    ewi_lanes_pad(&lanes, n);
    return ewi_lanes_sum(&lanes);
}

typedef float (*ewi_dot_fn)(const float *x, const void *w, size_t n, ewi_load_fn load);

/* The loops of a matmul; dot is what defines it. */
EWI_INLINE void ewi_matmul_by(const ewi_matmul *a, ewi_dot_fn dot, ewi_load_fn load) {
    for (size_t i = 0; i < a->m; i++)
        for (size_t j = 0; j < a->n; j++) {
            float y = dot(a->x + i * a->x_stride, (const char *)a->w + j * a->w_stride_bytes, a->k, load);
            a->y[i * a->y_stride + j] = a->bias ? y + a->bias[j] : y;
        }
}

/* Element i of key and of value j: its number, or its code where the type has scales. */
float ewi_attention_key(const ewi_attention *a, size_t j, size_t i);
float ewi_attention_value(const ewi_attention *a, size_t j, size_t i);
bool ewi_attention_has_codes(ewi_dtype type);
float ewi_attention_scale_of(ewi_dtype type, const void *scales, size_t j);

/* The score that a product of q and key j of the block makes. */
float ewi_attention_score(const ewi_attention *a, const ewi_attention_row *row, size_t j, float product);

/* Scores of one block to softmax's weights, the row's max and sum with them; returns what its acc is to be
 * multiplied by. */
float ewi_softmax_block(ewi_attention_row *row, float *p, float (*round)(float));

/* Parts of the reference table. */
void ewi_matmul_ref(ewi_kernels *table);
void ewi_halves_ref(ewi_kernels *table);
void ewi_tiles_ref(ewi_kernels *table);
void ewi_qmatmul_ref(ewi_kernels *table);
void ewi_row_ref(ewi_kernels *table);
void ewi_attention_ref(ewi_kernels *table);
void ewi_attention_bf16_ref(ewi_kernels *table);
void ewi_convert_ref(ewi_kernels *table);
void ewi_blocks_ref(ewi_kernels *table);
void ewi_fit_ref(ewi_kernels *table);
void ewi_divergence_ref(ewi_kernels *table);

#endif
