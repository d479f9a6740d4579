/* test_session.c: steps and sessions: what is refused leaves everything as it was; a truncated or shifted
 * session holds exactly what a fresh one would that was fed the same tokens; rows do not feel their
 * company.
 *
 * Where a session is compared with a fresh one, the fresh one's numbers are those that tests/golden
 * compares with other implementations.
 */
#include "expect.h"
#include "golden.h"
#include "rig.h"
#include "scratch.h"
#include "tiny_model.h"

#include <stdio.h>
#include <stdlib.h>

#define N_TOKENS 200

static rig rig_of(const tiny_model *m, uint32_t n_rows) {
    const char *path = scratch_path("session.gguf");
    tiny_model_write(m, path);
    return rig_open(path, &(ew_engine_options){.n_threads = 1, .n_rows = n_rows, .exact = true});
}

static rig small_rig(void) {
    return rig_of(&(tiny_model){.no_vocabulary = true, .n_vocab = 64, .n_ctx = 256}, 32);
}

/* Tokens without a pattern that repeats within a test. */
static void fill_tokens(ew_token *tokens, size_t n, uint32_t seed) {
    for (size_t i = 0; i < n; i++) tokens[i] = (ew_token)((i * 37 + i / 7 * 11 + seed * 13) % 64);
}

static void same_logits(const rig *r, const float *a, const float *b, size_t n) {
    if (memcmp(a, b, n * r->n_vocab * sizeof *a) != 0)
        fail_msg("logits differ by up to %g", (double)golden_distance(a, b, n * r->n_vocab));
}

static float *fresh_logits(const rig *r, const ew_token *tokens, size_t n) {
    ew_session *fresh = rig_session(r, NULL);
    float *logits = rig_session_logits(r, fresh, tokens, n);
    ew_session_free(fresh);
    return logits;
}

/* ---- sizes ---- */

static void lengths_and_contexts(void **state) {
    (void)state;
    rig r = small_rig();
    ew_token tokens[N_TOKENS];
    fill_tokens(tokens, N_TOKENS, 0);
    assert_int_equal(ew_session_n_ctx(r.session),
                     256); /* what it was trained on, when that is less than 4096 */
    assert_int_equal(ew_session_length(r.session), 0);
    free(rig_logits(&r, tokens, 70));
    assert_int_equal(ew_session_length(r.session), 70);
    ew_session_truncate(r.session, 100); /* longer than it is: nothing */
    assert_int_equal(ew_session_length(r.session), 70);
    ew_session_truncate(r.session, 65);
    assert_int_equal(ew_session_length(r.session), 65);
    rig_close(&r);
    r = rig_of(&(tiny_model){.n_ctx = 100000}, 1);
    assert_int_equal(ew_session_n_ctx(r.session), 4096);
    rig_close(&r);
}

static void session_refused(const rig *r, ew_session_options o, ew_status status, const char *culprit) {
    ew_session *session = NULL;
    ew_error err = {0};
    o.struct_size = sizeof o;
    expect_refused(ew_session_new(r->engine, &o, &session, &err), status, &err, culprit);
    assert_null(session);
}

static void contexts_that_cannot_be(void **state) {
    (void)state;
    rig r = rig_of(&(tiny_model){.n_layers = 2, .n_heads = 8, .n_kv_heads = 8, .head_dim = 1024}, 1);
    session_refused(&r, (ew_session_options){.n_ctx = UINT32_MAX}, EW_LIMIT, "4294967295 positions, at most");
    /* 2 layers, keys and values, 8 heads of 1024, 2 bytes: 64 KiB for each of 2^24 positions. */
    session_refused(&r, (ew_session_options){.n_ctx = 1u << 24}, EW_LIMIT, "1048576 MiB");
    session_refused(&r, (ew_session_options){.n_ctx = 100, .n_keep = 100}, EW_INVALID, "keep 100 positions");
    session_refused(&r, (ew_session_options){.context_full = (ew_context_full)7}, EW_INVALID, "policy");
    rig_close(&r);
}

static void engine_refused(const rig *r, ew_engine_options o, ew_status status, const char *culprit) {
    ew_engine *engine = NULL;
    ew_error err = {0};
    o.struct_size = sizeof o;
    expect_refused(ew_engine_new(r->model, &o, &engine, &err), status, &err, culprit);
    assert_null(engine);
}

static void engines_that_cannot_be(void **state) {
    (void)state;
    rig r = small_rig();
    engine_refused(&r, (ew_engine_options){.n_rows = 1u << 20}, EW_INVALID, "1048576 rows");
    engine_refused(&r, (ew_engine_options){.n_threads = 10000}, EW_INVALID, "10000 threads");
    engine_refused(&r, (ew_engine_options){.cache_k = (ew_cache_type)9, .cache_v = (ew_cache_type)9},
                   EW_INVALID, "cache");
    rig_close(&r);
}

