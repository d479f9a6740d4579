/* test_scheduler.c: what one scheduler answers to many is what ew_generate answers to each alone, whenever
 * they come and whoever goes.
 *
 * Requests come and go inside the callbacks of others, on the scheduler's thread, by a random generator: each
 * run of a test is the same, but for deadlines.
 */
#define _GNU_SOURCE

#include "ask.h"
#include "base/mem.h"
#include "expect.h"
#include "in_child.h"
#include "os/clock.h"
#include "scratch.h"
#include "tiny_model.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

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

static rig plain_rig(void) {
    return tiny_rig(&(tiny_model){.n_ctx = 512, .seed = 5}, 1, 0);
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
    bool goes; /* some are cancelled, some have little time */
} crowd;

static void submit_next(crowd *c) {
    if (c->n_submitted == c->n) return;
    ask *a = &c->asks[c->n_submitted++];
    if (c->goes && c->n_submitted % 6 == 0) a->request.deadline_ns = ewi_clock_ns() + 3000000;
    ask_submit(c->scheduler, a);
}

static void somebody_comes_or_goes(ask *a) {
    crowd *c = a->user;
    if (next_random(&c->state) % 3 == 0) submit_next(c);
    if (c->goes && next_random(&c->state) % 40 == 0)
        ewi_scheduler_cancel(c->scheduler, c->asks[next_random(&c->state) % c->n_submitted].id);
}

static void somebody_comes(ask *a) {
    submit_next(a->user);
}

