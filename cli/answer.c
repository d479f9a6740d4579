#include "answer.h"

#include <stdint.h>

#include "message.h"

void cli_answer_init(cli_answer *answer, cli_answer_form form, cli_out *out) {
    *answer = (cli_answer){.form = form, .out = out};
    cli_bytes_init(&answer->text, SIZE_MAX);
}

void cli_answer_deinit(cli_answer *answer) {
    cli_bytes_deinit(&answer->text);
    cli_tokens_deinit(&answer->ids);
}

static bool take_token(void *user, ew_token token, ew_str text) {
    cli_answer *answer = user;
    switch (answer->form) {
    case CLI_ANSWER_TEXT:
        cli_out_foreign(answer->out, text, CLI_ESCAPE_TEXT);
        if (text.len) cli_out_flush(answer->out);
        break;
    case CLI_ANSWER_IDS:
        if (token < 0) break;
        cli_out_printf(answer->out, "%s%d", answer->n_tokens ? " " : "", token);
        cli_out_flush(answer->out);
        break;
    case CLI_ANSWER_KEEP: break;
    }
    cli_bytes_add(&answer->text, text.data, text.len);
    if (token >= 0) cli_tokens_add(&answer->ids, token);
    if (token >= 0) answer->n_tokens++; /* -1: text that was held back, at the end */
    return !answer->out->failed;
}

ew_status cli_answer_run(cli_answer *answer, ew_session *session, const cli_tokens *prompt,
                         const ew_generate_options *options, ew_error *err) {
    return ew_generate(session, prompt->ids, prompt->n, options, take_token, answer, &answer->result, err);
}

const char *cli_finish_name(ew_finish finish) {
    switch (finish) {
    case EW_FINISH_END: return "end";
    case EW_FINISH_LENGTH: return "length";
    case EW_FINISH_STOP: return "stop";
    case EW_FINISH_CONTEXT: return "context";
    case EW_FINISH_CANCELLED: return "cancelled";
    }
    return "unknown";
}

double cli_rate_tok_s(uint64_t n_tokens, uint64_t time_ns) {
    return time_ns ? (double)n_tokens * 1e9 / (double)time_ns : 0;
}

void cli_answer_say_timings(const cli_answer *answer) {
    const ew_generation *result = &answer->result;
    cli_say("prompt: %u tokens in %.1f ms, %.1f tok/s; first token after %.1f ms", result->n_prompt,
            (double)result->prompt_ns / 1e6, cli_rate_tok_s(result->n_prompt, result->prompt_ns),
            (double)result->first_token_ns / 1e6);
    cli_say("answer: %u tokens in %.1f ms, %.1f tok/s; finish: %s", result->n_generated,
            (double)result->generate_ns / 1e6, cli_rate_tok_s(result->n_generated, result->generate_ns),
            cli_finish_name(result->finish));
}

void cli_say_context_full(const ew_session *session) {
    cli_say("the context is full: %u of %u positions", ew_session_length(session), ew_session_n_ctx(session));
}

void cli_say_context_help(void) {
    cli_say("-c N makes the context larger; --context-full shift drops the older half of it and goes on");
}
