/* jinja_print.c: values as text: str(), repr() and JSON as Python writes them. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/decimal.h"
#include "text/jinja_value.h"
#include "text/unicode.h"

/* ---- numbers ---- */

/* The fewest digits that give the same number back: d.ddd x 10^exponent. Returns how many. */
static int shortest_digits(double real, char digits[18], int *exponent) {
    char text[EWI_JINJA_FLOAT_TEXT], plain[EWI_JINJA_FLOAT_TEXT];
    for (int n = 1; n <= 17; n++) {
        snprintf(text, sizeof text, "%.*e", n - 1, real);
        const char *e = strchr(text, 'e');
        int kept = 0;
        for (const char *c = text; c < e; c++)
            if (*c >= '0' && *c <= '9') digits[kept++] = *c; /* whatever the locale's point is */
        digits[kept] = '\0';
        *exponent = (int)strtol(e + 1, NULL, 10);
        snprintf(plain, sizeof plain, "%se%d", digits, *exponent - (kept - 1));
        double back;
        if (ewi_decimal_to_double(ewi_str(plain), &back) && back == real) break;
    }
    int n = (int)strlen(digits);
    while (n > 1 && digits[n - 1] == '0') n--;
    digits[n] = '\0';
    return n;
}

void ewi_jinja_float_text(double real, char text[EWI_JINJA_FLOAT_TEXT]) {
    char digits[18];
    int exponent;
    const char *sign = __builtin_signbit(real) ? "-" : "";
    if (real != real || real - real != 0) {
        snprintf(text, EWI_JINJA_FLOAT_TEXT, "%s", real != real ? "nan" : real < 0 ? "-inf" : "inf");
        return;
    }
    int n = shortest_digits(real < 0 ? -real : real, digits, &exponent);
    if (exponent < -4 || exponent >= 16)
        snprintf(text, EWI_JINJA_FLOAT_TEXT, "%s%c%s%se%c%02d", sign, digits[0], n > 1 ? "." : "", digits + 1,
                 exponent < 0 ? '-' : '+', abs(exponent));
    else if (exponent < 0)
        snprintf(text, EWI_JINJA_FLOAT_TEXT, "%s0.%.*s%s", sign, -exponent - 1, "000", digits);
    else if (n <= exponent + 1)
        snprintf(text, EWI_JINJA_FLOAT_TEXT, "%s%s%.*s.0", sign, digits, exponent + 1 - n, "000000000000000");
    else
        snprintf(text, EWI_JINJA_FLOAT_TEXT, "%s%.*s.%s", sign, exponent + 1, digits, digits + exponent + 1);
}

static bool add_text(ewi_jbuilder *b, const char *text) {
    return ewi_jb_add(b, ewi_str(text), false);
}

static bool add_int(ewi_jbuilder *b, int64_t whole) {
    char text[32];
    snprintf(text, sizeof text, "%" PRId64, whole);
    return add_text(b, text);
}

static bool add_float(ewi_jbuilder *b, double real) {
    char text[EWI_JINJA_FLOAT_TEXT];
    ewi_jinja_float_text(real, text);
    return add_text(b, text);
}

/* ---- repr() ---- */

static bool is_printable(uint32_t c) {
    const uint32_t hidden = EWI_CATEGORY(EWI_CC) | EWI_CATEGORY(EWI_CF) | EWI_CATEGORY(EWI_CS) |
                            EWI_CATEGORY(EWI_CO) | EWI_CATEGORY(EWI_CN) | EWI_CATEGORY(EWI_ZL) |
                            EWI_CATEGORY(EWI_ZP) | EWI_CATEGORY(EWI_ZS);
    return c == ' ' || !(ewi_unicode_set(c) & hidden);
}

/* How repr() escapes c; NULL: not at all. */
static const char *repr_escape(uint32_t c, char quote, char buf[16]) {
    if (c == '\n') return "\\n";
    if (c == '\r') return "\\r";
    if (c == '\t') return "\\t";
    if (c == '\\') return "\\\\";
    if (c == (uint32_t)quote) return quote == '\'' ? "\\'" : "\\\"";
    if (is_printable(c)) return NULL;
    if (c < 0x100)
        snprintf(buf, 16, "\\x%02x", (unsigned)c);
    else if (c < 0x10000)
        snprintf(buf, 16, "\\u%04x", (unsigned)c);
    else
        snprintf(buf, 16, "\\U%08x", (unsigned)c);
    return buf;
}

