#include "serve/server.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "format/json_out.h"
#include "os/clock.h"
#include "os/random.h"
#include "os/thread.h"
#include "serve/api.h"
#include "serve/ledger.h"

#define PORT      11500
#define N_WORKERS 4u
#define MAX_LINE  8192u
#define GRACE_MS  5000u
#define SWEEP_MS  1000u
/* No more exchanges exist than connections. */
#define MAX_CONNECTIONS 1024u

struct ew_server {
    ew_server_options options;
    ewi_http *http;
    ewi_models *models;
    ewi_metrics *metrics;
    ewi_ledger *ledger; /* NULL: none is kept */
    char url[128];
    uint8_t *digests; /* [n_keys, EWI_SHA256_BYTES] */
    ewi_mutex *lock;
    ewi_signal *signal;                   /* raised when the queue grows, and at the end */
    ewi_exchange *queue[MAX_CONNECTIONS]; /* a ring */
    size_t first, n_queued;
    bool is_stopping;
    ewi_thread *workers[N_WORKERS], *sweeper;
    uint64_t n_ids;
};

ewi_models *ewi_server_models(ewi_server *server) {
    return server->models;
}

ewi_metrics *ewi_server_metrics(ewi_server *server) {
    return server->metrics;
}

ewi_http *ewi_server_http(ewi_server *server) {
    return server->http;
}

const char *ew_server_url(const ew_server *server) {
    return server->url;
}

/* ---- chance ---- */

uint64_t ewi_server_random(ewi_server *server) {
    uint64_t value;
    if (ewi_random_bytes(&value, sizeof value)) return value;
    ewi_mutex_lock(server->lock);
    value = ++server->n_ids ^ ewi_clock_ns();
    ewi_mutex_unlock(server->lock);
    return value;
}

void ewi_server_make_id(ewi_server *server, char out[EWI_ID]) {
    snprintf(out, EWI_ID, "%016llx%016llx", (unsigned long long)ewi_server_random(server),
             (unsigned long long)ewi_server_random(server));
}

/* ---- the log ---- */

/* What goes wrong beside requests. */
static void log_error(void *user, const char *text) {
    ew_server *server = user;
    if (!server->options.on_log) return;
    ewi_buffer line;
    ewi_buffer_init(&line, MAX_LINE);
    ewi_json_out json = {.out = &line};
    ewi_json_out_open(&json, NULL, '{');
    ewi_json_out_integer(&json, "time", ewi_clock_unix_s());
    ewi_json_out_text(&json, "error", text);
    ewi_json_out_close_all(&json);
    if (!line.failed) server->options.on_log(server->options.user, ewi_buffer_str(&line));
    ewi_buffer_deinit(&line);
}

static void note_in_ledger(ewi_server *server, const ewi_exchange *exchange, const ewi_request_note *note) {
    ewi_ledger_note(server->ledger, &(ew_request_record){
                                        .time_s = ewi_clock_unix_s(),
                                        .api = ewi_str(note->api),
                                        .model = ewi_str(note->model),
                                        .code = note->http,
                                        .client = ewi_exchange_client(exchange),
                                        .n_prompt = note->n_prompt,
                                        .n_cached = note->n_cached,
                                        .n_generated = note->n_generated,
                                        .queue_us = note->queue_ns / 1000,
                                        .first_us = note->first_ns / 1000,
                                        .total_us = note->total_ns / 1000,
                                    });
}

