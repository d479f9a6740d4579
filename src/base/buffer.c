#include "base/buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/checked.h"
#include "base/mem.h"
#include "base/utf8.h"

void ewi_buffer_init(ewi_buffer *buffer, size_t max_bytes) {
    *buffer = (ewi_buffer){.max = max_bytes};
}

void ewi_buffer_deinit(ewi_buffer *buffer) {
    ewi_free(buffer->data);
    *buffer = (ewi_buffer){.max = buffer->max};
}

/* A block holds one byte more than cap, so that vsnprintf's NUL never needs room of its own. */
bool ewi_buffer_reserve(ewi_buffer *buffer, size_t extra) {
    size_t need;
    if (!ewi_add_size(buffer->len, extra, &need) || need > buffer->max) return !(buffer->failed = true);
    if (need <= buffer->cap) return true;
    size_t cap = buffer->cap > buffer->max / 2 ? buffer->max : buffer->cap * 2, with_nul;
    if (cap < need) cap = need;
    if (cap < 64 && buffer->max >= 64) cap = 64;
    if (!ewi_add_size(cap, 1, &with_nul)) return !(buffer->failed = true);
    uint8_t *data = ewi_realloc_array(buffer->data, buffer->len, with_nul, 1);
    if (!data) return !(buffer->failed = true);
    buffer->data = data;
    buffer->cap = cap;
    return true;
}

bool ewi_buffer_add(ewi_buffer *buffer, const void *data, size_t len) {
    if (!ewi_buffer_reserve(buffer, len)) return false;
    if (len) memcpy(buffer->data + buffer->len, data, len);
    buffer->len += len;
    return true;
}

bool ewi_buffer_printf(ewi_buffer *buffer, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    if (n < 0 || !ewi_buffer_reserve(buffer, (size_t)n)) return !(buffer->failed = true);
    if (n == 0) return true;
    va_start(args, fmt);
    vsnprintf((char *)buffer->data + buffer->len, (size_t)n + 1, fmt, args);
    va_end(args);
    buffer->len += (size_t)n;
    return true;
}

static bool add_json_ascii(ewi_buffer *buffer, uint32_t c) {
    switch (c) {
    case '"': return ewi_buffer_add(buffer, "\\\"", 2);
    case '\\': return ewi_buffer_add(buffer, "\\\\", 2);
    case '\n': return ewi_buffer_add(buffer, "\\n", 2);
    case '\r': return ewi_buffer_add(buffer, "\\r", 2);
    case '\t': return ewi_buffer_add(buffer, "\\t", 2);
    default: break;
    }
    if (c < 0x20 || c == 0x7f) {
        static const char digits[] = "0123456789abcdef";
        const char escape[6] = {'\\', 'u', '0', '0', digits[c >> 4], digits[c & 15]};
        return ewi_buffer_add(buffer, escape, sizeof escape);
    }
    char byte = (char)c;
    return ewi_buffer_add(buffer, &byte, 1);
}

bool ewi_buffer_json_string(ewi_buffer *buffer, ew_str text) {
    size_t begin = buffer->len;
    bool ok = ewi_buffer_add(buffer, "\"", 1);
    for (size_t i = 0; i < text.len && ok;) {
        uint32_t c;
        size_t n = ewi_utf8_decode((const uint8_t *)text.data + i, text.len - i, &c);
        if (c < 0x80)
            ok = add_json_ascii(buffer, c);
        else if (c == EWI_UTF8_INVALID)
            ok = ewi_buffer_add(buffer, "\xef\xbf\xbd", 3);
        else
            ok = ewi_buffer_add(buffer, text.data + i, n);
        i += n;
    }
    ok = ok && ewi_buffer_add(buffer, "\"", 1);
    if (!ok) buffer->len = begin;
    return ok;
}
