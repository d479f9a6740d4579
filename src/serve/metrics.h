/*
 * metrics.h: what a server counts, and how Prometheus reads it (text format 0.0.4; docs/serving.md names
 * all).
 *
 * Counters and histograms only go up while the server lives. Any thread.
 */
#ifndef EW_SERVE_METRICS_H
#define EW_SERVE_METRICS_H

#include "base/buffer.h"
#include "base/compiler.h"

typedef struct ewi_metrics ewi_metrics;

/* One request that has ended. */
typedef struct ewi_request_note {
    const char *api; /* a literal: "openai.chat" */
    const char *model;
    int http;
    uint64_t total_ns, first_ns, queue_ns; /* first: token; 0: there was none */
    uint64_t n_prompt, n_cached, n_generated;
} ewi_request_note;

EWI_NODISCARD ewi_metrics *ewi_metrics_new(void); /* NULL: no memory */
void ewi_metrics_free(ewi_metrics *metrics);

void ewi_metrics_note_request(ewi_metrics *metrics, const ewi_request_note *note);
/* A token, and how long it took: since the request, or since the one before. */
/* A request that no API got. */
void ewi_metrics_note_refusal(ewi_metrics *metrics, int http);
void ewi_metrics_note_first_token(ewi_metrics *metrics, uint64_t since_request_ns);
void ewi_metrics_note_token(ewi_metrics *metrics, uint64_t gap_ns);

/* All but gauges, which are whoever's that knows them. */
void ewi_metrics_write(ewi_metrics *metrics, ewi_buffer *out);
/* The lines that come before a metric's values; type: "gauge", "counter". */
void ewi_metrics_write_head(ewi_buffer *out, const char *name, const char *type, const char *help);

#endif
