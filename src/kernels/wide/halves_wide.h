/*
 * halves_wide.h: y = x W^T + bias for many rows and 16-bit weights, in 16-bit integers (kernels/halves.h).
 *
 * Block by block of 256 inputs: all rows become codes; then panels of outputs become codes, turned so that a
 * register holds pairs of inputs of all its outputs, and all rows pass over a panel while it is in the
 * first-level cache. Sums over blocks wait in y.
 */
#ifndef EW_KERNELS_WIDE_HALVES_WIDE_H
#define EW_KERNELS_WIDE_HALVES_WIDE_H

#include "kernels/half.h"
#include "kernels/halves.h"
#include "kernels/kernels.h"
#include "kernels/wide/v16.h"
#include "kernels/wide/vi.h"

#if defined(VI_N) && defined(V16_ROWS)

#define HALF_BLOCK   EWI_HALVES_BLOCK
#define HALF_OUTPUTS ((size_t)VI_N * VI_COLS) /* of a register block */
#define HALF_PANEL   ((size_t)32)
#define HALF_CODES   (HALF_BLOCK * HALF_OUTPUTS) /* of a register block, in a panel */

typedef struct half_format {
    v16 (*load)(const void *p);
    v16 (*load_n)(const void *p, size_t n);
    float (*widen)(uint16_t bits);
} half_format;

/* The part of a step that a block of inputs makes; all but n_pairs and at in scratch. */
typedef struct half_block {
    size_t at, n; /* first input, inputs */
    size_t n_pairs;
    int16_t *x;      /* [m, HALF_BLOCK] */
    float *x_scales; /* [m] */
    int16_t *rows;   /* [8, HALF_BLOCK]: outputs on their way into the panel */
    int16_t *panel;  /* [HALF_PANEL / HALF_OUTPUTS][n_pairs, HALF_OUTPUTS, 2], HALF_CODES apart */
    float *scales;   /* [HALF_PANEL] */
} half_block;

/* An odd last input has a zero beside it. */
EWI_INLINE void put_codes16(int16_t *codes, v16 x, v16 inverse, bool usable) {
    v16_store_i16(codes, usable ? v16_mul(x, inverse) : v16_zero());
}

static float encode_inputs(int16_t *codes, const float *x, size_t n) {
    v16_bits most = v16_bits_zero();
    for (size_t i = 0; i < n; i += 16) most = v16_top(most, get(x + i, rest(n, i)));
    const ewi_qrow_scaling s = ewi_halves_input(v16_topmost(most));
    const v16 inverse = v16_set1(s.inverse);
    for (size_t i = 0; i < n; i += 16)
        put_codes16(codes + i, get(x + i, rest(n, i)), inverse, s.inverse > 0.0f);
    return s.scale;
}

typedef int16_t half_lanes __attribute__((vector_size(32), aligned(1), may_alias));

/* The largest magnitude as the type's own bits, which are in the order of magnitudes. */
EWI_INLINE uint16_t top_of_weights(const char *w, size_t n) {
    half_lanes most = {0};
    int16_t top = 0;
    size_t i = 0;
    for (; i + 16 <= n; i += 16) {
        half_lanes a = *(const half_lanes *)(const void *)(w + 2 * i) & 0x7fff, greater = a > most;
        most = (a & greater) | (most & ~greater);
    }
    for (size_t j = 0; j < 16; j++) top = most[j] > top ? most[j] : top;
    for (; i < n; i++) {
        int16_t a;
        memcpy(&a, w + 2 * i, sizeof a);
        a &= 0x7fff;
        top = a > top ? a : top;
    }
    return (uint16_t)top;
}

EWI_INLINE float encode_weights(int16_t *codes, const char *w, size_t n, half_format f) {
    float largest = f.widen(top_of_weights(w, n));
    uint32_t bits;
    memcpy(&bits, &largest, sizeof bits);
    const ewi_qrow_scaling s = ewi_halves_weight(bits);
    const v16 inverse = v16_set1(s.inverse);
    size_t i = 0;
    for (; i + 16 <= n; i += 16) put_codes16(codes + i, f.load(w + 2 * i), inverse, s.inverse > 0.0f);
    if (i < n) put_codes16(codes + i, f.load_n(w + 2 * i, n - i), inverse, s.inverse > 0.0f);
    return s.scale;
}

/* 8 rows of 8 pairs of i16 become 8 pairs of 8 rows. */
typedef int32_t half_pairs __attribute__((vector_size(32), aligned(4), may_alias));

