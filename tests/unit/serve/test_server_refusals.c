/* What the server says to requests that no API gets: each path's errors have its API's form, whoever finds
 * them. */
#define _GNU_SOURCE

#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "expect.h"
#include "format/json.h"
#include "http_rig.h"
#include "scratch.h"
#include "serve/server.h"
#include "tiny_model.h"

#define HOST "Host: localhost\r\n"

typedef struct served {
    char path[256];
    ew_served_model model;
    ew_server *server;
    http_rig rig; /* for http_connect */
} served;

static void begin(served *s) {
    ew_error err = {0};
    *s = (served){0};
    snprintf(s->path, sizeof s->path, "%s", scratch_path("tiny.gguf"));
    tiny_model_write(&(tiny_model){0}, s->path);
    s->model = (ew_served_model){.path = s->path};
    ew_server_options options = {
        .struct_size = sizeof options, .models = &s->model, .n_models = 1, .port = -1, .engine.n_threads = 1};
    expect_ok(ew_server_open(&options, &s->server, &err), &err);
    s->rig.http = ewi_server_http(s->server);
}

static void end(served *s) {
    ew_server_close(s->server);
}

/* The forms that the APIs publish for errors. */
static const struct {
    const char *path, *begins;
} styles[] = {
    {"/v1/chat/completions", "{\"error\":{\"message\":"},
    {"/nothing", "{\"error\":{\"message\":"},
    {"/v1/messages", "{\"type\":\"error\",\"error\":{\"type\":"},
    {"/api/chat", "{\"error\":\""},
    {"/completion", "{\"error\":{\"code\":4"},
};

static bool is_json(ew_str text) {
    ewi_json json;
    ewi_arena arena;
    ewi_arena_init(&arena, 1 << 16);
    ewi_json_init(&json, (ewi_bytes){(const uint8_t *)text.data, text.len}, &arena);
    bool is = ewi_json_skip(&json, NULL) == EW_OK && ewi_json_end(&json, NULL) == EW_OK;
    ewi_arena_deinit(&arena);
    return is;
}

/* Sends a request and what follows it to each API: `status`, JSON in its form, and then the end. */
static void each_refuses(const served *s, const char *what, int status, const char *method, const char *query,
                         const char *version, const char *rest) {
    for (size_t i = 0; i < EWI_COUNT(styles); i++) {
        http_client client = http_connect(&s->rig);
        http_say(&client, method);
        http_say(&client, styles[i].path);
        http_say(&client, query);
        http_say(&client, version);
        int got = http_ask(&client, rest);
        if (got != status || !strstr(client.head, "Content-Type: application/json\r\n") ||
            strncmp(client.body, styles[i].begins, strlen(styles[i].begins)) != 0 ||
            !is_json((ew_str){client.body, client.body_len}))
            fail_msg("%s, %s: %d %s", what, styles[i].path, got, got ? client.body : "");
        http_hang_up(&client);
    }
}

#define V11 " HTTP/1.1\r\n"

