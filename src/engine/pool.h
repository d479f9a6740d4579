/*
 * pool.h: threads that do one piece of work together, each on a performance core of its own.
 *
 * Work is cut into more shares than there are threads. A thread does its own, which follow each other, and
 * then what others have not begun of theirs: cores differ, and other programs may be where they should run.
 * Between pieces of work threads spin for a moment and then sleep. One thread at a time uses a pool.
 *
 *     EWI_TRY(ewi_pool_new(n_threads, &pool, err));
 *     ewi_pool_run(pool, work, arg);        work(arg, &share) for each share; returns when all are done
 *     ewi_pool_free(pool);
 */
#ifndef EW_ENGINE_POOL_H
#define EW_ENGINE_POOL_H

#include "base/compiler.h"
#include "edgewise/edgewise.h"

typedef struct ewi_pool ewi_pool;

typedef struct ewi_share {
    uint32_t index, n; /* which, of how many */
    uint32_t thread;   /* that does it: whose scratch may be used */
} ewi_share;

typedef void (*ewi_work_fn)(void *arg, const ewi_share *share);

#define EWI_MAX_THREADS      256u
#define EWI_SHARES_OF_THREAD 4u /* but where there is one thread, which does all at once */

/* n_threads 0: one for each performance core that this process may use. */
EWI_NODISCARD ew_status ewi_pool_new(uint32_t n_threads, ewi_pool **out, ew_error *err);
void ewi_pool_free(ewi_pool *pool);
uint32_t ewi_pool_n_threads(const ewi_pool *pool);
/* Of each piece of work. */
uint32_t ewi_pool_n_shares(const ewi_pool *pool);
void ewi_pool_run(ewi_pool *pool, ewi_work_fn work, void *arg);

/* The share's part [*begin, *end) of n items, cut at multiples of `unit`. */
static inline void ewi_split(size_t n, size_t unit, const ewi_share *share, size_t *begin, size_t *end) {
    size_t units = n / unit + (n % unit != 0);
    size_t first = units * share->index / share->n * unit,
           last = units * (share->index + 1) / share->n * unit;
    *begin = first < n ? first : n;
    *end = last < n ? last : n;
}

#endif
