/* test_generate.c: how an answer ends, what of it is shown, and that it can be ended from outside.
 *
 * The model is random, so that nothing is known of its words beforehand: a first run tells them, and the
 * tests cut that text.
 */
#define _GNU_SOURCE

#include "expect.h"
#include "rig.h"
#include "scratch.h"
#include "tiny_model.h"

#include "base/utf8.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>

#define N_ANSWER 40

static const ew_token prompt[] = {1, 260, 270, 280, 265};
#define N_PROMPT 5

typedef struct answer {
    ew_token ids[512];
    size_t n, max; /* stops when max tokens came; 0 = never */
    char text[8192];
    size_t len;
    size_t end[512]; /* bytes of text after token i */
} answer;

static bool take(void *user, ew_token token, ew_str text) {
    answer *a = user;
    assert_true(text.len < sizeof a->text - a->len);
    if (text.len) memcpy(a->text + a->len, text.data, text.len);
    a->len += text.len;
    a->text[a->len] = '\0';
    if (token < 0) return true;
    a->ids[a->n] = token;
    a->end[a->n++] = a->len;
    return a->n != a->max;
}

static rig tiny_rig(void) {
    const char *path = scratch_path("generate.gguf");
    tiny_model_write(&(tiny_model){.n_ctx = 2048, .seed = 5}, path);
    return rig_open(path, &(ew_engine_options){.n_threads = 1, .exact = true});
}

static ew_generation run(ew_session *session, ew_generate_options o, answer *a, ew_status wanted,
                         const char *culprit) {
    ew_generation result;
    ew_error err = {0};
    o.struct_size = sizeof o;
    ew_status status = ew_generate(session, prompt, N_PROMPT, &o, take, a, &result, &err);
    if (wanted == EW_OK)
        expect_ok(status, &err);
    else
        expect_refused(status, wanted, &err, culprit);
    assert_int_equal(result.n_prompt, N_PROMPT);
    assert_int_equal(result.n_generated, a->n);
    return result;
}

static answer first_run(const rig *r) {
    answer a = {0};
    ew_session *session = rig_session(r, NULL);
    ew_generation g =
        run(session, (ew_generate_options){.n_predict = N_ANSWER, .ignore_end = true}, &a, EW_OK, "");
    assert_int_equal(g.finish, EW_FINISH_LENGTH);
    assert_int_equal(g.n_generated, N_ANSWER);
    assert_int_equal(ew_session_length(session), N_PROMPT + N_ANSWER);
    ew_session_free(session);
    return a;
}

/* ---- length, text ---- */

static void as_many_tokens_as_asked_for(void **state) {
    (void)state;
    rig r = tiny_rig();
    answer whole = first_run(&r);
    for (uint32_t n = 1; n < 4; n++) {
        answer a = {0};
        ew_session_truncate(r.session, 0);
        ew_generation g =
            run(r.session, (ew_generate_options){.n_predict = n, .ignore_end = true}, &a, EW_OK, "");
        assert_int_equal(g.finish, EW_FINISH_LENGTH);
        assert_int_equal(g.n_generated, n);
        assert_memory_equal(a.ids, whole.ids, n * sizeof(ew_token));
        assert_true(g.first_token_ns >= g.prompt_ns && g.prompt_ns > 0);
    }
    rig_close(&r);
}

/* The pieces are the text that the detokenizer makes of all ids, and valid UTF-8, although the model
 * throws bytes about. */
static void text_is_that_of_the_tokens(void **state) {
    (void)state;
    rig r = tiny_rig();
    answer a = first_run(&r);
    const ew_tokenizer *tokenizer = ew_model_tokenizer(r.model);
    ew_detokenizer d = {0};
    ew_error err = {0};
    char text[8192], end[4];
    size_t len = 0, n;
    for (size_t i = 0; i < a.n; i++) {
        expect_ok(ew_detokenize(tokenizer, &d, a.ids[i], false, text + len, sizeof text - len, &n, &err),
                  &err);
        len += n;
    }
    n = ew_detokenize_end(&d, end);
    memcpy(text + len, end, n);
    len += n;
    assert_int_equal(a.len, len);
    assert_memory_equal(a.text, text, len);
    assert_true(ewi_utf8_valid((const uint8_t *)text, len));
    rig_close(&r);
}

