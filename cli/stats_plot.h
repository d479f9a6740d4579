/*
 * stats_plot.h: a picture of requests and tokens over time.
 *
 *     cli_moments moments;
 *     cli_moments_init(&moments);
 *     cli_moments_add(&moments, record);
 *     int code = cli_stats_plot("stats.svg", &moments);          appears whole or not at all
 *     cli_moments_deinit(&moments);
 */
#ifndef CLI_STATS_PLOT_H
#define CLI_STATS_PLOT_H

#include "heap.h"

typedef struct cli_moments {
    cli_bytes items; /* private */
    size_t n;
    int64_t first_s, last_s;
} cli_moments;

void cli_moments_init(cli_moments *moments);
void cli_moments_deinit(cli_moments *moments);
void cli_moments_add(cli_moments *moments, const ew_request_record *record);

/* Says what failed; returns the exit code. */
int cli_stats_plot(const char *path, const cli_moments *moments);

#endif