static bool repr_string(ewi_jbuilder *b, const ewi_jstring *s) {
    bool input = ewi_jstring_any_input(s), single = s->len && memchr(s->data, '\'', s->len);
    char quote = single && !memchr(s->data, '"', s->len) ? '"' : '\'', buf[16];
    size_t plain = 0;
    if (!ewi_jinja_spend(b->run, s->len / 4) || !ewi_jb_add(b, (ew_str){&quote, 1}, false)) return false;
    for (size_t i = 0, n; i < s->len; i += n) {
        uint32_t c;
        n = ewi_utf8_decode((const uint8_t *)s->data + i, s->len - i, &c);
        const char *escape = repr_escape(c, quote, buf);
        if (!escape) continue;
        if (!ewi_jb_add_part(b, s, plain, i) || !ewi_jb_add(b, ewi_str(escape), input)) return false;
        plain = i + n;
    }
    return ewi_jb_add_part(b, s, plain, s->len) && ewi_jb_add(b, (ew_str){&quote, 1}, false);
}

static bool repr_items(ewi_jbuilder *b, const ewi_jlist *list) {
    for (size_t i = 0; i < list->n; i++)
        if ((i && !add_text(b, ", ")) || !ewi_jb_add_repr(b, &list->items[i])) return false;
    return true;
}

static bool repr_list(ewi_jbuilder *b, const ewi_jv *v) {
    const ewi_jlist *list = v->as.list;
    if (v->kind == EWI_J_TUPLE)
        return add_text(b, "(") && repr_items(b, list) && add_text(b, list->n == 1 ? ",)" : ")");
    if (v->kind == EWI_J_LIST) return add_text(b, "[") && repr_items(b, list) && add_text(b, "]");
    if (v->kind == EWI_J_GENERATOR) return add_text(b, "<generator object>");
    if (ewi_jv_is_range(v))
        return ewi_jinja_fail(b->run, EW_UNSUPPORTED, "a range can be printed as a list only");
    return add_text(b, list->type_name) && add_text(b, "([") && repr_items(b, list) && add_text(b, "])");
}

static bool repr_dict(ewi_jbuilder *b, const ewi_jdict *dict) {
    if (!add_text(b, "{")) return false;
    for (size_t i = 0; i < dict->n; i++)
        if ((i && !add_text(b, ", ")) || !ewi_jb_add_repr(b, &dict->pairs[i].key) || !add_text(b, ": ") ||
            !ewi_jb_add_repr(b, &dict->pairs[i].value))
            return false;
    return add_text(b, "}");
}

static bool repr_container(ewi_jbuilder *b, const ewi_jv *v) {
    if (!ewi_jinja_enter(b->run)) return false;
    bool ok = v->kind == EWI_J_NAMESPACE
                  ? add_text(b, "<Namespace ") && repr_dict(b, v->as.dict) && add_text(b, ">")
              : v->kind == EWI_J_DICT ? repr_dict(b, v->as.dict)
                                      : repr_list(b, v);
    ewi_jinja_leave(b->run);
    return ok;
}

bool ewi_jb_add_repr(ewi_jbuilder *b, const ewi_jv *v) {
    if (!ewi_jinja_spend(b->run, 1)) return false;
    switch (v->kind) {
    case EWI_J_ABSENT:
    case EWI_J_UNDEFINED: return add_text(b, "Undefined");
    case EWI_J_NONE: return add_text(b, "None");
    case EWI_J_BOOL: return add_text(b, v->as.flag ? "True" : "False");
    case EWI_J_INT: return add_int(b, v->as.whole);
    case EWI_J_FLOAT: return add_float(b, v->as.real);
    case EWI_J_STRING: return repr_string(b, v->as.string);
    case EWI_J_LIST:
    case EWI_J_TUPLE:
    case EWI_J_VIEW:
    case EWI_J_GENERATOR:
    case EWI_J_DICT:
    case EWI_J_NAMESPACE: return repr_container(b, v);
    case EWI_J_LOOP:
    case EWI_J_MACRO:
    case EWI_J_FUNCTION:
    case EWI_J_METHOD: break;
    }
    return add_text(b, "<") && add_text(b, ewi_jv_type_name(v)) && add_text(b, ">");
}

bool ewi_jb_add_value(ewi_jbuilder *b, const ewi_jv *v) {
    if (v->kind == EWI_J_STRING) return ewi_jb_add_string(b, v->as.string);
    return v->kind == EWI_J_UNDEFINED || ewi_jb_add_repr(b, v);
}

