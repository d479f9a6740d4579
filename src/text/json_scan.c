#include "text/json_scan.h"

#include <string.h>

#include "base/utf8.h"

/* Where in the grammar the next byte is. */
enum {
    VALUE,
    FIRST_ITEM, /* of an array, which may also end here */
    FIRST_KEY,
    KEY,
    COLON,
    AFTER, /* a value */
    STRING,
    ESCAPE,
    HEX,
    LOW_SLASH, /* of the low surrogate that must come */
    LOW_U,
    MINUS,
    ZERO,
    DIGITS,
    POINT,
    FRACTION,
    EXPONENT,
    EXPONENT_SIGN,
    EXPONENT_DIGITS,
    LITERAL,
};

static bool is_digit(uint8_t c) {
    return c >= '0' && c <= '9';
}

static ewi_json_verdict go(ewi_json_scan *scan, uint8_t place) {
    scan->place = place;
    return EWI_JSON_MORE;
}

static ewi_json_verdict open(ewi_json_scan *scan, bool is_object) {
    if (scan->depth == EWI_JSON_SCAN_MAX_DEPTH) return EWI_JSON_BAD;
    uint64_t bit = (uint64_t)1 << scan->depth++;
    scan->is_object = is_object ? scan->is_object | bit : scan->is_object & ~bit;
    return go(scan, is_object ? FIRST_KEY : FIRST_ITEM);
}

static bool in_object(const ewi_json_scan *scan) {
    return scan->depth && (scan->is_object >> (scan->depth - 1) & 1);
}

static ewi_json_verdict end_value(ewi_json_scan *scan) {
    scan->place = AFTER;
    return scan->depth ? EWI_JSON_MORE : EWI_JSON_DONE;
}

static ewi_json_verdict close(ewi_json_scan *scan, uint8_t c) {
    if (!scan->depth || (c == '}') != in_object(scan)) return EWI_JSON_BAD;
    scan->depth--;
    return end_value(scan);
}

static ewi_json_verdict begin_literal(ewi_json_scan *scan, const char *rest) {
    scan->literal = rest;
    return go(scan, LITERAL);
}

static ewi_json_verdict begin_value(ewi_json_scan *scan, uint8_t c) {
    switch (c) {
    case '{': return open(scan, true);
    case '[': return open(scan, false);
    case '"': return go(scan, STRING);
    case '-': return go(scan, MINUS);
    case '0': return go(scan, ZERO);
    case 't': return begin_literal(scan, "rue");
    case 'f': return begin_literal(scan, "alse");
    case 'n': return begin_literal(scan, "ull");
    default: return is_digit(c) ? go(scan, DIGITS) : EWI_JSON_BAD;
    }
}

static ewi_json_verdict begin_key(ewi_json_scan *scan, uint8_t c) {
    if (c != '"') return EWI_JSON_BAD;
    scan->is_key = true;
    return go(scan, STRING);
}

static ewi_json_verdict after_value(ewi_json_scan *scan, uint8_t c) {
    if (!scan->depth) return EWI_JSON_BAD;
    if (c == ',') return go(scan, in_object(scan) ? KEY : VALUE);
    return c == '}' || c == ']' ? close(scan, c) : EWI_JSON_BAD;
}

static ewi_json_verdict between(ewi_json_scan *scan, uint8_t c) {
    if (ewi_json_is_blank(c)) return EWI_JSON_MORE;
    switch (scan->place) {
    case FIRST_ITEM: return c == ']' ? close(scan, c) : begin_value(scan, c);
    case FIRST_KEY: return c == '}' ? close(scan, c) : begin_key(scan, c);
    case KEY: return begin_key(scan, c);
    case COLON: return c == ':' ? go(scan, VALUE) : EWI_JSON_BAD;
    case AFTER: return after_value(scan, c);
    default: return begin_value(scan, c);
    }
}

static ewi_json_verdict end_string(ewi_json_scan *scan) {
    if (!scan->is_key) return end_value(scan);
    scan->is_key = false;
    return go(scan, COLON);
}

