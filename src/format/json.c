#include "format/json.h"

#include "base/decimal.h"
#include "base/error.h"
#include "base/utf8.h"

/* ----------------------------------------------------------------------------------------------- problems */

static bool problem_at(ewi_json *json, const uint8_t *at, const char *problem) {
    if (!json->problem) {
        json->problem = problem;
        json->problem_at = at;
        json->status = EW_FORMAT;
    }
    return false;
}

static bool problem_here(ewi_json *json, const char *problem) {
    return problem_at(json, json->at, json->at == json->end ? "the text ends too early" : problem);
}

ew_status ewi_json_check(const ewi_json *json, ew_error *err) {
    if (!json->problem) return EW_OK;
    size_t line = 1, column = 1;
    for (const uint8_t *p = json->begin; p < json->problem_at; p++) {
        column++;
        if (*p == '\n') line++, column = 1;
    }
    return ewi_fail(err, json->status, "json: line %zu, column %zu (offset %zu): %s", line, column,
                    (size_t)(json->problem_at - json->begin), json->problem);
}

/* ----------------------------------------------------------------------------------------------- scanning */

static void skip_blanks(ewi_json *json) {
    const uint8_t *p = json->at, *end = json->end;
    while (p < end && (*p == ' ' || *p == '\n' || *p == '\t' || *p == '\r')) p++;
    json->at = p;
}

/* The next byte that is no blank, or 0 at the end. */
static uint8_t next_byte(ewi_json *json) {
    skip_blanks(json);
    return json->at < json->end ? *json->at : 0;
}

#define ONES  0x0101010101010101u
#define HIGHS 0x8080808080808080u

/* The high bit of each zero byte; bytes above the lowest such one may be marked wrongly. */
static uint64_t zero_bytes(uint64_t word) {
    return (word - ONES) & ~word & HIGHS;
}

/*
 * Skips bytes that stand for themselves in a string, eight at once: stops at a quote, a backslash, a control
 * character or a byte past ASCII. (Bit tricks: S. E. Anderson, "Bit Twiddling Hacks", "Determine if a word
 * has a byte less than n".)
 */
static const uint8_t *skip_plain(const uint8_t *p, const uint8_t *end) {
    for (; end - p >= 8; p += 8) {
        uint64_t word = ewi_load_u64(p);
        uint64_t below_32 = (word - ONES * 0x20) & ~word & HIGHS;
        uint64_t stops =
            zero_bytes(word ^ (ONES * '"')) | zero_bytes(word ^ (ONES * '\\')) | below_32 | (word & HIGHS);
        if (stops) return p + __builtin_ctzll(stops) / 8;
    }
    while (p < end && *p >= 0x20 && *p < 0x80 && *p != '"' && *p != '\\') p++;
    return p;
}

/* The value of a hexadecimal digit, or 16. */
static uint32_t hex_digit(uint8_t c) {
    if (c >= '0' && c <= '9') return c - (uint32_t)'0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - (uint32_t)'a' + 10 : 16;
}

/* Reads the four digits at p; false when they are not there. */
static bool read_hex4(const uint8_t *p, const uint8_t *end, uint32_t *out) {
    uint32_t value = 0;
    if (end - p < 4) return false;
    for (int i = 0; i < 4; i++) {
        uint32_t digit = hex_digit(p[i]);
        if (digit == 16) return false;
        value = value << 4 | digit;
    }
    *out = value;
    return true;
}

static bool is_high_surrogate(uint32_t c) {
    return c >= 0xd800 && c <= 0xdbff;
}

static bool is_low_surrogate(uint32_t c) {
    return c >= 0xdc00 && c <= 0xdfff;
}

/* Reads \uXXXX, or a pair of them, at p. Returns its length, or 0. */
static size_t read_unicode_escape(const uint8_t *p, const uint8_t *end, uint32_t *out) {
    uint32_t high, low;
    if (!read_hex4(p + 2, end, &high) || is_low_surrogate(high)) return 0;
    *out = high;
    if (!is_high_surrogate(high)) return 6;
    if (end - p < 12 || p[6] != '\\' || p[7] != 'u') return 0;
    if (!read_hex4(p + 8, end, &low) || !is_low_surrogate(low)) return 0;
    *out = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
    return 12;
}

/* What the one-letter escapes stand for; 0 when there is no such escape. */
static uint8_t escaped_byte(uint8_t c) {
    switch (c) {
    case '"':
    case '\\':
    case '/': return c;
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    default: return 0;
    }
}

