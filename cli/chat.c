/*
 * chat.c: edgewise run without a prompt: a conversation on the terminal.
 *
 * The session holds the whole conversation; each answer goes on from there. With a chat template the
 * conversation is rendered anew for each answer, and the session keeps what it has in common with that.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "answer.h"
#include "conversation.h"
#include "line_editor.h"
#include "message.h"
#include "run.h"
#include "verbs.h"

#define PASTE_MAX_BYTES ((size_t)16 << 20)

typedef struct chat {
    cli_run_values *values;
    cli_opened *opened;
    cli_out *out;
    cli_editor *editor;
    ew_sampler *sampler;
    cli_conversation conversation; /* without a template: unused */
    cli_tokens held;               /* the session's, with a template */
    bool ended;
} chat;

/* ---- Ctrl-C during an answer ---- */

/* The session that answers now, for the signal handler; NULL: Ctrl-C has nothing to stop. */
static ew_session *volatile answering;

static void cancel_answer(int signal_number) {
    (void)signal_number;
    ew_session *session = answering;
    if (session) ew_session_cancel(session);
}

static void set_interrupt(void (*handler)(int)) {
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
}

/* ---- an answer ---- */

/* A new sampler for new settings; the old one stays when they are refused. */
static int renew_sampler(chat *c) {
    ew_sampler *sampler = NULL;
    int code = cli_sampler_new(&c->values->sampling, ew_model_get_info(c->opened->model).n_vocab, &sampler);
    if (code != CLI_OK) return code;
    ew_sampler_free(c->sampler);
    c->sampler = sampler;
    return CLI_OK;
}

/* What the session holds after an answer to `prompt`. A session that dropped a part of it begins anew. */
static void note_held(chat *c, const cli_tokens *prompt, const cli_answer *a) {
    uint32_t length = ew_session_length(c->opened->session);
    for (size_t i = 0; i < prompt->n; i++) cli_tokens_add(&c->held, prompt->ids[i]);
    for (size_t i = 0; i < a->ids.n; i++) cli_tokens_add(&c->held, a->ids.ids[i]);
    bool shifted = c->held.n > ew_session_n_ctx(c->opened->session);
    if (shifted) ew_session_truncate(c->opened->session, 0);
    c->held.n = shifted ? 0 : length;
}

/* Runs and shows an answer; *text is what it said, NULL: that does not matter. False: it said nothing. */
static bool answer(chat *c, const cli_tokens *prompt, cli_bytes *text) {
    ew_generate_options how = {.struct_size = sizeof how,
                               .n_predict = c->values->n_new.value,
                               .sampler = c->sampler,
                               .stops = c->values->stops.items,
                               .n_stops = c->values->stops.n,
                               .ignore_end = c->values->ignore_end};
    cli_answer a;
    ew_error err = {0};
    cli_answer_init(&a, CLI_ANSWER_TEXT, c->out);
    answering = c->opened->session;
    ew_status status = cli_answer_run(&a, c->opened->session, prompt, &how, &err);
    answering = NULL;
    /* A Ctrl-C after the answer's end must not stop the next one: any evaluation takes the wish back. */
    (void)ew_eval(c->opened->session, NULL, 0, NULL, NULL, NULL);
    if (a.n_tokens || !status) cli_out_printf(c->out, "\n");
    cli_out_flush(c->out);
    if (status)
        cli_fail(&err);
    else if (a.result.finish == EW_FINISH_CONTEXT)
        cli_say_context_full(c->opened->session);
    if (status == EW_CONTEXT_FULL || a.result.finish == EW_FINISH_CONTEXT)
        cli_say("/clear forgets the conversation; the flags -c N and --context-full shift make room for "
                "longer ones");
    if (c->values->verbose && !status) cli_answer_say_timings(&a);
    if (text) {
        note_held(c, prompt, &a);
        cli_bytes_add(text, a.text.data, a.text.len);
    }
    bool answered = a.n_tokens || !status;
    cli_answer_deinit(&a);
    return answered;
}

/* Text after the first turn begins a new line: without a chat template nothing else parts it from the
 * answer. */
static void say_plainly(chat *c, ew_str text) {
    bool first = ew_session_length(c->opened->session) == 0;
    cli_bytes joined;
    cli_tokens prompt = {0};
    cli_bytes_init(&joined, SIZE_MAX);
    if (!first) cli_bytes_add(&joined, "\n", 1);
    cli_bytes_add(&joined, text.data, text.len);
    if (cli_prompt_tokens(c->values, c->opened, cli_bytes_str(&joined), first, &prompt) == CLI_OK)
        answer(c, &prompt, NULL);
    cli_tokens_deinit(&prompt);
    cli_bytes_deinit(&joined);
}

