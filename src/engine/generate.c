/* generate.c: a prompt, then one token after the other until something ends the answer. */
#include "base/error.h"
#include "engine/engine.h"
#include "engine/writer.h"
#include "os/clock.h"

typedef struct generation {
    ew_session *session;
    const ew_generate_options *options;
    ew_token_fn on_token;
    void *user;
    ewi_writer writer;
    ew_generation *result;
    ew_error *err;
} generation;

static void sample(void *user, size_t row, const ewi_head *head) {
    generation *g = user;
    (void)row;
    ewi_writer_sample(&g->writer, head);
}

static bool show(void *user, const ewi_piece *piece) {
    const generation *g = user;
    return !g->on_token || g->on_token(g->user, piece->token, piece->text);
}

/* A full context ends an open-ended answer, but breaks a promise of n_predict tokens. */
static ew_status context_full(generation *g, bool *ends) {
    *ends = true;
    g->writer.finish = EW_FINISH_CONTEXT;
    if (!g->options->n_predict) return EW_OK;
    return ewi_fail(g->err, EW_CONTEXT_FULL, "the context of %u positions is full after %u of %u tokens",
                    g->session->n_ctx, g->writer.n_written, g->options->n_predict);
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
    ew_token token = g->writer.sampled;
    *ends = ewi_writer_at_end(&g->writer);
    if (*ends) return EW_OK;
    ew_status status = ewi_session_make_room(g->session, 1, g->err);
    if (status == EW_CONTEXT_FULL) return context_full(g, ends);
    if (status != EW_OK) return status;
    EWI_TRY(ewi_writer_write(&g->writer, ends, g->err));
    return hold(g, token, *ends);
}

static ew_status run_prompt(generation *g, const ew_token *prompt, size_t n_prompt) {
    uint64_t start = ewi_clock_ns();
    ewi_writer_begin(&g->writer, prompt, n_prompt);
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
        if (g->writer.n_written == 1 && !g->result->first_token_ns)
            g->result->first_token_ns = ewi_clock_ns() - start;
    }
    g->result->generate_ns = ewi_clock_ns() - start - g->result->prompt_ns;
    if (status == EW_CANCELLED) {
        g->writer.finish = EW_FINISH_CANCELLED;
        status = EW_OK;
    }
    ewi_writer_end(&g->writer);
    g->result->finish = g->writer.finish;
    g->result->stop = (uint32_t)g->writer.stops.found;
    g->result->n_generated = g->writer.n_written;
    return status;
}

static ew_status check_sampler(const generation *g) {
    size_t n = g->session->engine->model->n_vocab;
    if (!g->options->sampler || ewi_sampler_n_vocab(g->options->sampler) <= n) return EW_OK;
    return ewi_fail(g->err, EW_INVALID, "a sampler for %zu tokens, but the model has %zu",
                    ewi_sampler_n_vocab(g->options->sampler), n);
}

static ew_status init_writer(generation *g) {
    const ew_generate_options *o = g->options;
    const ewi_writer_options options = {
        .tokenizer = g->session->engine->model->tokenizer,
        .sampler = o->sampler,
        .stops = o->stops,
        .n_stops = o->n_stops,
        .n_predict = o->n_predict,
        .ignore_end = o->ignore_end,
        .on_piece = show,
        .user = g,
    };
    return ewi_writer_init(&g->writer, &options, g->err);
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
        .options = options ? options : &defaults,
        .on_token = on_token,
        .user = user,
        .result = result ? result : &ignored,
        .err = err,
    };
    *g.result = (ew_generation){.n_prompt = (uint32_t)n_prompt};
    EWI_TRY(ewi_engine_check_text(session->engine, err));
    EWI_TRY(check_sampler(&g));
    ew_status status = init_writer(&g);
    if (status == EW_OK) status = run(&g, prompt, n_prompt);
    ewi_writer_deinit(&g.writer);
    ewi_flag_take(&session->cancelled); /* a wish that came too late for this call */
    return status;
}
