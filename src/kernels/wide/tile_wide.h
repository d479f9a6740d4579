/*
 * tile_wide.h: dot products of a few rows with a few columns at once, all accumulators in registers.
 *
 * What matmul and the scores of attention are made of. The tile does not change a dot product's bits.
 */
#ifndef EW_KERNELS_WIDE_TILE_WIDE_H
#define EW_KERNELS_WIDE_TILE_WIDE_H

#include "kernels/wide/v16.h"

#ifdef V16_ROWS

/*
 * acc[r][c] += x[r][i..i+16) * w[c][i..i+16); inlining makes rows and cols constants. Register by
 * register, so that an input needs one of them only.
 */
EWI_INLINE void tile_step(v16 *acc, size_t rows, size_t cols, const float *const *x, size_t i, const char *w,
                          size_t w_stride, v16_format format) {
    V16_UNROLL for (size_t p = 0; p < V16_PARTS; p++) {
        v16_part weights[4];
        V16_UNROLL for (size_t c = 0; c < cols; c++) weights[c] =
            format.load_part(w + c * w_stride + i * format.bytes, p);
        V16_UNROLL for (size_t r = 0; r < rows; r++) {
            v16_part input = v16_part_keep(v16_part_load(x[r] + i, p));
            V16_UNROLL for (size_t c = 0; c < cols; c++) V16_PART(acc[r * cols + c], p) =
                v16_part_fma(input, weights[c], V16_PART(acc[r * cols + c], p));
        }
    }
}

/* The same for the last n < 16 elements. */
EWI_INLINE void tile_tail(v16 *acc, size_t rows, size_t cols, const float *const *x, size_t i, const char *w,
                          size_t w_stride, size_t n, v16_format format) {
    V16_UNROLL for (size_t c = 0; c < cols; c++) {
        v16 weights = format.load_n(w + c * w_stride + i * format.bytes, n);
        V16_UNROLL for (size_t r = 0; r < rows; r++) acc[r * cols + c] =
            v16_fma(v16_load_n(x[r] + i, n), weights, acc[r * cols + c]);
    }
}

/* out[r * cols + c] = dot(x[r], w[c]) over k elements; rows <= V16_ROWS, cols <= 4. */
EWI_INLINE void tile(float *out, size_t rows, size_t cols, const float *const *x, const char *w,
                     size_t w_stride, size_t k, v16_format format) {
    v16 acc[V16_ROWS * 4];
    const float *rows_of_x[V16_ROWS];
    size_t i = 0;
    V16_UNROLL for (size_t a = 0; a < rows * cols; a++) acc[a] = v16_zero();
    V16_UNROLL for (size_t r = 0; r < rows; r++) rows_of_x[r] = x[r];
    for (; i + 16 <= k; i += 16) tile_step(acc, rows, cols, rows_of_x, i, w, w_stride, format);
    if (i < k) tile_tail(acc, rows, cols, rows_of_x, i, w, w_stride, k - i, format);
    size_t a = 0;
    V16_UNROLL for (; a + 4 <= rows * cols; a += 4) v16_sum4(out + a, acc + a);
    V16_UNROLL for (; a < rows * cols; a++) out[a] = v16_sum(acc[a]);
}

/* The columns of a register block: one row alone has registers to spare for four. */
#define TILE_COLS(rows) ((rows) == 1 ? 4 : V16_COLS)

/* Cuts n rows into equal blocks of at most V16_ROWS; the size of the next block. */
EWI_INLINE size_t tile_rows(size_t n) {
    size_t blocks = (n + V16_ROWS - 1) / V16_ROWS;
    return (n + blocks - 1) / blocks;
}

#if V16_ROWS == 6
#define TILE_SWITCH(rows, call) \
    switch (rows) {             \
    case 1: call(1); break;     \
    case 2: call(2); break;     \
    case 3: call(3); break;     \
    case 4: call(4); break;     \
    case 5: call(5); break;     \
    default: call(6); break;    \
    }
#else
#define TILE_SWITCH(rows, call) \
    switch (rows) {             \
    case 1: call(1); break;     \
    case 2: call(2); break;     \
    default: call(3); break;    \
    }
#endif

#endif
#endif
