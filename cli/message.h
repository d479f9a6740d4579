/*
 * message.h: what the program says on stderr, and the exit codes.
 *
 * Each message is one line `edgewise: what`; bytes from files in it are escaped. Results never go here.
 * Used by one thread.
 *
 *     if (ew_file_open(path, &file, &err)) return cli_fail(&err);
 *     return cli_usage("run", "-n: %s is not a number", value);
 */
#ifndef CLI_MESSAGE_H
#define CLI_MESSAGE_H

#include "edgewise/edgewise.h"

/* The stable exit codes (see edgewise(1)). */
enum { CLI_OK = 0, CLI_FAILED = 1, CLI_USAGE = 2, CLI_BAD_INPUT = 3, CLI_REFUSED = 4 };

__attribute__((format(printf, 1, 2))) void cli_say(const char *fmt, ...);

/* Says err->text and returns the exit code of its status. */
int cli_fail(const ew_error *err);
int cli_exit_code(ew_status status);

/* Says what is wrong with the command line and where to read on; returns CLI_USAGE. verb may be NULL. */
__attribute__((format(printf, 2, 3))) int cli_usage(const char *verb, const char *fmt, ...);

#endif
