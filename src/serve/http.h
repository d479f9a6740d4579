/*
 * http.h: HTTP/1.1 for the APIs: a listening socket, exchanges (a request and its reply), and what keeps
 * strangers out: limits of size and time, Host, Origin and API keys. libmicrohttpd does the HTTP; it is
 * loaded when a server is opened.
 *
 * One thread speaks HTTP and calls on_exchange when a request's whole body is there: the handler must not
 * keep it long. It replies then, or later from any thread, in one piece or as a stream. An exchange belongs
 * to its handler from on_exchange until reply() or end(), exactly one of which must be called, also when the
 * client is gone. What the getters give lives as long.
 *
 *     ewi_http_options options = {.on_exchange = handle, .user = server};
 *     EWI_TRY(ewi_http_open(&options, &http, err));
 *     ...
 *     static void handle(void *user, ewi_exchange *x) {
 *         if (!ewi_str_is(ewi_exchange_path(x), "/stream")) return ewi_exchange_reply_error(x, 404, ...);
 *         ewi_exchange_on_gone(x, cancel, job);
 *         ewi_exchange_stream(x, 200, "text/event-stream");
 *         start(job);                               whose thread calls ewi_exchange_write and, last, _end
 *     }
 *     ...
 *     ewi_http_close(http, 5000);
 */
#ifndef EW_SERVE_HTTP_H
#define EW_SERVE_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/compiler.h"
#include "base/slice.h"
#include "crypto/sha256.h"

typedef struct ewi_http ewi_http;
typedef struct ewi_exchange ewi_exchange;

/* OPTIONS is answered here and reaches no handler. Of OTHER ones the handler says what its path takes. */
typedef enum ewi_method { EWI_GET, EWI_HEAD, EWI_POST, EWI_DELETE, EWI_OPTIONS, EWI_OTHER_METHOD } ewi_method;

/* All pointers are borrowed as long as the server or an exchange lives. Zero means the default. */
typedef struct ewi_http_options {
    const char *host; /* the address to listen on, as digits, or "localhost"; NULL: 127.0.0.1 */
    uint16_t port;    /* 0: one that is free */

    void (*on_exchange)(void *user, ewi_exchange *x);
    /* Writes the JSON body of an error that was found before a handler was asked, in the style of the API
     * that `path` (maybe empty) belongs to. NULL: {"error":{"message","type","code"}} as OpenAI has it.
     * HTTP thread. */
    void (*write_error)(void *user, ew_str path, unsigned status, const char *code, const char *message,
                        ewi_buffer *body);
    void *user;

    /* Names that Host may have, without port, beside localhost, 127.0.0.1 and [::1]. Host is looked at when
     * the server listens on a loopback address, or when there are names. */
    const char *const *allowed_hosts;
    size_t n_allowed_hosts;
    /* Other origins than the server's own that a page may have ("https://chat.example"; "*": any). */
    const char *const *allowed_origins;
    size_t n_allowed_origins;
    /* SHA-256 of the keys that open everything but /health and the page; none: no key is asked for. */
    const uint8_t (*keys)[EWI_SHA256_BYTES];
    size_t n_keys;

    size_t max_head_bytes;    /* request line and headers: 12 KiB; else 414 or 431 */
    size_t max_body_bytes;    /* of one request: 32 MiB; else 413 */
    size_t max_bodies_bytes;  /* of all requests together: 256 MiB; else 503 */
    size_t max_waiting_bytes; /* of a stream that its client does not read: 1 MiB; then it is cut */
    uint32_t max_connections; /* 1024; more wait to be accepted */
    uint32_t idle_ms;         /* a connection without a request: 60 s */
    uint32_t request_ms;      /* from the first line to the body's last byte: 30 s */
    uint32_t stall_ms;        /* a client that takes nothing of what waits for it: 30 s */
} ewi_http_options;

/* Errors: EW_UNSUPPORTED (libmicrohttpd is not installed), EW_INVALID (host), EW_IO (the address is taken),
 * EW_NO_MEMORY. */
EWI_NODISCARD ew_status ewi_http_open(const ewi_http_options *options, ewi_http **out, ew_error *err);
uint16_t ewi_http_port(const ewi_http *http);
/* Accepts nothing more, gives exchanges `grace_ms` to end, then cuts them: their clients are gone. Not from
 * the HTTP thread. Other threads may still hold exchanges, and end them after it returned. NULL is
 * allowed. */
void ewi_http_close(ewi_http *http, uint32_t grace_ms);

typedef struct ewi_http_stats {
    uint32_t connections, exchanges; /* now; exchanges: handed to on_exchange and not over */
    size_t bodies_bytes;             /* of requests' bodies, now */
    uint64_t requests;               /* handed to on_exchange so far */
    uint64_t refused;                /* answered with an error without a handler */
    uint64_t cut_idle;               /* connections closed: without a request for too long */
    uint64_t cut_slow_requests;      /* a request that took too long to come */
    uint64_t cut_slow_readers;       /* a reply that was not read */
    uint64_t gone;                   /* clients that left before the reply's end */
} ewi_http_stats;
/* Any thread. */
void ewi_http_get_stats(ewi_http *http, ewi_http_stats *out);

/* ---- the request; data is NULL for what is absent ---- */

ewi_method ewi_exchange_method(const ewi_exchange *x);
/* Decoded (%41 is A), begins with '/', without the query. */
ew_str ewi_exchange_path(const ewi_exchange *x);
/* The first argument of this name after the '?', decoded. */
ew_str ewi_exchange_query(const ewi_exchange *x, const char *name);
/* name in any case; the first of this name. */
ew_str ewi_exchange_header(const ewi_exchange *x, const char *name);
/* A NUL follows it. */
ew_str ewi_exchange_body(const ewi_exchange *x);
/* The same for all requests of a client: of its API key, else of its address. */
uint64_t ewi_exchange_client(const ewi_exchange *x);
/* X-Request-Id as it came, or one made up; the reply has it. */
ew_str ewi_exchange_request_id(const ewi_exchange *x);
/* W3C trace context, when it came well-formed; the reply has it. */
ew_str ewi_exchange_traceparent(const ewi_exchange *x);
/* ewi_clock_ns() when the request's first line was there. */
uint64_t ewi_exchange_arrived_ns(const ewi_exchange *x);

/* ---- the reply; any thread, one at a time; content types are literals ---- */

/* Before reply() or stream(). False, and nothing is set, when the name is no token, the value holds a control
 * character, or there is no room (2 KiB for all). */
bool ewi_exchange_set_header(ewi_exchange *x, const char *name, ew_str value);
/* The whole reply; body is copied. Its last call. */
void ewi_exchange_reply(ewi_exchange *x, unsigned status, const char *content_type, ew_str body);
/* An error in the style of options.write_error. Its last call. */
void ewi_exchange_reply_error(ewi_exchange *x, unsigned status, const char *code, const char *message);

/* Begins a reply that comes in pieces. */
void ewi_exchange_stream(ewi_exchange *x, unsigned status, const char *content_type);
/* Never waits. False: the client is gone, or has more waiting than it may. */
bool ewi_exchange_write(ewi_exchange *x, ew_str bytes);
/* The stream is complete. Its last call. */
void ewi_exchange_end(ewi_exchange *x);

/* fn is called once, from any thread without locks held, when the client goes before the end; at once, by
 * this call, when it went already. Never after reply() or end() returned: they wait for it, unless fn is what
 * calls them. */
void ewi_exchange_on_gone(ewi_exchange *x, void (*fn)(void *user), void *user);

#endif
