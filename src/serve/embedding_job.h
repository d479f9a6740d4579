/*
 * embedding_job.h: the way of every request for embeddings, whichever API it came by: read it, hold the
 * model, run its texts, reply.
 *
 * Each text is one call on the scheduler's thread, so that answers go on between two of them. A job lies in
 * its answer's arena; after ewi_embedding_handle both belong to the scheduler's thread.
 */
#ifndef EW_SERVE_EMBEDDING_JOB_H
#define EW_SERVE_EMBEDDING_JOB_H

#include "format/json_out.h"
#include "serve/api_answer.h"
#include "serve/prompts.h"

typedef struct ewi_embedding ewi_embedding;

typedef struct ewi_embedding_api {
    const ewi_api *api;
    const char *field; /* what the texts are called: for refusals */
    /* Reads the request, holds the model (ewi_embedding_hold) and makes the prompts; maybe none. */
    bool (*prepare)(ewi_embedding *job, ewi_refusal *refusal);
    /* Writes the reply to answer->out. */
    void (*tell)(const ewi_embedding *job);
} ewi_embedding_api;

struct ewi_embedding {
    const ewi_embedding_api *how;
    ewi_answer *answer; /* its `own` is the API's */
    ewi_prompt *prompts;
    size_t n, at;     /* texts; the one that is next */
    bool keep_length; /* vectors are not divided by their length */
    size_t width;
    float *vectors; /* [n, width] */
    /* [n] of pairs (text/encode_pair.h), whose vectors are scores: width is 1; else NULL. */
    const size_t *seconds;
};

void ewi_embedding_handle(ewi_server *server, ewi_exchange *exchange, const ewi_embedding_api *how);
bool ewi_embedding_hold(ewi_embedding *job, ew_str model, ewi_refusal *refusal);
/* Flags of ew_tokenizer_encode that mark a text's ends. */
unsigned ewi_embedding_flags(const ewi_host *host);
/* Tokens that a text may have. */
size_t ewi_embedding_limit(const ewi_host *host);
/* A vector is as long as the model makes it; 0: nobody asked. */
bool ewi_embedding_check_width(const ewi_embedding *job, int64_t width, ewi_refusal *refusal);
uint64_t ewi_embedding_count_tokens(const ewi_embedding *job);
/* The same of a model that scores pairs, else refuses: 501. */
bool ewi_embedding_hold_ranker(ewi_embedding *job, ew_str model, ewi_refusal *refusal);
/* A text's vector as an array of numbers. */
void ewi_embedding_put(ewi_json_out *json, const char *key, const ewi_embedding *job, size_t index);

#endif
