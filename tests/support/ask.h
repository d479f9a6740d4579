/* ask.h: a request to a scheduler and what came of it, beside what ew_generate answers to the same.
 *
 *     ask a = {.request = {.prompt = ids, .n_prompt = n, .n_predict = 20}}, alone;
 *     alone = ask_alone(&r, &a.request);                       before the engine is a scheduler's
 *     ask_submit(scheduler, &a);
 *     ask_wait(&a);
 *     ask_compare(&a, &alone);
 *
 * Threads: an ask is the scheduler's from submit until ask_wait has returned. Every failure fails the running
 * cmocka test.
 */
#ifndef TESTS_SUPPORT_ASK_H
#define TESTS_SUPPORT_ASK_H

#include "engine/scheduler.h"
#include "rig.h"

#ifdef __cplusplus
extern "C" {
#endif

#define ASK_MAX_TOKENS 512
#define ASK_MAX_BYTES  8192

typedef struct ask {
    ewi_request request; /* all but callbacks and user */
    uint64_t id;
    ew_token ids[ASK_MAX_TOKENS];
    float logprobs[ASK_MAX_TOKENS];
    ewi_logprob top[ASK_MAX_TOKENS][EWI_MAX_TOP];
    uint32_t n, n_max; /* tokens; stops at so many, 0 = never */
    char text[ASK_MAX_BYTES];
    size_t len;
    size_t end[ASK_MAX_TOKENS]; /* bytes of text after token i */
    unsigned n_ends;
    ewi_outcome outcome;
    char why[256];
    void (*on_token)(struct ask *a); /* on the scheduler's thread, after each token; NULL = nothing */
    void (*on_ended)(struct ask *a); /* likewise, at the end */
    void *user;
} ask;

/* What ew_generate answers on the rig's session, which is emptied. */
ask ask_alone(const rig *r, const ewi_request *request);
void ask_submit(ewi_scheduler *scheduler, ask *a);
/* From ask_submit, where it may fail. */
ew_status ask_try(ewi_scheduler *scheduler, ask *a, ew_error *err);
/* Until it has ended, for a minute at most. */
void ask_wait(ask *a);
/* The same answer: tokens, text, counts and how it ended. */
void ask_compare(const ask *got, const ask *expected);
/* What there is of `got` begins that answer. */
void ask_compare_part(const ask *got, const ask *expected);

/* Keeps the scheduler from running steps, until it is released. */
typedef struct ask_hold {
    bool is_held, is_released; /* private */
} ask_hold;
void ask_hold_begin(ewi_scheduler *scheduler, ask_hold *hold);
void ask_hold_end(ask_hold *hold);

#ifdef __cplusplus
}
#endif

#endif
