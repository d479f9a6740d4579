/*
 * scheduler.h: requests in, pieces of answers out: many answers at once on one engine (continuous batching).
 *
 * A scheduler has a thread of its own, which alone uses the engine and makes, runs and frees the sessions.
 * Each step has one row for every answer in the making, and behind them rows of prompts: no token waits for
 * somebody's long prompt, because next to answers a step takes few rows of prompts: 64, or 128 while others
 * of their priority wait for a place. What a request is answered does not depend on the others (edgewise.h,
 * ew_step).
 *
 * Order: interactive before background, and of what is alike, clients take turns (start-time fair queuing,
 * Goyal, Vin and Cheng 1996): one that sends a hundred requests delays one that sends one by one at most. Of
 * the requests that run, prompts are run one after the other, as they were admitted. One place is kept for
 * what is interactive.
 *
 *     EWI_TRY(ewi_scheduler_new(engine, NULL, &scheduler, err));
 *     EWI_TRY(ewi_scheduler_submit(scheduler, &request, &id, err));      on_piece ..., on_end: on its thread
 *     ewi_scheduler_cancel(scheduler, id);
 *     ewi_scheduler_free(scheduler);                                     before the engine
 *
 * Any thread may call anything but free, also the callbacks.
 */
#ifndef EW_ENGINE_SCHEDULER_H
#define EW_ENGINE_SCHEDULER_H

#include "engine/prefix_cache.h"
#include "engine/request.h"

typedef struct ewi_scheduler ewi_scheduler;

/* 0 in any field means its default. */
typedef struct ewi_scheduler_options {
    uint32_t n_running; /* sessions at most; default 16, or the engine's n_rows if that is less */
    uint32_t n_queued;  /* requests that wait, at most, and as many calls; default 256 */
    uint32_t n_ctx;     /* positions of a session; default: a session's */
    /* NULL: none. Of the engine, freed after the scheduler. What a prompt shares with one that is being run,
     * it waits for. */
    ewi_prefix_cache *cache;
} ewi_scheduler_options;

/* The engine is the scheduler's until it is freed. Errors: EW_INVALID; those of ew_session_new. */
EWI_NODISCARD ew_status ewi_scheduler_new(ew_engine *engine, const ewi_scheduler_options *options,
                                          ewi_scheduler **out, ew_error *err);
/* Ends all requests with EW_CANCELLED, runs the calls that wait, and joins the thread. */
void ewi_scheduler_free(ewi_scheduler *scheduler);

/*
 * The request is copied, *id names it for cancel and is set before the first callback. A full context ends an
 * answer with EW_FINISH_CONTEXT, whatever its n_predict. Errors: EW_BUSY when the queue is full; those of
 * ewi_request_check; EW_NO_MEMORY; EW_CANCELLED while the scheduler is being freed.
 */
EWI_NODISCARD ew_status ewi_scheduler_submit(ewi_scheduler *scheduler, const ewi_request *request,
                                             uint64_t *id, ew_error *err);
/* Takes effect before the next step; harmless when the request has ended. */
void ewi_scheduler_cancel(ewi_scheduler *scheduler, uint64_t id);

/* Runs fn(user) between two steps, exactly once; of several calls one after each step. Errors as submit's. */
EWI_NODISCARD ew_status ewi_scheduler_call(ewi_scheduler *scheduler, void (*fn)(void *user), void *user,
                                           ew_error *err);

typedef struct ewi_scheduler_stats {
    uint32_t n_running, n_queued;     /* now */
    uint32_t max_running, max_queued; /* as the options say */
    uint32_t n_ctx;
    uint64_t state_bytes;            /* of all that run */
    uint64_t n_submitted, n_refused; /* refused: with EW_BUSY */
    uint64_t n_ended;                /* also those that failed */
    uint64_t n_steps, step_ns;       /* steps, and the time that they took */
    uint64_t n_prompt, n_generated;  /* rows of prompts that were run; tokens */
    uint64_t n_cached;               /* positions of prompts that were not run */
} ewi_scheduler_stats;

ewi_scheduler_stats ewi_scheduler_get_stats(ewi_scheduler *scheduler);

/* A request that runs, as of the last step. */
typedef struct ewi_running {
    uint64_t id, client;
    ewi_priority priority;
    uint32_t n_prompt, n_cached, n_generated;
    uint32_t n_held; /* positions: of the prompt while it is less than n_prompt */
    uint64_t begun_ns;
} ewi_running;

/* Fills out[max]; returns how many run. */
size_t ewi_scheduler_get_running(ewi_scheduler *scheduler, ewi_running *out, size_t max);

#endif
