/*
 * qformat_wide.h: the formats of tensor/packed.h over vectors of outputs: how codes and scales are read, and
 * how results are stored.
 */
#ifndef EW_KERNELS_WIDE_QFORMAT_WIDE_H
#define EW_KERNELS_WIDE_QFORMAT_WIDE_H

#include <string.h>

#include "kernels/kernels.h"
#include "kernels/wide/vi.h"

#ifdef VI_N

/* Rows that share codes in registers, at most. */
#define VI_FEW_ROWS 8
/* A chunk of codes as bytes. */
#define PANEL_CHUNK 512

/* ---- how codes are stored ---- */

/* A format as constants of the inlined bodies. */
typedef struct q_format {
    ewi_dtype dtype;
    ewi_packed_kind kind;
    size_t chunk_bytes;
    int32_t zero; /* what remains to be taken out of the sums */
    size_t group; /* chunks that share a scale */
    bool has_min, has_subscale;
    vb (*get)(const uint8_t *chunk, size_t j);
    vi (*dot)(vi acc, vb codes, const int8_t *x);
} q_format;

EWI_INLINE vb get8(const uint8_t *chunk, size_t j) {
    return vb_load(chunk + 64 * j);
}
EWI_INLINE vb get4(const uint8_t *chunk, size_t j) {
    vb pair = vb_load(chunk + 64 * (j / 2));
    return vb_and(j % 2 ? vb_right(pair, 4) : pair, 0x0f);
}
EWI_INLINE vb get5(const uint8_t *chunk, size_t j) {
    vb plane = vb_load(chunk + 256);
    vb high = j < 4 ? vb_left(plane, (unsigned)(4 - j)) : vb_right(plane, (unsigned)(j - 4));
    return vb_or(get4(chunk, j), vb_and(high, 0x10));
}
EWI_INLINE vb get6(const uint8_t *chunk, size_t j) {
    vb plane = vb_load(chunk + 256 + 64 * (j / 4));
    vb high = j % 4 < 3 ? vb_left(plane, (unsigned)(4 - 2 * (j % 4))) : vb_right(plane, 2);
    return vb_or(get4(chunk, j), vb_and(high, 0x30));
}

/* A level for each code, as a code of 8 bits with the zero 128. */
EWI_INLINE vb get_nl(const uint8_t *chunk, size_t j) {
#define LEVEL(x) (uint8_t)((x) + 128),
    static const uint8_t levels[16] = {EWI_IQ4_NL_MAP(LEVEL)};
#undef LEVEL
    return vb_look_up(levels, get4(chunk, j));
}

/* ---- weights ---- */

/* What a vector of outputs reads: its tile's head and codes, from its first output on. */
typedef struct q_column {
    const uint8_t *head, *codes;
    size_t at; /* first output in the tile */
} q_column;

/* The sub-scales of chunk i. */
EWI_INLINE vi subscale(const q_column *w, size_t i) {
    const uint8_t *s = w->head + 64 + i / 2 * 16 + w->at;
    return i % 2 ? vi_load_high4(s) : vi_load_low4(s);
}

/* Sub-scales (which = 0) or minima (1) of chunks 4 half .. 4 half + 3 of a super-block, a byte each; words as
 * tensor/packed.h has them, from the vector's first output on. */
EWI_INLINE vb k_scales(const uint8_t *words, size_t which, size_t half) {
    vb first = vb_load(words + 64 * which);
    if (half == 0) return vb_and(first, 63);
    vb low = vb_load(words + 128);
    return vb_or(vb_and(which ? vb_right(low, 4) : low, 15), vb_and(vb_right(first, 2), 0x30));
}

/* Byte i of each lane of four, and the same as vi_dot_pair takes it. */
EWI_INLINE vi byte_of(vb a, size_t i) {
#define PICK(i) \
    { i, 128, 128, 128, 4 + i, 128, 128, 128, 8 + i, 128, 128, 128, 12 + i, 128, 128, 128 }
    static const uint8_t index[4][16] = {PICK(0), PICK(1), PICK(2), PICK(3)};
#undef PICK
    return vi_pick(a, index[i]);
}
EWI_INLINE vi byte_pair(vb a, size_t i) {
#define TWO(i) i, 128, VI_PAIR(i), 128
#define PICK(i) \
    { TWO(i), TWO(4 + (i)), TWO(8 + (i)), TWO(12 + (i)) }
    static const uint8_t index[4][16] = {PICK(0), PICK(1), PICK(2), PICK(3)};
#undef PICK
#undef TWO
    return vi_pick(a, index[i]);
}

