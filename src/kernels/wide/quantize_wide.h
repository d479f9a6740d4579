/*
 * quantize_wide.h: rows of int8 with scales and sums (kernels/qrows.h), over 16 lanes.
 */
#ifndef EW_KERNELS_WIDE_QUANTIZE_WIDE_H
#define EW_KERNELS_WIDE_QUANTIZE_WIDE_H

#include <string.h>

#include "kernels/qrows.h"
#include "kernels/wide/rotate_wide.h"
#include "kernels/wide/row_wide.h"

#ifdef V16_ROWS

/* Where there is no finite scale every code is 0, also that of infinities and NaN. */
EWI_INLINE void put_codes(uint8_t *q, v16 x, v16 inverse, bool usable) {
    v16_store_i8(q, usable ? v16_mul(x, inverse) : v16_zero());
}

EWI_INLINE v16_bits top_of(const float *x, size_t n) {
    v16_bits most = v16_bits_zero();
    for (size_t i = 0; i < n; i += 16) most = v16_top(most, get(x + i, rest(n, i)));
    return most;
}

/* Sum of 8 signed bytes: biased to unsigned, then summed as 16-bit lanes of one word. */
EWI_INLINE int32_t sum_of_8(const uint8_t *q) {
    uint64_t word, even;
    memcpy(&word, q, sizeof word);
    word ^= 0x8080808080808080u;
    even = (word & 0x00ff00ff00ff00ffu) + (word >> 8 & 0x00ff00ff00ff00ffu);
    return (int32_t)(even * 0x0001000100010001u >> 48) - 8 * 128;
}

EWI_INLINE int32_t put_sums(uint8_t *row, const ewi_qrow *layout) {
    int32_t total = 0;
    for (size_t i = 0; i < layout->scales / 16; i++) {
        int16_t sum = (int16_t)(sum_of_8(row + 16 * i) + sum_of_8(row + 16 * i + 8));
        memcpy(row + layout->sums + i * sizeof sum, &sum, sizeof sum);
        total += sum;
    }
    return total;
}

/* The bytes after the last code, which put_codes may have left anything but zero in. */
EWI_INLINE void clear_padding(uint8_t *row, const ewi_qrow *layout, size_t k) {
    memset(row + k, 0, layout->scales - k);
    size_t end = layout->sums + layout->scales / 16 * sizeof(int16_t);
    memset(row + end, 0, layout->bytes - end);
}

static void quantize_256(uint8_t *row, const float *x, size_t k) {
    const ewi_qrow layout = ewi_qrow_layout(EWI_QROWS_256, k);
    for (size_t i = 0; i < k; i += EWI_QROWS_BLOCK) {
        size_t n = k - i < EWI_QROWS_BLOCK ? k - i : EWI_QROWS_BLOCK;
        ewi_qrow_scaling s = ewi_qrow_scale(v16_topmost(top_of(x + i, n)));
        v16 inverse = v16_set1(s.inverse);
        for (size_t j = i; j < i + n; j += 16)
            put_codes(row + j, get(x + j, rest(i + n, j)), inverse, s.inverse > 0.0f);
        memcpy(row + layout.scales + i / EWI_QROWS_BLOCK * sizeof s.scale, &s.scale, sizeof s.scale);
    }
    clear_padding(row, &layout, k);
    put_sums(row, &layout);
}

/* Each block is rotated twice: for the scale of all, then for its codes. The last stores of a short block may
 * reach past it, into bytes that come later or are cleared. */
static void quantize_whole(uint8_t *row, const float *x, size_t k) {
    const ewi_qrow layout = ewi_qrow_layout(EWI_QROWS_WHOLE, k);
    v16 y[ROTATE_VECTORS];
    v16_bits most = v16_bits_zero();
    for (size_t i = 0, n; i < k; i += n) {
        rotate_block(y, x + i, n = ewi_rotate_block(k - i), false);
        for (size_t j = 0; j < n; j += 16) most = v16_top(most, y[j / 16]);
    }
    ewi_qrow_scaling s = ewi_qrow_scale(v16_topmost(most));
    v16 inverse = v16_set1(s.inverse);
    for (size_t i = 0, n; i < k; i += n) {
        rotate_block(y, x + i, n = ewi_rotate_block(k - i), false);
        for (size_t j = 0; j < n; j += 16) put_codes(row + i + j, y[j / 16], inverse, s.inverse > 0.0f);
    }
    clear_padding(row, &layout, k);
    int32_t total = put_sums(row, &layout);
    memcpy(row + layout.scales, &s.scale, sizeof s.scale);
    memcpy(row + layout.scales + sizeof s.scale, &total, sizeof total);
}

#endif
#endif
