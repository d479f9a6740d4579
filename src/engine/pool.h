/*
 * pool.h: threads that do one piece of work together, each on a performance core of its own.
 *
 * Work has as many shares as there are threads. A thread does its own, the caller's is 0, and then those of
 * threads that have not begun theirs: other programs may be where they should run. Between pieces of work
 * threads spin for a moment and then sleep. One thread at a time uses a pool.
 *
 *     EWI_TRY(ewi_pool_new(n_threads, &pool, err));
 *     ewi_pool_run(pool, work, arg);        work(arg, i, n) for each share i of n; returns when all are done
 *     ewi_pool_free(pool);
 */
#ifndef EW_ENGINE_POOL_H
#define EW_ENGINE_POOL_H

#include "base/compiler.h"
#include "edgewise/edgewise.h"

typedef struct ewi_pool ewi_pool;

typedef void (*ewi_work_fn)(void *arg, uint32_t share, uint32_t n_shares);

#define EWI_MAX_THREADS 256u

/* n_threads 0: one for each performance core that this process may use. */
EWI_NODISCARD ew_status ewi_pool_new(uint32_t n_threads, ewi_pool **out, ew_error *err);
void ewi_pool_free(ewi_pool *pool);
uint32_t ewi_pool_n_threads(const ewi_pool *pool);
void ewi_pool_run(ewi_pool *pool, ewi_work_fn work, void *arg);

/* Thread `thread`'s part [*begin, *end) of n items, cut at multiples of `unit`. */
static inline void ewi_split(size_t n, size_t unit, uint32_t thread, uint32_t n_threads, size_t *begin,
                             size_t *end) {
    size_t units = n / unit + (n % unit != 0);
    size_t first = units * thread / n_threads * unit, last = units * (thread + 1) / n_threads * unit;
    *begin = first < n ? first : n;
    *end = last < n ? last : n;
}

#endif