void ewi_server_note(ewi_server *server, const ewi_exchange *exchange, const ewi_request_note *note) {
    ewi_metrics_note_request(server->metrics, note);
    note_in_ledger(server, exchange, note);
    if (!server->options.on_log) return;
    ewi_buffer line;
    ewi_buffer_init(&line, MAX_LINE);
    ewi_json_out json = {.out = &line};
    ewi_json_out_open(&json, NULL, '{');
    ewi_json_out_integer(&json, "time", ewi_clock_unix_s());
    ewi_json_out_string(&json, "request", ewi_exchange_request_id(exchange));
    ewi_json_out_text(&json, "api", note->api);
    ewi_json_out_text(&json, "model", note->model);
    ewi_json_out_integer(&json, "code", note->http);
    ewi_json_out_count(&json, "prompt_tokens", note->n_prompt);
    ewi_json_out_count(&json, "cached_tokens", note->n_cached);
    ewi_json_out_count(&json, "generated_tokens", note->n_generated);
    ewi_json_out_double(&json, "queue_ms", (double)(note->queue_ns / 1000) / 1000);
    ewi_json_out_double(&json, "first_token_ms", (double)(note->first_ns / 1000) / 1000);
    ewi_json_out_double(&json, "total_ms", (double)(note->total_ns / 1000) / 1000);
    ewi_json_out_close_all(&json);
    if (!line.failed) server->options.on_log(server->options.user, ewi_buffer_str(&line));
    ewi_buffer_deinit(&line);
}

/* ---- from HTTP to workers ---- */

/* HTTP's thread. There is always room: exchanges are no more than connections. */
static void take_exchange(void *user, ewi_exchange *x) {
    ew_server *server = user;
    const ewi_route *route = ewi_api_find(x);
    if (!route) return;
    if (route->is_quick) {
        route->handle(server, x);
        return;
    }
    ewi_mutex_lock(server->lock);
    bool room = server->n_queued < MAX_CONNECTIONS;
    if (room) server->queue[(server->first + server->n_queued++) % MAX_CONNECTIONS] = x;
    ewi_mutex_unlock(server->lock);
    if (room)
        ewi_signal_raise(server->signal);
    else
        ewi_exchange_reply_error(x, 503, NULL, "too many requests wait to be read");
}

static ewi_exchange *next_exchange(ew_server *server) {
    ewi_exchange *x = NULL;
    ewi_mutex_lock(server->lock);
    if (server->n_queued) {
        x = server->queue[server->first];
        server->first = (server->first + 1) % MAX_CONNECTIONS;
        server->n_queued--;
    }
    ewi_mutex_unlock(server->lock);
    return x;
}

static bool is_stopping(ew_server *server) {
    ewi_mutex_lock(server->lock);
    bool stopping = server->is_stopping;
    ewi_mutex_unlock(server->lock);
    return stopping;
}

static void work(void *arg) {
    ew_server *server = arg;
    for (;;) {
        uint32_t seen = ewi_signal_value(server->signal);
        ewi_exchange *x = next_exchange(server);
        if (x)
            ewi_api_find(x)->handle(server, x);
        else if (is_stopping(server))
            return;
        else
            ewi_signal_wait(server->signal, seen);
    }
}

static void sweep(void *arg) {
    ew_server *server = arg;
    while (!is_stopping(server)) {
        ewi_models_sweep(server->models);
        ewi_ledger_write(server->ledger);
        ewi_signal_wait_for(server->signal, ewi_signal_value(server->signal), SWEEP_MS);
    }
}

/* ---- opening and closing ---- */

/* Counted, but no row of the ledger: strangers would push out those of answers. */
static void write_http_error(void *user, ew_str path, unsigned status, const char *code, const char *message,
                             ewi_buffer *body) {
    ewi_refusal refusal;
    ew_server *server = user;
    ewi_metrics_note_refusal(server->metrics, (int)status);
    ewi_refuse(&refusal, (int)status, NULL, "%s", message);
    refusal.code = code;
    ewi_api_write_refusal(path, &refusal, body);
}

/* Only digests stay in memory that is looked at for each request. */
static ew_status digest_keys(ew_server *server, ew_error *err) {
    const ew_server_options *o = &server->options;
    server->digests = ewi_zalloc_array(o->n_keys + 1, EWI_SHA256_BYTES);
    if (!server->digests) return ewi_no_memory(err, "keys");
    for (size_t i = 0; i < o->n_keys; i++) {
        ewi_sha256 *hash;
        EWI_TRY(ewi_sha256_new(&hash, err));
        ewi_sha256_add(hash, o->keys[i], strlen(o->keys[i]));
        EWI_TRY(ewi_sha256_end(hash, server->digests + i * EWI_SHA256_BYTES, err));
    }
    return EW_OK;
}

