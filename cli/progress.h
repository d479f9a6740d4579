/*
 * progress.h: how far long work has come: one line on stderr, rewritten in place.
 *
 * Shown only when stderr is a terminal and the work has lasted half a second; erased at the end. Used by
 * one thread.
 *
 *     cli_progress progress;
 *     cli_progress_start(&progress, "evaluating", n);
 *     for (i = 0; i < n; i++) { ...; cli_progress_set(&progress, i + 1); }
 *     cli_progress_end(&progress);
 */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

typedef struct cli_progress {
    const char *what;
    uint64_t total, start_ns, drawn_ns;
    bool terminal, drawn;
} cli_progress;

void cli_progress_start(cli_progress *progress, const char *what, uint64_t total);
void cli_progress_set(cli_progress *progress, uint64_t done);
void cli_progress_end(cli_progress *progress);

/* Nanoseconds since an arbitrary moment; never goes back. */
uint64_t cli_now_ns(void);

#endif
