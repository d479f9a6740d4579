/*
 * The text around calls: marks are found, what opens a call is handed to the file of its notation byte by
 * byte, and what was none is shown after all. A byte that ends an attempt is looked at again as text, but
 * nothing before it: so time is linear.
 */
#include "text/answer_parser.h"

#include <string.h>

#include "base/error.h"
#include "base/slice.h"
#include "text/answer_body.h"

enum {
    TEXT,
    OPENED, /* a mark has come, or a bare call begins: which notation? */
    OBJECT,
    NAMED,
    TAGS,
    GEMMA,
    CLOSED, /* behind a call: another, or the closing mark */
};

void ewi_answer_parser_init(ewi_answer_parser *p, ewi_tool_format format, const ewi_answer_options *options,
                            ewi_on_part on_part, void *user) {
    memset(p, 0, sizeof *p);
    p->syntax = ewi_call_syntax_of(format);
    p->options = *options;
    p->reasoning = ewi_reasoning_syntax_of(options->reasoning);
    p->in_reasoning = p->after_mark = p->reasoning && options->begins_in_reasoning;
    p->may_reason = p->reasoning && !p->in_reasoning;
    p->on_part = on_part;
    p->user = user;
    ewi_buffer_init(&p->raw, EWI_ANSWER_MAX_HELD);
    ewi_buffer_init(&p->early, EWI_ANSWER_MAX_HELD);
}

void ewi_answer_parser_deinit(ewi_answer_parser *p) {
    ewi_buffer_deinit(&p->raw);
    ewi_buffer_deinit(&p->early);
}

/* ---- text ---- */

static ewi_answer_part_kind text_kind(const ewi_answer_parser *p) {
    return p->in_reasoning ? EWI_PART_REASONING : EWI_PART_CONTENT;
}

static void show_blanks(ewi_answer_parser *p) {
    for (size_t i = 0; i < p->n_blanks && !p->after_mark; i++) ewi_answer_put(p, text_kind(p), p->blanks[i]);
    p->n_blanks = 0;
}

/* A byte that is no part of a mark. Blanks wait for what comes behind them. */
static void show(ewi_answer_parser *p, uint8_t c) {
    if (ewi_json_is_blank(c) && p->n_blanks < sizeof p->blanks) {
        p->blanks[p->n_blanks++] = c;
        return;
    }
    show_blanks(p);
    p->after_mark = false;
    if (!p->in_reasoning) {
        p->has_content = true;
        p->may_reason = false;
    }
    ewi_answer_put(p, text_kind(p), c);
}

static void open_call(ewi_answer_parser *p, const ewi_call_mark *mark) {
    p->raw.len = 0;
    if (!p->after_mark) ewi_buffer_add(&p->raw, p->blanks, p->n_blanks);
    ewi_buffer_add(&p->raw, p->mark, p->n_mark);
    p->n_blanks = p->n_mark = p->n_close = 0;
    p->opened = mark;
    p->in_list = false;
    p->place = OPENED;
}

enum { REASONING_CLOSE = EWI_MAX_CALL_MARKS, REASONING_OPEN, WRAPPER, N_MARKS = WRAPPER + 2 };

static void list_marks(const ewi_answer_parser *p, const char *marks[N_MARKS]) {
    memset((void *)marks, 0, N_MARKS * sizeof *marks);
    if (p->in_reasoning) {
        marks[REASONING_CLOSE] = p->reasoning->close;
        return;
    }
    for (int i = 0; p->syntax && i < EWI_MAX_CALL_MARKS; i++) marks[i] = p->syntax->marks[i].open;
    if (!p->reasoning) return;
    if (p->may_reason) marks[REASONING_OPEN] = p->reasoning->open;
    for (int i = 0; i < 2; i++) marks[WRAPPER + i] = p->reasoning->wrappers[i];
}

static void take_mark(ewi_answer_parser *p, int which) {
    p->may_reason = false;
    if (which < EWI_MAX_CALL_MARKS) {
        open_call(p, &p->syntax->marks[which]);
        return;
    }
    p->n_blanks = p->n_mark = 0;
    p->after_mark = true;
    p->in_reasoning = which == REASONING_OPEN;
}

static bool text_byte(ewi_answer_parser *p, uint8_t c) {
    bool may_be_bare = p->syntax && p->syntax->is_bare && !p->has_content && !p->in_reasoning && !p->n_mark;
    if (may_be_bare && (c == '{' || c == '[')) {
        open_call(p, NULL);
        return false;
    }
    const char *marks[N_MARKS];
    p->mark[p->n_mark++] = c;
    while (p->n_mark) {
        list_marks(p, marks);
        int which = ewi_answer_match(p, marks, N_MARKS);
        if (which == EWI_MATCH_MAYBE) break;
        if (which != EWI_MATCH_NONE)
            take_mark(p, which);
        else
            show(p, ewi_answer_shift(p));
    }
    return true;
}

/* ---- calls ---- */

/* What was held back is no call; or a call has begun and goes no further. */
static void give_up(ewi_answer_parser *p) {
    if (p->has_begun) ewi_answer_end_call(p, true);
    p->place = TEXT;
    p->n_mark = 0;
    for (size_t i = 0; i < p->raw.len; i++) show(p, p->raw.data[i]);
    p->raw.len = 0;
}

