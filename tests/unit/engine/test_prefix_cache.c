/* test_prefix_cache.c: a session that took a beginning from the cache computes, to the last bit, what one
 * computes that ran all of it: with every type of state, with windows, experts and adapters, at every length
 * of what is shared. What may not be shared is not. Sessions that share blocks do not see each other.
 *
 * The sessions that run all of it are those that tests/golden compares with other implementations.
 */
#include "engine/prefix_cache.h"
#include "expect.h"
#include "golden.h"
#include "rig.h"
#include "scratch.h"
#include "tiny_model.h"

#include <stdio.h>
#include <stdlib.h>

#define N_TOKENS 200u
#define PLENTY   ((uint64_t)1 << 30)

static void fill_tokens(ew_token *tokens, size_t n, uint32_t seed) {
    for (size_t i = 0; i < n; i++) tokens[i] = (ew_token)((i * 37 + i / 7 * 11 + seed * 13) % 64);
}

static ewi_prefix_cache *new_cache(const rig *r, uint64_t memory_bytes) {
    ewi_prefix_cache *cache = NULL;
    ew_error err = {0};
    ewi_prefix_cache_options o = {.memory_bytes = memory_bytes};
    expect_ok(ewi_prefix_cache_new(r->engine, &o, &cache, &err), &err);
    return cache;
}

static void same_rest(const rig *r, ew_session *session, const ew_token *tokens, size_t n,
                      const float *expected) {
    const uint32_t known = ew_session_length(session);
    float *logits = rig_session_logits(r, session, tokens + known, n - known);
    const size_t floats = (n - known) * r->n_vocab;
    if (memcmp(logits, expected + known * r->n_vocab, floats * sizeof *logits) != 0)
        fail_msg("after %u known positions logits differ by up to %g", known,
                 (double)golden_distance(logits, expected + known * r->n_vocab, floats));
    free(logits);
}

/* What `session` computes of n tokens after what the cache knows of them, compared with all of them anew. */
static uint32_t take_and_compare(const rig *r, ewi_prefix_cache *cache, ew_session *session,
                                 const ew_token *tokens, size_t n) {
    ew_session *fresh = rig_session(r, NULL);
    float *expected = rig_session_logits(r, fresh, tokens, n);
    const uint32_t known = ewi_prefix_cache_take(cache, session, tokens, n);
    assert_int_equal(ew_session_length(session), known);
    assert_true(known < n);
    same_rest(r, session, tokens, n, expected);
    ew_session_free(fresh);
    free(expected);
    return known;
}

static uint32_t known_to_new(const rig *r, ewi_prefix_cache *cache, const ew_token *tokens, size_t n) {
    ew_session *session = rig_session(r, NULL);
    const uint32_t known = take_and_compare(r, cache, session, tokens, n);
    ew_session_free(session);
    return known;
}

static void run_and_keep(const rig *r, ewi_prefix_cache *cache, const ew_token *tokens, size_t n) {
    ew_session *session = rig_session(r, NULL);
    free(rig_session_logits(r, session, tokens, n));
    ewi_prefix_cache_keep(cache, session);
    ew_session_free(session);
}

static rig tiny_rig(ew_cache_type type) {
    const char *path = scratch_path("prefix.gguf");
    tiny_model_write(&(tiny_model){.no_vocabulary = true, .n_vocab = 64, .n_ctx = 256}, path);
    return rig_open(path,
                    &(ew_engine_options){.n_threads = 1, .exact = true, .cache_k = type, .cache_v = type});
}

/* ---- the same bits ---- */

/* Cut after any number of tokens, within a block and at its ends, one token at least is left. */
static void every_length(void **state) {
    (void)state;
    ew_token tokens[N_TOKENS];
    fill_tokens(tokens, N_TOKENS, 1);
    for (int type = EW_CACHE_F16; type <= EW_CACHE_Q4R; type++) {
        rig r = tiny_rig((ew_cache_type)type);
        ewi_prefix_cache *cache = new_cache(&r, PLENTY);
        run_and_keep(&r, cache, tokens, N_TOKENS - 30);
        static const size_t lengths[] = {1,   2,   63,  64,  65,  66,  127, 128,
                                         129, 150, 169, 170, 171, 172, 192, 200};
        for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
            const uint32_t known = known_to_new(&r, cache, tokens, lengths[i]);
            assert_int_equal(known, lengths[i] - 1 < N_TOKENS - 30 ? lengths[i] - 1 : N_TOKENS - 30);
        }
        ewi_prefix_cache_free(cache);
        rig_close(&r);
    }
}