/* The same weights in a vocabulary where one token of the answer is spelled with 1000 letters. */
static void token_with_a_long_text(void **state) {
    (void)state;
    static char letters[1000];
    ew_str tokens[320];
    memset(letters, 'z', sizeof letters);
    rig r = tiny_rig();
    answer whole = first_run(&r), a = {0};
    uint32_t at = 1;
    while (whole.ids[at] < (ew_token)TINY_MODEL_MIN_VOCAB)
        assert_true(++at < N_ANSWER); /* bytes keep their spelling */
    for (ew_token i = 0; i < 320; i++) tokens[i] = ew_token_spelling(ew_model_tokenizer(r.model), i);
    tokens[whole.ids[at]] = (ew_str){letters, sizeof letters};
    gguf_build *b =
        tiny_model_build(&(tiny_model){.n_ctx = 2048, .seed = 5, .omit = "tokenizer.ggml.tokens"});
    gguf_build_strings(b, "tokenizer.ggml.tokens", tokens, 320);
    gguf_build_write(b, scratch_path("long.gguf"));
    gguf_build_free(b);
    rig_close(&r);
    r = rig_open(scratch_path("long.gguf"), NULL);
    run(r.session, (ew_generate_options){.n_predict = at + 1, .ignore_end = true}, &a, EW_OK, "");
    assert_int_equal(a.ids[at], whole.ids[at]);
    assert_true(a.end[at] >= a.end[at - 1] + sizeof letters); /* bytes that waited may come before it */
    assert_memory_equal(a.text + a.end[at] - sizeof letters, letters, sizeof letters);
    rig_close(&r);
}

static void without_a_vocabulary(void **state) {
    (void)state;
    tiny_model_write(&(tiny_model){.no_vocabulary = true}, scratch_path("ids.gguf"));
    rig r = rig_open(scratch_path("ids.gguf"), NULL);
    answer a = {0};
    ew_generation g = run(r.session, (ew_generate_options){.n_predict = 9}, &a, EW_OK, "");
    assert_int_equal(g.finish, EW_FINISH_LENGTH);
    assert_int_equal(a.n, 9);
    assert_int_equal(a.len, 0);
    rig_close(&r);
}

/* ---- end tokens ---- */

/* The same weights in a vocabulary whose end token is the one that came third. */
static void end_token(void **state) {
    (void)state;
    rig r = tiny_rig();
    answer whole = first_run(&r);
    rig_close(&r);
    size_t at = 2;
    for (size_t i = 0; i < at; i++) assert_int_not_equal(whole.ids[i], whole.ids[at]);
    gguf_build *b =
        tiny_model_build(&(tiny_model){.n_ctx = 2048, .seed = 5, .omit = "tokenizer.ggml.eos_token_id"});
    gguf_build_u32(b, "tokenizer.ggml.eos_token_id", (uint32_t)whole.ids[at]);
    gguf_build_write(b, scratch_path("ends.gguf"));
    gguf_build_free(b);
    r = rig_open(scratch_path("ends.gguf"), NULL);
    answer a = {0};
    ew_generation g = run(r.session, (ew_generate_options){.n_predict = N_ANSWER}, &a, EW_OK, "");
    assert_int_equal(g.finish, EW_FINISH_END);
    assert_int_equal(a.n, at); /* the end token is not part of the answer */
    assert_int_equal(ew_session_length(r.session), N_PROMPT + at);
    ew_session_truncate(r.session, 0);
    a = (answer){0};
    g = run(r.session, (ew_generate_options){.n_predict = N_ANSWER, .ignore_end = true}, &a, EW_OK, "");
    assert_int_equal(g.finish, EW_FINISH_LENGTH);
    assert_memory_equal(a.ids, whole.ids, sizeof whole.ids[0] * N_ANSWER);
    rig_close(&r);
}

/* ---- stop strings ---- */

