/*
 * evaluation.c: what a model says of a text, alone or beside a base model.
 *
 * Both run the same tokens chunk by chunk. The base's logits of a chunk are kept; the model's are compared
 * with them as they come, as many rows at a time as the head has, their vocabularies shared by the threads.
 */
#include "measure/evaluation.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/checked.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "engine/engine.h"
#include "engine/ops.h"
#include "kernels/elementary.h"
#include "measure/divergence.h"
#include "measure/layers.h"
#include "measure/tally.h"

#define MAX_KEPT_BYTES ((size_t)256 << 20) /* logits of the base */
#define MAX_BASE_BYTES ((size_t)1 << 30)   /* all of them, where they are kept for other evaluations */
#define COST_OF_LOGIT  64u                 /* multiplications, roughly */

typedef struct evaluation {
    ew_session *session, *base; /* base: NULL, alone */
    size_t n_vocab;
    ew_token bos; /* what a window begins with; -1: its own first token */
    ew_token *tokens, *window;
    size_t n_tokens, n_ctx, stride, first; /* position of the first token of a window that is scored */
    size_t chunk, chunk_at;                /* rows at most; position of the present one's first */
    size_t window_row;                     /* of the present window's first position among all windows' */
    ewi_base_rows own;                     /* [chunk] of the present chunk */
    ewi_base_rows *all;                    /* of all chunks; NULL: they are not kept */
    ewi_base_rows at;                      /* the present chunk's, in one of them */
    ewi_divergence_sums *sums;             /* [head_rows, spans of n_vocab] of the rows at hand */
    size_t n_summed, n_at_hand;            /* such rows, and those that are not scored yet */
    double *klds;
    ewi_layers *layers; /* NULL: not compared */
    size_t n_scored, max_scored;
    bool is_finite; /* all logits so far */
    ewi_tally nll, nll_base, log_ratio, kld, top1, dp, dp_squared;
    ew_progress_fn on_progress;
    void *user;
    uint64_t done, total; /* positions of both */
    ew_error *err;
} evaluation;

/* ---- one scored token ---- */

/* Rows that the head has, and the first one's number in the chunk. */
typedef struct batch {
    evaluation *e;
    const ew_engine *engine;
    const ewi_head *head;
    size_t row;
} batch;

static ewi_head head_of(const batch *b, size_t i) {
    const ewi_head *head = b->head;
    return (ewi_head){head->n, head->logits + i * head->n, head->peaks + i * ewi_n_peaks(head->n),
                      head->n_rows - i};
}

/* What all threads do for the rows at hand. */
static void share_rows(batch *b, ewi_work_fn work) {
    ewi_op_share(b->engine, b->head->n_rows * b->e->n_vocab * COST_OF_LOGIT, work, b);
}

static void copy_share(void *arg, const ewi_share *share) {
    const batch *b = arg;
    const size_t n = b->head->n_rows * b->head->n;
    size_t begin, end;
    ewi_split(n, 16, share, &begin, &end);
    memcpy(b->e->at.logits + b->row * b->e->n_vocab + begin, b->head->logits + begin,
           (end - begin) * sizeof *b->e->at.logits);
}

static void keep_base(void *user, size_t row, const ewi_head *head) {
    evaluation *e = user;
    batch b = {e, e->base->engine, head, row};
    const ewi_kernels *kern = b.engine->kern;
    if (e->n_at_hand == 0) {
        share_rows(&b, copy_share);
        e->n_at_hand = head->n_rows;
    }
    e->n_at_hand--;
    e->at.rows[row] = (ewi_base_row){kern->max(head->peaks, ewi_n_peaks(head->n)), ewi_head_best(kern, head)};
}

static ewi_divergence_rows rows_of(const evaluation *e, size_t row, const ewi_head *head) {
    const float *base = e->base ? e->at.logits + row * e->n_vocab : NULL;
    const ewi_kernels *kern = e->session->engine->kern;
    return (ewi_divergence_rows){.n = e->n_vocab,
                                 .base = base,
                                 .model = head->logits,
                                 .max_base = base ? e->at.rows[row].max : 0,
                                 .max_model = kern->max(head->peaks, ewi_n_peaks(head->n))};
}

