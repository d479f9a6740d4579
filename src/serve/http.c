#define _GNU_SOURCE

#include "serve/http.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "base/mem.h"
#include "os/clock.h"
#include "serve/http_inner.h"
#include "serve/http_listen.h"

/* ---- connections ---- */

static ewi_http_slot *take_slot(ewi_http *http, int fd, uint64_t peer) {
    ewi_http_lock(http);
    ewi_http_slot *s =
        http->first_free < http->options.max_connections ? &http->slots[http->first_free] : NULL;
    if (s) {
        http->first_free = s->next_free;
        s->fd = fd;
        s->peer = peer;
        s->state = EWI_CONNECTION_FRESH;
        s->since_ns = ewi_clock_ns();
        s->is_cut = false;
        if (http->stats.connections++ == 0) ewi_watch_wake(http->watch);
    }
    ewi_http_unlock(http);
    return s;
}

/* Of a request that libmicrohttpd itself refused it does not always say that it is over. */
static void give_slot(ewi_http *http, ewi_http_slot *s) {
    if (s->x) ewi_exchange_finish(s->x);
    ewi_http_lock(http);
    s->fd = -1;
    s->generation++;
    s->next_free = http->first_free;
    http->first_free = (uint32_t)(s - http->slots);
    http->stats.connections--;
    ewi_http_unlock(http);
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

/* ---- opening and closing ---- */

static void free_http(ewi_http *http) {
    if (!http) return;
    ewi_watch_free(http->watch);
    ewi_signal_free(http->on_gone_returned);
    ewi_mutex_free(http->lock);
    ewi_free(http->slots);
    ewi_library_close(http->library);
    ewi_free(http);
}

void ewi_http_unref(ewi_http *http) {
    ewi_http_lock(http);
    bool is_last = --http->refs == 0;
    ewi_http_unlock(http);
    if (is_last) free_http(http);
}

/* Its thread gets no signal of the program. It is not told to be strict: then it refuses in words of its own,
 * or none, what ewi_http_check_framing and the path's check refuse as well. */
static ew_status start_daemon(ewi_http *http, ew_error *err) {
    const ewi_http_options *o = &http->options;
    unsigned flags = MHD_USE_EPOLL | MHD_USE_INTERNAL_POLLING_THREAD | MHD_ALLOW_SUSPEND_RESUME;
    sigset_t all, before;
    ewi_http_listener listener;
    EWI_TRY(ewi_http_listen(o->host, o->port, &listener, err));
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    http->daemon = http->mhd.start_daemon(
        flags, 0, NULL, NULL, ewi_http_on_request, http, MHD_OPTION_LISTEN_SOCKET, listener.fd,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)o->max_connections, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        ewi_http_connection_bytes(o), MHD_OPTION_URI_LOG_CALLBACK, ewi_http_on_line, http,
        MHD_OPTION_NOTIFY_COMPLETED, ewi_http_on_completed, http, MHD_OPTION_NOTIFY_CONNECTION, on_connection,
        http, MHD_OPTION_END);
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
    for (uint32_t i = 0; i < n; i++) http->slots[i] = (ewi_http_slot){.fd = -1, .next_free = i + 1};
    return ewi_watch_new(&http->watch, err);
}

static ew_status start(ewi_http *http, ew_error *err) {
    EWI_TRY(ewi_mhd_load(&http->mhd, &http->library, err));
    EWI_TRY(allocate(http, err));
    EWI_TRY(start_daemon(http, err));
    ew_status status = ewi_thread_start(ewi_http_run_sweeper, http, "ew-http-sweep", &http->sweeper, err);
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
    ewi_http_lock(http);
    *out = http->stats;
    ewi_http_unlock(http);
}

/* With nothing suspended any more, libmicrohttpd can be stopped. */
static void cut_all(ewi_http *http) {
    ewi_http_lock(http);
    http->is_stopping = true;
    for (uint32_t i = 0; i < http->options.max_connections; i++)
        if (http->slots[i].fd >= 0 && http->slots[i].x) ewi_exchange_cut(http->slots[i].x);
    ewi_http_unlock(http);
}

void ewi_http_close(ewi_http *http, uint32_t grace_ms) {
    if (!http) return;
    /* Nobody connects any more; the daemon's thread may still look at the socket, so it is closed later. */
    int fd = http->mhd.quiesce_daemon(http->daemon);
    if (fd >= 0) shutdown(fd, SHUT_RDWR);
    ewi_http_lock(http);
    http->close_by_ns = ewi_clock_ns() + (uint64_t)grace_ms * 1000000u;
    ewi_http_unlock(http);
    ewi_watch_wake(http->watch);
    ewi_thread_join(http->sweeper);
    cut_all(http);
    http->mhd.stop_daemon(http->daemon);
    if (fd >= 0) close(fd);
    ewi_http_unref(http);
}
