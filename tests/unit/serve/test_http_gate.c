/* Who may ask, and which bytes are a request at all. */
#define _GNU_SOURCE

#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "http_rig.h"
#include "serve/http_head.h"

static int ask(const http_rig *rig, const char *headers) {
    char text[2048];
    snprintf(text, sizeof text, "GET /hello HTTP/1.1\r\n%s\r\n", headers);
    return http_ask_once(rig, text);
}

static void only_known_hosts_are_served(void **state) {
    (void)state;
    static const char *const hosts[] = {"Box.Local"};
    static const struct {
        const char *headers;
        int status, with_list;
    } cases[] = {
        {"Host: localhost\r\n", 200, 200},
        {"Host: LOCALHOST:8080\r\n", 200, 200},
        {"Host: 127.0.0.1:1\r\n", 200, 200},
        {"Host: [::1]:8080\r\n", 200, 200},
        {"Host: [::1]\r\n", 200, 200},
        {"Host: box.local:80\r\n", 403, 200},
        {"Host: evil.example\r\n", 403, 403},
        {"Host: localhost.evil.example\r\n", 403, 403},
        {"Host: evil.example:localhost\r\n", 403, 403},
        {"Host: \r\n", 403, 403},
        {"Host: 127.0.0.2\r\n", 403, 403},
        {"", 400, 400},
        {"Host: localhost\r\nHost: localhost\r\n", 400, 400},
    };
    http_rig plain, listed;
    http_rig_open(&plain, NULL);
    http_rig_open(&listed, &(ewi_http_options){.allowed_hosts = hosts, .n_allowed_hosts = 1});
    for (size_t i = 0; i < EWI_COUNT(cases); i++) {
        assert_int_equal(ask(&plain, cases[i].headers), cases[i].status);
        assert_int_equal(ask(&listed, cases[i].headers), cases[i].with_list);
    }
    http_rig_close(&plain);
    http_rig_close(&listed);
}

static void pages_of_others_are_refused(void **state) {
    (void)state;
    static const char *const origins[] = {"https://chat.example"};
    static const struct {
        const char *headers;
        int status, with_list;
    } cases[] = {
        {"Host: localhost:80\r\nOrigin: http://localhost:80\r\n", 200, 200},
        {"Host: localhost\r\nOrigin: https://localhost\r\n", 200, 200},
        {"Host: localhost\r\nOrigin: http://localhost:81\r\n", 403, 403},
        {"Host: localhost\r\nOrigin: null\r\n", 403, 403},
        {"Host: localhost\r\nOrigin: https://chat.example\r\n", 403, 200},
        {"Host: localhost\r\nOrigin: http://chat.example\r\n", 403, 403},
        {"Host: localhost\r\nOrigin: https://chat.example.evil\r\n", 403, 403},
        {"Host: localhost\r\nOrigin:\r\n", 403, 403},
    };
    http_rig plain, listed;
    http_rig_open(&plain, NULL);
    http_rig_open(&listed, &(ewi_http_options){.allowed_origins = origins, .n_allowed_origins = 1});
    for (size_t i = 0; i < EWI_COUNT(cases); i++) {
        assert_int_equal(ask(&plain, cases[i].headers), cases[i].status);
        assert_int_equal(ask(&listed, cases[i].headers), cases[i].with_list);
    }
    http_rig_close(&plain);
    http_rig_close(&listed);
}

#define PREFLIGHT(origin)                                           \
    "OPTIONS /hello HTTP/1.1\r\nHost: localhost\r\nOrigin: " origin \
    "\r\nAccess-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: content-type\r\n\r\n"

/* https://fetch.spec.whatwg.org/#http-cors-protocol */
static void allowed_pages_are_told_so(void **state) {
    (void)state;
    static const char *const origins[] = {"https://chat.example"};
    static const uint8_t keys[1][EWI_SHA256_BYTES] = {{0}};
    http_rig rig;
    http_rig_open(&rig, &(ewi_http_options){
                            .allowed_origins = origins, .n_allowed_origins = 1, .keys = keys, .n_keys = 1});
    http_client client = http_connect(&rig);
    assert_int_equal(http_ask(&client, PREFLIGHT("https://chat.example")), 204);
    assert_non_null(strstr(client.head, "\r\nAccess-Control-Allow-Origin: https://chat.example\r\n"));
    assert_non_null(strstr(client.head, "\r\nAccess-Control-Allow-Headers: content-type\r\n"));
    assert_non_null(strstr(client.head, "\r\nAccess-Control-Allow-Methods: "));
    assert_int_equal(http_ask(&client, PREFLIGHT("https://evil.example")), 403);
    assert_null(strstr(client.head, "Access-Control"));
    assert_int_equal(http_ask(&client, "GET /health HTTP/1.1\r\nHost: localhost\r\n"
                                       "Origin: https://chat.example\r\n\r\n"),
                     200);
    assert_non_null(strstr(client.head, "\r\nAccess-Control-Allow-Origin: https://chat.example\r\n"));
    assert_int_equal(http_ask(&client, "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"), 200);
    assert_null(strstr(client.head, "Access-Control"));
    http_hang_up(&client);
    http_rig_close(&rig);
}

