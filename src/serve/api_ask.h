/*
 * api_ask.h: what a request asks for, whichever API it came by: each API's table of fields (fields.h) fills
 * one.
 *
 * Numbers that a request does not say are NAN, counts EWI_UNSAID: then the model's makers, or the usual
 * defaults, decide. Text is borrowed from the request's body and arena.
 */
#ifndef EW_SERVE_API_ASK_H
#define EW_SERVE_API_ASK_H

#include "serve/fields.h"
#include "serve/models.h"

#define EWI_UNSAID      INT64_MIN
#define EWI_MAX_CHOICES 8

typedef struct ewi_ask {
    ew_str model;
    bool stream, include_usage;
    /* sampling */
    double temperature, top_p, min_p, repeat_penalty, frequency_penalty, presence_penalty;
    int64_t top_k, seed, penalty_last_n;
    ew_str logit_bias; /* JSON: {"token": bias} or [[token, bias], ..] */
    /* the answer's extent */
    int64_t n_predict, n_predict_older; /* max_completion_tokens, max_tokens */
    int64_t n_choices;
    ewi_texts stops;
    bool ignore_end, echo;
    bool keep_tokens; /* a choice's tokens are told, also without logprobs */
    bool logprobs;
    int64_t n_top;
    /* the conversation */
    ew_str messages, tools, tool_choice, response_format, template_options; /* JSON */
    ew_str tools_as_sent;  /* JSON, where the API's form is another */
    ew_str system;         /* JSON */
    ew_str prompt, suffix; /* JSON */
    /* how it is run */
    ew_str lora; /* JSON: [{"id": 0, "scale": 1}] */
    ew_str priority;
    double timeout_s;
    bool no_cache, cache, truncate;
} ewi_ask;

void ewi_ask_init(ewi_ask *ask);

/* How to sample: the request's word, else the model's makers', else `fallback`'s temperature. */
bool ewi_ask_sampling(const ewi_ask *ask, const ewi_host *host, ewi_arena *arena, ew_sampler_options *out,
                      ewi_refusal *refusal);
/* New tokens at most; 0: no limit but the context's. */
uint32_t ewi_ask_n_predict(const ewi_ask *ask);
/* Adapters with the scales that the request, or else the server, says; [host->n_adapters] in the arena. */
bool ewi_ask_adapters(const ewi_ask *ask, const ewi_host *host, ewi_arena *arena, ew_adapter_use **uses,
                      size_t *n, ewi_refusal *refusal);
/* Scales as "lora" lists them, [host->n_adapters]; what it does not name has 0. */
bool ewi_ask_read_scales(ew_str lora, const ewi_host *host, ewi_arena *arena, double *scales,
                         ewi_refusal *refusal);
bool ewi_ask_priority(const ewi_ask *ask, ewi_priority *out, ewi_refusal *refusal);

#endif