/* Reads the escape at p, a backslash. Returns its length, or 0. */
static size_t read_escape(const uint8_t *p, const uint8_t *end, uint32_t *out) {
    if (end - p < 2) return 0;
    if (p[1] == 'u') return read_unicode_escape(p, end, out);
    *out = escaped_byte(p[1]);
    return *out ? 2 : 0;
}

/* Passes the character past ASCII, or the escape, at p. NULL: neither, and the problem is set. */
static const uint8_t *skip_special(ewi_json *json, const uint8_t *p) {
    uint32_t c = 0;
    size_t n;
    if (*p == '\\') {
        n = read_escape(p, json->end, &c);
        if (n == 0) problem_at(json, p, "no valid escape (or half of a surrogate pair)");
        return n ? p + n : NULL;
    }
    if (*p < 0x20) {
        problem_at(json, p, "a control character in a string must be escaped");
        return NULL;
    }
    n = ewi_utf8_decode(p, (size_t)(json->end - p), &c);
    if (c == EWI_UTF8_INVALID) problem_at(json, p, "the text is not valid UTF-8");
    return c == EWI_UTF8_INVALID ? NULL : p + n;
}

/* Passes the string that begins here with a quote. *raw is what lies between the quotes. */
static bool scan_string(ewi_json *json, ew_str *raw, bool *escaped) {
    const uint8_t *begin = json->at + 1, *p = begin;
    *escaped = false;
    for (;;) {
        p = skip_plain(p, json->end);
        if (p == json->end) return problem_at(json, p, "the text ends inside of a string");
        if (*p == '"') break;
        *escaped |= *p == '\\';
        p = skip_special(json, p);
        if (!p) return false;
    }
    *raw = (ew_str){(const char *)begin, (size_t)(p - begin)};
    json->at = p + 1;
    return true;
}

/* Resolves the escapes of raw, which scan_string has passed: the result is never longer. */
static bool resolve(ewi_json *json, ew_str raw, ew_str *out) {
    char *text = ewi_arena_alloc(json->arena, raw.len);
    if (!text) {
        problem_at(json, json->at, "out of memory for a string");
        json->status = EW_NO_MEMORY;
        return false;
    }
    const uint8_t *p = (const uint8_t *)raw.data, *end = p + raw.len;
    size_t n = 0;
    while (p < end) {
        if (*p != '\\') {
            text[n++] = (char)*p++;
            continue;
        }
        uint32_t c = 0;
        uint8_t utf8[4];
        p += read_escape(p, end, &c);
        size_t n_utf8 = ewi_utf8_encode(c, utf8);
        memcpy(text + n, utf8, n_utf8);
        n += n_utf8;
    }
    *out = (ew_str){text, n};
    return true;
}

static const uint8_t *skip_digits(const uint8_t *p, const uint8_t *end) {
    while (p < end && *p >= '0' && *p <= '9') p++;
    return p;
}

/* Passes one or more digits. */
static bool scan_digits(ewi_json *json) {
    const uint8_t *after = skip_digits(json->at, json->end);
    if (after == json->at) return problem_here(json, "expected a digit");
    json->at = after;
    return true;
}

/* True when the byte that is next is a or b; passes it. */
static bool take(ewi_json *json, char a, char b) {
    if (json->at == json->end || (*json->at != a && *json->at != b)) return false;
    json->at++;
    return true;
}

/* Passes the number that begins here. */
static bool scan_number(ewi_json *json, ew_str *out, bool *whole) {
    const uint8_t *begin = json->at;
    take(json, '-', '-');
    if (!take(json, '0', '0') && !scan_digits(json)) return false;
    bool fraction = take(json, '.', '.');
    if (fraction && !scan_digits(json)) return false;
    bool exponent = take(json, 'e', 'E');
    if (exponent) {
        take(json, '+', '-');
        if (!scan_digits(json)) return false;
    }
    *whole = !fraction && !exponent;
    *out = (ew_str){(const char *)begin, (size_t)(json->at - begin)};
    return true;
}

static bool scan_literal(ewi_json *json, const char *literal) {
    size_t n = strlen(literal);
    if ((size_t)(json->end - json->at) < n || memcmp(json->at, literal, n) != 0)
        return problem_here(json, "expected a value");
    json->at += n;
    return true;
}

/* --------------------------------------------------------------------------------------------- containers */

void ewi_json_init(ewi_json *json, ewi_bytes text, ewi_arena *arena) {
    static const uint8_t nothing[1];
    const uint8_t *begin = text.data ? text.data : nothing;
    *json = (ewi_json){.begin = begin, .at = begin, .end = begin + text.len, .arena = arena, .first = true};
}

void ewi_json_init_part(ewi_json *json, const uint8_t *whole, ew_str part, ewi_arena *arena) {
    ewi_json_init(json, (ewi_bytes){(const uint8_t *)part.data, part.len}, arena);
    if (part.data) json->begin = whole;
}

