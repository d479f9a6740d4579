#include "engine/writer.h"

#include <math.h>

#include "base/error.h"
#include "base/mem.h"
#include "kernels/elementary.h"

#define MAX_TOKEN_TEXT ((size_t)1 << 16)

ew_status ewi_writer_init(ewi_writer *w, const ewi_writer_options *options, ew_error *err) {
    EW_ASSERT(options->n_top <= EWI_MAX_TOP);
    *w = (ewi_writer){.options = *options, .kern = ewi_kernels_get()};
    EWI_TRY(ewi_stops_init(&w->stops, options->stops, options->n_stops, err));
    ewi_buffer_init(&w->text, MAX_TOKEN_TEXT);
    return ewi_buffer_reserve(&w->text, 256) ? EW_OK : ewi_no_memory(err, "a token's text");
}

void ewi_writer_deinit(ewi_writer *w) {
    ewi_buffer_deinit(&w->text);
    ewi_stops_deinit(&w->stops);
}

/* Tokens past the vocabulary's end (padding rows of the head) have no text and no meaning. */
static bool is_known(const ewi_writer *w, ew_token token) {
    const ew_tokenizer *tokenizer = w->options.tokenizer;
    return tokenizer && token >= 0 && (size_t)token < ew_tokenizer_n_vocab(tokenizer);
}

static void accept(const ewi_writer *w, ew_token token) {
    if (w->options.sampler) ew_sampler_accept(w->options.sampler, token);
}

/* An answer that goes on inside a text: then the blank of its first token is no mark of encoding. */
static bool goes_on(const ewi_writer *w, ew_token last) {
    return is_known(w, last) && !(ew_token_flags(w->options.tokenizer, last) & EW_TOKEN_CONTROL);
}

void ewi_writer_begin(ewi_writer *w, const ew_token *prompt, size_t n) {
    w->detokenizer.started = goes_on(w, prompt[n - 1]);
    for (size_t i = 0; i < n; i++) accept(w, prompt[i]);
}

/* ---- a token ---- */

/* log(e^x / total), where total is the sum of e^(logit - best) over all. */
static ewi_logprob logprob_of(const ewi_head *h, float best, double log_total, ew_token token) {
    float x = h->logits[token];
    double p = (x == best ? 0 : (double)x - (double)best) - log_total;
    return (ewi_logprob){token, p > (double)-INFINITY ? (float)p : -INFINITY};
}

static void find_logprobs(ewi_writer *w, const ewi_head *h) {
    ew_token top[EWI_MAX_TOP];
    float best = h->logits[ewi_head_best(w->kern, h)];
    double log_total = ewi_log(ewi_head_weight(w->kern, h, best, 1));
    w->logprob = logprob_of(h, best, log_total, w->sampled).logprob;
    w->n_top = ewi_head_top(h, w->options.n_top, top);
    for (size_t i = 0; i < w->n_top; i++) w->top[i] = logprob_of(h, best, log_total, top[i]);
}

void ewi_writer_sample(ewi_writer *w, const ewi_head *head) {
    w->sampled =
        w->options.sampler ? ewi_sampler_choose(w->options.sampler, head) : ewi_head_best(w->kern, head);
    if (w->options.wants_logprobs) find_logprobs(w, head);
}

bool ewi_writer_at_end(const ewi_writer *w) {
    if (w->options.ignore_end || !is_known(w, w->sampled)) return false;
    return (ew_token_flags(w->options.tokenizer, w->sampled) & EW_TOKEN_EOG) != 0;
}

/* ---- its text ---- */

static ew_status detokenize(ewi_writer *w, size_t *len, ew_error *err) {
    return ew_detokenize(w->options.tokenizer, &w->detokenizer, w->sampled, w->options.special,
                         (char *)w->text.data, w->text.cap, len, err);
}

/* Into w->text. */
static ew_status find_text(ewi_writer *w, ew_error *err) {
    size_t len;
    w->text.len = 0;
    if (!is_known(w, w->sampled)) return EW_OK;
    EWI_TRY(detokenize(w, &len, err));
    if (len > w->text.cap) {
        if (!ewi_buffer_reserve(&w->text, len))
            return ewi_fail(err, EW_LIMIT, "token %d: its text has %zu bytes", w->sampled, len);
        EWI_TRY(detokenize(w, &len, err));
    }
    w->text.len = len;
    return EW_OK;
}

static bool show(const ewi_writer *w, const ewi_piece *piece) {
    return !w->options.on_piece || w->options.on_piece(w->options.user, piece);
}

static bool show_token(const ewi_writer *w, ew_str text) {
    ewi_piece piece = {.token = w->sampled, .text = text};
    if (w->options.wants_logprobs) {
        piece.logprob = w->logprob;
        piece.top = w->top;
        piece.n_top = w->n_top;
    }
    return show(w, &piece);
}

ew_status ewi_writer_write(ewi_writer *w, bool *ends, ew_error *err) {
    ew_str certain;
    EWI_TRY(find_text(w, err));
    bool stopped = ewi_stops_push(&w->stops, ewi_buffer_str(&w->text), &certain);
    if (w->stops.held.failed) return ewi_no_memory(err, "an answer's text");
    w->n_written++;
    bool wanted = show_token(w, certain);
    accept(w, w->sampled);
    bool full = w->n_written == w->options.n_predict;
    *ends = stopped || !wanted || full;
    if (*ends) w->finish = stopped ? EW_FINISH_STOP : wanted ? EW_FINISH_LENGTH : EW_FINISH_CANCELLED;
    return EW_OK;
}

void ewi_writer_end(ewi_writer *w) {
    char end[4];
    ew_str rest = ewi_stops_rest(&w->stops);
    if (w->finish == EW_FINISH_STOP) return;
    if (rest.len) show(w, &(ewi_piece){.token = -1, .text = rest});
    rest = (ew_str){end, ew_detokenize_end(&w->detokenizer, end)};
    if (rest.len) show(w, &(ewi_piece){.token = -1, .text = rest});
}
