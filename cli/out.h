/*
 * out.h: results, on stdout, or in a file.
 *
 * Writing stops at the first error, which is said once on stderr (a reader that went away is not an error
 * worth words) and turns the exit code into 1: check `failed` in long work, cli_out_end at the end. Used
 * by one thread.
 *
 *     cli_out out;
 *     cli_out_init(&out);
 *     cli_out_printf(&out, "%d\n", 7);
 *     return cli_out_end(&out, code);
 */
#ifndef CLI_OUT_H
#define CLI_OUT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "edgewise/edgewise.h"
#include "escape.h"

typedef struct cli_out {
    FILE *file;
    const char *name; /* "standard output" */
    bool terminal;    /* stdout is one: escape what others wrote */
    bool colour;      /* a terminal, and NO_COLOR is not set */
    bool failed;
} cli_out;

void cli_out_init(cli_out *out);
/* To an open file, which stays the caller's. */
cli_out cli_out_to(FILE *file, const char *path);
void cli_out_write(cli_out *out, ew_str text);
__attribute__((format(printf, 2, 3))) void cli_out_printf(cli_out *out, const char *fmt, ...);
/* Text that a file or a model wrote: escaped on a terminal, and always when the mode is CLI_ESCAPE_LINE. */
void cli_out_foreign(cli_out *out, ew_str text, cli_escape_mode mode);
/* Hands over what is buffered: after each token of an answer. */
void cli_out_flush(cli_out *out);
/* Flushes; returns code, or CLI_FAILED when it was CLI_OK and something was not written. */
int cli_out_end(cli_out *out, int code);

/* A literal in bold, green or red where colours are shown; else plain. */
typedef enum cli_style { CLI_PLAIN, CLI_BOLD, CLI_GOOD, CLI_BAD } cli_style;
void cli_out_styled(cli_out *out, cli_style style, const char *text);

/* "1.2 GiB" in buf: 1024-based, one decimal above bytes. Returns buf. */
#define CLI_SIZE_TEXT 32
const char *cli_size_text(uint64_t size_bytes, char buf[CLI_SIZE_TEXT]);
/* "1.24 B", "292.8 K": thousand-based, for counts. */
const char *cli_count_text(uint64_t n, char buf[CLI_SIZE_TEXT]);

/* An object that callbacks of the library write through: ew_engine_dump. */
bool cli_out_sink(void *out, ew_str text);

#endif
