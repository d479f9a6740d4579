/* test_scheduler.c: what one scheduler answers to many is what ew_generate answers to each alone, whenever
 * they come and whoever goes; and who comes first.
 *
 * Requests come and go inside the callbacks of others, on the scheduler's thread, by a random generator: each
 * run of a test is the same.
 */
#include "ask.h"
#include "expect.h"
#include "os/clock.h"
#include "scratch.h"
#include "tiny_model.h"

#include <stdio.h>
#include <stdlib.h>

#define N_MANY 24

static uint64_t next_random(uint64_t *state) {
    *state = *state * 6364136223846793005u + 1442695040888963407u; /* Knuth, MMIX */
    return *state >> 33;
}

static rig tiny_rig(const tiny_model *m, uint32_t n_threads, uint32_t n_rows) {
    const char *path = scratch_path("scheduler.gguf");
    tiny_model_write(m, path);
    return rig_open(path, &(ew_engine_options){.n_threads = n_threads, .n_rows = n_rows, .exact = true});
}

static rig plain_rig(uint32_t n_rows) {
    return tiny_rig(&(tiny_model){.n_ctx = 2048, .seed = 5}, 1, n_rows);
}

static ewi_scheduler *new_scheduler(const rig *r, ewi_scheduler_options o) {
    ewi_scheduler *s = NULL;
    ew_error err = {0};
    expect_ok(ewi_scheduler_new(r->engine, &o, &s, &err), &err);
    return s;
}

static void close_all(ewi_scheduler *s, rig *r) {
    ewi_scheduler_free(s);
    rig_close(r);
}

/* ---- prompts ---- */

static ew_token ids[2048];

static void fill_ids(void) {
    uint64_t state = 1;
    for (size_t i = 0; i < 2048; i++) ids[i] = (ew_token)(3 + next_random(&state) % 300);
}

static ewi_request request_of(size_t n_prompt, uint32_t n_predict) {
    return (ewi_request){.prompt = ids, .n_prompt = n_prompt, .n_predict = n_predict, .ignore_end = true};
}

/* ---- the same answers ---- */

/* Greedy and sampled, with and without penalties, biases, ends and stop strings, short and long. */
static ewi_request varied_request(uint64_t i) {
    static const ew_logit_bias biases[] = {{300, 5}, {40, -100}, {7, 2.5f}};
    static const ew_str stops[] = {{"never in it", 11}, {"e", 1}, {"zq", 2}};
    uint64_t state = i * 77 + 5;
    const size_t first = next_random(&state) % 1000, n = 1 + next_random(&state) % 150;
    ewi_request q = {
        .prompt = ids + first,
        .n_prompt = i % 5 == 0 ? 1 : n,
        .n_predict = (uint32_t)(1 + next_random(&state) % 40),
        .ignore_end = i % 3 != 0,
        .client = i % 4,
        .priority = i % 7 == 3 ? EWI_BACKGROUND : EWI_INTERACTIVE,
    };
    if (i % 2) q.sampling = (ew_sampler_options){.temperature = 1, .top_p = 0.95f, .seed = i};
    if (i % 4 == 3) q.sampling.repeat_penalty = 1.3f;
    if (i % 6 == 1) q.sampling = (ew_sampler_options){.biases = biases, .n_biases = 3};
    if (i % 3 == 1) q.stops = stops, q.n_stops = 3;
    return q;
}

/* What comes and goes as tokens come. */
typedef struct crowd {
    ewi_scheduler *scheduler;
    ask *asks;
    size_t n, n_submitted;
    uint64_t state;
    bool cancels;
} crowd;

static void submit_next(crowd *c) {
    if (c->n_submitted < c->n) ask_submit(c->scheduler, &c->asks[c->n_submitted++]);
}

static void somebody_comes_or_goes(ask *a) {
    crowd *c = a->user;
    if (next_random(&c->state) % 3 == 0) submit_next(c);
    if (c->cancels && next_random(&c->state) % 40 == 0 && c->n_submitted > 0)
        ewi_scheduler_cancel(c->scheduler, c->asks[next_random(&c->state) % c->n_submitted].id);
}

static void somebody_comes(ask *a) {
    submit_next(a->user);
}

/* Runs them all, first `n_first` at once. */
static void run_crowd(ewi_scheduler *s, ask *asks, size_t n, size_t n_first, bool cancels) {
    crowd c = {s, asks, n, 0, n * 31 + n_first, cancels};
    ask_hold hold;
    for (size_t i = 0; i < n; i++) {
        asks[i].on_token = somebody_comes_or_goes;
        asks[i].on_ended = somebody_comes;
        asks[i].user = &c;
    }
    ask_hold_begin(s, &hold);
    for (size_t i = 0; i < n_first; i++) submit_next(&c);
    ask_hold_end(&hold);
    for (size_t i = 0; i < n; i++) ask_wait(&asks[i]);
}

static void check_crowd(const tiny_model *m, uint32_t n_threads, uint32_t n_rows, size_t n_first) {
    static ask alone[N_MANY], asks[N_MANY];
    rig r = tiny_rig(m, n_threads, n_rows);
    for (size_t i = 0; i < N_MANY; i++) {
        ewi_request q = varied_request(i);
        alone[i] = ask_alone(&r, &q);
        asks[i] = (ask){.request = q};
    }
    ewi_scheduler *s = new_scheduler(&r, (ewi_scheduler_options){.n_running = n_rows < 16 ? n_rows : 16});
    run_crowd(s, asks, N_MANY, n_first, false);
    for (size_t i = 0; i < N_MANY; i++) ask_compare(&asks[i], &alone[i]);
    assert_int_equal(ewi_scheduler_get_stats(s).n_ended, N_MANY);
    close_all(s, &r);
}

static void answers_are_those_of_generate(void **state) {
    (void)state;
    const tiny_model m = {.n_ctx = 512, .seed = 5};
    check_crowd(&m, 1, 0, 16);
    check_crowd(&m, 2, 0, 1);
    check_crowd(&m, 1, 5, 24);
    check_crowd(&(tiny_model){.arch = "qwen3moe", .n_experts = 6, .n_used = 2, .seed = 2}, 1, 32, 16);
}

/* ---- who may wait ---- */

static void the_queue_is_bounded(void **state) {
    (void)state;
    enum { N = 4 };
    static ask asks[N + 1];
    rig r = plain_rig(0);
    ewi_scheduler *s = new_scheduler(&r, (ewi_scheduler_options){.n_running = 2, .n_queued = N});
    ask_hold hold;
    ew_error err = {0};
    for (size_t i = 0; i <= N; i++) asks[i] = (ask){.request = request_of(3, 4)};
    ask_hold_begin(s, &hold);
    for (size_t i = 0; i < N; i++) ask_submit(s, &asks[i]);
    expect_refused(ask_try(s, &asks[N], &err), EW_BUSY, &err, "4 requests wait");
    ewi_scheduler_stats stats = ewi_scheduler_get_stats(s);
    assert_int_equal(stats.n_queued, N);
    assert_int_equal(stats.n_refused, 1);
    ask_hold_end(&hold);
    for (size_t i = 0; i < N; i++) ask_wait(&asks[i]);
    ask_submit(s, &asks[N]);
    ask_wait(&asks[N]);
    close_all(s, &r);
}

int main(void) {
    fill_ids();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_are_those_of_generate),
        cmocka_unit_test(the_queue_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, scratch_remove);
}
