#define _GNU_SOURCE

#include "serve/http.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "base/mem.h"
#include "os/clock.h"
#include "os/library.h"
#include "os/thread.h"
#include "os/watch.h"
#include "serve/http_gate.h"
#include "serve/http_head.h"
#include "serve/http_listen.h"
#include "serve/mhd.h"

/* What a connection's memory has beside the request's head: the reply's head and a piece of its body. */
#define REPLY_HEAD_BYTES ((size_t)8 << 10)
#define MAX_SET_HEADERS  ((size_t)2 << 10)
#define MAX_ERROR_BYTES  ((size_t)16 << 10)
/* Replies up to this size are handed over whole; longer ones as they are read, so that a reader that stalls
 * is noticed. */
#define WHOLE_REPLY_BYTES ((size_t)16 << 10)
#define PIECE_BYTES       ((size_t)32 << 10)
/* Bodies of refused requests are read and dropped up to so many times the limit: a client that is still
 * writing when the connection closes would not see the reply. */
#define DROPPED_BODIES 4

/* ---- the nouns ---- */

/* A connection. Fields are guarded by the server's lock. */
typedef struct slot {
    int fd; /* -1: free */
    uint32_t generation;
    uint32_t next_free;
    enum { FRESH, IDLE, READING, ANSWERING } state; /* FRESH: no request yet */
    uint64_t since_ns;                              /* in this state */
    uint64_t peer;
    ewi_exchange *x; /* the request that is read or answered */
    bool is_cut;
    int unsent; /* bytes that the system held when it was last asked */
} slot;

struct ewi_http {
    ewi_http_options options;
    bool is_loopback;
    uint16_t port;
    ewi_mhd mhd;
    ewi_library *library;
    struct MHD_Daemon *daemon;
    ewi_watch *watch;
    ewi_thread *sweeper;
    ewi_mutex *lock; /* guards what follows, the slots, and what the exchanges share */
    ewi_signal *on_gone_returned;
    slot *slots; /* [max_connections] */
    uint32_t first_free;
    uint64_t n_made_ids, id_salt;
    uint64_t close_by_ns; /* 0: open */
    bool is_stopping;     /* nothing is suspended any more */
    size_t refs;          /* the server's own, and one for each exchange */
    ewi_http_stats stats;
};

struct ewi_exchange {
    ewi_http *http;
    ewi_http_head head;
    char *head_block; /* what the head points into */
    char *target;     /* of the request line */
    uint64_t client, arrived_ns;
    char request_id[EWI_REQUEST_ID_MAX + 1], traceparent[56];
    ewi_buffer body;
    size_t body_charged; /* to the budget of all bodies */
    uint64_t n_dropped;
    ewi_http_refusal refusal;
    bool has_head, is_handed_on; /* HTTP thread only */

    ewi_buffer headers; /* name NUL value NUL ...; the handler's until it replies */

    /* Guarded by the server's lock. */
    unsigned refs;
    struct MHD_Connection *connection; /* NULL: over */
    slot *slot;
    struct MHD_Response *response; /* waits to be queued */
    unsigned status;
    bool is_suspended, is_watched, is_ended, is_gone;
    bool gone_called, gone_runs;
    ewi_buffer out; /* waits to be read, from out_at on */
    size_t out_at;
    uint64_t progress_ns; /* when the client last took something */
    void (*on_gone)(void *user);
    void *on_gone_user;
};

/* The exchange whose on_gone this thread is in. */
static _Thread_local const ewi_exchange *gone_here;

static void lock(ewi_http *http) {
    ewi_mutex_lock(http->lock);
}

static void unlock(ewi_http *http) {
    ewi_mutex_unlock(http->lock);
}

/* ---- life of an exchange ---- */

static void free_http(ewi_http *http) {
    if (!http) return;
    ewi_watch_free(http->watch);
    ewi_signal_free(http->on_gone_returned);
    ewi_mutex_free(http->lock);
    ewi_free(http->slots);
    ewi_library_close(http->library);
    ewi_free(http);
}