/* ---- steps that are refused ---- */

static void no_logits(void *user, size_t row, const float *logits) {
    (void)row;
    (void)logits;
    ++*(size_t *)user;
}

static void step_refused(const rig *r, const ew_row *rows, size_t n, ew_status status, const char *culprit) {
    ew_error err = {0};
    size_t n_called = 0;
    expect_refused(ew_step(r->engine, rows, n, no_logits, &n_called, &err), status, &err, culprit);
    assert_int_equal(n_called, 0);
}

/* After each refusal both sessions go on as if nothing had been. */
static void refused_steps_change_nothing(void **state) {
    (void)state;
    rig r = small_rig();
    ew_session *a = r.session, *b = rig_session(&r, &(ew_session_options){.n_ctx = 12});
    ew_token tokens[N_TOKENS];
    fill_tokens(tokens, N_TOKENS, 1);
    free(rig_session_logits(&r, a, tokens, 10));
    free(rig_session_logits(&r, b, tokens, 10));
    const ew_row ok = {a, 10, tokens[10], true};
    step_refused(&r, (ew_row[]){ok, {b, 10, 64, true}}, 2, EW_INVALID, "row 1: token 64");
    step_refused(&r, (ew_row[]){ok, {b, 10, -1, true}}, 2, EW_INVALID, "row 1: token -1");
    step_refused(&r, (ew_row[]){ok, {b, 11, 3, true}}, 2, EW_INVALID, "row 1: position 11");
    step_refused(&r, (ew_row[]){ok, {b, 9, 3, true}}, 2, EW_INVALID, "row 1: position 9");
    step_refused(&r, (ew_row[]){ok, {a, 10, 3, true}}, 2, EW_INVALID, "row 1: position 10");
    step_refused(&r, (ew_row[]){ok, {b, 10, 1, true}, {b, 11, 1, true}, {b, 12, 1, true}}, 4, EW_CONTEXT_FULL,
                 "row 3: the context of 12");
    ew_row many[33];
    for (uint32_t i = 0; i < 33; i++) many[i] = (ew_row){a, 10 + i, 1, false};
    step_refused(&r, many, 33, EW_INVALID, "33 rows");
    assert_int_equal(ew_session_length(a), 10);
    assert_int_equal(ew_session_length(b), 10);
    float *expected = fresh_logits(&r, tokens, 12);
    float *after_a = rig_session_logits(&r, a, tokens + 10, 2),
          *after_b = rig_session_logits(&r, b, tokens + 10, 2);
    same_logits(&r, after_a, expected + 10 * r.n_vocab, 2);
    same_logits(&r, after_b, expected + 10 * r.n_vocab, 2);
    free(expected);
    free(after_a);
    free(after_b);
    ew_session_free(b);
    rig_close(&r);
}

static void empty_step(void **state) {
    (void)state;
    rig r = small_rig();
    ew_error err = {0};
    expect_ok(ew_step(r.engine, NULL, 0, NULL, NULL, &err), &err);
    expect_ok(ew_eval(r.session, NULL, 0, NULL, NULL, &err), &err);
    assert_int_equal(ew_session_length(r.session), 0);
    rig_close(&r);
}

/* ---- which logits come ---- */

typedef struct seen {
    size_t rows[32], n;
    float first[32];
} seen;

static void note(void *user, size_t row, const float *logits) {
    seen *s = user;
    s->rows[s->n] = row;
    s->first[s->n++] = logits[0];
}

/* Only of rows that want them, in their order, and the same bits as when all rows want them. */
static void logits_of_wanted_rows(void **state) {
    (void)state;
    rig r = small_rig();
    ew_error err = {0};
    ew_token tokens[32];
    ew_row rows[32];
    seen s = {0};
    fill_tokens(tokens, 32, 2);
    for (uint32_t i = 0; i < 32; i++) rows[i] = (ew_row){r.session, i, tokens[i], i % 5 == 3};
    expect_ok(ew_step(r.engine, rows, 32, note, &s, &err), &err);
    assert_int_equal(s.n, 6);
    float *all = fresh_logits(&r, tokens, 32);
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(s.rows[i], 5 * i + 3);
        assert_memory_equal(&s.first[i], &all[s.rows[i] * r.n_vocab], sizeof(float));
    }
    free(all);
    rig_close(&r);
}