static void sum_share(void *arg, const ewi_share *share) {
    const batch *b = arg;
    const size_t n_spans = ewi_n_spans(b->e->n_vocab);
    size_t begin, end;
    ewi_split(b->head->n_rows * n_spans, 1, share, &begin, &end);
    for (size_t i = begin; i < end;) {
        const size_t row = i / n_spans;
        const ewi_head head = head_of(b, row);
        const ewi_divergence_rows rows = rows_of(b->e, b->row + row, &head);
        for (; i < end && i / n_spans == row; i++)
            ewi_span_sum(b->engine->kern, &rows, i % n_spans, &b->e->sums[i]);
    }
}

static void add_compared(evaluation *e, double nll, double nll_base, double kld, bool same_best) {
    double dp = ewi_exp(-nll) - ewi_exp(-nll_base);
    ewi_tally_add(&e->nll_base, nll_base);
    ewi_tally_add(&e->log_ratio, nll - nll_base);
    ewi_tally_add(&e->kld, kld);
    ewi_tally_add(&e->top1, same_best);
    ewi_tally_add(&e->dp, dp);
    ewi_tally_add(&e->dp_squared, dp * dp);
    e->klds[e->n_scored] = kld;
}

/* The sums of a row, made with those of all rows that the head has. */
static const ewi_divergence_sums *sums_of(evaluation *e, size_t row, const ewi_head *head) {
    batch b = {e, e->session->engine, head, row};
    if (e->n_at_hand == 0) {
        EW_ASSERT(head->n_rows <= b.engine->plan.head_rows);
        share_rows(&b, sum_share);
        e->n_at_hand = e->n_summed = head->n_rows;
    }
    return e->sums + (e->n_summed - e->n_at_hand--) * ewi_n_spans(e->n_vocab);
}

static void score(void *user, size_t row, const ewi_head *head) {
    evaluation *e = user;
    const ew_token next = e->window[e->chunk_at + row + 1];
    const ewi_divergence_sums *sums = sums_of(e, row, head);
    const ewi_divergence_rows rows = rows_of(e, row, head);
    ewi_divergence d = ewi_divergence_of(&rows, sums);
    double nll = d.log_sum - (double)head->logits[next];
    double nll_base = rows.base ? d.log_sum_base - (double)rows.base[next] : 0;
    e->is_finite = e->is_finite && isfinite(nll) && isfinite(nll_base) && isfinite(d.kld);
    if (!e->is_finite) return;
    EW_ASSERT(e->n_scored < e->max_scored);
    ewi_tally_add(&e->nll, nll);
    if (rows.base)
        add_compared(e, nll, nll_base, d.kld,
                     ewi_head_best(e->session->engine->kern, head) == e->at.rows[row].best);
    e->n_scored++;
}

/* ---- windows ---- */

static ew_status tell(evaluation *e, size_t n) {
    e->done += n;
    if (!e->is_finite)
        return ewi_fail(e->err, EW_FORMAT,
                        "after %zu scored tokens the logits hold infinities or NaN: the weights are damaged",
                        e->n_scored);
    if (!e->on_progress || e->on_progress(e->user, e->done, e->total)) return EW_OK;
    return ewi_fail(e->err, EW_CANCELLED, "cancelled after %zu scored tokens", e->n_scored);
}

static bool runs_base(const evaluation *e) {
    return e->base && !(e->all && e->all->filled);
}

/* The model's or the base's steps, in a chunk. */
static ew_status run_steps(evaluation *e, ew_session *session, size_t n, bool scored, ewi_head_fn on_head) {
    const ewi_wants wants = scored ? EWI_WANTS_ALL : EWI_WANTS_NONE;
    ewi_base_states *states = e->all ? e->all->states : NULL;
    if (states && session == e->base) ewi_base_states_keep(states, session, e->window_row);
    if (states && session != e->base) ewi_base_states_begin(states, session, e->window_row);
    ew_status status = ewi_session_eval(session, e->window + e->chunk_at, n, wants, on_head, e, e->err);
    if (states) ewi_base_states_end(session);
    EWI_TRY(status);
    return tell(e, n);
}

static ew_status run_chunk(evaluation *e, size_t n, bool scored) {
    ewi_layers_watch(e->layers, scored, (uint32_t)e->chunk_at);
    e->at = e->own;
    if (e->all) {
        e->at.logits = e->all->logits + e->n_scored * e->n_vocab;
        e->at.rows = e->all->rows + e->n_scored;
    }
    if (runs_base(e)) EWI_TRY(run_steps(e, e->base, n, scored, keep_base));
    return run_steps(e, e->session, n, scored, score);
}

