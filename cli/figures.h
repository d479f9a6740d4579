/*
 * figures.h: what many requests come to: counts, rates and quantiles.
 *
 *     cli_figures_init(&figures, "pocket");
 *     cli_figures_add(&figures, record);
 *     cli_figures_sort(&figures);                         before quantiles are asked for
 *     double p90 = cli_quantile(&figures.first, 0.9);     seconds
 *     cli_figures_deinit(&figures);
 */
#ifndef CLI_FIGURES_H
#define CLI_FIGURES_H

#include "heap.h"

/* More than a server keeps. */
#define CLI_MAX_REQUESTS 2000000u

typedef struct cli_times {
    cli_bytes values; /* uint64_t[n], microseconds */
    size_t n;
} cli_times;

#define CLI_FIGURES_NAME 256

typedef struct cli_figures {
    char name[CLI_FIGURES_NAME];
    uint64_t n, n_errors;
    uint64_t n_prompt, n_cached, n_generated;
    uint64_t n_decoded, decode_us; /* tokens after the first of an answer, and the time that they took */
    cli_times first;               /* to the first token, of requests that came to one */
    cli_times total;               /* of requests that were answered */
} cli_figures;

void cli_figures_init(cli_figures *figures, const char *name);
void cli_figures_deinit(cli_figures *figures);
void cli_figures_add(cli_figures *figures, const ew_request_record *record);
void cli_figures_sort(cli_figures *figures);
/* Tokens a second of an answer, after its first one; NaN when there are none. */
double cli_figures_rate(const cli_figures *figures);

/* Seconds, between the two values next to it in proportion; 0 <= share <= 1. NaN when there are no values. */
double cli_quantile(const cli_times *times, double share);

#endif
