#include "text/jinja_text.h"

#include "base/decimal.h"

/* ---- strip ---- */

static bool in_set(uint32_t c, const ewi_jstring *chars) {
    if (!chars) return ewi_jinja_is_space(c);
    for (size_t i = 0, n; i < chars->len; i += n) {
        uint32_t member;
        n = ewi_utf8_decode((const uint8_t *)chars->data + i, chars->len - i, &member);
        if (member == c) return true;
    }
    return false;
}

static size_t strip_left(const ewi_jstring *s, const ewi_jstring *chars) {
    size_t from = 0;
    while (from < s->len) {
        uint32_t c;
        size_t n = ewi_utf8_decode((const uint8_t *)s->data + from, s->len - from, &c);
        if (!in_set(c, chars)) break;
        from += n;
    }
    return from;
}

static size_t strip_right(const ewi_jstring *s, size_t from, const ewi_jstring *chars) {
    size_t to = s->len;
    while (to > from) {
        size_t begin = to - 1;
        while (begin > from && ((uint8_t)s->data[begin] & 0xc0) == 0x80) begin--;
        uint32_t c;
        ewi_utf8_decode((const uint8_t *)s->data + begin, to - begin, &c);
        if (!in_set(c, chars)) break;
        to = begin;
    }
    return to;
}

bool ewi_jinja_strip(ewi_jinja *run, const ewi_jstring *s, const ewi_jv *chars, ewi_jends ends, ewi_jv *out) {
    const ewi_jstring *set = chars->kind == EWI_J_STRING ? chars->as.string : NULL;
    if (!set && chars->kind != EWI_J_ABSENT && chars->kind != EWI_J_NONE)
        return ewi_jinja_raise(run, "strip: a %s is no text", ewi_jv_type_name(chars));
    size_t from = ends & EWI_J_LEFT ? strip_left(s, set) : 0;
    size_t to = ends & EWI_J_RIGHT ? strip_right(s, from, set) : s->len;
    uint64_t n = s->len - (to - from), n_set = set ? set->len : 1; /* looked at: each with each of the set */
    return ewi_jinja_spend(run, (n + 1) * (n_set + 1) / 16) && ewi_jstring_part(run, s, from, to, out);
}

/* ---- replace ---- */

/* Between all characters. */
static bool replace_empty(ewi_jbuilder *b, const ewi_jstring *s, const ewi_jstring *with, int64_t count) {
    size_t from = 0;
    for (; count != 0 && from <= s->len; count--) {
        const ewi_jstring rest = {.data = s->data + from, .len = s->len - from};
        size_t to = from + ewi_jstring_offset(&rest, 1);
        if (!ewi_jinja_spend(b->run, 1) || !ewi_jb_add_string(b, with) || !ewi_jb_add_part(b, s, from, to))
            return false;
        if (from == s->len) return true;
        from = to;
    }
    return ewi_jb_add_part(b, s, from, s->len);
}

bool ewi_jinja_replace(ewi_jinja *run, const ewi_jstring *s, const ewi_jstring *old, const ewi_jstring *with,
                       int64_t count, ewi_jv *out) {
    ewi_jbuilder b;
    size_t from = 0, at;
    ewi_jb_init(&b, run);
    b.safe = s->safe;
    if (old->len == 0) return replace_empty(&b, s, with, count) && ewi_jb_end(&b, out);
    if (!ewi_jinja_spend_bytes(run, s->len)) return false;
    for (; count != 0; count--) {
        at = ewi_str_find(ewi_jstring_str(s), from, ewi_jstring_str(old));
        if (at == SIZE_MAX) break;
        if (!ewi_jb_add_part(&b, s, from, at) || !ewi_jb_add_string(&b, with)) return false;
        if (!ewi_jinja_spend(run, 1)) return false;
        from = at + old->len;
    }
    return ewi_jb_add_part(&b, s, from, s->len) && ewi_jb_end(&b, out);
}

/* ---- join and lines ---- */

bool ewi_jinja_join(ewi_jinja *run, const ewi_jstring *between, const ewi_jv *items, size_t n, ewi_jv *out) {
    ewi_jbuilder b;
    ewi_jb_init(&b, run);
    for (size_t i = 0; i < n; i++)
        if ((i && !ewi_jb_add_string(&b, between)) || !ewi_jb_add_value(&b, &items[i])) return false;
    return ewi_jb_end(&b, out);
}

static bool is_line_end(uint32_t c) {
    return (c >= 0x0a && c <= 0x0d) || (c >= 0x1c && c <= 0x1e) || c == 0x85 || c == 0x2028 || c == 0x2029;
}

