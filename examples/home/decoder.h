/*
 * decoder.h: a model that answers a request with tool calls, and with nothing else.
 *
 * The model was trained on <|user|>TEXT<|tool|>ANSWER<|end|> (models/pocket). The most probable token is
 * chosen among those that keep the answer the beginning of a right one (calls.h). How sure the model was is
 * the probability that it gave to the chosen tokens among all tokens, right or not: the mean over the
 * answer, its end included, and the lowest.
 *
 *     decoder d;
 *     answer a;
 *     if (!decoder_open(&d, "MODEL", &err) && !decoder_answer(&d, request, &a, &err)) puts(a.text);
 *     decoder_close(&d);
 *
 * The decoder owns all that it opens; an answer is the caller's. Used by one thread at a time.
 */
#ifndef EXAMPLES_HOME_DECODER_H
#define EXAMPLES_HOME_DECODER_H

#include <edgewise/edgewise.h>

#include "calls.h"

#define ANSWER_BYTES 8192

typedef struct decoder {
    ew_model *model;
    ew_engine *engine;
    ew_session *session;
    const ew_tokenizer *tokenizer;
    size_t n_vocab, n_logits; /* a head may be wider than the vocabulary */
    float *logits;            /* [n_logits] of the last step; -INFINITY where a token did not fit */
    ew_token user, tool;      /* the marks before and after a request */
    ew_token *prompt;         /* [n_ctx] */
} decoder;

typedef enum answer_end {
    ANSWER_DONE = 0,
    ANSWER_NO_ROOM = 1,    /* the request is too long for the model; there is no text */
    ANSWER_UNFINISHED = 2, /* the context is full, or no token fits */
} answer_end;

typedef struct answer {
    ew_str request;
    answer_end end;
    char text[ANSWER_BYTES]; /* ends in a NUL */
    size_t len;
    calls_fit fit;
    ew_detokenizer bytes;
    uint32_t n_tokens;
    double confidence, lowest; /* 0 without tokens */
} answer;

/* After a failure, too, the decoder is to be closed. */
ew_status decoder_open(decoder *d, const char *path, ew_error *err);
void decoder_close(decoder *d);

/* Each request stands alone. */
ew_status decoder_answer(decoder *d, ew_str request, answer *a, ew_error *err);

#endif