/* The last token's logits would be about what comes after the window: it is not run. */
static ew_status run_window(evaluation *e, size_t at) {
    memcpy(e->window, e->tokens + at, e->n_ctx * sizeof *e->window);
    if (e->bos >= 0) e->window[0] = e->bos;
    ew_session_truncate(e->session, 0);
    if (e->base) ew_session_truncate(e->base, 0);
    size_t end = e->n_ctx - 1, unscored = e->first - 1;
    for (size_t n; e->chunk_at < end; e->chunk_at += n) {
        size_t rest = e->chunk_at < unscored ? unscored - e->chunk_at : end - e->chunk_at;
        n = rest < e->chunk ? rest : e->chunk;
        EWI_TRY(run_chunk(e, n, e->chunk_at >= unscored));
    }
    e->chunk_at = 0;
    return EW_OK;
}

static ew_status run_windows(evaluation *e) {
    size_t n_windows = (e->n_tokens - e->n_ctx) / e->stride + 1;
    e->total = (uint64_t)n_windows * (e->n_ctx - 1) * (runs_base(e) ? 2 : 1);
    for (size_t i = 0; i < n_windows; i++) {
        e->window_row = i * (e->n_ctx - 1);
        EWI_TRY(run_window(e, i * e->stride));
    }
    return EW_OK;
}

/* Unless they are there already, or too many. */
static ew_status keep_all(evaluation *e, ewi_base_rows *kept, bool compares_layers) {
    if (!kept || !e->base || e->max_scored > MAX_BASE_BYTES / sizeof(float) / e->n_vocab) return EW_OK;
    if (!kept->logits) {
        const size_t n_windows = (e->n_tokens - e->n_ctx) / e->stride + 1;
        kept->logits = ewi_alloc_array(e->max_scored, e->n_vocab * sizeof *kept->logits);
        kept->rows = ewi_alloc_array(e->max_scored, sizeof *kept->rows);
        if (!kept->logits || !kept->rows) return ewi_no_memory(e->err, "the base's logits");
        if (!compares_layers)
            EWI_TRY(ewi_base_states_new(e->base, n_windows * (e->n_ctx - 1), &kept->states, e->err));
    }
    e->all = kept;
    return EW_OK;
}

static ew_status allocate(evaluation *e) {
    size_t n_windows = (e->n_tokens - e->n_ctx) / e->stride + 1, kept_rows = e->base ? e->chunk : 0;
    bool fits = ewi_mul_size(n_windows, e->n_ctx - e->first, &e->max_scored);
    e->window = ewi_alloc_array(e->n_ctx, sizeof *e->window);
    e->own.logits = ewi_alloc_array(kept_rows * e->n_vocab, sizeof *e->own.logits);
    e->own.rows = ewi_alloc_array(kept_rows, sizeof *e->own.rows);
    e->sums = ewi_alloc_array(e->session->engine->plan.head_rows * ewi_n_spans(e->n_vocab), sizeof *e->sums);
    e->klds = ewi_alloc_array(e->base && fits ? e->max_scored : 0, sizeof *e->klds);
    bool ok = fits && e->window && e->own.logits && e->own.rows && e->sums && e->klds;
    return ok ? EW_OK : ewi_no_memory(e->err, "an evaluation");
}

/* As many rows as either engine takes at once, where their logits are not too many. */
static size_t chunk_of(const evaluation *e) {
    size_t rows = e->session->engine->plan.n_rows, most = MAX_KEPT_BYTES / sizeof(float) / e->n_vocab;
    if (!e->base) return rows;
    if (e->base->engine->plan.n_rows > rows) rows = e->base->engine->plan.n_rows;
    if (rows > most) rows = most;
    return rows > 0 ? rows : 1;
}

/* ---- the text ---- */

static ew_status check_text(ew_str text, ew_error *err) {
    if (text.len == 0) return ewi_fail(err, EW_FORMAT, "the text is empty");
    if (!ewi_utf8_valid((const uint8_t *)text.data, text.len))
        return ewi_fail(err, EW_FORMAT, "the text is not UTF-8");
    return EW_OK;
}

static unsigned flags_of(const ew_tokenizer *tokenizer, bool special) {
    return (ew_tokenizer_adds_bos(tokenizer) ? EW_ENCODE_BOS : 0u) | (special ? EW_ENCODE_SPECIAL : 0u);
}

