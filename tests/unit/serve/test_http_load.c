/* Many connections, many threads, and bytes that are nothing: memory, races, random input. */
#define _GNU_SOURCE

#include "test.h"

#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "http_rig.h"
#include "os/clock.h"
#include "os/thread.h"
#include "sanitized.h"

#define GET(path) "GET " path " HTTP/1.1\r\nHost: localhost\r\n\r\n"

static size_t resident_bytes(void) {
    size_t pages = 0;
    char text[128] = "";
    FILE *file = fopen("/proc/self/statm", "r");
    assert_non_null(file);
    if (fgets(text, sizeof text, file)) pages = strtoul(strchr(text, ' ') + 1, NULL, 10);
    fclose(file);
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

/* Connections that were used once and wait for their next request. The goal is 20 MB. */
static void idle_connections_cost_little(void **state) {
    (void)state;
    enum { N = 500 };
    static http_client clients[N];
    http_rig rig;
    http_rig_open(&rig, NULL);
    assert_int_equal(http_ask_once(&rig, GET("/hello")), 200);
    size_t before = resident_bytes();
    for (size_t i = 0; i < N; i++) {
        clients[i] = http_connect(&rig);
        assert_int_equal(http_ask(&clients[i], GET("/hello")), 200);
        free(clients[i].rest); /* the client's own memory is not meant */
        clients[i].rest = NULL;
        clients[i].rest_len = 0;
    }
    size_t cost = resident_bytes() - before;
    print_message("500 idle connections: %.1f MB\n", (double)cost / 1e6);
    if (!SANITIZED) assert_true(cost < 20000000);
    for (size_t i = 0; i < N; i++) http_hang_up(&clients[i]);
    http_rig_close(&rig);
}

typedef struct writer {
    http_rig *rig;
    _Atomic(ewi_exchange *) next;
    atomic_bool stops;
    atomic_int n_ended;
} writer;

static void count_one(void *counter) {
    atomic_fetch_add((atomic_int *)counter, 1);
}

static void write_streams(void *arg) {
    writer *w = arg;
    while (!atomic_load(&w->stops)) {
        ewi_exchange *x = atomic_exchange(&w->next, NULL);
        if (!x) {
            ewi_thread_yield();
            continue;
        }
        atomic_int n_gone = 0;
        ewi_exchange_on_gone(x, count_one, &n_gone);
        ewi_exchange_stream(x, 200, "text/plain");
        for (int i = 0; i < 50 && ewi_exchange_write(x, EWI_STR("a piece of an answer ")); i++)
            if (i % 10 == 9) poll(NULL, 0, 1);
        ewi_exchange_end(x);
        assert_true(atomic_load(&n_gone) <= 1); /* and nobody writes to it any more */
        atomic_fetch_add(&w->n_ended, 1);
    }
}

/* Clients leave at every moment of a stream that another thread writes. */
static void streams_race_with_clients_that_leave(void **state) {
    (void)state;
    http_rig rig;
    http_rig_open(&rig, NULL);
    writer w = {.rig = &rig};
    ewi_thread *thread;
    assert_int_equal(ewi_thread_start(write_streams, &w, "writer", &thread, NULL), EW_OK);
    for (int i = 0; i < 200; i++) {
        http_client client = http_connect(&rig);
        http_say(&client, GET("/held"));
        atomic_store(&w.next, http_take_held(&rig));
        uint64_t until_ns = ewi_clock_ns() + (uint64_t)(i % 50) * 100000u;
        if (i % 5 == 0) assert_int_equal(http_hear(&client), 200);
        while (ewi_clock_ns() < until_ns) ewi_thread_yield();
        http_hang_up(&client);
        while (atomic_load(&w.n_ended) <= i) ewi_thread_yield();
    }
    atomic_store(&w.stops, true);
    ewi_thread_join(thread);
    http_rig_close(&rig);
}

static void reply_later(void *arg) {
    http_rig *rig = arg;
    for (int i = 0; i < 200; i++) {
        ewi_exchange *x = http_take_held(rig);
        if (i % 3 == 0) poll(NULL, 0, 1);
        ewi_exchange_reply(x, 200, "text/plain", EWI_STR("later"));
    }
}

static void replies_race_with_clients_that_leave(void **state) {
    (void)state;
    http_rig rig;
    http_rig_open(&rig, NULL);
    ewi_thread *thread;
    assert_int_equal(ewi_thread_start(reply_later, &rig, "replier", &thread, NULL), EW_OK);
    for (int i = 0; i < 200; i++) {
        http_client client = http_connect(&rig);
        http_say(&client, GET("/held"));
        if (i % 2) {
            assert_int_equal(http_hear(&client), 200);
            assert_string_equal(client.body, "later");
        } else { /* not before it reached the handler */
            ewi_http_stats stats;
            do ewi_http_get_stats(rig.http, &stats);
            while (stats.requests <= (uint64_t)i);
        }
        http_hang_up(&client);
    }
    ewi_thread_join(thread);
    http_rig_close(&rig);
}

static uint32_t draw(uint32_t *seed) {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed;
}

/* Pieces of requests in any order, with bytes changed, cut anywhere; the server must still be there. */
static void random_bytes_do_no_harm(void **state) {
    (void)state;
    static const char *const pieces[] = {"GET /hello HTTP/1.1\r\n",
                                         "POST /echo HTTP/1.1\r\n",
                                         "Host: localhost\r\n",
                                         "\r\n",
                                         "\n",
                                         "\r",
                                         " ",
                                         "Content-Length: 5\r\n",
                                         "Content-Length: 18446744073709551615\r\n",
                                         "Transfer-Encoding: chunked\r\n",
                                         "5\r\nabcde\r\n",
                                         "0\r\n\r\n",
                                         "ffffffffffffffff\r\n",
                                         "Expect: 100-continue\r\n",
                                         "hello",
                                         "X: y\r\n z\r\n",
                                         "Cookie: a=b; c=\"d\r\n",
                                         "Connection: close\r\n",
                                         "HEAD /echo?a=%4&b HTTP/1.0\r\n",
                                         "%00%ff?=&&=\r\n",
                                         "Origin: http://localhost\r\n",
                                         "Upgrade: h2c\r\n",
                                         "\xff\xfe",
                                         ":",
                                         ": \r\n",
                                         "OPTIONS * HTTP/1.1\r\n"};
    uint32_t seed = 20261122;
    http_rig rig;
    http_rig_open(&rig, &(ewi_http_options){.request_ms = 500, .max_body_bytes = 10000});
    for (int i = 0; i < 400; i++) {
        char text[4096];
        size_t n = 0;
        for (uint32_t k = draw(&seed) % 24; k > 0; k--) {
            const char *piece = pieces[draw(&seed) % EWI_COUNT(pieces)];
            memcpy(text + n, piece, strlen(piece));
            n += strlen(piece);
        }
        for (uint32_t k = draw(&seed) % 3; k > 0 && n > 0; k--) text[draw(&seed) % n] = (char)draw(&seed);
        http_client client = http_connect(&rig);
        http_send(&client, text, n);
        if (draw(&seed) % 2) http_is_closed(&client, 1);
        http_hang_up(&client);
    }
    assert_int_equal(http_ask_once(&rig, GET("/hello")), 200);
    http_rig_close(&rig);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(idle_connections_cost_little),
        cmocka_unit_test(streams_race_with_clients_that_leave),
        cmocka_unit_test(replies_race_with_clients_that_leave),
        cmocka_unit_test(random_bytes_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
