/*
 * calls.c: a reader of answers that may end anywhere.
 *
 * Each function below reads one part at the cursor. Where the text ends inside of the part, or right before
 * it, that fits; where the part is there, it is complete and the cursor stands after it. Texts are short, so
 * that reading one anew for each token that is tried costs nothing beside the model's step.
 */
#include "calls.h"

#include <string.h>

#include "tools.h"

#define N_TOOLS (sizeof tools / sizeof tools[0])
#define NONE    "{\"tool\":\"none\"}"

typedef struct cursor {
    const char *at, *end;
    ew_str request;
} cursor;

typedef calls_fit (*part_fn)(cursor *c);

static calls_fit better(calls_fit a, calls_fit b) {
    return a > b ? a : b;
}

static calls_fit literal(cursor *c, const char *wanted) {
    for (; *wanted; wanted++, c->at++) {
        if (c->at == c->end) return CALLS_FITS;
        if (*c->at != *wanted) return CALLS_CANNOT;
    }
    return CALLS_COMPLETE;
}

/* No name is the beginning of another one: all end in a quotation mark. */
static calls_fit quoted(cursor *c, const char *name) {
    calls_fit fit = literal(c, "\"");
    if (fit == CALLS_COMPLETE) fit = literal(c, name);
    if (fit == CALLS_COMPLETE) fit = literal(c, "\"");
    return fit;
}

/* `least` items or more, up to `most`: [a,b] */
static calls_fit list(cursor *c, part_fn item, int least, int most) {
    calls_fit fit = literal(c, "[");
    for (int n = 1; fit == CALLS_COMPLETE; n++) {
        fit = item(c);
        if (fit != CALLS_COMPLETE) return fit;
        if (c->at == c->end) return CALLS_FITS;
        if (*c->at == ']' && n >= least) return literal(c, "]");
        fit = n < most ? literal(c, ",") : CALLS_CANNOT;
    }
    return fit;
}

/* ---- values ---- */

static calls_fit choice(cursor *c, const char *const *choices) {
    calls_fit best = CALLS_CANNOT;
    for (; *choices; choices++) {
        cursor after = *c;
        calls_fit fit = literal(&after, *choices);
        if (fit == CALLS_COMPLETE) *c = after;
        best = better(best, fit);
        if (best == CALLS_COMPLETE) break;
    }
    return best;
}

/* Whether digits that say this much so far, and more digits or a decimal, can come to lie within bounds. */
static bool can_grow(int64_t tenths, const tool_arg *arg) {
    int64_t low = tenths, high = tenths + 9;
    while (low > 0 && high < arg->min_tenths) {
        low = low * 10;
        high = high * 10 + 9;
    }
    return high >= arg->min_tenths && low <= arg->max_tenths;
}

/* The tenth after a decimal point. */
static calls_fit decimal(cursor *c, const tool_arg *arg, int64_t *tenths) {
    if (c->at == c->end)
        return *tenths + 9 >= arg->min_tenths && *tenths + 1 <= arg->max_tenths ? CALLS_FITS : CALLS_CANNOT;
    if (*c->at < '1' || *c->at > '9') return CALLS_CANNOT;
    *tenths += *c->at++ - '0';
    return CALLS_COMPLETE;
}

static calls_fit number(cursor *c, const tool_arg *arg) {
    const char *first = c->at;
    int64_t tenths = 0;
    for (; c->at < c->end && *c->at >= '0' && *c->at <= '9'; c->at++) {
        tenths = tenths * 10 + (*c->at - '0') * 10;
        if (tenths > arg->max_tenths || (c->at > first && *first == '0')) return CALLS_CANNOT;
    }
    if (c->at == c->end) return c->at == first || can_grow(tenths, arg) ? CALLS_FITS : CALLS_CANNOT;
    if (c->at == first) return CALLS_CANNOT;
    if (*c->at == '.' && arg->value == TOOL_NUMBER) {
        c->at++;
        calls_fit fit = decimal(c, arg, &tenths);
        if (fit != CALLS_COMPLETE) return fit;
    }
    return tenths >= arg->min_tenths && tenths <= arg->max_tenths ? CALLS_COMPLETE : CALLS_CANNOT;
}