static void malformed_heads_are_refused_in_each_style(void **state) {
    (void)state;
    static const struct {
        const char *what, *query, *version, *rest;
    } cases[] = {
        {"no Host", "", V11, "\r\n"},
        {"two Hosts", "", V11, HOST HOST "\r\n"},
        {"a blank in the path", " x", V11, HOST "\r\n"},
        {"a code that is none", "%zz", V11, HOST "\r\n"},
        {"a NUL in the path", "%00", V11, HOST "\r\n"},
        {"a blank in the query", "?a= x", V11, HOST "\r\n"},
        {"a control character", "?\x01", V11, HOST "\r\n"},
        {"a blank before a colon", "", V11, "Host : localhost\r\n\r\n"},
        {"a name that is none", "", V11, HOST "a b: c\r\n\r\n"},
        {"two lengths", "", V11, HOST "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab"},
        {"length and coding", "", V11, HOST "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"},
        {"an unknown coding", "", V11, HOST "Transfer-Encoding: gzip\r\n\r\n"},
        {"a folded line", "", V11, HOST "a: b\r\n c\r\n\r\n"},
        {"a bare line feed", "", V11, HOST "a: b\nc: d\r\n\r\n"},
        {"chunks of HTTP/1.0", "", " HTTP/1.0\r\n", HOST "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
    };
    served s;
    begin(&s);
    for (size_t i = 0; i < EWI_COUNT(cases); i++)
        each_refuses(&s, cases[i].what, 400, "POST ", cases[i].query, cases[i].version, cases[i].rest);
    each_refuses(&s, "a foreign Host", 403, "POST ", "", V11, "Host: evil.example\r\n\r\n");
    each_refuses(&s, "a foreign page", 403, "POST ", "", V11, HOST "Origin: http://evil.example\r\n\r\n");
    each_refuses(&s, "a huge body", 413, "POST ", "", V11, HOST "Content-Length: 999999999999\r\n\r\n");
    end(&s);
}

static const char *many(char *text, size_t size, const char *before, const char *piece, size_t n) {
    size_t at = (size_t)snprintf(text, size, "%s", before);
    for (size_t i = 0; i < n; i++) at += (size_t)snprintf(text + at, size - at, "%s", piece);
    return text;
}

/* 12 KiB are what it takes; more than twice as much libmicrohttpd refuses. */
static void large_heads_are_refused_in_each_style(void **state) {
    (void)state;
    static char text[32000], rest[32100];
    served s;
    begin(&s);
    many(text, sizeof text, "?", "a", 12500);
    each_refuses(&s, "12,500 bytes of a query", 414, "POST ", text, V11, HOST "\r\n");
    many(text, sizeof text, "?", "a", 15800);
    each_refuses(&s, "15,800 bytes of a query", 414, "POST ", text, V11, HOST "\r\n");
    for (size_t n = 12300; n <= 28000; n += 5200) {
        snprintf(rest, sizeof rest, "%s\r\n\r\n", many(text, sizeof text, HOST "X: ", "a", n));
        each_refuses(&s, "a long header", 431, "POST ", "", V11, rest);
    }
    many(text, sizeof text, HOST, "a: 45678901234567890123456789012345678901234567890\r\n", 250);
    snprintf(rest, sizeof rest, "%s\r\n", text);
    each_refuses(&s, "many headers", 431, "POST ", "", V11, rest);
    end(&s);
}

static void methods_are_those_of_the_path(void **state) {
    (void)state;
    static const struct {
        const char *request;
        int status;
        const char *allow;
    } cases[] = {
        {"GET /v1/chat/completions", 405, "POST, OPTIONS"},
        {"PUT /v1/chat/completions", 405, "POST, OPTIONS"},
        {"POST /v1/models", 405, "GET, HEAD, OPTIONS"},
        {"TRACE /props", 405, "GET, HEAD, POST, OPTIONS"},
        {"GET /api/delete", 405, "DELETE, OPTIONS"},
        {"DELETE /", 405, "GET, HEAD, OPTIONS"},
        {"post /v1/messages", 405, "POST, OPTIONS"},
        {"BREW /pot", 404, NULL},
        {"OPTIONS /v1/messages", 204, NULL},
    };
    served s;
    begin(&s);
    http_client client = http_connect(&s.rig);
    for (size_t i = 0; i < EWI_COUNT(cases); i++) {
        char text[256];
        snprintf(text, sizeof text, "%s HTTP/1.1\r\n" HOST "\r\n", cases[i].request);
        int status = http_ask(&client, text);
        snprintf(text, sizeof text, "\r\nAllow: %s\r\n", cases[i].allow ? cases[i].allow : "");
        if (status != cases[i].status || !strstr(client.head, cases[i].allow ? text : "\r\n") ||
            (!cases[i].allow && strstr(client.head, "Allow:")))
            fail_msg("%s: %d %s", cases[i].request, status, status ? client.head : "");
    }
    http_hang_up(&client);
    end(&s);
}

/* The number behind `name` on the server's page of metrics. */
static unsigned long metric(const served *s, const char *name) {
    http_client client = http_connect(&s->rig);
    assert_int_equal(http_ask(&client, "GET /metrics HTTP/1.1\r\n" HOST "\r\n"), 200);
    const char *at = strstr(client.body, name);
    unsigned long value = at ? strtoul(at + strlen(name), NULL, 10) : 0;
    http_hang_up(&client);
    return value;
}

static void refused_requests_are_counted(void **state) {
    (void)state;
    served s;
    begin(&s);
    assert_int_equal(http_ask_once(&s.rig, "GET /nothing HTTP/1.1\r\n" HOST "\r\n"), 404);
    for (int i = 0; i < 2; i++)
        assert_int_equal(http_ask_once(&s.rig, "PUT /v1/models HTTP/1.1\r\n" HOST "\r\n"), 405);
    assert_int_equal(http_ask_once(&s.rig, "GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n"), 403);
    assert_int_equal(http_ask_once(&s.rig, "POST /v1/completions HTTP/1.1\r\n" HOST "\r\n"), 400);
    assert_int_equal(metric(&s, "edgewise_requests_total{api=\"http\",code=\"404\"} "), 1);
    assert_int_equal(metric(&s, "edgewise_requests_total{api=\"http\",code=\"405\"} "), 2);
    assert_int_equal(metric(&s, "edgewise_requests_total{api=\"http\",code=\"403\"} "), 1);
    assert_int_equal(metric(&s, "edgewise_requests_total{api=\"openai.completions\",code=\"400\"} "), 1);
    end(&s);
}

/* Two texts of three and two tokens. */
static void embedded_tokens_are_counted(void **state) {
    (void)state;
    static const char body[] = "{\"input\":[[5,6,7],[8,9]]}";
    char text[256];
    served s;
    begin(&s);
    snprintf(text, sizeof text, "POST /v1/embeddings HTTP/1.1\r\n" HOST "Content-Length: %zu\r\n\r\n%s",
             strlen(body), body);
    http_client client = http_connect(&s.rig);
    assert_int_equal(http_ask(&client, text), 200);
    assert_non_null(strstr(client.body, "\"prompt_tokens\":5"));
    http_hang_up(&client);
    assert_int_equal(metric(&s, "\nedgewise_prompt_tokens_total "), 5);
    end(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(malformed_heads_are_refused_in_each_style),
        cmocka_unit_test(large_heads_are_refused_in_each_style),
        cmocka_unit_test(methods_are_those_of_the_path),
        cmocka_unit_test(refused_requests_are_counted),
        cmocka_unit_test(embedded_tokens_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
