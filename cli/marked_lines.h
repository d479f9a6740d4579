/*
 * marked_lines.h: lines put into a settings file of somebody else's, between marks, so that they can be taken
 * out again; and lines of his that must not count meanwhile, as comments. For TOML and YAML: both have '#'.
 *
 *     cli_marked_remove(&text);                       as it was before
 *     cli_marked_insert(&text, 0, "model = \"pocket\"\n");
 */
#ifndef CLI_MARKED_LINES_H
#define CLI_MARKED_LINES_H

#include "heap.h"

/* Puts whole lines at a line's beginning, or the text's end, each line behind `indent`. */
void cli_marked_insert(cli_bytes *text, size_t at, ew_str indent, const char *lines);
/* Makes comments of the lines from begin to end, both lines' beginnings. */
void cli_marked_comment(cli_bytes *text, size_t begin, size_t end);
/* Takes out what was put in, and makes lines of comments again. */
void cli_marked_remove(cli_bytes *text);

/* The line at `at` without its end, and where the next one begins. */
ew_str cli_line_at(ew_str text, size_t at, size_t *next);

#endif