/* Every stretch of the text that begins inside one token and ends inside a later one. */
static void stop_strings_over_tokens(void **state) {
    (void)state;
    rig r = tiny_rig();
    answer whole = first_run(&r);
    size_t n_tried = 0;
    for (size_t first = 0; first + 3 < whole.n && n_tried < 12; first += 3) {
        size_t from = whole.end[first], to = whole.end[first + 2];
        if (to - from < 3) continue;
        from -= from > 0;
        char stop[256];
        snprintf(stop, sizeof stop, "%.*s", (int)(to - from - 1), whole.text + from);
        const char *expected = strstr(whole.text, stop);
        answer a = {0};
        ew_str stops[] = {{"never in it", 11}, {stop, strlen(stop)}};
        ew_session_truncate(r.session, 0);
        ew_generation g = run(
            r.session,
            (ew_generate_options){.n_predict = N_ANSWER, .ignore_end = true, .stops = stops, .n_stops = 2},
            &a, EW_OK, "");
        assert_int_equal(g.finish, EW_FINISH_STOP);
        assert_int_equal(a.len, expected - whole.text);
        assert_memory_equal(a.text, whole.text, a.len);
        n_tried++;
    }
    assert_true(n_tried > 3);
    rig_close(&r);
}

/* What was held back because it began like a stop string comes at the end. */
static void held_back_text_comes_at_the_end(void **state) {
    (void)state;
    rig r = tiny_rig();
    answer whole = first_run(&r), a = {0};
    char stop[64];
    snprintf(stop, sizeof stop, "%s and never this", whole.text + whole.len - 4);
    ew_str stops[] = {{stop, strlen(stop)}};
    ew_generate_options o = {.n_predict = N_ANSWER, .ignore_end = true, .stops = stops, .n_stops = 1};
    ew_generation g = run(r.session, o, &a, EW_OK, "");
    assert_int_equal(g.finish, EW_FINISH_LENGTH);
    assert_string_equal(a.text, whole.text);
    rig_close(&r);
}

static void bad_stop_strings(void **state) {
    (void)state;
    rig r = tiny_rig();
    answer a = {0};
    ew_str stops[] = {{"", 0}};
    run(r.session, (ew_generate_options){.stops = stops, .n_stops = 1}, &a, EW_INVALID, "stop string 0");
    assert_int_equal(ew_session_length(r.session), 0);
    rig_close(&r);
}

/* ---- a full context ---- */

static void context_ends_an_open_answer(void **state) {
    (void)state;
    rig r = tiny_rig();
    answer whole = first_run(&r), a = {0};
    ew_session *session = rig_session(&r, &(ew_session_options){.n_ctx = 20});
    ew_generation g = run(session, (ew_generate_options){.ignore_end = true}, &a, EW_OK, "");
    assert_int_equal(g.finish, EW_FINISH_CONTEXT);
    assert_int_equal(a.n, 15);
    assert_memory_equal(a.ids, whole.ids, 15 * sizeof(ew_token));
    ew_session_truncate(session, 0);
    a = (answer){0};
    g = run(session, (ew_generate_options){.n_predict = 16, .ignore_end = true}, &a, EW_CONTEXT_FULL,
            "20 positions is full after 15 of 16");
    assert_int_equal(g.finish, EW_FINISH_CONTEXT);
    ew_session_free(session);
    session = rig_session(&r, &(ew_session_options){.n_ctx = 4});
    a = (answer){0};
    run(session, (ew_generate_options){.n_predict = 1}, &a, EW_CONTEXT_FULL,
        "5 tokens after 0 held ones do not fit a context of 4");
    assert_int_equal(ew_session_length(session), 0);
    ew_session_free(session);
    rig_close(&r);
}

/*
 * The same answer, token by token, from a fresh session that is given what the policy says stays: at each
 * full context the first n_keep tokens and the later half of the others.
 */
