#define _GNU_SOURCE

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "os/clock.h"
#include "serve/http_gate.h"
#include "serve/http_inner.h"

/* What a connection's memory has beside the request's head: the reply's head and a piece of its body. */
#define REPLY_HEAD_BYTES ((size_t)8 << 10)
/* It holds heads of so many times the limit, so that most that are too large are refused here: what it cannot
 * hold, libmicrohttpd refuses in words of its own. All of it is touched by each connection. */
#define HEADS_HELD 2
/* Bodies of refused requests are read and dropped up to so many times the limit: a client that is still
 * writing when the connection closes would not see the reply. */
#define DROPPED_BODIES 4

size_t ewi_http_connection_bytes(const ewi_http_options *options) {
    return HEADS_HELD * options->max_head_bytes + REPLY_HEAD_BYTES;
}

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
    head_copy copy = {.x = x, .max_bytes = ewi_http_connection_bytes(&x->http->options)};
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
    x->head.path = (ew_str){copy.at, path_len};
    if (target_len > x->http->options.max_head_bytes)
        *refusal = (ewi_http_refusal){414, "uri_too_long", "the request's line is too long", true};
    else if (is_head_large(x))
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
    x->head.method = ewi_http_method_of(method);
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
    ewi_http_lock(http);
    struct MHD_Response *response = x->response;
    bool is_over = x->is_gone || http->is_stopping;
    if (!is_over) x->response = NULL;
    if (!is_over && !response) ewi_exchange_suspend(x);
    ewi_http_unlock(http);
    if (is_over) return MHD_NO;
    return response ? queue(x, response) : MHD_YES;
}

/* The exchange becomes the handler's, or the shell answers by itself. */
static enum MHD_Result hand_on(ewi_exchange *x) {
    ewi_http *http = x->http;
    x->is_handed_on = true;
    ewi_http_lock(http);
    x->refs++;
    x->slot->state = EWI_CONNECTION_ANSWERING;
    http->stats.exchanges++;
    if (!x->refusal.status && http->close_by_ns)
        x->refusal = (ewi_http_refusal){503, "closing", "the server is closing", true};
    *(x->refusal.status ? &http->stats.refused : &http->stats.requests) += 1;
    ewi_http_unlock(http);
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
    ewi_http_lock(x->http);
    x->http->stats.bodies_bytes -= x->body_charged;
    ewi_http_unlock(x->http);
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
    ewi_http_lock(http);
    http->stats.bodies_bytes += x->body.cap - x->body_charged;
    x->body_charged = x->body.cap;
    bool is_over = http->stats.bodies_bytes > http->options.max_bodies_bytes;
    ewi_http_unlock(http);
    if (is_over) drop_body(x, no_room());
    return true;
}

/* libmicrohttpd calls this when the head is there, for each piece of the body, at its end, and each time
 * after a suspension. */
enum MHD_Result ewi_http_on_request(void *user, struct MHD_Connection *connection, const char *url,
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

static ewi_http_slot *slot_of(ewi_http *http, struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info =
        http->mhd.get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

/* The request's line is there. What is returned becomes the request's context. */
void *ewi_http_on_line(void *user, const char *target, struct MHD_Connection *connection) {
    ewi_http *http = user;
    ewi_http_slot *s = slot_of(http, connection);
    ewi_exchange *x = s ? ewi_exchange_new(http, s, connection, target ? target : "") : NULL;
    if (!x) return NULL;
    ewi_http_lock(http);
    http->refs++;
    s->x = x;
    s->state = EWI_CONNECTION_READING;
    s->since_ns = x->arrived_ns;
    ewi_http_unlock(http);
    return x;
}

void ewi_http_on_completed(void *user, struct MHD_Connection *connection, void **context,
                           enum MHD_RequestTerminationCode code) {
    (void)user, (void)connection, (void)code;
    if (*context) ewi_exchange_finish(*context);
    *context = NULL;
}
