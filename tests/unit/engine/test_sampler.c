/* test_sampler.c: what a sampler draws, against probabilities that are computed here by the published
 * formulas.
 *
 * Repetition penalty: arXiv 1909.05858, section 4.1. Frequency and presence penalties: the OpenAI API
 * reference (mu[j] - c[j] * alpha_frequency - (c[j] > 0) * alpha_presence). Top-p: arXiv 1904.09751.
 * Min-p: arXiv 2407.01082.
 */
#include "expect.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define MAX_TOKENS 1024

static ew_sampler *new_sampler(ew_sampler_options o, size_t n_vocab) {
    ew_sampler *sampler = NULL;
    ew_error err = {0};
    o.struct_size = sizeof o;
    expect_ok(ew_sampler_new(&o, n_vocab, &sampler, &err), &err);
    return sampler;
}

static ew_token sample_once(ew_sampler_options o, const float *logits, size_t n) {
    ew_sampler *sampler = new_sampler(o, n);
    ew_token token = ew_sampler_sample(sampler, logits);
    ew_sampler_free(sampler);
    return token;
}

/* ---- distributions ---- */

/*
 * Pearson's statistic of n_draws draws against probabilities p; tokens with p = 0 must never come. With n
 * outcomes the statistic has n - 1 degrees of freedom, mean n - 1 and variance 2 (n - 1): six standard
 * deviations are never passed by chance.
 */
static void check_distribution(ew_sampler_options o, const float *logits, const double *p, size_t n,
                               size_t n_draws) {
    uint32_t counts[MAX_TOKENS] = {0};
    ew_sampler *sampler = new_sampler(o, n);
    for (size_t i = 0; i < n_draws; i++) {
        ew_token token = ew_sampler_sample(sampler, logits);
        assert_true(token >= 0 && (size_t)token < n);
        counts[token]++;
    }
    ew_sampler_free(sampler);
    double statistic = 0, freedom = -1;
    for (size_t i = 0; i < n; i++) {
        if (p[i] == 0) {
            if (counts[i]) fail_msg("token %zu came %u times, must never", i, counts[i]);
            continue;
        }
        double expected = p[i] * (double)n_draws, off = counts[i] - expected;
        assert_true(expected > 5);
        statistic += off * off / expected;
        freedom++;
    }
    if (statistic > freedom + 6 * sqrt(2 * freedom))
        fail_msg("chi-square %.1f at %.0f degrees of freedom", statistic, freedom);
}

/* p[i] = weights[i]^(1/t) / sum, over those that are kept. */
static void powers(const double *weights, const bool *kept, double t, double *p, size_t n) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += p[i] = kept[i] ? pow(weights[i], 1 / t) : 0;
    for (size_t i = 0; i < n; i++) p[i] /= sum;
}

/* Six tokens, not in order, with probabilities that can be added in one's head. */
#define N_SIX 6
static const double six[N_SIX] = {0.125, 0.4, 0.05, 0.25, 0.025, 0.15};

static void six_logits(float logits[N_SIX]) {
    for (size_t i = 0; i < N_SIX; i++) logits[i] = (float)log(six[i]) + 3.5f;
}

static void check_six(ew_sampler_options o, const bool kept[N_SIX]) {
    float logits[N_SIX];
    double p[N_SIX];
    six_logits(logits);
    powers(six, kept, (double)o.temperature, p, N_SIX);
    check_distribution(o, logits, p, N_SIX, 40000);
}

static const bool all_six[N_SIX] = {true, true, true, true, true, true};

static void temperature(void **state) {
    (void)state;
    check_six((ew_sampler_options){.temperature = 1, .seed = 1}, all_six);
    check_six((ew_sampler_options){.temperature = 0.5f, .seed = 2}, all_six);
    check_six((ew_sampler_options){.temperature = 2, .seed = 3}, all_six);
    check_six((ew_sampler_options){.temperature = 100, .seed = 4}, all_six);
}