/* How many tokens the session can keep. The last one of the conversation is run anew: an answer begins with
 * what comes out of it. */
static size_t common_prefix(const cli_tokens *held, const cli_tokens *all) {
    size_t n = 0;
    while (n < held->n && n + 1 < all->n && held->ids[n] == all->ids[n]) n++;
    return n;
}

/* Answers the conversation, whose tokens these are; *text is the answer. */
static bool answer_all(chat *c, const cli_tokens *all, cli_bytes *text) {
    size_t n = common_prefix(&c->held, all);
    c->held.n = n;
    ew_session_truncate(c->opened->session, (uint32_t)n);
    const cli_tokens rest = {.ids = all->ids + n, .n = all->n - n};
    return answer(c, &rest, text);
}

/* A message that got no answer is forgotten. */
static void say_in_turn(chat *c, ew_str text) {
    cli_conversation *conversation = &c->conversation;
    size_t before = conversation->messages.len;
    cli_tokens all = {0};
    cli_bytes said;
    cli_bytes_init(&said, SIZE_MAX / 4);
    cli_conversation_add(conversation, "user", text);
    bool answered = cli_conversation_tokens(conversation, &all) == CLI_OK && answer_all(c, &all, &said);
    if (answered)
        cli_conversation_add(conversation, "assistant", cli_bytes_str(&said));
    else
        cli_conversation_cut(conversation, before);
    cli_bytes_deinit(&said);
    cli_tokens_deinit(&all);
}

static void say_to_model(chat *c, ew_str text) {
    if (c->conversation.tmpl)
        say_in_turn(c, text);
    else
        say_plainly(c, text);
    if (c->out->failed) c->ended = true;
}

/* ---- commands ---- */

static void help(chat *c, const char *arguments) {
    (void)arguments;
    cli_out_printf(
        c->out, "/set NAME VALUE  temp, top-k, top-p, min-p, seed or n (new tokens at most, 0 = no limit)\n"
                "/show            the settings and the state of the conversation\n"
                "/clear           forget the conversation\n"
                "/bye             end (also Ctrl-D)\n"
                "\"\"\"              begins and ends a text of several lines\n"
                "Ctrl-C           stops an answer, or drops a line\n");
}

static void show(chat *c, const char *arguments) {
    (void)arguments;
    const cli_sampling_values *s = &c->values->sampling;
    ew_model_info model = ew_model_get_info(c->opened->model);
    ew_engine_info engine = ew_engine_get_info(c->opened->engine);
    cli_out_printf(c->out, "model    %s ", model.arch);
    cli_out_foreign(c->out, model.name, CLI_ESCAPE_LINE);
    cli_out_printf(c->out, "\nengine   %s, %u threads\n", engine.cpu_level, engine.n_threads);
    cli_out_printf(c->out, "context  %u of %u positions\n", ew_session_length(c->opened->session),
                   ew_session_n_ctx(c->opened->session));
    cli_out_printf(c->out, "temp %g  top-k %u  top-p %g  min-p %g  seed %" PRIu64 "  n %u\n",
                   s->temperature.value, s->top_k.value, s->top_p.value, s->min_p.value, s->seed.value,
                   c->values->n_new.value);
}

static void clear(chat *c, const char *arguments) {
    (void)arguments;
    ew_session_truncate(c->opened->session, 0);
    c->held.n = 0;
    cli_conversation_cut(&c->conversation, 0);
    renew_sampler(c);
}

static void bye(chat *c, const char *arguments) {
    (void)arguments;
    c->ended = true;
}

static void set(chat *c, const char *arguments) {
    static const char *const settable[] = {"temp", "top-k", "top-p", "min-p", "seed", "n"};
    char spelled[32] = "";
    size_t n = strcspn(arguments, " ");
    const char *text = arguments + n + strspn(arguments + n, " ");
    for (size_t i = 0; i < sizeof settable / sizeof *settable; i++)
        if (strlen(settable[i]) == n && memcmp(settable[i], arguments, n) == 0)
            snprintf(spelled, sizeof spelled, "%s%s", n == 1 ? "-" : "--", settable[i]);
    const cli_option *option = cli_find_option(&cli_verb_run, (ew_str){spelled, strlen(spelled)});
    if (!option) {
        cli_say("/set NAME VALUE: NAME is one of temp, top-k, top-p, min-p, seed, n");
        return;
    }
    cli_run_values before = *c->values;
    char why[CLI_WHY];
    if (!cli_parse_value(option, text, (char *)c->values + option->offset, why))
        cli_say("/set %.*s: %s", (int)n, arguments, why);
    else if (renew_sampler(c) != CLI_OK)
        *c->values = before;
}