static calls_fit clock_time(cursor *c) {
    static const char *const sets[] = {"\"", "012", "0123456789", ":", "012345", "0123456789", "\""};
    const char *first = c->at;
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++, c->at++) {
        if (c->at == c->end) return CALLS_FITS;
        if (*c->at == '\0' || !strchr(sets[i], *c->at)) return CALLS_CANNOT;
        if (i == 2 && first[1] == '2' && *c->at > '3') return CALLS_CANNOT;
    }
    return CALLS_COMPLETE;
}

/* ---- open words ---- */

/* How many bytes a character has that begins like this; a blank brings another character with it. */
static int size_of(unsigned char lead) {
    if (lead < 0x80) return lead == '\\' || lead == ' ' ? 2 : 1;
    return lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
}

/* The second byte's bounds depend on the first (The Unicode Standard 15.0, table 3-7); C2 80 to C2 9F are
 * control characters. */
static bool second_fits(unsigned char lead, unsigned char second) {
    unsigned char least = lead == 0xC2 || lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    unsigned char most = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    return second >= least && second <= most;
}

/* U+FFFD stands for bytes that were none of a text. */
static calls_fit wide_character(cursor *c) {
    const char *first = c->at;
    unsigned char lead = (unsigned char)*first;
    if (lead < 0xC2 || lead > 0xF4) return CALLS_CANNOT;
    for (int n = size_of(lead); ++c->at < first + n;) {
        if (c->at == c->end) return CALLS_FITS;
        unsigned char byte = (unsigned char)*c->at;
        if (c->at == first + 1 ? !second_fits(lead, byte) : (byte & 0xC0) != 0x80) return CALLS_CANNOT;
        if (lead == 0xEF && c->at == first + 2 && memcmp(first, "\xEF\xBF\xBD", 3) == 0) return CALLS_CANNOT;
    }
    return CALLS_COMPLETE;
}

/* Of the characters that JSON escapes, those that are no control characters. */
static calls_fit escape(cursor *c) {
    if (++c->at == c->end) return CALLS_FITS;
    if (*c->at != '"' && *c->at != '\\') return CALLS_CANNOT;
    c->at++;
    return CALLS_COMPLETE;
}

static calls_fit character(cursor *c, bool may_be_blank) {
    unsigned char lead = (unsigned char)*c->at;
    if (lead >= 0x80) return wide_character(c);
    if (lead == '\\') return escape(c);
    if (lead < ' ' || lead == 0x7F || (lead == ' ' && !may_be_blank)) return CALLS_CANNOT;
    c->at++;
    return CALLS_COMPLETE;
}

