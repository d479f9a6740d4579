/*
 * escape.h: text that others wrote, on its way to a terminal.
 *
 * A name in a model file or a token of an answer can hold escape sequences that move the cursor, rename
 * the window or reorder a line. Here each such character becomes visible instead: \x1b, \u202e.
 * Stateless, thread-safe.
 *
 *     char shown[CLI_ESCAPED_MAX];
 *     for (ew_str rest = name; rest.len;) {
 *         size_t n = cli_escape_next(&rest, CLI_ESCAPE_LINE, shown);
 *         fwrite(shown, 1, n, stderr);
 *     }
 */
#ifndef CLI_ESCAPE_H
#define CLI_ESCAPE_H

#include "edgewise/edgewise.h"

#define CLI_ESCAPED_MAX 12

typedef enum cli_escape_mode {
    CLI_ESCAPE_LINE, /* a name: nothing that ends or reorders a line */
    CLI_ESCAPE_TEXT, /* an answer: newlines, tabs and the marks of right-to-left scripts stay */
} cli_escape_mode;

/* Takes one character from *rest (rest->len > 0) and writes what to show for it to buf. Returns its length,
 * at least 1. */
size_t cli_escape_next(ew_str *rest, cli_escape_mode mode, char buf[CLI_ESCAPED_MAX]);

/* Columns of text, counting characters; wide ones count as one. */
size_t cli_text_columns(ew_str text);

#endif