static void top_k(void **state) {
    (void)state;
    check_six((ew_sampler_options){.temperature = 1, .top_k = 3, .seed = 5}, (bool[]){0, 1, 0, 1, 0, 1});
    check_six((ew_sampler_options){.temperature = 1, .top_k = 1, .seed = 6}, (bool[]){0, 1, 0, 0, 0, 0});
    check_six((ew_sampler_options){.temperature = 1, .top_k = 6, .seed = 7}, all_six);
    check_six((ew_sampler_options){.temperature = 1, .top_k = 1000, .seed = 8}, all_six);
}

/* In order: 0.4, 0.65, 0.8, 0.925, 0.975, 1. The token that reaches p is kept. */
static void top_p(void **state) {
    (void)state;
    check_six((ew_sampler_options){.temperature = 1, .top_p = 0.39f, .seed = 9}, (bool[]){0, 1, 0, 0, 0, 0});
    check_six((ew_sampler_options){.temperature = 1, .top_p = 0.41f, .seed = 10}, (bool[]){0, 1, 0, 1, 0, 0});
    check_six((ew_sampler_options){.temperature = 1, .top_p = 0.81f, .seed = 11}, (bool[]){1, 1, 0, 1, 0, 1});
    check_six((ew_sampler_options){.temperature = 1, .top_p = 0.98f, .seed = 12}, all_six);
    check_six((ew_sampler_options){.temperature = 1, .top_p = 1, .seed = 13}, all_six);
}

/* The best has 0.4: a share of 0.3 of it is 0.12, one of 0.1 is 0.04. */
static void min_p(void **state) {
    (void)state;
    check_six((ew_sampler_options){.temperature = 1, .min_p = 0.3f, .seed = 14}, (bool[]){1, 1, 0, 1, 0, 1});
    check_six((ew_sampler_options){.temperature = 1, .min_p = 0.1f, .seed = 15}, (bool[]){1, 1, 1, 1, 0, 1});
    check_six((ew_sampler_options){.temperature = 1, .min_p = 1, .seed = 16}, (bool[]){0, 1, 0, 0, 0, 0});
}

/* Top-k first; then top-p and min-p see what it left at temperature 1, whatever the temperature of the
 * draw. */
static void cuts_together(void **state) {
    (void)state;
    check_six((ew_sampler_options){.temperature = 3, .top_p = 0.41f, .seed = 17}, (bool[]){0, 1, 0, 1, 0, 0});
    check_six((ew_sampler_options){.temperature = 3, .min_p = 0.3f, .seed = 18}, (bool[]){1, 1, 0, 1, 0, 1});
    /* Of 0.4, 0.25, 0.15 the first two hold 0.65 / 0.8 = 0.8125. */
    check_six((ew_sampler_options){.temperature = 1, .top_k = 3, .top_p = 0.8f, .seed = 19},
              (bool[]){0, 1, 0, 1, 0, 0});
}

/* Each of the 50 best of 1000 comes, at a temperature that makes them nearly equal; no other does. */
static void top_k_of_many(void **state) {
    (void)state;
    static float logits[MAX_TOKENS];
    static uint32_t counts[MAX_TOKENS];
    const size_t n = 1000, k = 50;
    for (size_t i = 0; i < n; i++) logits[i] = (float)((i * 7919) % n) * 0.01f; /* a permutation of 0..999 */
    ew_sampler *sampler = new_sampler((ew_sampler_options){.temperature = 100, .top_k = k, .seed = 20}, n);
    for (size_t i = 0; i < 5000; i++) counts[ew_sampler_sample(sampler, logits)]++;
    for (size_t i = 0; i < n; i++) assert_int_equal(counts[i] > 0, (i * 7919) % n >= n - k);
    ew_sampler_free(sampler);
}

/* A vocabulary of which most is passed over: the cuts keep what the formulas keep, at every place. */
#define N_MANY 640

