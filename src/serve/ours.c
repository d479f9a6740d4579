/* ours.c: what is the server's own: is it there, how is it, the page. */
#include <inttypes.h>

#include "os/process.h"
#include "serve/api.h"
#include "serve/page.h"

static void reply(ewi_exchange *exchange, const char *type, ewi_buffer *out) {
    ewi_exchange_reply(exchange, 200, type, ewi_buffer_str(out));
    ewi_buffer_deinit(out);
}

void ewi_health(ewi_server *server, ewi_exchange *exchange) {
    (void)server;
    ewi_exchange_reply(exchange, 200, "application/json", EWI_STR("{\"status\":\"ok\"}"));
}

/* share/openapi.json, which the build embeds. */
extern const uint8_t ewi_openapi[];
extern const size_t ewi_openapi_bytes;

void ewi_openapi_page(ewi_server *server, ewi_exchange *exchange) {
    (void)server;
    ewi_exchange_reply(exchange, 200, "application/json",
                       (ew_str){(const char *)ewi_openapi, ewi_openapi_bytes});
}

/* ---- gauges: what is now, summed over open models ---- */

typedef struct gauges {
    uint64_t n_running, n_queued, weight_bytes, state_bytes;
    uint64_t cache_memory_bytes, cache_disk_bytes, memory_positions, disk_positions;
} gauges;

static void put_engine(ewi_buffer *out, const ewi_host *host) {
    ew_engine_info info = ew_engine_get_info(host->engine);
    ewi_buffer_printf(out, "edgewise_engine_info{model=\"%s\",cpu_level=\"%s\",threads=\"%u\"} 1\n",
                      host->name, info.cpu_level, info.n_threads);
}

static void add_host(gauges *g, const ewi_host *host) {
    ewi_scheduler_stats stats = ewi_scheduler_get_stats(host->scheduler);
    g->n_running += stats.n_running;
    g->n_queued += stats.n_queued;
    g->state_bytes += stats.state_bytes;
    g->weight_bytes += ew_model_get_info(host->model).weight_bytes;
    if (!host->cache) return;
    ewi_prefix_cache_stats cache = ewi_prefix_cache_get_stats(host->cache);
    g->cache_memory_bytes += cache.memory_bytes;
    g->cache_disk_bytes += cache.disk_bytes;
    g->memory_positions += cache.memory_positions;
    g->disk_positions += cache.disk_positions;
}

static gauges gather(ewi_models *models, ewi_buffer *engines) {
    gauges g = {0};
    for (size_t i = 0; i < ewi_models_count(models); i++) {
        ewi_host *host = ewi_models_hold_open(models, i);
        if (!host) continue;
        add_host(&g, host);
        put_engine(engines, host);
        ewi_models_release_unused(models, host);
    }
    return g;
}

static void put_gauge(ewi_buffer *out, const char *name, const char *help, uint64_t value) {
    ewi_metrics_write_head(out, name, "gauge", help);
    ewi_buffer_printf(out, "edgewise_%s %" PRIu64 "\n", name, value);
}

static void put_kind(ewi_buffer *out, const char *name, const char *label, const char *kind, uint64_t value) {
    ewi_buffer_printf(out, "edgewise_%s{%s=\"%s\"} %" PRIu64 "\n", name, label, kind, value);
}

static void put_gauges(ewi_buffer *out, const gauges *g) {
    put_gauge(out, "requests_running", "Answers that are being made.", g->n_running);
    put_gauge(out, "requests_queued", "Requests that wait for their first step.", g->n_queued);
    ewi_metrics_write_head(out, "memory_bytes", "gauge", "Memory by what it holds; resident: the process.");
    put_kind(out, "memory_bytes", "kind", "resident", ewi_process_resident_bytes());
    put_kind(out, "memory_bytes", "kind", "weights", g->weight_bytes);
    put_kind(out, "memory_bytes", "kind", "state", g->state_bytes);
    put_kind(out, "memory_bytes", "kind", "cache", g->cache_memory_bytes);
    ewi_metrics_write_head(out, "cache_bytes", "gauge", "Prefix cache.");
    put_kind(out, "cache_bytes", "where", "memory", g->cache_memory_bytes);
    put_kind(out, "cache_bytes", "where", "disk", g->cache_disk_bytes);
    ewi_metrics_write_head(out, "cache_hits_total", "counter",
                           "Tokens of prompts that the prefix cache had.");
    put_kind(out, "cache_hits_total", "where", "memory", g->memory_positions);
    put_kind(out, "cache_hits_total", "where", "disk", g->disk_positions);
}

static void put_http(ewi_buffer *out, ewi_http *http) {
    ewi_http_stats stats;
    ewi_http_get_stats(http, &stats);
    put_gauge(out, "connections", "Open connections.", stats.connections);
    ewi_metrics_write_head(out, "http_refused_total", "counter", "Requests that no handler saw.");
    ewi_buffer_printf(out, "edgewise_http_refused_total %" PRIu64 "\n", stats.refused);
    ewi_metrics_write_head(out, "http_cut_total", "counter", "Connections that were closed, by why.");
    put_kind(out, "http_cut_total", "why", "slow_request", stats.cut_slow_requests);
    put_kind(out, "http_cut_total", "why", "slow_reader", stats.cut_slow_readers);
    put_kind(out, "http_cut_total", "why", "idle", stats.cut_idle);
}

void ewi_metrics_page(ewi_server *server, ewi_exchange *exchange) {
    ewi_buffer out, engines;
    ewi_buffer_init(&out, 1u << 20);
    ewi_buffer_init(&engines, 1u << 16);
    gauges g = gather(ewi_server_models(server), &engines);
    ewi_metrics_write(ewi_server_metrics(server), &out);
    put_gauges(&out, &g);
    put_http(&out, ewi_server_http(server));
    ewi_metrics_write_head(&out, "engine_info", "gauge", "Open models and what runs them.");
    ewi_buffer_add(&out, engines.data, engines.len);
    ewi_buffer_deinit(&engines);
    reply(exchange, "text/plain; version=0.0.4; charset=utf-8", &out);
}

/* ---- the page ---- */

void ewi_page(ewi_server *server, ewi_exchange *exchange) {
    const ewi_page_file *file = ewi_page_find(ewi_exchange_path(exchange));
    ewi_refusal refusal;
    (void)server;
    if (!file) {
        ewi_refuse(&refusal, 404, NULL, "there is nothing at %.*s", EWI_STR_ARG(ewi_exchange_path(exchange)));
        ewi_api_refuse(exchange, &refusal);
        return;
    }
    ewi_exchange_set_header(exchange, "Content-Security-Policy", EWI_STR(EWI_PAGE_SECURITY));
    ewi_exchange_set_header(exchange, "Cache-Control", EWI_STR("no-cache"));
    ewi_exchange_set_header(exchange, "X-Content-Type-Options", EWI_STR("nosniff"));
    ewi_exchange_set_header(exchange, "ETag", ewi_str(file->etag));
    if (ewi_str_is(ewi_exchange_header(exchange, "If-None-Match"), file->etag))
        ewi_exchange_reply(exchange, 304, file->type, EWI_STR(""));
    else
        ewi_exchange_reply(exchange, 200, file->type, (ew_str){(const char *)file->data, file->size});
}
