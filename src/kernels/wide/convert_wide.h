/*
 * convert_wide.h: arrays of f16 and bf16 to and from f32, over 16 lanes.
 */
#ifndef EW_KERNELS_WIDE_CONVERT_WIDE_H
#define EW_KERNELS_WIDE_CONVERT_WIDE_H

#include "kernels/wide/v16.h"

#ifdef V16_ROWS

EWI_INLINE void widen(float *y, const void *x, size_t n, v16_format format) {
    const char *p = (const char *)x;
    size_t i = 0;
    for (; i + 16 <= n; i += 16) v16_store(y + i, format.load(p + i * format.bytes));
    if (i < n) v16_store_n(y + i, format.load_n(p + i * format.bytes, n - i), n - i);
}

static void widen_f16(float *y, const void *x, size_t n) {
    widen(y, x, n, V16_F16);
}
static void widen_bf16(float *y, const void *x, size_t n) {
    widen(y, x, n, V16_BF16);
}

static void narrow_f16(void *y, const float *x, size_t n) {
    char *p = (char *)y;
    size_t i = 0;
    for (; i + 16 <= n; i += 16) v16_store_f16(p + 2 * i, v16_load(x + i));
    if (i < n) v16_store_f16_n(p + 2 * i, v16_load_n(x + i, n - i), n - i);
}

#endif
#endif
