/*
 * utf8.h: UTF-8 as Unicode 15 (table 3-7) defines it: nothing overlong, no surrogates, nothing past U+10FFFF.
 *
 *     for (size_t i = 0; i < len; i += n) { n = ewi_utf8_decode(text + i, len - i, &c); ... }
 */
#ifndef EW_BASE_UTF8_H
#define EW_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EWI_UTF8_INVALID 0xffffffffu

/* Decodes one character of p[0..len), len > 0. Returns its length, or 1 with *c = EWI_UTF8_INVALID. */
size_t ewi_utf8_decode(const uint8_t *p, size_t len, uint32_t *c);

/* Writes c (a scalar value) to out and returns its length, 1..4. */
size_t ewi_utf8_encode(uint32_t c, uint8_t out[4]);

/* True when p[0..len), len < 4, could be the start of a valid character that more bytes would complete. */
bool ewi_utf8_is_prefix(const uint8_t *p, size_t len);

bool ewi_utf8_valid(const uint8_t *p, size_t len);

#endif