static const struct command {
    const char *name;
    void (*run)(chat *c, const char *arguments);
} commands[] = {{"/help", help},   {"/?", help},  {"/set", set},  {"/show", show},
                {"/clear", clear}, {"/bye", bye}, {"/exit", bye}, {"/quit", bye}};

static void run_command(chat *c, const char *line) {
    size_t n = strcspn(line, " ");
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        if (strlen(commands[i].name) != n || memcmp(commands[i].name, line, n) != 0) continue;
        commands[i].run(c, line + n + strspn(line + n, " "));
        cli_out_flush(c->out);
        return;
    }
    cli_say("unknown command %.*s: /help lists them", n < 40 ? (int)n : 40, line);
}

/* ---- reading ---- */

#define QUOTES "\"\"\""

static bool ends_with_quotes(const char *line) {
    size_t n = strlen(line);
    return n >= 3 && strcmp(line + n - 3, QUOTES) == 0;
}

/* The lines after the opening quotes, up to the closing ones. False when Ctrl-C or the end of input came
 * first, or when they are too many. */
static bool read_quoted(chat *c, const char *first, cli_bytes *text) {
    char *line = NULL;
    const char *part = first + strlen(QUOTES);
    bool fits = true;
    for (;;) {
        bool closed = ends_with_quotes(part);
        size_t len = strlen(part) - (closed ? strlen(QUOTES) : 0);
        fits = fits && cli_bytes_add(text, part, len) && cli_bytes_add(text, "\n", 1);
        cli_free(line);
        if (closed && !fits)
            cli_say("the text is longer than %zu MiB: nothing of it was taken", PASTE_MAX_BYTES >> 20);
        if (closed) return fits;
        cli_line kind = cli_editor_read(c->editor, "... ", &line);
        if (kind == CLI_LINE_END) c->ended = true;
        if (kind != CLI_LINE_TEXT) return false;
        cli_editor_remember(c->editor, line);
        part = line;
    }
}

static void take_quoted(chat *c, const char *line) {
    cli_bytes text;
    cli_bytes_init(&text, PASTE_MAX_BYTES);
    bool whole = read_quoted(c, line, &text);
    ew_str all = cli_bytes_str(&text);
    if (all.len && all.data[0] == '\n') all.data++, all.len--; /* the opening quotes stood alone */
    if (all.len && all.data[all.len - 1] == '\n') all.len--;
    if (all.len && all.data[all.len - 1] == '\n') all.len--; /* so did the closing ones */
    if (whole) say_to_model(c, all);
    cli_bytes_deinit(&text);
}

static void take_line(chat *c, const char *line) {
    cli_editor_remember(c->editor, line);
    if (strncmp(line, QUOTES, strlen(QUOTES)) == 0)
        take_quoted(c, line);
    else if (line[0] == '/')
        run_command(c, line);
    else if (line[strspn(line, " \t")])
        say_to_model(c, (ew_str){line, strlen(line)});
}

static void read_and_take(chat *c) {
    char *line;
    switch (cli_editor_read(c->editor, ">>> ", &line)) {
    case CLI_LINE_TEXT: take_line(c, line); break;
    case CLI_LINE_INTERRUPT: fputs("\n(/bye or Ctrl-D ends)\n", stderr); break;
    case CLI_LINE_END:
        fputs("\n", stderr);
        c->ended = true;
        break;
    }
    cli_free(line);
}

static void talk(chat *c) {
    c->editor = cli_editor_new();
    set_interrupt(cancel_answer);
    while (!c->ended) read_and_take(c);
    set_interrupt(SIG_DFL);
    cli_editor_free(c->editor);
    ew_sampler_free(c->sampler);
}

int cli_chat(cli_run_values *values, cli_opened *opened, cli_out *out) {
    chat c = {.values = values, .opened = opened, .out = out};
    int code = cli_conversation_open(values, opened, &c.conversation);
    if (code == CLI_OK) code = renew_sampler(&c);
    if (code == CLI_OK) talk(&c);
    cli_conversation_close(&c.conversation);
    cli_tokens_deinit(&c.held);
    return code;
}
