/* decoder.c: steps of the model, with a choice of tokens of our own. */
#include "decoder.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static ew_status fail(ew_error *err, ew_status status, const char *what, const char *name) {
    err->status = status;
    snprintf(err->text, sizeof err->text, "%s%s", what, name);
    return status;
}

/* ---- opening ---- */

static ew_status find_mark(const decoder *d, const char *spelling, ew_token *mark, ew_error *err) {
    ew_str text = {spelling, strlen(spelling)};
    size_t n = 0;
    ew_status status = ew_tokenizer_encode(d->tokenizer, text, EW_ENCODE_SPECIAL, mark, 1, &n, err);
    if (status != EW_OK) return status;
    if (n == 1 && (ew_token_flags(d->tokenizer, *mark) & EW_TOKEN_CONTROL)) return EW_OK;
    return fail(err, EW_UNSUPPORTED, "the model does not know tool calls: it has no token ", spelling);
}

static ew_status find_marks(decoder *d, ew_error *err) {
    d->tokenizer = ew_model_tokenizer(d->model);
    if (!d->tokenizer)
        return fail(err, EW_UNSUPPORTED, "the model has no vocabulary: it cannot read text", "");
    ew_status status = find_mark(d, "<|user|>", &d->user, err);
    return status == EW_OK ? find_mark(d, "<|tool|>", &d->tool, err) : status;
}

static ew_status make_room(decoder *d, ew_error *err) {
    d->n_logits = ew_model_get_info(d->model).n_vocab;
    d->n_vocab = ew_tokenizer_n_vocab(d->tokenizer);
    if (d->n_vocab > d->n_logits) d->n_vocab = d->n_logits;
    d->logits = (float *)calloc(d->n_logits, sizeof *d->logits);
    d->prompt = (ew_token *)calloc(ew_session_n_ctx(d->session), sizeof *d->prompt);
    return d->logits && d->prompt ? EW_OK : fail(err, EW_NO_MEMORY, "out of memory", "");
}

/* One thread: a model this small answers in milliseconds, and several would wait for each other wherever
 * other programs run, too. */
static ew_status start_engine(decoder *d, ew_error *err) {
    ew_engine_options options;
    memset(&options, 0, sizeof options);
    options.struct_size = sizeof options;
    options.n_threads = 1;
    ew_status status = ew_engine_new(d->model, &options, &d->engine, err);
    return status == EW_OK ? ew_session_new(d->engine, NULL, &d->session, err) : status;
}

ew_status decoder_open(decoder *d, const char *path, ew_error *err) {
    memset(d, 0, sizeof *d);
    ew_status status = ew_guard_install(err); /* a model file may be truncated while we use it */
    if (status == EW_OK) status = ew_model_open(path, &d->model, err);
    if (status == EW_OK) status = find_marks(d, err);
    if (status == EW_OK) status = start_engine(d, err);
    if (status == EW_OK) status = make_room(d, err);
    return status;
}

void decoder_close(decoder *d) {
    free(d->prompt);
    free(d->logits);
    ew_session_free(d->session);
    ew_engine_free(d->engine);
    ew_model_close(d->model);
}

/* ---- choosing a token ---- */

/* The token's bytes are added, also those of an unfinished character, if the answer may go on like that. */
static bool take_text(const decoder *d, answer *a, ew_token token) {
    ew_detokenizer bytes = a->bytes;
    size_t room = sizeof a->text - sizeof bytes.pending - a->len, n = 0;
    if (ew_detokenize(d->tokenizer, &bytes, token, false, a->text + a->len, room, &n, NULL) != EW_OK)
        return false;
    if (n > room || n + bytes.n_pending <= a->bytes.n_pending) return false;
    memcpy(a->text + a->len + n, bytes.pending, bytes.n_pending);
    ew_str text = {a->text, a->len + n + bytes.n_pending};
    calls_fit fit = calls_check(text, a->request);
    if (fit == CALLS_CANNOT) return false;
    a->len += n;
    a->bytes = bytes;
    a->fit = fit;
    return true;
}

static bool take(const decoder *d, answer *a, ew_token token) {
    unsigned flags = ew_token_flags(d->tokenizer, token);
    if (flags & EW_TOKEN_EOG) return a->fit == CALLS_COMPLETE;
    return !(flags & EW_TOKEN_CONTROL) && take_text(d, a, token);
}

/* -1 when all have been tried. */
static ew_token most_probable(const decoder *d) {
    ew_token best = -1;
    float most = -INFINITY;
    for (size_t i = 0; i < d->n_vocab; i++) {
        if (!(d->logits[i] > most)) continue;
        most = d->logits[i];
        best = (ew_token)i;
    }
    return best;
}

static double log_of_sum(const float *logits, size_t n) {
    double most = -HUGE_VAL, sum = 0;
    for (size_t i = 0; i < n; i++) most = fmax(most, (double)logits[i]);
    for (size_t i = 0; i < n; i++) sum += exp((double)logits[i] - most);
    return most + log(sum);
}

static void count(answer *a, double p) {
    a->lowest = a->n_tokens ? fmin(a->lowest, p) : p;
    a->confidence += (p - a->confidence) / ++a->n_tokens;
}

/* The most probable token that fits, added to the answer; -1 when none does. */
static ew_token choose(decoder *d, answer *a) {
    double log_sum = log_of_sum(d->logits, d->n_logits);
    for (;;) {
        ew_token token = most_probable(d);
        if (token < 0) return -1;
        if (take(d, a, token)) {
            count(a, exp((double)d->logits[token] - log_sum));
            return token;
        }
        d->logits[token] = -INFINITY;
    }
}

/* ---- an answer ---- */

static void keep_logits(void *user, size_t row, const float *logits) {
    decoder *d = (decoder *)user;
    (void)row;
    memcpy(d->logits, logits, d->n_logits * sizeof *logits);
}

/* A request's own <|tool|> stays text: nobody can say where a request ends but we. */
static ew_status read_request(decoder *d, answer *a, ew_error *err) {
    size_t room = ew_session_n_ctx(d->session) - 1, n = 0;
    ew_session_truncate(d->session, 0);
    ew_status status = ew_tokenizer_encode(d->tokenizer, a->request, 0, d->prompt + 1, room, &n, err);
    if (status != EW_OK) return status;
    if (n >= room) a->end = ANSWER_NO_ROOM;
    if (n >= room) return EW_OK;
    d->prompt[0] = d->user;
    return ew_eval(d->session, d->prompt, n + 1, NULL, NULL, err);
}

static ew_status write_answer(decoder *d, answer *a, ew_error *err) {
    ew_token token = d->tool;
    do {
        a->end = ANSWER_UNFINISHED;
        if (ew_session_length(d->session) == ew_session_n_ctx(d->session)) return EW_OK;
        ew_status status = ew_eval(d->session, &token, 1, keep_logits, d, err);
        if (status != EW_OK) return status;
        token = choose(d, a);
        if (token < 0) return EW_OK;
    } while (!(ew_token_flags(d->tokenizer, token) & EW_TOKEN_EOG));
    a->end = ANSWER_DONE;
    return EW_OK;
}

ew_status decoder_answer(decoder *d, ew_str request, answer *a, ew_error *err) {
    memset(a, 0, sizeof *a);
    a->request = request;
    ew_status status = read_request(d, a, err);
    if (status == EW_OK && a->end == ANSWER_DONE) status = write_answer(d, a, err);
    a->text[a->len] = '\0';
    return status;
}