/* A byte of what may be content after all. */
static void hold(ewi_answer_parser *p, uint8_t c) {
    if (p->raw.len < EWI_ANSWER_MAX_HELD) {
        ewi_buffer_add(&p->raw, &c, 1);
        return;
    }
    give_up(p);
    show(p, c);
}

static void begin(ewi_answer_parser *p, uint8_t place) {
    p->place = place;
    if (place == OBJECT) ewi_answer_new_object(p);
    if (place == NAMED) ewi_answer_new_named(p);
    if (place == TAGS) ewi_answer_new_tags(p);
    if (place == GEMMA) ewi_answer_new_gemma(p);
}

static bool opened_byte(ewi_answer_parser *p, uint8_t c) {
    ewi_call_body body = p->opened ? p->opened->body : EWI_BODY_OBJECTS;
    if (body == EWI_BODY_TAGS || body == EWI_BODY_GEMMA) {
        begin(p, body == EWI_BODY_TAGS ? TAGS : GEMMA);
        return false;
    }
    if (c == '{' || (body == EWI_BODY_NAMED && !p->in_list && c != '[' && !ewi_json_is_blank(c))) {
        begin(p, c == '{' ? OBJECT : NAMED);
        return false;
    }
    if (!ewi_json_is_blank(c) && (c != '[' || p->in_list)) {
        give_up(p);
        return false;
    }
    p->in_list |= c == '[';
    hold(p, c);
    return true;
}

static ewi_json_verdict body_byte(ewi_answer_parser *p, uint8_t c) {
    switch (p->place) {
    case OBJECT: return ewi_answer_object_byte(p, c);
    case NAMED: return ewi_answer_named_byte(p, c);
    case TAGS: return ewi_answer_tags_byte(p, c);
    default: return ewi_answer_gemma_byte(p, c);
    }
}

static bool call_byte(ewi_answer_parser *p, uint8_t c) {
    ewi_json_verdict verdict = body_byte(p, c);
    if (verdict == EWI_JSON_BAD) {
        give_up(p);
        return false;
    }
    if (verdict == EWI_JSON_DONE) {
        if (p->has_begun) ewi_answer_end_call(p, false);
        p->raw.len = 0;
        p->place = CLOSED;
    } else if (!p->has_begun) {
        hold(p, c);
    }
    return true;
}

/* What began like the closing mark is none, but may begin another. */
static void give_up_close(ewi_answer_parser *p) {
    size_t n = p->n_close;
    p->raw.len -= n;
    give_up(p);
    for (size_t i = 0; i < n; i++) text_byte(p, (uint8_t)p->opened->close[i]);
}

static void close_byte(ewi_answer_parser *p, uint8_t c) {
    hold(p, c);
    if (p->opened->close[++p->n_close]) return;
    p->raw.len = 0;
    p->place = TEXT;
}

/* Between two calls of one list, or before the closing mark; separators, which are left out. */
static bool closed_byte(ewi_answer_parser *p, uint8_t c) {
    const char *close = p->opened ? p->opened->close : NULL;
    bool has_objects = !p->opened || p->opened->body == EWI_BODY_OBJECTS || p->in_list;
    bool is_separator = ewi_json_is_blank(c) || (has_objects && (c == ',' || c == ';'));
    p->after_mark = true;
    if (close && c == (uint8_t)close[p->n_close]) {
        close_byte(p, c);
    } else if (p->n_close) {
        give_up_close(p);
        return false;
    } else if (has_objects && c == '{') {
        begin(p, OBJECT);
        return false;
    } else if (p->in_list && c == ']') {
        p->in_list = false;
        p->raw.len = 0;
    } else if (is_separator) {
        hold(p, c);
    } else {
        give_up(p);
        return false;
    }
    return true;
}

/* Returns false when the byte must be looked at again. */
static bool take(ewi_answer_parser *p, uint8_t c) {
    switch (p->place) {
    case TEXT: return text_byte(p, c);
    case OPENED: return opened_byte(p, c);
    case CLOSED: return closed_byte(p, c);
    default: return call_byte(p, c);
    }
}

static ew_status check(const ewi_answer_parser *p, ew_error *err) {
    if (p->raw.failed || p->early.failed) return ewi_fail(err, EW_NO_MEMORY, "no memory for an answer");
    return EW_OK;
}

ew_status ewi_answer_parser_push(ewi_answer_parser *p, ew_str text, ew_error *err) {
    if (!p->syntax && !p->reasoning && text.len) {
        ewi_answer_part part = {.kind = EWI_PART_CONTENT, .text = text};
        p->on_part(p->user, &part);
        return EW_OK;
    }
    for (size_t i = 0; i < text.len; i++)
        while (!take(p, (uint8_t)text.data[i])) {
        }
    EWI_TRY(check(p, err));
    ewi_answer_flush(p);
    return EW_OK;
}

ew_status ewi_answer_parser_end(ewi_answer_parser *p, ew_error *err) {
    if (p->place == CLOSED) p->raw.len = 0; /* an end that the model left out, or did not finish */
    if (p->place != TEXT) give_up(p);
    while (p->n_mark) show(p, ewi_answer_shift(p));
    show_blanks(p);
    EWI_TRY(check(p, err));
    ewi_answer_flush(p);
    return EW_OK;
}
