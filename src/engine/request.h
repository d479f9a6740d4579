/*
 * request.h: what somebody asks of the scheduler, checked and copied.
 *
 *     EWI_TRY(ewi_request_check(&request, engine, n_ctx, err));
 *     EWI_TRY(ewi_request_copy(&request, &arena, &copy, err));        the caller's may go now
 */
#ifndef EW_ENGINE_REQUEST_H
#define EW_ENGINE_REQUEST_H

#include "base/arena.h"
#include "engine/writer.h"

/* Whatever is interactive comes before what is not. */
typedef enum ewi_priority { EWI_INTERACTIVE, EWI_BACKGROUND } ewi_priority;
#define EWI_N_PRIORITIES 2

/* How a request ended. */
typedef struct ewi_outcome {
    ew_status status; /* EW_OK, or why there is no more of the answer */
    const char *why;  /* the error's text, or "" */
    ew_generation generation;
    uint32_t n_cached; /* positions of the prompt that the prefix cache had */
    uint64_t queue_ns; /* from submit to the first step */
} ewi_outcome;

typedef struct ewi_request {
    const ew_token *prompt; /* [n_prompt] at least one */
    size_t n_prompt;
    ew_sampler_options sampling; /* struct_size need not be set */
    const ew_str *stops;
    size_t n_stops;
    uint32_t n_predict; /* tokens at most; 0: until the model ends or the context is full */
    bool ignore_end, special, wants_logprobs;
    uint32_t n_top; /* with wants_logprobs; at most EWI_MAX_TOP */
    const ew_adapter_use *uses;
    size_t n_uses;
    ewi_priority priority;
    uint64_t client;      /* fairness is between these */
    uint64_t deadline_ns; /* of ewi_clock_ns; 0: none */
    bool no_cache;        /* neither takes from the prefix cache nor leaves anything there */
    /* On the scheduler's thread: they must not block. false: stop, with EW_FINISH_CANCELLED. May be NULL. */
    ewi_piece_fn on_piece;
    /* Exactly once for each accepted request, its last call. */
    void (*on_end)(void *user, const ewi_outcome *outcome);
    void *user;
} ewi_request;

/* Errors: EW_INVALID names what is wrong; EW_CONTEXT_FULL with the counts when the prompt does not fit. */
EWI_NODISCARD ew_status ewi_request_check(const ewi_request *request, const ew_engine *engine, uint32_t n_ctx,
                                          ew_error *err);
/* Copies all that the request points to, but `user`, into the arena. */
EWI_NODISCARD ew_status ewi_request_copy(const ewi_request *request, ewi_arena *arena, ewi_request *out,
                                         ew_error *err);

#endif
