#include "text/jinja_lex.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/checked.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "text/jinja_value.h"

#define MAX_SOURCE_BYTES ((size_t)4 << 20)
#define MAX_BRACKETS     256

typedef struct lexer {
    ew_str source; /* newlines are \n */
    size_t at;
    uint32_t line;
    size_t counted; /* newlines before here are in `line` */
    ewi_arena *arena;
    ewi_jtokens tokens;
    char brackets[MAX_BRACKETS]; /* that are open, as they must be closed */
    uint32_t n_brackets;
    ew_error *err;
} lexer;

/* The line of byte `at`, which never goes back. */
static uint32_t line_at(lexer *l, size_t at) {
    for (; l->counted < at; l->counted++) l->line += l->source.data[l->counted] == '\n';
    return l->line;
}

#define fail_here(l, ...) fail_line((l), line_at((l), (l)->at), __VA_ARGS__)

EWI_PRINTF(3, 4) static ew_status fail_line(lexer *l, uint32_t line, const char *fmt, ...) {
    char text[256];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    return ewi_fail(l->err, EW_FORMAT, "chat template: line %u: %s", line, text);
}

static ew_status add(lexer *l, ewi_jtoken_kind kind, ew_str text, size_t at) {
    ewi_jtokens *t = &l->tokens;
    if (t->n == t->cap) {
        size_t cap = t->cap ? t->cap * 2 : 64;
        ewi_jtoken *items = ewi_arena_array(l->arena, cap, sizeof *items);
        if (!items) return ewi_no_memory(l->err, "a chat template");
        if (t->n) memcpy(items, t->items, t->n * sizeof *items);
        t->items = items;
        t->cap = cap;
    }
    t->items[t->n++] = (ewi_jtoken){kind, line_at(l, at), text};
    return EW_OK;
}

static bool starts_at(const lexer *l, size_t at, const char *text) {
    size_t n = strlen(text);
    return l->source.len - at >= n && memcmp(l->source.data + at, text, n) == 0;
}

static ew_str source_part(const lexer *l, size_t from, size_t to) {
    return (ew_str){l->source.data + from, to - from};
}

static size_t skip_space(const lexer *l, size_t at) {
    return at + ewi_str_skip_space(source_part(l, at, l->source.len));
}

/* ---- text between tags ---- */

/* Where the next tag begins, or the end. */
static size_t find_tag(const lexer *l, size_t from) {
    for (size_t at = from; at < l->source.len; at++) {
        const char *brace = memchr(l->source.data + at, '{', l->source.len - at);
        if (!brace) break;
        at = (size_t)(brace - l->source.data);
        if (starts_at(l, at, "{{") || starts_at(l, at, "{%") || starts_at(l, at, "{#")) return at;
    }
    return l->source.len;
}

/*
 * Where the text [from, tag) ends, given the tag after it: `-` takes all white space away, and a block or a
 * comment that begins its line the blanks before it, unless it has a `+`.
 */
static size_t text_end(const lexer *l, size_t from, size_t tag) {
    char sign = tag + 2 < l->source.len ? l->source.data[tag + 2] : '\0';
    if (tag == l->source.len) return tag;
    if (sign == '-') return from + ewi_str_trim_space(source_part(l, from, tag));
    if (sign == '+' || l->source.data[tag + 1] == '{') return tag;
    size_t line = tag;
    while (line > from && l->source.data[line - 1] != '\n') line--;
    bool whole = line > from || line == 0 || l->source.data[line - 1] == '\n';
    return whole && skip_space(l, line) >= tag ? line : tag;
}

static size_t skip_sign(const lexer *l, size_t at) {
    return at < l->source.len && (l->source.data[at] == '-' || l->source.data[at] == '+') ? at + 1 : at;
}

/* Passes the end of a block or comment, `mark`, and the newline or the white space that goes with it. 0: it
 * does not stand here. */
static size_t end_of_block(const lexer *l, size_t at, const char *mark) {
    char sign = at < l->source.len ? l->source.data[at] : '\0';
    size_t end = sign == '-' || sign == '+' ? at + 1 : at;
    if (!starts_at(l, end, mark)) return 0;
    end += 2;
    if (sign == '-') return skip_space(l, end);
    return sign != '+' && end < l->source.len && l->source.data[end] == '\n' ? end + 1 : end;
}