/* Logits 0 .. 2 in no order; their weights, and the rank of each (0: the best). */
static void many_logits(float logits[N_MANY], double weights[N_MANY], size_t ranks[N_MANY]) {
    for (size_t i = 0; i < N_MANY; i++) {
        ranks[i] = (i * 7919 + 13) % N_MANY;
        logits[i] = (float)(N_MANY - ranks[i]) * 0.002f;
        weights[i] = exp((double)logits[i]);
    }
}

static void check_many(ew_sampler_options o) {
    static float logits[N_MANY];
    static double weights[N_MANY], sorted[N_MANY], p[N_MANY];
    static size_t ranks[N_MANY];
    static bool kept[N_MANY];
    many_logits(logits, weights, ranks);
    for (size_t i = 0; i < N_MANY; i++) sorted[ranks[i]] = weights[i];
    size_t n = o.top_k ? o.top_k : N_MANY, n_kept = 0;
    double total = 0, sum = 0;
    for (size_t i = 0; i < n; i++) total += sorted[i];
    while (n_kept < n && (o.top_p == 0 || sum < (double)o.top_p * total)) sum += sorted[n_kept++];
    while (o.min_p > 0 && sorted[n_kept - 1] < (double)o.min_p * sorted[0]) n_kept--;
    for (size_t i = 0; i < N_MANY; i++) kept[i] = ranks[i] < n_kept;
    powers(weights, kept, (double)o.temperature, p, N_MANY);
    check_distribution(o, logits, p, N_MANY, 10000);
}

static void cuts_of_many(void **state) {
    (void)state;
    check_many((ew_sampler_options){.temperature = 2, .top_k = 5, .seed = 31});
    check_many((ew_sampler_options){.temperature = 0.9f, .top_k = 300, .seed = 32});
    check_many((ew_sampler_options){.temperature = 1, .top_p = 0.03f, .seed = 33});
    check_many((ew_sampler_options){.temperature = 1, .top_p = 0.7f, .seed = 34});
    check_many((ew_sampler_options){.temperature = 1, .min_p = 0.99f, .seed = 35});
    check_many((ew_sampler_options){.temperature = 1, .min_p = 0.5f, .seed = 36});
    check_many((ew_sampler_options){.temperature = 2, .top_p = 0.6f, .min_p = 0.6f, .seed = 37});
    check_many(
        (ew_sampler_options){.temperature = 1, .top_k = 200, .top_p = 0.5f, .min_p = 0.5f, .seed = 38});
}

/* ---- greedy, ties ---- */

static void ties_go_to_the_lower_token(void **state) {
    (void)state;
    const float logits[] = {1, 3, 2, 3, 3, -1};
    assert_int_equal(sample_once((ew_sampler_options){0}, logits, 6), 1);
    assert_int_equal(sample_once((ew_sampler_options){.temperature = 1, .top_k = 1}, logits, 6), 1);
    assert_int_equal(sample_once((ew_sampler_options){.temperature = 1, .top_p = 0.01f}, logits, 6), 1);
    /* Two of three equals: the lower two. */
    ew_sampler *sampler = new_sampler((ew_sampler_options){.temperature = 1, .top_k = 2}, 6);
    for (int i = 0; i < 500; i++) assert_int_not_equal(ew_sampler_sample(sampler, logits), 4);
    ew_sampler_free(sampler);
}

static void numbers_that_are_none(void **state) {
    (void)state;
    const float some[] = {NAN, 1, NAN, 2, -INFINITY}, none[] = {NAN, NAN, NAN},
                least[] = {-INFINITY, -INFINITY};
    assert_int_equal(sample_once((ew_sampler_options){0}, some, 5), 3);
    ew_sampler *sampler = new_sampler((ew_sampler_options){.temperature = 50, .seed = 3}, 5);
    for (int i = 0; i < 500; i++) {
        ew_token token = ew_sampler_sample(sampler, some);
        assert_true(token == 1 || token == 3);
    }
    ew_sampler_free(sampler);
    for (float t = 0; t <= 1; t++) {
        ew_token token = sample_once((ew_sampler_options){.temperature = t}, none, 3);
        assert_true(token >= 0 && token < 3);
        token = sample_once((ew_sampler_options){.temperature = t, .top_k = 1, .top_p = 0.5f}, least, 2);
        assert_true(token >= 0 && token < 2);
    }
}

