/*
 * json.h: a pull reader for JSON (RFC 8259), without a tree: nothing is allocated for what the caller does not ask for.
 *
 * The reader is a caller-owned cursor over borrowed bytes. It is strict: no trailing commas, no comments, no NaN, no lone
 * surrogates, valid UTF-8 only, at most EWI_JSON_MAX_DEPTH levels. Errors name the byte offset. Not thread-safe.
 *
 *     ewi_json json;
 *     ewi_json_init(&json, bytes);
 *     EWI_TRY(ewi_json_enter_object(&json, err));
 *     ew_str key;
 *     while (ewi_json_next_key(&json, &key)) {
 *         if (ewi_str_is(key, "vocab_size")) EWI_TRY(ewi_json_read_u64(&json, &n_vocab, err));
 *         else EWI_TRY(ewi_json_skip(&json, err));
 *     }
 *     EWI_TRY(ewi_json_check(&json, err));       did next_key stop at the end, or at an error?
 *     EWI_TRY(ewi_json_end(&json, err));         nothing but blanks after the value
 */
#ifndef EW_FORMAT_JSON_H
#define EW_FORMAT_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/compiler.h"
#include "base/slice.h"

#define EWI_JSON_MAX_DEPTH 512

typedef enum ewi_json_kind {
    EWI_JSON_ERROR, /* also: the text ends here */
    EWI_JSON_NULL,
    EWI_JSON_BOOL,
    EWI_JSON_NUMBER,
    EWI_JSON_STRING,
    EWI_JSON_ARRAY,
    EWI_JSON_OBJECT,
} ewi_json_kind;

/* Fields are private to json.c. */
typedef struct ewi_json {
    const uint8_t *begin, *at, *end;
    const char *problem; /* NULL while all is well */
    const uint8_t *problem_at;
    uint32_t depth;
    bool first; /* no element of the innermost container was read yet */
    uint64_t is_object[EWI_JSON_MAX_DEPTH / 64];
} ewi_json;

void ewi_json_init(ewi_json *json, ewi_bytes text);

/* What the next value is, without reading it. */
ewi_json_kind ewi_json_peek(ewi_json *json);

EWI_NODISCARD ew_status ewi_json_enter_object(ewi_json *json, ew_error *err);
EWI_NODISCARD ew_status ewi_json_enter_array(ewi_json *json, ew_error *err);

/*
 * Moves to the next member of the innermost object (false: its end was passed, or an error). *key is the raw text between the
 * quotes: keys with escapes are compared decoded only by callers that decode them with ewi_json_decode.
 */
bool ewi_json_next_key(ewi_json *json, ew_str *key);
/* Moves to the next element of the innermost array. */
bool ewi_json_next_item(ewi_json *json);

/* Reads the value that is next, of exactly this kind; another kind is EW_FORMAT. */
EWI_NODISCARD ew_status ewi_json_read_bool(ewi_json *json, bool *out, ew_error *err);
EWI_NODISCARD ew_status ewi_json_read_u64(ewi_json *json, uint64_t *out,
                                          ew_error *err); /* an integer, 0..2^64-1 */
EWI_NODISCARD ew_status ewi_json_read_i64(ewi_json *json, int64_t *out, ew_error *err);
EWI_NODISCARD ew_status ewi_json_read_double(ewi_json *json, double *out,
                                             ew_error *err); /* independent of the locale */
/* A string with escapes resolved: borrowed from the input when it has none, else from the arena. */
EWI_NODISCARD ew_status ewi_json_read_string(ewi_json *json, ewi_arena *arena, ew_str *out, ew_error *err);
/* Resolves the escapes of a raw key, like ewi_json_read_string. */
EWI_NODISCARD ew_status ewi_json_decode(ew_str raw, ewi_arena *arena, ew_str *out, ew_error *err);
/* Checks and passes a whole value; *out (may be NULL) is its text. */
EWI_NODISCARD ew_status ewi_json_skip_to(ewi_json *json, ew_str *out, ew_error *err);
EWI_NODISCARD static inline ew_status ewi_json_skip(ewi_json *json, ew_error *err) {
    return ewi_json_skip_to(json, NULL, err);
}

/* EW_FORMAT with offset and reason when anything went wrong so far. */
EWI_NODISCARD ew_status ewi_json_check(const ewi_json *json, ew_error *err);
/* Like check; also fails when something follows the value. */
EWI_NODISCARD ew_status ewi_json_end(ewi_json *json, ew_error *err);

#endif
