#define _GNU_SOURCE

#include <string.h>
#include <sys/socket.h>

#include "base/error.h"
#include "base/mem.h"
#include "os/clock.h"
#include "serve/http_gate.h"
#include "serve/http_inner.h"

#define MAX_SET_HEADERS ((size_t)2 << 10)
#define MAX_ERROR_BYTES ((size_t)16 << 10)
/* Replies up to this size are handed over whole; longer ones as they are read, so that a reader that stalls
 * is noticed. */
#define WHOLE_REPLY_BYTES ((size_t)16 << 10)
#define PIECE_BYTES       ((size_t)32 << 10)

/* The exchange whose on_gone this thread is in. */
static _Thread_local const ewi_exchange *gone_here;

/* ---- life ---- */

static void free_exchange(ewi_exchange *x) {
    ewi_buffer_deinit(&x->body);
    ewi_buffer_deinit(&x->headers);
    ewi_buffer_deinit(&x->out);
    ewi_free(x->head.fields);
    ewi_free(x->head_block);
    ewi_free(x->target);
    ewi_free(x);
}

void ewi_exchange_unref(ewi_exchange *x) {
    ewi_http *http = x->http;
    ewi_http_lock(http);
    bool is_last = --x->refs == 0;
    if (is_last) http->stats.bodies_bytes -= x->body_charged;
    ewi_http_unlock(http);
    if (!is_last) return;
    free_exchange(x);
    ewi_http_unref(http);
}

ewi_exchange *ewi_exchange_new(ewi_http *http, ewi_http_slot *s, struct MHD_Connection *connection,
                               const char *target) {
    ewi_exchange *x = ewi_zalloc(sizeof *x);
    if (!x) return NULL;
    x->target = ewi_strdup(ewi_str(target));
    if (!x->target) {
        ewi_free(x);
        return NULL;
    }
    x->http = http;
    x->connection = connection;
    x->slot = s;
    x->refs = 1;
    x->arrived_ns = ewi_clock_ns();
    ewi_buffer_init(&x->body, http->options.max_body_bytes);
    ewi_buffer_init(&x->headers, MAX_SET_HEADERS);
    ewi_buffer_init(&x->out, SIZE_MAX / 2);
    return x;
}

/* With the lock held. */
static void resume(ewi_exchange *x) {
    if (!x->is_suspended) return;
    x->is_suspended = false;
    x->progress_ns = ewi_clock_ns();
    x->http->mhd.resume(x->connection);
}

void ewi_exchange_suspend(ewi_exchange *x) {
    ewi_http_slot *s = x->slot;
    uint64_t tag = (uint64_t)s->generation << 32 | (uint64_t)(s - x->http->slots);
    if (!x->is_watched) ewi_watch_add(x->http->watch, s->fd, tag);
    x->is_watched = true;
    x->is_suspended = true;
    x->http->mhd.suspend(x->connection);
}

/* With the lock held. */
static void note_gone(ewi_exchange *x) {
    if (!x->is_gone && !x->is_ended && x->slot->state == EWI_CONNECTION_ANSWERING) x->http->stats.gone++;
    x->is_gone = true;
}

void ewi_exchange_cut(ewi_exchange *x) {
    if (x->is_gone || !x->connection) return;
    note_gone(x);
    shutdown(x->slot->fd, SHUT_RDWR);
    resume(x);
}

void ewi_exchange_tell_gone(ewi_exchange *x) {
    ewi_http *http = x->http;
    ewi_http_lock(http);
    bool tells = x->is_gone && !x->is_ended && x->on_gone && !x->gone_called;
    if (tells) x->gone_called = x->gone_runs = true;
    ewi_http_unlock(http);
    if (!tells) return;
    const ewi_exchange *outer = gone_here;
    gone_here = x;
    x->on_gone(x->on_gone_user);
    gone_here = outer;
    ewi_http_lock(http);
    x->gone_runs = false;
    ewi_http_unlock(http);
    ewi_signal_raise(http->on_gone_returned);
}

/* With the lock held. */
static void wait_for_on_gone(ewi_exchange *x) {
    ewi_http *http = x->http;
    while (x->gone_runs && gone_here != x) {
        uint32_t seen = ewi_signal_value(http->on_gone_returned);
        ewi_http_unlock(http);
        ewi_signal_wait(http->on_gone_returned, seen);
        ewi_http_lock(http);
    }
}

void ewi_exchange_finish(ewi_exchange *x) {
    ewi_http *http = x->http;
    ewi_http_lock(http);
    if (x->is_watched) ewi_watch_remove(http->watch, x->slot->fd);
    if (x->is_handed_on) {
        http->stats.exchanges--;
        if (!x->is_ended) note_gone(x);
    }
    x->slot->x = NULL;
    x->slot->state = EWI_CONNECTION_IDLE;
    x->slot->since_ns = ewi_clock_ns();
    x->connection = NULL;
    x->is_suspended = false;
    struct MHD_Response *unsent = x->response;
    x->response = NULL;
    if (http->close_by_ns && http->stats.exchanges == 0) ewi_watch_wake(http->watch);
    ewi_http_unlock(http);
    if (unsent) http->mhd.destroy_response(unsent);
    ewi_exchange_tell_gone(x);
    ewi_exchange_unref(x);
}

