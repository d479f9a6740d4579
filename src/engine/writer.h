/*
 * writer.h: what makes an answer of logits: chooses each token, turns it into text, and knows when to stop.
 *
 * It has no session: who runs the rows asks for logits, and goes on with w.sampled until the writer says that
 * the answer ends. Caller-owned; tokenizer, sampler and stop strings are borrowed. Used by one thread at a
 * time.
 *
 *     ewi_writer w;
 *     EWI_TRY(ewi_writer_init(&w, &options, err));
 *     ewi_writer_begin(&w, prompt, n_prompt);
 *     ewi_step(engine, rows, n, on_head, ...)                      on_head: ewi_writer_sample(&w, head)
 *     while (!ewi_writer_at_end(&w) && there is room for w.sampled) {
 *         EWI_TRY(ewi_writer_write(&w, &ends, err));               shows w.sampled
 *         if (ends) break;
 *         ewi_step(engine, row of w.sampled, ...)
 *     }
 *     ewi_writer_end(&w);                                          shows what was held back
 *     ewi_writer_deinit(&w);
 */
#ifndef EW_ENGINE_WRITER_H
#define EW_ENGINE_WRITER_H

#include "engine/head.h"
#include "engine/stops.h"

#define EWI_MAX_TOP 20u

/* The natural logarithm of a token's probability as the model has it, before biases, penalties, cuts and
 * temperature. -INFINITY where its logit is that, or no number. */
typedef struct ewi_logprob {
    ew_token token;
    float logprob;
} ewi_logprob;

typedef struct ewi_piece {
    ew_token token;         /* -1: text that was held back, at the end */
    ew_str text;            /* what became certain; may be empty */
    float logprob;          /* of the token; with wants_logprobs */
    const ewi_logprob *top; /* [n_top] the best of the vocabulary, best first */
    size_t n_top;
} ewi_piece;

/* Receives an answer piece by piece, valid during the call; false: no more of it. */
typedef bool (*ewi_piece_fn)(void *user, const ewi_piece *piece);

typedef struct ewi_writer_options {
    const ew_tokenizer *tokenizer; /* NULL: no text */
    ew_sampler *sampler;           /* NULL: greedy */
    const ew_str *stops;
    size_t n_stops;
    uint32_t n_predict; /* 0: no limit */
    bool ignore_end;
    bool special; /* control tokens have their spelling as text */
    bool wants_logprobs;
    uint32_t n_top;        /* at most EWI_MAX_TOP */
    ewi_piece_fn on_piece; /* NULL: nobody looks */
    void *user;
} ewi_writer_options;

typedef struct ewi_writer {
    ewi_writer_options options;
    const ewi_kernels *kern;
    ew_detokenizer detokenizer;
    ewi_stops stops;
    ewi_buffer text; /* of one token */
    ew_token sampled;
    float logprob; /* of it */
    ewi_logprob top[EWI_MAX_TOP];
    size_t n_top;
    uint32_t n_written;
    ew_finish finish; /* EW_FINISH_END until something else ends the answer */
} ewi_writer;

/* Errors: EW_INVALID for bad stop strings; EW_NO_MEMORY. */
EWI_NODISCARD ew_status ewi_writer_init(ewi_writer *w, const ewi_writer_options *options, ew_error *err);
void ewi_writer_deinit(ewi_writer *w);
/* The answer follows these tokens. */
void ewi_writer_begin(ewi_writer *w, const ew_token *prompt, size_t n);
/* The moment that logits exist, they become a token; no logits outlive a step. */
void ewi_writer_sample(ewi_writer *w, const ewi_head *head);
/* Whether the sampled token ends the answer and is no part of it. */
bool ewi_writer_at_end(const ewi_writer *w);
/* Shows the sampled token, with what of its text comes before a stop string. *ends: w->finish says why. */
EWI_NODISCARD ew_status ewi_writer_write(ewi_writer *w, bool *ends, ew_error *err);
/* Shows what was held back, and an unfinished character, where no stop string ended the answer. */
void ewi_writer_end(ewi_writer *w);

#endif