/* SHA-256 of "abc" and of the empty text (FIPS 180-4's examples). */
static const uint8_t known_keys[2][EWI_SHA256_BYTES] = {
    {0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24,
     0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55},
    {0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40, 0xde, 0x5d, 0xae, 0x22, 0x23,
     0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17, 0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad}};

static void keys_open_everything_but_health(void **state) {
    (void)state;
    static const struct {
        const char *headers;
        int status;
    } cases[] = {
        {"", 401},
        {"Authorization: Bearer abc\r\n", 200},
        {"authorization: bearer abc\r\n", 200},
        {"x-api-key: abc\r\n", 200},
        {"X-API-Key: abd\r\n", 401},
        {"Authorization: Bearer abcd\r\n", 401},
        {"Authorization: Basic abc\r\n", 401},
        {"Authorization: abc\r\n", 401},
    };
    http_rig rig;
    http_rig_open(&rig, &(ewi_http_options){.keys = known_keys, .n_keys = 2});
    for (size_t i = 0; i < EWI_COUNT(cases); i++) {
        char headers[256];
        snprintf(headers, sizeof headers, "Host: localhost\r\n%s", cases[i].headers);
        assert_int_equal(ask(&rig, headers), cases[i].status);
    }
    assert_int_equal(http_ask_once(&rig, "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"), 200);
    assert_int_equal(http_ask_once(&rig, "GET /health/../hello HTTP/1.1\r\nHost: localhost\r\n\r\n"), 401);
    http_rig_close(&rig);
}

static void clients_are_told_apart_by_key(void **state) {
    (void)state;
    http_rig rig;
    uint64_t id[3];
    static const char *const keys[] = {"abc", "abc", ""};
    http_rig_open(&rig, &(ewi_http_options){.keys = known_keys, .n_keys = 2});
    for (int i = 0; i < 3; i++) {
        char text[256];
        http_client client = http_connect(&rig);
        snprintf(text, sizeof text, "GET /held HTTP/1.1\r\nHost: localhost\r\nx-api-key: %s\r\n\r\n",
                 keys[i]);
        http_say(&client, text);
        ewi_exchange *x = http_take_held(&rig);
        id[i] = ewi_exchange_client(x);
        ewi_exchange_reply(x, 200, "text/plain", EWI_STR(""));
        assert_int_equal(http_hear(&client), 200);
        http_hang_up(&client);
    }
    assert_true(id[0] == id[1]);
    assert_true(id[0] != id[2]);
    http_rig_close(&rig);
}

/* Each is read one way by some servers and another way by others (RFC 9112, sections 5.2, 6.1 and 11.2), or
 * is no HTTP. None may reach the handler, nor what follows it. */
