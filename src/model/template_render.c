/* template_render.c: a conversation in JSON, rendered by a chat template. */
#include <time.h>

#include "base/error.h"
#include "base/mem.h"
#include "format/json.h"
#include "model/chat_template.h"

struct ew_rendering {
    ewi_jinja run; /* the text lies in its memory */
    ew_str text;
    const ew_segment *segments;
    size_t n_segments;
    ew_segment whole; /* of a text without marks */
};

/* ---- JSON to values ---- */

typedef struct reader {
    ewi_jinja *run;
    ewi_json json;
    ew_error *err;
} reader;

static ew_status read_value(reader *r, ewi_jv *out);

static ew_status failed(const reader *r) {
    return ewi_jinja_error(r->run, r->err);
}

/*
 * The roles of messages. Many templates write '<|' + message.role + '|>', so that a role must be able to
 * become part of a special token; one of these words alone is none.
 */
static bool is_role(ew_str text) {
    static const char *const roles[] = {
        "system", "user",          "assistant",       "tool", "developer", "function", "ipython",
        "model",  "tool_response", "latest_reminder", "root"};
    for (size_t i = 0; i < EWI_COUNT(roles); i++)
        if (ewi_str_is(text, roles[i])) return true;
    return false;
}

static ew_status read_text(reader *r, bool role, ewi_jv *out) {
    ew_str text;
    EWI_TRY(ewi_json_read_string(&r->json, &text, r->err));
    return ewi_jv_text(r->run, text, !role || !is_role(text), out) ? EW_OK : failed(r);
}

static ew_status read_number(reader *r, ewi_jv *out) {
    ew_str text;
    int64_t whole;
    double real;
    ewi_json probe = r->json;
    EWI_TRY(ewi_json_skip_to(&probe, &text, r->err));
    bool is_whole = !memchr(text.data, '.', text.len) && !memchr(text.data, 'e', text.len) &&
                    !memchr(text.data, 'E', text.len);
    if (is_whole) {
        EWI_TRY(ewi_json_read_i64(&r->json, &whole, r->err));
        *out = ewi_jv_int(whole);
    } else {
        EWI_TRY(ewi_json_read_double(&r->json, &real, r->err));
        *out = ewi_jv_float(real);
    }
    return EW_OK;
}

static ew_status read_bool(reader *r, ewi_jv *out) {
    bool flag = false;
    EWI_TRY(ewi_json_read_bool(&r->json, &flag, r->err));
    *out = ewi_jv_bool(flag);
    return EW_OK;
}

static ew_status read_array(reader *r, ewi_jv *out) {
    ewi_jv item;
    EWI_TRY(ewi_json_enter_array(&r->json, r->err));
    if (!ewi_jlist_new(r->run, EWI_J_LIST, 0, out)) return failed(r);
    while (ewi_json_next_item(&r->json)) {
        EWI_TRY(read_value(r, &item));
        if (!ewi_jlist_add(r->run, out->as.list, item)) return failed(r);
    }
    return ewi_json_check(&r->json, r->err);
}

static ew_status read_object(reader *r, ewi_jv *out) {
    ewi_jv key, value;
    ew_str name;
    EWI_TRY(ewi_json_enter_object(&r->json, r->err));
    if (!ewi_jdict_new(r->run, EWI_J_DICT, out)) return failed(r);
    while (ewi_json_next_key(&r->json, &name)) {
        bool role = ewi_str_is(name, "role") && ewi_json_peek(&r->json) == EWI_JSON_STRING;
        if (!ewi_jv_text(r->run, name, true, &key)) return failed(r);
        EWI_TRY(role ? read_text(r, true, &value) : read_value(r, &value));
        if (!ewi_jdict_set(r->run, out->as.dict, &key, value)) return failed(r);
    }
    return ewi_json_check(&r->json, r->err);
}

static ew_status read_value(reader *r, ewi_jv *out) {
    switch (ewi_json_peek(&r->json)) {
    case EWI_JSON_BOOL: return read_bool(r, out);
    case EWI_JSON_NUMBER: return read_number(r, out);
    case EWI_JSON_STRING: return read_text(r, false, out);
    case EWI_JSON_ARRAY: return read_array(r, out);
    case EWI_JSON_OBJECT: return read_object(r, out);
    case EWI_JSON_NULL:
    case EWI_JSON_ERROR: break;
    }
    *out = ewi_jv_none();
    return ewi_json_skip(&r->json, r->err);
}

/* ---- variables ---- */

static ew_status set(ewi_jinja *run, ewi_jdict *dict, const char *name, ewi_jv value, ew_error *err) {
    ewi_jv key;
    bool ok = ewi_jv_text(run, ewi_str(name), false, &key) && ewi_jdict_set(run, dict, &key, value);
    return ok ? EW_OK : ewi_jinja_error(run, err);
}

static ew_status set_token(ewi_jinja *run, ewi_jdict *dict, const char *name, const char *given, ew_str known,
                           ew_error *err) {
    ewi_jv value;
    ew_str text = given ? ewi_str(given) : known;
    if (!text.data) return EW_OK;
    if (!ewi_utf8_valid((const uint8_t *)text.data, text.len))
        return ewi_fail(err, EW_FORMAT, "chat template: %s is not valid UTF-8", name);
    if (!ewi_jv_text(run, text, false, &value)) return ewi_jinja_error(run, err);
    return set(run, dict, name, value, err);
}

