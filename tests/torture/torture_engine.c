/* torture_engine.c: the Nth allocation fails while an engine, a session and a sampler are made, and while
 * a session answers, for every N: a typed error each time, nothing leaks, and what was there before goes
 * on as if nothing had been.
 */
#include "base/mem.h"
#include "expect.h"
#include "rig.h"
#include "scratch.h"
#include "tiny_model.h"

#include <stdlib.h>

#define MAX_CALLS 10000u
#define N_ANSWER  20

static const ew_token prompt[] = {1, 260, 270, 280, 265};
#define N_PROMPT 5

static rig open_rig(void) {
    const char *path = scratch_path("torture.gguf");
    tiny_model_write(&(tiny_model){.n_ctx = 512}, path);
    return rig_open(path, &(ew_engine_options){.n_threads = 1});
}

static void check_failure(ew_status status, const ew_error *err) {
    if (status != EW_NO_MEMORY && status != EW_IO && status != EW_LIMIT)
        fail_msg("\"%s\": %s", ew_status_text(status), err->text);
    assert_int_equal(err->status, status);
    assert_true(err->text[0] != '\0');
}

/* ---- making them ---- */

typedef struct parts {
    ew_engine *engine;
    ew_session *session;
    ew_sampler *sampler;
} parts;

static ew_status make_parts(const ew_model *model, uint32_t n_threads, parts *p, ew_error *err) {
    ew_engine_options o = {.struct_size = sizeof o, .n_threads = n_threads};
    ew_status status = ew_engine_new(model, &o, &p->engine, err);
    if (status == EW_OK) status = ew_session_new(p->engine, NULL, &p->session, err);
    if (status == EW_OK) status = ew_sampler_new(NULL, 320, &p->sampler, err);
    return status;
}

static void making(void **state) {
    (void)state;
    rig r = open_rig();
    for (uint32_t n_threads = 1; n_threads <= 2; n_threads++) {
        ew_status status = EW_NO_MEMORY;
        uint64_t nth = 1;
        for (; status != EW_OK; nth++) {
            parts p = {0};
            ew_error err = {0};
            int64_t before = ewi_hostile_live_blocks();
            ewi_hostile_fail_at(nth);
            status = make_parts(r.model, n_threads, &p, &err);
            bool reached = ewi_hostile_count() >= nth;
            ewi_hostile_fail_at(0);
            if (status == EW_OK)
                assert_false(reached);
            else
                check_failure(status, &err);
            ew_sampler_free(p.sampler);
            ew_session_free(p.session);
            ew_engine_free(p.engine);
            assert_int_equal(ewi_hostile_live_blocks(), before);
            assert_true(nth < MAX_CALLS);
        }
        print_message("%u threads: %llu failures survived\n", n_threads, (unsigned long long)nth - 2);
        assert_true(nth > 5);
    }
    rig_close(&r);
}

/* ---- answering ---- */

typedef struct answer {
    ew_token ids[N_ANSWER];
    uint32_t n;
} answer;

static bool take(void *user, ew_token token, ew_str text) {
    answer *a = user;
    (void)text;
    if (token >= 0) a->ids[a->n++] = token;
    return true;
}

static ew_status answer_once(ew_session *session, answer *a, ew_error *err) {
    ew_str stops[] = {{"never in it", 11}};
    ew_generate_options o = {
        .struct_size = sizeof o, .n_predict = N_ANSWER, .ignore_end = true, .stops = stops, .n_stops = 1};
    *a = (answer){0};
    return ew_generate(session, prompt, N_PROMPT, &o, take, a, NULL, err);
}

/*
 * A session with a context so small that its answer shifts it. After each failure the same session,
 * emptied, gives the answer that a session without failures gives.
 */