/* ---- replies ---- */

static ssize_t read_out(void *user, uint64_t position, char *to, size_t max) {
    (void)position;
    ewi_exchange *x = user;
    ssize_t n = 0;
    ewi_http_lock(x->http);
    size_t waiting = x->out.len - x->out_at;
    if (x->is_gone || x->http->is_stopping)
        n = MHD_CONTENT_READER_END_WITH_ERROR;
    else if (waiting) {
        size_t taken = waiting < max ? waiting : max;
        memcpy(to, x->out.data + x->out_at, taken);
        x->out_at += taken;
        x->progress_ns = ewi_clock_ns();
        n = (ssize_t)taken;
    } else if (x->is_ended)
        n = MHD_CONTENT_READER_END_OF_STREAM;
    else
        ewi_exchange_suspend(x);
    if (x->out_at == x->out.len) x->out.len = x->out_at = 0;
    ewi_http_unlock(x->http);
    return n;
}

static void add_header(const ewi_exchange *x, struct MHD_Response *response, const char *name,
                       const char *value) {
    (void)x->http->mhd.add_header(response, name, value);
}

static void add_cors(const ewi_exchange *x, struct MHD_Response *response) {
    char text[256];
    ew_str origin = ewi_http_allowed_origin(&x->http->options, &x->head);
    if (x->http->options.n_allowed_origins) add_header(x, response, "Vary", "Origin");
    if (origin.len == 0 || origin.len >= sizeof text || !ewi_http_is_value(origin)) return;
    memcpy(text, origin.data, origin.len);
    text[origin.len] = '\0';
    add_header(x, response, "Access-Control-Allow-Origin", text);
    add_header(x, response, "Access-Control-Expose-Headers", "*");
    if (!ewi_http_is_preflight(&x->head)) return;
    add_header(x, response, "Access-Control-Allow-Methods", "GET, POST, DELETE, HEAD, OPTIONS");
    ew_str wanted = ewi_http_head_get(&x->head, "access-control-request-headers");
    if (wanted.len && wanted.len < sizeof text) {
        memcpy(text, wanted.data, wanted.len);
        text[wanted.len] = '\0';
        add_header(x, response, "Access-Control-Allow-Headers", text);
    }
    add_header(x, response, "Access-Control-Max-Age", "600");
}

static void add_headers(const ewi_exchange *x, struct MHD_Response *response, const char *content_type) {
    if (content_type) add_header(x, response, "Content-Type", content_type);
    add_header(x, response, "X-Content-Type-Options", "nosniff");
    if (x->request_id[0]) add_header(x, response, "X-Request-Id", x->request_id);
    if (x->traceparent[0]) add_header(x, response, "traceparent", x->traceparent);
    if (x->refusal.status == 401) add_header(x, response, "WWW-Authenticate", "Bearer");
    if (x->refusal.closes) add_header(x, response, "Connection", "close");
    add_cors(x, response);
    const char *at = (const char *)x->headers.data, *end = at ? at + x->headers.len : at;
    while (at < end) {
        const char *value = at + strlen(at) + 1;
        add_header(x, response, at, value);
        at = value + strlen(value) + 1;
    }
}

/* Hands a response to the HTTP thread; `ended`: the exchange is no longer the handler's. */
static void set_response(ewi_exchange *x, unsigned status, struct MHD_Response *response, bool ended) {
    ewi_http *http = x->http;
    ewi_http_lock(http);
    EW_ASSERT(!x->response && !x->status && !x->is_ended);
    if (ended) wait_for_on_gone(x);
    x->status = status;
    x->is_ended = ended;
    x->progress_ns = ewi_clock_ns();
    bool is_taken = x->connection && !x->is_gone && response;
    if (is_taken)
        x->response = response;
    else if (x->connection)
        ewi_exchange_cut(x);
    if (is_taken) resume(x);
    ewi_http_unlock(http);
    if (response && !is_taken) http->mhd.destroy_response(response);
}

static struct MHD_Response *make_reply(ewi_exchange *x, ew_str body) {
    const ewi_mhd *mhd = &x->http->mhd;
    if (body.len <= WHOLE_REPLY_BYTES) {
        union {
            const char *in;
            void *out;
        } data = {.in = body.data};
        return mhd->response_from_buffer(body.len, body.len ? data.out : NULL, MHD_RESPMEM_MUST_COPY);
    }
    if (!ewi_buffer_add(&x->out, body.data, body.len)) return NULL;
    return mhd->response_from_reader(body.len, PIECE_BYTES, read_out, x, NULL);
}