ewi_json_kind ewi_json_peek(ewi_json *json) {
    if (json->problem) return EWI_JSON_ERROR;
    switch (next_byte(json)) {
    case 'n': return EWI_JSON_NULL;
    case 't':
    case 'f': return EWI_JSON_BOOL;
    case '"': return EWI_JSON_STRING;
    case '[': return EWI_JSON_ARRAY;
    case '{': return EWI_JSON_OBJECT;
    case '-':
    case '0':
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7':
    case '8':
    case '9': return EWI_JSON_NUMBER;
    default: return EWI_JSON_ERROR;
    }
}

static bool in_object(const ewi_json *json) {
    EW_ASSERT(json->depth > 0);
    uint32_t level = json->depth - 1;
    return json->is_object[level / 64] >> (level % 64) & 1;
}

static bool enter(ewi_json *json, bool object) {
    EWI_STATIC_ASSERT(EWI_JSON_MAX_DEPTH == 512, "the message says 512");
    if (json->depth == EWI_JSON_MAX_DEPTH) {
        problem_here(json, "nested too deeply (512 levels at most)");
        json->status = EW_LIMIT;
        return false;
    }
    uint32_t level = json->depth++;
    uint64_t bit = UINT64_C(1) << (level % 64);
    if (object)
        json->is_object[level / 64] |= bit;
    else
        json->is_object[level / 64] &= ~bit;
    json->first = true;
    json->at++;
    return true;
}

static bool leave(ewi_json *json) {
    json->at++;
    json->depth--;
    json->first = false;
    return false;
}

/* Moves to the next element or key of the innermost container. False: it ended, or a problem. */
static bool next_element(ewi_json *json, uint8_t close, const char *expected) {
    if (json->problem) return false;
    uint8_t c = next_byte(json);
    if (c == close) return leave(json);
    if (!json->first) {
        if (c != ',') return problem_here(json, expected);
        json->at++;
        if (next_byte(json) == close) return problem_here(json, "a comma before the end");
    }
    json->first = false;
    return true;
}

bool ewi_json_next_item(ewi_json *json) {
    EW_ASSERT(json->problem || !in_object(json));
    return next_element(json, ']', "expected ',' or ']' after an element");
}

static bool next_raw_key(ewi_json *json, ew_str *raw, bool *escaped) {
    EW_ASSERT(json->problem || in_object(json));
    if (!next_element(json, '}', "expected ',' or '}' after a member")) return false;
    if (next_byte(json) != '"') return problem_here(json, "expected a key in quotes");
    if (!scan_string(json, raw, escaped)) return false;
    if (next_byte(json) != ':') return problem_here(json, "expected ':' after a key");
    json->at++;
    return true;
}

bool ewi_json_next_key(ewi_json *json, ew_str *key) {
    bool escaped;
    if (!next_raw_key(json, key, &escaped)) return false;
    return !escaped || resolve(json, *key, key);
}

/* ------------------------------------------------------------------------------------------------- values */

/* True when the value that is next is of this kind. */
static bool expect(ewi_json *json, ewi_json_kind kind, const char *expected) {
    return ewi_json_peek(json) == kind || problem_here(json, expected);
}

ew_status ewi_json_enter_object(ewi_json *json, ew_error *err) {
    if (expect(json, EWI_JSON_OBJECT, "expected an object")) enter(json, true);
    return ewi_json_check(json, err);
}

ew_status ewi_json_enter_array(ewi_json *json, ew_error *err) {
    if (expect(json, EWI_JSON_ARRAY, "expected an array")) enter(json, false);
    return ewi_json_check(json, err);
}

ew_status ewi_json_read_bool(ewi_json *json, bool *out, ew_error *err) {
    if (expect(json, EWI_JSON_BOOL, "expected true or false")) {
        bool value = *json->at == 't';
        if (scan_literal(json, value ? "true" : "false")) *out = value;
    }
    return ewi_json_check(json, err);
}

/* The magnitude of a whole number; false when there is none or it does not fit. */
static bool read_magnitude(ewi_json *json, const char *expected, bool *negative, uint64_t *out) {
    ew_str text;
    bool whole;
    if (!expect(json, EWI_JSON_NUMBER, expected)) return false;
    const uint8_t *begin = json->at;
    if (!scan_number(json, &text, &whole)) return false;
    if (!whole) return problem_at(json, begin, expected);
    *negative = text.data[0] == '-';
    uint64_t value = 0;
    for (size_t i = *negative; i < text.len; i++) {
        uint64_t digit = (uint64_t)(text.data[i] - '0');
        if (__builtin_mul_overflow(value, 10u, &value) || __builtin_add_overflow(value, digit, &value))
            return problem_at(json, begin, expected);
    }
    *out = value;
    return true;
}

