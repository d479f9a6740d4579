/*
 * prefix.c: bench-prefix, which measures how long a prompt's beginning takes: computed, restored from memory,
 * and from files that the system still has in memory. Prints one JSON object; times are medians with the
 * smallest and the largest.
 *
 *     bench-prefix MODEL FOLDER [--tokens N] [--runs N] [--threads N]
 *
 * FOLDER holds the files; one that is not there is made, and what is in it stays. `step_ms` is the step of
 * the one token that follows, which must give the same logits in all three cases.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/prefix_cache.h"
#include "os/clock.h"

#define MAX_RUNS 1000u

typedef struct bench {
    const char *model_path, *folder;
    uint32_t n_tokens, n_runs, n_threads;
    ew_model *model;
    ew_engine *engine;
    ew_token *tokens; /* [n_tokens + 1] */
    size_t n_vocab;
    float *expected, *logits; /* [n_vocab] */
    ew_error err;
} bench;

static _Noreturn void fail(const bench *b, const char *what) {
    fprintf(stderr, "bench-prefix: %s%s%s\n", what, b && b->err.text[0] ? ": " : "", b ? b->err.text : "");
    exit(1);
}

static _Noreturn void usage(void) {
    fprintf(stderr, "usage: bench-prefix MODEL FOLDER [--tokens N] [--runs N] [--threads N]\n");
    exit(2);
}

static uint32_t number(const char *text, uint32_t most) {
    char *end;
    errno = 0;
    unsigned long n = strtoul(text, &end, 10);
    if (errno || end == text || *end || n == 0 || n > most) usage();
    return (uint32_t)n;
}

static void check(bench *b, ew_status status, const char *what) {
    if (status != EW_OK) fail(b, what);
}

/* ---- times ---- */

typedef struct times {
    uint32_t n;
    double ms[MAX_RUNS];
} times;

