/* Calls in Gemma's notation: call:name{key:value,..}, as in JSON but for keys, which are bare, and strings,
 * which stand between marks of their own (EWI_TOOLS_GEMMA: <|"|>) and have no escapes. */
#include <string.h>

#include "text/answer_body.h"

enum { BEFORE, NAME, VALUES, KEY, STRING };

void ewi_answer_new_gemma(ewi_answer_parser *p) {
    ewi_answer_new_call(p);
    p->n_mark = 0;
    p->step = BEFORE;
}

static ewi_json_verdict before_byte(ewi_answer_parser *p, uint8_t c) {
    static const char *const call[] = {"call:"};
    if (!p->n_mark && ewi_json_is_blank(c)) return EWI_JSON_MORE;
    p->mark[p->n_mark++] = c;
    int which = ewi_answer_match(p, call, 1);
    if (which != EWI_MATCH_MAYBE) p->n_mark = 0;
    if (which == 0) p->step = NAME;
    return which == EWI_MATCH_NONE ? EWI_JSON_BAD : EWI_JSON_MORE;
}

static ewi_json_verdict name_byte(ewi_answer_parser *p, uint8_t c) {
    if (c != '{') return ewi_answer_name_byte(p, c) ? EWI_JSON_MORE : EWI_JSON_BAD;
    if (!ewi_answer_find_tool(p)) return EWI_JSON_BAD;
    ewi_answer_begin_call(p);
    p->step = VALUES;
    return ewi_answer_argument(p, c);
}

/* A byte that could become a string's mark. */
static ewi_json_verdict quote_byte(ewi_answer_parser *p, uint8_t c) {
    p->mark[p->n_mark++] = c;
    int which = ewi_answer_match(p, &p->syntax->quote, 1);
    if (which == EWI_MATCH_MAYBE) return EWI_JSON_MORE;
    p->n_mark = 0;
    if (which == EWI_MATCH_NONE) return EWI_JSON_BAD;
    p->step = STRING;
    return ewi_answer_argument_text(p, "\"");
}

static ewi_json_verdict begin_key(ewi_answer_parser *p, uint8_t c) {
    p->step = KEY;
    if (ewi_answer_argument_text(p, "\"") == EWI_JSON_BAD) return EWI_JSON_BAD;
    return ewi_answer_argument_char(p, c);
}

static ewi_json_verdict values_byte(ewi_answer_parser *p, uint8_t c) {
    if (ewi_json_scan_in_string(&p->arguments)) return ewi_answer_argument(p, c); /* as JSON has them */
    if (p->n_mark || c == (uint8_t)p->syntax->quote[0]) return quote_byte(p, c);
    bool is_key = ewi_json_scan_wants_key(&p->arguments) && !ewi_json_is_blank(c) && !strchr("\"}", c);
    return is_key ? begin_key(p, c) : ewi_answer_argument(p, c);
}

static ewi_json_verdict key_byte(ewi_answer_parser *p, uint8_t c) {
    if (c != ':') return ewi_answer_argument_char(p, c);
    p->step = VALUES;
    return ewi_answer_argument_text(p, "\":");
}

static ewi_json_verdict string_byte(ewi_answer_parser *p, uint8_t c) {
    p->mark[p->n_mark++] = c;
    while (p->n_mark) {
        int which = ewi_answer_match(p, &p->syntax->quote, 1);
        if (which == EWI_MATCH_MAYBE) return EWI_JSON_MORE;
        if (which == 0) {
            p->n_mark = 0;
            p->step = VALUES;
            return ewi_answer_argument_text(p, "\"");
        }
        if (ewi_answer_argument_char(p, ewi_answer_shift(p)) == EWI_JSON_BAD) return EWI_JSON_BAD;
    }
    return EWI_JSON_MORE;
}

ewi_json_verdict ewi_answer_gemma_byte(ewi_answer_parser *p, uint8_t c) {
    switch (p->step) {
    case BEFORE: return before_byte(p, c);
    case NAME: return name_byte(p, c);
    case KEY: return key_byte(p, c);
    case STRING: return string_byte(p, c);
    default: return values_byte(p, c);
    }
}