static ew_status open_http(ew_server *server, ew_error *err) {
    const ew_server_options *o = &server->options;
    ewi_http_options options = {
        .host = o->host,
        .port = (uint16_t)(o->port < 0    ? 0
                           : o->port == 0 ? PORT
                                          : o->port),
        .on_exchange = take_exchange,
        .write_error = write_http_error,
        .user = server,
        .allowed_hosts = o->hosts,
        .n_allowed_hosts = o->n_hosts,
        .allowed_origins = o->origins,
        .n_allowed_origins = o->n_origins,
        .keys = (const uint8_t(*)[EWI_SHA256_BYTES])server->digests,
        .n_keys = o->n_keys,
        .max_connections = MAX_CONNECTIONS,
    };
    if (o->port > UINT16_MAX) return ewi_fail(err, EW_INVALID, "port %d: at most 65535", o->port);
    EWI_TRY(ewi_http_open(&options, &server->http, err));
    snprintf(server->url, sizeof server->url, "http://%s:%u", o->host ? o->host : "127.0.0.1",
             ewi_http_port(server->http));
    return EW_OK;
}

static ew_status start_threads(ew_server *server, ew_error *err) {
    for (size_t i = 0; i < N_WORKERS; i++)
        EWI_TRY(ewi_thread_start(work, server, "ew-request", &server->workers[i], err));
    return ewi_thread_start(sweep, server, "ew-sweep", &server->sweeper, err);
}

static ew_status open_ledger(ew_server *server, ew_error *err) {
    if (!server->options.ledger_path) return EW_OK;
    server->ledger = ewi_ledger_new(server->options.ledger_path, log_error, server);
    return server->ledger ? EW_OK : ewi_no_memory(err, "figures of requests");
}

static ew_status fill_server(ew_server *server, ew_error *err) {
    server->lock = ewi_mutex_new();
    server->signal = ewi_signal_new();
    server->metrics = ewi_metrics_new();
    if (!server->lock || !server->signal || !server->metrics) return ewi_no_memory(err, "a server");
    EWI_TRY(ewi_models_new(&server->options, &server->models, err));
    EWI_TRY(digest_keys(server, err));
    EWI_TRY(open_ledger(server, err));
    EWI_TRY(start_threads(server, err));
    return open_http(server, err);
}

ew_status ew_server_open(const ew_server_options *options, ew_server **out, ew_error *err) {
    EWI_REQUIRE(options && options->struct_size == sizeof *options && out, err);
    ew_server *server = ewi_zalloc(sizeof *server);
    if (!server) return ewi_no_memory(err, "a server");
    server->options = *options;
    ew_status status = fill_server(server, err);
    if (status == EW_OK)
        *out = server;
    else
        ew_server_close(server);
    return status;
}

static void stop_threads(ew_server *server) {
    if (!server->lock || !server->signal) return;
    ewi_mutex_lock(server->lock);
    server->is_stopping = true;
    ewi_mutex_unlock(server->lock);
    ewi_signal_raise(server->signal);
    for (size_t i = 0; i < N_WORKERS; i++) ewi_thread_join(server->workers[i]);
    ewi_thread_join(server->sweeper);
}

void ew_server_close(ew_server *server) {
    if (!server) return;
    ewi_http_close(server->http, GRACE_MS);
    stop_threads(server);
    ewi_models_free(server->models);
    ewi_ledger_free(server->ledger); /* after all that may note */
    ewi_metrics_free(server->metrics);
    ewi_free(server->digests);
    ewi_signal_free(server->signal);
    ewi_mutex_free(server->lock);
    ewi_free(server);
}
