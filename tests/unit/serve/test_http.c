/* Exchanges over real sockets: replies and streams, whole and cut; limits of size and time. */
#define _GNU_SOURCE

#include "test.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "http_rig.h"
#include "os/clock.h"
#include "os/thread.h"

#define GET(path)  "GET " path " HTTP/1.1\r\nHost: localhost\r\n\r\n"
#define POST(path) "POST " path " HTTP/1.1\r\nHost: localhost\r\n"

static void pause_ms(int ms) {
    poll(NULL, 0, ms);
}

static ewi_http_stats stats_of(const http_rig *rig) {
    ewi_http_stats stats;
    ewi_http_get_stats(rig->http, &stats);
    return stats;
}

static void a_connection_serves_many_requests(void **state) {
    (void)state;
    http_rig rig;
    http_rig_open(&rig, NULL);
    http_client client = http_connect(&rig);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(http_ask(&client, GET("/hello")), 200);
        assert_string_equal(client.body, "hello");
    }
    http_say(&client, GET("/hello") POST("/echo") "Content-Length: 3\r\n\r\nabc" GET("/hello"));
    assert_int_equal(http_hear(&client), 200);
    assert_int_equal(http_hear(&client), 200);
    assert_string_equal(client.body, "abc");
    assert_int_equal(http_hear(&client), 200);
    assert_int_equal(stats_of(&rig).requests, 8);
    assert_int_equal(stats_of(&rig).connections, 1);
    http_hang_up(&client);
    http_rig_close(&rig);
}

static void a_body_comes_whole_however_it_is_sent(void **state) {
    (void)state;
    http_rig rig;
    http_rig_open(&rig, NULL);
    http_client client = http_connect(&rig);
    assert_int_equal(http_ask(&client, POST("/echo") "Transfer-Encoding: chunked\r\n\r\n"
                                                     "3;x=y\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n"),
                     200);
    assert_string_equal(client.body, "abcdefg");
    http_say(&client, POST("/echo") "Content-Length: 4\r\n\r\n");
    for (int i = 0; i < 4; i++) {
        pause_ms(5);
        http_say(&client, "x");
    }
    assert_int_equal(http_hear(&client), 200);
    assert_string_equal(client.body, "xxxx");
    assert_int_equal(http_ask(&client, POST("/echo") "Content-Length: 2\r\nExpect: 100-continue\r\n\r\n"),
                     100);
    assert_int_equal(http_ask(&client, "ok"), 200);
    assert_string_equal(client.body, "ok");
    http_hang_up(&client);
    http_rig_close(&rig);
}

static void a_large_body_goes_there_and_back(void **state) {
    (void)state;
    enum { N = 3000000 };
    http_rig rig;
    http_rig_open(&rig, NULL);
    http_client client = http_connect(&rig);
    char *body = malloc(N);
    assert_non_null(body);
    for (size_t i = 0; i < N; i++) body[i] = (char)('a' + i % 23);
    http_say(&client, POST("/echo") "Content-Length: 3000000\r\n\r\n");
    http_send(&client, body, N);
    assert_int_equal(http_hear(&client), 200);
    assert_int_equal(client.body_len, N);
    assert_memory_equal(client.body, body, N);
    free(body);
    http_hang_up(&client);
    http_rig_close(&rig);
}

