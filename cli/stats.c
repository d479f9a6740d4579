/* stats.c: edgewise stats: what a server's requests came to. */
#define _XOPEN_SOURCE 700 /* localtime_r */

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "figures.h"
#include "json_writer.h"
#include "message.h"
#include "stats_file.h"
#include "stats_plot.h"
#include "table.h"
#include "verbs.h"

#define MAX_GROUPS 8192u
#define N_SLOTS    (4 * MAX_GROUPS)

enum { BY_MODEL, BY_API, BY_DAY, BY_HOUR };
static const char *const by_names[] = {"model", "api", "day", "hour"};

typedef struct stats_values {
    const char *file, *since, *svg;
    cli_choice by;
    bool json;
} stats_values;

static const cli_option options[] = {
    {NULL, "file", CLI_PATH, offsetof(stats_values, file), "FILE", 0, 0,
     "the server's --stats-file (default: edgewise/requests.db in $XDG_STATE_HOME or ~/.local/state)"},
    {NULL, "since", CLI_TEXT, offsetof(stats_values, since), "AGE", 0, 0,
     "requests that ended so long ago at most: 30m, 24h, 7d, 4w (default: all that are kept)"},
    {NULL, "by", CLI_CHOICE, offsetof(stats_values, by), "model|api|day|hour", 0, 0,
     "a line for each (default model)"},
    {NULL, "json", CLI_FLAG, offsetof(stats_values, json), NULL, 0, 0, "print JSON, one line"},
    {NULL, "svg", CLI_PATH, offsetof(stats_values, svg), "FILE", 0, 0,
     "draw requests and tokens over time there"},
};

typedef struct stats {
    const stats_values *values;
    cli_figures all;
    cli_figures *groups[MAX_GROUPS];
    size_t n_groups;
    uint32_t slots[N_SLOTS]; /* of a hash table: a group's number + 1, or 0 */
    cli_moments moments;
    const char *problem; /* why reading stopped */
} stats;

static stats *stats_new(const stats_values *values) {
    stats *s = cli_alloc(1, sizeof *s);
    s->values = values;
    cli_figures_init(&s->all, "all");
    cli_moments_init(&s->moments);
    return s;
}

static void stats_free(stats *s) {
    for (size_t i = 0; i < s->n_groups; i++) {
        cli_figures_deinit(s->groups[i]);
        cli_free(s->groups[i]);
    }
    cli_figures_deinit(&s->all);
    cli_moments_deinit(&s->moments);
    cli_free(s);
}

/* ---- groups ---- */

static void name_group(const stats *s, const ew_request_record *record, char name[CLI_FIGURES_NAME]) {
    time_t at = (time_t)record->time_s;
    struct tm local;
    name[0] = '\0';
    switch (s->values->by.value) {
    case BY_MODEL:
    case BY_API: {
        ew_str text = s->values->by.value == BY_MODEL ? record->model : record->api;
        size_t len = text.len < CLI_FIGURES_NAME - 1 ? text.len : CLI_FIGURES_NAME - 1;
        if (len) memcpy(name, text.data, len);
        name[len] = '\0';
        break;
    }
    default:
        if (localtime_r(&at, &local))
            strftime(name, CLI_FIGURES_NAME, s->values->by.value == BY_DAY ? "%Y-%m-%d" : "%Y-%m-%d %H:00",
                     &local);
    }
    if (!name[0]) memcpy(name, "(none)", sizeof "(none)");
}

/* FNV-1a */
static uint32_t hash_of(const char *name) {
    uint32_t hash = 2166136261u;
    for (; *name; name++) hash = (hash ^ (uint8_t)*name) * 16777619u;
    return hash;
}

/* NULL: there are too many. */
static cli_figures *find_group(stats *s, const char *name) {
    uint32_t slot = hash_of(name) % N_SLOTS;
    while (s->slots[slot] && strcmp(s->groups[s->slots[slot] - 1]->name, name) != 0)
        slot = (slot + 1) % N_SLOTS;
    if (s->slots[slot]) return s->groups[s->slots[slot] - 1];
    if (s->n_groups == MAX_GROUPS) return NULL;
    cli_figures *group = cli_alloc(1, sizeof *group);
    cli_figures_init(group, name);
    s->groups[s->n_groups++] = group;
    s->slots[slot] = (uint32_t)s->n_groups;
    return group;
}

static bool on_record(void *user, const ew_request_record *record) {
    stats *s = user;
    char name[CLI_FIGURES_NAME];
    name_group(s, record, name);
    cli_figures *group = find_group(s, name);
    s->problem = !group                         ? "more groups than a table has: see --since and --by"
                 : s->all.n == CLI_MAX_REQUESTS ? "more requests than any server keeps: see --since"
                                                : NULL;
    if (s->problem) return false;
    cli_figures_add(group, record);
    cli_figures_add(&s->all, record);
    if (s->values->svg) cli_moments_add(&s->moments, record);
    return true;
}

static int compare_groups(const void *a, const void *b) {
    const cli_figures *const *x = a, *const *y = b;
    return strcmp((*x)->name, (*y)->name);
}

static void sort_all(stats *s) {
    qsort(s->groups, s->n_groups, sizeof *s->groups, compare_groups);
    for (size_t i = 0; i < s->n_groups; i++) cli_figures_sort(s->groups[i]);
    cli_figures_sort(&s->all);
}

/* ---- results ---- */

static const double shares[] = {0.5, 0.9, 0.99};
#define N_SHARES (sizeof shares / sizeof *shares)

static void add_number(cli_table *table, const char *format, double value) {
    if (isnan(value))
        cli_table_cellf(table, "-");
    else
        cli_table_cellf(table, *format == '1' ? "%.1f" : "%.3f", value);
}

