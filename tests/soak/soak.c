/* soak.c: the server under many clients for a long time: every answer is compared, and its memory is watched.
 *
 *   soak EDGEWISE MODEL [--minutes N] [--clients N] [--threads N] [--other MODEL] [--json FILE] [--plot FILE]
 *
 * What must hold: no answer is lost, cut, crossed or changed; resident memory grows by less than 1 MB of
 * 100,000 requests; files and threads are as many at the end as at the beginning; /metrics has counted every
 * request, and nothing runs any more; 500 idle connections take less than 20 MB; the server ends as told. A
 * run of 200,000 requests or more is held to that slope. Memory also moves up and down by some MB with what
 * happens to meet, which a shorter run cannot tell from growth: it fails when the lower end of the interval
 * of growth.h comes to more than 4 MB over all of its requests.
 */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "asks.h"
#include "growth.h"
#include "server_process.h"
#include "soak_clients.h"
#include "talk.h"

#define MB                1e6
#define SLOPE_LIMIT       1.0 /* MB of 100,000 requests */
#define BAND_MB           4.0 /* that a short run may grow by */
#define ENOUGH            200000u
#define REQUESTS_PER_HOUR 200000u
#define IDLE_CONNECTIONS  500u
#define IDLE_LIMIT_MB     20.0
#define MAX_WARM_UP_S     300u
#define SETTLE_S          30

typedef struct options {
    const char *program, *model, *other, *threads, *json, *plot;
    unsigned minutes, clients;
} options;

typedef struct counted {
    bool is_known;
    uint64_t total, running, queued, connections;
} counted;

typedef struct run {
    options options;
    server_process server;
    clients *clients;
    growth_sample *samples;
    size_t n_samples, cap_samples, n_warm;
    server_figures before, after;
    double idle_mb;
    counted counted;
    clients_seen seen;
    growth growth;
    bool lived; /* until it was told to end */
    int exit_code;
    unsigned n_failed; /* of what must hold */
} run;

/* ---- the server's own figures ---- */

static uint64_t sum_of(const char *page, const char *name) {
    uint64_t sum = 0;
    size_t n = strlen(name);
    for (const char *line = page; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, name, n) != 0 || (line[n] != '{' && line[n] != ' ')) continue;
        const char *value = line + n + strcspn(line + n, " \n");
        sum += strtoull(value, NULL, 10);
    }
    return sum;
}

static counted read_metrics(const run *r) {
    talk t;
    counted seen = {0};
    talk_init(&t, r->server.port);
    if (talk_say(&t, "/metrics", NULL) && talk_hear(&t, 0) == 200)
        seen = (counted){
            .is_known = true,
            .total = sum_of(t.body, "edgewise_requests_total"),
            .running = sum_of(t.body, "edgewise_requests_running"),
            .queued = sum_of(t.body, "edgewise_requests_queued"),
            .connections = sum_of(t.body, "edgewise_connections"),
        };
    talk_deinit(&t);
    return seen;
}

/* One connection is that of the question. */
static bool is_calm(const counted *seen) {
    return seen->is_known && seen->running == 0 && seen->queued == 0 && seen->connections == 1;
}

static void pause_shortly(void) {
    nanosleep(&(struct timespec){.tv_nsec = 200000000}, NULL);
}

/* What clients have left is over a little later, and so is the question about it. */
static counted settle(const run *r) {
    counted seen = read_metrics(r);
    for (int i = 0; i < SETTLE_S * 5 && !is_calm(&seen) && server_lives(&r->server); i++) {
        pause_shortly();
        seen = read_metrics(r);
    }
    pause_shortly();
    return seen;
}

/* ---- idle connections ---- */

/* Each has asked something once. */
static bool measure_idle(run *r) {
    talk *talks = calloc(IDLE_CONNECTIONS, sizeof *talks);
    bool fits = talks != NULL;
    uint64_t before = server_look(&r->server).resident_bytes;
    for (unsigned i = 0; i < IDLE_CONNECTIONS && fits; i++) {
        talk_init(&talks[i], r->server.port);
        fits = talk_say(&talks[i], "/health", NULL) && talk_hear(&talks[i], 0) == 200;
    }
    r->idle_mb = ((double)server_look(&r->server).resident_bytes - (double)before) / MB;
    for (unsigned i = 0; i < IDLE_CONNECTIONS && talks; i++)
        if (talks[i].port) talk_deinit(&talks[i]);
    free(talks);
    return fits;
}

/* ---- watching ---- */

