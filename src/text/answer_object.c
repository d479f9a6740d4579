/* Calls that are JSON objects: a name under one key, the arguments under another, and perhaps more. */
#include "base/slice.h"
#include "text/answer_body.h"

enum { ROLE_OTHER, ROLE_NAME, ROLE_ARGUMENTS };

void ewi_answer_new_object(ewi_answer_parser *p) {
    ewi_answer_new_call(p);
    p->object = (ewi_json_scan){0};
    p->in_arguments = false;
    p->unescape = (ewi_json_unescape){0};
    p->role = ROLE_OTHER;
}

static bool is_one_of(ew_str key, const char *const *names) {
    for (; *names; names++)
        if (ewi_str_is(key, *names)) return true;
    return false;
}

/* A key is whole. What has a mark may have any keys; what has none must look like a call throughout. */
static bool end_key(ewi_answer_parser *p) {
    static const char *const names[] = {"name", "tool", "tool_name", NULL};
    static const char *const arguments[] = {"arguments", "parameters", "args", NULL};
    static const char *const others[] = {"type", "id", NULL};
    ew_str key = {p->key, p->n_key};
    bool is_name = is_one_of(key, names), is_arguments = is_one_of(key, arguments);
    p->role = is_name ? ROLE_NAME : is_arguments ? ROLE_ARGUMENTS : ROLE_OTHER;
    if (is_name) return p->n_name == 0;
    if (is_arguments) return !p->has_arguments;
    return p->opened || is_one_of(key, others);
}

static bool is_no_call(const ewi_answer_parser *p) {
    const char *none = p->syntax->no_call;
    return none && ewi_str_is((ew_str){p->name, p->n_name}, none);
}

static bool end_name(ewi_answer_parser *p) {
    if (is_no_call(p) && !p->has_arguments) return true;
    if (!ewi_answer_find_tool(p)) return false;
    if (p->has_arguments) ewi_answer_begin_call(p);
    return true;
}

static ewi_json_verdict begin_arguments(ewi_answer_parser *p, uint8_t c) {
    if (c != '{' && c != '"') return EWI_JSON_BAD;
    if (is_no_call(p) && !p->tool) return EWI_JSON_BAD;
    p->has_arguments = true;
    if (p->n_name) ewi_answer_begin_call(p);
    if (c == '"') return ewi_json_scan_byte(&p->object, c);
    p->in_arguments = true;
    return ewi_answer_argument(p, c);
}

/* A byte of the string that holds the arguments, unescaped. */
static ewi_json_verdict wrapped_byte(ewi_answer_parser *p, uint8_t c) {
    bool has_begun = p->arguments.depth || !ewi_json_scan_wants_value(&p->arguments);
    if (!has_begun && ewi_json_is_blank(c)) return EWI_JSON_MORE;
    if (!has_begun && c != '{') return EWI_JSON_BAD;
    return ewi_answer_argument(p, c);
}

static ewi_json_verdict inside_string(ewi_answer_parser *p, uint8_t c) {
    if (p->object.depth != 1) return EWI_JSON_MORE;
    if (ewi_json_scan_in_key(&p->object)) {
        if (p->n_key == sizeof p->key) return EWI_JSON_BAD;
        p->key[p->n_key++] = (char)c;
        return EWI_JSON_MORE;
    }
    if (p->role == ROLE_NAME) return ewi_answer_name_byte(p, c) ? EWI_JSON_MORE : EWI_JSON_BAD;
    if (p->role == ROLE_OTHER) return EWI_JSON_MORE;
    uint8_t out[4];
    size_t n = ewi_json_unescape_byte(&p->unescape, c, out);
    for (size_t i = 0; i < n; i++)
        if (wrapped_byte(p, out[i]) == EWI_JSON_BAD) return EWI_JSON_BAD;
    return EWI_JSON_MORE;
}

static bool end_wrapped(ewi_answer_parser *p) {
    bool is_empty = ewi_json_scan_wants_value(&p->arguments) && !p->arguments.depth;
    if (is_empty) return ewi_answer_argument_text(p, "{}") == EWI_JSON_MORE;
    return p->arguments.depth == 0;
}

static bool end_string(ewi_answer_parser *p, bool was_key) {
    if (p->object.depth != 1) return true;
    if (was_key) return end_key(p);
    if (p->role == ROLE_NAME) return end_name(p);
    return p->role != ROLE_ARGUMENTS || end_wrapped(p);
}

/* The object is closed. */
static ewi_json_verdict end_object(ewi_answer_parser *p) {
    if (!p->n_name) return EWI_JSON_BAD;
    if (p->has_arguments || (is_no_call(p) && !p->tool)) return EWI_JSON_DONE;
    if (!p->opened && !p->options.tools) return EWI_JSON_BAD;
    ewi_answer_begin_call(p);
    return ewi_answer_argument_text(p, "{}") == EWI_JSON_MORE ? EWI_JSON_DONE : EWI_JSON_BAD;
}

static ewi_json_verdict begin_value(ewi_answer_parser *p, uint8_t c) {
    if (p->role == ROLE_ARGUMENTS) return begin_arguments(p, c);
    if (p->role == ROLE_NAME && c != '"') return EWI_JSON_BAD;
    return ewi_json_scan_byte(&p->object, c);
}

static ewi_json_verdict structure_byte(ewi_answer_parser *p, uint8_t c) {
    bool was_string = ewi_json_scan_in_string(&p->object), was_key = ewi_json_scan_in_key(&p->object);
    ewi_json_verdict verdict = ewi_json_scan_byte(&p->object, c);
    if (verdict != EWI_JSON_MORE) return verdict == EWI_JSON_DONE ? end_object(p) : verdict;
    bool is_string = ewi_json_scan_in_string(&p->object);
    if (was_string && is_string) return inside_string(p, c);
    if (was_string && !end_string(p, was_key)) return EWI_JSON_BAD;
    if (is_string && p->object.depth == 1) p->n_key = 0;
    return EWI_JSON_MORE;
}

ewi_json_verdict ewi_answer_object_byte(ewi_answer_parser *p, uint8_t c) {
    if (p->in_arguments) {
        ewi_json_verdict verdict = ewi_answer_argument(p, c);
        if (verdict != EWI_JSON_DONE) return verdict;
        p->in_arguments = false;
        ewi_json_scan_pass_value(&p->object);
        return EWI_JSON_MORE;
    }
    bool is_value = ewi_json_scan_wants_value(&p->object) && p->object.depth == 1 && !ewi_json_is_blank(c);
    return is_value ? begin_value(p, c) : structure_byte(p, c);
}
