/* run.c: edgewise run: one answer to a prompt. The chat is in chat.c. */
#include "run.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "answer.h"
#include "conversation.h"
#include "default_model.h"
#include "input.h"
#include "json_writer.h"
#include "message.h"
#include "verbs.h"

static const cli_option options[] = {
    CLI_MODEL_OPTION(cli_run_values),
    {"p", "prompt", CLI_TEXT, offsetof(cli_run_values, prompt), "TEXT", 0, 0,
     "answer this and end; \"\" is an empty prompt, - reads stdin"},
    {"n", "n-predict", CLI_COUNT, offsetof(cli_run_values, n_new), "N", 0, 0,
     "new tokens at most (default: until the model ends or the context is full)"},
    {NULL, "stop", CLI_TEXTS, offsetof(cli_run_values, stops), "TEXT", 0, 0,
     "end the answer before this text; may be given again"},
    {NULL, "ignore-eos", CLI_FLAG, offsetof(cli_run_values, ignore_end), NULL, 0, 0,
     "go on after an end token"},
    {NULL, "system", CLI_TEXT, offsetof(cli_run_values, system), "TEXT", 0, 0,
     "a system message before the conversation, for the model's chat template"},
    {NULL, "raw", CLI_FLAG, offsetof(cli_run_values, raw), NULL, 0, 0,
     "no chat template: the prompt is the text that the model sees"},
    {NULL, "special", CLI_FLAG, offsetof(cli_run_values, special), NULL, 0, 0,
     "special tokens that the prompt spells out become tokens; not for text of others"},

    {NULL, NULL, CLI_HEADING, 0, NULL, 0, 0, "Sampling"},
    CLI_SAMPLING_OPTIONS(cli_run_values),

    {NULL, NULL, CLI_HEADING, 0, NULL, 0, 0, "Engine"},
    CLI_ENGINE_OPTIONS(cli_run_values),
    {NULL, "context-full", CLI_CHOICE, offsetof(cli_run_values, engine.context_full), CLI_CONTEXT_FULLS, 0, 0,
     "end the answer when the context is full (default), or drop the older half and go on"},
    {NULL, "keep", CLI_COUNT, offsetof(cli_run_values, engine.keep), "N", 0, 0,
     "with --context-full shift: never drop the first N tokens (default 0)"},

    {NULL, NULL, CLI_HEADING, 0, NULL, 0, 0, "Output"},
    {NULL, "ids", CLI_FLAG, offsetof(cli_run_values, ids), NULL, 0, 0,
     "print the generated token ids only, on one line"},
    {NULL, "json", CLI_FLAG, offsetof(cli_run_values, json), NULL, 0, 0,
     "print one JSON object at the end: text, ids, counts, timings"},
    {NULL, "verbose", CLI_FLAG, offsetof(cli_run_values, verbose), NULL, 0, 0,
     "say seed, threads and timings on stderr"},
    {NULL, "dump-graph", CLI_FLAG, offsetof(cli_run_values, dump_graph), NULL, 0, 0,
     "print the planned graph, and answer nothing"},
};

/* ---- the prompt ---- */

int cli_prompt_tokens(const cli_run_values *values, const cli_opened *opened, ew_str text, bool first,
                      cli_tokens *out) {
    const ew_tokenizer *tokenizer = opened->tokenizer;
    unsigned flags = first && ew_tokenizer_adds_bos(tokenizer) ? EW_ENCODE_BOS : 0u;
    if (values->special) flags |= EW_ENCODE_SPECIAL;
    int code = cli_encode(tokenizer, text, flags, out);
    if (code != CLI_OK || out->n > 0 || !first) return code;
    if (ew_tokenizer_bos(tokenizer) < 0) {
        cli_say("the prompt is empty and the model has no BOS token to begin with: give a prompt");
        return CLI_FAILED;
    }
    cli_tokens_add(out, ew_tokenizer_bos(tokenizer));
    return CLI_OK;
}

/* All of stdin, less the newline at its end that `echo` adds. */
static int read_prompt(const cli_verb *verb, const cli_run_values *values, cli_bytes *text) {
    int code = cli_read_stdin(text);
    if (code != CLI_OK) return code;
    if (text->len == 0 && !values->prompt)
        return cli_usage(verb->name, "no prompt: standard input is empty; -p \"\" asks for an empty prompt");
    if (text->len > 0 && text->data[text->len - 1] == '\n') text->len--;
    return CLI_OK;
}