static double now_s(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static uint64_t n_asked(const clients_seen *seen) {
    return seen->n_answered + seen->n_left + seen->n_vanished;
}

static void take_sample(run *r, double seconds) {
    server_figures look = server_look(&r->server);
    clients_seen seen = clients_look(r->clients);
    if (r->n_samples < r->cap_samples)
        r->samples[r->n_samples++] =
            (growth_sample){seconds, (double)n_asked(&seen), (double)look.resident_bytes / MB};
    if (r->n_samples % 10 != 1) return;
    printf("%5.0f s  %9llu requests  %6.1f MB  %3u files  %2u threads  %llu wrong\n", seconds,
           (unsigned long long)n_asked(&seen), (double)look.resident_bytes / MB, look.n_files, look.n_threads,
           (unsigned long long)seen.n_wrong);
}

static void watch(run *r) {
    unsigned all_s = r->options.minutes * 60, warm_s = all_s / 6;
    if (warm_s > MAX_WARM_UP_S) warm_s = MAX_WARM_UP_S;
    double begin = now_s();
    for (unsigned second = 0; second <= all_s && server_lives(&r->server); second++) {
        if (second == warm_s) r->n_warm = r->n_samples;
        take_sample(r, now_s() - begin);
        double wait = begin + second + 1 - now_s();
        if (wait > 0) nanosleep(&(struct timespec){.tv_nsec = (long)(wait * 999999999)}, NULL);
    }
}

/* ---- what must hold ---- */

static void check(run *r, bool holds, const char *what) {
    printf("%-6s %s\n", holds ? "ok" : "FAILED", what);
    if (!holds) r->n_failed++;
}

static void check_answers(run *r) {
    char text[256];
    const clients_seen *seen = &r->seen;
    snprintf(text, sizeof text,
             "%llu of %llu answers wrong (%llu prompts asked twice; %llu answers left, %llu not waited for)",
             (unsigned long long)seen->n_wrong, (unsigned long long)n_asked(seen),
             (unsigned long long)seen->n_twice, (unsigned long long)seen->n_left,
             (unsigned long long)seen->n_vanished);
    check(r, seen->n_wrong == 0, text);
    uint64_t least = (uint64_t)REQUESTS_PER_HOUR * r->options.minutes / 60;
    snprintf(text, sizeof text, "%llu requests; at least %llu", (unsigned long long)n_asked(seen),
             (unsigned long long)least);
    check(r, n_asked(seen) >= least, text);
}

static void check_memory(run *r) {
    char text[256];
    const growth *g = &r->growth;
    bool is_enough = n_asked(&r->seen) >= ENOUGH;
    double limit = is_enough ? SLOPE_LIMIT : BAND_MB * 1e5 / (double)(n_asked(&r->seen) + 1);
    snprintf(text, sizeof text,
             "memory: %+.3f MB of 100,000 requests (95 %%: %+.3f to %+.3f); %s is held to %.1f MB", g->slope,
             g->low, g->high, is_enough ? "the slope" : "the interval's lower end", limit);
    check(r, g->is_known && (is_enough ? g->slope : g->low) < limit, text);
    snprintf(text, sizeof text, "%u idle connections: %.1f MB; less than %.0f MB", IDLE_CONNECTIONS,
             r->idle_mb, IDLE_LIMIT_MB);
    check(r, r->idle_mb < IDLE_LIMIT_MB, text);
    snprintf(text, sizeof text, "files %u, %u at the beginning; threads %u, %u", r->after.n_files,
             r->before.n_files, r->after.n_threads, r->before.n_threads);
    check(r, r->after.n_files <= r->before.n_files && r->after.n_threads <= r->before.n_threads, text);
}

static void check_counts(run *r) {
    char text[256];
    const counted *c = &r->counted;
    uint64_t most = n_asked(&r->seen), least = most - r->seen.n_vanished;
    snprintf(text, sizeof text, "/metrics: %llu requests, %llu running, %llu queued, %llu connections",
             (unsigned long long)c->total, (unsigned long long)c->running, (unsigned long long)c->queued,
             (unsigned long long)c->connections);
    check(r, is_calm(c) && c->total >= least && c->total <= most, text);
    snprintf(text, sizeof text, "the server ended %s with %d", r->lived ? "when told" : "by itself",
             r->exit_code);
    check(r, r->lived && r->exit_code == 0, text);
}

/* ---- reports ---- */

static void write_json(const run *r) {
    const clients_seen *seen = &r->seen;
    FILE *out = fopen(r->options.json, "w");
    if (!out) {
        perror(r->options.json);
        return;
    }
    fprintf(
        out,
        "{\"minutes\":%u,\"clients\":%u,\"requests\":%llu,\"answered\":%llu,\"left\":%llu,\"vanished\":%llu,"
        "\"asked_twice\":%llu,\"wrong\":%llu,\n",
        r->options.minutes, r->options.clients, (unsigned long long)n_asked(seen),
        (unsigned long long)seen->n_answered, (unsigned long long)seen->n_left,
        (unsigned long long)seen->n_vanished, (unsigned long long)seen->n_twice,
        (unsigned long long)seen->n_wrong);
    fprintf(out, " \"slope_mb_per_100k\":%.4f,\"slope_low\":%.4f,\"slope_high\":%.4f,\"idle_mb\":%.3f,\n",
            r->growth.slope, r->growth.low, r->growth.high, r->idle_mb);
    fprintf(out, " \"files\":[%u,%u],\"threads\":[%u,%u],\"exit_code\":%d,\"failed\":%u,\n \"kinds\":{",
            r->before.n_files, r->after.n_files, r->before.n_threads, r->after.n_threads, r->exit_code,
            r->n_failed);
    uint64_t *counts = calloc(ask_n_kinds, sizeof *counts);
    if (!counts) abort();
    clients_count_kinds(r->clients, counts);
    for (size_t i = 0; i < ask_n_kinds; i++)
        fprintf(out, "%s\"%s\":%llu", i ? "," : "", ask_kinds[i].name, (unsigned long long)counts[i]);
    fprintf(out, "},\n \"samples\":[");
    for (size_t i = 0; i < r->n_samples; i++)
        fprintf(out, "%s[%.1f,%.0f,%.2f]", i ? "," : "", r->samples[i].seconds, r->samples[i].requests,
                r->samples[i].mb);
    fprintf(out, "]}\n");
    free(counts);
    fclose(out);
}

static void report(run *r) {
    printf("\n");
    check_answers(r);
    check_memory(r);
    check_counts(r);
    if (r->options.json) write_json(r);
    if (r->options.plot && !growth_plot(r->options.plot, r->samples, r->n_samples, r->n_warm, &r->growth))
        perror(r->options.plot);
}

/* ---- the run ---- */

static bool start(run *r) {
    const options *o = &r->options;
    char model[4096], other[4096];
    const char *argv[24] = {o->program,       "serve", "--port",       "0", "--quiet", "--no-disk-cache",
                            "--cache-memory", "8",     "--keep-alive", "10"};
    size_t n = 10;
    snprintf(model, sizeof model, "pocket=%s", o->model);
    snprintf(other, sizeof other, ASK_OTHER_MODEL "=%s", o->other ? o->other : "");
    argv[n++] = "-m";
    argv[n++] = model;
    if (o->other) {
        argv[n++] = "-m";
        argv[n++] = other;
    }
    if (o->threads) {
        argv[n++] = "--threads";
        argv[n++] = o->threads;
    }
    return server_start(&r->server, argv);
}

static bool prepare(run *r) {
    if (!clients_learn(r->clients)) return false;
    if (!measure_idle(r)) {
        fprintf(stderr, "soak: a connection of %u was not answered\n", IDLE_CONNECTIONS);
        return false;
    }
    r->counted = settle(r);
    r->before = server_look(&r->server);
    return true;
}

static void soak(run *r) {
    printf("%u minutes, %u clients\n", r->options.minutes, r->options.clients);
    clients_begin(r->clients);
    watch(r);
    clients_end(r->clients);
    r->counted = settle(r);
    r->after = server_look(&r->server);
    r->seen = clients_look(r->clients);
    r->growth = growth_of(r->samples + r->n_warm, r->n_samples - r->n_warm);
    r->lived = server_lives(&r->server);
    r->exit_code = server_stop(&r->server);
}

static int run_all(run *r) {
    if (!start(r)) {
        fprintf(stderr, "soak: %s serve did not start\n", r->options.program);
        return 1;
    }
    r->clients = clients_new(r->server.port, r->options.clients, r->options.other);
    r->cap_samples = (size_t)r->options.minutes * 60 + 1;
    r->samples = calloc(r->cap_samples, sizeof *r->samples);
    if (!r->samples) abort();
    bool ready = prepare(r);
    if (ready) {
        soak(r);
        report(r);
    } else {
        server_stop(&r->server);
    }
    clients_free(r->clients);
    free(r->samples);
    return ready && r->n_failed == 0 ? 0 : 1;
}

static unsigned number_of(const char *text, unsigned most) {
    char *end;
    unsigned long n = strtoul(text, &end, 10);
    if (*end || n == 0 || n > most) {
        fprintf(stderr, "soak: \"%s\": a number from 1 to %u\n", text, most);
        exit(2);
    }
    return (unsigned)n;
}

static const struct option long_options[] = {
    {"minutes", required_argument, NULL, 'm'},
    {"clients", required_argument, NULL, 'c'},
    {"threads", required_argument, NULL, 't'},
    {"other", required_argument, NULL, 'o'},
    {"json", required_argument, NULL, 'j'},
    {"plot", required_argument, NULL, 'p'},
    {NULL, 0, NULL, 0},
};

int main(int argc, char **argv) {
    run r = {.options = {.minutes = 60, .clients = 24}};
    options *o = &r.options;
    for (int option; (option = getopt_long(argc, argv, "", long_options, NULL)) != -1;) {
        switch (option) {
        case 'm': o->minutes = number_of(optarg, 100000); break;
        case 'c': o->clients = number_of(optarg, 256); break;
        case 't': o->threads = optarg; break;
        case 'o': o->other = optarg; break;
        case 'j': o->json = optarg; break;
        case 'p': o->plot = optarg; break;
        default: return 2;
        }
    }
    if (argc - optind != 2) {
        fprintf(stderr,
                "usage: soak EDGEWISE MODEL [--minutes N] [--clients N] [--threads N] [--other MODEL] "
                "[--json FILE] [--plot FILE]\n");
        return 2;
    }
    o->program = argv[optind];
    o->model = argv[optind + 1];
    signal(SIGPIPE, SIG_IGN);
    setvbuf(stdout, NULL, _IOLBF, 0);
    return run_all(&r);
}