/* X(type, function name, format): the formats of tensor/packed.h. */
#define Q_FORMAT_MAP(X)                                                                    \
    X(EWI_Q8C, q8c, EWI_PACKED_ROW, 512, VI_DOT8_ZERO, 1, false, false, get8, vi_dot8)     \
    X(EWI_Q4C, q4c, EWI_PACKED_ROW, 256, 8, 1, false, false, get4, vi_dot)                 \
    X(EWI_Q4S, q4s, EWI_PACKED_ROW, 256, 8, 1, false, true, get4, vi_dot)                  \
    X(EWI_Q4G128, q4g128, EWI_PACKED_GROUP, 256, 8, 4, false, false, get4, vi_dot)         \
    X(EWI_Q8_0, q8_0, EWI_PACKED_GROUP, 512, VI_DOT8_ZERO, 1, false, false, get8, vi_dot8) \
    X(EWI_Q4_0, q4_0, EWI_PACKED_GROUP, 256, 8, 1, false, false, get4, vi_dot)             \
    X(EWI_Q4_1, q4_1, EWI_PACKED_GROUP, 256, 0, 1, true, false, get4, vi_dot)              \
    X(EWI_Q5_0, q5_0, EWI_PACKED_GROUP, 320, 16, 1, false, false, get5, vi_dot)            \
    X(EWI_Q5_1, q5_1, EWI_PACKED_GROUP, 320, 0, 1, true, false, get5, vi_dot)              \
    X(EWI_Q4_K, q4_k, EWI_PACKED_SUPER, 256, 0, 1, true, false, get4, vi_dot)              \
    X(EWI_Q5_K, q5_k, EWI_PACKED_SUPER, 320, 0, 1, true, false, get5, vi_dot)              \
    X(EWI_Q6_K, q6_k, EWI_PACKED_SUPER, 384, 32, 1, false, false, get6, vi_dot)            \
    X(EWI_IQ4_NL, iq4_nl, EWI_PACKED_GROUP, 256, VI_DOT8_ZERO, 1, false, false, get_nl, vi_dot8)

/* ---- rows ---- */

/* Bytes that will be wanted soon: some lines are asked for with each chunk of the codes that are at work. */
typedef struct q_ahead {
    const uint8_t *at, *end;
    size_t n_lines;
} q_ahead;

typedef struct q_rows {
    const int8_t *q[VI_FEW_ROWS];
    size_t scales, sums, k; /* offsets in a row; inputs of the matrix */
    q_ahead *ahead;         /* or NULL */
} q_rows;

EWI_INLINE float scale_of(const q_rows *x, size_t r, size_t i) {
    float scale;
    memcpy(&scale, x->q[r] + x->scales + i * sizeof scale, sizeof scale);
    return scale;
}
/* first * (sum of inputs 32 i .. 32 i + 15) + second * (sum of the 16 after them), in all lanes. */
EWI_INLINE vi sums_of(const q_rows *x, size_t r, size_t i, int32_t first, int32_t second) {
    return vi_pair(x->q[r] + x->sums + 4 * i, first, second);
}

/* Outputs j .. j + VI_N of row i, as many as there are. */
EWI_INLINE void store_vector(const ewi_qmatmul *a, vf y, size_t i, size_t j) {
    const size_t n = j + VI_N <= a->n ? VI_N : a->n - j;
    float *to = a->y + i * a->y_stride + j;
    if (a->bias) {
        float bias[VI_N] = {0};
        memcpy(bias, a->bias + j, n * sizeof *bias);
        y = vf_add(y, vf_load(bias));
    }
    if (n == VI_N)
        vf_store(to, y);
    else
        vf_store_n(to, y, n);
}

#endif
#endif
