/*
 * json_out.h: JSON into a buffer, always valid: commas, quotes and UTF-8 are the writer's business.
 *
 * Key functions write `"key":` first; inside an array, and for the outermost value, the key is NULL. What has
 * no place any more in the buffer leaves it `failed`: look once, at the end. Used by one thread.
 *
 *     ewi_json_out json = {.out = &buffer};
 *     ewi_json_out_open(&json, NULL, '{');
 *     ewi_json_out_text(&json, "object", "list");
 *     ewi_json_out_open(&json, "data", '[');
 *     ewi_json_out_close_all(&json);
 */
#ifndef EW_FORMAT_JSON_OUT_H
#define EW_FORMAT_JSON_OUT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"

/* Levels of objects and arrays. */
#define EWI_JSON_OUT_DEPTH 16

typedef struct ewi_json_out {
    ewi_buffer *out;
    unsigned depth;
    char closing[EWI_JSON_OUT_DEPTH];
    bool filled[EWI_JSON_OUT_DEPTH + 1]; /* something stands before the next item of this level */
} ewi_json_out;

/* bracket: '{' or '['. */
void ewi_json_out_open(ewi_json_out *json, const char *key, char bracket);
void ewi_json_out_close(ewi_json_out *json);
void ewi_json_out_close_all(ewi_json_out *json);

/* Bytes that are not UTF-8 become U+FFFD. */
void ewi_json_out_string(ewi_json_out *json, const char *key, ew_str value);
void ewi_json_out_text(ewi_json_out *json, const char *key, const char *value);
void ewi_json_out_count(ewi_json_out *json, const char *key, uint64_t value);
void ewi_json_out_integer(ewi_json_out *json, const char *key, int64_t value);
/* As many digits as bring back the same float, the same double; null when the value is not finite. */
void ewi_json_out_float(ewi_json_out *json, const char *key, float value);
void ewi_json_out_double(ewi_json_out *json, const char *key, double value);
void ewi_json_out_bool(ewi_json_out *json, const char *key, bool value);
void ewi_json_out_null(ewi_json_out *json, const char *key);
/* value is JSON text already. */
void ewi_json_out_raw(ewi_json_out *json, const char *key, ew_str value);

#endif
