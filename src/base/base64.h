/*
 * base64.h: base64 as RFC 4648 section 4 has it, padded and without stray bits.
 *
 *     uint8_t *out = ewi_alloc(text.len / 4 * 3);
 *     size_t n = ewi_base64_decode(text, out);
 */
#ifndef EW_BASE_BASE64_H
#define EW_BASE_BASE64_H

#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

/* out has room for 3/4 of the text. Returns the length, or 0 when text is no base64 or empty. */
size_t ewi_base64_decode(ew_str text, uint8_t *out);
/* Appends. */
void ewi_base64_encode(const void *data, size_t len, ewi_buffer *out);

#endif
