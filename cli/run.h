/*
 * run.h: what `edgewise run` was told, shared by its two ways: one answer (run.c) and the chat (chat.c).
 */
#ifndef CLI_RUN_H
#define CLI_RUN_H

#include "heap.h"
#include "opening.h"
#include "sampling.h"

typedef struct cli_run_values {
    cli_engine_values engine;
    cli_sampling_values sampling;
    const char *prompt, *system;
    cli_count n_new;
    cli_texts stops;
    bool ignore_end, raw, special, ids, json, verbose, dump_graph;
} cli_run_values;

/* The tokens of what a user wrote, as plain text; the first ones of a session begin with a BOS where the
 * model asks for one. Says what failed; returns the exit code. */
int cli_prompt_tokens(const cli_run_values *values, const cli_opened *opened, ew_str text, bool first,
                      cli_tokens *out);

/* A conversation on the terminal, until /bye or the end of input. Returns the exit code. */
int cli_chat(cli_run_values *values, cli_opened *opened, cli_out *out);

#endif