static void add_row(cli_table *table, const cli_figures *f) {
    cli_table_cell(table, (ew_str){f->name, strlen(f->name)});
    cli_table_cellf(table, "%llu", (unsigned long long)f->n);
    cli_table_cellf(table, "%llu", (unsigned long long)f->n_errors);
    cli_table_cellf(table, "%llu", (unsigned long long)f->n_prompt);
    cli_table_cellf(table, "%llu", (unsigned long long)f->n_cached);
    cli_table_cellf(table, "%llu", (unsigned long long)f->n_generated);
    add_number(table, "1", cli_figures_rate(f));
    for (size_t i = 0; i < N_SHARES; i++) add_number(table, "3", cli_quantile(&f->first, shares[i]));
    for (size_t i = 0; i < N_SHARES; i++) add_number(table, "3", cli_quantile(&f->total, shares[i]));
}

static void print_table(const stats *s, cli_out *out) {
    char columns[256];
    cli_table table;
    snprintf(
        columns, sizeof columns,
        "<%s|>requests|>errors|>prompt|>cached|>generated|>tok/s|>first s p50|>p90|>p99|>total s p50|>p90"
        "|>p99",
        by_names[s->values->by.value]);
    cli_table_init(&table, columns);
    for (size_t i = 0; i < s->n_groups; i++) add_row(&table, s->groups[i]);
    if (s->n_groups != 1) add_row(&table, &s->all);
    cli_table_print(&table, out);
    cli_table_deinit(&table);
}

static void print_quantiles(cli_json *json, const char *key, const cli_times *times) {
    static const char *const names[N_SHARES] = {"p50", "p90", "p99"};
    cli_json_open(json, key, '{');
    for (size_t i = 0; i < N_SHARES; i++) cli_json_precise(json, names[i], cli_quantile(times, shares[i]));
    cli_json_close(json);
}

static void print_figures(cli_json *json, const char *key, const char *name_key, const cli_figures *f) {
    cli_json_open(json, key, '{');
    if (name_key) cli_json_text(json, name_key, f->name);
    cli_json_count(json, "requests", f->n);
    cli_json_count(json, "errors", f->n_errors);
    cli_json_count(json, "prompt_tokens", f->n_prompt);
    cli_json_count(json, "cached_tokens", f->n_cached);
    cli_json_count(json, "generated_tokens", f->n_generated);
    cli_json_number(json, "tokens_per_second", cli_figures_rate(f));
    print_quantiles(json, "first_token_s", &f->first);
    print_quantiles(json, "total_s", &f->total);
    cli_json_close(json);
}

static void print_json(const stats *s, cli_out *out) {
    cli_json json = {.out = out};
    cli_json_open(&json, NULL, '{');
    cli_json_open(&json, "groups", '[');
    for (size_t i = 0; i < s->n_groups; i++)
        print_figures(&json, NULL, by_names[s->values->by.value], s->groups[i]);
    cli_json_close(&json);
    print_figures(&json, "all", NULL, &s->all);
    cli_json_close(&json);
    cli_json_end(&json);
}

/* ---- the verb ---- */

/* "24h" -> the moment so long ago. */
static bool parse_since(const char *text, int64_t *since_s) {
    static const char units[] = "smhdw";
    static const int64_t seconds[] = {1, 60, 3600, 86400, 7 * 86400};
    char *end;
    errno = 0;
    long n = strtol(text, &end, 10);
    const char *unit = *end ? strchr(units, *end) : NULL;
    if (errno || end == text || n < 0 || n > INT_MAX || !unit || end[1]) return false;
    *since_s = (int64_t)time(NULL) - n * seconds[unit - units];
    return true;
}

static int read_all(stats *s, const char *path, int64_t since_s) {
    ew_error err = {0};
    if (access(path, R_OK) != 0) {
        cli_say("cannot open \"%s\": %s", path, strerror(errno));
        return CLI_FAILED;
    }
    ew_status status = ew_stats_read(path, since_s, on_record, s, &err);
    if (status && s->problem) {
        cli_say("%s: %s", path, s->problem);
        return CLI_FAILED;
    }
    return status ? cli_fail(&err) : CLI_OK;
}

static int show(stats *s, cli_out *out) {
    sort_all(s);
    if (s->values->json)
        print_json(s, out);
    else
        print_table(s, out);
    if (s->values->svg && s->moments.n == 0) {
        cli_say("there are no requests to draw");
        return CLI_FAILED;
    }
    return s->values->svg ? cli_stats_plot(s->values->svg, &s->moments) : CLI_OK;
}

static int run(const cli_verb *verb, int argc, char **argv, cli_out *out) {
    stats_values values = {0};
    char path[CLI_STATS_PATH];
    int64_t since_s = INT64_MIN;
    if (!cli_parse(verb, argc, argv, &values)) return CLI_USAGE;
    if (values.since && !parse_since(values.since, &since_s))
        return cli_usage(verb->name, "--since: \"%s\" is not like 30m, 24h, 7d or 4w", values.since);
    if (!values.file) values.file = cli_stats_file(path);
    if (!values.file) return cli_usage(verb->name, "there is no home folder: name the file with --file");
    stats *s = stats_new(&values);
    int code = read_all(s, values.file, since_s);
    if (code == CLI_OK) code = show(s, out);
    stats_free(s);
    return code;
}

const cli_verb cli_verb_stats = {
    .name = "stats",
    .summary = "what a server's requests came to",
    .synopsis = "[options]",
    .about = "Requests, errors (status 400 and above), tokens, tokens a second of an answer after its first "
             "one, and\nquantiles of the seconds to the first token and to the end, of requests that came so "
             "far. The figures are\nthose that edgewise serve has kept; the server may run meanwhile.",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .run = run,
};