static void answering(void **state) {
    (void)state;
    rig r = open_rig();
    ew_session_options shifting = {.n_ctx = 16, .context_full = EW_CONTEXT_FULL_SHIFT, .n_keep = 2};
    ew_error err = {0};
    answer expected, a;
    ew_session *session = rig_session(&r, &shifting);
    expect_ok(answer_once(session, &expected, &err), &err);
    ew_session_free(session);
    ew_status status = EW_NO_MEMORY;
    uint64_t nth = 1;
    for (; status != EW_OK; nth++) {
        int64_t before = ewi_hostile_live_blocks();
        session = rig_session(&r, &shifting);
        ewi_hostile_fail_at(nth);
        status = answer_once(session, &a, &err);
        bool reached = ewi_hostile_count() >= nth;
        ewi_hostile_fail_at(0);
        if (status == EW_OK) {
            assert_false(reached);
        } else {
            check_failure(status, &err);
            assert_memory_equal(a.ids, expected.ids, a.n * sizeof(ew_token));
            ew_session_truncate(session, 0);
            expect_ok(answer_once(session, &a, &err), &err);
        }
        assert_memory_equal(a.ids, expected.ids, sizeof expected.ids);
        ew_session_free(session);
        assert_int_equal(ewi_hostile_live_blocks(), before);
        assert_true(nth < MAX_CALLS);
    }
    print_message("%llu failures survived\n", (unsigned long long)nth - 2);
    assert_true(nth > 4);
    rig_close(&r);
}

/* ---- stepping ---- */

typedef struct sheet {
    size_t n_vocab;
    float logits[4][512];
} sheet;

static void keep(void *user, size_t row, const float *logits) {
    sheet *s = user;
    memcpy(s->logits[row], logits, s->n_vocab * sizeof *logits);
}

/* Three sessions that all need a new block in one step: it fails, all stay as they were, and the step can
 * be done again. */
static void stepping(void **state) {
    (void)state;
    rig r = open_rig();
    ew_error err = {0};
    ew_token tokens[64];
    static sheet expected, got;
    expected.n_vocab = got.n_vocab = r.n_vocab;
    for (size_t i = 0; i < 64; i++) tokens[i] = (ew_token)(i * 5 % 320);
    for (uint64_t nth = 4; nth > 0;
         nth--) { /* the fourth allocation does not exist: that step is the one to be like */
        ew_session *sessions[3];
        ew_row rows[3];
        for (size_t i = 0; i < 3; i++) {
            sessions[i] = rig_session(&r, NULL);
            expect_ok(ew_eval(sessions[i], tokens, 64, NULL, NULL, &err), &err);
            rows[i] = (ew_row){sessions[i], 64, (ew_token)(7 + i), true};
        }
        ewi_hostile_fail_at(nth);
        ew_status status = ew_step(r.engine, rows, 3, keep, nth == 4 ? &expected : &got, &err);
        ewi_hostile_fail_at(0);
        if (nth == 4) {
            expect_ok(status, &err);
        } else {
            expect_refused(status, EW_NO_MEMORY, &err, "block of a session's state");
            for (size_t i = 0; i < 3; i++) assert_int_equal(ew_session_length(sessions[i]), 64);
            expect_ok(ew_step(r.engine, rows, 3, keep, &got, &err), &err);
            assert_memory_equal(&got, &expected, sizeof got);
        }
        for (size_t i = 0; i < 3; i++) ew_session_free(sessions[i]);
    }
    rig_close(&r);
}

/* ---- a step allocates nothing ---- */

static void steps_allocate_nothing(void **state) {
    (void)state;
    rig r = open_rig();
    ew_error err = {0};
    static sheet s;
    s.n_vocab = r.n_vocab;
    ew_session *other = rig_session(&r, NULL);
    /* The blocks of positions 0..63 come with the first row. */
    expect_ok(ew_eval(r.session, (ew_token[]){1}, 1, NULL, NULL, &err), &err);
    expect_ok(ew_eval(other, (ew_token[]){2}, 1, NULL, NULL, &err), &err);
    ewi_hostile_fail_at(0);
    for (uint32_t i = 1; i < 64; i++) {
        const ew_row rows[] = {{r.session, i, (ew_token)i, true}, {other, i, (ew_token)(300 - i), true}};
        expect_ok(ew_step(r.engine, rows, 2, keep, &s, &err), &err);
    }
    assert_int_equal(ewi_hostile_count(), 0);
    ew_session_free(other);
    rig_close(&r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(making),
        cmocka_unit_test(answering),
        cmocka_unit_test(stepping),
        cmocka_unit_test(steps_allocate_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, scratch_remove);
}