static void infinite_logit_wins(void **state) {
    (void)state;
    const float logits[] = {1, INFINITY, 2};
    assert_int_equal(sample_once((ew_sampler_options){0}, logits, 3), 1);
    ew_sampler *sampler =
        new_sampler((ew_sampler_options){.temperature = 1, .top_p = 0.9f, .min_p = 0.1f}, 3);
    for (int i = 0; i < 100; i++) assert_int_equal(ew_sampler_sample(sampler, logits), 1);
    ew_sampler_free(sampler);
    sampler = new_sampler((ew_sampler_options){.temperature = 1}, 3);
    for (int i = 0; i < 100; i++) assert_int_equal(ew_sampler_sample(sampler, logits), 1);
    ew_sampler_free(sampler);
}

/* ---- penalties: greedy shows which logit is largest afterwards ---- */

static ew_token after(ew_sampler_options o, const float *logits, size_t n, const ew_token *used,
                      size_t n_used) {
    ew_sampler *sampler = new_sampler(o, n);
    for (size_t i = 0; i < n_used; i++) ew_sampler_accept(sampler, used[i]);
    ew_token token = ew_sampler_sample(sampler, logits);
    ew_sampler_free(sampler);
    return token;
}

/* p' = p e^bias / sum (the OpenAI API reference: a bias is added to the logit), before penalties and cuts;
 * those of one token add up. */
static void biases(void **state) {
    (void)state;
    const ew_logit_bias some[] = {{3, 1}, {1, -100}, {4, 0.5f}, {4, 1.5f}};
    const double factors[N_SIX] = {1, 0, 1, exp(1), exp(2), 1};
    const bool kept[N_SIX] = {true, false, true, true, true, true};
    float logits[N_SIX];
    double weights[N_SIX], p[N_SIX];
    six_logits(logits);
    for (size_t i = 0; i < N_SIX; i++) weights[i] = six[i] * factors[i];
    powers(weights, kept, 1, p, N_SIX);
    check_distribution((ew_sampler_options){.temperature = 1, .seed = 21, .biases = some, .n_biases = 4},
                       logits, p, N_SIX, 40000);
    /* 0.25 e = 0.68 and 0.025 e^2 = 0.18 are the best two. */
    const bool best_two[N_SIX] = {false, false, false, true, true, false};
    powers(weights, best_two, 1, p, N_SIX);
    check_distribution(
        (ew_sampler_options){.temperature = 1, .top_k = 2, .seed = 22, .biases = some, .n_biases = 4}, logits,
        p, N_SIX, 40000);
}

/* Over several spans of 64, greedy: the bias of one token is what decides; 100 demands and -100 forbids. */
static void biases_of_many(void **state) {
    (void)state;
    float logits[200];
    for (size_t i = 0; i < 200; i++) logits[i] = (float)(i % 67) * 0.1f;
    for (ew_token t = 0; t < 200; t += 13) {
        const ew_logit_bias demand = {t, 100}, forbid[] = {{66, -100}, {133, -100}, {t, -100}};
        assert_int_equal(sample_once((ew_sampler_options){.biases = &demand, .n_biases = 1}, logits, 200), t);
        ew_token next = sample_once((ew_sampler_options){.biases = forbid, .n_biases = 3}, logits, 200);
        assert_int_equal(next, t == 65 ? 132 : 65);
    }
}

/* A logit of 2 with a bias of -3 is -1, and a penalty multiplies it: -1.5 or -3; the other way round it would
 * be -1.67 or -2.33. */
