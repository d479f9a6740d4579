/* openai.h: what OpenAI's endpoints share: errors, usage, events of a stream. */
#ifndef EW_SERVE_OPENAI_H
#define EW_SERVE_OPENAI_H

#include "format/json_out.h"
#include "serve/api_answer.h"

/* {"error":{"message","type","param","code"}} */
void ewi_openai_refuse(const ewi_refusal *refusal, ewi_buffer *out);
/* The same as an event, after which a stream ends. */
void ewi_openai_broken(ewi_answer *answer, const ewi_refusal *refusal);
/* "data: " JSON "\n\n": what stands between begin and end. */
void ewi_openai_event_begin(ewi_answer *answer);
void ewi_openai_event_end(ewi_answer *answer);
/* Opens an object and puts what all of a reply's have: id ("chatcmpl-.."), object, created, model. */
void ewi_openai_begin(ewi_json_out *json, const ewi_answer *answer, const char *prefix, const char *object);
/* The end of a stream: an object with the usage, where it was asked for, and [DONE]. */
void ewi_openai_close(ewi_answer *answer, const char *prefix, const char *object);
void ewi_openai_usage(ewi_json_out *json, const ewi_answer *answer);
/* llama.cpp's figures of one choice: "timings". */
void ewi_openai_timings(ewi_json_out *json, const ewi_choice *choice);
const char *ewi_openai_finish(const ewi_choice *choice);
/* response_format: only text, until output can be held to a schema. */
bool ewi_openai_check_format(ew_str response_format, ewi_arena *arena, ewi_refusal *refusal);

/* Members that chat and completions share; offsets are ewi_ask's. */
/* clang-format off */
#define EWI_SAMPLING_FIELDS \
    {"temperature", EWI_FIELD_NUMBER, offsetof(ewi_ask, temperature), 0, 100, NULL, 0}, \
    {"top_p", EWI_FIELD_NUMBER, offsetof(ewi_ask, top_p), 0, 1, NULL, 0}, \
    {"min_p", EWI_FIELD_NUMBER, offsetof(ewi_ask, min_p), 0, 1, NULL, 0}, \
    {"top_k", EWI_FIELD_COUNT, offsetof(ewi_ask, top_k), 0, 1 << 30, NULL, 0}, \
    {"repeat_penalty", EWI_FIELD_NUMBER, offsetof(ewi_ask, repeat_penalty), 0, 100, NULL, 0}, \
    {"frequency_penalty", EWI_FIELD_NUMBER, offsetof(ewi_ask, frequency_penalty), -2, 2, NULL, 0}, \
    {"presence_penalty", EWI_FIELD_NUMBER, offsetof(ewi_ask, presence_penalty), -2, 2, NULL, 0}, \
    {"seed", EWI_FIELD_COUNT, offsetof(ewi_ask, seed), 0, 0, NULL, 0}, \
    {"stop", EWI_FIELD_TEXTS, offsetof(ewi_ask, stops), 0, 0, NULL, 0}, \
    {"logit_bias", EWI_FIELD_RAW, offsetof(ewi_ask, logit_bias), 0, 0, NULL, 0}, \
    {"ignore_eos", EWI_FIELD_BOOL, offsetof(ewi_ask, ignore_end), 0, 0, NULL, 0}
#define EWI_RUNNING_FIELDS \
    {"lora", EWI_FIELD_RAW, offsetof(ewi_ask, lora), 0, 0, NULL, 0}, \
    {"cache_prompt", EWI_FIELD_BOOL, offsetof(ewi_ask, cache), 0, 0, NULL, 0}, \
    {"truncate", EWI_FIELD_BOOL, offsetof(ewi_ask, truncate), 0, 0, NULL, 0}, \
    {"priority", EWI_FIELD_TEXT, offsetof(ewi_ask, priority), 0, 0, NULL, 0}, \
    {"timeout", EWI_FIELD_NUMBER, offsetof(ewi_ask, timeout_s), 0.001, 86400, NULL, 0}
/* clang-format on */

/* The tokens that were not told yet, each with those that it was chosen from; `put` writes the members of
 * one. */
typedef void (*ewi_put_token_fn)(ewi_json_out *json, const ewi_choice *choice, ew_token token, float logprob);
void ewi_openai_put_tokens(ewi_json_out *json, const char *key, const ewi_choice *choice,
                           ewi_put_token_fn put);

#endif