static void shifting_answer(void **state) {
    (void)state;
    enum { N_CTX = 24, N_KEEP = 3, N = 60 };
    rig r = tiny_rig();
    ew_session_options o = {.n_ctx = N_CTX, .context_full = EW_CONTEXT_FULL_SHIFT, .n_keep = N_KEEP};
    ew_session *session = rig_session(&r, &o), *fresh = rig_session(&r, NULL);
    answer a = {0};
    ew_generation g = run(session, (ew_generate_options){.n_predict = N, .ignore_end = true}, &a, EW_OK, "");
    assert_int_equal(g.finish, EW_FINISH_LENGTH);
    ew_token held[N_CTX];
    size_t n = N_PROMPT;
    memcpy(held, prompt, sizeof prompt);
    for (size_t i = 0; i < N; i++) {
        ew_token next;
        ew_session_truncate(fresh, 0);
        rig_greedy(&r, fresh, held, n, &next, 1);
        assert_int_equal(a.ids[i], next);
        if (n == N_CTX) {
            size_t stay = (N_CTX - N_KEEP) / 2;
            memmove(held + N_KEEP, held + N_CTX - stay, stay * sizeof *held);
            n = N_KEEP + stay;
        }
        held[n++] = next;
    }
    ew_session_free(session);
    ew_session_free(fresh);
    rig_close(&r);
}

/* ---- ended from outside ---- */

static void callback_says_stop(void **state) {
    (void)state;
    rig r = tiny_rig();
    answer whole = first_run(&r), a = {.max = 7};
    ew_generation g =
        run(r.session, (ew_generate_options){.n_predict = N_ANSWER, .ignore_end = true}, &a, EW_OK, "");
    assert_int_equal(g.finish, EW_FINISH_CANCELLED);
    assert_int_equal(a.n, 7);
    /* What was shown is held, and the answer can go on from there. */
    assert_int_equal(ew_session_length(r.session), N_PROMPT + 7);
    float *after = rig_logits(&r, whole.ids + 7, 1);
    ew_session *fresh = rig_session(&r, NULL);
    ew_token all[N_PROMPT + 8];
    memcpy(all, prompt, sizeof prompt);
    memcpy(all + N_PROMPT, whole.ids, 8 * sizeof *all);
    float *expected = rig_session_logits(&r, fresh, all, N_PROMPT + 8);
    assert_memory_equal(after, expected + (N_PROMPT + 7) * r.n_vocab, r.n_vocab * sizeof(float));
    free(after);
    free(expected);
    ew_session_free(fresh);
    rig_close(&r);
}

static void *cancel_soon(void *session) {
    nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    ew_session_cancel(session);
    return NULL;
}

/* The answer would never end: its context shifts for ever. */
static void endless(ew_session *session) {
    ew_generation result;
    ew_error err = {0};
    ew_generate_options o = {.struct_size = sizeof o, .ignore_end = true};
    expect_ok(ew_generate(session, prompt, N_PROMPT, &o, NULL, NULL, &result, &err), &err);
    assert_int_equal(result.finish, EW_FINISH_CANCELLED);
    assert_true(result.n_generated > 0);
    /* The wish is gone with the call. */
    o.n_predict = 2;
    ew_session_truncate(session, 0);
    expect_ok(ew_generate(session, prompt, N_PROMPT, &o, NULL, NULL, &result, &err), &err);
    assert_int_equal(result.finish, EW_FINISH_LENGTH);
}

static void cancelled_from_another_thread(void **state) {
    (void)state;
    rig r = tiny_rig();
    ew_session *session =
        rig_session(&r, &(ew_session_options){.n_ctx = 64, .context_full = EW_CONTEXT_FULL_SHIFT});
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, cancel_soon, session), 0);
    endless(session);
    pthread_join(thread, NULL);
    ew_session_free(session);
    rig_close(&r);
}

static ew_session *interrupted;

static void on_alarm(int signal_number) {
    (void)signal_number;
    ew_session_cancel(interrupted);
}

static void cancelled_from_a_signal_handler(void **state) {
    (void)state;
    rig r = tiny_rig();
    interrupted = rig_session(&r, &(ew_session_options){.n_ctx = 64, .context_full = EW_CONTEXT_FULL_SHIFT});
    struct sigaction action = {.sa_handler = on_alarm};
    assert_int_equal(sigaction(SIGALRM, &action, NULL), 0);
    const struct itimerval soon = {.it_value = {.tv_usec = 20000}};
    assert_int_equal(setitimer(ITIMER_REAL, &soon, NULL), 0);
    endless(interrupted);
    ew_session_free(interrupted);
    rig_close(&r);
}