/* Runs them all, first `n_first` at once. */
static void run_crowd(ewi_scheduler *s, ask *asks, size_t n, size_t n_first, bool goes) {
    crowd c = {s, asks, n, 0, n * 31 + n_first, goes};
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

static void check_crowd(const rig *r, const ewi_scheduler_options *o, size_t n_first, bool goes) {
    static ask alone[N_MANY], asks[N_MANY];
    unsigned n_whole = 0;
    for (size_t i = 0; i < N_MANY; i++) {
        ewi_request q = varied_request(i);
        alone[i] = ask_alone(r, &q);
        asks[i] = (ask){.request = q};
    }
    ewi_scheduler *s = new_scheduler(r, *o);
    run_crowd(s, asks, N_MANY, n_first, goes);
    for (size_t i = 0; i < N_MANY; i++) {
        if (!goes || asks[i].outcome.status == EW_OK) {
            ask_compare(&asks[i], &alone[i]);
            n_whole++;
            continue;
        }
        assert_true(asks[i].outcome.status == EW_CANCELLED || asks[i].outcome.status == EW_DEADLINE);
        ask_compare_part(&asks[i], &alone[i]);
    }
    assert_int_equal(ewi_scheduler_get_stats(s).n_ended, N_MANY);
    if (goes) {
        print_message("%u of %u to their ends\n", n_whole, N_MANY);
        assert_true(n_whole > 2 && n_whole < N_MANY);
    }
    ewi_scheduler_free(s);
}

static void check_model(const tiny_model *m, uint32_t n_threads, uint32_t n_rows, bool goes) {
    rig r = tiny_rig(m, n_threads, n_rows);
    check_crowd(&r, &(ewi_scheduler_options){0}, 16, goes);
    check_crowd(&r, &(ewi_scheduler_options){.n_running = 3}, 1, goes);
    rig_close(&r);
}

static void answers_are_those_of_generate(void **state) {
    (void)state;
    const tiny_model m = {.n_ctx = 512, .seed = 5};
    check_model(&m, 1, 0, false);
    check_model(&m, 2, 0, false);
    check_model(&m, 1, 5, false);
}

static void whoever_goes(void **state) {
    (void)state;
    check_model(&(tiny_model){.n_ctx = 512, .seed = 5}, 1, 0, true);
    check_model(&(tiny_model){.n_ctx = 512, .seed = 5}, 2, 20, true);
}

static void of_all_kinds(void **state) {
    (void)state;
    check_model(&(tiny_model){.arch = "qwen3moe", .n_experts = 6, .n_used = 2, .seed = 2}, 1, 32, false);
    check_model(&(tiny_model){.arch = "qwen2", .dtype = EWI_F16, .seed = 3}, 1, 0, false);
    check_model(&(tiny_model){.arch = "mistral", .n_vocab = 1000, .tied = true, .seed = 4}, 1, 0, false);
}

static void with_a_prefix_cache(void **state) {
    (void)state;
    rig r = plain_rig();
    ew_error err = {0};
    const ewi_prefix_cache_options o = {.memory_bytes = 1 << 20};
    ewi_prefix_cache *cache;
    expect_ok(ewi_prefix_cache_new(r.engine, &o, &cache, &err), &err);
    check_crowd(&r, &(ewi_scheduler_options){.cache = cache}, 16, false);
    check_crowd(&r, &(ewi_scheduler_options){.cache = cache, .n_running = 4}, 16, false); /* all known */
    assert_true(ewi_prefix_cache_get_stats(cache).n_hits > N_MANY / 2);
    check_crowd(&r, &(ewi_scheduler_options){.cache = cache}, 1, true);
    ewi_prefix_cache_free(cache);
    rig_close(&r);
}

/* Five that come together: one runs the prompt, the others find it; somebody else's is not held up, and who
 * wants no cache runs it again. */
static void equal_prompts_are_run_once(void **state) {
    (void)state;
    enum { N = 5, N_PROMPT = 300 };
    static ask asks[N + 2], alone[N + 2];
    rig r = plain_rig();
    ew_error err = {0};
    const ewi_prefix_cache_options o = {.memory_bytes = 64 << 20};
    ewi_prefix_cache *cache;
    for (size_t i = 0; i < N + 2; i++) {
        ewi_request q = request_of(N_PROMPT, 10);
        q.sampling = (ew_sampler_options){.temperature = 1, .seed = i};
        if (i == N) q.prompt = ids + 1000;
        q.no_cache = i == N + 1;
        alone[i] = ask_alone(&r, &q);
        asks[i] = (ask){.request = q};
    }
    expect_ok(ewi_prefix_cache_new(r.engine, &o, &cache, &err), &err);
    ewi_scheduler *s = new_scheduler(&r, (ewi_scheduler_options){.cache = cache});
    ask_hold hold;
    ask_hold_begin(s, &hold);
    for (size_t i = 0; i < N + 2; i++) ask_submit(s, &asks[i]);
    ask_hold_end(&hold);
    for (size_t i = 0; i < N + 2; i++) {
        ask_wait(&asks[i]);
        ask_compare(&asks[i], &alone[i]);
        bool is_later = i > 0 && i < N;
        assert_int_equal(asks[i].outcome.n_cached, is_later ? N_PROMPT - 1 : 0);
    }
    ewi_scheduler_stats stats = ewi_scheduler_get_stats(s);
    assert_int_equal(stats.n_cached, (N - 1) * (N_PROMPT - 1));
    assert_int_equal(stats.n_prompt, 3 * N_PROMPT + N - 1);
    assert_int_equal(stats.n_generated, (N + 2) * 10);
    ewi_scheduler_free(s);
    ewi_prefix_cache_free(cache);
    rig_close(&r);
}

/* Two hundred at once, of which many ask the same: nothing is lost, nothing is crossed. */
static void two_hundred_at_once(void **state) {
    (void)state;
    enum { N = 200, N_KINDS = 20 };
    static ask asks[N], alone[N_KINDS];
    rig r = plain_rig();
    for (size_t i = 0; i < N_KINDS; i++) {
        ewi_request q = varied_request(i + 100);
        alone[i] = ask_alone(&r, &q);
    }
    ewi_scheduler *s = new_scheduler(&r, (ewi_scheduler_options){.n_running = 16});
    for (size_t i = 0; i < N; i++) {
        asks[i] = (ask){.request = varied_request(i % N_KINDS + 100)};
        ask_submit(s, &asks[i]);
    }
    for (size_t i = 0; i < N; i++) ask_wait(&asks[i]);
    for (size_t i = 0; i < N; i++) ask_compare(&asks[i], &alone[i % N_KINDS]);
    ewi_scheduler_stats stats = ewi_scheduler_get_stats(s);
    assert_int_equal(stats.n_submitted, N);
    assert_int_equal(stats.n_ended, N);
    assert_int_equal(stats.n_running, 0);
    assert_int_equal(stats.n_queued, 0);
    close_all(s, &r);
}

/* ---- how an answer ends ---- */

/* Stretches of the text that begin inside one token and end inside a later one. */
static void stop_strings_over_tokens(void **state) {
    (void)state;
    enum { N = 6 };
    static ask asks[N], expected[N];
    static char stops[N][256];
    ew_str texts[N];
    rig r = plain_rig();
    ewi_request q = request_of(5, 40);
    static ask whole;
    whole = ask_alone(&r, &q);
    for (size_t i = 0; i < N; i++) {
        size_t from = whole.end[5 * i + 1] - 1, to = whole.end[5 * i + 3] - 1;
        snprintf(stops[i], sizeof stops[i], "%.*s", (int)(to - from), whole.text + from);
        texts[i] = (ew_str){stops[i], strlen(stops[i])};
        q.stops = &texts[i];
        q.n_stops = 1;
        expected[i] = ask_alone(&r, &q);
        asks[i] = (ask){.request = q};
        assert_true(expected[i].outcome.generation.finish == EW_FINISH_STOP);
        assert_int_equal(expected[i].len, strstr(whole.text, stops[i]) - whole.text);
    }
    ewi_scheduler *s = new_scheduler(&r, (ewi_scheduler_options){0});
    for (size_t i = 0; i < N; i++) ask_submit(s, &asks[i]);
    for (size_t i = 0; i < N; i++) {
        ask_wait(&asks[i]);
        ask_compare(&asks[i], &expected[i]);
    }
    close_all(s, &r);
}

static void context_ends_an_answer(void **state) {
    (void)state;
    static ask alone, a[2];
    rig r = plain_rig();
    ewi_request q = request_of(5, 40);
    alone = ask_alone(&r, &q);
    ewi_scheduler *s = new_scheduler(&r, (ewi_scheduler_options){.n_ctx = 20});
    for (size_t i = 0; i < 2; i++) {
        a[i] = (ask){.request = request_of(5, i ? 30 : 0)};
        ask_submit(s, &a[i]);
        ask_wait(&a[i]);
        assert_int_equal(a[i].outcome.status, EW_OK);
        assert_int_equal(a[i].outcome.generation.finish, EW_FINISH_CONTEXT);
        assert_int_equal(a[i].n, 15);
        ask_compare_part(&a[i], &alone);
    }
    close_all(s, &r);
}

static void callback_says_stop(void **state) {
    (void)state;
    static ask alone, a;
    rig r = plain_rig();
    ewi_request q = request_of(5, 40);
    alone = ask_alone(&r, &q);
    ewi_scheduler *s = new_scheduler(&r, (ewi_scheduler_options){0});
    a = (ask){.request = q, .n_max = 7};
    ask_submit(s, &a);
    ask_wait(&a);
    assert_int_equal(a.outcome.status, EW_OK);
    assert_int_equal(a.outcome.generation.finish, EW_FINISH_CANCELLED);
    assert_int_equal(a.n, 7);
    ask_compare_part(&a, &alone);
    close_all(s, &r);
}

static void take_5_ms(ask *a) {
    (void)a;
    nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
}

static void freeing_ends_all(void **state) {
    (void)state;
    enum { N = 6 };
    static ask asks[N];
    rig r = plain_rig();
    ewi_scheduler *s = new_scheduler(&r, (ewi_scheduler_options){.n_running = 2});
    ask_hold hold;
    ask_hold_begin(s, &hold);
    for (size_t i = 0; i < N; i++) {
        asks[i] = (ask){.request = request_of(5, 400), .on_token = take_5_ms};
        ask_submit(s, &asks[i]);
    }
    ask_hold_end(&hold);
    ewi_scheduler_free(s);
    for (size_t i = 0; i < N; i++) {
        assert_int_equal(asks[i].n_ends, 1);
        assert_int_equal(asks[i].outcome.status, EW_CANCELLED);
    }
    rig_close(&r);
}

/* The weights' file is cut: who runs fails with the reason, who comes later too, and nobody waits for ever.
 */
static void fail_on_a_truncated_file(void *arg) {
    const char *path = arg;
    static ask asks[3];
    ew_error err = {0};
    expect_ok(ew_guard_install(&err), &err);
    tiny_model_write(&(tiny_model){.d_model = 256, .d_ffn = 1024, .n_layers = 4, .no_vocabulary = true},
                     path);
    rig r = rig_open(path, &(ew_engine_options){.n_threads = 1});
    ewi_scheduler *s = new_scheduler(&r, (ewi_scheduler_options){0});
    ask_hold hold;
    ask_hold_begin(s, &hold);
    for (size_t i = 0; i < 2; i++) {
        asks[i] = (ask){.request = request_of(5, 400)};
        ask_submit(s, &asks[i]);
    }
    assert_int_equal(truncate(path, 65536), 0);
    ask_hold_end(&hold);
    for (size_t i = 0; i < 3; i++) {
        if (i == 2) {
            asks[i] = (ask){.request = request_of(5, 400)};
            ask_submit(s, &asks[i]);
        }
        ask_wait(&asks[i]);
        assert_int_equal(asks[i].outcome.status, EW_IO);
        assert_non_null(strstr(asks[i].why, path));
    }
    close_all(s, &r);
}

static void lost_weights(void **state) {
    (void)state;
    static char path[4096];
    snprintf(path, sizeof path, "%s", scratch_path("lost.gguf"));
    in_child(fail_on_a_truncated_file, path);
}

/* ---- the prefix cache's files ---- */

static void truncate_files(ask *a) {
    const char *folder = a->user;
    if (a->n != 3) return;
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    for (const struct dirent *at; (at = readdir(dir));) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", folder, at->d_name);
        if (at->d_name[0] != '.') assert_int_equal(truncate(path, 0), 0);
    }
    closedir(dir);
}

