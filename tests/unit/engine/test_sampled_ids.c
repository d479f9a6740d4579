/* test_sampled_ids.c: ew_generate samples where the head's logits are made; the same ids must come from the
 * logits that ew_eval hands out and ew_sampler_sample, whatever the settings, and greedy ones from a scan
 * that is written here.
 *
 * Heads of a size that threads share unevenly: 2999 tokens are no multiple of a tile, nor of 64. One has
 * rows that come again and again, so that most logits have equals all over the vocabulary.
 */
#include "expect.h"
#include "rig.h"
#include "sanitized.h"
#include "scratch.h"
#include "tiny_model.h"

#include <stdio.h>
#include <stdlib.h>

#define N_VOCAB    2999u
#define D_MODEL    64u
#define N_ANSWER   12u
#define N_SETTINGS (SANITIZED ? 16u : 64u)

static const ew_token prompt[] = {1, 260, 2998, 280, 265};
#define N_PROMPT 5

static uint64_t next_random(uint64_t *state) {
    *state = *state * 6364136223846793005u + 1442695040888963407u; /* Knuth, MMIX */
    return *state >> 33;
}

/* ---- models ---- */

static const char *plain_model(ewi_dtype dtype) {
    const char *path = scratch_path("plain.gguf");
    gguf_build *b = tiny_model_build(&(tiny_model){.n_vocab = N_VOCAB, .dtype = dtype, .seed = 11});
    gguf_build_write(b, path);
    gguf_build_free(b);
    return path;
}

/* Row j of the head is row j % 700: each logit has three or four equals, in all threads' columns. */
static const char *model_of_equals(void) {
    static float head[N_VOCAB][D_MODEL];
    const char *path = scratch_path("equals.gguf");
    uint64_t state = 3;
    for (size_t j = 0; j < N_VOCAB; j++)
        for (size_t i = 0; i < D_MODEL; i++)
            head[j][i] = j < 700 ? (float)next_random(&state) * 0x1p-31f - 0.5f : head[j % 700][i];
    gguf_build *b = tiny_model_build(&(tiny_model){.n_vocab = N_VOCAB, .seed = 12, .omit = "output.weight"});
    gguf_build_tensor(b, "output.weight", EWI_F32, 2, (uint64_t[]){N_VOCAB, D_MODEL}, head);
    gguf_build_write(b, path);
    gguf_build_free(b);
    return path;
}

/* ---- the two ways ---- */

static bool take(void *user, ew_token token, ew_str text) {
    ew_token **at = user;
    (void)text;
    if (token >= 0) *(*at)++ = token;
    return true;
}

static void generated(const rig *r, ew_sampler *sampler, ew_token out[N_ANSWER]) {
    ew_error err = {0};
    ew_token *at = out;
    ew_generate_options o = {
        .struct_size = sizeof o, .n_predict = N_ANSWER, .sampler = sampler, .ignore_end = true};
    ew_session_truncate(r->session, 0);
    expect_ok(ew_generate(r->session, prompt, N_PROMPT, &o, take, &at, NULL, &err), &err);
    assert_ptr_equal(at, out + N_ANSWER);
}

/* The lowest of the largest. */
static ew_token best_of(const float *logits, size_t n) {
    size_t best = 0;
    for (size_t i = 1; i < n; i++)
        if (logits[i] > logits[best]) best = i;
    return (ew_token)best;
}

static void from_logits(const rig *r, ew_sampler *sampler, ew_token out[N_ANSWER]) {
    ew_session_truncate(r->session, 0);
    if (sampler)
        for (size_t i = 0; i < N_PROMPT; i++) ew_sampler_accept(sampler, prompt[i]);
    for (size_t i = 0; i < N_ANSWER; i++) {
        size_t n = i ? 1 : N_PROMPT;
        float *logits = rig_logits(r, i ? &out[i - 1] : prompt, n), *last = logits + (n - 1) * r->n_vocab;
        out[i] = sampler ? ew_sampler_sample(sampler, last) : best_of(last, r->n_vocab);
        if (sampler) ew_sampler_accept(sampler, out[i]);
        free(logits);
    }
}

static ew_sampler *new_sampler(const ew_sampler_options *o, size_t n_vocab) {
    ew_sampler *sampler = NULL;
    ew_error err = {0};
    expect_ok(ew_sampler_new(o, n_vocab, &sampler, &err), &err);
    return sampler;
}

