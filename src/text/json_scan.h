/*
 * json_scan.h: checks one JSON value (RFC 8259) byte by byte, as it is written.
 *
 * For text that is still being made: format/json.h reads what is whole. It is as strict: no trailing commas,
 * no control characters and no lone surrogates in strings; but it takes UTF-8 for granted. At most
 * EWI_JSON_SCAN_MAX_DEPTH levels. A zeroed scan is a fresh one, and owns nothing. After BAD it must not go
 * on.
 *
 *     ewi_json_scan scan = {0};
 *     for each byte: switch (ewi_json_scan_byte(&scan, c)) ...     DONE with the byte that closes the value
 */
#ifndef EW_TEXT_JSON_SCAN_H
#define EW_TEXT_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "edgewise/edgewise.h"

#define EWI_JSON_SCAN_MAX_DEPTH 64

typedef enum ewi_json_verdict {
    EWI_JSON_MORE,
    EWI_JSON_DONE, /* the object, array or string is closed; only blanks may follow */
    EWI_JSON_BAD,
} ewi_json_verdict;

/* Fields are private to json_scan.c, but `depth`: how many objects and arrays are open. */
typedef struct ewi_json_scan {
    uint32_t depth;
    uint8_t place;
    bool is_key, needs_low; /* a key's string; a low surrogate must come */
    uint8_t n_hex;
    uint32_t unit;
    const char *literal; /* what must come of true, false or null */
    uint64_t is_object;  /* a bit for each level */
} ewi_json_scan;

EWI_NODISCARD ewi_json_verdict ewi_json_scan_byte(ewi_json_scan *scan, uint8_t c);
/* A value may begin with the next byte that is no blank. */
bool ewi_json_scan_wants_value(const ewi_json_scan *scan);
/* A key may begin with the next byte that is no blank. */
bool ewi_json_scan_wants_key(const ewi_json_scan *scan);
/* Inside of a string, behind its first quote. */
bool ewi_json_scan_in_string(const ewi_json_scan *scan);
bool ewi_json_scan_in_key(const ewi_json_scan *scan);
/* The value that was wanted was read by somebody else. */
void ewi_json_scan_pass_value(ewi_json_scan *scan);
/* Is the text one JSON value and no more, numbers and literals too? */
bool ewi_json_scan_is_value(ew_str text);

/* What the bytes between a string's quotes mean. The bytes were checked by a scan. A zeroed one is fresh. */
typedef struct ewi_json_unescape {
    bool slash;
    uint8_t n_hex;
    uint32_t unit, high;
} ewi_json_unescape;

/* Returns how many bytes the byte has made certain. */
size_t ewi_json_unescape_byte(ewi_json_unescape *state, uint8_t c, uint8_t out[4]);
/* How a byte is spelled between quotes; returns the length. */
size_t ewi_json_escape_byte(uint8_t c, uint8_t out[6]);

static inline bool ewi_json_is_blank(uint8_t c) {
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

#endif
