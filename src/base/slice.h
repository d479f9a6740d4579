/*
 * slice.h: borrowed ranges of bytes and text, and little-endian loads from them.
 *
 * A slice owns nothing: it lives as long as what it points into (a mapping, an arena, a literal). Text slices
 * (`ew_str`, from the public header) are not NUL-terminated.
 */
#ifndef EW_BASE_SLICE_H
#define EW_BASE_SLICE_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "edgewise/edgewise.h"

typedef struct ewi_bytes {
    const uint8_t *data;
    size_t len;
} ewi_bytes;

#define EWI_STR(literal) ((ew_str){(literal), sizeof(literal) - 1})

/* For printf: ("%.*s", EWI_STR_ARG(s)); shows at most 200 bytes: a hostile name cannot flood a message. */
#define EWI_STR_SHOWN  200
#define EWI_STR_ARG(s) ((int)((s).len < EWI_STR_SHOWN ? (s).len : EWI_STR_SHOWN)), (s).data

static inline ew_str ewi_str(const char *text) {
    ew_str s = {text, strlen(text)};
    return s;
}

static inline bool ewi_str_eq(ew_str a, ew_str b) {
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static inline bool ewi_str_is(ew_str s, const char *text) {
    return ewi_str_eq(s, ewi_str(text));
}

static inline bool ewi_str_starts(ew_str s, const char *prefix) {
    size_t n = strlen(prefix);
    return s.len >= n && memcmp(s.data, prefix, n) == 0;
}

static inline bool ewi_str_ends(ew_str s, const char *suffix) {
    size_t n = strlen(suffix);
    return s.len >= n && memcmp(s.data + (s.len - n), suffix, n) == 0;
}

static inline uint16_t ewi_load_u16(const void *p) {
    const uint8_t *b = (const uint8_t *)p;
    return (uint16_t)(b[0] | (b[1] << 8));
}

static inline uint32_t ewi_load_u32(const void *p) {
    const uint8_t *b = (const uint8_t *)p;
    return (uint32_t)b[0] | ((uint32_t)b[1] << 8) | ((uint32_t)b[2] << 16) | ((uint32_t)b[3] << 24);
}

static inline uint64_t ewi_load_u64(const void *p) {
    const uint8_t *b = (const uint8_t *)p;
    return (uint64_t)ewi_load_u32(b) | ((uint64_t)ewi_load_u32(b + 4) << 32);
}

#endif
