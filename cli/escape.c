#include "escape.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define INVALID UINT32_MAX

/* The length that a first byte announces, and the least scalar value which needs that length. */
static size_t announced(uint8_t first, uint32_t *value, uint32_t *least) {
    *least = 0;
    *value = first;
    if (first < 0x80) return 1;
    *least = 0x80;
    *value = first & 0x1fu;
    if ((first & 0xe0) == 0xc0) return 2;
    *least = 0x800;
    *value = first & 0x0fu;
    if ((first & 0xf0) == 0xe0) return 3;
    *least = 0x10000;
    *value = first & 0x07u;
    return (first & 0xf8) == 0xf0 ? 4 : 0;
}

/* Decodes one UTF-8 character (Unicode, table 3-7); returns its length, or 1 with *c = INVALID. */
static size_t decode(ew_str text, uint32_t *c) {
    uint32_t value, least;
    size_t n = announced((uint8_t)text.data[0], &value, &least);
    *c = INVALID;
    if (n == 0 || n > text.len) return 1;
    for (size_t i = 1; i < n; i++) {
        uint8_t byte = (uint8_t)text.data[i];
        if ((byte & 0xc0) != 0x80) return 1;
        value = value << 6 | (byte & 0x3fu);
    }
    if (value < least || value > 0x10ffff || (value >= 0xd800 && value < 0xe000)) return 1;
    *c = value;
    return n;
}

static bool is_control(uint32_t c, cli_escape_mode mode) {
    if (c == '\n' || c == '\t') return mode == CLI_ESCAPE_LINE;
    return c < 0x20 || (c >= 0x7f && c < 0xa0);
}

/* Unicode's explicit directional formatting characters and line separators. */
static bool reorders(uint32_t c) {
    return c == 0x061c || (c >= 0x200e && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
           (c >= 0x2066 && c <= 0x2069);
}

size_t cli_escape_next(ew_str *rest, cli_escape_mode mode, char buf[CLI_ESCAPED_MAX]) {
    uint32_t c;
    size_t n = decode(*rest, &c);
    const char *from = rest->data;
    rest->data += n;
    rest->len -= n;
    int len;
    if (c == INVALID) {
        len = snprintf(buf, CLI_ESCAPED_MAX, "\\x%02x", (unsigned)(uint8_t)*from);
    } else if (is_control(c, mode)) {
        len = snprintf(buf, CLI_ESCAPED_MAX, c < 0x80 ? "\\x%02x" : "\\u%04x", (unsigned)c);
    } else if (mode == CLI_ESCAPE_LINE && reorders(c)) {
        len = snprintf(buf, CLI_ESCAPED_MAX, "\\u%04x", (unsigned)c);
    } else {
        memcpy(buf, from, n);
        return n;
    }
    return (size_t)len;
}

size_t cli_text_columns(ew_str text) {
    size_t columns = 0;
    for (size_t i = 0; i < text.len; i++) columns += ((uint8_t)text.data[i] & 0xc0) != 0x80;
    return columns;
}