void ewi_exchange_reply(ewi_exchange *x, unsigned status, const char *content_type, ew_str body) {
    struct MHD_Response *response = make_reply(x, body);
    if (response) add_headers(x, response, content_type);
    set_response(x, status, response, true);
    ewi_exchange_unref(x);
}

void ewi_exchange_reply_error(ewi_exchange *x, unsigned status, const char *code, const char *message) {
    const ewi_http_options *options = &x->http->options;
    ewi_buffer body;
    ewi_buffer_init(&body, MAX_ERROR_BYTES);
    if (options->write_error)
        options->write_error(options->user, x->head.path, status, code, message, &body);
    else
        ewi_http_write_error(status, code, message, &body);
    ewi_exchange_reply(x, status, "application/json", body.failed ? EWI_STR("") : ewi_buffer_str(&body));
    ewi_buffer_deinit(&body);
}

void ewi_exchange_stream(ewi_exchange *x, unsigned status, const char *content_type) {
    struct MHD_Response *response =
        x->http->mhd.response_from_reader(MHD_SIZE_UNKNOWN, PIECE_BYTES / 8, read_out, x, NULL);
    if (response) add_headers(x, response, content_type);
    set_response(x, status, response, false);
}

/* With the lock held. What was read already makes room for what comes. */
static bool add_out(ewi_exchange *x, ew_str bytes) {
    size_t waiting = x->out.len - x->out_at;
    size_t max = x->http->options.max_waiting_bytes;
    if (waiting > max || bytes.len > max - waiting) return false;
    if (x->out_at > waiting) {
        memmove(x->out.data, x->out.data + x->out_at, waiting);
        x->out.len = waiting;
        x->out_at = 0;
    }
    return ewi_buffer_add(&x->out, bytes.data, bytes.len);
}

bool ewi_exchange_write(ewi_exchange *x, ew_str bytes) {
    ewi_http *http = x->http;
    ewi_http_lock(http);
    EW_ASSERT(x->status && !x->is_ended);
    if (x->connection && ewi_watch_has_left(x->slot->fd)) ewi_exchange_cut(x);
    bool is_there = x->connection && !x->is_gone;
    if (is_there && !add_out(x, bytes)) {
        if (!x->slot->is_cut) http->stats.cut_slow_readers++;
        x->slot->is_cut = true;
        ewi_exchange_cut(x);
        is_there = false;
    } else if (is_there)
        resume(x);
    ewi_http_unlock(http);
    return is_there;
}

void ewi_exchange_end(ewi_exchange *x) {
    ewi_http *http = x->http;
    ewi_http_lock(http);
    EW_ASSERT(x->status && !x->is_ended);
    wait_for_on_gone(x);
    x->is_ended = true;
    if (x->connection) resume(x);
    ewi_http_unlock(http);
    ewi_exchange_unref(x);
}

void ewi_exchange_on_gone(ewi_exchange *x, void (*fn)(void *user), void *user) {
    ewi_http_lock(x->http);
    x->on_gone = fn;
    x->on_gone_user = user;
    ewi_http_unlock(x->http);
    ewi_exchange_tell_gone(x);
}

bool ewi_exchange_set_header(ewi_exchange *x, const char *name, ew_str value) {
    size_t before = x->headers.len;
    if (!ewi_http_is_token(ewi_str(name)) || !ewi_http_is_value(value) || value.len == 0) return false;
    if (ewi_buffer_add(&x->headers, name, strlen(name) + 1) &&
        ewi_buffer_add(&x->headers, value.data, value.len) && ewi_buffer_add(&x->headers, "", 1))
        return true;
    x->headers.len = before;
    return false;
}

/* ---- getters ---- */

ewi_method ewi_exchange_method(const ewi_exchange *x) {
    return x->head.method;
}

ew_str ewi_exchange_path(const ewi_exchange *x) {
    return x->head.path;
}

ew_str ewi_exchange_query(const ewi_exchange *x, const char *name) {
    for (size_t i = 0; i < x->head.n_arguments; i++)
        if (ewi_str_is(x->head.arguments[i].name, name)) return x->head.arguments[i].value;
    return (ew_str){NULL, 0};
}

ew_str ewi_exchange_header(const ewi_exchange *x, const char *name) {
    return ewi_http_head_get(&x->head, name);
}

ew_str ewi_exchange_body(const ewi_exchange *x) {
    return x->body.len ? ewi_buffer_str(&x->body) : EWI_STR("");
}

uint64_t ewi_exchange_client(const ewi_exchange *x) {
    return x->client;
}

ew_str ewi_exchange_request_id(const ewi_exchange *x) {
    return ewi_str(x->request_id);
}

ew_str ewi_exchange_traceparent(const ewi_exchange *x) {
    return x->traceparent[0] ? ewi_str(x->traceparent) : (ew_str){NULL, 0};
}

uint64_t ewi_exchange_arrived_ns(const ewi_exchange *x) {
    return x->arrived_ns;
}