EWI_INLINE void turn_8(int16_t *to, size_t to_stride, const int16_t *from) {
    half_pairs a[8], b[8];
    V16_UNROLL for (size_t i = 0; i < 8; i++) a[i] =
        *(const half_pairs *)(const void *)(from + i * HALF_BLOCK);
    V16_UNROLL for (size_t i = 0; i < 8; i += 2) {
        b[i] = __builtin_shufflevector(a[i], a[i + 1], 0, 8, 1, 9, 4, 12, 5, 13);
        b[i + 1] = __builtin_shufflevector(a[i], a[i + 1], 2, 10, 3, 11, 6, 14, 7, 15);
    }
    V16_UNROLL for (size_t i = 0; i < 8; i += 4) V16_UNROLL for (size_t j = 0; j < 2; j++) {
        a[i + 2 * j] = __builtin_shufflevector(b[i + j], b[i + j + 2], 0, 1, 8, 9, 4, 5, 12, 13);
        a[i + 2 * j + 1] = __builtin_shufflevector(b[i + j], b[i + j + 2], 2, 3, 10, 11, 6, 7, 14, 15);
    }
    V16_UNROLL for (size_t i = 0; i < 4; i++) {
        *(half_pairs *)(void *)(to + i * to_stride) =
            __builtin_shufflevector(a[i], a[i + 4], 0, 1, 2, 3, 8, 9, 10, 11);
        *(half_pairs *)(void *)(to + (i + 4) * to_stride) =
            __builtin_shufflevector(a[i], a[i + 4], 4, 5, 6, 7, 12, 13, 14, 15);
    }
}

/* Outputs j .. of the block as a panel; outputs that do not exist are zeros. */
EWI_INLINE void fill_half_panel(const half_block *b, const ewi_matmul *a, size_t j, half_format f) {
    for (size_t c = 0; c < HALF_PANEL; c += 8) {
        int16_t *to = b->panel + c / HALF_OUTPUTS * HALF_CODES + 2 * (c % HALF_OUTPUTS);
        for (size_t i = 0; i < 8; i++) {
            int16_t *codes = b->rows + i * HALF_BLOCK;
            const size_t output = j + c + i;
            b->scales[c + i] = 0.0f;
            if (output < a->n)
                b->scales[c + i] = encode_weights(
                    codes, (const char *)a->w + output * a->w_stride_bytes + 2 * b->at, b->n, f);
            else
                memset(codes, 0, 2 * b->n_pairs * sizeof *codes);
        }
        for (size_t p = 0; p < b->n_pairs; p += 8)
            turn_8(to + 2 * p * HALF_OUTPUTS, 2 * HALF_OUTPUTS, b->rows + 2 * p);
    }
}

/* y += sums * scales; of the outputs from j on some do not exist. */
static void add_some_sums(const half_block *b, const ewi_matmul *a, const vi *sums, size_t rows, size_t i,
                          size_t j) {
    const float *scales = b->scales + j % HALF_PANEL;
    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < VI_COLS && j + c * VI_N < a->n; c++) {
            const size_t n = a->n - j - c * VI_N;
            float *y = a->y + (i + r) * a->y_stride + j + c * VI_N, before[VI_N] = {0};
            memcpy(before, y, (n < VI_N ? n : VI_N) * sizeof *y);
            vf scale = vf_mul(vf_set1(b->x_scales[i + r]), vf_load(scales + c * VI_N));
            vf_store_n(y, vf_fma(vf_from(sums[r * VI_COLS + c]), scale, vf_load(before)),
                       n < VI_N ? n : VI_N);
        }
}

EWI_INLINE void add_half_sums(const half_block *b, const ewi_matmul *a, const vi *sums, size_t rows, size_t i,
                              size_t j) {
    vf scales[VI_COLS];
    VI_UNROLL for (size_t c = 0; c < VI_COLS; c++) scales[c] = vf_load(b->scales + j % HALF_PANEL + c * VI_N);
    VI_UNROLL for (size_t r = 0; r < rows; r++) VI_UNROLL for (size_t c = 0; c < VI_COLS; c++) {
        float *y = a->y + (i + r) * a->y_stride + j + c * VI_N;
        vf scale = vf_mul(vf_set1(b->x_scales[i + r]), scales[c]);
        vf_store(y, vf_fma(vf_from(sums[r * VI_COLS + c]), scale, vf_load(y)));
    }
}