/* To be freed, also when it fails. */
static ew_status encode(const ew_tokenizer *tokenizer, ew_str text, bool special, ew_token **tokens,
                        size_t *n, ew_error *err) {
    *n = text.len + 2; /* no token of a text is empty; more only where a vocabulary adds a lot around it */
    for (size_t cap = 0; cap < *n;) {
        cap = *n;
        ewi_free(*tokens);
        *tokens = ewi_alloc_array(cap, sizeof **tokens);
        if (!*tokens) return ewi_no_memory(err, "a text's tokens");
        EWI_TRY(ew_tokenizer_encode(tokenizer, text, flags_of(tokenizer, special), *tokens, cap, n, err));
    }
    return EW_OK;
}

static ew_status check_stride(const evaluation *e, uint32_t stride) {
    if (e->n_ctx < 3)
        return ewi_fail(e->err, EW_INVALID, "windows of %zu tokens leave nothing to score: 3 at least",
                        e->n_ctx);
    if (stride >= e->n_ctx)
        return ewi_fail(e->err, EW_INVALID,
                        "a stride of %u, but windows have %zu tokens: it is less than that", stride,
                        e->n_ctx);
    return EW_OK;
}

static ew_status check_length(const evaluation *e) {
    if (e->n_tokens >= e->n_ctx) return EW_OK;
    return ewi_fail(
        e->err, EW_FORMAT,
        "the text has %zu tokens, less than a window of %zu: give more of it, or ask for a shorter "
        "context",
        e->n_tokens, e->n_ctx);
}

/* ---- two vocabularies ---- */

static ew_status compare_spellings(const ew_tokenizer *a, const ew_tokenizer *b, ew_error *err) {
    size_t n = ew_tokenizer_n_vocab(a), n_base = ew_tokenizer_n_vocab(b);
    for (size_t i = 0; i < n && i < n_base; i++) {
        ew_str x = ew_token_spelling(a, (ew_token)i), y = ew_token_spelling(b, (ew_token)i);
        if (!ewi_str_eq(x, y))
            return ewi_fail(
                err, EW_UNSUPPORTED,
                "the models have different vocabularies: token %zu is \"%.*s\", the base's \"%.*s\"", i,
                EWI_STR_ARG(x), EWI_STR_ARG(y));
    }
    return EW_OK;
}

static ew_status compare_tokens(const evaluation *e, const ew_token *base, size_t n_base) {
    size_t n = e->n_tokens < n_base ? e->n_tokens : n_base, i = 0;
    while (i < n && e->tokens[i] == base[i]) i++;
    if (i == e->n_tokens && i == n_base) return EW_OK;
    return ewi_fail(e->err, EW_UNSUPPORTED,
                    "the models have different tokenizers: they cut the text otherwise from token %zu on", i);
}

static ew_status compare_vocabularies(const evaluation *e, ew_str text, bool special) {
    const ew_model *model = e->session->engine->model, *base = e->base->engine->model;
    if (model->n_vocab != base->n_vocab)
        return ewi_fail(e->err, EW_UNSUPPORTED,
                        "the models have different vocabularies: %u tokens, the base %u", model->n_vocab,
                        base->n_vocab);
    if (!base->tokenizer) return EW_OK; /* nothing to tell them apart by */
    EWI_TRY(compare_spellings(model->tokenizer, base->tokenizer, e->err));
    ew_token *tokens = NULL;
    size_t n;
    ew_status status = encode(base->tokenizer, text, special, &tokens, &n, e->err);
    if (status == EW_OK) status = compare_tokens(e, tokens, n);
    ewi_free(tokens);
    return status;
}

/* ---- the whole ---- */

static void report(evaluation *e, ew_evaluation *out) {
    uint64_t n_windows = (e->n_tokens - e->n_ctx) / e->stride + 1;
    *out = (ew_evaluation){
        .n_tokens = e->n_tokens,
        .n_windows = n_windows,
        .n_scored = e->n_scored,
        .n_unused = e->n_tokens - (n_windows - 1) * e->stride - e->n_ctx,
        .n_ctx = (uint32_t)e->n_ctx,
        .n_stride = (uint32_t)e->stride,
        .ppl = ewi_tally_exp(&e->nll),
        .ppl_base = ewi_tally_exp(&e->nll_base),
        .ppl_ratio = ewi_tally_exp(&e->log_ratio),
        .kld = ewi_tally_get(&e->kld),
        .top1 = ewi_tally_get(&e->top1),
        .dp = ewi_tally_get(&e->dp),
        .dp_rms = ewi_tally_root(&e->dp_squared),
    };
    if (e->base) ewi_quantiles(e->klds, e->n_scored, out->kld_quantiles, EW_KLD_PARTS);
}

