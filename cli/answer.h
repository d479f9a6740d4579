/*
 * answer.h: one answer of a model, streamed to stdout: the part that `run` with a prompt and the chat share.
 *
 *     cli_answer answer;
 *     cli_answer_init(&answer, CLI_ANSWER_TEXT, out);
 *     int code = cli_answer_run(&answer, session, &tokens, &options);
 *     cli_answer_deinit(&answer);
 */
#ifndef CLI_ANSWER_H
#define CLI_ANSWER_H

#include "heap.h"
#include "out.h"

typedef enum cli_answer_form {
    CLI_ANSWER_TEXT, /* text as it comes */
    CLI_ANSWER_IDS,  /* ids as they come */
    CLI_ANSWER_KEEP, /* nothing yet */
} cli_answer_form;

typedef struct cli_answer {
    cli_answer_form form;
    cli_out *out;
    ew_generation result;
    uint64_t n_tokens; /* delivered */
    cli_bytes text;
    cli_tokens ids;
} cli_answer;

void cli_answer_init(cli_answer *answer, cli_answer_form form, cli_out *out);
void cli_answer_deinit(cli_answer *answer);

/* Generates; what a failure has to say is in *err. */
ew_status cli_answer_run(cli_answer *answer, ew_session *session, const cli_tokens *prompt,
                         const ew_generate_options *options, ew_error *err);

/* "end", "length", "stop", "context", "cancelled". */
const char *cli_finish_name(ew_finish finish);

/* Tokens a second, 0 when nothing was timed. */
double cli_rate_tok_s(uint64_t n_tokens, uint64_t time_ns);

/* The timings, on stderr. */
void cli_answer_say_timings(const cli_answer *answer);
/* That the context is full, and how large it is; then which flags help. */
void cli_say_context_full(const ew_session *session);
void cli_say_context_help(void);

#endif