static void run_cached(const rig *r, ask *asks, size_t n, const char *folder) {
    const ewi_prefix_cache_options o = {64 << 20, folder, 64 << 20};
    ewi_prefix_cache *cache;
    ew_error err = {0};
    expect_ok(ewi_prefix_cache_new(r->engine, &o, &cache, &err), &err);
    ewi_scheduler *s = new_scheduler(r, (ewi_scheduler_options){.cache = cache});
    for (size_t i = 0; i < n; i++) ask_submit(s, &asks[i]);
    for (size_t i = 0; i < n; i++) ask_wait(&asks[i]);
    ewi_scheduler_free(s);
    ewi_prefix_cache_free(cache);
}

/* Who goes on from a file that is cut ends with the reason; who runs beside it has its whole answer. */
static void fail_on_a_truncated_prefix(void *arg) {
    static ask first, asks[2], alone;
    ew_error err = {0};
    expect_ok(ew_guard_install(&err), &err);
    rig r = plain_rig();
    ewi_request q = request_of(5, 60);
    alone = ask_alone(&r, &q);
    first.request = request_of(200, 1);
    run_cached(&r, &first, 1, arg);
    asks[0] = (ask){.request = request_of(200, 60), .on_token = truncate_files, .user = arg};
    asks[1] = (ask){.request = q};
    run_cached(&r, asks, 2, arg);
    assert_true(asks[0].outcome.n_cached >= 192);
    assert_int_equal(asks[0].outcome.status, EW_IO);
    assert_int_equal(asks[0].n, 3);
    ask_compare(&asks[1], &alone);
    rig_close(&r);
}

