#define _GNU_SOURCE

#include <sys/ioctl.h>
#include <sys/socket.h>

#include "os/clock.h"
#include "serve/http_inner.h"

static bool is_older(uint64_t since_ns, uint64_t now_ns, uint32_t limit_ms) {
    return now_ns > since_ns && now_ns - since_ns > (uint64_t)limit_ms * 1000000u;
}

/* A reply is being sent, and for too long its client took nothing of it: neither did libmicrohttpd ask for
 * more, nor did what the system holds change. */
static bool is_stalled(const ewi_http *http, ewi_http_slot *s, uint64_t now_ns) {
    ewi_exchange *x = s->x;
    int unsent = 0;
    if (!x || !x->status || x->is_suspended) return false;
    if (ioctl(s->fd, TIOCOUTQ, &unsent) == 0 && unsent != s->unsent) {
        s->unsent = unsent;
        x->progress_ns = now_ns;
    }
    return is_older(x->progress_ns, now_ns, http->options.stall_ms);
}

static uint64_t *reason_to_cut(ewi_http *http, ewi_http_slot *s, uint64_t now_ns) {
    const ewi_http_options *o = &http->options;
    switch (s->state) {
    case EWI_CONNECTION_FRESH:
        return is_older(s->since_ns, now_ns, o->request_ms) ? &http->stats.cut_slow_requests : NULL;
    case EWI_CONNECTION_IDLE: return is_older(s->since_ns, now_ns, o->idle_ms) ? &http->stats.cut_idle : NULL;
    case EWI_CONNECTION_READING:
        return is_older(s->since_ns, now_ns, o->request_ms) ? &http->stats.cut_slow_requests : NULL;
    case EWI_CONNECTION_ANSWERING: return is_stalled(http, s, now_ns) ? &http->stats.cut_slow_readers : NULL;
    }
    return NULL;
}

/* With the lock held. */
static void cut_slot(ewi_http_slot *s) {
    s->is_cut = true;
    if (s->x)
        ewi_exchange_cut(s->x);
    else
        shutdown(s->fd, SHUT_RDWR);
}

static void sweep(ewi_http *http) {
    uint64_t now_ns = ewi_clock_ns();
    ewi_http_lock(http);
    for (uint32_t i = 0; i < http->options.max_connections; i++) {
        ewi_http_slot *s = &http->slots[i];
        uint64_t *reason = s->fd >= 0 && !s->is_cut ? reason_to_cut(http, s, now_ns) : NULL;
        if (!reason) continue;
        *reason += 1;
        cut_slot(s);
    }
    ewi_http_unlock(http);
}

/* Tags are a slot and its generation: a tag of a connection that is over meets another generation. The
 * handler is told here, not after the HTTP thread had its turn: a step may begin meanwhile. */
static void cut_left(ewi_http *http, uint64_t tag) {
    ewi_http_lock(http);
    ewi_http_slot *s = &http->slots[(uint32_t)tag];
    ewi_exchange *x = s->fd >= 0 && s->generation == (uint32_t)(tag >> 32) ? s->x : NULL;
    if (x) {
        cut_slot(s);
        x->refs++;
    }
    ewi_http_unlock(http);
    if (!x) return;
    ewi_exchange_tell_gone(x);
    ewi_exchange_unref(x);
}

static int sweep_period_ms(const ewi_http_options *o) {
    uint32_t least = o->idle_ms < o->request_ms ? o->idle_ms : o->request_ms;
    if (o->stall_ms < least) least = o->stall_ms;
    return least / 8 < 10 ? 10 : least / 8 > 250 ? 250 : (int)(least / 8);
}

/* How long to sleep; -2: all is over. */
static int next_sweep_ms(ewi_http *http) {
    ewi_http_lock(http);
    uint64_t close_by_ns = http->close_by_ns;
    bool is_busy = http->stats.exchanges > 0, is_empty = http->stats.connections == 0;
    ewi_http_unlock(http);
    uint64_t now_ns = ewi_clock_ns();
    if (close_by_ns && (!is_busy || now_ns >= close_by_ns)) return -2;
    if (is_empty && !close_by_ns) return -1;
    int period_ms = sweep_period_ms(&http->options);
    uint64_t left_ms = close_by_ns ? (close_by_ns - now_ns) / 1000000u + 1 : UINT64_MAX;
    return left_ms < (uint64_t)period_ms ? (int)left_ms : period_ms;
}

void ewi_http_run_sweeper(void *user) {
    ewi_http *http = user;
    uint64_t tags[64];
    for (int timeout_ms; (timeout_ms = next_sweep_ms(http)) != -2;) {
        size_t n = ewi_watch_wait(http->watch, timeout_ms, tags, EWI_COUNT(tags));
        for (size_t i = 0; i < n; i++) cut_left(http, tags[i]);
        sweep(http);
    }
}
