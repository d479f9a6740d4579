/* test_logprobs.c: log-probabilities of an answer's tokens and of the best ones, against a log-softmax of the
 * model's logits in double precision, written here from its definition; and the head's best few.
 */
#include "ask.h"
#include "expect.h"
#include "scratch.h"
#include "tiny_model.h"

#include <math.h>
#include <stdlib.h>

#define N_VOCAB  2999u /* no multiple of 64 */
#define N_PROMPT 7
#define N_ANSWER 20

static const ew_token prompt[N_PROMPT] = {1, 260, 2998, 280, 265, 500, 77};

static double log_softmax(const float *logits, size_t n, ew_token token) {
    double max = -HUGE_VAL, sum = 0;
    for (size_t i = 0; i < n; i++) max = fmax(max, (double)logits[i]);
    for (size_t i = 0; i < n; i++) sum += exp((double)logits[i] - max);
    return (double)logits[token] - max - log(sum);
}

/* How many tokens come before it, best first, equal ones in their order. */
static size_t rank_of(const float *logits, size_t n, ew_token token) {
    size_t rank = 0;
    for (size_t i = 0; i < n; i++)
        rank += logits[i] > logits[token] || (logits[i] == logits[token] && i < (size_t)token);
    return rank;
}

/* Both sides end in float: a unit in the last place of numbers up to 10, and sums of 64 in float. */
static void check_logprob(const float *logits, ewi_logprob p) {
    double expected = log_softmax(logits, N_VOCAB, p.token);
    if (fabs((double)p.logprob - expected) > 4e-6)
        fail_msg("token %d: %.9g, not %.9g", p.token, (double)p.logprob, expected);
}

/* Biased, penalized and drawn at a high temperature: the log-probabilities are those of the model. */
static void of_an_answer(void **state) {
    (void)state;
    static const ew_logit_bias bias = {300, 3};
    static ask a;
    const char *path = scratch_path("logprobs.gguf");
    tiny_model_write(&(tiny_model){.n_vocab = N_VOCAB, .seed = 9}, path);
    rig r = rig_open(path, &(ew_engine_options){.n_threads = 1, .exact = true});
    ewi_scheduler *s = NULL;
    ew_error err = {0};
    expect_ok(ewi_scheduler_new(r.engine, NULL, &s, &err), &err);
    a.request = (ewi_request){
        .prompt = prompt,
        .n_prompt = N_PROMPT,
        .n_predict = N_ANSWER,
        .ignore_end = true,
        .sampling = {.temperature = 1.5f, .repeat_penalty = 1.2f, .biases = &bias, .n_biases = 1},
        .wants_logprobs = true,
        .n_top = 20,
    };
    ask_submit(s, &a);
    ask_wait(&a);
    assert_int_equal(a.outcome.status, EW_OK);
    ewi_scheduler_free(s);
    ew_token all[N_PROMPT + N_ANSWER];
    memcpy(all, prompt, sizeof prompt);
    memcpy(all + N_PROMPT, a.ids, N_ANSWER * sizeof *all);
    float *logits = rig_logits(&r, all, N_PROMPT + N_ANSWER);
    for (size_t i = 0; i < N_ANSWER; i++) {
        const float *row = logits + (N_PROMPT - 1 + i) * N_VOCAB;
        check_logprob(row, (ewi_logprob){a.ids[i], a.logprobs[i]});
        for (size_t k = 0; k < 20; k++) {
            assert_int_equal(rank_of(row, N_VOCAB, a.top[i][k].token), k);
            check_logprob(row, a.top[i][k]);
        }
    }
    free(logits);
    rig_close(&r);
}

/* ---- the best few ---- */

static size_t top_of(const float *logits, size_t n, size_t max, ew_token *out) {
    float peaks[64];
    assert_true(ewi_n_peaks(n) <= 64);
    ewi_find_peaks(ewi_kernels_get(), logits, n, peaks);
    return ewi_head_top(&(ewi_head){n, logits, peaks, 1}, max, out);
}

/* Few different values, so that most have equals. */
static void the_best_few(void **state) {
    (void)state;
    static float logits[1000];
    ew_token best[EWI_MAX_TOP];
    for (size_t n = 1; n <= 1000; n += 37) {
        for (size_t i = 0; i < n; i++) logits[i] = (float)(i * 7919 % 211 % 23) - 11;
        for (size_t max = 0; max <= EWI_MAX_TOP; max++) {
            assert_int_equal(top_of(logits, n, max, best), max < n ? max : n);
            for (size_t k = 0; k < max && k < n; k++) assert_int_equal(rank_of(logits, n, best[k]), k);
        }
    }
}

static void of_what_is_no_number(void **state) {
    (void)state;
    const float logits[] = {NAN, -INFINITY, 2, NAN, 5, INFINITY, 2};
    ew_token best[EWI_MAX_TOP];
    assert_int_equal(top_of(logits, 7, EWI_MAX_TOP, best), 4);
    const ew_token expected[] = {5, 4, 2, 6};
    assert_memory_equal(best, expected, sizeof expected);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_an_answer),
        cmocka_unit_test(the_best_few),
        cmocka_unit_test(of_what_is_no_number),
    };
    return cmocka_run_group_tests(tests, NULL, scratch_remove);
}
