#include "base/base64.h"

#include <stdbool.h>
#include <stdint.h>

/* The six bits that a character stands for, or 64 (RFC 4648, table 1). */
static uint32_t sextet(uint8_t c) {
    if (c >= 'A' && c <= 'Z') return c - (uint32_t)'A';
    if (c >= 'a' && c <= 'z') return c - (uint32_t)'a' + 26;
    if (c >= '0' && c <= '9') return c - (uint32_t)'0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : 64;
}

/* Decodes four characters, the last `pad` of which are '='. False when one is not base64 or says more than
 * its bytes. */
static bool decode_quad(const uint8_t *p, size_t pad, uint8_t out[3]) {
    uint32_t bits = 0;
    for (size_t i = 0; i < 4; i++) {
        uint32_t six = i < 4 - pad ? sextet(p[i]) : 0;
        if (six == 64) return false;
        bits = bits << 6 | six;
    }
    out[0] = (uint8_t)(bits >> 16);
    out[1] = (uint8_t)(bits >> 8);
    out[2] = (uint8_t)bits;
    return (bits & ((1u << (8 * pad)) - 1)) == 0;
}

size_t ewi_base64_decode(ew_str text, uint8_t *out) {
    const uint8_t *p = (const uint8_t *)text.data;
    if (text.len == 0 || text.len % 4 != 0) return 0;
    size_t pad = p[text.len - 1] != '=' ? 0 : p[text.len - 2] != '=' ? 1 : 2, n = 0;
    for (size_t i = 0; i < text.len; i += 4, n += 3)
        if (!decode_quad(p + i, i + 4 == text.len ? pad : 0, out + n)) return 0;
    return n - pad;
}

void ewi_base64_encode(const void *data, size_t len, ewi_buffer *out) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const uint8_t *bytes = data;
    for (size_t i = 0; i < len; i += 3) {
        size_t n = len - i < 3 ? len - i : 3;
        uint32_t word = (uint32_t)bytes[i] << 16;
        if (n > 1) word |= (uint32_t)bytes[i + 1] << 8;
        if (n > 2) word |= bytes[i + 2];
        char four[4] = {digits[word >> 18], digits[word >> 12 & 63], digits[word >> 6 & 63],
                        digits[word & 63]};
        for (size_t k = n + 1; k < 4; k++) four[k] = '=';
        ewi_buffer_add(out, four, sizeof four);
    }
}