/* `rows` rows from the i-th on times the outputs from j on. */
EWI_INLINE void half_rows(const half_block *b, const ewi_matmul *a, size_t rows, size_t i, size_t j) {
    vi sums[VI_HALF_ROWS * VI_COLS], w[VI_COLS];
    const int16_t *x = b->x + i * HALF_BLOCK;
    const int16_t *panel = b->panel + j % HALF_PANEL / HALF_OUTPUTS * HALF_CODES;
    const int16_t *end = panel + 2 * b->n_pairs * HALF_OUTPUTS;
    VI_UNROLL for (size_t r = 0; r < rows * VI_COLS; r++) sums[r] = vi_set1(0);
    for (; panel < end; panel += 2 * HALF_OUTPUTS, x += 2) {
        VI_UNROLL for (size_t c = 0; c < VI_COLS; c++) w[c] = vi_load(panel + 2 * c * VI_N);
        VI_UNROLL for (size_t r = 0; r < rows; r++) VI_UNROLL for (size_t c = 0; c < VI_COLS; c++)
            sums[r * VI_COLS + c] = vi_dot16(sums[r * VI_COLS + c], w[c], x + r * HALF_BLOCK);
        VI_FENCE; /* accumulators stay in their registers */
    }
    if (j + HALF_OUTPUTS <= a->n) {
        add_half_sums(b, a, sums, rows, i, j);
    } else {
        /* A copy: what loops index lies in memory. */
        vi done[VI_HALF_ROWS * VI_COLS];
        VI_UNROLL for (size_t r = 0; r < rows * VI_COLS; r++) done[r] = sums[r];
        add_some_sums(b, a, done, rows, i, j);
    }
}

/* While rows i .. of this panel are computed, their share of the next panel's weights comes from memory. */
EWI_INLINE void fetch_next(const half_block *b, const ewi_matmul *a, size_t i, size_t rows, size_t j) {
    const size_t end = (i + rows) * HALF_PANEL / a->m;
    for (size_t c = i * HALF_PANEL / a->m; c < end && j + HALF_PANEL + c < a->n; c++) {
        const uint8_t *w = (const uint8_t *)a->w + (j + HALF_PANEL + c) * a->w_stride_bytes + 2 * b->at;
        for (size_t at = 0; at < 2 * b->n; at += 64) vb_prefetch(w + at);
    }
}

EWI_INLINE void half_block_rows(const half_block *b, const ewi_matmul *a, size_t j) {
    const size_t end = a->n - j < HALF_PANEL ? a->n : j + HALF_PANEL;
#define HALF_ROWS(rows)                                                                 \
    for (; i + (rows) <= a->m; i += (rows)) {                                           \
        fetch_next(b, a, i, rows, j);                                                   \
        for (size_t at = j; at < end; at += HALF_OUTPUTS) half_rows(b, a, rows, i, at); \
    }
    size_t i = 0;
    HALF_ROWS(VI_HALF_ROWS)
    HALF_ROWS(4)
    HALF_ROWS(1)
#undef HALF_ROWS
}

/* Pairs are turned 8 at a time: codes up to a multiple of 16 are zeros. */
static void encode_rows(const half_block *b, const ewi_matmul *a) {
    for (size_t i = 0; i < a->m; i++) {
        int16_t *codes = b->x + i * HALF_BLOCK;
        if (b->at == 0) memset(a->y + i * a->y_stride, 0, a->n * sizeof *a->y);
        b->x_scales[i] = encode_inputs(codes, a->x + i * a->x_stride + b->at, b->n);
    }
}

EWI_INLINE void matmul_halves(const ewi_matmul *a, half_format f) {
    half_block b = {.panel = (int16_t *)(void *)a->scratch};
    b.rows = b.panel + HALF_PANEL * HALF_BLOCK;
    b.x = b.rows + 8 * HALF_BLOCK;
    b.scales = (float *)(void *)(b.x + a->m * HALF_BLOCK);
    b.x_scales = b.scales + HALF_PANEL;
    for (; b.at < a->k; b.at += HALF_BLOCK) {
        b.n = a->k - b.at < HALF_BLOCK ? a->k - b.at : HALF_BLOCK;
        b.n_pairs = (b.n + 15) / 16 * 8;
        encode_rows(&b, a);
        for (size_t j = 0; j < a->n; j += HALF_PANEL) {
            fill_half_panel(&b, a, j, f);
            half_block_rows(&b, a, j);
        }
    }
    for (size_t i = 0; a->bias && i < a->m; i++)
        for (size_t j = 0; j < a->n; j++) a->y[i * a->y_stride + j] += a->bias[j];
}

static void matmul_halves_f16(const ewi_matmul *a) {
    matmul_halves(a, (half_format){v16_load_f16, v16_load_f16_n, ewi_f16_to_f32});
}
static void matmul_halves_bf16(const ewi_matmul *a) {
    matmul_halves(a, (half_format){v16_load_bf16, v16_load_bf16_n, ewi_bf16_to_f32});
}

EWI_INLINE void fill_halves(ewi_kernels *table) {
    table->matmul_fast[EWI_F16] = matmul_halves_f16;
    table->matmul_fast[EWI_BF16] = matmul_halves_bf16;
}

#endif
#endif
