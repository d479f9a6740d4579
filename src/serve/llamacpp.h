/*
 * llamacpp.h: what the endpoints of llama.cpp's server share that no other API has: errors, settings, tokens
 * as text.
 */
#ifndef EW_SERVE_LLAMACPP_H
#define EW_SERVE_LLAMACPP_H

#include "base/slice.h"
#include "format/json_out.h"
#include "serve/api_answer.h"

/* Whether a path is one of its own. */
bool ewi_llamacpp_has(ew_str path);
/* {"error":{"code","message","type"}} */
void ewi_llamacpp_refuse(const ewi_refusal *refusal, ewi_buffer *out);
/* Holds the model that "?model=" names, or the first one, into answer->host. */
bool ewi_llamacpp_hold(ewi_answer *answer, ewi_refusal *refusal);
/* How a request is sampled, under the names of its fields. */
bool ewi_llamacpp_put_settings(ewi_json_out *json, const char *key, const ewi_ask *ask, ewi_answer *answer);
/* The text of tokens, control tokens spelled out. False: no memory, or no such token. */
bool ewi_llamacpp_put_text(ewi_json_out *json, const char *key, const ewi_host *host, const ew_token *tokens,
                           size_t n);
/* [226, 130, 172] */
void ewi_llamacpp_put_bytes(ewi_json_out *json, const char *key, ewi_bytes bytes);

#endif
