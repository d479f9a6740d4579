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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_length),
    };
    return cmocka_run_group_tests(tests, NULL, scratch_remove);
}