static ew_status evaluate(evaluation *e, ew_str text, const ew_evaluate_options *o, ewi_base_rows *kept,
                          ew_evaluation *out) {
    const uint32_t stride = o->stride;
    const ew_model *model = e->session->engine->model;
    if (!model->tokenizer)
        return ewi_fail(e->err, EW_UNSUPPORTED,
                        "the model holds no vocabulary, so that text cannot become tokens");
    e->n_ctx = e->session->n_ctx;
    if (e->base && e->base->n_ctx != e->n_ctx)
        return ewi_fail(e->err, EW_INVALID, "sessions of %zu and %u positions cannot be compared", e->n_ctx,
                        e->base->n_ctx);
    EWI_TRY(check_stride(e, stride));
    EWI_TRY(check_text(text, e->err));
    EWI_TRY(encode(model->tokenizer, text, o->special, &e->tokens, &e->n_tokens, e->err));
    if (e->base) EWI_TRY(compare_vocabularies(e, text, o->special));
    if (o->n_tokens && o->n_tokens < e->n_tokens) e->n_tokens = o->n_tokens;
    EWI_TRY(check_length(e));
    e->n_vocab = model->n_vocab;
    e->bos = ew_tokenizer_adds_bos(model->tokenizer) ? ew_tokenizer_bos(model->tokenizer) : -1;
    e->stride = stride ? stride : e->n_ctx;
    e->first = stride ? e->n_ctx - stride : e->n_ctx / 2 + 1;
    e->chunk = chunk_of(e);
    e->is_finite = true;
    EWI_TRY(allocate(e));
    EWI_TRY(keep_all(e, kept, o->layer_errors));
    if (e->base && o->layer_errors)
        EWI_TRY(ewi_layers_new(e->session, e->base, e->chunk, &e->layers, e->err));
    EWI_TRY(run_windows(e));
    if (e->all) e->all->filled = true;
    report(e, out);
    if (e->base && o->layer_errors)
        ewi_layers_get(e->layers, o->layer_errors, e->base->engine->model->hparams.n_layers + 1);
    return EW_OK;
}

/* What it holds, and a wish to cancel that came too late for this call. */
static void forget(ew_session *session) {
    if (!session) return;
    ew_session_truncate(session, 0);
    ewi_flag_take(&session->cancelled);
}

void ewi_base_rows_deinit(ewi_base_rows *kept) {
    ewi_free(kept->logits);
    ewi_free(kept->rows);
    ewi_base_states_free(kept->states);
}

ew_status ewi_evaluate(ew_session *session, ew_session *base, ew_str text, const ew_evaluate_options *options,
                       ewi_base_rows *kept, ew_progress_fn on_progress, void *user, ew_evaluation *out,
                       ew_error *err) {
    EWI_REQUIRE(session && session != base && (text.data || text.len == 0) && out, err);
    EWI_REQUIRE(!options || options->struct_size == sizeof *options, err);
    EWI_TRY(ewi_engine_check_text(session->engine, err));
    if (base) EWI_TRY(ewi_engine_check_text(base->engine, err));
    evaluation e = {.session = session, .base = base, .on_progress = on_progress, .user = user, .err = err};
    ew_status status = evaluate(&e, text, options ? options : &(ew_evaluate_options){0}, kept, out);
    forget(session);
    forget(base);
    ewi_layers_free(e.layers);
    ewi_free(e.tokens);
    ewi_free(e.window);
    ewi_base_rows_deinit(&e.own);
    ewi_free(e.sums);
    ewi_free(e.klds);
    return status;
}

ew_status ew_evaluate(ew_session *session, ew_session *base, ew_str text, const ew_evaluate_options *options,
                      ew_progress_fn on_progress, void *user, ew_evaluation *out, ew_error *err) {
    return ewi_evaluate(session, base, text, options, NULL, on_progress, user, out, err);
}