static void unref_http(ewi_http *http) {
    lock(http);
    bool is_last = --http->refs == 0;
    unlock(http);
    if (is_last) free_http(http);
}

static void free_exchange(ewi_exchange *x) {
    ewi_buffer_deinit(&x->body);
    ewi_buffer_deinit(&x->headers);
    ewi_buffer_deinit(&x->out);
    ewi_free(x->head.fields);
    ewi_free(x->head_block);
    ewi_free(x->target);
    ewi_free(x);
}

static void unref(ewi_exchange *x) {
    ewi_http *http = x->http;
    lock(http);
    bool is_last = --x->refs == 0;
    if (is_last) http->stats.bodies_bytes -= x->body_charged;
    unlock(http);
    if (!is_last) return;
    free_exchange(x);
    unref_http(http);
}

static ewi_exchange *new_exchange(ewi_http *http, slot *s, struct MHD_Connection *connection,
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

/* libmicrohttpd does not look at a suspended connection, so the sweeper does. With the lock held. */
static void suspend(ewi_exchange *x) {
    slot *s = x->slot;
    uint64_t tag = (uint64_t)s->generation << 32 | (uint64_t)(s - x->http->slots);
    if (!x->is_watched) ewi_watch_add(x->http->watch, s->fd, tag);
    x->is_watched = true;
    x->is_suspended = true;
    x->http->mhd.suspend(x->connection);
}

/* The client is gone, or is made to be: the connection ends as soon as the HTTP thread looks. With the lock
 * held. */
static void cut(ewi_exchange *x) {
    if (x->is_gone || !x->connection) return;
    x->is_gone = true;
    shutdown(x->slot->fd, SHUT_RDWR);
    resume(x);
}

/* Tells the handler once that its client is gone. Takes and gives back the lock. */
static void tell_gone(ewi_exchange *x) {
    ewi_http *http = x->http;
    lock(http);
    bool tells = x->is_gone && !x->is_ended && x->on_gone && !x->gone_called;
    if (tells) x->gone_called = x->gone_runs = true;
    unlock(http);
    if (!tells) return;
    const ewi_exchange *outer = gone_here;
    gone_here = x;
    x->on_gone(x->on_gone_user);
    gone_here = outer;
    lock(http);
    x->gone_runs = false;
    unlock(http);
    ewi_signal_raise(http->on_gone_returned);
}

/* With the lock held. */
static void wait_for_on_gone(ewi_exchange *x) {
    ewi_http *http = x->http;
    while (x->gone_runs && gone_here != x) {
        uint32_t seen = ewi_signal_value(http->on_gone_returned);
        unlock(http);
        ewi_signal_wait(http->on_gone_returned, seen);
        lock(http);
    }
}

/* ---- replies ---- */

static ssize_t read_out(void *user, uint64_t position, char *to, size_t max) {
    (void)position;
    ewi_exchange *x = user;
    ssize_t n = 0;
    lock(x->http);
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
        suspend(x);
    if (x->out_at == x->out.len) x->out.len = x->out_at = 0;
    unlock(x->http);
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
    if (x->refusal.status == 405) add_header(x, response, "Allow", "GET, POST, DELETE, HEAD, OPTIONS");
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
    lock(http);
    EW_ASSERT(!x->response && !x->status && !x->is_ended);
    if (ended) wait_for_on_gone(x);
    x->status = status;
    x->is_ended = ended;
    x->progress_ns = ewi_clock_ns();
    bool is_taken = x->connection && !x->is_gone && response;
    if (is_taken)
        x->response = response;
    else if (x->connection)
        cut(x);
    if (is_taken) resume(x);
    unlock(http);
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
    unref(x);
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
    lock(http);
    EW_ASSERT(x->status && !x->is_ended);
    bool is_there = x->connection && !x->is_gone;
    if (is_there && !add_out(x, bytes)) {
        if (!x->slot->is_cut) http->stats.cut_slow_readers++;
        x->slot->is_cut = true;
        cut(x);
        is_there = false;
    } else if (is_there)
        resume(x);
    unlock(http);
    return is_there;
}

void ewi_exchange_end(ewi_exchange *x) {
    ewi_http *http = x->http;
    lock(http);
    EW_ASSERT(x->status && !x->is_ended);
    wait_for_on_gone(x);
    x->is_ended = true;
    if (x->connection) resume(x);
    unlock(http);
    unref(x);
}

void ewi_exchange_on_gone(ewi_exchange *x, void (*fn)(void *user), void *user) {
    lock(x->http);
    x->on_gone = fn;
    x->on_gone_user = user;
    unlock(x->http);
    tell_gone(x);
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

/* ---- a request as it comes (HTTP thread) ---- */

/* What the copy of a head needs, then where it stands. */
typedef struct head_copy {
    ewi_exchange *x;
    bool copies; /* the second time */
    size_t n_fields, n_arguments, n_bytes, max_bytes;
    char *at;
    const char *line_end; /* where the line of the next header must begin */
    bool is_crooked;
} head_copy;

/*
 * libmicrohttpd takes lines apart where it read them, and lets pass what others would read differently: bare
 * line feeds, NULs, and lines that go on in the next, which lose their value. All show as a gap between the
 * pieces that is more than a colon with blanks, or CR LF.
 */
static bool is_straight(head_copy *copy, const char *name, size_t name_len, const char *value,
                        size_t value_len) {
    const char *at = name + name_len + 1;
    if (copy->line_end && name != copy->line_end) return false;
    if (value < at || (size_t)(value - at) > copy->max_bytes) return false;
    while (at < value && (*at == ' ' || *at == '\t')) at++;
    copy->line_end = value + value_len + 2;
    return at == value && value[value_len] == '\0' && value[value_len + 1] == '\0';
}

static ew_str copy_text(head_copy *copy, const char *text, size_t len) {
    ew_str out = {copy->at, len};
    if (len) memcpy(copy->at, text, len);
    copy->at += len;
    return out;
}

static enum MHD_Result see_value(void *user, enum MHD_ValueKind kind, const char *name, size_t name_len,
                                 const char *value, size_t value_len) {
    head_copy *copy = user;
    if (!value) value_len = 0;
    if (!copy->copies) {
        copy->n_bytes += name_len + value_len;
        if (kind == MHD_HEADER_KIND) {
            copy->n_fields++;
            if (!value || !is_straight(copy, name, name_len, value, value_len)) copy->is_crooked = true;
        } else
            copy->n_arguments++;
        return MHD_YES;
    }
    ewi_http_head *head = &copy->x->head;
    ewi_http_field field = {copy_text(copy, name, name_len), copy_text(copy, value, value_len)};
    field.value = ewi_http_trim(field.value);
    if (kind == MHD_HEADER_KIND)
        head->fields[head->n_fields++] = field;
    else
        head->arguments[head->n_arguments++] = field;
    return MHD_YES;
}

/* After the last line comes an empty one. */
static bool ends_straight(const head_copy *copy) {
    return !copy->is_crooked && copy->line_end && copy->line_end[0] == '\0' && copy->line_end[1] == '\0';
}

static bool is_head_large(const ewi_exchange *x) {
    const union MHD_ConnectionInfo *info =
        x->http->mhd.get_connection_info(x->connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    return !info || info->header_size > x->http->options.max_head_bytes;
}

static bool copy_head(ewi_exchange *x, ewi_http_refusal *refusal) {
    const ewi_mhd *mhd = &x->http->mhd;
    head_copy copy = {.x = x, .max_bytes = x->http->options.max_head_bytes + REPLY_HEAD_BYTES};
    size_t target_len = strlen(x->target), path_len = 0;
    mhd->get_values(x->connection, MHD_HEADER_KIND, see_value, &copy);
    mhd->get_values(x->connection, MHD_GET_ARGUMENT_KIND, see_value, &copy);
    size_t n = copy.n_fields + copy.n_arguments;
    x->head.fields = ewi_zalloc_array(n + 1, sizeof *x->head.fields);
    x->head_block = ewi_alloc(copy.n_bytes + target_len + 1);
    if (!x->head.fields || !x->head_block) return false;
    x->head.arguments = x->head.fields + copy.n_fields;
    copy.at = x->head_block;
    copy.copies = true;
    mhd->get_values(x->connection, MHD_HEADER_KIND, see_value, &copy);
    mhd->get_values(x->connection, MHD_GET_ARGUMENT_KIND, see_value, &copy);
    bool is_path = ewi_http_decode_path((ew_str){x->target, target_len}, copy.at, &path_len);
    x->head.path = is_path ? (ew_str){copy.at, path_len} : EWI_STR("");
    if (is_head_large(x))
        *refusal = (ewi_http_refusal){431, "headers_too_large", "the request's headers are too large", true};
    else if (copy.n_fields && !ends_straight(&copy))
        *refusal = (ewi_http_refusal){400, "bad_request", "a header's line is malformed", true};
    else if (!is_path)
        *refusal = (ewi_http_refusal){400, "bad_request", "the path is malformed", true};
    return true;
}

/* splitmix64 of a counter: looks random, never repeats in a run. */
static uint64_t made_id(ewi_http *http) {
    uint64_t z = http->id_salt + ++http->n_made_ids * 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static void name_request(ewi_exchange *x) {
    ew_str id = ewi_http_head_get(&x->head, "x-request-id");
    ew_str trace = ewi_http_head_get(&x->head, "traceparent");
    if (ewi_http_is_id(id))
        memcpy(x->request_id, id.data, id.len);
    else
        snprintf(x->request_id, sizeof x->request_id, "req_%016" PRIx64, made_id(x->http));
    if (ewi_http_is_traceparent(trace)) memcpy(x->traceparent, trace.data, trace.len);
}

static ewi_http_refusal too_large(void) {
    return (ewi_http_refusal){413, "request_too_large", "the request's body is larger than this server takes",
                              false};
}

static ewi_http_refusal no_room(void) {
    return (ewi_http_refusal){503, "overloaded", "no memory for the request now: try again later", false};
}

static ewi_http_refusal check_request(ewi_exchange *x, const char *method, const char *version) {
    ewi_http *http = x->http;
    ewi_http_refusal refusal = {0};
    bool is_method = ewi_http_method_of(method, &x->head.method);
    x->head.is_http_1_0 = strcmp(version, "HTTP/1.0") == 0;
    x->head.peer = x->slot->peer;
    if (!copy_head(x, &refusal)) {
        x->head.n_fields = x->head.n_arguments = 0;
        return no_room();
    }
    name_request(x);
    if (refusal.status) return refusal;
    refusal = ewi_http_check_framing(&x->head);
    if (refusal.status) return refusal;
    if (!is_method)
        return (ewi_http_refusal){405, "method_not_allowed",
                                  "the methods are GET, POST, DELETE, HEAD, OPTIONS", false};
    refusal = ewi_http_gate_check(&http->options, http->is_loopback, &x->head, &x->client);
    if (!refusal.status && ewi_http_announced_bytes(&x->head) > http->options.max_body_bytes)
        return too_large();
    return refusal;
}

/* The rest of the body is not worth reading: it is not sent yet, or too long, or nobody knows its end. */
static bool answers_at_once(const ewi_exchange *x) {
    uint64_t max = (uint64_t)x->http->options.max_body_bytes;
    return x->refusal.closes || ewi_http_head_get(&x->head, "expect").data ||
           ewi_http_announced_bytes(&x->head) / DROPPED_BODIES > max;
}

static enum MHD_Result queue(ewi_exchange *x, struct MHD_Response *response) {
    const ewi_mhd *mhd = &x->http->mhd;
    enum MHD_Result result = mhd->queue_response(x->connection, x->status, response);
    mhd->destroy_response(response);
    return result;
}

/* Sends the reply if it is there, else waits for it. */
static enum MHD_Result answer(ewi_exchange *x) {
    ewi_http *http = x->http;
    lock(http);
    struct MHD_Response *response = x->response;
    bool is_over = x->is_gone || http->is_stopping;
    if (!is_over) x->response = NULL;
    if (!is_over && !response) suspend(x);
    unlock(http);
    if (is_over) return MHD_NO;
    return response ? queue(x, response) : MHD_YES;
}

/* The exchange becomes the handler's, or the shell answers by itself. */
static enum MHD_Result hand_on(ewi_exchange *x) {
    ewi_http *http = x->http;
    x->is_handed_on = true;
    lock(http);
    x->refs++;
    x->slot->state = ANSWERING;
    http->stats.exchanges++;
    if (!x->refusal.status && http->close_by_ns)
        x->refusal = (ewi_http_refusal){503, "closing", "the server is closing", true};
    *(x->refusal.status ? &http->stats.refused : &http->stats.requests) += 1;
    unlock(http);
    if (x->refusal.status)
        ewi_exchange_reply_error(x, x->refusal.status, x->refusal.code, x->refusal.message);
    else if (x->head.method == EWI_OPTIONS)
        ewi_exchange_reply(x, 204, NULL, EWI_STR(""));
    else
        http->options.on_exchange(http->options.user, x);
    return answer(x);
}

static void drop_body(ewi_exchange *x, ewi_http_refusal refusal) {
    x->refusal = refusal;
    ewi_buffer_deinit(&x->body);
    lock(x->http);
    x->http->stats.bodies_bytes -= x->body_charged;
    unlock(x->http);
    x->body_charged = 0;
}

/* False: the connection is not worth keeping. */
static bool take_body(ewi_exchange *x, const char *data, size_t len) {
    ewi_http *http = x->http;
    size_t max = http->options.max_body_bytes;
    if (x->refusal.status) {
        x->n_dropped += len;
        return x->n_dropped / DROPPED_BODIES <= max;
    }
    bool fits = len <= max - x->body.len;
    if (!fits || !ewi_buffer_add(&x->body, data, len)) {
        drop_body(x, fits ? no_room() : too_large());
        return true;
    }
    x->body.data[x->body.len] = '\0';
    lock(http);
    http->stats.bodies_bytes += x->body.cap - x->body_charged;
    x->body_charged = x->body.cap;
    bool is_over = http->stats.bodies_bytes > http->options.max_bodies_bytes;
    unlock(http);
    if (is_over) drop_body(x, no_room());
    return true;
}

/* libmicrohttpd calls this when the head is there, for each piece of the body, at its end, and each time
 * after a suspension. */
static enum MHD_Result on_request(void *user, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *data, size_t *len,
                                  void **context) {
    (void)user, (void)connection, (void)url;
    ewi_exchange *x = *context;
    if (!x) return MHD_NO;
    if (!x->has_head) {
        x->has_head = true;
        x->refusal = check_request(x, method, version);
        return x->refusal.status && answers_at_once(x) ? hand_on(x) : MHD_YES;
    }
    if (*len) {
        bool goes_on = take_body(x, data, *len);
        *len = 0;
        return goes_on ? MHD_YES : MHD_NO;
    }
    return x->is_handed_on ? answer(x) : hand_on(x);
}

static slot *slot_of(ewi_http *http, struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info =
        http->mhd.get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

/* The request is over for the HTTP thread, whatever became of it. */
static void finish(ewi_exchange *x) {
    ewi_http *http = x->http;
    lock(http);
    if (x->is_watched) ewi_watch_remove(http->watch, x->slot->fd);
    x->slot->x = NULL;
    x->slot->state = IDLE;
    x->slot->since_ns = ewi_clock_ns();
    x->connection = NULL;
    x->is_suspended = false;
    if (x->is_handed_on) {
        http->stats.exchanges--;
        if (!x->is_ended) http->stats.gone++;
        if (!x->is_ended) x->is_gone = true;
    }
    struct MHD_Response *unsent = x->response;
    x->response = NULL;
    if (http->close_by_ns && http->stats.exchanges == 0) ewi_watch_wake(http->watch);
    unlock(http);
    if (unsent) http->mhd.destroy_response(unsent);
    tell_gone(x);
    unref(x);
}

/* The request's line is there. What is returned becomes the request's context. */
static void *on_line(void *user, const char *target, struct MHD_Connection *connection) {
    ewi_http *http = user;
    slot *s = slot_of(http, connection);
    ewi_exchange *x = s ? new_exchange(http, s, connection, target ? target : "") : NULL;
    if (!x) return NULL;
    lock(http);
    http->refs++;
    s->x = x;
    s->state = READING;
    s->since_ns = x->arrived_ns;
    unlock(http);
    return x;
}

static void on_completed(void *user, struct MHD_Connection *connection, void **context,
                         enum MHD_RequestTerminationCode code) {
    (void)user, (void)connection, (void)code;
    if (*context) finish(*context);
    *context = NULL;
}

/* ---- connections ---- */

static slot *take_slot(ewi_http *http, int fd, uint64_t peer) {
    lock(http);
    slot *s = http->first_free < http->options.max_connections ? &http->slots[http->first_free] : NULL;
    if (s) {
        http->first_free = s->next_free;
        s->fd = fd;
        s->peer = peer;
        s->state = FRESH;
        s->since_ns = ewi_clock_ns();
        s->is_cut = false;
        if (http->stats.connections++ == 0) ewi_watch_wake(http->watch);
    }
    unlock(http);
    return s;
}

/* Of a request that libmicrohttpd itself refused it does not always say that it is over. */
static void give_slot(ewi_http *http, slot *s) {
    if (s->x) finish(s->x);
    lock(http);
    s->fd = -1;
    s->generation++;
    s->next_free = http->first_free;
    http->first_free = (uint32_t)(s - http->slots);
    http->stats.connections--;
    unlock(http);
}

static void on_connection(void *user, struct MHD_Connection *connection, void **context,
                          enum MHD_ConnectionNotificationCode code) {
    ewi_http *http = user;
    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
        if (*context) give_slot(http, *context);
        *context = NULL;
        return;
    }
    const union MHD_ConnectionInfo *info =
        http->mhd.get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    int fd = info ? info->connect_fd : -1;
    info = http->mhd.get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    ewi_http_set_socket(fd, http->options.stall_ms);
    *context = take_slot(http, fd, ewi_http_hash_peer(info ? info->client_addr : NULL));
    if (!*context) shutdown(fd, SHUT_RDWR);
}

/* ---- the sweeper's thread: clients that are too slow, and those that went ---- */

static bool is_older(uint64_t since_ns, uint64_t now_ns, uint32_t limit_ms) {
    return now_ns > since_ns && now_ns - since_ns > (uint64_t)limit_ms * 1000000u;
}

/* A reply is being sent, and for too long its client took nothing of it: neither did libmicrohttpd ask for
 * more, nor did what the system holds change. */
static bool is_stalled(const ewi_http *http, slot *s, uint64_t now_ns) {
    ewi_exchange *x = s->x;
    int unsent = 0;
    if (!x || !x->status || x->is_suspended) return false;
    if (ioctl(s->fd, TIOCOUTQ, &unsent) == 0 && unsent != s->unsent) {
        s->unsent = unsent;
        x->progress_ns = now_ns;
    }
    return is_older(x->progress_ns, now_ns, http->options.stall_ms);
}

static uint64_t *reason_to_cut(ewi_http *http, slot *s, uint64_t now_ns) {
    const ewi_http_options *o = &http->options;
    switch (s->state) {
    case FRESH: return is_older(s->since_ns, now_ns, o->request_ms) ? &http->stats.cut_slow_requests : NULL;
    case IDLE: return is_older(s->since_ns, now_ns, o->idle_ms) ? &http->stats.cut_idle : NULL;
    case READING: return is_older(s->since_ns, now_ns, o->request_ms) ? &http->stats.cut_slow_requests : NULL;
    case ANSWERING: return is_stalled(http, s, now_ns) ? &http->stats.cut_slow_readers : NULL;
    }
    return NULL;
}

/* With the lock held. */
static void cut_slot(slot *s) {
    s->is_cut = true;
    if (s->x)
        cut(s->x);
    else
        shutdown(s->fd, SHUT_RDWR);
}

static void sweep(ewi_http *http) {
    uint64_t now_ns = ewi_clock_ns();
    lock(http);
    for (uint32_t i = 0; i < http->options.max_connections; i++) {
        slot *s = &http->slots[i];
        uint64_t *reason = s->fd >= 0 && !s->is_cut ? reason_to_cut(http, s, now_ns) : NULL;
        if (!reason) continue;
        *reason += 1;
        cut_slot(s);
    }
    unlock(http);
}

/* Tags are a slot and its generation: a tag of a connection that is over meets another generation. */
static void cut_left(ewi_http *http, const uint64_t *tags, size_t n) {
    lock(http);
    for (size_t i = 0; i < n; i++) {
        slot *s = &http->slots[(uint32_t)tags[i]];
        if (s->fd >= 0 && s->generation == (uint32_t)(tags[i] >> 32) && s->x) cut_slot(s);
    }
    unlock(http);
}

static int sweep_period_ms(const ewi_http_options *o) {
    uint32_t least = o->idle_ms < o->request_ms ? o->idle_ms : o->request_ms;
    if (o->stall_ms < least) least = o->stall_ms;
    return least / 8 < 10 ? 10 : least / 8 > 250 ? 250 : (int)(least / 8);
}

/* How long to sleep; -2: all is over. */
static int next_sweep_ms(ewi_http *http) {
    lock(http);
    uint64_t close_by_ns = http->close_by_ns;
    bool is_busy = http->stats.exchanges > 0, is_empty = http->stats.connections == 0;
    unlock(http);
    uint64_t now_ns = ewi_clock_ns();
    if (close_by_ns && (!is_busy || now_ns >= close_by_ns)) return -2;
    if (is_empty && !close_by_ns) return -1;
    int period_ms = sweep_period_ms(&http->options);
    uint64_t left_ms = close_by_ns ? (close_by_ns - now_ns) / 1000000u + 1 : UINT64_MAX;
    return left_ms < (uint64_t)period_ms ? (int)left_ms : period_ms;
}

static void run_sweeper(void *user) {
    ewi_http *http = user;
    uint64_t tags[64];
    for (int timeout_ms; (timeout_ms = next_sweep_ms(http)) != -2;) {
        size_t n = ewi_watch_wait(http->watch, timeout_ms, tags, EWI_COUNT(tags));
        cut_left(http, tags, n);
        sweep(http);
    }
}

/* ---- opening and closing ---- */

/* Its thread gets no signal of the program. */
static ew_status start_daemon(ewi_http *http, ew_error *err) {
    const ewi_http_options *o = &http->options;
    unsigned flags = MHD_USE_EPOLL | MHD_USE_INTERNAL_POLLING_THREAD | MHD_ALLOW_SUSPEND_RESUME;
    sigset_t all, before;
    ewi_http_listener listener;
    EWI_TRY(ewi_http_listen(o->host, o->port, &listener, err));
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    http->daemon = http->mhd.start_daemon(
        flags, 0, NULL, NULL, on_request, http, MHD_OPTION_LISTEN_SOCKET, listener.fd,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)o->max_connections, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        o->max_head_bytes + REPLY_HEAD_BYTES, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_URI_LOG_CALLBACK,
        on_line, http, MHD_OPTION_NOTIFY_COMPLETED, on_completed, http, MHD_OPTION_NOTIFY_CONNECTION,
        on_connection, http, MHD_OPTION_END);
    int code = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    http->port = listener.port;
    http->is_loopback = listener.is_loopback;
    if (http->daemon) return EW_OK;
    close(listener.fd);
    return ewi_fail(err, EW_IO, "cannot start the HTTP server: %s", strerror(code));
}

static void set_defaults(ewi_http_options *o) {
#define DEFAULT(field, value) o->field = o->field ? o->field : (value)
    DEFAULT(max_head_bytes, (size_t)12 << 10);
    DEFAULT(max_body_bytes, (size_t)32 << 20);
    DEFAULT(max_bodies_bytes, (size_t)256 << 20);
    DEFAULT(max_waiting_bytes, (size_t)1 << 20);
    DEFAULT(max_connections, 1024);
    DEFAULT(idle_ms, 60000);
    DEFAULT(request_ms, 30000);
    DEFAULT(stall_ms, 30000);
#undef DEFAULT
}

static ew_status allocate(ewi_http *http, ew_error *err) {
    uint32_t n = http->options.max_connections;
    http->lock = ewi_mutex_new();
    http->on_gone_returned = ewi_signal_new();
    http->slots = ewi_zalloc_array(n, sizeof *http->slots);
    if (!http->lock || !http->on_gone_returned || !http->slots) return ewi_no_memory(err, "the HTTP server");
    for (uint32_t i = 0; i < n; i++) http->slots[i] = (slot){.fd = -1, .next_free = i + 1};
    return ewi_watch_new(&http->watch, err);
}

static ew_status start(ewi_http *http, ew_error *err) {
    EWI_TRY(ewi_mhd_load(&http->mhd, &http->library, err));
    EWI_TRY(allocate(http, err));
    EWI_TRY(start_daemon(http, err));
    ew_status status = ewi_thread_start(run_sweeper, http, "ew-http-sweep", &http->sweeper, err);
    if (status != EW_OK) http->mhd.stop_daemon(http->daemon);
    return status;
}

ew_status ewi_http_open(const ewi_http_options *options, ewi_http **out, ew_error *err) {
    EWI_REQUIRE(options && options->on_exchange, err);
    ewi_http *http = ewi_zalloc(sizeof *http);
    if (!http) return ewi_no_memory(err, "the HTTP server");
    http->options = *options;
    http->refs = 1;
    http->id_salt = ewi_clock_ns() * 0x2545f4914f6cdd1du ^ (uint64_t)getpid();
    set_defaults(&http->options);
    *out = http; /* before its threads start, whose handlers may look there */
    ew_status status = start(http, err);
    if (status == EW_OK) return EW_OK;
    *out = NULL;
    free_http(http);
    return status;
}

uint16_t ewi_http_port(const ewi_http *http) {
    return http->port;
}

void ewi_http_get_stats(ewi_http *http, ewi_http_stats *out) {
    lock(http);
    *out = http->stats;
    unlock(http);
}

/* With nothing suspended any more, libmicrohttpd can be stopped. */
static void cut_all(ewi_http *http) {
    lock(http);
    http->is_stopping = true;
    for (uint32_t i = 0; i < http->options.max_connections; i++)
        if (http->slots[i].fd >= 0 && http->slots[i].x) cut(http->slots[i].x);
    unlock(http);
}

void ewi_http_close(ewi_http *http, uint32_t grace_ms) {
    if (!http) return;
    int fd = http->mhd.quiesce_daemon(http->daemon);
    if (fd >= 0) close(fd);
    lock(http);
    http->close_by_ns = ewi_clock_ns() + (uint64_t)grace_ms * 1000000u;
    unlock(http);
    ewi_watch_wake(http->watch);
    ewi_thread_join(http->sweeper);
    cut_all(http);
    http->mhd.stop_daemon(http->daemon);
    unref_http(http);
}
