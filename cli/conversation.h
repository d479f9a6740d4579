/*
 * conversation.h: messages, and their tokens by the model's chat template. With --raw, and for a model
 * without a template, there is none: text goes to the model as it is.
 *
 * Used by one thread.
 *
 *     cli_conversation conversation;
 *     int code = cli_conversation_open(&values, &opened, &conversation);
 *     if (code == CLI_OK && conversation.tmpl) {
 *         cli_conversation_add(&conversation, "user", text);
 *         code = cli_conversation_tokens(&conversation, &tokens);
 *     }
 *     cli_conversation_close(&conversation);               also when opening failed
 */
#ifndef CLI_CONVERSATION_H
#define CLI_CONVERSATION_H

#include "run.h"

typedef struct cli_conversation {
    const ew_tokenizer *tokenizer;
    bool special;       /* special tokens that messages spell out become tokens */
    ew_template *tmpl;  /* NULL: plain text */
    cli_bytes messages; /* as JSON, with commas between them */
    size_t n_system;    /* bytes of the system message, which clearing keeps */
} cli_conversation;

/* Begins with the system message of --system, if any. Says what failed; returns the exit code. */
int cli_conversation_open(const cli_run_values *values, const cli_opened *opened, cli_conversation *out);
void cli_conversation_close(cli_conversation *conversation);

void cli_conversation_add(cli_conversation *conversation, const char *role, ew_str text);
/* Forgets the messages added since there were so many bytes of them; 0: all but the system message. */
void cli_conversation_cut(cli_conversation *conversation, size_t n_bytes);

/* The tokens of the whole conversation, up to where the model answers. Says what failed; returns the exit
 * code. */
int cli_conversation_tokens(const cli_conversation *conversation, cli_tokens *out);

/* A prompt alone, as a user's message or, where there is no template, as it is; likewise. */
int cli_conversation_prompt(const cli_run_values *values, const cli_opened *opened, ew_str prompt,
                            cli_tokens *out);

#endif
