/* generate.c: a prompt, then one token after the other until something ends the answer. */
#include "base/error.h"
#include "base/mem.h"
#include "engine/engine.h"
#include "engine/stops.h"
#include "os/clock.h"

#define MAX_TOKEN_TEXT ((size_t)1 << 16)

typedef struct generation {
    ew_session *session;
    const ew_tokenizer *tokenizer; /* NULL: no text */
    const ew_generate_options *options;
    ew_token_fn on_token;
    void *user;
    ew_detokenizer detokenizer;
    ewi_stops stops;
    ewi_buffer text; /* of one token */
    ew_token sampled;
    ew_generation *result;
    ew_error *err;
} generation;

/* The moment that logits exist, they become a token; no logits outlive a step. */
static void sample(void *user, size_t row, const ewi_head *head) {
    generation *g = user;
    (void)row;
    g->sampled = g->options->sampler ? ewi_sampler_choose(g->options->sampler, head)
                                     : ewi_head_best(g->session->engine->kern, head);
}

static void accept(const generation *g, ew_token token) {
    if (g->options->sampler) ew_sampler_accept(g->options->sampler, token);
}

/* The text of a token into g->text; tokens past the vocabulary's end (padding rows of the head) have none. */
static ew_status token_text(generation *g, ew_token token) {
    g->text.len = 0;
    if (!g->tokenizer || (size_t)token >= ew_tokenizer_n_vocab(g->tokenizer)) return EW_OK;
    size_t len;
    EWI_TRY(ew_detokenize(g->tokenizer, &g->detokenizer, token, false, (char *)g->text.data, g->text.cap,
                          &len, g->err));
    if (len > g->text.cap) {
        if (!ewi_buffer_reserve(&g->text, len))
            return ewi_fail(g->err, EW_LIMIT, "token %d: its text has %zu bytes", token, len);
        EWI_TRY(ew_detokenize(g->tokenizer, &g->detokenizer, token, false, (char *)g->text.data, g->text.cap,
                              &len, g->err));
    }
    g->text.len = len;
    return EW_OK;
}

static bool show(const generation *g, ew_token token, ew_str text) {
    return !g->on_token || g->on_token(g->user, token, text);
}

/* Shows a token, with what of its text comes before a stop string; *ends: the answer ends here. */
static ew_status deliver(generation *g, ew_token token, bool *ends) {
    ew_str certain;
    EWI_TRY(token_text(g, token));
    bool stopped = ewi_stops_push(&g->stops, ewi_buffer_str(&g->text), &certain);
    if (g->stops.held.failed) return ewi_no_memory(g->err, "an answer's text");
    *ends = !show(g, token, certain) || stopped;
    if (*ends) g->result->finish = stopped ? EW_FINISH_STOP : EW_FINISH_CANCELLED;
    return EW_OK;
}

/* What was held back, and an unfinished character, when no stop string ended the answer. */
static void deliver_rest(generation *g) {
    char end[4];
    ew_str rest = ewi_stops_rest(&g->stops);
    if (g->result->finish == EW_FINISH_STOP) return;
    if (rest.len) show(g, -1, rest);
    rest = (ew_str){end, ew_detokenize_end(&g->detokenizer, end)};
    if (rest.len) show(g, -1, rest);
}

static bool ends_answer(const generation *g, ew_token token) {
    if (g->options->ignore_end || !g->tokenizer || (size_t)token >= ew_tokenizer_n_vocab(g->tokenizer))
        return false;
    return (ew_token_flags(g->tokenizer, token) & EW_TOKEN_EOG) != 0;
}

/* A full context ends an open-ended answer, but breaks a promise of n_predict tokens. */
static ew_status context_full(generation *g, bool *ends) {
    *ends = true;
    g->result->finish = EW_FINISH_CONTEXT;
    if (!g->options->n_predict) return EW_OK;
    return ewi_fail(g->err, EW_CONTEXT_FULL, "the context of %u positions is full after %u of %u tokens",
                    g->session->n_ctx, g->result->n_generated, g->options->n_predict);
}

/* Runs a token that was shown. A wish to cancel comes too late for it: the session holds what was shown. */
static ew_status hold(generation *g, ew_token token, bool last) {
    ew_status status =
        ewi_session_eval(g->session, &token, 1, last ? EWI_WANTS_NONE : EWI_WANTS_LAST, sample, g, g->err);
    if (status != EW_CANCELLED) return status;
    EWI_TRY(ewi_session_eval(g->session, &token, 1, EWI_WANTS_NONE, NULL, NULL, g->err));
    return last ? EW_OK : EW_CANCELLED;
}