static void lost_prefixes(void **state) {
    (void)state;
    static char path[4096];
    snprintf(path, sizeof path, "%s", scratch_path("prefixes"));
    in_child(fail_on_a_truncated_prefix, path);
}

/* ---- what is refused ---- */

static void bad_requests(void **state) {
    (void)state;
    static const ew_token outside[] = {1, 2, 320};
    static const ew_logit_bias bias_outside[] = {{1, 1}, {-1, 1}}, bias_large[] = {{9, 101}};
    static const ew_str empty_stop = {"", 0};
    static const ew_adapter_use unknown = {NULL, 1};
    rig r = plain_rig();
    ewi_scheduler *s = new_scheduler(&r, (ewi_scheduler_options){.n_ctx = 100});
    static const struct {
        ewi_request request;
        ew_status status;
        const char *culprit;
    } rows[] = {
        {{.prompt = ids, .n_prompt = 0}, EW_INVALID, "no tokens"},
        {{.prompt = ids, .n_prompt = 101}, EW_CONTEXT_FULL, "101 tokens does not fit a context of 100"},
        {{.prompt = outside, .n_prompt = 3}, EW_INVALID, "token 2 of the prompt: 320"},
        {{.prompt = ids, .n_prompt = 1, .sampling = {.temperature = -1}}, EW_INVALID, "temperature"},
        {{.prompt = ids, .n_prompt = 1, .sampling = {.biases = bias_outside, .n_biases = 2}},
         EW_INVALID,
         "logit bias of token -1"},
        {{.prompt = ids, .n_prompt = 1, .sampling = {.biases = bias_large, .n_biases = 1}},
         EW_INVALID,
         "logit bias of token 9: 101"},
        {{.prompt = ids, .n_prompt = 1, .stops = &empty_stop, .n_stops = 1}, EW_INVALID, "stop string 0"},
        {{.prompt = ids, .n_prompt = 1, .n_top = 3}, EW_INVALID, "best 3 tokens"},
        {{.prompt = ids, .n_prompt = 1, .n_top = 21, .wants_logprobs = true}, EW_INVALID, "at most 20"},
        {{.prompt = ids, .n_prompt = 1, .uses = &unknown, .n_uses = 1}, EW_INVALID, "adapter 0"},
        {{.prompt = ids, .n_prompt = 1, .priority = (ewi_priority)2}, EW_INVALID, "priority"},
    };
    for (size_t i = 0; i < EWI_COUNT(rows); i++) {
        ask a = {.request = rows[i].request};
        ew_error err = {0};
        expect_refused(ask_try(s, &a, &err), rows[i].status, &err, rows[i].culprit);
        assert_int_equal(a.n_ends, 0);
    }
    close_all(s, &r);
}