static void biases_before_penalties(void **state) {
    (void)state;
    static const struct {
        float penalty, other;
        ew_token expected;
    } rows[] = {{1.5f, -1.6f, 0}, {3, -2.6f, 1}};
    const ew_logit_bias bias = {0, -3};
    for (size_t i = 0; i < 2; i++) {
        const float logits[] = {2, rows[i].other};
        ew_sampler *s = new_sampler(
            (ew_sampler_options){.repeat_penalty = rows[i].penalty, .biases = &bias, .n_biases = 1}, 2);
        ew_sampler_accept(s, 0);
        assert_int_equal(ew_sampler_sample(s, logits), rows[i].expected);
        ew_sampler_free(s);
    }
}

static void repeat_penalty(void **state) {
    (void)state;
    const float logits[] = {2.0f, 1.01f, 0.0f}, close[] = {2.0f, 0.99f, 0.0f};
    const float negative[] = {-1.0f, -1.99f, -9.0f}, far[] = {-1.0f, -2.01f, -9.0f};
    ew_sampler_options o = {.repeat_penalty = 2};
    assert_int_equal(after(o, logits, 3, (ew_token[]){0}, 1), 1);   /* 2 / 2 < 1.01 */
    assert_int_equal(after(o, close, 3, (ew_token[]){0}, 1), 0);    /* 2 / 2 > 0.99 */
    assert_int_equal(after(o, negative, 3, (ew_token[]){0}, 1), 1); /* -1 * 2 < -1.99 */
    assert_int_equal(after(o, far, 3, (ew_token[]){0}, 1), 0);
    assert_int_equal(after(o, close, 3, (ew_token[]){0, 0, 0}, 3), 0); /* once, however often it came */
    assert_int_equal(after((ew_sampler_options){.repeat_penalty = 1}, logits, 3, (ew_token[]){0}, 1), 0);
}

static void frequency_and_presence(void **state) {
    (void)state;
    const float logits[] = {3.0f, 2.0f, 0.0f};
    ew_sampler_options frequency = {.frequency_penalty = 0.4f}, presence = {.presence_penalty = 0.9f};
    assert_int_equal(after(frequency, logits, 3, (ew_token[]){0, 0}, 2), 0);    /* 2.2 */
    assert_int_equal(after(frequency, logits, 3, (ew_token[]){0, 0, 0}, 3), 1); /* 1.8 */
    assert_int_equal(after(presence, logits, 3, (ew_token[]){0, 0, 0}, 3), 0);  /* 2.1 */
    presence.presence_penalty = 1.1f;
    assert_int_equal(after(presence, logits, 3, (ew_token[]){0}, 1), 1); /* 1.9 */
    ew_sampler_options reward = {.presence_penalty = -2.5f};
    assert_int_equal(after(reward, logits, 3, (ew_token[]){1}, 1), 1); /* 4.5 */
}

static void window_of_recent_tokens(void **state) {
    (void)state;
    const float logits[] = {3.0f, 2.0f, 0.0f, 0.0f};
    ew_sampler_options o = {.presence_penalty = 2, .penalty_last_n = 2};
    assert_int_equal(after(o, logits, 4, (ew_token[]){0, 2}, 2), 1);
    assert_int_equal(after(o, logits, 4, (ew_token[]){0, 2, 3}, 3), 0);
    assert_int_equal(after(o, logits, 4, (ew_token[]){0, 0, 2, 3}, 4), 0);
    assert_int_equal(after(o, logits, 4, (ew_token[]){2, 3, 0, 2}, 4), 1);
    ew_token used[65] = {0};
    for (size_t i = 1; i < 65; i++) used[i] = 2;
    o.penalty_last_n = 0; /* 64 */
    assert_int_equal(after(o, logits, 4, used, 64), 1);
    assert_int_equal(after(o, logits, 4, used, 65), 0);
    /* Ids that are none change nothing. */
    assert_int_equal(after(o, logits, 4, (ew_token[]){-1, 4, INT32_MAX}, 3), 0);
}

/* ---- seeds ---- */

