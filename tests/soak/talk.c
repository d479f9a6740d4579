/* talk.c: one client's connection. */
#include "talk.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_S 60 /* without a byte: the answer is lost */
#define SLOW_BYTES 2048u
#define READ_BYTES 65536u

void talk_init(talk *t, uint16_t port) {
    *t = (talk){.fd = -1, .port = port, .trouble = ""};
}

void talk_deinit(talk *t) {
    talk_leave(t, false);
    free(t->in);
    free(t->body);
}

void talk_leave(talk *t, bool abruptly) {
    struct linger at_once = {.l_onoff = 1};
    if (t->fd < 0) return;
    if (abruptly) setsockopt(t->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(t->fd);
    t->fd = -1;
}

static bool trouble(talk *t, const char *what) {
    t->trouble = what;
    talk_leave(t, false);
    return false;
}

static bool open_talk(talk *t) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(t->port)};
    struct timeval patience = {.tv_sec = PATIENCE_S};
    int at_once = 1;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    t->closes = false;
    t->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (t->fd < 0) return trouble(t, "no socket");
    setsockopt(t->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(t->fd, IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof at_once);
    setsockopt(t->fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (connect(t->fd, (struct sockaddr *)&at, sizeof at) != 0) return trouble(t, "no connection");
    return true;
}

static bool send_all(talk *t, const char *bytes, size_t len) {
    while (len) {
        ssize_t n = send(t->fd, bytes, len, MSG_NOSIGNAL);
        if (n <= 0) return trouble(t, "the connection broke while a request was sent");
        bytes += n;
        len -= (size_t)n;
    }
    return true;
}

bool talk_say(talk *t, const char *path, const char *body) {
    char head[512];
    size_t n_body = body ? strlen(body) : 0;
    int n = snprintf(head, sizeof head,
                     "%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
                     "Content-Length: %zu\r\n\r\n",
                     body ? "POST" : "GET", path, n_body);
    t->n_in = t->n_body = 0;
    if (t->fd < 0 && !open_talk(t)) return false;
    return send_all(t, head, (size_t)n) && send_all(t, body, n_body);
}

static void *grown(void *old, size_t *cap, size_t needed) {
    if (needed <= *cap) return old;
    *cap = needed * 2;
    void *bytes = realloc(old, *cap);
    if (!bytes) abort();
    return bytes;
}

/* More bytes into `in`. */
static bool hear_more(talk *t, unsigned pause_us) {
    t->in = grown(t->in, &t->cap_in, t->n_in + READ_BYTES + 1);
    if (pause_us) nanosleep(&(struct timespec){.tv_nsec = (long)pause_us * 1000}, NULL);
    ssize_t n = recv(t->fd, t->in + t->n_in, pause_us ? SLOW_BYTES : READ_BYTES, 0);
    if (n == 0) return trouble(t, "the connection ended before the answer did");
    if (n < 0) return trouble(t, "an answer never came, or its connection was reset");
    t->n_in += (size_t)n;
    t->in[t->n_in] = '\0';
    return true;
}

static bool hear_bytes(talk *t, size_t n, unsigned pause_us) {
    while (t->n_in < n)
        if (!hear_more(t, pause_us)) return false;
    return true;
}

/* Where what follows the next `mark` begins; 0: it never came. */
static size_t hear_past(talk *t, size_t from, const char *mark, unsigned pause_us) {
    for (;;) {
        const char *at = t->n_in > from ? strstr(t->in + from, mark) : NULL;
        if (at) return (size_t)(at - t->in) + strlen(mark);
        if (!hear_more(t, pause_us)) return 0;
    }
}

static void add_body(talk *t, size_t from, size_t n) {
    t->body = grown(t->body, &t->cap_body, t->n_body + n + 1);
    memcpy(t->body + t->n_body, t->in + from, n);
    t->n_body += n;
    t->body[t->n_body] = '\0';
}

/* Where the answer ends; 0: never. */
static size_t hear_chunks(talk *t, size_t at, unsigned pause_us) {
    for (;;) {
        size_t begin = hear_past(t, at, "\r\n", pause_us);
        if (!begin) return 0;
        size_t n = strtoul(t->in + at, NULL, 16);
        at = begin + n + 2;
        if (!hear_bytes(t, at, pause_us)) return 0;
        add_body(t, begin, n);
        if (n == 0) return at;
    }
}

static size_t hear_length(talk *t, size_t at, size_t n, unsigned pause_us) {
    if (!hear_bytes(t, at + n, pause_us)) return 0;
    add_body(t, at, n);
    return at + n;
}

int talk_hear(talk *t, unsigned pause_us) {
    size_t at = hear_past(t, 0, "\r\n\r\n", pause_us);
    if (!at) return 0;
    t->in[at - 1] = '\0';
    int status = at > 16 ? (int)strtol(t->in + 9, NULL, 10) : 0;
    const char *length = strcasestr(t->in, "\r\ncontent-length:");
    bool is_chunked = strcasestr(t->in, "\r\ntransfer-encoding: chunked");
    t->closes = strcasestr(t->in, "\r\nconnection: close");
    size_t end = is_chunked ? hear_chunks(t, at, pause_us)
                            : hear_length(t, at, length ? strtoul(length + 17, NULL, 10) : 0, pause_us);
    if (!end) return 0;
    if (end != t->n_in) return trouble(t, "bytes came behind the end of an answer"), 0;
    if (t->closes) talk_leave(t, false);
    return status;
}

bool talk_hear_beginning(talk *t) {
    return hear_more(t, 0);
}
