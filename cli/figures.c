#include "figures.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

void cli_figures_init(cli_figures *f, const char *name) {
    *f = (cli_figures){0};
    snprintf(f->name, sizeof f->name, "%s", name);
    cli_bytes_init(&f->first.values, CLI_MAX_REQUESTS * sizeof(uint64_t));
    cli_bytes_init(&f->total.values, CLI_MAX_REQUESTS * sizeof(uint64_t));
}

void cli_figures_deinit(cli_figures *f) {
    cli_bytes_deinit(&f->first.values);
    cli_bytes_deinit(&f->total.values);
}

static void add_time(cli_times *times, uint64_t us) {
    if (cli_bytes_add(&times->values, &us, sizeof us)) times->n++;
}

/* A file may hold any number: sums stay where they are rather than wrap. */
static void add_count(uint64_t *sum, uint64_t n) {
    *sum = n > UINT64_MAX - *sum ? UINT64_MAX : *sum + n;
}

void cli_figures_add(cli_figures *f, const ew_request_record *record) {
    f->n++;
    f->n_errors += record->code >= 400;
    add_count(&f->n_prompt, record->n_prompt);
    add_count(&f->n_cached, record->n_cached);
    add_count(&f->n_generated, record->n_generated);
    if (record->first_us) add_time(&f->first, record->first_us);
    if (record->code < 400) add_time(&f->total, record->total_us);
    if (record->first_us == 0 || record->n_generated < 2 || record->total_us <= record->first_us) return;
    add_count(&f->n_decoded, record->n_generated - 1);
    add_count(&f->decode_us, record->total_us - record->first_us);
}

static int compare_times(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

void cli_figures_sort(cli_figures *f) {
    if (f->first.n) qsort(f->first.values.data, f->first.n, sizeof(uint64_t), compare_times);
    if (f->total.n) qsort(f->total.values.data, f->total.n, sizeof(uint64_t), compare_times);
}

double cli_figures_rate(const cli_figures *f) {
    return f->decode_us ? (double)f->n_decoded / ((double)f->decode_us / 1e6) : (double)NAN;
}

double cli_quantile(const cli_times *times, double share) {
    if (times->n == 0) return (double)NAN;
    const uint64_t *values = (const uint64_t *)(const void *)times->values.data;
    double place = share * (double)(times->n - 1);
    size_t below = (size_t)place;
    double low = (double)values[below];
    double high = (double)values[below + 1 < times->n ? below + 1 : below];
    return (low + (place - (double)below) * (high - low)) / 1e6;
}