static void bad_options(void **state) {
    (void)state;
    rig r = tiny_rig(&(tiny_model){.n_ctx = 512}, 1, 8);
    ewi_scheduler *s = NULL;
    ew_error err = {0};
    const ewi_scheduler_options many = {.n_running = 9}, queued = {.n_queued = 1000000},
                                longer = {.n_ctx = 1u << 30};
    expect_refused(ewi_scheduler_new(r.engine, &many, &s, &err), EW_INVALID, &err, "9 requests at once");
    expect_refused(ewi_scheduler_new(r.engine, &queued, &s, &err), EW_INVALID, &err, "1000000 requests");
    expect_refused(ewi_scheduler_new(r.engine, &longer, &s, &err), EW_LIMIT, &err, "1073741824 positions");
    rig_close(&r);
    r = rig_open(scratch_path("scheduler.gguf"), &(ew_engine_options){.n_threads = 1, .embeds = true});
    static ask a;
    a = (ask){.request = request_of(3, 3)};
    s = new_scheduler(&r, (ewi_scheduler_options){0});
    expect_refused(ask_try(s, &a, &err), EW_INVALID, &err, "embeddings");
    close_all(s, &r);
}

int main(void) {
    fill_ids();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_are_those_of_generate),
        cmocka_unit_test(whoever_goes),
        cmocka_unit_test(of_all_kinds),
        cmocka_unit_test(with_a_prefix_cache),
        cmocka_unit_test(equal_prompts_are_run_once),
        cmocka_unit_test(two_hundred_at_once),
        cmocka_unit_test(stop_strings_over_tokens),
        cmocka_unit_test(context_ends_an_answer),
        cmocka_unit_test(callback_says_stop),
        cmocka_unit_test(freeing_ends_all),
        cmocka_unit_test(lost_weights),
        cmocka_unit_test(lost_prefixes),
        cmocka_unit_test(bad_requests),
        cmocka_unit_test(bad_options),
    };
    return cmocka_run_group_tests(tests, NULL, scratch_remove);
}
