#define _GNU_SOURCE

#include "ask.h"
#include "expect.h"

#include <pthread.h>
#include <stdio.h>
#include <time.h>

/* Tests wait for little else: one lock and one condition for all asks. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t ended = PTHREAD_COND_INITIALIZER;

static void add_text(ask *a, ew_str text) {
    assert_true(text.len < sizeof a->text - a->len);
    if (text.len) memcpy(a->text + a->len, text.data, text.len);
    a->len += text.len;
    a->text[a->len] = '\0';
}

static bool take_piece(void *user, const ewi_piece *piece) {
    ask *a = user;
    assert_int_equal(a->n_ends, 0);
    add_text(a, piece->text);
    if (piece->token < 0) return true;
    assert_true(a->n < ASK_MAX_TOKENS);
    a->logprobs[a->n] = piece->logprob;
    for (size_t i = 0; i < piece->n_top; i++) a->top[a->n][i] = piece->top[i];
    a->ids[a->n] = piece->token;
    a->end[a->n++] = a->len;
    if (a->on_token) a->on_token(a);
    return a->n != a->n_max;
}

static void take_end(void *user, const ewi_outcome *outcome) {
    ask *a = user;
    a->outcome = *outcome;
    snprintf(a->why, sizeof a->why, "%s", outcome->why);
    a->outcome.why = a->why;
    if (a->on_ended) a->on_ended(a);
    pthread_mutex_lock(&lock);
    a->n_ends++;
    pthread_cond_broadcast(&ended);
    pthread_mutex_unlock(&lock);
}

ew_status ask_try(ewi_scheduler *scheduler, ask *a, ew_error *err) {
    a->request.on_piece = take_piece;
    a->request.on_end = take_end;
    a->request.user = a;
    return ewi_scheduler_submit(scheduler, &a->request, &a->id, err);
}

void ask_submit(ewi_scheduler *scheduler, ask *a) {
    ew_error err = {0};
    expect_ok(ask_try(scheduler, a, &err), &err);
}

/* Until *condition is set, under the lock. */
static bool wait_for(const bool *condition, const unsigned *count) {
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 60;
    int code = 0;
    pthread_mutex_lock(&lock);
    while (code == 0 && !(condition ? *condition : *count > 0))
        code = pthread_cond_timedwait(&ended, &lock, &until);
    pthread_mutex_unlock(&lock);
    return code == 0;
}

void ask_wait(ask *a) {
    if (!wait_for(NULL, &a->n_ends)) fail_msg("request %llu never ended", (unsigned long long)a->id);
}

/* ---- alone ---- */

static bool take_token(void *user, ew_token token, ew_str text) {
    return take_piece(user, &(ewi_piece){.token = token, .text = text});
}

ask ask_alone(const rig *r, const ewi_request *q) {
    ask a = {.request = *q};
    ew_error err = {0};
    ew_sampler *sampler = NULL;
    ew_sampler_options sampling = q->sampling;
    sampling.struct_size = sizeof sampling;
    ew_session_truncate(r->session, 0);
    expect_ok(ew_session_set_adapters(r->session, q->uses, q->n_uses, &err), &err);
    expect_ok(ew_sampler_new(&sampling, r->n_vocab, &sampler, &err), &err);
    const ew_generate_options o = {
        .struct_size = sizeof o,
        .n_predict = q->n_predict,
        .sampler = sampler,
        .stops = q->stops,
        .n_stops = q->n_stops,
        .ignore_end = q->ignore_end,
    };
    ew_status status =
        ew_generate(r->session, q->prompt, q->n_prompt, &o, take_token, &a, &a.outcome.generation, &err);
    if (status != EW_CONTEXT_FULL) expect_ok(status, &err);
    ew_sampler_free(sampler);
    return a;
}

/* ---- comparing ---- */

void ask_compare_part(const ask *got, const ask *expected) {
    assert_int_equal(got->n_ends, 1);
    assert_int_equal(got->outcome.generation.n_generated, got->n);
    assert_int_equal(got->outcome.generation.n_prompt, got->request.n_prompt);
    assert_true(got->n <= expected->n);
    assert_memory_equal(got->ids, expected->ids, got->n * sizeof *got->ids);
    assert_true(got->len <= expected->len);
    if (got->outcome.generation.finish == EW_FINISH_CANCELLED && got->len)
        assert_memory_equal(got->text, expected->text, got->len);
}

void ask_compare(const ask *got, const ask *expected) {
    if (got->outcome.status != EW_OK) fail_msg("%s", got->why);
    assert_string_equal(got->why, "");
    ask_compare_part(got, expected);
    assert_int_equal(got->n, expected->n);
    assert_string_equal(got->text, expected->text);
    assert_int_equal(got->outcome.generation.finish, expected->outcome.generation.finish);
}

/* ---- holding ---- */

static void be_held(void *user) {
    ask_hold *hold = user;
    pthread_mutex_lock(&lock);
    hold->is_held = true;
    pthread_cond_broadcast(&ended);
    pthread_mutex_unlock(&lock);
    if (!wait_for(&hold->is_released, NULL)) fail_msg("held for a minute");
}

void ask_hold_begin(ewi_scheduler *scheduler, ask_hold *hold) {
    ew_error err = {0};
    *hold = (ask_hold){0};
    expect_ok(ewi_scheduler_call(scheduler, be_held, hold, &err), &err);
    if (!wait_for(&hold->is_held, NULL)) fail_msg("a call was never run");
}

void ask_hold_end(ask_hold *hold) {
    pthread_mutex_lock(&lock);
    hold->is_released = true;
    pthread_cond_broadcast(&ended);
    pthread_mutex_unlock(&lock);
}