static void a_handler_sees_the_request(void **state) {
    (void)state;
    http_rig rig;
    http_rig_open(&rig, NULL);
    http_client client = http_connect(&rig);
    http_say(&client, "POST /a%2Fb%20c?x=1&y=%41+%42&x=2 HTTP/1.1\r\nHost: localhost\r\nX-Thing:  val ue \r\n"
                      "X-Request-Id: r-1\r\nContent-Length: 2\r\n"
                      "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n\r\nhi");
    ewi_exchange *x = http_take_held(&rig);
    assert_int_equal(ewi_exchange_method(x), EWI_POST);
    assert_true(ewi_str_is(ewi_exchange_path(x), "/a/b c"));
    assert_true(ewi_str_is(ewi_exchange_query(x, "x"), "1"));
    assert_true(ewi_str_is(ewi_exchange_query(x, "y"), "A B"));
    assert_null(ewi_exchange_query(x, "z").data);
    assert_true(ewi_str_is(ewi_exchange_header(x, "x-thing"), "val ue"));
    assert_null(ewi_exchange_header(x, "x-other").data);
    assert_true(ewi_str_is(ewi_exchange_body(x), "hi"));
    assert_true(ewi_str_is(ewi_exchange_request_id(x), "r-1"));
    assert_int_equal(ewi_exchange_traceparent(x).len, 55);
    assert_true(ewi_exchange_set_header(x, "X-One", EWI_STR("1")));
    assert_false(ewi_exchange_set_header(x, "X-Two", EWI_STR("a\r\nSet-Cookie: b")));
    assert_false(ewi_exchange_set_header(x, "X Three", EWI_STR("1")));
    ewi_exchange_reply(x, 201, "text/plain", EWI_STR("done"));
    assert_int_equal(http_hear(&client), 201);
    assert_non_null(strstr(client.head, "\r\nX-One: 1\r\n"));
    assert_non_null(strstr(client.head, "\r\nX-Request-Id: r-1\r\n"));
    assert_non_null(
        strstr(client.head, "\r\ntraceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n"));
    assert_null(strstr(client.head, "Set-Cookie"));
    http_hang_up(&client);
    http_rig_close(&rig);
}

static void bad_identifiers_are_not_echoed(void **state) {
    (void)state;
    http_rig rig;
    http_rig_open(&rig, NULL);
    http_client client = http_connect(&rig);
    assert_int_equal(http_ask(&client,
                              "GET /hello HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: <script>\r\n"
                              "traceparent: 00-00000000000000000000000000000000-00f067aa0ba902b7-01\r\n\r\n"),
                     200);
    assert_null(strstr(client.head, "script"));
    assert_null(strstr(client.head, "traceparent"));
    assert_non_null(strstr(client.head, "X-Request-Id: req_"));
    http_hang_up(&client);
    http_rig_close(&rig);
}

