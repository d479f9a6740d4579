#include "serve/fields.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "format/json.h"

/* An object that is being read, and the one it is a member of. */
typedef struct reader {
    const struct reader *outer;
    const char *name; /* of this object in the outer one */
    ewi_json json;
    const ewi_field *fields;
    size_t n;
    uint8_t *out;
    const ewi_fields_room *room;
    ewi_refusal *refusal;
} reader;

/* "stream_options.include_usage" */
static void spell(const reader *r, ew_str name, char *buf, size_t cap) {
    if (r->outer)
        snprintf(buf, cap, "%s.%.*s", r->name, EWI_STR_ARG(name));
    else
        snprintf(buf, cap, "%.*s", EWI_STR_ARG(name));
}

static bool refuse(const reader *r, ew_str name, const char *what) {
    char param[64];
    spell(r, name, param, sizeof param);
    return ewi_refuse(r->refusal, 400, param, "%s: %s", param, what);
}

/* ---- JSON or not ---- */

static bool refuse_json(ewi_refusal *refusal, const ew_error *err) {
    ewi_refuse(refusal, 400, NULL, "the body is not JSON: %s", err->text);
    refusal->code = "invalid_json";
    return false;
}

bool ewi_fields_check_json(ew_str body, ewi_refusal *refusal) {
    ewi_json json;
    ewi_arena arena;
    ew_error err = {0};
    ewi_arena_init(&arena, body.len + 1024);
    ewi_json_init(&json, (ewi_bytes){(const uint8_t *)body.data, body.len}, &arena);
    bool ok = ewi_json_skip(&json, &err) == EW_OK && ewi_json_end(&json, &err) == EW_OK;
    ewi_arena_deinit(&arena);
    return ok || refuse_json(refusal, &err);
}

/* ---- values ---- */

static bool in_range(const ewi_field *f, double value) {
    return (f->min == 0 && f->max == 0) || (value >= f->min && value <= f->max);
}

static bool refuse_range(const reader *r, const ewi_field *f, double value) {
    char what[96];
    snprintf(what, sizeof what, "%g is not in %g..%g", value, f->min, f->max);
    return refuse(r, ewi_str(f->name), what);
}

static bool read_count(reader *r, const ewi_field *f) {
    int64_t value;
    if (ewi_json_read_i64(&r->json, &value, NULL))
        return refuse(r, ewi_str(f->name), "an integer is expected");
    if (!in_range(f, (double)value)) return refuse_range(r, f, (double)value);
    memcpy(r->out + f->offset, &value, sizeof value);
    return true;
}

static bool read_number(reader *r, const ewi_field *f) {
    double value;
    if (ewi_json_read_double(&r->json, &value, NULL))
        return refuse(r, ewi_str(f->name), "a number is expected");
    if (!in_range(f, value)) return refuse_range(r, f, value);
    memcpy(r->out + f->offset, &value, sizeof value);
    return true;
}

static bool check_only(reader *r, const ewi_field *f) {
    double value;
    char what[96];
    if (ewi_json_read_double(&r->json, &value, NULL))
        return refuse(r, ewi_str(f->name), "a number is expected");
    if (value >= f->min && value <= f->min) return true;
    snprintf(what, sizeof what, "%g is not supported, only %g", value, f->min);
    return refuse(r, ewi_str(f->name), what);
}

static bool read_bool(reader *r, const ewi_field *f) {
    bool value;
    if (ewi_json_read_bool(&r->json, &value, NULL))
        return refuse(r, ewi_str(f->name), "true or false is expected");
    memcpy(r->out + f->offset, &value, sizeof value);
    return true;
}

static bool read_text(reader *r, const ewi_field *f, ew_str *out) {
    if (ewi_json_read_string(&r->json, out, NULL)) return refuse(r, ewi_str(f->name), "a string is expected");
    return true;
}

static bool read_array(reader *r, const ewi_field *f, ewi_texts *out) {
    size_t n = 0;
    if (ewi_json_count(&r->json, &n, NULL) || n > EWI_MAX_FIELD_TEXTS)
        return refuse(r, ewi_str(f->name), "too many strings");
    ew_str *items = ewi_arena_array(r->room->arena, n + 1, sizeof *items);
    if (!items) return refuse(r, ewi_str(f->name), "no memory for it");
    if (ewi_json_enter_array(&r->json, NULL)) return refuse(r, ewi_str(f->name), "an array is expected");
    while (ewi_json_next_item(&r->json)) {
        if (ewi_json_peek(&r->json) != EWI_JSON_STRING)
            return refuse(r, ewi_str(f->name), "a string or an array of strings is expected");
        if (!read_text(r, f, &items[out->n])) return false;
        out->n++;
    }
    out->items = items;
    return true;
}