/* 32 rows of 1.5 MB: more than exist at once, each computed in pieces. Twos of them need no such cuts. */
static void logits_of_a_large_vocabulary(void **state) {
    (void)state;
    rig r = rig_of(&(tiny_model){.no_vocabulary = true, .n_vocab = 390001, .d_model = 16, .tied = true}, 32);
    ew_token tokens[32];
    fill_tokens(tokens, 32, 6);
    float *all = rig_logits(&r, tokens, 32);
    ew_session_truncate(r.session, 0);
    for (size_t i = 0; i < 32; i += 2) {
        float *two = rig_logits(&r, tokens + i, 2);
        same_logits(&r, two, all + i * r.n_vocab, 2);
        free(two);
    }
    free(all);
    rig_close(&r);
}

/* Rows of two sessions in turn, one by one. */
static void rows_of_two_sessions_in_turn(void **state) {
    (void)state;
    rig r = small_rig();
    ew_error err = {0};
    ew_session *sessions[2] = {r.session, rig_session(&r, NULL)};
    ew_token tokens[2][16];
    ew_row rows[32];
    seen s = {0};
    for (uint32_t k = 0; k < 2; k++) fill_tokens(tokens[k], 16, 3 + k);
    for (uint32_t i = 0; i < 32; i++) rows[i] = (ew_row){sessions[i % 2], i / 2, tokens[i % 2][i / 2], true};
    expect_ok(ew_step(r.engine, rows, 32, note, &s, &err), &err);
    for (uint32_t k = 0; k < 2; k++) {
        float *expected = fresh_logits(&r, tokens[k], 16);
        for (uint32_t i = 0; i < 16; i++)
            assert_memory_equal(&s.first[2 * i + k], &expected[i * r.n_vocab], sizeof(float));
        free(expected);
    }
    ew_session_free(sessions[1]);
    rig_close(&r);
}

/* ---- truncate ---- */

static void truncated_goes_on_as_fresh(void **state) {
    (void)state;
    static const uint32_t lengths[] = {0, 1, 63, 64, 65, 127, 128, 149};
    rig r = small_rig();
    ew_token first[N_TOKENS], second[N_TOKENS];
    fill_tokens(first, N_TOKENS, 5);
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        uint32_t stay = lengths[i];
        ew_session *session = rig_session(&r, NULL);
        free(rig_session_logits(&r, session, first, 150));
        ew_session_truncate(session, stay);
        memcpy(second, first, sizeof second);
        fill_tokens(second + stay, N_TOKENS - stay, 6);
        float *after = rig_session_logits(&r, session, second + stay, 30),
              *expected = fresh_logits(&r, second, stay + 30);
        same_logits(&r, after, expected + stay * r.n_vocab, 30);
        free(after);
        free(expected);
        ew_session_free(session);
    }
    rig_close(&r);
}

/* ---- a full context ---- */

static void full_context_is_an_error(void **state) {
    (void)state;
    rig r = small_rig();
    ew_session *session = rig_session(&r, &(ew_session_options){.n_ctx = 50});
    ew_token tokens[N_TOKENS];
    ew_error err = {0};
    fill_tokens(tokens, N_TOKENS, 7);
    free(rig_session_logits(&r, session, tokens, 40));
    expect_refused(ew_eval(session, tokens + 40, 11, NULL, NULL, &err), EW_CONTEXT_FULL, &err,
                   "11 tokens after 40 held ones do not fit a context of 50");
    assert_int_equal(ew_session_length(session), 40);
    free(rig_session_logits(&r, session, tokens + 40, 10));
    assert_int_equal(ew_session_length(session), 50);
    ew_session_free(session);
    rig_close(&r);
}

/* n_ctx 40, all held, n_keep 6: of the 34 others the last 17 stay. */
static void shifted_is_as_fresh(void **state) {
    (void)state;
    rig r = small_rig();
    ew_session_options o = {.n_ctx = 40, .context_full = EW_CONTEXT_FULL_SHIFT, .n_keep = 6};
    ew_session *session = rig_session(&r, &o);
    ew_token tokens[N_TOKENS], stay[40];
    fill_tokens(tokens, N_TOKENS, 8);
    free(rig_session_logits(&r, session, tokens, 40));
    float *after = rig_session_logits(&r, session, tokens + 40, 3);
    assert_int_equal(ew_session_length(session), 6 + 17 + 3);
    memcpy(stay, tokens, 6 * sizeof *stay);
    memcpy(stay + 6, tokens + 23, 20 * sizeof *stay);
    float *expected = fresh_logits(&r, stay, 26);
    same_logits(&r, after, expected + 23 * r.n_vocab, 3);
    free(after);
    free(expected);
    /* More than what half would make room for: fewer stay. 6 + 5 + 29 = 40. */
    after = rig_session_logits(&r, session, tokens + 60, 29);
    assert_int_equal(ew_session_length(session), 40);
    memcpy(stay + 6, tokens + 38, 5 * sizeof *stay);
    memcpy(stay + 11, tokens + 60, 29 * sizeof *stay);
    expected = fresh_logits(&r, stay, 40);
    same_logits(&r, after, expected + 11 * r.n_vocab, 29);
    free(after);
    free(expected);
    ew_error err = {0};
    expect_refused(ew_eval(session, tokens, 35, NULL, NULL, &err), EW_CONTEXT_FULL, &err,
                   "35 tokens do not fit the 34");
    ew_session_free(session);
    rig_close(&r);
}

