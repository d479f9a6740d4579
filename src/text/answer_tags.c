/*
 * Calls that are tags: <function=name> <parameter=key> value </parameter> .. </function>, with line breaks
 * around values that are not the value's. Values have no types: one is a string if the tool says so, or if it
 * is no JSON; Python's True, False and None are what templates make of JSON's.
 */
#include <string.h>

#include "base/slice.h"
#include "text/answer_body.h"

enum { BEFORE, NAME, ITEM, KEY, VALUE_BREAK, VALUE };

#define FUNCTION "<function="

void ewi_answer_new_tags(ewi_answer_parser *p) {
    ewi_answer_new_call(p);
    p->n_mark = 0;
    p->step = ewi_str_is(EWI_STR(FUNCTION), p->opened->open) ? NAME : BEFORE;
}

/* One more byte of one of the tags, or a blank before them; *which is the tag when it is whole. */
static ewi_json_verdict tag_byte(ewi_answer_parser *p, const char *const *tags, int n, uint8_t c,
                                 int *which) {
    *which = EWI_MATCH_MAYBE;
    if (!p->n_mark && ewi_json_is_blank(c)) return EWI_JSON_MORE;
    p->mark[p->n_mark++] = c;
    *which = ewi_answer_match(p, tags, n);
    if (*which != EWI_MATCH_MAYBE) p->n_mark = 0;
    return *which == EWI_MATCH_NONE ? EWI_JSON_BAD : EWI_JSON_MORE;
}

static ewi_json_verdict before_byte(ewi_answer_parser *p, uint8_t c) {
    static const char *const tags[] = {FUNCTION};
    int which;
    if (tag_byte(p, tags, 1, c, &which) == EWI_JSON_BAD) return EWI_JSON_BAD;
    if (which == 0) p->step = NAME;
    return EWI_JSON_MORE;
}

static ewi_json_verdict name_byte(ewi_answer_parser *p, uint8_t c) {
    if (c != '>') return ewi_answer_name_byte(p, c) ? EWI_JSON_MORE : EWI_JSON_BAD;
    if (!ewi_answer_find_tool(p)) return EWI_JSON_BAD;
    ewi_answer_begin_call(p);
    p->step = ITEM;
    return ewi_answer_argument_text(p, "{");
}

static ewi_json_verdict item_byte(ewi_answer_parser *p, uint8_t c) {
    static const char *const tags[] = {"<parameter=", "</function>"};
    int which;
    if (tag_byte(p, tags, 2, c, &which) == EWI_JSON_BAD) return EWI_JSON_BAD;
    if (which == 1) return ewi_answer_argument(p, '}');
    p->n_key = 0;
    if (which == 0) p->step = KEY;
    return EWI_JSON_MORE;
}

static bool is_string_of(const ewi_tool *tool, ew_str key) {
    for (size_t i = 0; tool && i < tool->n_strings; i++)
        if (ewi_str_eq(tool->strings[i], key)) return true;
    return false;
}

static ewi_json_verdict key_byte(ewi_answer_parser *p, uint8_t c) {
    if (c != '>') {
        if (p->n_key == sizeof p->key) return EWI_JSON_BAD;
        p->key[p->n_key++] = (char)c;
        return EWI_JSON_MORE;
    }
    p->is_string = is_string_of(p->tool, (ew_str){p->key, p->n_key});
    p->early.len = 0;
    p->step = VALUE_BREAK;
    const char *comma = ewi_json_scan_wants_key(&p->arguments) ? "\"" : ",\"";
    if (ewi_answer_argument_text(p, comma) == EWI_JSON_BAD) return EWI_JSON_BAD;
    for (size_t i = 0; i < p->n_key; i++)
        if (ewi_answer_argument_char(p, (uint8_t)p->key[i]) == EWI_JSON_BAD) return EWI_JSON_BAD;
    return ewi_answer_argument_text(p, p->is_string ? "\":\"" : "\":");
}

static ewi_json_verdict become_string(ewi_answer_parser *p) {
    p->is_string = true;
    if (ewi_answer_argument_text(p, "\"") == EWI_JSON_BAD) return EWI_JSON_BAD;
    for (size_t i = 0; i < p->early.len; i++)
        if (ewi_answer_argument_char(p, p->early.data[i]) == EWI_JSON_BAD) return EWI_JSON_BAD;
    return EWI_JSON_MORE;
}

static bool may_be_json(uint8_t first) {
    return first && strchr("{[\"-0123456789tfnTFN", first);
}

/* A byte that is the value's own. Whether it is a string is known at its end, or at once. */
static ewi_json_verdict own_byte(ewi_answer_parser *p, uint8_t c) {
    bool is_open = !p->is_string && (p->early.len || may_be_json(c));
    if (is_open && ewi_answer_hold_early(p, c)) return EWI_JSON_MORE;
    if (!p->is_string && become_string(p) == EWI_JSON_BAD) return EWI_JSON_BAD;
    return ewi_answer_argument_char(p, c);
}

static ewi_json_verdict end_value(ewi_answer_parser *p) {
    static const char *const python[][2] = {{"True", "true"}, {"False", "false"}, {"None", "null"}};
    ew_str text = ewi_buffer_str(&p->early);
    p->step = ITEM;
    p->n_mark = 0;
    if (!p->is_string && ewi_json_scan_is_value(text)) {
        for (size_t i = 0; i < text.len; i++)
            if (ewi_answer_argument(p, (uint8_t)text.data[i]) == EWI_JSON_BAD) return EWI_JSON_BAD;
        return EWI_JSON_MORE;
    }
    for (size_t i = 0; !p->is_string && i < 3; i++)
        if (ewi_str_is(text, python[i][0])) return ewi_answer_argument_text(p, python[i][1]);
    if (!p->is_string && become_string(p) == EWI_JSON_BAD) return EWI_JSON_BAD;
    return ewi_answer_argument_text(p, "\"");
}

static ewi_json_verdict value_byte(ewi_answer_parser *p, uint8_t c) {
    static const char *const tags[] = {"</parameter>", "\n</parameter>"};
    p->mark[p->n_mark++] = c;
    while (p->n_mark) {
        int which = ewi_answer_match(p, tags, 2);
        if (which == EWI_MATCH_MAYBE) return EWI_JSON_MORE;
        if (which != EWI_MATCH_NONE) return end_value(p);
        if (own_byte(p, ewi_answer_shift(p)) == EWI_JSON_BAD) return EWI_JSON_BAD;
    }
    return EWI_JSON_MORE;
}

ewi_json_verdict ewi_answer_tags_byte(ewi_answer_parser *p, uint8_t c) {
    switch (p->step) {
    case BEFORE: return before_byte(p, c);
    case NAME: return name_byte(p, c);
    case ITEM: return item_byte(p, c);
    case KEY: return key_byte(p, c);
    case VALUE_BREAK: p->step = VALUE; return c == '\n' ? EWI_JSON_MORE : value_byte(p, c);
    default: return value_byte(p, c);
    }
}