static bool cancel_at_seventh(void *user, ew_token token, ew_str text) {
    (void)token, (void)text;
    if (++*(unsigned *)user == 7) ew_session_cancel(interrupted);
    return true;
}

/* What was shown is held here too. */
static void cancelled_while_a_token_is_shown(void **state) {
    (void)state;
    rig r = tiny_rig();
    unsigned n = 0;
    ew_generation result;
    ew_error err = {0};
    ew_generate_options o = {.struct_size = sizeof o, .n_predict = N_ANSWER, .ignore_end = true};
    interrupted = r.session;
    expect_ok(ew_generate(r.session, prompt, N_PROMPT, &o, cancel_at_seventh, &n, &result, &err), &err);
    assert_int_equal(result.finish, EW_FINISH_CANCELLED);
    assert_int_equal(result.n_generated, 7);
    assert_int_equal(ew_session_length(r.session), N_PROMPT + 7);
    /* An answer that is whole is not cancelled any more. */
    n = 0;
    o.n_predict = 7;
    ew_session_truncate(r.session, 0);
    expect_ok(ew_generate(r.session, prompt, N_PROMPT, &o, cancel_at_seventh, &n, &result, &err), &err);
    assert_int_equal(result.finish, EW_FINISH_LENGTH);
    assert_int_equal(ew_session_length(r.session), N_PROMPT + 7);
    rig_close(&r);
}

static void cancelled_before_it_began(void **state) {
    (void)state;
    rig r = tiny_rig();
    answer a = {0};
    ew_session_cancel(r.session);
    ew_generation g = run(r.session, (ew_generate_options){.n_predict = 3}, &a, EW_OK, "");
    assert_int_equal(g.finish, EW_FINISH_CANCELLED);
    assert_int_equal(a.n, 0);
    assert_int_equal(ew_session_length(r.session), 0);
    rig_close(&r);
}

/* ---- a sampler ---- */

/* The penalties see the prompt and the answer: with an absurd one no token comes twice, nor any of the
 * prompt. */
static void sampler_sees_prompt_and_answer(void **state) {
    (void)state;
    rig r = tiny_rig();
    answer a = {0};
    ew_sampler *sampler = NULL;
    ew_error err = {0};
    ew_sampler_options o = {.struct_size = sizeof o, .presence_penalty = 100};
    expect_ok(ew_sampler_new(&o, r.n_vocab, &sampler, &err), &err);
    run(r.session, (ew_generate_options){.n_predict = N_ANSWER, .ignore_end = true, .sampler = sampler}, &a,
        EW_OK, "");
    for (size_t i = 0; i < a.n; i++) {
        for (size_t k = 0; k < i; k++) assert_int_not_equal(a.ids[i], a.ids[k]);
        for (size_t k = 0; k < N_PROMPT; k++) assert_int_not_equal(a.ids[i], prompt[k]);
    }
    ew_sampler_free(sampler);
    rig_close(&r);
}

typedef struct choice {
    ew_sampler *sampler;
    ew_token token;
} choice;

static void choose(void *user, size_t row, const float *logits) {
    choice *c = user;
    (void)row;
    c->token = ew_sampler_sample(c->sampler, logits);
}

/* What a caller of ew_step draws from all logits, one token after the other. */
static void draw_by_steps(const rig *r, ew_sampler *sampler, ew_token *out, size_t n) {
    ew_session *session = rig_session(r, NULL);
    choice c = {.sampler = sampler};
    ew_error err = {0};
    for (size_t i = 0; i < N_PROMPT; i++) ew_sampler_accept(sampler, prompt[i]);
    for (size_t i = 0; i < N_PROMPT + n; i++) {
        ew_row row = {session, (uint32_t)i, i < N_PROMPT ? prompt[i] : c.token, i + 1 >= N_PROMPT};
        if (i >= N_PROMPT) {
            out[i - N_PROMPT] = c.token;
            ew_sampler_accept(sampler, c.token);
        }
        expect_ok(ew_step(r->engine, &row, 1, choose, &c, &err), &err);
    }
    ew_session_free(session);
}

