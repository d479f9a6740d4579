/*
 * http_inner.h: what the files of the HTTP side share: connections, exchanges, and who may touch what of
 * them.
 *
 *     http.c             opens and closes the server; its connections
 *     http_request.c     requests as they come
 *     http_exchange.c    exchanges: their life, their replies, what handlers ask of them
 *     http_sweep.c       clients that are too slow, and those that went
 */
#ifndef EW_SERVE_HTTP_INNER_H
#define EW_SERVE_HTTP_INNER_H

#include "os/library.h"
#include "os/thread.h"
#include "os/watch.h"
#include "serve/http.h"
#include "serve/http_head.h"
#include "serve/mhd.h"

/* A connection. Fields are guarded by the server's lock. */
typedef struct ewi_http_slot {
    int fd; /* -1: free */
    uint32_t generation;
    uint32_t next_free;
    enum {
        EWI_CONNECTION_FRESH,
        EWI_CONNECTION_IDLE,
        EWI_CONNECTION_READING,
        EWI_CONNECTION_ANSWERING
    } state;           /* EWI_CONNECTION_FRESH: no request yet */
    uint64_t since_ns; /* in this state */
    uint64_t peer;
    ewi_exchange *x; /* the request that is read or answered */
    bool is_cut;
    int unsent; /* bytes that the system held when it was last asked */
} ewi_http_slot;

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
    ewi_http_slot *slots; /* [max_connections] */
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
    ewi_http_slot *slot;
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

static inline void ewi_http_lock(ewi_http *http) {
    ewi_mutex_lock(http->lock);
}

static inline void ewi_http_unlock(ewi_http *http) {
    ewi_mutex_unlock(http->lock);
}

/* ---- http.c ---- */

/* The last one frees it. */
void ewi_http_unref(ewi_http *http);

/* ---- http_exchange.c ---- */

/* NULL: no memory. With the reference of the HTTP thread. */
ewi_exchange *ewi_exchange_new(ewi_http *http, ewi_http_slot *s, struct MHD_Connection *connection,
                               const char *target);
void ewi_exchange_unref(ewi_exchange *x);
/* libmicrohttpd does not look at a suspended connection, so the sweeper does. With the lock held. */
void ewi_exchange_suspend(ewi_exchange *x);
/* The client is gone, or is made to be: the connection ends as soon as the HTTP thread looks. With the lock
 * held. */
void ewi_exchange_cut(ewi_exchange *x);
/* Tells the handler once that its client is gone. Takes and gives back the lock. */
void ewi_exchange_tell_gone(ewi_exchange *x);
/* The request is over for the HTTP thread, whatever became of it. */
void ewi_exchange_finish(ewi_exchange *x);

/* ---- http_request.c: what libmicrohttpd calls, and the memory that a connection needs there ---- */

size_t ewi_http_connection_bytes(const ewi_http_options *options);
void *ewi_http_on_line(void *user, const char *target, struct MHD_Connection *connection);
enum MHD_Result ewi_http_on_request(void *user, struct MHD_Connection *connection, const char *url,
                                    const char *method, const char *version, const char *data, size_t *len,
                                    void **context);
void ewi_http_on_completed(void *user, struct MHD_Connection *connection, void **context,
                           enum MHD_RequestTerminationCode code);

/* ---- http_sweep.c ---- */

/* A thread's main function, until the server is closed and all has ended or time is over. */
void ewi_http_run_sweeper(void *http);

#endif