bool ewi_jinja_lines(ewi_jinja *run, const ewi_jstring *s, bool keep_ends, ewi_jv *out) {
    size_t from = 0;
    if (!ewi_jinja_spend_bytes(run, s->len) || !ewi_jlist_new(run, EWI_J_LIST, 0, out)) return false;
    for (size_t i = 0, n; i < s->len; i += n) {
        uint32_t c;
        ewi_jv line;
        n = ewi_utf8_decode((const uint8_t *)s->data + i, s->len - i, &c);
        if (!is_line_end(c)) continue;
        if (c == '\r' && i + 1 < s->len && s->data[i + 1] == '\n') n = 2;
        if (!ewi_jstring_part(run, s, from, keep_ends ? i + n : i, &line) ||
            !ewi_jlist_add(run, out->as.list, line))
            return false;
        from = i + n;
    }
    ewi_jv rest;
    if (from == s->len) return true;
    return ewi_jstring_part(run, s, from, s->len, &rest) && ewi_jlist_add(run, out->as.list, rest);
}

/* ---- numbers ---- */

static ew_str trimmed(ew_str text) {
    text.len = ewi_str_trim_space(text);
    size_t from = ewi_str_skip_space(text);
    return (ew_str){text.data + from, text.len - from};
}

/* The digit's value, or 36. */
static unsigned digit_of(char c) {
    if (c >= '0' && c <= '9') return (unsigned)(c - '0');
    return (unsigned char)((c | 0x20) - 'a') < 26 ? (unsigned)((c | 0x20) - 'a') + 10 : 36;
}

bool ewi_jinja_read_int(ew_str text, int base, int64_t *out) {
    text = trimmed(text);
    bool negative = text.len && text.data[0] == '-';
    size_t i = text.len && (text.data[0] == '-' || text.data[0] == '+');
    char letter = base == 2 ? 'b' : base == 8 ? 'o' : base == 16 ? 'x' : '\0';
    if (letter && text.len - i > 2 && text.data[i] == '0' && (text.data[i + 1] | 0x20) == letter) i += 2;
    if (i == text.len) return false;
    int64_t value = 0;
    for (bool after_digit = false; i < text.len; i++) {
        if (text.data[i] == '_' && after_digit && i + 1 < text.len) {
            after_digit = false;
            continue;
        }
        unsigned digit = digit_of(text.data[i]);
        if (digit >= (unsigned)base || __builtin_mul_overflow(value, base, &value) ||
            __builtin_sub_overflow(value, (int64_t)digit, &value)) /* down: there is one more negative one */
            return false;
        after_digit = true;
    }
    return negative ? (*out = value, true) : !__builtin_sub_overflow(0, value, out);
}

static size_t skip_digits(ew_str text, size_t at) {
    while (at < text.len && text.data[at] >= '0' && text.data[at] <= '9') at++;
    return at;
}

/* Whether text is  digits [. digits] [e [sign] digits]  as the reader of decimals has it, or nearly so. */
static bool is_decimal(ew_str text, bool *bare_point) {
    size_t whole = skip_digits(text, 0), at = whole, fraction = at;
    if (at < text.len && text.data[at] == '.') at = skip_digits(text, fraction = at + 1);
    bool point = at > whole;
    if (whole == 0 && at == fraction) return false;
    *bare_point = point && (whole == 0 || at == fraction);
    if (at == text.len) return true;
    if ((text.data[at] | 0x20) != 'e') return false;
    at++;
    if (at < text.len && (text.data[at] == '+' || text.data[at] == '-')) at++;
    return at < text.len && skip_digits(text, at) == text.len;
}

static bool is_word(ew_str text, const char *lower) {
    if (text.len != strlen(lower)) return false;
    for (size_t i = 0; i < text.len; i++)
        if ((text.data[i] | 0x20) != lower[i]) return false;
    return true;
}

/* "1." and ".5" with the zero that they leave out. */
static bool read_bare_point(ew_str text, double *out) {
    char full[64];
    size_t n = 0;
    if (text.len > sizeof full - 2) return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '.' && i == 0) full[n++] = '0';
        full[n++] = text.data[i];
        if (text.data[i] == '.' && (i + 1 == text.len || (text.data[i + 1] | 0x20) == 'e')) full[n++] = '0';
    }
    (void)!ewi_decimal_to_double((ew_str){full, n}, out);
    return true;
}

bool ewi_jinja_read_float(ew_str text, double *out) {
    text = trimmed(text);
    bool negative = text.len && text.data[0] == '-', bare_point, ok = true;
    if (text.len && (text.data[0] == '-' || text.data[0] == '+')) text.data++, text.len--;
    if (is_word(text, "inf") || is_word(text, "infinity"))
        *out = __builtin_inf();
    else if (is_word(text, "nan"))
        *out = __builtin_nan("");
    else if (!is_decimal(text, &bare_point))
        return false;
    else if (bare_point)
        ok = read_bare_point(text, out);
    else
        (void)!ewi_decimal_to_double(text, out);
    if (ok && negative) *out = -*out;
    return ok;
}