static ew_sampler *sampler_of(const rig *r, ew_sampler_options o) {
    ew_sampler *sampler = NULL;
    ew_error err = {0};
    o.struct_size = sizeof o;
    expect_ok(ew_sampler_new(&o, r->n_vocab, &sampler, &err), &err);
    return sampler;
}

/* Peaks that threads found while they computed the logits lead to the tokens that all logits lead to. */
static void draws_as_from_all_logits(void **state) {
    (void)state;
    rig r = tiny_rig();
    const ew_sampler_options options[] = {
        {.temperature = 0},
        {.temperature = 1},
        {.temperature = 1.5f, .top_k = 3},
        {.temperature = 0.8f, .top_k = 40, .top_p = 0.95f, .min_p = 0.05f},
        {.temperature = 2, .top_p = 0.9f},
        {.temperature = 2, .min_p = 0.1f},
        {.temperature = 1, .top_k = 40, .repeat_penalty = 1.3f, .presence_penalty = 0.5f},
        {.temperature = 0, .repeat_penalty = 2, .penalty_last_n = 3},
    };
    for (size_t i = 0; i < 5 * sizeof options / sizeof *options; i++) {
        ew_sampler_options o = options[i / 5];
        o.seed = i;
        answer a = {0};
        ew_token ids[N_ANSWER];
        ew_sampler *sampler = sampler_of(&r, o);
        ew_session_truncate(r.session, 0);
        run(r.session, (ew_generate_options){.n_predict = N_ANSWER, .ignore_end = true, .sampler = sampler},
            &a, EW_OK, "");
        ew_sampler_free(sampler);
        sampler = sampler_of(&r, o);
        draw_by_steps(&r, sampler, ids, N_ANSWER);
        ew_sampler_free(sampler);
        assert_memory_equal(a.ids, ids, sizeof ids);
    }
    rig_close(&r);
}

/* A head may have rows beyond the vocabulary: a sampler that knows of fewer never draws the others. */
static void sampler_of_fewer_tokens(void **state) {
    (void)state;
    rig r = tiny_rig();
    answer whole = first_run(&r), a = {0};
    const rig few = {.n_vocab = (size_t)whole.ids[0]}, more = {.n_vocab = r.n_vocab + 1};
    ew_sampler *sampler = sampler_of(&few, (ew_sampler_options){0});
    run(r.session, (ew_generate_options){.n_predict = N_ANSWER, .ignore_end = true, .sampler = sampler}, &a,
        EW_OK, "");
    assert_int_equal(a.n, N_ANSWER);
    for (size_t i = 0; i < a.n; i++) assert_true(a.ids[i] < whole.ids[0]);
    ew_sampler_free(sampler);
    sampler = sampler_of(&more, (ew_sampler_options){0});
    answer none = {0};
    run(r.session, (ew_generate_options){.sampler = sampler}, &none, EW_INVALID, "sampler");
    ew_sampler_free(sampler);
    rig_close(&r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_many_tokens_as_asked_for),
        cmocka_unit_test(text_is_that_of_the_tokens),
        cmocka_unit_test(token_with_a_long_text),
        cmocka_unit_test(without_a_vocabulary),
        cmocka_unit_test(end_token),
        cmocka_unit_test(stop_strings_over_tokens),
        cmocka_unit_test(held_back_text_comes_at_the_end),
        cmocka_unit_test(bad_stop_strings),
        cmocka_unit_test(context_ends_an_open_answer),
        cmocka_unit_test(shifting_answer),
        cmocka_unit_test(callback_says_stop),
        cmocka_unit_test(cancelled_from_another_thread),
        cmocka_unit_test(cancelled_from_a_signal_handler),
        cmocka_unit_test(cancelled_while_a_token_is_shown),
        cmocka_unit_test(cancelled_before_it_began),
        cmocka_unit_test(sampler_sees_prompt_and_answer),
        cmocka_unit_test(draws_as_from_all_logits),
        cmocka_unit_test(sampler_of_fewer_tokens),
    };
    return cmocka_run_group_tests(tests, NULL, scratch_remove);
}
