/*
 * json.h: a pull reader for JSON (RFC 8259), without a tree: nothing is allocated for what the caller does
 * not ask for.
 *
 * The reader is a caller-owned cursor over borrowed bytes. It is strict: no trailing commas, no comments, no
 * NaN, no lone surrogates, valid UTF-8 only, at most EWI_JSON_MAX_DEPTH levels. Strings and keys without
 * escapes are borrowed from the bytes; those with escapes are written, resolved, to the arena. The first
 * problem stays: every later call fails with it, and its text names line, column and offset. Keys may repeat:
 * whoever cares must look. Not thread-safe.
 *
 *     ewi_json json;
 *     ewi_json_init(&json, bytes, &arena);
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
    ewi_arena *arena;
    const char *problem; /* NULL while all is well */
    const uint8_t *problem_at;
    ew_status status; /* that belongs to the problem */
    uint32_t depth;
    bool first; /* no element of the innermost container was read yet */
    uint64_t is_object[EWI_JSON_MAX_DEPTH / 64];
} ewi_json;

void ewi_json_init(ewi_json *json, ewi_bytes text, ewi_arena *arena);
/* Reads a part of a text that begins at `whole` (as ewi_json_skip_to hands it out): problems name the place
 * in the whole. */
void ewi_json_init_part(ewi_json *json, const uint8_t *whole, ew_str part, ewi_arena *arena);

/* What the next value is, without reading it. */
ewi_json_kind ewi_json_peek(ewi_json *json);

EWI_NODISCARD ew_status ewi_json_enter_object(ewi_json *json, ew_error *err);
EWI_NODISCARD ew_status ewi_json_enter_array(ewi_json *json, ew_error *err);

/* Moves to the next member of the innermost object: its value is next. False: the object's end was passed,
 * or an error. */
bool ewi_json_next_key(ewi_json *json, ew_str *key);
/* Moves to the next element of the innermost array, likewise. */
bool ewi_json_next_item(ewi_json *json);

/* How many elements or members the container that is next has. Checks it as skip does, but does not move. */
EWI_NODISCARD ew_status ewi_json_count(const ewi_json *json, size_t *n, ew_error *err);

/* Each reads the value that is next, of exactly this kind; another kind is EW_FORMAT. */
EWI_NODISCARD ew_status ewi_json_read_bool(ewi_json *json, bool *out, ew_error *err);
/* 0..2^64-1, spelled without sign, fraction and exponent. */
EWI_NODISCARD ew_status ewi_json_read_u64(ewi_json *json, uint64_t *out, ew_error *err);
/* -2^63..2^63-1, spelled without fraction and exponent. */
EWI_NODISCARD ew_status ewi_json_read_i64(ewi_json *json, int64_t *out, ew_error *err);
/* Any number that a double can hold, correctly rounded, whatever the locale; 1e999 is EW_FORMAT. */
EWI_NODISCARD ew_status ewi_json_read_double(ewi_json *json, double *out, ew_error *err);
/* May hold NUL bytes (\u0000). Errors also: EW_NO_MEMORY from the arena. */
EWI_NODISCARD ew_status ewi_json_read_string(ewi_json *json, ew_str *out, ew_error *err);
/* Checks and passes a whole value; *out (may be NULL) is its text, fit for another reader. */
EWI_NODISCARD ew_status ewi_json_skip_to(ewi_json *json, ew_str *out, ew_error *err);
EWI_NODISCARD static inline ew_status ewi_json_skip(ewi_json *json, ew_error *err) {
    return ewi_json_skip_to(json, NULL, err);
}

/* The first problem so far, as EW_FORMAT, EW_LIMIT (depth) or EW_NO_MEMORY. */
EWI_NODISCARD ew_status ewi_json_check(const ewi_json *json, ew_error *err);
/* Like check; also fails when something other than blanks follows the value. */
EWI_NODISCARD ew_status ewi_json_end(ewi_json *json, ew_error *err);

#endif
