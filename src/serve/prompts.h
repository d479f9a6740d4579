/*
 * prompts.h: prompts as OpenAI's completions and embeddings take them (a string, tokens, or an array of
 * either), and the choices that become of them.
 */
#ifndef EW_SERVE_PROMPTS_H
#define EW_SERVE_PROMPTS_H

#include "serve/api_answer.h"

typedef struct ewi_prompt {
    const ew_token *tokens; /* in the arena */
    size_t n;
} ewi_prompt;

#define EWI_MAX_PROMPTS 2048u

/* flags: of ew_tokenizer_encode, for strings. name: of the field, for refusals. *out: [*n] in the arena. */
bool ewi_prompts_read(ew_str json, const char *name, const ewi_host *host, unsigned flags, ewi_arena *arena,
                      ewi_prompt **out, size_t *n, ewi_refusal *refusal);
/* One text's tokens, in the arena. */
bool ewi_prompts_encode(ew_str text, const ewi_host *host, unsigned flags, ewi_arena *arena, ewi_prompt *out,
                        ewi_refusal *refusal);
/* As many choices of each prompt as the request asks for, those of a prompt together. Prompts are cut, at
 * their beginnings, where the request says so. */
bool ewi_prompts_make_choices(ewi_answer *answer, ewi_prompt *prompts, size_t n, ewi_refusal *refusal);

#endif