/* Windows, experts, growing and stretched ropes, soft caps, slopes instead of ropes. */
static void every_kind_of_model(void **state) {
    (void)state;
    static const char *const names[] = {"llama-gqa.gguf", "qwen2-window",   "mistral-window", "gemma3",
                                        "phi3-longrope",  "llama-dynamic",  "bloom",          "gpt2",
                                        "qwen3moe",       "llama-tied-bf16"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        for (int type = EW_CACHE_F16; type <= EW_CACHE_Q4R; type++) {
            const ew_engine_options o = {.n_threads = 1,
                                         .exact = true,
                                         .cache_k = (ew_cache_type)type,
                                         .cache_v = (ew_cache_type)type};
            rig r = rig_open(golden_path(names[i]), &o);
            ewi_prefix_cache *cache = new_cache(&r, PLENTY);
            ew_token tokens[N_TOKENS];
            const uint32_t n_ctx = ew_session_n_ctx(r.session), n = n_ctx < N_TOKENS ? n_ctx : N_TOKENS;
            fill_tokens(tokens, n, 2);
            run_and_keep(&r, cache, tokens, n - 10);
            assert_int_equal(known_to_new(&r, cache, tokens, n), n - 10);
            ewi_prefix_cache_free(cache);
            rig_close(&r);
        }
    }
}

/* Rounded weights, where bits do not depend on how rows are cut into steps even without `exact`. */
static void answers_that_go_on(void **state) {
    (void)state;
    const char *path = scratch_path("rounded.gguf");
    gguf_build *file = tiny_model_build(&(tiny_model){.n_ctx = 256, .dtype = EWI_Q8_0});
    gguf_build_write(file, path);
    gguf_build_free(file);
    rig r = rig_open(path, &(ew_engine_options){.n_threads = 2});
    ewi_prefix_cache *cache = new_cache(&r, PLENTY);
    ew_token tokens[N_TOKENS];
    fill_tokens(tokens, 70, 3);
    for (uint32_t n = 70; n + 40 < N_TOKENS; n += 40) {
        ew_session *session = rig_session(&r, NULL);
        assert_int_equal(ewi_prefix_cache_take(cache, session, tokens, n), n == 70 ? 0 : n - 20);
        const uint32_t known = ew_session_length(session);
        rig_greedy(&r, session, tokens + known, n - known, tokens + n, 20);
        ewi_prefix_cache_keep(cache, session); /* the prompt and the answer, but for its last token */
        ew_session_free(session);
        fill_tokens(tokens + n + 20, 20, n);
        tokens[n + 19] = 5;
        assert_int_equal(known_to_new(&r, cache, tokens, n + 40), n + 19);
        run_and_keep(&r, cache, tokens, n + 20);
    }
    ewi_prefix_cache_free(cache);
    rig_close(&r);
}

/* ---- what may not be shared ---- */

static void other_tokens(void **state) {
    (void)state;
    rig r = tiny_rig(EW_CACHE_F16);
    ewi_prefix_cache *cache = new_cache(&r, PLENTY);
    ew_token tokens[N_TOKENS];
    fill_tokens(tokens, N_TOKENS, 4);
    run_and_keep(&r, cache, tokens, 150);
    static const uint32_t changed[] = {0, 1, 63, 64, 100, 127, 128, 149};
    for (size_t i = 0; i < sizeof changed / sizeof *changed; i++) {
        const ew_token before = tokens[changed[i]];
        tokens[changed[i]] = 63 - before;
        assert_int_equal(known_to_new(&r, cache, tokens, N_TOKENS), changed[i]);
        tokens[changed[i]] = before;
    }
    assert_int_equal(known_to_new(&r, cache, tokens, N_TOKENS), 150);
    ewi_prefix_cache_free(cache);
    rig_close(&r);
}

/* Contexts decide these ropes. */
static void other_contexts(void **state) {
    (void)state;
    rig r = rig_open(golden_path("phi3-longrope"), &(ew_engine_options){.n_threads = 1, .exact = true});
    ewi_prefix_cache *cache = new_cache(&r, PLENTY);
    ew_token tokens[90];
    fill_tokens(tokens, 90, 5);
    ew_session *small = rig_session(&r, &(ew_session_options){.n_ctx = 32});
    free(rig_session_logits(&r, small, tokens, 30));
    ewi_prefix_cache_keep(cache, small);
    assert_int_equal(known_to_new(&r, cache, tokens, 90), 0);
    run_and_keep(&r, cache, tokens, 90);
    ew_session_truncate(small, 0);
    assert_int_equal(ewi_prefix_cache_take(cache, small, tokens, 90), 30); /* of its own kind */
    ew_session_free(small);
    ewi_prefix_cache_free(cache);
    rig_close(&r);
}