static bool is_blank(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Beyond ASCII any place may be the edge of a word: dashes and quotation marks lie there, too. */
static bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static char lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Where the request stands after it said these words from `at` on; NULL when it says others. */
static const char *after_words(const char *at, const char *end, ew_str said) {
    for (size_t i = 0; i < said.len; i++) {
        if (at == end) return NULL;
        if (said.data[i] == ' ') {
            if (!is_blank(*at)) return NULL;
            while (at < end && is_blank(*at)) at++;
            continue;
        }
        bool escaped = said.data[i] == '\\';
        if (escaped && i + 1 == said.len) return *at == '"' || *at == '\\' ? at : NULL;
        if (said.data[escaped ? ++i : i] != lower(*at)) return NULL;
        at++;
    }
    return at;
}

/* Whole words of the request, or the beginning of some. */
static bool are_said(ew_str request, ew_str said, bool whole) {
    if (!request.data) return true;
    const char *end = request.data + request.len;
    for (const char *at = request.data; at < end; at++) {
        if (at > request.data && is_letter(at[-1])) continue;
        const char *after = after_words(at, end, said);
        if (after && (!whole || after == end || !is_letter(*after))) return true;
    }
    return false;
}

static calls_fit words(cursor *c) {
    calls_fit fit = literal(c, "\"");
    const char *first = c->at;
    while (fit == CALLS_COMPLETE && c->at < c->end && *c->at != '"') {
        if (c->at - first + size_of((unsigned char)*c->at) > CALLS_MAX_WORDS_BYTES) return CALLS_CANNOT;
        fit = character(c, c->at > first && c->at[-1] != ' ');
    }
    if (fit == CALLS_CANNOT) return fit;
    ew_str said = {first, (size_t)(c->at - first)};
    bool closed = c->at < c->end, is_word = said.len && c->at[-1] != ' ';
    if (!are_said(c->request, said, closed) || (closed && !is_word)) return CALLS_CANNOT;
    return literal(c, "\"");
}

static calls_fit value(cursor *c, const tool_arg *arg) {
    switch (arg->value) {
    case TOOL_CHOICE: return choice(c, arg->choices);
    case TOOL_INTEGER:
    case TOOL_NUMBER: return number(c, arg);
    case TOOL_TIME: return clock_time(c);
    case TOOL_WORDS: return words(c);
    case TOOL_WORDS_LIST: return list(c, words, 1, CALLS_MAX_ITEMS);
    }
    return CALLS_CANNOT;
}

/* ---- calls ---- */

/* The next argument, with its value: one that comes after *next, and after none that must not be left out. */
static calls_fit argument(cursor *c, const tool *t, size_t *next) {
    calls_fit best = CALLS_CANNOT;
    for (size_t i = *next; i < t->n_args; i++) {
        cursor after = *c;
        calls_fit fit = quoted(&after, t->args[i].name);
        if (fit == CALLS_COMPLETE) fit = literal(&after, ":");
        if (fit == CALLS_COMPLETE) {
            *c = after;
            *next = i + 1;
            return value(c, &t->args[i]);
        }
        best = better(best, fit);
        if (t->args[i].required) break;
    }
    return best;
}

static bool may_end(const tool *t, size_t next) {
    for (size_t i = next; i < t->n_args; i++)
        if (t->args[i].required) return false;
    return true;
}

static calls_fit arguments(cursor *c, const tool *t) {
    size_t next = 0;
    for (bool is_first = true;; is_first = false) {
        if (c->at == c->end) return CALLS_FITS;
        if (*c->at == '}') return may_end(t, next) ? CALLS_COMPLETE : CALLS_CANNOT;
        calls_fit fit = is_first ? CALLS_COMPLETE : literal(c, ",");
        if (fit == CALLS_COMPLETE) fit = argument(c, t, &next);
        if (fit != CALLS_COMPLETE) return fit;
    }
}

static calls_fit tool_name(cursor *c, const tool **named) {
    calls_fit best = CALLS_CANNOT;
    for (size_t i = 0; i < N_TOOLS; i++) {
        cursor after = *c;
        calls_fit fit = quoted(&after, tools[i].name);
        best = better(best, fit);
        if (fit != CALLS_COMPLETE) continue;
        *c = after;
        *named = &tools[i];
        break;
    }
    return best;
}

static calls_fit call(cursor *c) {
    const tool *named = NULL;
    calls_fit fit = literal(c, "{\"tool\":");
    if (fit == CALLS_COMPLETE) fit = tool_name(c, &named);
    if (fit == CALLS_COMPLETE) fit = literal(c, ",\"args\":{");
    if (fit == CALLS_COMPLETE) fit = arguments(c, named);
    if (fit == CALLS_COMPLETE) fit = literal(c, "}}");
    return fit;
}

static calls_fit call_list(cursor *c) {
    return list(c, call, 2, CALLS_MAX);
}

static calls_fit nothing(cursor *c) {
    return literal(c, NONE);
}

/* The part, and nothing after it. */
static calls_fit whole(part_fn part, ew_str text, ew_str request) {
    cursor c = {text.data, text.data + text.len, request};
    calls_fit fit = part(&c);
    return fit == CALLS_COMPLETE && c.at != c.end ? CALLS_CANNOT : fit;
}

calls_fit calls_check(ew_str text, ew_str request) {
    calls_fit fit = better(whole(call, text, request), whole(call_list, text, request));
    return better(fit, whole(nothing, text, request));
}