ew_status ewi_json_read_u64(ewi_json *json, uint64_t *out, ew_error *err) {
    static const char expected[] = "expected a whole number from 0 to 18446744073709551615";
    skip_blanks(json);
    const uint8_t *begin = json->at;
    bool negative;
    uint64_t value;
    if (read_magnitude(json, expected, &negative, &value)) {
        if (negative)
            problem_at(json, begin, expected);
        else
            *out = value;
    }
    return ewi_json_check(json, err);
}

ew_status ewi_json_read_i64(ewi_json *json, int64_t *out, ew_error *err) {
    static const char expected[] = "expected a whole number from -9223372036854775808 to 9223372036854775807";
    skip_blanks(json);
    const uint8_t *begin = json->at;
    bool negative;
    uint64_t value;
    if (read_magnitude(json, expected, &negative, &value)) {
        if (value > (uint64_t)INT64_MAX + negative)
            problem_at(json, begin, expected);
        else
            *out = negative && value ? -(int64_t)(value - 1) - 1 : (int64_t)value;
    }
    return ewi_json_check(json, err);
}

ew_status ewi_json_read_double(ewi_json *json, double *out, ew_error *err) {
    ew_str text;
    bool whole;
    if (!expect(json, EWI_JSON_NUMBER, "expected a number")) return ewi_json_check(json, err);
    const uint8_t *begin = json->at;
    double value;
    if (scan_number(json, &text, &whole)) {
        if (ewi_decimal_to_double(text, &value))
            *out = value;
        else
            problem_at(json, begin, "the number is too large for a double");
    }
    return ewi_json_check(json, err);
}

ew_status ewi_json_read_string(ewi_json *json, ew_str *out, ew_error *err) {
    ew_str raw;
    bool escaped;
    if (expect(json, EWI_JSON_STRING, "expected a string") && scan_string(json, &raw, &escaped)) {
        if (!escaped || resolve(json, raw, &raw)) *out = raw;
    }
    return ewi_json_check(json, err);
}

/* Passes a scalar, or enters a container. */
static bool skip_step(ewi_json *json) {
    ew_str text;
    bool flag;
    switch (ewi_json_peek(json)) {
    case EWI_JSON_NULL: return scan_literal(json, "null");
    case EWI_JSON_BOOL: return scan_literal(json, *json->at == 't' ? "true" : "false");
    case EWI_JSON_NUMBER: return scan_number(json, &text, &flag);
    case EWI_JSON_STRING: return scan_string(json, &text, &flag);
    case EWI_JSON_ARRAY: return enter(json, false);
    case EWI_JSON_OBJECT: return enter(json, true);
    case EWI_JSON_ERROR: break;
    }
    return problem_here(json, "expected a value");
}

/* Moves to the next value of the innermost container, whatever its kind. */
static bool next_value(ewi_json *json) {
    ew_str key;
    bool escaped;
    if (json->problem) return false;
    return in_object(json) ? next_raw_key(json, &key, &escaped) : ewi_json_next_item(json);
}

/* Passes the value that is next. */
static bool skip_value(ewi_json *json) {
    uint32_t depth = json->depth;
    bool more = true;
    while (more && skip_step(json))
        for (more = false; !more && json->depth > depth && !json->problem;) more = next_value(json);
    return !json->problem;
}

ew_status ewi_json_skip_to(ewi_json *json, ew_str *out, ew_error *err) {
    skip_blanks(json);
    const uint8_t *begin = json->at;
    if (skip_value(json) && out) *out = (ew_str){(const char *)begin, (size_t)(json->at - begin)};
    return ewi_json_check(json, err);
}

ew_status ewi_json_count(const ewi_json *json, size_t *n, ew_error *err) {
    ewi_json probe = *json;
    ewi_json_kind kind = ewi_json_peek(&probe);
    size_t count = 0;
    if (kind != EWI_JSON_ARRAY && kind != EWI_JSON_OBJECT)
        problem_here(&probe, "expected an array or an object");
    else if (enter(&probe, kind == EWI_JSON_OBJECT))
        while (next_value(&probe) && skip_value(&probe)) count++;
    *n = count;
    return ewi_json_check(&probe, err);
}

ew_status ewi_json_end(ewi_json *json, ew_error *err) {
    if (!json->problem) {
        EW_ASSERT(json->depth == 0);
        skip_blanks(json);
        if (json->at < json->end) problem_here(json, "something follows the value");
    }
    return ewi_json_check(json, err);
}
