/*
 * checked.h: the one layer of size arithmetic. Every size that bytes from outside decide is computed here.
 *
 * Each function returns false, and leaves *out alone, when the exact result does not fit.
 *
 *     size_t size;
 *     if (!ewi_mul_size(rows, row_bytes, &size)) return ewi_fail(err, EW_FORMAT, "...: size overflows");
 */
#ifndef EW_BASE_CHECKED_H
#define EW_BASE_CHECKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"

EWI_NODISCARD static inline bool ewi_add_size(size_t a, size_t b, size_t *out) {
    size_t sum;
    if (__builtin_add_overflow(a, b, &sum)) return false;
    *out = sum;
    return true;
}

EWI_NODISCARD static inline bool ewi_mul_size(size_t a, size_t b, size_t *out) {
    size_t product;
    if (__builtin_mul_overflow(a, b, &product)) return false;
    *out = product;
    return true;
}

EWI_NODISCARD static inline bool ewi_add_u64(uint64_t a, uint64_t b, uint64_t *out) {
    uint64_t sum;
    if (__builtin_add_overflow(a, b, &sum)) return false;
    *out = sum;
    return true;
}

EWI_NODISCARD static inline bool ewi_mul_u64(uint64_t a, uint64_t b, uint64_t *out) {
    uint64_t product;
    if (__builtin_mul_overflow(a, b, &product)) return false;
    *out = product;
    return true;
}

static inline bool ewi_is_pow2(uint64_t x) {
    return x != 0 && (x & (x - 1)) == 0;
}

/* Rounds x up to a multiple of align, a power of two. */
EWI_NODISCARD static inline bool ewi_align_u64(uint64_t x, uint64_t align, uint64_t *out) {
    uint64_t up;
    if (__builtin_add_overflow(x, align - 1, &up)) return false;
    *out = up & ~(align - 1);
    return true;
}

EWI_NODISCARD static inline bool ewi_align_size(size_t x, size_t align, size_t *out) {
    size_t up;
    if (__builtin_add_overflow(x, align - 1, &up)) return false;
    *out = up & ~(align - 1);
    return true;
}

/* True when [offset, offset + len) lies inside [0, limit). */
static inline bool ewi_in_range(uint64_t offset, uint64_t len, uint64_t limit) {
    return offset <= limit && len <= limit - offset;
}

EWI_NODISCARD static inline bool ewi_size_from_u64(uint64_t x, size_t *out) {
    if (x > SIZE_MAX) return false;
    *out = (size_t)x;
    return true;
}

#endif