static ew_status skip_comment(lexer *l) {
    size_t at = l->at + 2, end = 0;
    for (; at < l->source.len; at++)
        if ((end = end_of_block(l, at, "#}"))) break;
    if (!end) return fail_here(l, "a comment {# has no end #}");
    l->at = end;
    return EW_OK;
}

/* ---- {% raw %} ---- */

/* Whether the tag at `at` is {% word %}; *end is after it, *close where its %} (with sign) begins. */
static bool is_word_tag(const lexer *l, size_t at, const char *word, size_t *close) {
    if (!starts_at(l, at, "{%")) return false;
    at = skip_space(l, skip_sign(l, at + 2));
    if (!starts_at(l, at, word)) return false;
    *close = skip_space(l, at + strlen(word));
    return end_of_block(l, *close, "%}") != 0;
}

static ew_status read_raw(lexer *l, size_t close) {
    bool trims = l->source.data[close] == '-';
    size_t from = close + 2 + (l->source.data[close] != '%'), end;
    if (trims) from = skip_space(l, from);
    for (size_t at = from; at < l->source.len; at++) {
        if (l->source.data[at] != '{' || !is_word_tag(l, at, "endraw", &end)) continue;
        EWI_TRY(add(l, EWI_JT_DATA, source_part(l, from, text_end(l, from, at)), from));
        l->at = end_of_block(l, end, "%}");
        return EW_OK;
    }
    return fail_here(l, "{%% raw %%} has no {%% endraw %%}");
}

/* ---- literals ---- */

static bool is_name_byte(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           (uint8_t)c >= 0x80;
}

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static char byte_at(const lexer *l, size_t at) {
    return at < l->source.len ? l->source.data[at] : '\0';
}

/* Digits, with single underscores between them. */
static size_t skip_digits(const lexer *l, size_t at) {
    while (is_digit(byte_at(l, at)) || (byte_at(l, at) == '_' && is_digit(byte_at(l, at + 1)))) at++;
    return at;
}

static size_t skip_exponent(const lexer *l, size_t at) {
    if (byte_at(l, at) != 'e' && byte_at(l, at) != 'E') return at;
    size_t digits = at + 1 + (byte_at(l, at + 1) == '+' || byte_at(l, at + 1) == '-');
    return is_digit(byte_at(l, digits)) ? skip_digits(l, digits) : at;
}

/* The text without underscores. */
static ew_status add_number(lexer *l, ewi_jtoken_kind kind, size_t begin, size_t end) {
    char *text = ewi_arena_strdup(l->arena, source_part(l, begin, end));
    if (!text) return ewi_no_memory(l->err, "a chat template");
    size_t n = 0;
    for (size_t i = begin; i < end; i++)
        if (l->source.data[i] != '_') text[n++] = l->source.data[i];
    l->at = end;
    return add(l, kind, (ew_str){text, n}, begin);
}

static ew_status read_number(lexer *l) {
    size_t begin = l->at, end;
    char base = (char)(byte_at(l, begin + 1) | 0x20);
    if (byte_at(l, begin) == '0' && (base == 'x' || base == 'o' || base == 'b')) {
        for (end = begin + 2; is_name_byte(byte_at(l, end));) end++;
        return add_number(l, EWI_JT_INT, begin, end);
    }
    end = skip_digits(l, begin);
    bool after_dot = begin > 0 && l->source.data[begin - 1] == '.';
    size_t whole = end;
    if (!after_dot && byte_at(l, end) == '.' && is_digit(byte_at(l, end + 1))) end = skip_digits(l, end + 1);
    if (!after_dot) end = skip_exponent(l, end);
    return add_number(l, end == whole ? EWI_JT_INT : EWI_JT_FLOAT, begin, end);
}

static uint32_t hex_value(ew_str text, size_t at, size_t n) {
    uint32_t value = 0;
    for (size_t i = at; i < at + n; i++) {
        char c = i < text.len ? text.data[i] : '\0';
        uint32_t digit = is_digit(c) ? (uint32_t)(c - '0') : (uint32_t)((c | 0x20) - 'a' + 10);
        if (!is_digit(c) && ((c | 0x20) < 'a' || (c | 0x20) > 'f')) return UINT32_MAX;
        value = value << 4 | digit;
    }
    return value;
}

