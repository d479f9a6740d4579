#include "progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define FIRST_AFTER_NS 500000000u
#define REDRAW_NS      100000000u

uint64_t cli_now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void cli_progress_start(cli_progress *progress, const char *what, uint64_t total) {
    *progress = (cli_progress){
        .what = what, .total = total, .start_ns = cli_now_ns(), .terminal = isatty(STDERR_FILENO) == 1};
}

void cli_progress_set(cli_progress *progress, uint64_t done) {
    if (!progress->terminal || progress->total == 0) return;
    uint64_t now = cli_now_ns();
    if (now - progress->start_ns < FIRST_AFTER_NS || now - progress->drawn_ns < REDRAW_NS) return;
    double share = (double)done / (double)progress->total;
    fprintf(stderr, "\r%s: %" PRIu64 " of %" PRIu64 " (%.0f%%)", progress->what, done, progress->total,
            100 * share);
    if (done > 0)
        fprintf(stderr, ", %.0f s left", 1e-9 * (double)(now - progress->start_ns) * (1 / share - 1));
    fputs("\x1b[K", stderr);
    fflush(stderr);
    progress->drawn = true;
    progress->drawn_ns = now;
}

void cli_progress_end(cli_progress *progress) {
    if (progress->drawn) fputs("\r\x1b[K", stderr);
    progress->drawn = false;
}
