#include "format/json_out.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/decimal.h"
#include "base/error.h"
#include "base/slice.h"

/* A number of 17 digits with sign, point and exponent. */
#define NUMBER 32

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
static size_t spell(char text[NUMBER], double value, int digits) {
    size_t len = (size_t)snprintf(text, NUMBER, "%.*g", digits, value);
    char *comma = memchr(text, ',', len);
    if (comma) *comma = '.';
    return len;
}

static bool reads_back(const char *text, size_t len, double value, bool is_float) {
    double read;
    if (!ewi_decimal_to_double((ew_str){text, len}, &read)) return false;
    return is_float ? (float)read == (float)value : read == value;
}

/* The fewest digits that bring it back, of those that can be needed: 6 to 9, 15 to 17 (IEEE 754, section
 * 5.12.2). */
static void put_number(ewi_json_out *json, const char *key, double value, int few, int most) {
    char text[NUMBER];
    begin(json, key);
    if (!isfinite(value)) {
        put(json, EWI_STR("null"));
        return;
    }
    size_t len = spell(text, value, few);
    for (int digits = few + 1; digits <= most && !reads_back(text, len, value, most < 15); digits++)
        len = spell(text, value, digits);
    put(json, (ew_str){text, len});
}

void ewi_json_out_float(ewi_json_out *json, const char *key, float value) {
    put_number(json, key, (double)value, 6, 9);
}

void ewi_json_out_double(ewi_json_out *json, const char *key, double value) {
    put_number(json, key, value, 15, 17);
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