static int by_size(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void print_times(const char *name, times *t) {
    qsort(t->ms, t->n, sizeof t->ms[0], by_size);
    printf("\"%s\": {\"median\": %.2f, \"least\": %.2f, \"most\": %.2f}", name, t->ms[t->n / 2], t->ms[0],
           t->ms[t->n - 1]);
}

static void add(times *t, uint64_t start_ns) {
    t->ms[t->n++] = (double)(ewi_clock_ns() - start_ns) / 1e6;
}

/* ---- the three ways ---- */

static ew_session *new_session(bench *b) {
    ew_session *session = NULL;
    const ew_session_options o = {.struct_size = sizeof o, .n_ctx = b->n_tokens + 1};
    check(b, ew_session_new(b->engine, &o, &session, &b->err), "a session");
    return session;
}

static void see(void *user, size_t row, const float *logits) {
    const bench *b = user;
    (void)row;
    memcpy(b->logits, logits, b->n_vocab * sizeof *logits);
}

static void step(bench *b, ew_session *session, times *t) {
    const uint64_t start_ns = ewi_clock_ns();
    check(b, ew_eval(session, b->tokens + b->n_tokens, 1, see, b, &b->err), "a step");
    add(t, start_ns);
}

static void expect_same(const bench *b) {
    if (memcmp(b->logits, b->expected, b->n_vocab * sizeof *b->logits) != 0)
        fail(NULL, "other logits after what was restored");
}

static ewi_prefix_cache *new_cache(bench *b) {
    ewi_prefix_cache *cache = NULL;
    const ewi_prefix_cache_options o = {UINT64_MAX, b->folder, UINT64_MAX};
    check(b, ewi_prefix_cache_new(b->engine, &o, &cache, &b->err), "a prefix cache");
    return cache;
}

static void compute(bench *b, ewi_prefix_cache *cache, times *all, times *steps) {
    ew_session *session = new_session(b);
    const uint64_t start_ns = ewi_clock_ns();
    check(b, ew_eval(session, b->tokens, b->n_tokens, NULL, NULL, &b->err), "prefill");
    add(all, start_ns);
    ewi_prefix_cache_keep(cache, session);
    step(b, session, steps);
    memcpy(b->expected, b->logits, b->n_vocab * sizeof *b->logits);
    ew_session_free(session);
}

static void restore(bench *b, ewi_prefix_cache *cache, times *all, times *steps) {
    ew_session *session = new_session(b);
    const uint64_t start_ns = ewi_clock_ns();
    const uint32_t n = ewi_prefix_cache_take(cache, session, b->tokens, b->n_tokens + 1);
    add(all, start_ns);
    if (n != b->n_tokens) fail(NULL, "less was restored than was kept");
    step(b, session, steps);
    expect_same(b);
    ew_session_free(session);
}

static void print_row(const char *name, times *all, times *steps) {
    printf("  \"%s\": {", name);
    print_times("ms", all);
    printf(", ");
    print_times("step_ms", steps);
    printf("}");
}

static void measure(bench *b) {
    static times computed[2], memory[2], disk[2];
    ewi_prefix_cache *cache = new_cache(b);
    compute(b, cache, &computed[0], &computed[1]);
    for (uint32_t i = 0; i < b->n_runs; i++) restore(b, cache, &memory[0], &memory[1]);
    ewi_prefix_cache_free(cache);
    for (uint32_t i = 0; i < b->n_runs; i++) {
        cache = new_cache(b);
        restore(b, cache, &disk[0], &disk[1]);
        if (ewi_prefix_cache_get_stats(cache).disk_positions != b->n_tokens) fail(NULL, "not from the disk");
        ewi_prefix_cache_free(cache);
    }
    const uint64_t block_bytes = ew_engine_get_info(b->engine).state_bytes_per_block;
    printf("{\n  \"tokens\": %u, \"threads\": %u, \"runs\": %u, \"state_bytes\": %llu,\n", b->n_tokens,
           ew_engine_get_info(b->engine).n_threads, b->n_runs,
           (unsigned long long)(b->n_tokens / EWI_BLOCK_POSITIONS * block_bytes));
    print_row("computed", &computed[0], &computed[1]);
    printf(",\n");
    print_row("memory", &memory[0], &memory[1]);
    printf(",\n");
    print_row("disk", &disk[0], &disk[1]);
    printf(",\n  \"disk_speedup\": %.0f\n}\n", computed[0].ms[0] / disk[0].ms[disk[0].n / 2]);
}

static void open_all(bench *b) {
    const ew_engine_options o = {.struct_size = sizeof o, .n_threads = b->n_threads};
    check(b, ew_model_open(b->model_path, &b->model, &b->err), "the model");
    check(b, ew_engine_new(b->model, &o, &b->engine, &b->err), "an engine");
    b->n_vocab = ew_model_get_info(b->model).n_vocab;
    b->tokens = malloc((b->n_tokens + 1) * sizeof *b->tokens);
    b->expected = malloc(b->n_vocab * sizeof(float));
    b->logits = malloc(b->n_vocab * sizeof(float));
    if (!b->tokens || !b->expected || !b->logits) fail(NULL, "no memory");
    for (uint32_t i = 0; i <= b->n_tokens; i++) b->tokens[i] = (ew_token)((i * 7919u + 13) % b->n_vocab);
}

int main(int argc, char **argv) {
    static bench b = {.n_tokens = 4096, .n_runs = 21};
    for (int i = 1; i < argc; i++) {
        const bool has_more = i + 1 < argc;
        if (strcmp(argv[i], "--tokens") == 0 && has_more)
            b.n_tokens = number(argv[++i], 1u << 20) / EWI_BLOCK_POSITIONS * EWI_BLOCK_POSITIONS;
        else if (strcmp(argv[i], "--runs") == 0 && has_more)
            b.n_runs = number(argv[++i], MAX_RUNS);
        else if (strcmp(argv[i], "--threads") == 0 && has_more)
            b.n_threads = number(argv[++i], 256);
        else if (argv[i][0] == '-' || b.folder)
            usage();
        else
            *(b.model_path ? &b.folder : &b.model_path) = argv[i];
    }
    if (!b.folder || b.n_tokens == 0) usage();
    open_all(&b);
    measure(&b);
    free(b.tokens);
    free(b.expected);
    free(b.logits);
    ew_engine_free(b.engine);
    ew_model_close(b.model);
    return 0;
}