static void set_scale(ew_session *session, const ew_adapter *adapter, float scale) {
    ew_error err = {0};
    const ew_adapter_use use = {adapter, scale};
    expect_ok(ew_session_set_adapters(session, &use, scale != 0, &err), &err);
}

static void other_adapters(void **state) {
    (void)state;
    rig r = {0};
    ew_error err = {0};
    ew_adapter *adapter = NULL;
    expect_ok(ew_model_open(golden_path("llama-gqa"), &r.model, &err), &err);
    expect_ok(ew_adapter_open(r.model, golden_path("llama-gqa.lora-all"), &adapter, &err), &err);
    const ew_adapter *const adapters[] = {adapter};
    const ew_engine_options o = {
        .struct_size = sizeof o, .n_threads = 1, .exact = true, .adapters = adapters, .n_adapters = 1};
    expect_ok(ew_engine_new(r.model, &o, &r.engine, &err), &err);
    r.n_vocab = ew_model_get_info(r.model).n_vocab;
    ewi_prefix_cache *cache = new_cache(&r, PLENTY);
    ew_token tokens[100];
    fill_tokens(tokens, 100, 6);
    static const float scales[] = {0, 1, 0.5f};
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < 3; i++) {
            ew_session *fresh = rig_session(&r, NULL), *session = rig_session(&r, NULL);
            set_scale(fresh, adapter, scales[i]);
            set_scale(session, adapter, scales[i]);
            float *expected = rig_session_logits(&r, fresh, tokens, 100);
            assert_int_equal(ewi_prefix_cache_take(cache, session, tokens, 100), pass ? 99 : 0);
            same_rest(&r, session, tokens, 100, expected);
            ewi_prefix_cache_keep(cache, session);
            free(expected);
            ew_session_free(fresh);
            ew_session_free(session);
        }
    ewi_prefix_cache_free(cache);
    rig_close(&r);
    ew_adapter_close(adapter);
}

/* ---- sessions that share ---- */

/* Each goes on within the block that they share, the one that was kept too; then again from the middle. */
static void sessions_do_not_see_each_other(void **state) {
    (void)state;
    rig r = tiny_rig(EW_CACHE_Q8);
    ewi_prefix_cache *cache = new_cache(&r, PLENTY);
    ew_token a[N_TOKENS], b[N_TOKENS];
    fill_tokens(a, N_TOKENS, 7);
    fill_tokens(b, N_TOKENS, 8);
    memcpy(b, a, 100 * sizeof *a);
    ew_session *fresh = rig_session(&r, NULL), *kept = rig_session(&r, NULL), *other = rig_session(&r, NULL);
    float *expected = rig_session_logits(&r, fresh, a, N_TOKENS);
    free(rig_session_logits(&r, kept, a, 100));
    ewi_prefix_cache_keep(cache, kept);
    assert_int_equal(take_and_compare(&r, cache, other, b, N_TOKENS), 100);
    same_rest(&r, kept, a, N_TOKENS, expected);
    ewi_prefix_cache_keep(cache, kept);
    ewi_prefix_cache_keep(cache, other);
    ew_session_truncate(kept, 90);
    ew_session_truncate(other, 64);
    same_rest(&r, kept, a, N_TOKENS, expected);
    same_rest(&r, other, a, N_TOKENS, expected);
    assert_int_equal(known_to_new(&r, cache, a, N_TOKENS), N_TOKENS - 1);
    assert_int_equal(known_to_new(&r, cache, b, N_TOKENS), N_TOKENS - 1);
    ew_session_free(fresh);
    ew_session_free(kept);
    ew_session_free(other);
    free(expected);
    ewi_prefix_cache_free(cache);
    rig_close(&r);
}

/* A session that is used for one text after the other. */
static void a_session_again_and_again(void **state) {
    (void)state;
    rig r = tiny_rig(EW_CACHE_F16);
    ewi_prefix_cache *cache = new_cache(&r, PLENTY);
    ew_token tokens[N_TOKENS];
    for (uint32_t i = 0; i < 6; i++) {
        fill_tokens(tokens, N_TOKENS, i % 3);
        ew_session_truncate(r.session, 0);
        assert_int_equal(take_and_compare(&r, cache, r.session, tokens, N_TOKENS), i < 3 ? 0 : N_TOKENS - 1);
        ewi_prefix_cache_keep(cache, r.session);
        assert_int_equal(ewi_prefix_cache_take(cache, r.session, tokens, N_TOKENS), 0); /* it is not empty */
    }
    ewi_prefix_cache_free(cache);
    assert_int_equal(ew_session_length(r.session), N_TOKENS); /* a session outlives it */
    rig_close(&r);
}

