/*
 * replace.h: a file that appears whole or not at all.
 *
 * What is written goes to a temporary file in the target's folder, which is renamed over the target at
 * the end. A failure, a signal that ends the program or cli_replace_abandon leaves nothing behind. A
 * target that is no regular file (a pipe, /dev/null) is written directly. One at a time; used by one
 * thread.
 *
 *     cli_replace file;
 *     if (cli_replace_open(&file, "out.f32")) return CLI_FAILED;
 *     if (!cli_replace_write(&file, data, len)) ... said already, stop
 *     return cli_replace_commit(&file);
 */
#ifndef CLI_REPLACE_H
#define CLI_REPLACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

typedef struct cli_replace {
    FILE *file;
    char *target;
    char *temporary; /* NULL: written directly */
    bool failed;
} cli_replace;

/* Says what failed; returns the exit code. */
int cli_replace_open(cli_replace *replace, const char *path);
bool cli_replace_write(cli_replace *replace, const void *data, size_t len);
/* Says what failed; returns the exit code. */
int cli_replace_commit(cli_replace *replace);
void cli_replace_abandon(cli_replace *replace);

#endif
