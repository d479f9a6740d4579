/* http_rig.h: a server of room serve with a handler that tests steer, and a client that says just the bytes
 * it is given.
 *
 *     http_rig rig;
 *     http_rig_open(&rig, &(ewi_http_options){.idle_ms = 200});
 *     http_client client = http_connect(&rig);
 *     assert_int_equal(http_ask(&client, "GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n"), 200);
 *     assert_string_equal(client.body, "hello");
 *     http_hang_up(&client);
 *     http_rig_close(&rig);
 *
 * /hello and /health reply at once, /echo with the body; all other exchanges wait for http_take_held.
 */
#ifndef TESTS_SUPPORT_HTTP_RIG_H
#define TESTS_SUPPORT_HTTP_RIG_H

#include <pthread.h>

#include "serve/http.h"

#define HTTP_HELD_MAX 512

typedef struct http_rig {
    ewi_http *http;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    ewi_exchange *held[HTTP_HELD_MAX];
    size_t n_held;
    int n_gone;
} http_rig;

void http_rig_open(http_rig *rig, const ewi_http_options *options);
void http_rig_close(http_rig *rig);
/* Waits for the next exchange that the handler kept. */
ewi_exchange *http_take_held(http_rig *rig);
/* For ewi_exchange_on_gone, with the rig: counts. */
void http_count_gone(void *rig);
/* Waits for the count to reach n, at most five seconds; then says what it is. */
int http_wait_gone(http_rig *rig, int n);

typedef struct http_client {
    int fd;
    char *head, *body; /* of the last answer, NUL-terminated; a chunked body is put together */
    size_t body_len;
    char *rest; /* what came after it */
    size_t rest_len;
} http_client;

http_client http_connect(const http_rig *rig);
void http_hang_up(http_client *client);
void http_send(http_client *client, const void *bytes, size_t len);
void http_say(http_client *client, const char *text);
/* Reads an answer: its status, or 0 when the connection ended or five seconds passed before it was whole. */
int http_hear(http_client *client);
int http_ask(http_client *client, const char *text);
/* One request on a connection of its own. */
int http_ask_once(const http_rig *rig, const char *text);
/* True when the server closes the connection within timeout_ms. */
bool http_is_closed(http_client *client, int timeout_ms);

#endif
