/* Calls that are a name, perhaps something about it, and the arguments: get_weather[ARGS]{"city":"Oslo"}. */
#include <string.h>

#include "text/answer_body.h"

void ewi_answer_new_named(ewi_answer_parser *p) {
    ewi_answer_new_call(p);
}

/* The arguments begin: what comes before them is the name, up to name_end. */
static bool end_name(ewi_answer_parser *p) {
    const char *end = memchr(p->name, p->syntax->name_end, p->n_name);
    if (end) p->n_name = (size_t)(end - p->name);
    while (p->n_name && ewi_json_is_blank((uint8_t)p->name[p->n_name - 1])) p->n_name--;
    return ewi_answer_find_tool(p);
}

ewi_json_verdict ewi_answer_named_byte(ewi_answer_parser *p, uint8_t c) {
    if (!p->has_begun) {
        if (c != '{') return ewi_answer_name_byte(p, c) ? EWI_JSON_MORE : EWI_JSON_BAD;
        if (!end_name(p)) return EWI_JSON_BAD;
        ewi_answer_begin_call(p);
    }
    return ewi_answer_argument(p, c);
}