bool ewi_jv_to_string(ewi_jinja *run, const ewi_jv *v, ewi_jv *out) {
    ewi_jbuilder b;
    *out = *v;
    if (v->kind == EWI_J_STRING) return true;
    ewi_jb_init(&b, run);
    return ewi_jb_add_value(&b, v) && ewi_jb_end(&b, out);
}

/* ---- JSON ---- */

typedef struct json_writer {
    ewi_jbuilder b;
    bool ascii, sort_keys, any_input;
    const ewi_jstring *indent; /* of one level; NULL: all on one line */
    ew_str between_items, after_key;
    size_t level;
} json_writer;

static bool write_json(json_writer *w, const ewi_jv *v);

static const char *json_escape(uint32_t c, bool ascii, char buf[16]) {
    static const char letters[] = "\"\"\\\\\bb\ff\nn\rr\tt";
    for (const char *pair = letters; *pair; pair += 2) {
        if (c != (uint8_t)*pair) continue;
        snprintf(buf, 16, "\\%c", pair[1]);
        return buf;
    }
    if (c >= 0x20 && (c < 0x7f || !ascii)) return NULL;
    if (c < 0x10000)
        snprintf(buf, 16, "\\u%04x", (unsigned)c);
    else
        snprintf(buf, 16, "\\u%04x\\u%04x", 0xd800u + ((unsigned)c - 0x10000u) / 0x400u,
                 0xdc00u + ((unsigned)c - 0x10000u) % 0x400u);
    return buf;
}

static bool json_string(json_writer *w, const ewi_jstring *s) {
    char buf[16];
    size_t plain = 0;
    w->any_input = w->any_input || ewi_jstring_any_input(s);
    if (!ewi_jinja_spend(w->b.run, s->len / 4) || !add_text(&w->b, "\"")) return false;
    for (size_t i = 0, n; i < s->len; i += n) {
        uint32_t c;
        n = ewi_utf8_decode((const uint8_t *)s->data + i, s->len - i, &c);
        const char *escape = json_escape(c, w->ascii, buf);
        if (!escape) continue;
        if (!ewi_jb_add(&w->b, (ew_str){s->data + plain, i - plain}, false) || !add_text(&w->b, escape))
            return false;
        plain = i + n;
    }
    return ewi_jb_add(&w->b, (ew_str){s->data + plain, s->len - plain}, false) && add_text(&w->b, "\"");
}

static bool json_float(json_writer *w, double real) {
    if (real != real) return add_text(&w->b, "NaN");
    if (real - real != 0) return add_text(&w->b, real < 0 ? "-Infinity" : "Infinity");
    return add_float(&w->b, real);
}

static bool new_line(json_writer *w) {
    if (!w->indent) return true;
    if (!add_text(&w->b, "\n")) return false;
    for (size_t i = 0; i < w->level; i++)
        if (!ewi_jb_add(&w->b, ewi_jstring_str(w->indent), false)) return false;
    return true;
}

static bool json_list(json_writer *w, const ewi_jlist *list) {
    if (list->n == 0) return add_text(&w->b, "[]");
    w->level++;
    if (!add_text(&w->b, "[")) return false;
    for (size_t i = 0; i < list->n; i++)
        if ((i && !ewi_jb_add(&w->b, w->between_items, false)) || !new_line(w) ||
            !write_json(w, &list->items[i]))
            return false;
    w->level--;
    return new_line(w) && add_text(&w->b, "]");
}

static bool json_key(json_writer *w, const ewi_jv *key) {
    if (key->kind == EWI_J_STRING) return json_string(w, key->as.string);
    if (key->kind != EWI_J_NONE && key->kind != EWI_J_BOOL && key->kind != EWI_J_INT &&
        key->kind != EWI_J_FLOAT)
        return ewi_jinja_raise(w->b.run, "tojson: a %s cannot be a key", ewi_jv_type_name(key));
    return add_text(&w->b, "\"") && write_json(w, key) && add_text(&w->b, "\"");
}

/* The pairs in the order of their keys. */
static bool sorted_pairs(ewi_jinja *run, const ewi_jdict *dict, const ewi_jpair **out) {
    ewi_jpair *pairs = ewi_jinja_alloc(run, dict->n, sizeof *pairs);
    if (!pairs) return false;
    for (size_t i = 0; i < dict->n; i++) {
        size_t at = i;
        for (int order; at > 0; at--) {
            if (!ewi_jv_compare(run, &pairs[at - 1].key, &dict->pairs[i].key, &order)) return false;
            if (order <= 0) break;
            pairs[at] = pairs[at - 1];
        }
        pairs[at] = dict->pairs[i];
    }
    *out = pairs;
    return true;
}

