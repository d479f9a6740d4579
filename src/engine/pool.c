#include "engine/pool.h"

#include <stdatomic.h>

#include "base/error.h"
#include "base/mem.h"
#include "os/thread.h"
#include "os/topology.h"

#define SPINS 4000u /* about 40 us: longer than the gap between two pieces of a step */

/* A thread, and its shares of the work. */
typedef struct worker {
    ewi_pool *pool;
    ewi_thread *thread;
    uint32_t index;
    _Atomic uint64_t next; /* a piece of work (upper half), and how many of its shares are somebody's */
} worker;

struct ewi_pool {
    uint32_t n_threads;
    uint32_t n_started;
    worker *workers; /* [n_threads]; 0 is the caller */
    ewi_topology topology;
    ewi_signal *signal; /* how many pieces of work there were; raised with each */
    uint32_t piece;     /* the caller's count of them */
    ewi_work_fn work;
    void *arg;
    _Atomic uint32_t n_left; /* shares that are not done */
    atomic_bool quit;
};

/* Spins, then gives the core away: another program may be where a thread of ours should run. */
static void wait_for_others(const ewi_pool *pool) {
    for (uint32_t i = 0; atomic_load_explicit(&pool->n_left, memory_order_acquire) > 0; i++) {
        if (i < SPINS)
            ewi_cpu_relax();
        else
            ewi_thread_yield();
    }
}

/* Returns how many pieces of work there were. */
static uint32_t wait_for_work(const ewi_pool *pool, uint32_t seen) {
    for (uint32_t i = 0; i < SPINS; i++) {
        uint32_t piece = ewi_signal_value(pool->signal);
        if (piece != seen) return piece;
        ewi_cpu_relax();
    }
    ewi_signal_wait(pool->signal, seen);
    return ewi_signal_value(pool->signal);
}

static uint64_t none_of(uint32_t piece) {
    return (uint64_t)piece << 32;
}

/* The next of a thread's shares of that piece of work, which is the caller's then. EWI_SHARES_OF_THREAD:
 * there are no more. Until all are done the piece of work is not: a thread that slept through pieces takes
 * nothing of theirs. */
static uint32_t take(worker *w, uint32_t piece) {
    uint64_t next = atomic_load_explicit(&w->next, memory_order_acquire);
    while (next >> 32 == piece && (uint32_t)next < EWI_SHARES_OF_THREAD)
        if (atomic_compare_exchange_weak(&w->next, &next, next + 1)) return (uint32_t)next;
    return EWI_SHARES_OF_THREAD;
}

/* A thread's own shares first, whose weights its cache may have; then what is left of others'. */
static void do_shares(ewi_pool *pool, uint32_t own, uint32_t piece) {
    ewi_share share = {.n = EWI_SHARES_OF_THREAD * pool->n_threads, .thread = own};
    for (uint32_t i = 0; i < pool->n_threads; i++) {
        const uint32_t whose = (own + i) % pool->n_threads;
        for (uint32_t s; (s = take(&pool->workers[whose], piece)) < EWI_SHARES_OF_THREAD;) {
            share.index = whose * EWI_SHARES_OF_THREAD + s;
            pool->work(pool->arg, &share);
            atomic_fetch_sub_explicit(&pool->n_left, 1, memory_order_release);
        }
    }
}

static void worker_main(void *arg) {
    worker *self = arg;
    ewi_pool *pool = self->pool;
    ewi_topology_bind(&pool->topology, self->index);
    for (uint32_t seen = 0;;) {
        seen = wait_for_work(pool, seen);
        if (atomic_load(&pool->quit)) return;
        do_shares(pool, self->index, seen);
    }
}

void ewi_pool_run(ewi_pool *pool, ewi_work_fn work, void *arg) {
    if (pool->n_threads == 1) {
        work(arg, &(ewi_share){.n = 1});
        return;
    }
    pool->work = work;
    pool->arg = arg;
    pool->piece++;
    atomic_store(&pool->n_left, EWI_SHARES_OF_THREAD * pool->n_threads);
    for (uint32_t i = 0; i < pool->n_threads; i++) atomic_store(&pool->workers[i].next, none_of(pool->piece));
    ewi_signal_raise(pool->signal);
    do_shares(pool, 0, pool->piece);
    wait_for_others(pool);
}

static ew_status start_workers(ewi_pool *pool, ew_error *err) {
    for (uint32_t i = 1; i < pool->n_threads; i++) {
        worker *w = &pool->workers[i];
        *w = (worker){.pool = pool, .index = i};
        EWI_TRY(ewi_thread_start(worker_main, w, "edgewise", &w->thread, err));
        pool->n_started = i;
    }
    return EW_OK;
}

static ew_status open_pool(ewi_pool *pool, uint32_t n_threads, ew_error *err) {
    EWI_TRY(ewi_topology_load(&pool->topology, err));
    pool->n_threads = n_threads ? n_threads : pool->topology.n_performance_cores;
    if (pool->n_threads > EWI_MAX_THREADS)
        return ewi_fail(err, EW_LIMIT, "%u threads, at most %u", pool->n_threads, EWI_MAX_THREADS);
    pool->workers = ewi_zalloc_array(pool->n_threads, sizeof *pool->workers);
    pool->signal = ewi_signal_new();
    if (!pool->workers || !pool->signal) return ewi_no_memory(err, "a thread pool");
    return start_workers(pool, err);
}

ew_status ewi_pool_new(uint32_t n_threads, ewi_pool **out, ew_error *err) {
    ewi_pool *pool = ewi_zalloc(sizeof *pool);
    if (!pool) return ewi_no_memory(err, "a thread pool");
    ew_status status = open_pool(pool, n_threads, err);
    if (status == EW_OK)
        *out = pool;
    else
        ewi_pool_free(pool);
    return status;
}

void ewi_pool_free(ewi_pool *pool) {
    if (!pool) return;
    atomic_store(&pool->quit, true);
    if (pool->signal) ewi_signal_raise(pool->signal);
    for (uint32_t i = 1; i <= pool->n_started; i++) ewi_thread_join(pool->workers[i].thread);
    ewi_signal_free(pool->signal);
    ewi_topology_unload(&pool->topology);
    ewi_free(pool->workers);
    ewi_free(pool);
}

uint32_t ewi_pool_n_threads(const ewi_pool *pool) {
    return pool->n_threads;
}

uint32_t ewi_pool_n_shares(const ewi_pool *pool) {
    return pool->n_threads == 1 ? 1 : EWI_SHARES_OF_THREAD * pool->n_threads;
}