/* ---- bounds ---- */

static void what_was_used_last_stays(void **state) {
    (void)state;
    rig r = tiny_rig(EW_CACHE_F16);
    const uint64_t block_bytes = ew_engine_get_info(r.engine).state_bytes_per_block;
    ewi_prefix_cache *cache = new_cache(&r, 6 * block_bytes);
    ew_token tokens[4][N_TOKENS];
    for (uint32_t i = 0; i < 4; i++) fill_tokens(tokens[i], N_TOKENS, i);
    run_and_keep(&r, cache, tokens[0], 128);
    run_and_keep(&r, cache, tokens[1], 128);
    run_and_keep(&r, cache, tokens[2], 128);
    assert_int_equal(ewi_prefix_cache_get_stats(cache).memory_bytes, 6 * block_bytes);
    assert_int_equal(known_to_new(&r, cache, tokens[0], N_TOKENS), 128);
    run_and_keep(&r, cache, tokens[3], 64); /* the end of 1, which was used longest ago, makes room */
    ewi_prefix_cache_stats stats = ewi_prefix_cache_get_stats(cache);
    assert_int_equal(stats.memory_bytes, 6 * block_bytes);
    assert_int_equal(stats.n_evicted, 1);
    assert_int_equal(known_to_new(&r, cache, tokens[3], N_TOKENS), 64);
    assert_int_equal(known_to_new(&r, cache, tokens[2], N_TOKENS), 128);
    assert_int_equal(known_to_new(&r, cache, tokens[1], N_TOKENS), 64);
    assert_int_equal(known_to_new(&r, cache, tokens[0], N_TOKENS), 128);
    stats = ewi_prefix_cache_get_stats(cache);
    assert_int_equal(stats.n_takes, 5);
    assert_int_equal(stats.n_hits, 5);
    assert_int_equal(stats.memory_positions, 128 + 64 + 128 + 64 + 128);
    ewi_prefix_cache_free(cache);
    rig_close(&r);
}

/* What a session holds costs nothing more, and goes when it does. */
static void without_memory_of_its_own(void **state) {
    (void)state;
    rig r = tiny_rig(EW_CACHE_F16);
    ewi_prefix_cache *cache = new_cache(&r, 0);
    ew_token tokens[N_TOKENS];
    fill_tokens(tokens, N_TOKENS, 1);
    free(rig_logits(&r, tokens, N_TOKENS));
    ewi_prefix_cache_keep(cache, r.session);
    assert_int_equal(known_to_new(&r, cache, tokens, N_TOKENS), N_TOKENS - 1);
    ew_session_truncate(r.session, 0);
    run_and_keep(&r, cache, (ew_token[]){1}, 1);
    assert_int_equal(known_to_new(&r, cache, tokens, N_TOKENS), 0);
    assert_int_equal(ewi_prefix_cache_get_stats(cache).memory_bytes, 0);
    ewi_prefix_cache_free(cache);
    rig_close(&r);
}

/* Encoders see a text as a whole: nothing of it is of use to another. */
static void encoders_keep_nothing(void **state) {
    (void)state;
    ew_error err = {0};
    rig r = rig_open(golden_path("bge.gguf"), &(ew_engine_options){.n_threads = 1});
    ewi_prefix_cache *cache = new_cache(&r, PLENTY);
    ew_token tokens[20];
    fill_tokens(tokens, 20, 1);
    expect_ok(ew_eval(r.session, tokens, 20, NULL, NULL, &err), &err);
    ewi_prefix_cache_keep(cache, r.session);
    ew_session_truncate(r.session, 0);
    assert_int_equal(ewi_prefix_cache_take(cache, r.session, tokens, 20), 0);
    ewi_prefix_cache_free(cache);
    rig_close(&r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_length),
        cmocka_unit_test(every_kind_of_model),
        cmocka_unit_test(answers_that_go_on),
        cmocka_unit_test(other_tokens),
        cmocka_unit_test(other_contexts),
        cmocka_unit_test(other_adapters),
        cmocka_unit_test(sessions_do_not_see_each_other),
        cmocka_unit_test(a_session_again_and_again),
        cmocka_unit_test(what_was_used_last_stays),
        cmocka_unit_test(without_memory_of_its_own),
        cmocka_unit_test(encoders_keep_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, scratch_remove);
}
