#include "base/utf8.h"

#include <string.h>

/* How many bytes a lead byte announces, and the range its second byte must lie in. 0 = no lead byte. */
static size_t lead(uint8_t b, uint8_t *low, uint8_t *high) {
    *low = 0x80;
    *high = 0xbf;
    if (b < 0x80) return 1;
    if (b < 0xc2) return 0;
    if (b < 0xe0) return 2;
    if (b < 0xf0) {
        if (b == 0xe0) *low = 0xa0;
        if (b == 0xed) *high = 0x9f;
        return 3;
    }
    if (b > 0xf4) return 0;
    if (b == 0xf0) *low = 0x90;
    if (b == 0xf4) *high = 0x8f;
    return 4;
}

/* True when p[1..n) continue the lead byte p[0]. */
static bool continues(const uint8_t *p, size_t n, uint8_t low, uint8_t high) {
    for (size_t i = 1; i < n; i++) {
        if (p[i] < low || p[i] > high) return false;
        low = 0x80;
        high = 0xbf;
    }
    return true;
}

size_t ewi_utf8_decode(const uint8_t *p, size_t len, uint32_t *c) {
    static const uint8_t lead_mask[5] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    uint8_t low, high;
    size_t n = lead(p[0], &low, &high);
    if (n == 0 || n > len || !continues(p, n, low, high)) {
        *c = EWI_UTF8_INVALID;
        return 1;
    }
    uint32_t value = p[0] & lead_mask[n];
    for (size_t i = 1; i < n; i++) value = (value << 6) | (p[i] & 0x3fu);
    *c = value;
    return n;
}

size_t ewi_utf8_encode(uint32_t c, uint8_t out[4]) {
    if (c < 0x80) {
        out[0] = (uint8_t)c;
        return 1;
    }
    size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (size_t i = n - 1; i > 0; i--, c >>= 6) out[i] = (uint8_t)(0x80 | (c & 0x3f));
    static const uint8_t lead_bits[5] = {0, 0, 0xc0, 0xe0, 0xf0};
    out[0] = (uint8_t)(lead_bits[n] | c);
    return n;
}

bool ewi_utf8_is_prefix(const uint8_t *p, size_t len) {
    uint8_t low, high;
    if (len == 0) return true;
    size_t n = lead(p[0], &low, &high);
    return n > len && continues(p, len, low, high);
}

bool ewi_utf8_valid(const uint8_t *p, size_t len) {
    for (size_t i = 0; i < len;) {
        uint64_t word;
        if (len - i >= 8 && (memcpy(&word, p + i, 8), (word & 0x8080808080808080u) == 0)) {
            i += 8;
            continue;
        }
        uint32_t c;
        i += ewi_utf8_decode(p + i, len - i, &c);
        if (c == EWI_UTF8_INVALID) return false;
    }
    return true;
}
