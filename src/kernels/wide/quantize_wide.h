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

typedef int16_t code_sums __attribute__((vector_size(16)));
typedef uint16_t code_pairs __attribute__((vector_size(16)));

/* 16 codes to 8 sums of two. */
EWI_INLINE code_sums sums_of_two(const uint8_t *codes) {
    code_pairs pairs;
    memcpy(&pairs, codes, sizeof pairs);
    return ((code_sums)(pairs << 8) >> 8) + ((code_sums)pairs >> 8);
}

/* The two halves of a added up in the even lanes, those of b in the odd ones. */
EWI_INLINE code_sums fold(code_sums a, code_sums b) {
    return __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11) +
           __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
}

/* 8 times 16 codes to their 8 sums. */
EWI_INLINE code_sums sums_of_16(const uint8_t *codes) {
    code_sums s[8];
    V16_UNROLL for (size_t i = 0; i < 8; i++) s[i] = sums_of_two(codes + 16 * i);
    return fold(fold(fold(s[0], s[4]), fold(s[2], s[6])), fold(fold(s[1], s[5]), fold(s[3], s[7])));
}

/* 64 codes at a time, which a row's codes are padded to. */
static int32_t put_sums(uint8_t *row, const ewi_qrow *layout) {
    const size_t n = layout->scales;
    int32_t total = 0;
    for (size_t i = 0; i < n; i += 128) {
        uint8_t last[128] = {0};
        const bool whole = n - i >= 128;
        if (!whole) memcpy(last, row + i, n - i);
        const code_sums sums = sums_of_16(whole ? row + i : last);
        memcpy(row + layout->sums + i / 8, &sums, whole ? sizeof sums : (n - i) / 8);
        V16_UNROLL for (size_t j = 0; j < 8; j++) total += sums[j];
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
