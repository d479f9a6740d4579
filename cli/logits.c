/* logits.c: edgewise logits: what the model says after each position of a text. */
#include <string.h>

#include "heap.h"
#include "input.h"
#include "message.h"
#include "opening.h"
#include "progress.h"
#include "replace.h"
#include "verbs.h"

#define MAX_BESIDE 64

typedef struct logits_values {
    cli_engine_values engine;
    const char *tokens, *out;
    bool special;
    cli_count beside;
} logits_values;

static const cli_option options[] = {
    CLI_MODEL_OPTION(logits_values),
    {NULL, "out", CLI_PATH, offsetof(logits_values, out), "FILE", 0, 0,
     "where to write: float32 in this machine's byte order, row-major [positions, vocabulary]"},
    {NULL, "tokens", CLI_TEXT, offsetof(logits_values, tokens), "IDS", 0, 0,
     "exactly these token ids, with blanks between, in place of stdin"},
    {NULL, "special", CLI_FLAG, offsetof(logits_values, special), NULL, 0, 0,
     "special tokens that the text spells out become tokens"},
    CLI_ENGINE_OPTIONS(logits_values),
    {NULL, "beside", CLI_COUNT, offsetof(logits_values, beside), "N", 1, MAX_BESIDE,
     "a diagnosis: run N other sessions with other tokens in the same steps; the result must not change by a "
     "bit"},
};

/* ---- the tokens ---- */

static int read_text(const cli_opened *opened, bool special, cli_tokens *tokens) {
    int code = cli_need_tokenizer(opened);
    if (code != CLI_OK) return code;
    cli_bytes text;
    code = cli_read_stdin(&text);
    unsigned flags = ew_tokenizer_adds_bos(opened->tokenizer) ? EW_ENCODE_BOS : 0u;
    if (special) flags |= EW_ENCODE_SPECIAL;
    if (code == CLI_OK) code = cli_encode(opened->tokenizer, cli_bytes_str(&text), flags, tokens);
    cli_bytes_deinit(&text);
    return code;
}

static int read_tokens(const logits_values *values, const cli_opened *opened, cli_tokens *tokens) {
    size_t n_vocab = ew_model_get_info(opened->model).n_vocab;
    ew_str list = {values->tokens, values->tokens ? strlen(values->tokens) : 0};
    int code = values->tokens ? cli_parse_ids("--tokens", list, n_vocab, tokens)
                              : read_text(opened, values->special, tokens);
    if (code != CLI_OK || tokens->n > 0) return code;
    if (values->tokens) return cli_usage("logits", "--tokens: there are no tokens in the list");
    cli_say("there are no tokens: the text is empty and the model puts no BOS before it");
    return CLI_FAILED;
}

/* ---- running them ---- */

typedef struct sink {
    cli_replace *file;
    cli_progress progress;
    ew_session *session;
    size_t row_bytes;
    uint64_t n_written;
    const ew_row *rows; /* of the running step; NULL in ew_eval, where every row is wanted */
} sink;

static void write_row(void *user, size_t row, const float *logits) {
    sink *to = user;
    if (to->rows && to->rows[row].session != to->session) return;
    if (!cli_replace_write(to->file, logits, to->row_bytes)) ew_session_cancel(to->session);
    cli_progress_set(&to->progress, ++to->n_written);
}

/* Some other token for session k, far enough from the right one to be noticed where rows mix. */
static ew_token other_token(ew_token token, size_t k, size_t position, uint32_t n_vocab) {
    return (ew_token)(((uint64_t)token + 1 + 31 * k + 7 * position) % n_vocab);
}

/* The rows [from, from + n) of each session, the wanted one between the others. */
static size_t lay_rows(ew_row *rows, ew_session **sessions, size_t n_sessions, const cli_tokens *tokens,
                       size_t from, size_t n, uint32_t n_vocab) {
    size_t n_rows = 0;
    for (size_t k = 0; k < n_sessions; k++) {
        for (size_t i = from; i < from + n; i++) {
            ew_token token = tokens->ids[i];
            bool wanted = k == n_sessions / 2;
            rows[n_rows++] = (ew_row){.session = sessions[k],
                                      .position = (uint32_t)i,
                                      .token = wanted ? token : other_token(token, k, i, n_vocab),
                                      .wants_logits = true};
        }
    }
    return n_rows;
}