static bool json_dict(json_writer *w, const ewi_jdict *dict) {
    const ewi_jpair *pairs = dict->pairs;
    if (dict->n == 0) return add_text(&w->b, "{}");
    if (w->sort_keys && !sorted_pairs(w->b.run, dict, &pairs)) return false;
    w->level++;
    if (!add_text(&w->b, "{")) return false;
    for (size_t i = 0; i < dict->n; i++)
        if ((i && !ewi_jb_add(&w->b, w->between_items, false)) || !new_line(w) ||
            !json_key(w, &pairs[i].key) || !ewi_jb_add(&w->b, w->after_key, false) ||
            !write_json(w, &pairs[i].value))
            return false;
    w->level--;
    return new_line(w) && add_text(&w->b, "}");
}

static bool json_container(json_writer *w, const ewi_jv *v) {
    if (!ewi_jinja_enter(w->b.run)) return false;
    bool ok = v->kind == EWI_J_DICT ? json_dict(w, v->as.dict) : json_list(w, v->as.list);
    ewi_jinja_leave(w->b.run);
    return ok;
}

static bool write_json(json_writer *w, const ewi_jv *v) {
    if (!ewi_jinja_spend(w->b.run, 1)) return false;
    switch (v->kind) {
    case EWI_J_NONE: return add_text(&w->b, "null");
    case EWI_J_BOOL: return add_text(&w->b, v->as.flag ? "true" : "false");
    case EWI_J_INT: return add_int(&w->b, v->as.whole);
    case EWI_J_FLOAT: return json_float(w, v->as.real);
    case EWI_J_STRING: return json_string(w, v->as.string);
    case EWI_J_LIST:
    case EWI_J_TUPLE:
    case EWI_J_DICT: return json_container(w, v);
    case EWI_J_ABSENT:
    case EWI_J_UNDEFINED:
    case EWI_J_VIEW:
    case EWI_J_GENERATOR:
    case EWI_J_NAMESPACE:
    case EWI_J_LOOP:
    case EWI_J_MACRO:
    case EWI_J_FUNCTION:
    case EWI_J_METHOD: break;
    }
    return ewi_jinja_raise(w->b.run, "tojson: a %s has no JSON form", ewi_jv_type_name(v));
}

/* A number of blanks, or the text itself. */
static bool read_indent(json_writer *w, const ewi_jv *v) {
    int64_t n;
    ewi_jv text;
    ewi_jbuilder b;
    if (v->kind == EWI_J_ABSENT || v->kind == EWI_J_NONE) return true;
    if (v->kind == EWI_J_STRING) {
        w->indent = v->as.string;
        return true;
    }
    if (!ewi_jv_to_int(v, &n) || n > 1024)
        return ewi_jinja_raise(w->b.run, "tojson: indent must be a text or a number up to 1024");
    ewi_jb_init(&b, w->b.run);
    for (; n > 0; n--)
        if (!add_text(&b, " ")) return false;
    if (!ewi_jb_end(&b, &text)) return false;
    w->indent = text.as.string;
    return true;
}

static bool read_separators(json_writer *w, const ewi_jv *v) {
    w->between_items = w->indent ? EWI_STR(",") : EWI_STR(", ");
    w->after_key = EWI_STR(": ");
    if (v->kind == EWI_J_ABSENT || v->kind == EWI_J_NONE) return true;
    if ((v->kind != EWI_J_LIST && v->kind != EWI_J_TUPLE) || v->as.list->n != 2 ||
        !ewi_jv_is_string(&v->as.list->items[0]) || !ewi_jv_is_string(&v->as.list->items[1]))
        return ewi_jinja_raise(w->b.run, "tojson: separators must be two texts");
    w->between_items = ewi_jv_str(&v->as.list->items[0]);
    w->after_key = ewi_jv_str(&v->as.list->items[1]);
    return true;
}

bool ewi_jinja_tojson(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    json_writer w = {.ascii = ewi_jv_truth(&call->a[0]), .sort_keys = ewi_jv_truth(&call->a[3])};
    ewi_jb_init(&w.b, run);
    if (!read_indent(&w, &call->a[1]) || !read_separators(&w, &call->a[2]) || !write_json(&w, &call->in))
        return false;
    w.b.marks[0].input = w.any_input; /* all of it: what is inside of a quoted text is its own doing */
    return ewi_jb_end(&w.b, out);
}
