/*
 * buffer.h: bytes that grow, up to a maximum they are born with.
 *
 * A failed append leaves the buffer unchanged except that `failed` stays set, so that a writer can append
 * many times and check once. Not thread-safe.
 *
 *     ewi_buffer out;
 *     ewi_buffer_init(&out, 1u << 20);
 *     ewi_buffer_add(&out, "x", 1);
 *     ewi_buffer_printf(&out, "%d", 7);
 *     if (out.failed) ...
 *     ewi_buffer_deinit(&out);
 */
#ifndef EW_BASE_BUFFER_H
#define EW_BASE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "edgewise/edgewise.h"

typedef struct ewi_buffer {
    uint8_t *data;
    size_t len, cap, max;
    bool failed;
} ewi_buffer;

void ewi_buffer_init(ewi_buffer *buffer, size_t max_bytes);
void ewi_buffer_deinit(ewi_buffer *buffer);
/* Room for `extra` more bytes. */
EWI_NODISCARD bool ewi_buffer_reserve(ewi_buffer *buffer, size_t extra);
bool ewi_buffer_add(ewi_buffer *buffer, const void *data, size_t len);
EWI_PRINTF(2, 3) bool ewi_buffer_printf(ewi_buffer *buffer, const char *fmt, ...);
/* Appends text as a JSON string with its quotes; bytes that are not UTF-8 become U+FFFD. */
bool ewi_buffer_json_string(ewi_buffer *buffer, ew_str text);
static inline ew_str ewi_buffer_str(const ewi_buffer *buffer) {
    ew_str s = {(const char *)buffer->data, buffer->len};
    return s;
}

#endif