static bool is_from_stdin(const cli_run_values *values) {
    return !values->prompt || strcmp(values->prompt, "-") == 0;
}

static int get_prompt(const cli_verb *verb, const cli_run_values *values, const cli_opened *opened,
                      cli_tokens *out) {
    cli_bytes text = {0};
    int code = is_from_stdin(values) ? read_prompt(verb, values, &text) : CLI_OK;
    ew_str prompt =
        is_from_stdin(values) ? cli_bytes_str(&text) : (ew_str){values->prompt, strlen(values->prompt)};
    if (code == CLI_OK) code = cli_conversation_prompt(values, opened, prompt, out);
    cli_bytes_deinit(&text);
    return code;
}

/* ---- one answer ---- */

static void print_json(const cli_answer *answer, const cli_run_values *values, const cli_opened *opened,
                       cli_out *out) {
    const ew_generation *result = &answer->result;
    ew_engine_info engine = ew_engine_get_info(opened->engine);
    cli_json json = {.out = out};
    cli_json_open(&json, NULL, '{');
    cli_json_string(&json, "text", cli_bytes_str(&answer->text));
    cli_json_open(&json, "ids", '[');
    for (size_t i = 0; i < answer->ids.n; i++) cli_json_count(&json, NULL, (uint64_t)answer->ids.ids[i]);
    cli_json_close(&json);
    cli_json_text(&json, "finish", cli_finish_name(result->finish));
    cli_json_count(&json, "n_prompt", result->n_prompt);
    cli_json_count(&json, "n_generated", result->n_generated);
    cli_json_number(&json, "prompt_ms", (double)result->prompt_ns / 1e6);
    cli_json_number(&json, "first_token_ms", (double)result->first_token_ns / 1e6);
    cli_json_number(&json, "generate_ms", (double)result->generate_ns / 1e6);
    cli_json_count(&json, "seed", values->sampling.seed.value);
    cli_json_text(&json, "cpu_level", engine.cpu_level);
    cli_json_count(&json, "threads", engine.n_threads);
    cli_json_close(&json);
    cli_json_end(&json);
}

/* A context that is full before the tokens that -n asked for is a failure, to the library too; without -n
 * it is one way for an answer to end. */
static int finish_code(const cli_opened *opened, const cli_answer *answer, ew_status status,
                       const ew_error *err) {
    int code = status ? cli_fail(err) : CLI_OK;
    bool full = answer->result.finish == EW_FINISH_CONTEXT;
    if (full && !status) cli_say_context_full(opened->session);
    if (full || status == EW_CONTEXT_FULL) cli_say_context_help();
    return code;
}

static ew_status generate(const cli_run_values *values, const cli_opened *opened, const cli_tokens *prompt,
                          ew_sampler *sampler, cli_answer *answer, ew_error *err) {
    if (values->n_new.given && values->n_new.value == 0) { /* to the library, 0 means no limit */
        answer->result = (ew_generation){.finish = EW_FINISH_LENGTH, .n_prompt = (uint32_t)prompt->n};
        return ew_eval(opened->session, prompt->ids, prompt->n, NULL, NULL, err);
    }
    ew_generate_options how = {.struct_size = sizeof how,
                               .n_predict = values->n_new.value,
                               .sampler = sampler,
                               .stops = values->stops.items,
                               .n_stops = values->stops.n,
                               .ignore_end = values->ignore_end};
    return cli_answer_run(answer, opened->session, prompt, &how, err);
}

static int answer_prompt(const cli_run_values *values, const cli_opened *opened, const cli_tokens *prompt,
                         ew_sampler *sampler, cli_out *out) {
    cli_answer answer;
    ew_error err = {0};
    cli_answer_init(&answer,
                    values->json  ? CLI_ANSWER_KEEP
                    : values->ids ? CLI_ANSWER_IDS
                                  : CLI_ANSWER_TEXT,
                    out);
    ew_status status = generate(values, opened, prompt, sampler, &answer, &err);
    bool answered = !status || answer.n_tokens;
    if (answered && values->json)
        print_json(&answer, values, opened, out);
    else if (answered)
        cli_out_printf(out, "\n");
    cli_out_flush(out);
    if (answered && values->verbose) cli_answer_say_timings(&answer);
    int code = finish_code(opened, &answer, status, &err);
    cli_answer_deinit(&answer);
    return code;
}

