/*
 * range.h: the range of a layer's inputs on a text, for machines that round inputs to 8 bits with one scale
 * that is known beforehand: code = round(x / scale), at least -128, at most 127.
 *
 * Magnitudes are counted in bins of 1/512 of themselves. Of a range the scale is a 127th:
 *     MINMAX      the largest magnitude: nothing is clamped
 *     P999, P9999 what 99.9 % or 99.99 % of all magnitudes do not exceed
 *     MSE         that of 161 from the largest down, a 16th of an octave apart, with which the squares of
 *                 what rounding and clamping change add up to least
 *
 * Memory: 1 MiB. One thread at a time uses one.
 *
 *     ewi_range *r = ewi_range_new();
 *     for all rows:  ewi_range_add(r, rows, n, k, scales);
 *     scale = ewi_range_scale(r, EWI_RANGE_MSE);
 *     ewi_range_free(r);
 */
#ifndef EW_QUANT_RANGE_H
#define EW_QUANT_RANGE_H

#include <stddef.h>

#include "base/compiler.h"

/* X(kind, name) */
#define EWI_RANGE_MAP(X) \
    X(MINMAX, "minmax")  \
    X(P999, "p99.9")     \
    X(P9999, "p99.99")   \
    X(MSE, "mse")

typedef enum ewi_range_kind {
#define EWI_RANGE_ENUM(kind, name) EWI_RANGE_##kind,
    EWI_RANGE_MAP(EWI_RANGE_ENUM)
#undef EWI_RANGE_ENUM
        EWI_N_RANGES
} ewi_range_kind;

typedef struct ewi_range ewi_range;

/* NULL when there is no memory. */
EWI_NODISCARD ewi_range *ewi_range_new(void);
void ewi_range_free(ewi_range *r);
/* Rows [n, k] of numbers, divided by scales [k] where there are any. */
void ewi_range_add(ewi_range *r, const float *rows, size_t n, size_t k, const float *scales);
/* 0 where all inputs were zero. */
float ewi_range_scale(const ewi_range *r, ewi_range_kind kind);

#endif