/* The character that the escape at text[at], a backslash, stands for; its length, or 0 when it is none and
 * stands for itself. UINT32_MAX: malformed. */
static size_t read_escape(ew_str text, size_t at, uint32_t *c) {
    static const char letters[] = "n\nr\rt\t\\\\'\'\"\"a\ab\bf\fv\v";
    char kind = text.data[at + 1];
    for (const char *pair = letters; *pair; pair += 2)
        if (*pair == kind) return *c = (uint8_t)pair[1], 2;
    size_t n_hex = kind == 'x' ? 2 : kind == 'u' ? 4 : kind == 'U' ? 8 : 0;
    if (n_hex) return *c = hex_value(text, at + 2, n_hex), 2 + n_hex;
    if (kind < '0' || kind > '7') return 0;
    size_t n = 1;
    for (*c = 0; n < 4 && at + n < text.len && text.data[at + n] >= '0' && text.data[at + n] <= '7'; n++)
        *c = *c * 8 + (uint32_t)(text.data[at + n] - '0');
    return n;
}

static ew_status resolve(lexer *l, ew_str raw, ew_str *out) {
    char *text = ewi_arena_alloc(l->arena, raw.len);
    size_t n = 0;
    if (!text) return ewi_no_memory(l->err, "a chat template");
    for (size_t i = 0; i < raw.len;) {
        uint32_t c = 0;
        size_t len = raw.data[i] == '\\' ? read_escape(raw, i, &c) : 0;
        if (raw.data[i] == '\\' && raw.data[i + 1] == '\n') {
            i += 2;
        } else if (len == 0) {
            text[n++] = raw.data[i++];
        } else {
            if (c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
                return fail_here(l, "\\%c: no character has this number", raw.data[i + 1]);
            uint8_t utf8[4];
            size_t n_utf8 = ewi_utf8_encode(c, utf8);
            memcpy(text + n, utf8, n_utf8); /* never longer than the escape */
            n += n_utf8;
            i += len;
        }
    }
    *out = (ew_str){text, n};
    return EW_OK;
}

static ew_status read_string(lexer *l) {
    char quote = l->source.data[l->at];
    size_t begin = l->at + 1, end = begin;
    bool escaped = false;
    for (; end < l->source.len && l->source.data[end] != quote; end++)
        if (l->source.data[end] == '\\') escaped = true, end++;
    if (end >= l->source.len) return fail_here(l, "a text in quotes has no end");
    ew_str text = source_part(l, begin, end);
    if (escaped) EWI_TRY(resolve(l, text, &text));
    EWI_TRY(add(l, EWI_JT_STRING, text, l->at));
    l->at = end + 1;
    return EW_OK;
}

/* ---- signs ---- */

static size_t sign_length(const lexer *l) {
    static const char *const pairs[] = {"//", "**", "==", "!=", ">=", "<="};
    for (size_t i = 0; i < EWI_COUNT(pairs); i++)
        if (starts_at(l, l->at, pairs[i])) return 2;
    char c = l->source.data[l->at];
    return c && strchr("+-/*%~[](){}<>=.:|,;", c) ? 1 : 0;
}

static ew_status track_bracket(lexer *l, char c) {
    static const char opens[] = "([{", closes[] = ")]}";
    const char *open = strchr(opens, c), *close = strchr(closes, c);
    if (open) {
        if (l->n_brackets == MAX_BRACKETS)
            return ewi_fail(l->err, EW_LIMIT, "chat template: line %u: more than %d brackets are open",
                            line_at(l, l->at), MAX_BRACKETS);
        l->brackets[l->n_brackets++] = closes[open - opens];
    } else if (close) {
        if (l->n_brackets == 0 || l->brackets[l->n_brackets - 1] != c)
            return fail_here(l, "'%c' closes nothing", c);
        l->n_brackets--;
    }
    return EW_OK;
}

static ew_status read_sign(lexer *l) {
    size_t n = sign_length(l), at = l->at;
    char c = l->source.data[at];
    if (n == 0) return fail_here(l, "'%c' is no operator", c >= ' ' && c < 0x7f ? c : '?');
    if (n == 1) EWI_TRY(track_bracket(l, c));
    EWI_TRY(add(l, EWI_JT_SIGN, source_part(l, at, at + n), at));
    l->at = at + n;
    return EW_OK;
}

/* ---- between {{ and }}, {% and %} ---- */

static ew_status read_token(lexer *l) {
    char c = l->source.data[l->at];
    if (c == '\'' || c == '"') return read_string(l);
    if (is_digit(c)) return read_number(l);
    if (!is_name_byte(c)) return read_sign(l);
    size_t begin = l->at;
    while (is_name_byte(byte_at(l, l->at))) l->at++;
    return add(l, EWI_JT_NAME, source_part(l, begin, l->at), begin);
}

/* Where the end of a print tag leads, or 0. */
static size_t end_of_print(const lexer *l) {
    bool trims = l->source.data[l->at] == '-';
    if (!starts_at(l, l->at + trims, "}}")) return 0;
    return trims ? skip_space(l, l->at + 3) : l->at + 2;
}

static ew_status read_tag(lexer *l) {
    bool print = starts_at(l, l->at, "{{");
    uint32_t line = line_at(l, l->at);
    EWI_TRY(add(l, print ? EWI_JT_BEGIN_PRINT : EWI_JT_BEGIN_BLOCK, (ew_str){0}, l->at));
    l->at = skip_sign(l, l->at + 2);
    l->n_brackets = 0;
    for (;;) {
        l->at = skip_space(l, l->at);
        if (l->at == l->source.len) return fail_line(l, line, "%s has no end", print ? "{{" : "{%");
        size_t end = l->n_brackets ? 0 : print ? end_of_print(l) : end_of_block(l, l->at, "%}");
        if (end) {
            EWI_TRY(add(l, print ? EWI_JT_END_PRINT : EWI_JT_END_BLOCK, (ew_str){0}, l->at));
            l->at = end;
            return EW_OK;
        }
        EWI_TRY(read_token(l));
    }
}

static ew_status read_all(lexer *l) {
    size_t close;
    while (l->at < l->source.len) {
        size_t tag = find_tag(l, l->at), end = text_end(l, l->at, tag);
        if (end > l->at) EWI_TRY(add(l, EWI_JT_DATA, source_part(l, l->at, end), l->at));
        l->at = tag;
        if (tag == l->source.len) break;
        if (starts_at(l, tag, "{#"))
            EWI_TRY(skip_comment(l));
        else if (is_word_tag(l, tag, "raw", &close))
            EWI_TRY(read_raw(l, close));
        else
            EWI_TRY(read_tag(l));
    }
    return add(l, EWI_JT_END, (ew_str){0}, l->source.len);
}

/* \r\n and \r become \n; one at the end is dropped. */
static ew_status take_source(lexer *l, ew_str source) {
    if (source.len > MAX_SOURCE_BYTES)
        return ewi_fail(l->err, EW_LIMIT, "chat template: %zu bytes, at most %zu", source.len,
                        MAX_SOURCE_BYTES);
    if (!ewi_utf8_valid((const uint8_t *)source.data, source.len))
        return ewi_fail(l->err, EW_FORMAT, "chat template: it is not valid UTF-8");
    char *text = ewi_arena_strdup(l->arena, source);
    if (!text) return ewi_no_memory(l->err, "a chat template");
    size_t n = 0;
    for (size_t i = 0; i < source.len; i++) {
        if (source.data[i] == '\n' && i && source.data[i - 1] == '\r') continue;
        text[n++] = source.data[i] == '\r' ? '\n' : source.data[i];
    }
    if (n && text[n - 1] == '\n') n--;
    l->source = (ew_str){text, n};
    return EW_OK;
}

ew_status ewi_jinja_lex(ew_str source, ewi_arena *arena, ewi_jtokens *out, ew_error *err) {
    lexer l = {.arena = arena, .line = 1, .err = err};
    EWI_TRY(take_source(&l, source));
    EWI_TRY(read_all(&l));
    *out = l.tokens;
    return EW_OK;
}
