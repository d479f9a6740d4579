#define _GNU_SOURCE

#include "http_rig.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "test.h"

static void hold(http_rig *rig, ewi_exchange *x) {
    pthread_mutex_lock(&rig->mutex);
    EW_ASSERT(rig->n_held < HTTP_HELD_MAX);
    rig->held[rig->n_held++] = x;
    pthread_cond_broadcast(&rig->changed);
    pthread_mutex_unlock(&rig->mutex);
}

static void handle(void *user, ewi_exchange *x) {
    ew_str path = ewi_exchange_path(x);
    if (ewi_exchange_method(x) == EWI_OTHER_METHOD)
        ewi_exchange_reply_error(x, 405, "method_not_allowed", "no such method");
    else if (ewi_str_is(path, "/hello") || ewi_str_is(path, "/health"))
        ewi_exchange_reply(x, 200, "text/plain", EWI_STR("hello"));
    else if (ewi_str_is(path, "/echo"))
        ewi_exchange_reply(x, 200, "text/plain", ewi_exchange_body(x));
    else
        hold(user, x);
}

void http_rig_open(http_rig *rig, const ewi_http_options *options) {
    ewi_http_options mine = options ? *options : (ewi_http_options){0};
    ew_error err = {0};
    *rig = (http_rig){0};
    pthread_mutex_init(&rig->mutex, NULL);
    pthread_cond_init(&rig->changed, NULL);
    if (!mine.on_exchange) mine.on_exchange = handle;
    mine.user = rig;
    if (ewi_http_open(&mine, &rig->http, &err) != EW_OK) fail_msg("%s", err.text);
}

void http_rig_close(http_rig *rig) {
    ewi_http_close(rig->http, 0);
    pthread_cond_destroy(&rig->changed);
    pthread_mutex_destroy(&rig->mutex);
}

static struct timespec in_five_seconds(void) {
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 5;
    return until;
}

ewi_exchange *http_take_held(http_rig *rig) {
    struct timespec until = in_five_seconds();
    pthread_mutex_lock(&rig->mutex);
    while (rig->n_held == 0)
        if (pthread_cond_timedwait(&rig->changed, &rig->mutex, &until) == ETIMEDOUT) break;
    ewi_exchange *x = rig->n_held ? rig->held[0] : NULL;
    if (x) memmove(rig->held, rig->held + 1, --rig->n_held * sizeof rig->held[0]);
    pthread_mutex_unlock(&rig->mutex);
    if (!x) fail_msg("the handler got no request");
    return x;
}

void http_count_gone(void *user) {
    http_rig *rig = user;
    pthread_mutex_lock(&rig->mutex);
    rig->n_gone++;
    pthread_cond_broadcast(&rig->changed);
    pthread_mutex_unlock(&rig->mutex);
}

int http_wait_gone(http_rig *rig, int n) {
    struct timespec until = in_five_seconds();
    pthread_mutex_lock(&rig->mutex);
    while (rig->n_gone < n)
        if (pthread_cond_timedwait(&rig->changed, &rig->mutex, &until) == ETIMEDOUT) break;
    n = rig->n_gone;
    pthread_mutex_unlock(&rig->mutex);
    return n;
}

http_client http_connect(const http_rig *rig) {
    http_client client = {.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(ewi_http_port(rig->http))};
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(client.fd, (struct sockaddr *)&at, sizeof at) != 0) fail_msg("connect: %s", strerror(errno));
    return client;
}

void http_hang_up(http_client *client) {
    if (client->fd >= 0) close(client->fd);
    free(client->head);
    free(client->body);
    free(client->rest);
    *client = (http_client){.fd = -1};
}

/* A server that closed already is no failure of the test: it shows in what is heard. */
void http_send(http_client *client, const void *bytes, size_t len) {
    const char *at = bytes;
    while (len) {
        ssize_t n = send(client->fd, at, len, MSG_NOSIGNAL);
        if (n <= 0) return;
        at += n;
        len -= (size_t)n;
    }
}

void http_say(http_client *client, const char *text) {
    http_send(client, text, strlen(text));
}

/* More bytes into rest; false at the end of the connection. */
static bool hear_more(http_client *client, int timeout_ms) {
    struct pollfd ready = {.fd = client->fd, .events = POLLIN};
    if (poll(&ready, 1, timeout_ms) != 1) return false;
    client->rest = realloc(client->rest, client->rest_len + 65537);
    EW_ASSERT(client->rest);
    ssize_t n = recv(client->fd, client->rest + client->rest_len, 65536, 0);
    if (n <= 0) return false;
    client->rest_len += (size_t)n;
    client->rest[client->rest_len] = '\0';
    return true;
}

/* Moves n bytes from rest into a text of their own. */
static char *take(http_client *client, size_t n) {
    char *text = malloc(n + 1);
    EW_ASSERT(text);
    memcpy(text, client->rest, n);
    text[n] = '\0';
    client->rest_len -= n;
    memmove(client->rest, client->rest + n, client->rest_len + 1);
    return text;
}

static bool hear_bytes(http_client *client, size_t n) {
    while (client->rest_len < n)
        if (!hear_more(client, 5000)) return false;
    return true;
}

/* The length of what stands before `mark`, and the mark; 0: it never came. */
static size_t hear_until(http_client *client, const char *mark) {
    for (;;) {
        char *at = client->rest_len ? strstr(client->rest, mark) : NULL;
        if (at) return (size_t)(at - client->rest) + strlen(mark);
        if (!hear_more(client, 5000)) return 0;
    }
}

static bool hear_chunks(http_client *client) {
    for (;;) {
        size_t line = hear_until(client, "\r\n");
        if (!line) return false;
        size_t n = strtoul(client->rest, NULL, 16);
        if (!hear_bytes(client, line + n + 2)) return false;
        free(take(client, line));
        char *chunk = take(client, n);
        free(take(client, 2));
        client->body = realloc(client->body, client->body_len + n + 1);
        EW_ASSERT(client->body);
        memcpy(client->body + client->body_len, chunk, n + 1);
        client->body_len += n;
        free(chunk);
        if (n == 0) return true;
    }
}

int http_hear(http_client *client) {
    free(client->head);
    free(client->body);
    client->head = client->body = NULL;
    client->body_len = 0;
    size_t n = hear_until(client, "\r\n\r\n");
    if (!n) return 0;
    client->head = take(client, n);
    int status = strlen(client->head) > 12 ? (int)strtol(client->head + 9, NULL, 10) : 0;
    const char *length = strcasestr(client->head, "\r\ncontent-length:");
    if (strcasestr(client->head, "\r\ntransfer-encoding: chunked")) return hear_chunks(client) ? status : 0;
    client->body_len = length ? strtoul(length + 17, NULL, 10) : 0;
    if (!hear_bytes(client, client->body_len)) return 0;
    client->body = client->rest ? take(client, client->body_len) : NULL;
    return status;
}

int http_ask(http_client *client, const char *text) {
    http_say(client, text);
    return http_hear(client);
}

int http_ask_once(const http_rig *rig, const char *text) {
    http_client client = http_connect(rig);
    int status = http_ask(&client, text);
    http_hang_up(&client);
    return status;
}

bool http_is_closed(http_client *client, int timeout_ms) {
    struct pollfd ready = {.fd = client->fd, .events = POLLIN};
    char byte;
    while (poll(&ready, 1, timeout_ms) == 1)
        if (recv(client->fd, &byte, 1, 0) <= 0) return true;
    return false;
}