static void head_has_no_body(void **state) {
    (void)state;
    http_rig rig;
    http_rig_open(&rig, NULL);
    http_client client = http_connect(&rig);
    http_say(&client, "HEAD /hello HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    char text[1024] = "";
    size_t n = 0;
    for (ssize_t got; (got = recv(client.fd, text + n, sizeof text - 1 - n, 0)) > 0;) n += (size_t)got;
    text[n] = '\0';
    assert_non_null(strstr(text, "Content-Length: 5\r\n"));
    assert_string_equal(strstr(text, "\r\n\r\n"), "\r\n\r\n");
    http_hang_up(&client);
    http_rig_close(&rig);
}

static void a_stream_comes_as_it_is_written(void **state) {
    (void)state;
    http_rig rig;
    http_rig_open(&rig, NULL);
    http_client client = http_connect(&rig);
    http_say(&client, GET("/held") GET("/hello"));
    ewi_exchange *x = http_take_held(&rig);
    ewi_exchange_on_gone(x, http_count_gone, &rig);
    ewi_exchange_stream(x, 200, "text/event-stream");
    assert_true(ewi_exchange_write(x, EWI_STR("data: 1\n\n")));
    char text[512];
    size_t n = 0;
    while (n < sizeof text - 1 && (n == 0 || !strstr(text, "data: 1\n\n"))) {
        ssize_t got = recv(client.fd, text + n, sizeof text - 1 - n, 0);
        assert_true(got > 0);
        n += (size_t)got;
        text[n] = '\0';
    }
    assert_non_null(strstr(text, "Content-Type: text/event-stream\r\n"));
    assert_non_null(strstr(text, "Transfer-Encoding: chunked\r\n"));
    assert_true(ewi_exchange_write(x, EWI_STR("data: 2\n\n")));
    ewi_exchange_end(x);
    n = 0;
    while (n < 18) {
        ssize_t got = recv(client.fd, text + n, 18 - n, 0); /* 9 LF data: 2 ... 0 */
        assert_true(got > 0);
        n += (size_t)got;
    }
    assert_memory_equal(text, "9\r\ndata: 2\n\n\r\n0\r\n", 17);
    http_hang_up(&client);
    http_rig_close(&rig);
    assert_int_equal(rig.n_gone, 0);
}

static void long_streams_arrive_whole(void **state) {
    (void)state;
    http_rig rig;
    http_rig_open(&rig, &(ewi_http_options){.max_waiting_bytes = (size_t)8 << 20});
    http_client client = http_connect(&rig);
    http_say(&client, GET("/held"));
    ewi_exchange *x = http_take_held(&rig);
    char piece[64];
    ewi_exchange_stream(x, 200, "text/plain");
    for (int i = 0; i < 50000; i++) {
        snprintf(piece, sizeof piece, "%07d,", i);
        assert_true(ewi_exchange_write(x, (ew_str){piece, 8}));
    }
    ewi_exchange_end(x);
    assert_int_equal(http_hear(&client), 200);
    assert_int_equal(client.body_len, 400000);
    for (int i = 0; i < 50000; i++) {
        snprintf(piece, sizeof piece, "%07d,", i);
        assert_memory_equal(client.body + 8 * i, piece, 8);
    }
    http_hang_up(&client);
    http_rig_close(&rig);
}

static void who_leaves_before_the_reply_is_noticed(void **state) {
    (void)state;
    http_rig rig;
    http_rig_open(&rig, NULL);
    http_client client = http_connect(&rig);
    http_say(&client, GET("/held"));
    ewi_exchange *x = http_take_held(&rig);
    ewi_exchange_on_gone(x, http_count_gone, &rig);
    http_hang_up(&client);
    assert_int_equal(http_wait_gone(&rig, 1), 1);
    ewi_exchange_reply(x, 200, "text/plain", EWI_STR("late"));
    assert_int_equal(stats_of(&rig).gone, 1);
    http_rig_close(&rig);
    assert_int_equal(rig.n_gone, 1);
}

static void who_leaves_in_mid_stream_is_noticed_once(void **state) {
    (void)state;
    http_rig rig;
    http_rig_open(&rig, NULL);
    http_client client = http_connect(&rig);
    http_say(&client, GET("/held"));
    ewi_exchange *x = http_take_held(&rig);
    ewi_exchange_stream(x, 200, "text/plain");
    assert_true(ewi_exchange_write(x, EWI_STR("one")));
    pause_ms(20);
    http_hang_up(&client);
    while (ewi_exchange_write(x, EWI_STR("more"))) pause_ms(1);
    pause_ms(20);
    ewi_exchange_on_gone(x, http_count_gone, &rig); /* late: it is told at once */
    assert_int_equal(rig.n_gone, 1);
    assert_false(ewi_exchange_write(x, EWI_STR("more")));
    ewi_exchange_end(x);
    http_rig_close(&rig);
    assert_int_equal(rig.n_gone, 1);
}

static void end_it(void *x) {
    ewi_exchange_end(x);
}

static void a_stream_may_be_ended_by_on_gone(void **state) {
    (void)state;
    http_rig rig;
    http_rig_open(&rig, NULL);
    http_client client = http_connect(&rig);
    http_say(&client, GET("/held"));
    ewi_exchange *x = http_take_held(&rig);
    ewi_exchange_stream(x, 200, "text/plain");
    ewi_exchange_on_gone(x, end_it, x);
    http_hang_up(&client);
    for (int i = 0; i < 1000 && stats_of(&rig).exchanges; i++) pause_ms(1);
    assert_int_equal(stats_of(&rig).exchanges, 0);
    http_rig_close(&rig);
}

static void sizes_are_limited(void **state) {
    (void)state;
    http_rig rig;
    http_rig_open(&rig, &(ewi_http_options){.max_body_bytes = 1000, .max_head_bytes = 2000});
    http_client client = http_connect(&rig);
    char big[4000];
    memset(big, 'x', sizeof big);
    http_say(&client, POST("/echo") "Content-Length: 1001\r\n\r\n");
    http_send(&client, big, 1001);
    assert_int_equal(http_hear(&client), 413);
    assert_non_null(strstr(client.body, "\"error\":{\"message\":"));
    http_say(&client, POST("/echo") "Transfer-Encoding: chunked\r\n\r\n3e9\r\n");
    http_send(&client, big, 1001);
    assert_int_equal(http_ask(&client, "\r\n0\r\n\r\n"), 413);
    assert_int_equal(http_ask(&client, POST("/echo") "Content-Length: 1001\r\nExpect: 100-continue\r\n\r\n"),
                     413);
    http_hang_up(&client);
    client = http_connect(&rig);
    http_say(&client, POST("/echo") "Content-Length: 1000\r\n\r\n");
    http_send(&client, big, 1000);
    assert_int_equal(http_hear(&client), 200);
    http_say(&client, "GET /hello HTTP/1.1\r\nHost: localhost\r\nX-Big: ");
    http_send(&client, big, 2500);
    assert_int_equal(http_ask(&client, "\r\n\r\n"), 431);
    assert_non_null(strstr(client.body, "headers_too_large"));
    http_hang_up(&client);
    assert_int_equal(stats_of(&rig).refused, 4);
    http_rig_close(&rig);
}

static void a_head_without_end_is_refused(void **state) {
    (void)state;
    http_rig rig;
    http_rig_open(&rig, &(ewi_http_options){.max_head_bytes = 2000});
    http_client client = http_connect(&rig);
    char big[40000];
    memset(big, 'x', sizeof big);
    http_say(&client, "GET /hello HTTP/1.1\r\nHost: localhost\r\nX-Big: ");
    http_send(&client, big, sizeof big);
    int status = http_hear(&client);
    assert_true(status == 431 || status == 0);
    assert_true(http_is_closed(&client, 1000));
    http_hang_up(&client);
    assert_int_equal(http_ask_once(&rig, GET("/hello")), 200);
    http_rig_close(&rig);
}

static void bodies_share_a_budget(void **state) {
    (void)state;
    http_rig rig;
    http_rig_open(&rig, &(ewi_http_options){.max_body_bytes = 100000, .max_bodies_bytes = 250000});
    char *big = calloc(1, 100000);
    http_client client[3];
    for (int i = 0; i < 3; i++) {
        client[i] = http_connect(&rig);
        http_say(&client[i], POST("/held") "Content-Length: 100000\r\n\r\n");
        http_send(&client[i], big, 100000);
        if (i == 2) assert_int_equal(http_hear(&client[i]), 503);
        if (i == 2) break;
        ewi_exchange *x = http_take_held(&rig);
        ewi_exchange_on_gone(x, http_count_gone, &rig);
        rig.held[HTTP_HELD_MAX - 1 - i] = x;
    }
    for (int i = 0; i < 2; i++) {
        ewi_exchange_reply(rig.held[HTTP_HELD_MAX - 1 - i], 200, "text/plain", EWI_STR("ok"));
        assert_int_equal(http_hear(&client[i]), 200);
    }
    for (int i = 0; i < 1000 && stats_of(&rig).bodies_bytes; i++) pause_ms(1);
    assert_int_equal(stats_of(&rig).bodies_bytes, 0);
    http_say(&client[2], POST("/echo") "Content-Length: 100000\r\n\r\n");
    http_send(&client[2], big, 100000);
    assert_int_equal(http_hear(&client[2]), 200);
    for (int i = 0; i < 3; i++) http_hang_up(&client[i]);
    free(big);
    http_rig_close(&rig);
}

static void idle_connections_are_closed(void **state) {
    (void)state;
    http_rig rig;
    http_rig_open(&rig, &(ewi_http_options){.idle_ms = 100});
    http_client client = http_connect(&rig);
    assert_int_equal(http_ask(&client, GET("/hello")), 200);
    assert_false(http_is_closed(&client, 50));
    assert_true(http_is_closed(&client, 1000));
    assert_int_equal(stats_of(&rig).cut_idle, 1);
    http_hang_up(&client);
    http_rig_close(&rig);
}

/* One byte at a time, each long before any timeout of inactivity. */
static void dribbled_requests_are_cut(void **state) {
    (void)state;
    static const char head[] =
        "GET /hello HTTP/1.1\r\nHost: localhost\r\nX-A: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    static const char *const starts[] = {"", GET("/hello"), POST("/echo") "Content-Length: 1000\r\n\r\n"};
    http_rig rig;
    http_rig_open(&rig, &(ewi_http_options){.request_ms = 100, .idle_ms = 150});
    for (size_t k = 0; k < EWI_COUNT(starts); k++) {
        http_client client = http_connect(&rig);
        http_say(&client, starts[k]);
        if (k == 1) assert_int_equal(http_hear(&client), 200);
        uint64_t begin_ns = ewi_clock_ns();
        bool is_closed = false;
        for (size_t i = 0; i < sizeof head - 1 && !is_closed; i++) {
            http_send(&client, &head[i], 1);
            is_closed = http_is_closed(&client, 10);
        }
        assert_true(is_closed);
        assert_true(ewi_clock_ns() - begin_ns < 700000000u);
        http_hang_up(&client);
    }
    assert_int_equal(stats_of(&rig).cut_slow_requests + stats_of(&rig).cut_idle, 3);
    http_rig_close(&rig);
}

static http_client connect_reluctant(const http_rig *rig) {
    http_client client = http_connect(rig);
    int small = 4096;
    setsockopt(client.fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    return client;
}

static void a_reader_that_stalls_is_cut(void **state) {
    (void)state;
    http_rig rig;
    http_rig_open(&rig, &(ewi_http_options){.stall_ms = 150, .max_waiting_bytes = (size_t)64 << 20});
    char *big = calloc(1, 8000000);
    ew_str bytes = {big, 8000000};
    assert_non_null(big);
    for (int streams = 0; streams < 2; streams++) {
        http_client client = connect_reluctant(&rig);
        http_say(&client, GET("/held"));
        ewi_exchange *x = http_take_held(&rig);
        if (streams) {
            ewi_exchange_on_gone(x, http_count_gone, &rig);
            ewi_exchange_stream(x, 200, "text/plain");
            assert_true(ewi_exchange_write(x, bytes));
            assert_int_equal(http_wait_gone(&rig, 1), 1);
            ewi_exchange_end(x);
        } else {
            ewi_exchange_reply(x, 200, "text/plain", bytes);
        }
        for (int i = 0; i < 2000 && stats_of(&rig).exchanges; i++) pause_ms(1);
        assert_int_equal(stats_of(&rig).exchanges, 0);
        assert_int_equal(stats_of(&rig).cut_slow_readers, streams + 1);
        http_hang_up(&client);
    }
    free(big);
    http_rig_close(&rig);
}

/* It takes longer than stall_ms for the whole, but takes something all the time. */
static void a_slow_reader_is_served(void **state) {
    (void)state;
    enum { N = 12000000, PER_ROUND = 300000 };
    http_rig rig;
    http_rig_open(&rig, &(ewi_http_options){.stall_ms = 300});
    char *big = calloc(1, N);
    http_client client = http_connect(&rig);
    http_say(&client, GET("/held"));
    ewi_exchange_reply(http_take_held(&rig), 200, "text/plain", (ew_str){big, N});
    size_t n = 0;
    for (int i = 0; i < 20; i++) {
        ssize_t got = recv(client.fd, big, PER_ROUND, 0);
        assert_true(got > 0);
        n += (size_t)got;
        pause_ms(30);
    }
    for (ssize_t got; n < N && (got = recv(client.fd, big, N, 0)) > 0;) n += (size_t)got;
    assert_true(n >= N);
    assert_int_equal(stats_of(&rig).cut_slow_readers, 0);
    free(big);
    http_hang_up(&client);
    http_rig_close(&rig);
}

static void what_nobody_reads_does_not_pile_up(void **state) {
    (void)state;
    http_rig rig;
    http_rig_open(&rig, &(ewi_http_options){.max_waiting_bytes = 100000});
    http_client client = connect_reluctant(&rig);
    http_say(&client, GET("/held"));
    ewi_exchange *x = http_take_held(&rig);
    char piece[10000] = {0};
    size_t n = 0;
    ewi_exchange_on_gone(x, http_count_gone, &rig);
    ewi_exchange_stream(x, 200, "text/plain");
    while (n < 10000 && ewi_exchange_write(x, (ew_str){piece, sizeof piece})) n++;
    assert_true(n < 1000); /* what the system holds, and 100,000 bytes */
    assert_int_equal(http_wait_gone(&rig, 1), 1);
    ewi_exchange_end(x);
    assert_int_equal(stats_of(&rig).cut_slow_readers, 1);
    http_hang_up(&client);
    http_rig_close(&rig);
}

static void end_soon(void *x) {
    pause_ms(100);
    ewi_exchange_write(x, EWI_STR("the end"));
    ewi_exchange_end(x);
}

static void closing_lets_streams_end(void **state) {
    (void)state;
    http_rig rig;
    http_rig_open(&rig, NULL);
    http_client client = http_connect(&rig);
    http_say(&client, GET("/held"));
    ewi_exchange *x = http_take_held(&rig);
    ewi_exchange_stream(x, 200, "text/plain");
    ewi_thread *thread;
    assert_int_equal(ewi_thread_start(end_soon, x, "ender", &thread, NULL), EW_OK);
    uint64_t begin_ns = ewi_clock_ns();
    ewi_http_close(rig.http, 5000);
    assert_true(ewi_clock_ns() - begin_ns < 2000000000u);
    assert_int_equal(http_hear(&client), 200);
    assert_string_equal(client.body, "the end");
    ewi_thread_join(thread);
    http_hang_up(&client);
    pthread_cond_destroy(&rig.changed);
    pthread_mutex_destroy(&rig.mutex);
}

static void closing_cuts_what_does_not_end(void **state) {
    (void)state;
    http_rig rig;
    http_rig_open(&rig, NULL);
    http_client waiting = http_connect(&rig), streaming = http_connect(&rig), idle = http_connect(&rig);
    http_say(&waiting, GET("/held"));
    ewi_exchange *x = http_take_held(&rig);
    http_say(&streaming, GET("/held"));
    ewi_exchange *y = http_take_held(&rig);
    assert_int_equal(http_ask(&idle, GET("/hello")), 200);
    ewi_exchange_on_gone(x, http_count_gone, &rig);
    ewi_exchange_on_gone(y, http_count_gone, &rig);
    ewi_exchange_stream(y, 200, "text/plain");
    ewi_http_close(rig.http, 50);
    assert_int_equal(rig.n_gone, 2);
    assert_false(ewi_exchange_write(y, EWI_STR("too late")));
    ewi_exchange_end(y);
    ewi_exchange_reply(x, 200, "text/plain", EWI_STR("too late"));
    assert_true(http_is_closed(&waiting, 1000));
    assert_true(http_is_closed(&idle, 1000));
    http_hang_up(&waiting);
    http_hang_up(&streaming);
    http_hang_up(&idle);
    pthread_cond_destroy(&rig.changed);
    pthread_mutex_destroy(&rig.mutex);
}

static void never(void *user, ewi_exchange *x) {
    (void)user, (void)x;
}

static void what_cannot_be_opened_says_why(void **state) {
    (void)state;
    http_rig rig;
    http_rig_open(&rig, NULL);
    ewi_http_options options = {.on_exchange = NULL, .port = ewi_http_port(rig.http)};
    options.on_exchange = never;
    ewi_http *http;
    ew_error err = {0};
    assert_int_equal(ewi_http_open(&options, &http, &err), EW_IO);
    assert_non_null(strstr(err.text, "Address already in use"));
    options.host = "example.com";
    assert_int_equal(ewi_http_open(&options, &http, &err), EW_INVALID);
    assert_non_null(strstr(err.text, "example.com"));
    http_rig_close(&rig);
    ewi_http_close(NULL, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_connection_serves_many_requests),
        cmocka_unit_test(a_body_comes_whole_however_it_is_sent),
        cmocka_unit_test(a_large_body_goes_there_and_back),
        cmocka_unit_test(a_handler_sees_the_request),
        cmocka_unit_test(bad_identifiers_are_not_echoed),
        cmocka_unit_test(head_has_no_body),
        cmocka_unit_test(a_stream_comes_as_it_is_written),
        cmocka_unit_test(long_streams_arrive_whole),
        cmocka_unit_test(who_leaves_before_the_reply_is_noticed),
        cmocka_unit_test(who_leaves_in_mid_stream_is_noticed_once),
        cmocka_unit_test(a_stream_may_be_ended_by_on_gone),
        cmocka_unit_test(sizes_are_limited),
        cmocka_unit_test(a_head_without_end_is_refused),
        cmocka_unit_test(bodies_share_a_budget),
        cmocka_unit_test(idle_connections_are_closed),
        cmocka_unit_test(dribbled_requests_are_cut),
        cmocka_unit_test(a_reader_that_stalls_is_cut),
        cmocka_unit_test(a_slow_reader_is_served),
        cmocka_unit_test(what_nobody_reads_does_not_pile_up),
        cmocka_unit_test(closing_lets_streams_end),
        cmocka_unit_test(closing_cuts_what_does_not_end),
        cmocka_unit_test(what_cannot_be_opened_says_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
