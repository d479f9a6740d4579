#include <string.h>

#include "base/slice.h"
#include "text/answer_body.h"

static void send(ewi_answer_parser *p, ewi_answer_part_kind kind, ew_str text, bool is_broken) {
    ewi_answer_part part = {.kind = kind, .text = text, .call = p->call, .is_broken = is_broken};
    p->on_part(p->user, &part);
}

void ewi_answer_flush(ewi_answer_parser *p) {
    if (p->n_out) send(p, p->out_kind, (ew_str){(const char *)p->out, p->n_out}, false);
    p->n_out = 0;
}

void ewi_answer_put(ewi_answer_parser *p, ewi_answer_part_kind kind, uint8_t c) {
    /* A full buffer goes out between characters. */
    bool is_full = p->n_out >= sizeof p->out - 4 && (c & 0xc0) != 0x80;
    if (kind != p->out_kind || is_full || p->n_out == sizeof p->out) ewi_answer_flush(p);
    p->out_kind = kind;
    p->out[p->n_out++] = c;
}

void ewi_answer_new_call(ewi_answer_parser *p) {
    p->has_begun = p->has_arguments = false;
    p->n_name = 0;
    p->tool = NULL;
    p->arguments = (ewi_json_scan){0};
    p->early.len = 0;
}

bool ewi_answer_name_byte(ewi_answer_parser *p, uint8_t c) {
    if (p->n_name == sizeof p->name) return false;
    p->name[p->n_name++] = (char)c;
    return true;
}

bool ewi_answer_find_tool(ewi_answer_parser *p) {
    ew_str name = {p->name, p->n_name};
    if (!name.len || memchr(name.data, '\\', name.len)) return false;
    if (!p->options.tools) return true;
    for (size_t i = 0; i < p->options.n_tools; i++) {
        if (!ewi_str_eq(p->options.tools[i].name, name)) continue;
        p->tool = &p->options.tools[i];
        return true;
    }
    return false;
}

void ewi_answer_begin_call(ewi_answer_parser *p) {
    ewi_answer_flush(p);
    send(p, EWI_PART_CALL_BEGIN, (ew_str){p->name, p->n_name}, false);
    p->has_begun = true;
    p->raw.len = 0;
    for (size_t i = 0; i < p->early.len; i++) ewi_answer_put(p, EWI_PART_CALL_ARGUMENTS, p->early.data[i]);
    p->early.len = 0;
}

void ewi_answer_end_call(ewi_answer_parser *p, bool is_broken) {
    ewi_answer_flush(p);
    send(p, EWI_PART_CALL_END, (ew_str){"", 0}, is_broken);
    p->has_begun = false;
    p->has_content = true;
    p->call++;
}

bool ewi_answer_hold_early(ewi_answer_parser *p, uint8_t c) {
    return p->early.len < EWI_ANSWER_MAX_HELD && ewi_buffer_add(&p->early, &c, 1);
}

static ewi_json_verdict argument(ewi_answer_parser *p, uint8_t c) {
    ewi_json_verdict verdict = ewi_json_scan_byte(&p->arguments, c);
    if (verdict == EWI_JSON_BAD) return verdict;
    if (p->has_begun)
        ewi_answer_put(p, EWI_PART_CALL_ARGUMENTS, c);
    else if (!ewi_answer_hold_early(p, c))
        return EWI_JSON_BAD;
    return verdict;
}

ewi_json_verdict ewi_answer_argument_char(ewi_answer_parser *p, uint8_t c) {
    uint8_t out[6];
    size_t n = ewi_json_escape_byte(c, out);
    for (size_t i = 0; i < n; i++)
        if (argument(p, out[i]) == EWI_JSON_BAD) return EWI_JSON_BAD;
    return EWI_JSON_MORE;
}

ewi_json_verdict ewi_answer_argument(ewi_answer_parser *p, uint8_t c) {
    bool is_raw_control = c < 0x20 && ewi_json_scan_in_string(&p->arguments);
    return is_raw_control ? ewi_answer_argument_char(p, c) : argument(p, c);
}

ewi_json_verdict ewi_answer_argument_text(ewi_answer_parser *p, const char *text) {
    for (; *text; text++)
        if (argument(p, (uint8_t)*text) == EWI_JSON_BAD) return EWI_JSON_BAD;
    return EWI_JSON_MORE;
}

int ewi_answer_match(const ewi_answer_parser *p, const char *const *texts, int n) {
    int match = EWI_MATCH_NONE;
    for (int i = 0; i < n; i++) {
        size_t len = texts[i] ? strlen(texts[i]) : 0;
        if (len < p->n_mark || memcmp(p->mark, texts[i], p->n_mark) != 0) continue;
        if (len == p->n_mark) return i;
        match = EWI_MATCH_MAYBE;
    }
    return match;
}

uint8_t ewi_answer_shift(ewi_answer_parser *p) {
    uint8_t c = p->mark[0];
    memmove(p->mark, p->mark + 1, --p->n_mark);
    return c;
}
