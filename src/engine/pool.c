#include "engine/pool.h"

#include <stdatomic.h>

#include "base/error.h"
#include "base/mem.h"
#include "os/thread.h"
#include "os/topology.h"

#define SPINS 4000u /* about 40 us: longer than the gap between two pieces of a step */

typedef struct worker {
    ewi_pool *pool;
    ewi_thread *thread;
    uint32_t index;
} worker;

struct ewi_pool {
    uint32_t n_threads;
    uint32_t n_started;
    worker *workers; /* [n_threads]; 0 is the caller */
    ewi_topology topology;
    ewi_signal *signal; /* raised when there is work */
    ewi_work_fn work;
    void *arg;
    _Atomic uint32_t n_running;
    atomic_bool quit;
};

/* Spins, then gives the core away: another program may be where a thread of ours should run. */
static void wait_for_others(const ewi_pool *pool) {
    for (uint32_t i = 0; atomic_load_explicit(&pool->n_running, memory_order_acquire) > 0; i++) {
        if (i < SPINS)
            ewi_cpu_relax();
        else
            ewi_thread_yield();
    }
}

static void wait_for_work(ewi_pool *pool, uint32_t seen) {
    for (uint32_t i = 0; i < SPINS; i++) {
        if (ewi_signal_value(pool->signal) != seen) return;
        ewi_cpu_relax();
    }
    ewi_signal_wait(pool->signal, seen);
}

static void worker_main(void *arg) {
    worker *self = arg;
    ewi_pool *pool = self->pool;
    ewi_topology_bind(&pool->topology, self->index);
    for (uint32_t seen = 0;; seen++) {
        wait_for_work(pool, seen);
        if (atomic_load(&pool->quit)) return;
        pool->work(pool->arg, self->index, pool->n_threads);
        atomic_fetch_sub_explicit(&pool->n_running, 1, memory_order_release);
    }
}

void ewi_pool_run(ewi_pool *pool, ewi_work_fn work, void *arg) {
    if (pool->n_threads > 1) {
        pool->work = work;
        pool->arg = arg;
        atomic_store(&pool->n_running, pool->n_threads - 1);
        ewi_signal_raise(pool->signal);
    }
    work(arg, 0, pool->n_threads);
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