/* ---- cancel ---- */

typedef struct canceller {
    ew_session *session;
    size_t n_seen, at;
} canceller;

static void cancel_at(void *user, size_t row, const float *logits) {
    canceller *c = user;
    (void)row;
    (void)logits;
    if (++c->n_seen == c->at) ew_session_cancel(c->session);
}

/* Steps of 32: a wish during the first ends the evaluation before the second. */
static void cancelled_between_steps(void **state) {
    (void)state;
    rig r = small_rig();
    ew_token tokens[N_TOKENS];
    ew_error err = {0};
    fill_tokens(tokens, N_TOKENS, 9);
    canceller c = {r.session, 0, 5};
    expect_refused(ew_eval(r.session, tokens, 100, cancel_at, &c, &err), EW_CANCELLED, &err, "32 of 100");
    assert_int_equal(c.n_seen, 32);
    assert_int_equal(ew_session_length(r.session), 32);
    float *after = rig_logits(&r, tokens + 32, 68), *expected = fresh_logits(&r, tokens, 100);
    same_logits(&r, after, expected + 32 * r.n_vocab, 68);
    free(after);
    free(expected);
    rig_close(&r);
}

/* A wish before a call ends that call; one during a call's last step ends with the call. */
static void a_wish_lasts_for_one_call(void **state) {
    (void)state;
    rig r = small_rig();
    ew_token tokens[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    ew_error err = {0};
    ew_session_cancel(r.session);
    expect_refused(ew_eval(r.session, tokens, 8, NULL, NULL, &err), EW_CANCELLED, &err, "0 of 8");
    assert_int_equal(ew_session_length(r.session), 0);
    canceller c = {r.session, 0, 8};
    expect_ok(ew_eval(r.session, tokens, 8, cancel_at, &c, &err), &err);
    expect_ok(ew_eval(r.session, tokens, 8, NULL, NULL, &err), &err);
    assert_int_equal(ew_session_length(r.session), 16);
    rig_close(&r);
}

/* ---- weights that are no numbers ---- */

static void weights_of_nan(void **state) {
    (void)state;
    float norm[64];
    for (size_t i = 0; i < 64; i++) norm[i] = __builtin_nanf("");
    gguf_build *b = tiny_model_build(&(tiny_model){.omit = "output_norm.weight", .no_vocabulary = true});
    gguf_build_tensor(b, "output_norm.weight", EWI_F32, 1, (uint64_t[]){64}, norm);
    gguf_build_write(b, scratch_path("nan.gguf"));
    gguf_build_free(b);
    rig r = rig_open(scratch_path("nan.gguf"), NULL);
    ew_token ids[8];
    rig_greedy(&r, r.session, (ew_token[]){1, 2}, 2, ids, 8);
    for (size_t i = 0; i < 8; i++) assert_true(ids[i] >= 0 && (size_t)ids[i] < r.n_vocab);
    rig_close(&r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lengths_and_contexts),
        cmocka_unit_test(contexts_that_cannot_be),
        cmocka_unit_test(engines_that_cannot_be),
        cmocka_unit_test(refused_steps_change_nothing),
        cmocka_unit_test(empty_step),
        cmocka_unit_test(logits_of_wanted_rows),
        cmocka_unit_test(logits_of_a_large_vocabulary),
        cmocka_unit_test(rows_of_two_sessions_in_turn),
        cmocka_unit_test(truncated_goes_on_as_fresh),
        cmocka_unit_test(full_context_is_an_error),
        cmocka_unit_test(shifted_is_as_fresh),
        cmocka_unit_test(cancelled_between_steps),
        cmocka_unit_test(a_wish_lasts_for_one_call),
        cmocka_unit_test(weights_of_nan),
    };
    return cmocka_run_group_tests(tests, NULL, scratch_remove);
}