static void same_seed_same_tokens(void **state) {
    (void)state;
    float logits[N_SIX];
    ew_token first[200], second[200], other[200];
    six_logits(logits);
    const struct {
        uint64_t seed;
        ew_token *out;
    } runs[] = {{7, first}, {7, second}, {8, other}};
    for (size_t i = 0; i < 3; i++) {
        ew_sampler *sampler =
            new_sampler((ew_sampler_options){.temperature = 1, .seed = runs[i].seed}, N_SIX);
        for (size_t k = 0; k < 200; k++) runs[i].out[k] = ew_sampler_sample(sampler, logits);
        ew_sampler_free(sampler);
    }
    assert_memory_equal(first, second, sizeof first);
    assert_memory_not_equal(first, other, sizeof first);
}

/* ---- options that make no sense are named ---- */

static void bad_option(ew_sampler_options o, const char *name) {
    ew_sampler *sampler = NULL;
    ew_error err = {0};
    o.struct_size = sizeof o;
    expect_refused(ew_sampler_new(&o, 8, &sampler, &err), EW_INVALID, &err, name);
    assert_null(sampler);
}

static void bad_options(void **state) {
    (void)state;
    const float bad[] = {NAN, INFINITY, -INFINITY};
    for (size_t i = 0; i < 3; i++) {
        bad_option((ew_sampler_options){.temperature = bad[i]}, "temperature");
        bad_option((ew_sampler_options){.top_p = bad[i]}, "top-p");
        bad_option((ew_sampler_options){.min_p = bad[i]}, "min-p");
        bad_option((ew_sampler_options){.repeat_penalty = bad[i]}, "repeat penalty");
        bad_option((ew_sampler_options){.frequency_penalty = bad[i]}, "frequency penalty");
        bad_option((ew_sampler_options){.presence_penalty = bad[i]}, "presence penalty");
    }
    bad_option((ew_sampler_options){.temperature = -0.1f}, "temperature");
    bad_option((ew_sampler_options){.top_p = -0.1f}, "top-p");
    bad_option((ew_sampler_options){.top_p = 1.1f}, "top-p");
    bad_option((ew_sampler_options){.min_p = -0.1f}, "min-p");
    bad_option((ew_sampler_options){.min_p = 1.1f}, "min-p");
    bad_option((ew_sampler_options){.repeat_penalty = -1}, "repeat penalty");
    bad_option((ew_sampler_options){.penalty_last_n = UINT32_MAX}, "penalty window");
    const ew_logit_bias bad_biases[] = {{8, 1}, {-1, 1}, {5, 100.5f}, {5, -101}, {5, NAN}};
    const char *names[] = {"token 8: the vocabulary has 8", "token -1", "token 5: 100.5", "token 5: -101",
                           "token 5: nan"};
    for (size_t i = 0; i < 5; i++)
        bad_option((ew_sampler_options){.biases = &bad_biases[i], .n_biases = 1}, names[i]);
    const ew_logit_bias nine[9] = {{0}};
    bad_option((ew_sampler_options){.biases = nine, .n_biases = 9}, "9 logit biases");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(temperature),
        cmocka_unit_test(top_k),
        cmocka_unit_test(top_p),
        cmocka_unit_test(min_p),
        cmocka_unit_test(cuts_together),
        cmocka_unit_test(top_k_of_many),
        cmocka_unit_test(cuts_of_many),
        cmocka_unit_test(ties_go_to_the_lower_token),
        cmocka_unit_test(numbers_that_are_none),
        cmocka_unit_test(infinite_logit_wins),
        cmocka_unit_test(biases),
        cmocka_unit_test(biases_of_many),
        cmocka_unit_test(biases_before_penalties),
        cmocka_unit_test(repeat_penalty),
        cmocka_unit_test(frequency_and_presence),
        cmocka_unit_test(window_of_recent_tokens),
        cmocka_unit_test(same_seed_same_tokens),
        cmocka_unit_test(bad_options),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