static bool read_texts(reader *r, const ewi_field *f) {
    ewi_texts texts = {0};
    ewi_json_kind kind = ewi_json_peek(&r->json);
    if (kind == EWI_JSON_ARRAY) {
        if (!read_array(r, f, &texts)) return false;
    } else {
        ew_str *one = ewi_arena_array(r->room->arena, 1, sizeof *one);
        if (kind != EWI_JSON_STRING || !one)
            return refuse(r, ewi_str(f->name), "a string or an array of strings is expected");
        if (!read_text(r, f, one)) return false;
        texts = (ewi_texts){one, 1};
    }
    memcpy(r->out + f->offset, &texts, sizeof texts);
    return true;
}

static bool read_str(reader *r, const ewi_field *f) {
    ew_str value;
    if (!read_text(r, f, &value)) return false;
    memcpy(r->out + f->offset, &value, sizeof value);
    return true;
}

static bool read_raw(reader *r, const ewi_field *f) {
    ew_str value;
    if (ewi_json_skip_to(&r->json, &value, NULL)) return refuse(r, ewi_str(f->name), "no memory for it");
    memcpy(r->out + f->offset, &value, sizeof value);
    return true;
}

static bool skip(reader *r) {
    return ewi_json_skip(&r->json, NULL) == EW_OK;
}

static bool ignore(reader *r, const ewi_field *f) {
    char name[64];
    spell(r, ewi_str(f->name), name, sizeof name);
    ewi_buffer_printf(r->room->ignored, "%s%s", r->room->ignored->len ? ", " : "", name);
    return skip(r);
}

/* ---- objects ---- */

static bool read_members(reader *r);

static bool read_object(reader *r, const ewi_field *f) {
    ew_str text;
    if (ewi_json_peek(&r->json) != EWI_JSON_OBJECT || ewi_json_skip_to(&r->json, &text, NULL))
        return refuse(r, ewi_str(f->name), "an object is expected");
    reader inner = *r;
    inner.outer = r;
    inner.name = f->name;
    inner.fields = f->members;
    inner.n = f->n_members;
    ewi_json_init(&inner.json, (ewi_bytes){(const uint8_t *)text.data, text.len}, r->room->arena);
    return read_members(&inner);
}

static bool read_value(reader *r, const ewi_field *f) {
    if (ewi_json_peek(&r->json) == EWI_JSON_NULL) return skip(r);
    switch (f->kind) {
    case EWI_FIELD_IGNORED: return ignore(r, f);
    case EWI_FIELD_BOOL: return read_bool(r, f);
    case EWI_FIELD_COUNT: return read_count(r, f);
    case EWI_FIELD_NUMBER: return read_number(r, f);
    case EWI_FIELD_TEXT: return read_str(r, f);
    case EWI_FIELD_TEXTS: return read_texts(r, f);
    case EWI_FIELD_RAW: return read_raw(r, f);
    case EWI_FIELD_ONLY: return check_only(r, f);
    case EWI_FIELD_OBJECT: return read_object(r, f);
    }
    return false;
}

static const ewi_field *find(const reader *r, ew_str name) {
    for (size_t i = 0; i < r->n; i++)
        if (ewi_str_is(name, r->fields[i].name)) return &r->fields[i];
    return NULL;
}

static bool read_members(reader *r) {
    uint64_t seen = 0;
    ew_str key;
    EW_ASSERT(r->n <= EWI_MAX_FIELDS);
    if (ewi_json_enter_object(&r->json, NULL))
        return ewi_refuse(r->refusal, 400, NULL, "an object is expected");
    while (ewi_json_next_key(&r->json, &key)) {
        const ewi_field *f = find(r, key);
        if (!f) return refuse(r, key, "no such field; see /openapi.json");
        uint64_t bit = (uint64_t)1 << (f - r->fields);
        if (seen & bit) return refuse(r, key, "it is there twice");
        seen |= bit;
        if (!read_value(r, f)) return false;
    }
    ew_error err = {0};
    return ewi_json_check(&r->json, &err) == EW_OK || refuse_json(r->refusal, &err);
}

bool ewi_fields_read(ew_str body, const ewi_field *fields, size_t n, void *out, const ewi_fields_room *room,
                     ewi_refusal *refusal) {
    if (!ewi_fields_check_json(body, refusal)) return false;
    reader r = {.fields = fields, .n = n, .out = out, .room = room, .refusal = refusal};
    ewi_json_init(&r.json, (ewi_bytes){(const uint8_t *)body.data, body.len}, room->arena);
    return read_members(&r);
}
