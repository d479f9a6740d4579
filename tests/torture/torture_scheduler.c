/* torture_scheduler.c: the Nth allocation fails while a scheduler is made and while it answers, for every N:
 * each request that was accepted ends once, with its answer or a typed error, one that fails takes no other
 * with it, and nothing leaks.
 *
 * Which allocation is the Nth is not the same in each run where two threads allocate; that all of them are
 * survived is.
 */
#include "ask.h"
#include "base/mem.h"
#include "expect.h"
#include "scratch.h"
#include "tiny_model.h"

#include <stdlib.h>

#define MAX_CALLS  10000u
#define N_REQUESTS 3

static const ew_token prompt[100] = {1, 260, 270, 280, 265};

static ewi_request request_of(size_t i) {
    static const ew_str stops[] = {{"never in it", 11}};
    static const ew_logit_bias bias = {300, 2};
    return (ewi_request){
        .prompt = prompt,
        .n_prompt = 80 + i,
        .n_predict = 12,
        .ignore_end = true,
        .stops = stops,
        .n_stops = 1,
        .sampling = {.temperature = 1, .seed = i, .biases = &bias, .n_biases = 1},
        .no_cache = i == 1,
    };
}

typedef struct attempt {
    ewi_prefix_cache *cache;
    ewi_scheduler *scheduler;
    ask asks[N_REQUESTS];
    ew_status submitted[N_REQUESTS];
} attempt;

static void check_failure(ew_status status) {
    if (status != EW_NO_MEMORY && status != EW_LIMIT) fail_msg("\"%s\"", ew_status_text(status));
}

/* The first failure, or EW_OK. */
static ew_status run(const rig *r, attempt *t) {
    ew_error err = {0};
    const ewi_prefix_cache_options cached = {.memory_bytes = 1 << 20};
    ew_status status = ewi_prefix_cache_new(r->engine, &cached, &t->cache, &err);
    const ewi_scheduler_options o = {.cache = t->cache};
    if (status == EW_OK) status = ewi_scheduler_new(r->engine, &o, &t->scheduler, &err);
    if (status != EW_OK) return status;
    for (size_t i = 0; i < N_REQUESTS; i++) {
        t->asks[i] = (ask){.request = request_of(i)};
        t->submitted[i] = ask_try(t->scheduler, &t->asks[i], &err);
        if (t->submitted[i] != EW_OK) status = t->submitted[i];
    }
    for (size_t i = 0; i < N_REQUESTS; i++) {
        if (t->submitted[i] == EW_OK) ask_wait(&t->asks[i]);
        if (t->asks[i].outcome.status != EW_OK) status = t->asks[i].outcome.status;
    }
    return status;
}

static void check_answers(const attempt *t, const ask *alone) {
    size_t n_failed = 0;
    for (size_t i = 0; t->scheduler && i < N_REQUESTS; i++) {
        const ask *a = &t->asks[i];
        assert_int_equal(a->n_ends, t->submitted[i] == EW_OK);
        if (t->submitted[i] == EW_OK && a->outcome.status == EW_OK) {
            ask_compare(a, &alone[i]);
            continue;
        }
        n_failed++;
        check_failure(a->n_ends ? a->outcome.status : t->submitted[i]);
        if (a->n_ends) ask_compare_part(a, &alone[i]);
    }
    assert_true(n_failed <= 1);
}

static void scheduling(void **state) {
    (void)state;
    static ask alone[N_REQUESTS];
    static attempt t;
    const char *path = scratch_path("torture.gguf");
    tiny_model_write(&(tiny_model){.n_ctx = 512}, path);
    rig r = rig_open(path, &(ew_engine_options){.n_threads = 1});
    for (size_t i = 0; i < N_REQUESTS; i++) {
        ewi_request q = request_of(i);
        alone[i] = ask_alone(&r, &q);
    }
    bool reached = true;
    uint64_t nth = 1;
    unsigned n_failed = 0;
    for (; reached; nth++) {
        int64_t before = ewi_hostile_live_blocks();
        t = (attempt){0};
        ewi_hostile_fail_at(nth);
        ew_status status = run(&r, &t);
        reached = ewi_hostile_count() >= nth;
        ewi_hostile_fail_at(0);
        if (status != EW_OK) {
            assert_true(reached);
            check_failure(status);
            n_failed++;
        }
        check_answers(&t, alone);
        ewi_scheduler_free(t.scheduler);
        ewi_prefix_cache_free(t.cache);
        assert_int_equal(ewi_hostile_live_blocks(), before);
        assert_true(nth < MAX_CALLS);
    }
    print_message("%llu calls, %u of whose failures ended something\n", (unsigned long long)nth - 2,
                  n_failed);
    assert_true(n_failed > 20);
    rig_close(&r);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(scheduling)};
    return cmocka_run_group_tests(tests, NULL, scratch_remove);
}