static int hex_digit(uint8_t c) {
    if (is_digit(c)) return c - '0';
    uint8_t lower = c | 0x20;
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

static bool is_high(uint32_t unit) {
    return unit >= 0xd800 && unit < 0xdc00;
}

static bool is_low(uint32_t unit) {
    return unit >= 0xdc00 && unit < 0xe000;
}

static ewi_json_verdict in_hex(ewi_json_scan *scan, uint8_t c) {
    int digit = hex_digit(c);
    if (digit < 0) return EWI_JSON_BAD;
    scan->unit = scan->unit << 4 | (uint32_t)digit;
    if (++scan->n_hex < 4) return EWI_JSON_MORE;
    if (is_low(scan->unit) != scan->needs_low) return EWI_JSON_BAD;
    scan->needs_low = is_high(scan->unit);
    return go(scan, scan->needs_low ? LOW_SLASH : STRING);
}

static ewi_json_verdict begin_hex(ewi_json_scan *scan) {
    scan->n_hex = 0;
    scan->unit = 0;
    return go(scan, HEX);
}

static ewi_json_verdict in_string(ewi_json_scan *scan, uint8_t c) {
    switch (scan->place) {
    case STRING:
        if (c == '"') return end_string(scan);
        if (c == '\\') return go(scan, ESCAPE);
        return c < 0x20 ? EWI_JSON_BAD : EWI_JSON_MORE;
    case ESCAPE:
        if (c == 'u') return begin_hex(scan);
        return c && strchr("\"\\/bfnrt", c) ? go(scan, STRING) : EWI_JSON_BAD;
    case LOW_SLASH: return c == '\\' ? go(scan, LOW_U) : EWI_JSON_BAD;
    case LOW_U: return c == 'u' ? begin_hex(scan) : EWI_JSON_BAD;
    default: return in_hex(scan, c);
    }
}

static ewi_json_verdict in_literal(ewi_json_scan *scan, uint8_t c) {
    if (c != (uint8_t)*scan->literal++) return EWI_JSON_BAD;
    return go(scan, *scan->literal ? LITERAL : AFTER);
}

/* A number ends with the byte behind it. */
static ewi_json_verdict after_number(ewi_json_scan *scan, uint8_t c) {
    scan->place = AFTER;
    return between(scan, c);
}

static ewi_json_verdict in_number(ewi_json_scan *scan, uint8_t c) {
    bool is_e = c == 'e' || c == 'E';
    switch (scan->place) {
    case MINUS:
        if (!is_digit(c)) return EWI_JSON_BAD;
        return go(scan, c == '0' ? ZERO : DIGITS);
    case ZERO:
    case DIGITS:
        if (is_digit(c)) return scan->place == ZERO ? EWI_JSON_BAD : EWI_JSON_MORE;
        if (c == '.') return go(scan, POINT);
        return is_e ? go(scan, EXPONENT) : after_number(scan, c);
    case POINT: return is_digit(c) ? go(scan, FRACTION) : EWI_JSON_BAD;
    case FRACTION:
        if (is_digit(c)) return EWI_JSON_MORE;
        return is_e ? go(scan, EXPONENT) : after_number(scan, c);
    case EXPONENT:
        if (c == '+' || c == '-') return go(scan, EXPONENT_SIGN);
        return is_digit(c) ? go(scan, EXPONENT_DIGITS) : EWI_JSON_BAD;
    case EXPONENT_SIGN: return is_digit(c) ? go(scan, EXPONENT_DIGITS) : EWI_JSON_BAD;
    default: return is_digit(c) ? EWI_JSON_MORE : after_number(scan, c);
    }
}

ewi_json_verdict ewi_json_scan_byte(ewi_json_scan *scan, uint8_t c) {
    if (scan->place < STRING) return between(scan, c);
    if (scan->place < MINUS) return in_string(scan, c);
    return scan->place == LITERAL ? in_literal(scan, c) : in_number(scan, c);
}

bool ewi_json_scan_wants_value(const ewi_json_scan *scan) {
    return scan->place == VALUE || scan->place == FIRST_ITEM;
}

bool ewi_json_scan_wants_key(const ewi_json_scan *scan) {
    return scan->place == FIRST_KEY || scan->place == KEY;
}

bool ewi_json_scan_in_string(const ewi_json_scan *scan) {
    return scan->place >= STRING && scan->place < MINUS;
}

bool ewi_json_scan_in_key(const ewi_json_scan *scan) {
    return scan->is_key;
}

void ewi_json_scan_pass_value(ewi_json_scan *scan) {
    scan->place = AFTER;
}

bool ewi_json_scan_is_value(ew_str text) {
    ewi_json_scan scan = {0};
    for (size_t i = 0; i < text.len; i++)
        if (ewi_json_scan_byte(&scan, (uint8_t)text.data[i]) == EWI_JSON_BAD) return false;
    bool is_number =
        scan.place == ZERO || scan.place == DIGITS || scan.place == FRACTION || scan.place == EXPONENT_DIGITS;
    return scan.depth == 0 && (scan.place == AFTER || is_number);
}

static uint8_t escaped(uint8_t c) {
    switch (c) {
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    default: return c;
    }
}

static size_t end_unit(ewi_json_unescape *state, uint8_t out[4]) {
    uint32_t c = state->unit;
    if (is_high(c)) {
        state->high = c;
        return 0;
    }
    if (is_low(c)) c = 0x10000 + ((state->high - 0xd800) << 10) + (c - 0xdc00);
    return ewi_utf8_encode(c, out);
}

size_t ewi_json_unescape_byte(ewi_json_unescape *state, uint8_t c, uint8_t out[4]) {
    if (state->n_hex) {
        state->unit = state->unit << 4 | (uint32_t)hex_digit(c);
        return --state->n_hex ? 0 : end_unit(state, out);
    }
    if (!state->slash && c == '\\') {
        state->slash = true;
        return 0;
    }
    if (state->slash && c == 'u') {
        *state = (ewi_json_unescape){.n_hex = 4, .high = state->high};
        return 0;
    }
    out[0] = state->slash ? escaped(c) : c;
    state->slash = false;
    return 1;
}

size_t ewi_json_escape_byte(uint8_t c, uint8_t out[6]) {
    static const char hex[] = "0123456789abcdef", named[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
    const char *name = c ? strchr(named, c) : NULL;
    out[0] = '\\';
    if (name) {
        out[1] = (uint8_t)letters[name - named];
        return 2;
    }
    if (c >= 0x20) {
        out[0] = c;
        return 1;
    }
    memcpy(out + 1, "u00", 3);
    out[4] = (uint8_t)hex[c >> 4];
    out[5] = (uint8_t)hex[c & 15];
    return 6;
}
