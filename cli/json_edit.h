/*
 * json_edit.h: members of a JSON file set and removed as text: all else stays as it was, byte by byte.
 *
 * A path is names of members from the outermost object on, without characters that JSON would escape; a
 * value is JSON text. Strict: comments, and members of the path that come twice, are malformed. Used by one
 * thread.
 *
 *     cli_edit edit = cli_json_set(&text, (const char *[]){"env", "URL"}, 2, "\"http://..\"", false);
 *     cli_json_remove(&text, path, 2);
 */
#ifndef CLI_JSON_EDIT_H
#define CLI_JSON_EDIT_H

#include "heap.h"

typedef enum cli_edit {
    CLI_EDIT_DONE,
    CLI_EDIT_CONFLICT,  /* another value is there, or no object where one must be */
    CLI_EDIT_MALFORMED, /* or nested deeper than any settings */
} cli_edit;

/* Makes the objects on the way; replaces another value only when told so. Only DONE changes the text. */
cli_edit cli_json_set(cli_bytes *text, const char *const *path, size_t n, const char *value, bool replace);
/* Nothing where there is no such member. */
cli_edit cli_json_remove(cli_bytes *text, const char *const *path, size_t n);
/* The value's text; empty when there is none, or the file is malformed. */
ew_str cli_json_get(ew_str text, const char *const *path, size_t n);

/* Puts `with` in place of the bytes from begin to end. */
void cli_bytes_splice(cli_bytes *bytes, size_t begin, size_t end, ew_str with);

#endif
