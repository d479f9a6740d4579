/* torture_prefix.c: the Nth allocation or file call fails while a prefix cache is made, asked, given
 * something to keep and closed, for every N: making it is a typed error then, and nothing else fails. Nothing
 * leaks, and what is computed after what was restored is what is computed without.
 */
#include "base/mem.h"
#include "engine/prefix_cache.h"
#include "expect.h"
#include "rig.h"
#include "scratch.h"
#include "tiny_model.h"

#include <stdio.h>
#include <stdlib.h>

#define MAX_CALLS 2000u
#define N_TOKENS  150u

static ew_token tokens[N_TOKENS];
static float *expected;

static rig open_rig(void) {
    const char *path = scratch_path("torture.gguf");
    tiny_model_write(&(tiny_model){.n_ctx = 256}, path);
    for (uint32_t i = 0; i < N_TOKENS; i++) tokens[i] = (ew_token)(i * 7 % 320);
    rig r = rig_open(path, &(ew_engine_options){.n_threads = 1, .exact = true});
    expected = rig_logits(&r, tokens, N_TOKENS);
    return r;
}

static ew_status make(const rig *r, const char *folder, ewi_prefix_cache **out, ew_error *err) {
    const ewi_prefix_cache_options o = {(uint64_t)1 << 30, scratch_path(folder), (uint64_t)1 << 30};
    return ewi_prefix_cache_new(r->engine, &o, out, err);
}

/* Evaluates the rest of what is taken, and keeps all; each of take, keep and free with one failing call.
 * Returns whether one of them came to it. */
static bool use(const rig *r, ewi_prefix_cache *cache, uint64_t nth) {
    ew_session *session = rig_session(r, NULL);
    ewi_hostile_fail_at(nth);
    const uint32_t known = ewi_prefix_cache_take(cache, session, tokens, N_TOKENS);
    bool reached = ewi_hostile_count() >= nth;
    ewi_hostile_fail_at(0);
    float *logits = rig_session_logits(r, session, tokens + known, N_TOKENS - known);
    assert_memory_equal(logits, expected + known * r->n_vocab,
                        (N_TOKENS - known) * r->n_vocab * sizeof *logits);
    free(logits);
    ewi_hostile_fail_at(nth);
    ewi_prefix_cache_keep(cache, session);
    reached = ewi_hostile_count() >= nth || reached;
    ewi_prefix_cache_free(cache);
    reached = ewi_hostile_count() >= nth || reached;
    ewi_hostile_fail_at(0);
    ew_session_free(session);
    return reached;
}

static void making(void **state) {
    (void)state;
    rig r = open_rig();
    ew_status status = EW_NO_MEMORY;
    uint64_t nth = 1;
    for (; status != EW_OK; nth++) {
        ewi_prefix_cache *cache = NULL;
        ew_error err = {0};
        const int64_t before = ewi_hostile_live_blocks();
        ewi_hostile_fail_at(nth);
        status = make(&r, "made", &cache, &err);
        const bool reached = ewi_hostile_count() >= nth;
        ewi_hostile_fail_at(0);
        assert_int_equal(err.status, status);
        assert_int_equal(err.text[0] != '\0', status != EW_OK);
        assert_int_equal(cache != NULL, status == EW_OK);
        /* Without a look through its folder it goes on. */
        assert_true(status == EW_OK || reached);
        ewi_prefix_cache_free(cache);
        assert_int_equal(ewi_hostile_live_blocks(), before);
        assert_true(nth < MAX_CALLS);
    }
    print_message("%llu failures survived\n", (unsigned long long)nth - 2);
    assert_true(nth > 8);
    free(expected);
    rig_close(&r);
}

/* Each folder is used three times: it is empty, and holds what got there before. */
static void using(void **state) {
    (void)state;
    rig r = open_rig();
    bool reached = true;
    uint64_t nth = 1;
    for (; reached; nth++) {
        ewi_prefix_cache *cache = NULL;
        ew_error err = {0};
        const int64_t before = ewi_hostile_live_blocks();
        char folder[32];
        snprintf(folder, sizeof folder, "used-%llu", (unsigned long long)(nth / 3));
        expect_ok(make(&r, folder, &cache, &err), &err);
        reached = use(&r, cache, nth);
        assert_int_equal(ewi_hostile_live_blocks(), before);
        assert_true(nth < MAX_CALLS);
    }
    print_message("%llu failures survived\n", (unsigned long long)nth - 2);
    assert_true(nth > 20);
    free(expected);
    rig_close(&r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(making),
        cmocka_unit_test(using),
    };
    return cmocka_run_group_tests(tests, NULL, scratch_remove);
}