static int run_prompt(const cli_verb *verb, const cli_run_values *values, const cli_opened *opened,
                      cli_out *out) {
    cli_tokens prompt = {0};
    ew_sampler *sampler = NULL;
    int code = get_prompt(verb, values, opened, &prompt);
    if (code == CLI_OK)
        code = cli_sampler_new(&values->sampling, ew_model_get_info(opened->model).n_vocab, &sampler);
    if (code == CLI_OK) code = answer_prompt(values, opened, &prompt, sampler, out);
    ew_sampler_free(sampler);
    cli_tokens_deinit(&prompt);
    return code;
}

/* ---- the verb ---- */

static int dump_graph(const cli_opened *opened, cli_out *out) {
    ew_error err = {0};
    return ew_engine_dump(opened->engine, cli_out_sink, out, &err) ? cli_fail(&err) : CLI_OK;
}

static void say_how(const cli_run_values *values, const cli_opened *opened) {
    ew_engine_info engine = ew_engine_get_info(opened->engine);
    cli_say("seed %" PRIu64 ", cpu %s, %u threads, %u rows a step, context %u", values->sampling.seed.value,
            engine.cpu_level, engine.n_threads, engine.n_rows, ew_session_n_ctx(opened->session));
}

static int run_opened(const cli_verb *verb, cli_run_values *values, cli_opened *opened, cli_out *out) {
    if (values->dump_graph) return dump_graph(opened, out);
    int code = cli_need_head(opened);
    if (code == CLI_OK) code = cli_need_tokenizer(opened);
    if (code == CLI_OK) code = cli_open_session(&values->engine, opened, &opened->session);
    if (code != CLI_OK) return code;
    cli_sampling_advise(&values->sampling, opened->model);
    cli_seed_choose(&values->sampling.seed);
    if (values->verbose) say_how(values, opened);
    bool chat = !values->prompt && isatty(STDIN_FILENO);
    if (chat && opened->is_default) cli_say(CLI_DEFAULT_MODEL_HINT);
    return chat ? cli_chat(values, opened, out) : run_prompt(verb, values, opened, out);
}

static int check(const cli_verb *verb, const cli_run_values *values) {
    if (values->ids && values->json) return cli_usage(verb->name, "--ids and --json exclude each other");
    if (values->engine.keep.given && values->engine.context_full.value != EW_CONTEXT_FULL_SHIFT)
        return cli_usage(verb->name, "--keep has no effect without --context-full shift");
    if (values->system && values->raw)
        return cli_usage(verb->name, "--system needs the chat template: not with --raw");
    bool chat = !values->prompt && !values->dump_graph && isatty(STDIN_FILENO);
    if (chat && (values->ids || values->json))
        return cli_usage(verb->name, "--ids and --json need a prompt: -p TEXT");
    return CLI_OK;
}

static int run(const cli_verb *verb, int argc, char **argv, cli_out *out) {
    cli_run_values values = {.sampling = CLI_SAMPLING_DEFAULTS};
    if (!cli_parse(verb, argc, argv, &values)) return CLI_USAGE;
    int code = check(verb, &values);
    if (code != CLI_OK) return code;
    cli_opened opened = {0};
    code = cli_open_engine(verb, &values.engine, &opened);
    if (code == CLI_OK) code = run_opened(verb, &values, &opened, out);
    cli_opened_close(&opened);
    return code;
}

const cli_verb cli_verb_run = {
    .name = "run",
    .summary = "answer a prompt, or chat",
    .synopsis = "[MODEL] [-p PROMPT] [options]",
    .about = "With -p, or with text on stdin, prints the model's answer and ends. Else it is a chat on the "
             "terminal:\n"
             "/help lists its commands, Ctrl-C stops an answer, Ctrl-D ends it.\n"
             "Without MODEL it is pocket that answers: it turns what is said to a home into calls of tools.",
    .operand = "MODEL",
    .operand_offset = offsetof(cli_run_values, engine.operand),
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .run = run,
};
