/* test_pool.c: threads that work together: everything is done once, by somebody, before run returns. */
#include "engine/pool.h"

#include "expect.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#define MAX_ITEMS  4096
#define MAX_SHARES 64

static ewi_pool *new_pool(uint32_t n_threads) {
    ewi_pool *pool = NULL;
    ew_error err = {0};
    expect_ok(ewi_pool_new(n_threads, &pool, &err), &err);
    return pool;
}

/* ---- cutting ---- */

/* Parts follow each other without a gap, cover everything, and begin at multiples of the unit. */
static void parts_cover_all_items(void **state) {
    (void)state;
    static const size_t counts[] = {0, 1, 2, 3, 15, 16, 17, 1000, 1023, 1024, 1025};
    static const size_t units[] = {1, 4, 16, 1024};
    for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++)
        for (size_t u = 0; u < sizeof units / sizeof units[0]; u++)
            for (uint32_t n_threads = 1; n_threads < 9; n_threads++) {
                size_t at = 0, most = 0, least = SIZE_MAX;
                for (uint32_t i = 0; i < n_threads; i++) {
                    const ewi_share share = {.index = i, .n = n_threads};
                    size_t begin, end;
                    ewi_split(counts[c], units[u], &share, &begin, &end);
                    assert_int_equal(begin, at);
                    assert_true(end >= begin && end <= counts[c]);
                    assert_true(begin % units[u] == 0 || begin == counts[c]);
                    if (end - begin > most) most = end - begin;
                    if (end - begin < least) least = end - begin;
                    at = end;
                }
                assert_int_equal(at, counts[c]);
                assert_true(most - least <= 2 * units[u]); /* nobody does much more than another */
            }
}

/* ---- running ---- */

typedef struct tally {
    size_t n_items;
    atomic_uint done[MAX_ITEMS];
    atomic_uint calls[MAX_SHARES];
    uint32_t n_threads;
} tally;

static void count(void *arg, const ewi_share *share) {
    tally *t = arg;
    size_t begin, end;
    atomic_fetch_add(&t->calls[share->index], 1);
    assert_true(share->thread < t->n_threads);
    ewi_split(t->n_items, 3, share, &begin, &end);
    for (size_t i = begin; i < end; i++) atomic_fetch_add(&t->done[i], 1);
}

static void every_item_once(void **state) {
    (void)state;
    static tally t;
    for (uint32_t n_threads = 1; n_threads <= 4; n_threads++) {
        ewi_pool *pool = new_pool(n_threads);
        const uint32_t n_shares = ewi_pool_n_shares(pool);
        assert_int_equal(ewi_pool_n_threads(pool), n_threads);
        assert_true(n_shares >= n_threads && n_shares <= MAX_SHARES);
        t.n_threads = n_threads;
        for (unsigned round = 1; round <= 60; round++) {
            t.n_items = round * 19 % MAX_ITEMS;
            for (size_t i = 0; i < t.n_items; i++) atomic_store(&t.done[i], 0);
            for (uint32_t i = 0; i < MAX_SHARES; i++) atomic_store(&t.calls[i], 0);
            ewi_pool_run(pool, count, &t);
            for (size_t i = 0; i < t.n_items; i++) assert_int_equal(atomic_load(&t.done[i]), 1);
            for (uint32_t i = 0; i < MAX_SHARES; i++)
                assert_int_equal(atomic_load(&t.calls[i]), i < n_shares);
        }
        ewi_pool_free(pool);
    }
}

/* What the caller wrote before is seen by all, and what they wrote is seen by the caller, without atomics. */
typedef struct chain {
    unsigned input, output[MAX_SHARES];
} chain;

static void add_one(void *arg, const ewi_share *share) {
    chain *c = arg;
    c->output[share->index] = c->input + 1;
}

static void memory_passes_both_ways(void **state) {
    (void)state;
    ewi_pool *pool = new_pool(3);
    chain c = {0};
    for (unsigned round = 1; round <= 500; round++) {
        ewi_pool_run(pool, add_one, &c);
        for (size_t i = 0; i < ewi_pool_n_shares(pool); i++) assert_int_equal(c.output[i], round);
        c.input = c.output[2];
    }
    ewi_pool_free(pool);
}

/* Threads that sleep when the caller has done its own share find theirs done, or the next time. */
typedef struct stand_ins {
    pthread_t caller;
    atomic_uint n_stood_in;
} stand_ins;

static void note_who(void *arg, const ewi_share *share) {
    stand_ins *s = arg;
    if (share->index == share->n - 1 && pthread_equal(pthread_self(), s->caller))
        atomic_fetch_add(&s->n_stood_in, 1);
}

static void nobody_is_waited_for(void **state) {
    (void)state;
    ewi_pool *pool = new_pool(2);
    stand_ins s = {.caller = pthread_self()};
    const struct timespec until_they_sleep = {.tv_nsec = 2000000};
    for (unsigned i = 0; i < 2000 && atomic_load(&s.n_stood_in) == 0; i++) {
        nanosleep(&until_they_sleep, NULL);
        ewi_pool_run(pool, note_who, &s);
    }
    assert_true(atomic_load(&s.n_stood_in) > 0);
    ewi_pool_free(pool);
}

/* A thread that is held up in a share is left with that one: the caller does the others. */
typedef struct held_up {
    atomic_uint n_done;
    atomic_bool gave_up;
} held_up;

static void wait_for_the_rest(void *arg, const ewi_share *share) {
    held_up *h = arg;
    const struct timespec shortly = {.tv_nsec = 1000000};
    for (unsigned i = 0; share->thread > 0 && atomic_load(&h->n_done) < share->n - 1; i++) {
        if (i == 5000) atomic_store(&h->gave_up, true);
        if (atomic_load(&h->gave_up)) break;
        nanosleep(&shortly, NULL);
    }
    atomic_fetch_add(&h->n_done, 1);
}

static void shares_even_out(void **state) {
    (void)state;
    ewi_pool *pool = new_pool(2);
    for (unsigned round = 0; round < 200; round++) {
        held_up h = {0};
        ewi_pool_run(pool, wait_for_the_rest, &h);
        assert_false(atomic_load(&h.gave_up));
        assert_int_equal(atomic_load(&h.n_done), ewi_pool_n_shares(pool));
    }
    ewi_pool_free(pool);
}

static void sizes_of_pools(void **state) {
    (void)state;
    ewi_pool *pool = new_pool(0);
    assert_true(ewi_pool_n_threads(pool) >= 1);
    ewi_pool_free(pool);
    ewi_pool_free(NULL);
    ew_error err = {0};
    expect_refused(ewi_pool_new(EWI_MAX_THREADS + 1, &pool, &err), EW_LIMIT, &err, "257 threads");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_cover_all_items),   cmocka_unit_test(every_item_once),
        cmocka_unit_test(memory_passes_both_ways), cmocka_unit_test(nobody_is_waited_for),
        cmocka_unit_test(shares_even_out),         cmocka_unit_test(sizes_of_pools),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