/* What transformers gives each template, whatever the conversation says. */
static ew_status set_defaults(const ew_template *t, const ew_template_options *options, ewi_jinja *run,
                              ewi_jdict *dict, ew_error *err) {
    EWI_TRY(set(run, dict, "tools", ewi_jv_none(), err));
    EWI_TRY(set(run, dict, "documents", ewi_jv_none(), err));
    EWI_TRY(set(run, dict, "add_generation_prompt", ewi_jv_bool(false), err));
    EWI_TRY(set_token(run, dict, "bos_token", options->bos, t->bos, err));
    return set_token(run, dict, "eos_token", options->eos, t->eos, err);
}

static ew_status read_conversation(reader *r, ewi_jdict *variables) {
    ewi_jv conversation;
    if (ewi_json_peek(&r->json) != EWI_JSON_OBJECT)
        return ewi_fail(r->err, EW_FORMAT, "conversation: expected a JSON object with \"messages\"");
    EWI_TRY(read_object(r, &conversation));
    EWI_TRY(ewi_json_end(&r->json, r->err));
    const ewi_jdict *members = conversation.as.dict;
    const ewi_jv *messages = ewi_jdict_find(r->run, members, EWI_STR("messages"));
    if (!messages || messages->kind != EWI_J_LIST)
        return ewi_fail(r->err, EW_FORMAT, "conversation: \"messages\" must be an array");
    for (size_t i = 0; i < members->n; i++)
        if (!ewi_jdict_set(r->run, variables, &members->pairs[i].key, members->pairs[i].value))
            return failed(r);
    return EW_OK;
}

/* ---- the date ---- */

static bool read_digits(const char *text, size_t n, int *out) {
    *out = 0;
    for (size_t i = 0; i < n; i++) {
        if (text[i] < '0' || text[i] > '9') return false;
        *out = *out * 10 + (text[i] - '0');
    }
    return true;
}

static int days_in_month(int year, int month) {
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[month - 1];
}

static bool read_date(const char *text, ewi_jinja_date *out) {
    *out = (ewi_jinja_date){0};
    return strlen(text) == 10 && text[4] == '-' && text[7] == '-' && read_digits(text, 4, &out->year) &&
           read_digits(text + 5, 2, &out->month) && read_digits(text + 8, 2, &out->day) && out->year > 0 &&
           out->month >= 1 && out->month <= 12 && out->day >= 1 &&
           out->day <= days_in_month(out->year, out->month);
}

static ewi_jinja_date today(void) {
    time_t now = time(NULL);
    struct tm tm = {0};
    gmtime_r(&now, &tm);
    return (ewi_jinja_date){tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec};
}

static ew_status set_date(const char *date, ewi_jinja *run, ew_error *err) {
    run->now = today();
    if (!date || read_date(date, &run->now)) return EW_OK;
    return ewi_fail(err, EW_INVALID, "\"%.40s\" is no date: write it as YYYY-MM-DD", date);
}

/* ---- rendering ---- */

static ew_status render(const ew_template *t, ew_str json, const ew_template_options *options,
                        ew_rendering *r, ew_error *err) {
    ewi_jv variables;
    const ewi_jstring *text;
    reader in = {.run = &r->run, .err = err};
    ewi_json_init(&in.json, (ewi_bytes){(const uint8_t *)json.data, json.len}, &r->run.arena);
    if (!ewi_jdict_new(&r->run, EWI_J_DICT, &variables)) return ewi_jinja_error(&r->run, err);
    EWI_TRY(set_date(options->date, &r->run, err));
    EWI_TRY(set_defaults(t, options, &r->run, variables.as.dict, err));
    EWI_TRY(read_conversation(&in, variables.as.dict));
    EWI_TRY(ewi_template_render(&t->program, &r->run, variables.as.dict, &text, err));
    r->text = ewi_jstring_str(text);
    r->whole = (ew_segment){text->len, text->input};
    r->segments = text->marks ? text->marks : &r->whole;
    r->n_segments = text->marks ? text->n_marks : text->len > 0;
    return EW_OK;
}

ew_status ew_template_render(const ew_template *tmpl, ew_str json, const ew_template_options *options,
                             ew_rendering **out, ew_error *err) {
    static const ew_template_options defaults = {.struct_size = sizeof defaults};
    EWI_REQUIRE(tmpl && out, err);
    EWI_REQUIRE(json.data || json.len == 0, err);
    EWI_REQUIRE(!options || options->struct_size == sizeof *options, err);
    *out = NULL;
    ew_rendering *r = ewi_zalloc(sizeof *r);
    if (!r) return ewi_no_memory(err, "a rendering");
    ewi_jinja_init(&r->run);
    ew_status status = render(tmpl, json, options ? options : &defaults, r, err);
    if (status)
        ew_rendering_free(r);
    else
        *out = r;
    return status;
}

void ew_rendering_free(ew_rendering *rendering) {
    if (!rendering) return;
    ewi_jinja_deinit(&rendering->run);
    ewi_free(rendering);
}

ew_str ew_rendering_text(const ew_rendering *rendering) {
    return rendering->text;
}

const ew_segment *ew_rendering_segments(const ew_rendering *rendering, size_t *n) {
    *n = rendering->n_segments;
    return rendering->segments;
}

ew_status ew_rendering_encode(const ew_rendering *rendering, const ew_tokenizer *tokenizer, ew_token *out,
                              size_t cap, size_t *n, ew_error *err) {
    EWI_REQUIRE(rendering && tokenizer && n, err);
    EWI_REQUIRE(out || cap == 0, err);
    return ewi_encode_marked(tokenizer, rendering->text, rendering->segments, rendering->n_segments,
                             ew_tokenizer_adds_bos(tokenizer), out, cap, n, err);
}
