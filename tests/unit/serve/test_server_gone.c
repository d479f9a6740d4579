/* A client that leaves costs no more steps than the one that is on: streamed or whole, at any moment. */
#define _GNU_SOURCE

#include "test.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "expect.h"
#include "http_rig.h"
#include "scratch.h"
#include "serve/server.h"
#include "tiny_model.h"

#define N_ROUNDS 12

typedef struct served {
    char path[256];
    ew_served_model model;
    ew_server *server;
    http_rig rig; /* for http_connect */
    ewi_host *host;
} served;

/* A model whose steps are long beside what threads need to wake each other: 60 MB of weights. */
static void begin(served *s) {
    ew_error err = {0};
    ewi_refusal refusal = {0};
    *s = (served){0};
    snprintf(s->path, sizeof s->path, "%s", scratch_path("slow.gguf"));
    tiny_model_write(&(tiny_model){.n_layers = 6, .d_model = 512, .d_ffn = 1536, .head_dim = 64}, s->path);
    s->model = (ew_served_model){.path = s->path};
    ew_server_options options = {
        .struct_size = sizeof options, .models = &s->model, .n_models = 1, .port = -1, .engine.n_threads = 1};
    expect_ok(ew_server_open(&options, &s->server, &err), &err);
    s->rig.http = ewi_server_http(s->server);
    s->host = ewi_models_hold(ewi_server_models(s->server), (ew_str){"", 0}, &refusal);
    if (!s->host) fail_msg("%s", refusal.text);
}

static void end(served *s) {
    ewi_models_release(ewi_server_models(s->server), s->host);
    ew_server_close(s->server);
}

static ewi_scheduler_stats stats_of(const served *s) {
    return ewi_scheduler_get_stats(s->host->scheduler);
}

static void ask(http_client *client, bool streams) {
    char text[512], body[256];
    snprintf(body, sizeof body,
             "{\"prompt\":\"once\",\"max_tokens\":400,\"ignore_eos\":true,\"temperature\":0,\"stream\":%s}",
             streams ? "true" : "false");
    snprintf(text, sizeof text,
             "POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: %zu\r\n\r\n%s",
             strlen(body), body);
    http_say(client, text);
}

/* Leaves when some tokens are there and a part of the next step is over; steps that were finished after
 * that. */
static uint64_t steps_after_leaving(const served *s, bool streams, double part) {
    http_client client = http_connect(&s->rig);
    ewi_scheduler_stats before = stats_of(s), now = before;
    ask(&client, streams);
    while (now.n_generated < before.n_generated + 3) {
        poll(NULL, 0, 1);
        now = stats_of(s);
    }
    double step_ms = (double)now.step_ns / (double)now.n_steps / 1e6;
    poll(NULL, 0, (int)(part * step_ms));
    http_hang_up(&client);
    uint64_t n = stats_of(s).n_steps;
    while ((now = stats_of(s)).n_running > 0) poll(NULL, 0, 1);
    return now.n_steps - n;
}

static void who_leaves_costs_one_step_at_most(void **state) {
    const bool streams = *(const bool *)*state;
    served s;
    size_t counts[4] = {0};
    begin(&s);
    for (int i = 0; i < N_ROUNDS; i++) {
        uint64_t n = steps_after_leaving(&s, streams, (double)i / N_ROUNDS);
        counts[n < 3 ? n : 3]++;
    }
    print_message(
        "%s: steps of %.1f ms that ended after the client had left: 0: %zu, 1: %zu, 2: %zu, more: %zu\n",
        streams ? "streams" : "whole answers",
        (double)stats_of(&s).step_ns / (double)stats_of(&s).n_steps / 1e6, counts[0], counts[1], counts[2],
        counts[3]);
    /* A stream notices when it writes; else threads wake each other, which a busy machine may let wait. */
    assert_true(counts[0] + counts[1] >= (streams ? N_ROUNDS : N_ROUNDS / 2));
    end(&s);
}

int main(void) {
    static bool streams = true, whole = false;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(who_leaves_costs_one_step_at_most, &streams),
        cmocka_unit_test_prestate(who_leaves_costs_one_step_at_most, &whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