static ew_status step_beside(const cli_opened *opened, ew_session **sessions, size_t n_sessions,
                             const cli_tokens *tokens, sink *to, ew_error *err) {
    uint32_t n_vocab = ew_model_get_info(opened->model).n_vocab,
             n_rows = ew_engine_get_info(opened->engine).n_rows;
    size_t chunk = n_rows / n_sessions;
    ew_row *rows = cli_alloc(n_rows, sizeof *rows);
    ew_status status = EW_OK;
    to->rows = rows;
    for (size_t from = 0; from < tokens->n && !status && !to->file->failed; from += chunk) {
        size_t n = tokens->n - from < chunk ? tokens->n - from : chunk;
        size_t laid = lay_rows(rows, sessions, n_sessions, tokens, from, n, n_vocab);
        status = ew_step(opened->engine, rows, laid, write_row, to, err);
    }
    to->rows = NULL;
    cli_free(rows);
    return status;
}

/* Runs the tokens in a session that has n_beside others around it. */
static int run_beside(const logits_values *values, cli_opened *opened, const cli_tokens *tokens, sink *to) {
    size_t n_sessions = values->beside.value + 1u;
    uint32_t n_rows = ew_engine_get_info(opened->engine).n_rows;
    if (n_rows < n_sessions)
        return cli_usage("logits", "--beside %u needs steps of at least %zu rows: -b %zu",
                         values->beside.value, n_sessions, n_sessions);
    ew_session *sessions[MAX_BESIDE + 1] = {0};
    sessions[n_sessions / 2] = opened->session;
    int code = CLI_OK;
    for (size_t k = 0; k < n_sessions && code == CLI_OK; k++)
        if (!sessions[k]) code = cli_open_session(&values->engine, opened, &sessions[k]);
    ew_error err = {0};
    if (code == CLI_OK && step_beside(opened, sessions, n_sessions, tokens, to, &err)) code = cli_fail(&err);
    for (size_t k = 0; k < n_sessions; k++)
        if (sessions[k] != opened->session) ew_session_free(sessions[k]);
    return code;
}

static int run_alone(cli_opened *opened, const cli_tokens *tokens, sink *to) {
    ew_error err = {0};
    ew_status status = ew_eval(opened->session, tokens->ids, tokens->n, write_row, to, &err);
    return status && !to->file->failed ? cli_fail(&err) : CLI_OK;
}

static int write_logits(const logits_values *values, cli_opened *opened, const cli_tokens *tokens) {
    cli_replace file;
    int code = cli_replace_open(&file, values->out);
    if (code != CLI_OK) return code;
    sink to = {.file = &file,
               .session = opened->session,
               .row_bytes = ew_model_get_info(opened->model).n_vocab * sizeof(float)};
    cli_progress_start(&to.progress, "positions", tokens->n);
    code = values->beside.given ? run_beside(values, opened, tokens, &to) : run_alone(opened, tokens, &to);
    cli_progress_end(&to.progress);
    if (code == CLI_OK) return cli_replace_commit(&file);
    cli_replace_abandon(&file);
    return code;
}

/* ---- the verb ---- */

static int run_opened(logits_values *values, cli_opened *opened) {
    cli_tokens tokens = {0};
    int code = cli_need_head(opened);
    if (code == CLI_OK) code = read_tokens(values, opened, &tokens);
    /* Without -c the context is as long as the text, up to what the model was trained on. */
    if (!values->engine.context.given && tokens.n > 4096 &&
        tokens.n <= ew_model_get_info(opened->model).n_ctx_train)
        values->engine.context.value = (uint32_t)tokens.n;
    if (code == CLI_OK) code = cli_open_session(&values->engine, opened, &opened->session);
    if (code == CLI_OK) code = write_logits(values, opened, &tokens);
    cli_tokens_deinit(&tokens);
    return code;
}

static int run(const cli_verb *verb, int argc, char **argv, cli_out *out) {
    (void)out;
    logits_values values = {0};
    if (!cli_parse(verb, argc, argv, &values)) return CLI_USAGE;
    if (!values.out || !values.out[0]) return cli_usage(verb->name, "no output: give a file with --out");
    if (values.tokens && values.special)
        return cli_usage(verb->name, "--special is for a text, not for --tokens");
    cli_opened opened = {0};
    int code = cli_open_engine(verb, &values.engine, &opened);
    if (code == CLI_OK) code = run_opened(&values, &opened);
    cli_opened_close(&opened);
    return code;
}

const cli_verb cli_verb_logits = {
    .name = "logits",
    .summary = "write the logits of every position of a text",
    .synopsis = "-m MODEL --out FILE [--tokens IDS] [options]",
    .about = "Runs the text on stdin (with a BOS before it where the model asks for one) and writes the "
             "logits after\n"
             "each position. The file appears whole or not at all.",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .run = run,
};
