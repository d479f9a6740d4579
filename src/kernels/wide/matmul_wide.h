/*
 * matmul_wide.h: y = x W^T + bias over 16 lanes.
 *
 * Columns go in panels that stay in the second-level cache while all rows pass over them.
 */
#ifndef EW_KERNELS_WIDE_MATMUL_WIDE_H
#define EW_KERNELS_WIDE_MATMUL_WIDE_H

#include "kernels/kernels.h"
#include "kernels/wide/tile_wide.h"

#ifdef V16_ROWS

#define PANEL_BYTES 131072

/* Stores a tile whose columns are `gap` apart, the first of them j. */
EWI_INLINE void store_tile(const ewi_matmul *a, const float *sums, size_t rows, size_t cols, size_t i,
                           size_t j, size_t gap) {
    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < cols; c++) {
            float sum = sums[r * cols + c];
            size_t column = j + c * gap;
            a->y[(i + r) * a->y_stride + column] = a->bias ? sum + a->bias[column] : sum;
        }
}

/*
 * Columns j0 .. j1 of `rows` rows from i on. The columns of a tile lie a part of the range apart: then each
 * is read as one long stream from tile to tile, which the processor's prefetchers follow better than many
 * short ones.
 */
EWI_INLINE void matmul_rows(const ewi_matmul *a, size_t rows, size_t i, size_t j0, size_t j1,
                            v16_format format) {
    const size_t cols = TILE_COLS(rows), gap = (j1 - j0) / cols, stride = a->w_stride_bytes;
    const char *w = (const char *)a->w;
    const float *x[V16_ROWS];
    float sums[V16_ROWS * 4];
    V16_UNROLL for (size_t r = 0; r < rows; r++) x[r] = a->x + (i + r) * a->x_stride;
    for (size_t j = j0; j < j0 + gap; j++) {
        tile(sums, rows, cols, x, w + j * stride, gap * stride, a->k, format);
        store_tile(a, sums, rows, cols, i, j, gap);
    }
    for (size_t j = j0 + gap * cols; j < j1; j++) {
        tile(sums, rows, 1, x, w + j * stride, stride, a->k, format);
        store_tile(a, sums, rows, 1, i, j, 0);
    }
}

EWI_INLINE void matmul(const ewi_matmul *a, v16_format format) {
    size_t panel = PANEL_BYTES / (a->k * format.bytes + 1) / 4 * 4;
    if (panel < 4 || a->m == 1) panel = a->m == 1 ? a->n : 4;
    for (size_t j = 0; j < a->n; j += panel) {
        size_t end = a->n - j < panel ? a->n : j + panel;
        for (size_t i = 0; i < a->m;) {
            size_t rows = tile_rows(a->m - i);
#define MATMUL_ROWS(n) matmul_rows(a, n, i, j, end, format)
            TILE_SWITCH(rows, MATMUL_ROWS)
#undef MATMUL_ROWS
            i += rows;
        }
    }
}

static void matmul_f32(const ewi_matmul *a) {
    matmul(a, V16_F32);
}
static void matmul_f16(const ewi_matmul *a) {
    matmul(a, V16_F16);
}
static void matmul_bf16(const ewi_matmul *a) {
    matmul(a, V16_BF16);
}

#endif
#endif
