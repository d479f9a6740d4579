/* test_scheduler_order.c: who comes first, who waits, and for how long: counted in tokens and steps, not in
 * time. Requests that arrive while a scheduler is held arrive together.
 */
#define _GNU_SOURCE

#include "ask.h"
#include "expect.h"
#include "os/clock.h"
#include "os/topology.h"
#include "scratch.h"
#include "tiny_model.h"

#include <stdio.h>
#include <time.h>

/* As scheduler.c has it. */
#define ROWS_BESIDE_ANSWERS         64u
#define ROWS_BESIDE_ANSWERS_CROWDED 128u

static rig tiny_rig(const tiny_model *m) {
    const char *path = scratch_path("order.gguf");
    tiny_model_write(m, path);
    return rig_open(path, &(ew_engine_options){.n_threads = 1, .exact = true});
}

static rig plain_rig(void) {
    return tiny_rig(&(tiny_model){.n_ctx = 2048, .seed = 5});
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

static ask ask_of(size_t n_prompt, uint32_t n_predict) {
    return (ask){
        .request = {.prompt = ids, .n_prompt = n_prompt, .n_predict = n_predict, .ignore_end = true}};
}

/* What took place, in its order; on the scheduler's thread, read after it. */
typedef struct diary {
    const ask *asks;
    size_t order[64], n;
} diary;

static void note(ask *a) {
    diary *d = a->user;
    d->order[d->n++] = (size_t)(a - d->asks);
}

static void expect_order(const diary *d, const size_t *expected, size_t n) {
    assert_int_equal(d->n, n);
    for (size_t i = 0; i < n; i++)
        if (d->order[i] != expected[i])
            fail_msg("place %zu: request %zu, not %zu", i, d->order[i], expected[i]);
}

/* Submits them together and waits for all. */
static void run_together(ewi_scheduler *s, ask *asks, size_t n, diary *d) {
    ask_hold hold;
    ask_hold_begin(s, &hold);
    for (size_t i = 0; i < n; i++) {
        asks[i].on_ended = note;
        asks[i].user = d;
        ask_submit(s, &asks[i]);
    }
    ask_hold_end(&hold);
    for (size_t i = 0; i < n; i++) ask_wait(&asks[i]);
}

/* ---- clients ---- */

static void clients_take_turns(void **state) {
    (void)state;
    static const uint64_t clients[] = {1, 1, 1, 1, 1, 1, 2, 3, 3};
    static const size_t expected[] = {0, 6, 7, 1, 8, 2, 3, 4, 5};
    static ask asks[9];
    rig r = plain_rig();
    ewi_scheduler *s = new_scheduler(&r, (ewi_scheduler_options){.n_running = 1});
    diary d = {.asks = asks};
    for (size_t i = 0; i < 9; i++) {
        asks[i] = ask_of(3, 4);
        asks[i].request.client = clients[i];
    }
    run_together(s, asks, 9, &d);
    expect_order(&d, expected, 9);
    close_all(s, &r);
}

typedef struct late {
    diary d;
    ewi_scheduler *s;
    ask *comer;
} late;

static void note_and_call_comer(ask *a) {
    late *l = a->user;
    l->d.order[l->d.n++] = (size_t)(a - l->d.asks);
    if (l->d.n == 5) ask_submit(l->s, l->comer);
}

/* A hundred of one client are queued; another's one, which comes when five are answered, is the next. */
static void a_hundred_do_not_starve_one(void **state) {
    (void)state;
    enum { N = 50 };
    static ask asks[N + 1];
    rig r = plain_rig();
    late l = {.d = {.asks = asks},
              .s = new_scheduler(&r, (ewi_scheduler_options){.n_running = 1}),
              .comer = &asks[N]};
    ask_hold hold;
    for (size_t i = 0; i <= N; i++) {
        asks[i] = ask_of(3, 2);
        asks[i].request.client = i == N ? 2 : 1;
        asks[i].on_ended = note_and_call_comer;
        asks[i].user = &l;
    }
    ask_hold_begin(l.s, &hold);
    for (size_t i = 0; i < N; i++) ask_submit(l.s, &asks[i]);
    ask_hold_end(&hold);
    for (size_t i = 0; i < N; i++) ask_wait(&asks[i]);
    ask_wait(&asks[N]);
    assert_int_equal(l.d.order[5], N);
    close_all(l.s, &r);
}

/* ---- priorities ---- */

static void interactive_before_background(void **state) {
    (void)state;
    static const ewi_priority priorities[] = {EWI_BACKGROUND, EWI_BACKGROUND, EWI_INTERACTIVE,
                                              EWI_INTERACTIVE};
    static const size_t expected[] = {2, 3, 0, 1};
    static ask asks[4];
    rig r = plain_rig();
    ewi_scheduler *s = new_scheduler(&r, (ewi_scheduler_options){.n_running = 1});
    diary d = {.asks = asks};
    for (size_t i = 0; i < 4; i++) {
        asks[i] = ask_of(3, 4);
        asks[i].request.priority = priorities[i];
    }
    run_together(s, asks, 4, &d);
    expect_order(&d, expected, 4);
    close_all(s, &r);
}

/* Admitted together, with prompts of several steps: the interactive one's is run first. */
static void prompts_by_priority(void **state) {
    (void)state;
    static const size_t expected[] = {2, 0, 1};
    static ask asks[3];
    rig r = plain_rig();
    ewi_scheduler *s = new_scheduler(&r, (ewi_scheduler_options){0});
    diary d = {.asks = asks};
    for (size_t i = 0; i < 3; i++) {
        asks[i] = ask_of(400, 1);
        asks[i].request.priority = i == 2 ? EWI_INTERACTIVE : EWI_BACKGROUND;
    }
    run_together(s, asks, 3, &d);
    expect_order(&d, expected, 3);
    close_all(s, &r);
}

/* ---- answers and prompts ---- */

typedef struct pair {
    ewi_scheduler *s;
    ask *other;
    uint32_t n_at_first; /* tokens of the one when the other's first came */
    ask *third;          /* submitted behind the other; NULL: none */
} pair;

static void submit_other(ask *a) {
    pair *p = a->user;
    if (a->n != 5) return;
    ask_submit(p->s, p->other);
    if (p->third) ask_submit(p->s, p->third);
}

static void look_at_first(ask *a) {
    pair *p = a->user;
    if (a->n == 1) p->n_at_first = p->other->n;
}

/* Two places: of what is background one runs, so that what is interactive finds a place when it comes. */
static void a_place_is_kept(void **state) {
    (void)state;
    static ask asks[3];
    rig r = plain_rig();
    ewi_scheduler *s = new_scheduler(&r, (ewi_scheduler_options){.n_running = 2});
    pair of_first = {s, &asks[2], 0, NULL}, of_last = {s, &asks[0], 0, NULL};
    ask_hold hold;
    for (size_t i = 0; i < 3; i++) {
        asks[i] = ask_of(3, i == 2 ? 3 : 60);
        asks[i].request.priority = i == 2 ? EWI_INTERACTIVE : EWI_BACKGROUND;
    }
    asks[0].on_token = submit_other;
    asks[0].user = &of_first;
    asks[2].on_token = look_at_first;
    asks[2].user = &of_last;
    ask_hold_begin(s, &hold);
    for (size_t i = 0; i < 2; i++) ask_submit(s, &asks[i]);
    ask_hold_end(&hold);
    for (size_t i = 0; i < 3; i++) ask_wait(&asks[i]);
    assert_in_range(of_last.n_at_first, 5, 8);
    close_all(s, &r);
}

/* A prompt of a thousand tokens comes, to the last of two places: the answer beside it has a token from each
 * of its steps, which are as many as the rows that each may take of it say. */
static void check_steps_of_prompt(ask *third, uint32_t n_rows) {
    enum { N_PROMPT = 1000 };
    static ask one, other;
    rig r = plain_rig();
    ewi_scheduler *s = new_scheduler(&r, (ewi_scheduler_options){.n_running = 2});
    pair of_one = {s, &other, 0, third}, of_other = {s, &one, 0, NULL};
    one = ask_of(3, 60);
    one.on_token = submit_other;
    one.user = &of_one;
    other = ask_of(N_PROMPT, 3);
    other.on_token = look_at_first;
    other.user = &of_other;
    ask_submit(s, &one);
    ask_wait(&one);
    ask_wait(&other);
    if (third) ask_wait(third);
    const uint32_t n_steps = (N_PROMPT + n_rows - 1) / n_rows;
    assert_in_range(of_other.n_at_first - 5, n_steps, n_steps + 1);
    close_all(s, &r);
}

static void answers_do_not_wait_for_prompts(void **state) {
    (void)state;
    check_steps_of_prompt(NULL, ROWS_BESIDE_ANSWERS);
}

/* A third waits for a place. In the background, it makes nobody's steps longer. */
static void steps_are_longer_while_others_wait(void **state) {
    (void)state;
    static ask third;
    third = ask_of(3, 3);
    check_steps_of_prompt(&third, ROWS_BESIDE_ANSWERS_CROWDED);
    third = ask_of(3, 3);
    third.request.priority = EWI_BACKGROUND;
    check_steps_of_prompt(&third, ROWS_BESIDE_ANSWERS);
}

/* Nobody waits: whole steps are for the prompt. */
static void a_prompt_alone_has_whole_steps(void **state) {
    (void)state;
    static ask a;
    rig r = plain_rig();
    ewi_scheduler *s = new_scheduler(&r, (ewi_scheduler_options){0});
    a = ask_of(1000, 1);
    ask_submit(s, &a);
    ask_wait(&a);
    uint32_t n_rows = ew_engine_get_info(r.engine).n_rows;
    assert_int_equal(ewi_scheduler_get_stats(s).n_steps, (1000 + n_rows - 1) / n_rows);
    close_all(s, &r);
}

/* ---- going ---- */

typedef struct canceller {
    ewi_scheduler *s;
    ask *whom;
    uint32_t n_seen;
} canceller;

static void cancel_now(void *user) {
    canceller *c = user;
    c->n_seen = c->whom->n;
    ewi_scheduler_cancel(c->s, c->whom->id);
}

static void call_canceller(ask *a) {
    canceller *c = a->user;
    ew_error err = {0};
    if (a->n == 5) expect_ok(ewi_scheduler_call(c->s, cancel_now, c, &err), &err);
}

/* Between two steps somebody is cancelled: not one token comes any more. One in the queue never begins. */
static void cancelled_within_a_step(void **state) {
    (void)state;
    static ask a[3];
    rig r = plain_rig();
    ewi_scheduler *s = new_scheduler(&r, (ewi_scheduler_options){.n_running = 2});
    canceller c = {s, &a[0], 0};
    for (size_t i = 0; i < 3; i++) {
        a[i] = ask_of(3, 400);
        a[i].on_token = i == 0 ? call_canceller : NULL;
        a[i].user = &c;
    }
    ask_hold hold;
    ask_hold_begin(s, &hold);
    for (size_t i = 0; i < 3; i++) ask_submit(s, &a[i]);
    ewi_scheduler_cancel(s, a[2].id);
    ewi_scheduler_cancel(s, 12345); /* nobody */
    ask_hold_end(&hold);
    ask_wait(&a[0]);
    ask_wait(&a[2]);
    assert_int_equal(a[0].outcome.status, EW_CANCELLED);
    assert_int_equal(a[0].outcome.generation.finish, EW_FINISH_CANCELLED);
    assert_int_equal(a[0].n, 5);
    assert_int_equal(c.n_seen, 5);
    assert_int_equal(a[2].outcome.status, EW_CANCELLED);
    assert_int_equal(a[2].n, 0);
    ewi_scheduler_cancel(s, a[0].id); /* it has ended */
    ewi_scheduler_cancel(s, a[1].id);
    ask_wait(&a[1]);
    close_all(s, &r);
}

static void take_10_ms(ask *a) {
    (void)a;
    nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
}

static void out_of_time(void **state) {
    (void)state;
    static ask a[3];
    rig r = plain_rig();
    ewi_scheduler *s = new_scheduler(&r, (ewi_scheduler_options){.n_running = 1});
    a[0] = ask_of(3, 500); /* as long as its time lasts */
    a[0].on_token = take_10_ms;
    a[1] = ask_of(3, 5);
    a[2] = ask_of(3, 5);
    ask_hold hold;
    ask_hold_begin(s, &hold);
    a[0].request.deadline_ns = ewi_clock_ns() + 200000000;
    a[1].request.deadline_ns = 1; /* long ago */
    a[2].request.deadline_ns = ewi_clock_ns() + 60000000000;
    for (size_t i = 0; i < 3; i++) ask_submit(s, &a[i]);
    ask_hold_end(&hold);
    for (size_t i = 0; i < 3; i++) ask_wait(&a[i]);
    assert_int_equal(a[0].outcome.status, EW_DEADLINE);
    assert_non_null(strstr(a[0].why, "out of time after"));
    assert_true(a[0].n > 0);
    assert_int_equal(a[1].outcome.status, EW_DEADLINE);
    assert_int_equal(a[1].n, 0);
    assert_int_equal(a[2].outcome.status, EW_OK);
    assert_true(a[2].outcome.queue_ns > 100000000);
    close_all(s, &r);
}

/* ---- queues ---- */

static void the_queue_is_bounded(void **state) {
    (void)state;
    enum { N = 4 };
    static ask asks[N + 1];
    rig r = plain_rig();
    ewi_scheduler *s = new_scheduler(&r, (ewi_scheduler_options){.n_running = 2, .n_queued = N});
    ask_hold hold;
    ew_error err = {0};
    for (size_t i = 0; i <= N; i++) asks[i] = ask_of(3, 4);
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

typedef struct caller {
    const ask *beside;
    uint32_t seen[8], n;
} caller;

static void note_tokens(void *user) {
    caller *c = user;
    c->seen[c->n++] = c->beside->n;
}

/* Between two calls there is a step. */
static void calls_and_steps_take_turns(void **state) {
    (void)state;
    static ask a;
    rig r = plain_rig();
    ewi_scheduler *s = new_scheduler(&r, (ewi_scheduler_options){.n_queued = 8});
    caller c = {.beside = &a};
    ask_hold hold;
    ew_error err = {0};
    a = ask_of(3, 20);
    ask_hold_begin(s, &hold);
    ask_submit(s, &a);
    for (size_t i = 0; i < 8; i++) expect_ok(ewi_scheduler_call(s, note_tokens, &c, &err), &err);
    expect_refused(ewi_scheduler_call(s, note_tokens, &c, &err), EW_BUSY, &err, "8 calls wait");
    ask_hold_end(&hold);
    ask_wait(&a);
    assert_int_equal(c.n, 8);
    for (uint32_t i = 0; i < 8; i++) assert_int_equal(c.seen[i], i + 1);
    c.n = 0;
    for (size_t i = 0; i < 4; i++) expect_ok(ewi_scheduler_call(s, note_tokens, &c, &err), &err);
    close_all(s, &r); /* runs them */
    assert_int_equal(c.n, 4);
}

/* ---- memory ---- */

/* Each may need three quarters of the memory there is (and touches next to nothing): the second waits for
 * the first, and the third, which needs little, waits behind it. */
static void what_does_not_fit_waits(void **state) {
    (void)state;
    static const size_t expected[] = {0, 1, 2};
    static ask asks[3];
    rig r = tiny_rig(&(tiny_model){.n_layers = 8, .n_heads = 16, .n_kv_heads = 16, .head_dim = 128});
    uint64_t block = ew_engine_get_info(r.engine).state_bytes_per_block;
    uint64_t n_ctx = ewi_memory_available_bytes() / 4 * 3 / block * 64;
    if (n_ctx > 1u << 24) n_ctx = 1u << 24;
    ewi_scheduler *s = new_scheduler(&r, (ewi_scheduler_options){.n_ctx = (uint32_t)n_ctx});
    diary d = {.asks = asks};
    for (size_t i = 0; i < 3; i++) {
        static const uint32_t n_max[] = {40, 20, 30};
        asks[i] = ask_of(3, i == 2 ? 30 : 0);
        asks[i].n_max = n_max[i];
    }
    run_together(s, asks, 3, &d);
    expect_order(&d, expected, 3);
    for (size_t i = 0; i < 3; i++) assert_int_equal(asks[i].outcome.status, EW_OK);
    close_all(s, &r);
}

/* ---- figures ---- */

typedef struct figures {
    ewi_scheduler *s;
    ewi_running running[4];
    size_t n;
    ewi_scheduler_stats stats;
} figures;

static void take_figures(void *user) {
    figures *f = user;
    f->n = ewi_scheduler_get_running(f->s, f->running, 4);
    f->stats = ewi_scheduler_get_stats(f->s);
}

static void call_for_figures(ask *a) {
    figures *f = a->user;
    ew_error err = {0};
    if (a->n == 7) expect_ok(ewi_scheduler_call(f->s, take_figures, f, &err), &err);
}

static void figures_of_what_runs(void **state) {
    (void)state;
    static ask a[3];
    rig r = plain_rig();
    figures f = {.s = new_scheduler(&r, (ewi_scheduler_options){.n_running = 2})};
    ask_hold hold;
    for (size_t i = 0; i < 3; i++) {
        a[i] = ask_of(10 + i, 20);
        a[i].request.client = 100 + i;
    }
    a[0].on_token = call_for_figures;
    a[0].user = &f;
    ask_hold_begin(f.s, &hold);
    for (size_t i = 0; i < 3; i++) ask_submit(f.s, &a[i]);
    ask_hold_end(&hold);
    for (size_t i = 0; i < 3; i++) ask_wait(&a[i]);
    assert_int_equal(f.n, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(f.running[i].id, a[i].id);
        assert_int_equal(f.running[i].client, 100 + i);
        assert_int_equal(f.running[i].n_prompt, 10 + i);
        assert_int_equal(f.running[i].n_generated, 7);
        assert_int_equal(f.running[i].n_held, 16 + i);
    }
    assert_int_equal(f.stats.n_queued, 1);
    assert_int_equal(f.stats.n_steps, 7);
    assert_int_equal(f.stats.n_prompt, 21);
    assert_int_equal(f.stats.n_generated, 14);
    assert_int_equal(f.stats.state_bytes, 2 * ew_engine_get_info(r.engine).state_bytes_per_block);
    close_all(f.s, &r);
}

int main(void) {
    for (size_t i = 0; i < 2048; i++) ids[i] = (ew_token)(3 + i * 31 % 300);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clients_take_turns),
        cmocka_unit_test(a_hundred_do_not_starve_one),
        cmocka_unit_test(interactive_before_background),
        cmocka_unit_test(prompts_by_priority),
        cmocka_unit_test(a_place_is_kept),
        cmocka_unit_test(answers_do_not_wait_for_prompts),
        cmocka_unit_test(steps_are_longer_while_others_wait),
        cmocka_unit_test(a_prompt_alone_has_whole_steps),
        cmocka_unit_test(cancelled_within_a_step),
        cmocka_unit_test(out_of_time),
        cmocka_unit_test(the_queue_is_bounded),
        cmocka_unit_test(calls_and_steps_take_turns),
        cmocka_unit_test(what_does_not_fit_waits),
        cmocka_unit_test(figures_of_what_runs),
    };
    return cmocka_run_group_tests(tests, NULL, scratch_remove);
}
