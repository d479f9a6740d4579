/*
 * fields.h: the members of a request's JSON object, by a table: what each must be and where it goes.
 *
 * Nothing is ignored silently: a member that the published API has and that changes nothing here is listed
 * for the reply, one that no table knows is refused by name, and so is one that comes twice. null stands for
 * a member that is not there.
 *
 *     static const ewi_field fields[] = {
 *         {"temperature", EWI_FIELD_NUMBER, offsetof(ewi_ask, temperature), .max = 2},
 *         {"user", EWI_FIELD_IGNORED},
 *     };
 *     if (!ewi_fields_read(body, fields, EWI_COUNT(fields), &ask, &room, &refusal)) ...
 */
#ifndef EW_SERVE_FIELDS_H
#define EW_SERVE_FIELDS_H

#include "base/arena.h"
#include "base/buffer.h"
#include "serve/api_refusal.h"

typedef enum ewi_field_kind {
    EWI_FIELD_IGNORED,
    EWI_FIELD_BOOL,   /* bool */
    EWI_FIELD_COUNT,  /* int64_t, min .. max */
    EWI_FIELD_NUMBER, /* double, min .. max */
    EWI_FIELD_TEXT,   /* ew_str */
    EWI_FIELD_TEXTS,  /* ewi_texts: a string, or an array of strings */
    EWI_FIELD_RAW,    /* ew_str: the value's JSON text */
    EWI_FIELD_ONLY,   /* a number that changes nothing only where it is `min`: any other is refused */
    EWI_FIELD_OBJECT, /* with a table of its own, whose offsets are those of the same struct */
} ewi_field_kind;

typedef struct ewi_texts {
    const ew_str *items; /* [n] */
    size_t n;
} ewi_texts;

typedef struct ewi_field {
    const char *name;
    ewi_field_kind kind;
    size_t offset;
    double min, max; /* both 0: any */
    const struct ewi_field *members;
    size_t n_members;
} ewi_field;

/* At most so many members may be one object's, and strings one array's. */
#define EWI_MAX_FIELDS      64u
#define EWI_MAX_FIELD_TEXTS 2048u

/* What reading needs of memory, and what it finds beside the values. */
typedef struct ewi_fields_room {
    ewi_arena *arena;    /* strings with escapes, arrays */
    ewi_buffer *ignored; /* names of members without effect, ", " between */
} ewi_fields_room;

/* Whether `body` is JSON at all; the refusal names line, column and offset. */
bool ewi_fields_check_json(ew_str body, ewi_refusal *refusal);
/* Reads an object into the struct `out`, whose defaults are set; text in it is borrowed from body or
 * arena. */
bool ewi_fields_read(ew_str body, const ewi_field *fields, size_t n, void *out, const ewi_fields_room *room,
                     ewi_refusal *refusal);

#endif
