#include "format/json_out.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/slice.h"

static void put(ewi_json_out *json, ew_str text) {
    ewi_buffer_add(json->out, text.data, text.len);
}

static void begin(ewi_json_out *json, const char *key) {
    if (json->filled[json->depth]) put(json, EWI_STR(","));
    json->filled[json->depth] = true;
    if (!key) return;
    ewi_buffer_json_string(json->out, ewi_str(key));
    put(json, EWI_STR(":"));
}

void ewi_json_out_open(ewi_json_out *json, const char *key, char bracket) {
    EW_ASSERT(json->depth < EWI_JSON_OUT_DEPTH);
    begin(json, key);
    put(json, bracket == '{' ? EWI_STR("{") : EWI_STR("["));
    json->closing[json->depth++] = bracket == '{' ? '}' : ']';
    json->filled[json->depth] = false;
}

void ewi_json_out_close(ewi_json_out *json) {
    EW_ASSERT(json->depth > 0);
    ewi_buffer_add(json->out, &json->closing[--json->depth], 1);
}

void ewi_json_out_close_all(ewi_json_out *json) {
    while (json->depth) ewi_json_out_close(json);
}

void ewi_json_out_string(ewi_json_out *json, const char *key, ew_str value) {
    begin(json, key);
    ewi_buffer_json_string(json->out, value);
}

void ewi_json_out_text(ewi_json_out *json, const char *key, const char *value) {
    ewi_json_out_string(json, key, ewi_str(value));
}

void ewi_json_out_count(ewi_json_out *json, const char *key, uint64_t value) {
    begin(json, key);
    ewi_buffer_printf(json->out, "%" PRIu64, value);
}

void ewi_json_out_integer(ewi_json_out *json, const char *key, int64_t value) {
    begin(json, key);
    ewi_buffer_printf(json->out, "%" PRId64, value);
}

/* A locale's decimal comma would be no JSON. */
static void put_number(ewi_json_out *json, const char *key, double value, int digits) {
    begin(json, key);
    size_t from = json->out->len;
    if (!isfinite(value))
        put(json, EWI_STR("null"));
    else if (ewi_buffer_printf(json->out, "%.*g", digits, value)) {
        char *comma = memchr(json->out->data + from, ',', json->out->len - from);
        if (comma) *comma = '.';
    }
}

/* 9 and 17 digits tell all floats and doubles apart (IEEE 754, section 5.12.2); fewer are easier to read. */
void ewi_json_out_float(ewi_json_out *json, const char *key, float value) {
    put_number(json, key, (double)value, 9);
}

void ewi_json_out_double(ewi_json_out *json, const char *key, double value) {
    put_number(json, key, value, 17);
}

void ewi_json_out_bool(ewi_json_out *json, const char *key, bool value) {
    begin(json, key);
    put(json, value ? EWI_STR("true") : EWI_STR("false"));
}

void ewi_json_out_null(ewi_json_out *json, const char *key) {
    begin(json, key);
    put(json, EWI_STR("null"));
}

void ewi_json_out_raw(ewi_json_out *json, const char *key, ew_str value) {
    begin(json, key);
    put(json, value);
}