static void what_can_be_read_in_two_ways_is_refused(void **state) {
    (void)state;
#define POST "POST /echo HTTP/1.1\r\nHost: localhost\r\n"
    static const struct {
        const char *text;
        size_t len;
    } cases[] = {
#define CASE(text) {text, sizeof(text) - 1}
        CASE(POST "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        CASE(POST "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n"),
        CASE(POST "Content-Length: 4\r\nContent-Length: 4\r\n\r\nabcd"),
        CASE(POST "Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcde"),
        CASE(POST "Content-Length: 4, 4\r\n\r\nabcd"),
        CASE(POST "Content-Length: +4\r\n\r\nabcd"),
        CASE(POST "Content-Length: -1\r\n\r\n"),
        CASE(POST "Content-Length: 0x4\r\n\r\nabcd"),
        CASE(POST "Content-Length: 99999999999999999999999\r\n\r\n"),
        CASE(POST "Content-Length:\r\n\r\n"),
        CASE(POST "Content-Length : 4\r\n\r\nabcd"),
        CASE(POST "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
        CASE(POST "Transfer-Encoding: identity\r\n\r\n"),
        CASE(POST "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"),
        CASE(POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n"),
        CASE(POST "Transfer-Encoding\r\n : chunked\r\n\r\n0\r\n\r\n"),
        CASE(POST "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n"),
        CASE(POST "X-Fold: a\r\n b\r\nContent-Length: 0\r\n\r\n"),
        CASE(POST "Content-Length: 0\r\nX-Fold: a\r\n\tb\r\n\r\n"),
        CASE(POST "X-Fold: a\r\n Content-Length: 4\r\n\r\nabcd"),
        CASE(POST " Content-Length: 4\r\n\r\nabcd"),
        CASE(POST "X: a\nContent-Length: 0\r\n\r\n"),
        CASE(POST "X: a\rContent-Length: 0\r\n\r\n"),
        CASE(POST "X: a\0b\r\nContent-Length: 0\r\n\r\n"),
        CASE(POST "X\0: a\r\nContent-Length: 0\r\n\r\n"),
        CASE(POST "Content-Length: 0\r\nX: a\n\r\n"),
        CASE(POST "no colon\r\nContent-Length: 0\r\n\r\n"),
        CASE(POST ": empty\r\nContent-Length: 0\r\n\r\n"),
        CASE(POST "Transfer-Encoding: chunked\r\n\r\nz\r\nabc\r\n0\r\n\r\n"),
        CASE(POST "Transfer-Encoding: chunked\r\n\r\n-1\r\nabc\r\n0\r\n\r\n"),
        CASE(POST "Transfer-Encoding: chunked\r\n\r\n3\r\nabcX\r\n0\r\n\r\n"),
        CASE(POST "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nabc\r\n0\r\n\r\n"),
        CASE("POST /echo HTTP/1.0\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        CASE("GET http://evil.example/hello HTTP/1.1\r\nHost: localhost\r\n\r\n"),
        CASE("GET hello HTTP/1.1\r\nHost: localhost\r\n\r\n"),
        CASE("GET /hel%00lo HTTP/1.1\r\nHost: localhost\r\n\r\n"),
        CASE("GET /hel%zzlo HTTP/1.1\r\nHost: localhost\r\n\r\n"),
        CASE("GET /hel lo HTTP/1.1\r\nHost: localhost\r\n\r\n"),
        CASE("GET /hello HTTP/9.9\r\nHost: localhost\r\n\r\n"),
        CASE("GET /hello\r\nHost: localhost\r\n\r\n"),
        CASE("CONNECT localhost:1 HTTP/1.1\r\nHost: localhost\r\n\r\n"),
        CASE("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        CASE("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n\r\n"),
#undef CASE
    };
#undef POST
    http_rig rig;
    http_rig_open(&rig, NULL);
    for (size_t i = 0; i < EWI_COUNT(cases); i++) {
        http_client client = http_connect(&rig);
        ewi_http_stats stats;
        http_send(&client, cases[i].text, cases[i].len);
        http_say(&client, "GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n");
        int status = http_hear(&client);
        ewi_http_get_stats(rig.http, &stats);
        if (stats.requests || (status != 0 && status < 400) || !http_is_closed(&client, 2000))
            fail_msg("case %zu: status %d, %d requests: %s", i, status, (int)stats.requests, cases[i].text);
        http_hang_up(&client);
    }
    assert_int_equal(http_ask_once(&rig, "GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n"), 200);
    http_rig_close(&rig);
}

static void methods_are_five(void **state) {
    (void)state;
    http_rig rig;
    http_rig_open(&rig, NULL);
    http_client client = http_connect(&rig);
    assert_int_equal(
        http_ask(&client, "PUT /hello HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\nab"), 405);
    assert_int_equal(http_ask(&client, "TRACE /hello HTTP/1.1\r\nHost: localhost\r\n\r\n"), 405);
    assert_int_equal(http_ask(&client, "get /hello HTTP/1.1\r\nHost: localhost\r\n\r\n"), 405);
    assert_int_equal(http_ask(&client, "DELETE /hello HTTP/1.1\r\nHost: localhost\r\n\r\n"), 200);
    assert_int_equal(http_ask(&client, "OPTIONS /hello HTTP/1.1\r\nHost: localhost\r\n\r\n"), 204);
    http_hang_up(&client);
    http_rig_close(&rig);
}

static void write_style(void *user, ew_str path, unsigned status, const char *code, const char *message,
                        ewi_buffer *body) {
    (void)user, (void)message;
    ewi_buffer_printf(body, "%.*s|%u|%s", EWI_STR_ARG(path), status, code);
}

static void errors_have_the_style_of_the_api(void **state) {
    (void)state;
    http_rig rig;
    http_rig_open(&rig, &(ewi_http_options){.write_error = write_style, .keys = known_keys, .n_keys = 2});
    http_client client = http_connect(&rig);
    assert_int_equal(http_ask(&client, "GET /v1/messages?a=b HTTP/1.1\r\nHost: localhost\r\n\r\n"), 401);
    assert_string_equal(client.body, "/v1/messages|401|invalid_api_key");
    assert_non_null(strstr(client.head, "Content-Type: application/json\r\n"));
    http_hang_up(&client);
    http_rig_close(&rig);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_known_hosts_are_served),
        cmocka_unit_test(pages_of_others_are_refused),
        cmocka_unit_test(allowed_pages_are_told_so),
        cmocka_unit_test(keys_open_everything_but_health),
        cmocka_unit_test(clients_are_told_apart_by_key),
        cmocka_unit_test(what_can_be_read_in_two_ways_is_refused),
        cmocka_unit_test(methods_are_five),
        cmocka_unit_test(errors_have_the_style_of_the_api),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