static ew_status next_token(generation *g, bool *ends) {
    ew_token token = g->sampled;
    uint32_t *n = &g->result->n_generated;
    if (ends_answer(g, token)) {
        *ends = true;
        return EW_OK;
    }
    ew_status status = ewi_session_make_room(g->session, 1, g->err);
    if (status == EW_CONTEXT_FULL) return context_full(g, ends);
    if (status != EW_OK) return status;
    ++*n;
    EWI_TRY(deliver(g, token, ends));
    accept(g, token);
    bool last = *ends || *n == g->options->n_predict;
    EWI_TRY(hold(g, token, last));
    if (last && !*ends) g->result->finish = EW_FINISH_LENGTH;
    *ends = last;
    return EW_OK;
}

/* Whether the answer goes on inside a text: then the blank of its first token is no mark of encoding. */
static bool goes_on(const generation *g, ew_token last) {
    if (!g->tokenizer || last < 0 || (size_t)last >= ew_tokenizer_n_vocab(g->tokenizer)) return false;
    return !(ew_token_flags(g->tokenizer, last) & EW_TOKEN_CONTROL);
}

static ew_status run_prompt(generation *g, const ew_token *prompt, size_t n_prompt) {
    uint64_t start = ewi_clock_ns();
    g->detokenizer.started = goes_on(g, prompt[n_prompt - 1]);
    for (size_t i = 0; i < n_prompt; i++) accept(g, prompt[i]);
    EWI_TRY(ewi_session_make_room(g->session, n_prompt, g->err));
    EWI_TRY(ewi_session_eval(g->session, prompt, n_prompt, EWI_WANTS_LAST, sample, g, g->err));
    g->result->prompt_ns = ewi_clock_ns() - start;
    return EW_OK;
}

static ew_status run(generation *g, const ew_token *prompt, size_t n_prompt) {
    uint64_t start = ewi_clock_ns();
    ew_status status = run_prompt(g, prompt, n_prompt);
    for (bool ends = false; status == EW_OK && !ends;) {
        status = next_token(g, &ends);
        if (g->result->n_generated == 1 && !g->result->first_token_ns)
            g->result->first_token_ns = ewi_clock_ns() - start;
    }
    g->result->generate_ns = ewi_clock_ns() - start - g->result->prompt_ns;
    if (status == EW_CANCELLED) {
        g->result->finish = EW_FINISH_CANCELLED;
        status = EW_OK;
    }
    deliver_rest(g);
    return status;
}

static ew_status check_sampler(const generation *g) {
    size_t n = g->session->engine->model->n_vocab;
    if (!g->options->sampler || ewi_sampler_n_vocab(g->options->sampler) <= n) return EW_OK;
    return ewi_fail(g->err, EW_INVALID, "a sampler for %zu tokens, but the model has %zu",
                    ewi_sampler_n_vocab(g->options->sampler), n);
}

ew_status ew_generate(ew_session *session, const ew_token *prompt, size_t n_prompt,
                      const ew_generate_options *options, ew_token_fn on_token, void *user,
                      ew_generation *result, ew_error *err) {
    EWI_REQUIRE(session && prompt && n_prompt > 0, err);
    EWI_REQUIRE(!options || options->struct_size == sizeof *options, err);
    ew_generate_options defaults = {0};
    ew_generation ignored;
    generation g = {
        .session = session,
        .tokenizer = session->engine->model->tokenizer,
        .options = options ? options : &defaults,
        .on_token = on_token,
        .user = user,
        .result = result ? result : &ignored,
        .err = err,
    };
    *g.result = (ew_generation){.n_prompt = (uint32_t)n_prompt};
    if (session->engine->output != EWI_OUTPUT_LOGITS)
        return ewi_fail(err, EW_INVALID, "this engine makes embeddings, not text");
    EWI_TRY(check_sampler(&g));
    EWI_TRY(ewi_stops_init(&g.stops, g.options->stops, g.options->n_stops, err));
    ewi_buffer_init(&g.text, MAX_TOKEN_TEXT);
    ew_status status =
        ewi_buffer_reserve(&g.text, 256) ? run(&g, prompt, n_prompt) : ewi_no_memory(err, "a token's text");
    ewi_buffer_deinit(&g.text);
    ewi_stops_deinit(&g.stops);
    ewi_flag_take(&session->cancelled); /* a wish that came too late for this call */
    return status;
}
