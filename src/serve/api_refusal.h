/*
 * api_refusal.h: why a request is not answered, in the words that HTTP APIs share: a status code, a type, a
 * code and the parameter that is meant. How it is spelled is each API's business (api.h).
 *
 *     if (n > max) return ewi_refuse(refusal, 400, "n", "n: %u choices, at most %u", n, max);
 */
#ifndef EW_SERVE_API_REFUSAL_H
#define EW_SERVE_API_REFUSAL_H

#include "base/compiler.h"
#include "edgewise/edgewise.h"

typedef struct ewi_refusal {
    int http;         /* 400, 404, 429, ... */
    const char *code; /* "context_length_exceeded"; NULL: none */
    char param[64];   /* "messages[2].content"; empty: none */
    char text[1020];
} ewi_refusal;

/* Fills it; false, so that a reader can return it. param may be NULL. */
EWI_COLD EWI_PRINTF(4, 5) bool ewi_refuse(ewi_refusal *refusal, int http, const char *param, const char *fmt,
                                          ...);
/* What the library says; param may be NULL. */
EWI_COLD bool ewi_refuse_error(ewi_refusal *refusal, const char *param, const ew_error *err);
/* "invalid_request_error", "not_found_error", ...: the type that OpenAI and Anthropic give to such a code. */
const char *ewi_refusal_type(int http);

#endif