static void compare(const rig *r, const ew_sampler_options *o) {
    ew_token fused[N_ANSWER], full[N_ANSWER];
    ew_sampler *a = o ? new_sampler(o, r->n_vocab) : NULL, *b = o ? new_sampler(o, r->n_vocab) : NULL;
    generated(r, a, fused);
    from_logits(r, b, full);
    for (size_t i = 0; i < N_ANSWER; i++)
        if (fused[i] != full[i])
            fail_msg("token %zu: %d, from logits %d; temp %g, top-k %u, top-p %g, min-p %g, repeat %g", i,
                     fused[i], full[i], o ? (double)o->temperature : 0, o ? o->top_k : 0,
                     o ? (double)o->top_p : 0, o ? (double)o->min_p : 0, o ? (double)o->repeat_penalty : 0);
    ew_sampler_free(a);
    ew_sampler_free(b);
}

/* ---- settings ---- */

#define ANY(array, random) (array)[(random) % (sizeof(array) / sizeof *(array))]

static ew_sampler_options settings(uint64_t seed) {
    static const float temperatures[] = {0, 0.2f, 0.8f, 1, 3, 100}, tops[] = {0, 0, 0.01f, 0.5f, 0.95f, 1},
                       mins[] = {0, 0, 0.05f, 0.9f}, repeats[] = {0, 1, 1.1f, 3}, others[] = {0, 0, 0, 0.7f};
    static const uint32_t ks[] = {0, 1, 2, 40, 47, 700, N_VOCAB - 1, N_VOCAB + 7};
    uint64_t state = seed * 977 + 5;
    return (ew_sampler_options){.struct_size = sizeof(ew_sampler_options),
                                .temperature = ANY(temperatures, next_random(&state)),
                                .top_k = ANY(ks, next_random(&state)),
                                .top_p = ANY(tops, next_random(&state)),
                                .min_p = ANY(mins, next_random(&state)),
                                .repeat_penalty = ANY(repeats, next_random(&state)),
                                .frequency_penalty = ANY(others, next_random(&state)),
                                .presence_penalty = ANY(others, next_random(&state)),
                                .seed = seed};
}

static void compare_settings(const char *path) {
    for (uint32_t threads = 1; threads <= 3; threads++) {
        rig r = rig_open(path, &(ew_engine_options){.n_threads = threads});
        assert_int_equal(r.n_vocab, N_VOCAB);
        compare(&r, NULL);
        compare(&r, &(ew_sampler_options){.struct_size = sizeof(ew_sampler_options)});
        for (uint64_t seed = 0; seed < N_SETTINGS; seed++) {
            ew_sampler_options o = settings(seed * 3 + threads);
            compare(&r, &o);
        }
        rig_close(&r);
    }
}

static void same_ids_from_float_heads(void **state) {
    (void)state;
    compare_settings(plain_model(EWI_F32));
}

static void same_ids_from_quantized_heads(void **state) {
    (void)state;
    compare_settings(plain_model(EWI_Q8_0));
}

static void same_ids_where_logits_are_equal(void **state) {
    (void)state;
    compare_settings(model_of_equals());
}

/* The better of equals is the one with the lower id: with rows that come again after 700, no other can be
 * chosen by the best alone. */
static void equals_go_to_the_lower_token(void **state) {
    (void)state;
    const ew_sampler_options one = {.struct_size = sizeof one, .temperature = 1, .top_k = 1, .seed = 4};
    ew_token out[N_ANSWER];
    for (uint32_t threads = 1; threads <= 3; threads++) {
        rig r = rig_open(model_of_equals(), &(ew_engine_options){.n_threads = threads});
        ew_sampler *sampler = new_sampler(&one, r.n_vocab);
        generated(&r, NULL, out);
        for (size_t i = 0; i < N_ANSWER; i++) assert_true(out[i] < 700);
        generated(&r, sampler, out);
        for (size_t i = 0; i < N_ANSWER; i++) assert_true(out[i] < 700);
        ew_sampler_free(sampler);
        rig_close(&r);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_ids_from_float_heads),
        cmocka_unit_test(same_ids_from_quantized_heads),
        cmocka_unit_test(same_ids_where_logits_are_equal),
        cmocka_unit_test(equals_go_to_the_lower_token),
    };
    return cmocka_run_group_tests(tests, NULL, scratch_remove);
}
