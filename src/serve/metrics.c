#include "serve/metrics.h"

#include <inttypes.h>
#include <string.h>

#include "base/mem.h"
#include "os/thread.h"

#define MAX_KINDS 128 /* of api and code */

/* Seconds, upper bounds: 0.5 ms to 100 s, about three for each power of ten. */
static const double bounds_s[] = {0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2,
                                  0.5,    1,     2,     5,     10,   20,   50,   100};
#define N_BOUNDS EWI_COUNT(bounds_s)

typedef struct histogram {
    uint64_t counts[N_BOUNDS + 1];
    double sum_s;
} histogram;

typedef struct kind {
    const char *api;
    int http;
    uint64_t n;
} kind;

struct ewi_metrics {
    ewi_mutex *lock;
    kind kinds[MAX_KINDS];
    size_t n_kinds;
    uint64_t n_prompt, n_cached, n_generated;
    histogram first_token, gap, total, queue;
};

ewi_metrics *ewi_metrics_new(void) {
    ewi_metrics *metrics = ewi_zalloc(sizeof *metrics);
    if (!metrics) return NULL;
    metrics->lock = ewi_mutex_new();
    if (metrics->lock) return metrics;
    ewi_free(metrics);
    return NULL;
}

void ewi_metrics_free(ewi_metrics *metrics) {
    if (!metrics) return;
    ewi_mutex_free(metrics->lock);
    ewi_free(metrics);
}

static void observe(histogram *h, uint64_t ns) {
    double s = (double)ns / 1e9;
    size_t i = 0;
    while (i < N_BOUNDS && s > bounds_s[i]) i++;
    h->counts[i]++;
    h->sum_s += s;
}

static void count(ewi_metrics *m, const char *api, int http) {
    for (size_t i = 0; i < m->n_kinds; i++) {
        kind *k = &m->kinds[i];
        if (k->http != http || strcmp(k->api, api) != 0) continue;
        k->n++;
        return;
    }
    if (m->n_kinds < MAX_KINDS) m->kinds[m->n_kinds++] = (kind){api, http, 1};
}

void ewi_metrics_note_request(ewi_metrics *m, const ewi_request_note *note) {
    ewi_mutex_lock(m->lock);
    count(m, note->api, note->http);
    m->n_prompt += note->n_prompt;
    m->n_cached += note->n_cached;
    observe(&m->total, note->total_ns);
    if (note->n_generated) observe(&m->queue, note->queue_ns);
    ewi_mutex_unlock(m->lock);
}

void ewi_metrics_note_refusal(ewi_metrics *m, int http) {
    ewi_mutex_lock(m->lock);
    count(m, "http", http);
    ewi_mutex_unlock(m->lock);
}

void ewi_metrics_note_first_token(ewi_metrics *m, uint64_t since_request_ns) {
    ewi_mutex_lock(m->lock);
    m->n_generated++;
    observe(&m->first_token, since_request_ns);
    ewi_mutex_unlock(m->lock);
}

void ewi_metrics_note_token(ewi_metrics *m, uint64_t gap_ns) {
    ewi_mutex_lock(m->lock);
    m->n_generated++;
    observe(&m->gap, gap_ns);
    ewi_mutex_unlock(m->lock);
}

/* ---- writing ---- */

void ewi_metrics_write_head(ewi_buffer *out, const char *name, const char *type, const char *help) {
    ewi_buffer_printf(out, "# HELP edgewise_%s %s\n# TYPE edgewise_%s %s\n", name, help, name, type);
}

static void write_counter(ewi_buffer *out, const char *name, const char *help, uint64_t value) {
    ewi_metrics_write_head(out, name, "counter", help);
    ewi_buffer_printf(out, "edgewise_%s %" PRIu64 "\n", name, value);
}

static void write_histogram(ewi_buffer *out, const char *name, const char *help, const histogram *h) {
    uint64_t n = 0;
    ewi_metrics_write_head(out, name, "histogram", help);
    for (size_t i = 0; i < N_BOUNDS; i++) {
        n += h->counts[i];
        ewi_buffer_printf(out, "edgewise_%s_bucket{le=\"%g\"} %" PRIu64 "\n", name, bounds_s[i], n);
    }
    n += h->counts[N_BOUNDS];
    ewi_buffer_printf(out, "edgewise_%s_bucket{le=\"+Inf\"} %" PRIu64 "\n", name, n);
    ewi_buffer_printf(out, "edgewise_%s_sum %.9g\nedgewise_%s_count %" PRIu64 "\n", name, h->sum_s, name, n);
}

static void write_kinds(const ewi_metrics *m, ewi_buffer *out) {
    ewi_metrics_write_head(out, "requests_total", "counter", "Requests that have ended.");
    for (size_t i = 0; i < m->n_kinds; i++)
        ewi_buffer_printf(out, "edgewise_requests_total{api=\"%s\",code=\"%d\"} %" PRIu64 "\n",
                          m->kinds[i].api, m->kinds[i].http, m->kinds[i].n);
}

void ewi_metrics_write(ewi_metrics *m, ewi_buffer *out) {
    ewi_mutex_lock(m->lock);
    write_kinds(m, out);
    write_counter(out, "prompt_tokens_total", "Tokens of prompts.", m->n_prompt);
    write_counter(out, "prompt_tokens_cached_total", "Tokens of prompts that the prefix cache had.",
                  m->n_cached);
    write_counter(out, "tokens_generated_total", "Tokens of answers.", m->n_generated);
    write_histogram(out, "time_to_first_token_seconds", "From a request to its first token.",
                    &m->first_token);
    write_histogram(out, "token_gap_seconds", "Between two tokens of an answer.", &m->gap);
    write_histogram(out, "request_seconds", "From a request to its end.", &m->total);
    write_histogram(out, "queue_seconds", "From a request to its first step.", &m->queue);
    ewi_mutex_unlock(m->lock);
}
