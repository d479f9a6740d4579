/* ranking.c: a cross-encoder's score of a query and a document (arXiv 1901.04085). */
#include "engine/ranking.h"

#include "base/error.h"
#include "base/mem.h"

static void take_score(void *user, size_t row, const ewi_head *head) {
    (void)row;
    *(float *)user = head->logits[0];
}

static ew_status check_engine(const ew_engine *e, ew_error *err) {
    if (e->output == EWI_OUTPUT_SCORE) return EW_OK;
    return ewi_fail(err, EW_UNSUPPORTED,
                    "the model has no head that ranks: it needs a cross-encoder, such as bge-reranker");
}

ew_status ewi_rank_pair(ew_session *session, const ew_token *tokens, ewi_encoded_pair pair, float *score,
                        ew_error *err) {
    const ew_engine *e = session->engine;
    EWI_TRY(check_engine(e, err));
    ew_session_truncate(session, 0);
    if (pair.n > session->n_ctx)
        return ewi_fail(err, EW_CONTEXT_FULL, "a pair of %zu tokens does not fit a context of %u positions",
                        pair.n, session->n_ctx);
    if (pair.n > e->plan.n_rows)
        return ewi_fail(err, EW_LIMIT,
                        "a pair of %zu tokens: an encoder takes all of them in one step, and this engine's "
                        "steps have %u rows",
                        pair.n, e->plan.n_rows);
    session->second = (uint32_t)pair.second;
    ew_status status = ewi_session_eval(session, tokens, pair.n, EWI_WANTS_FIRST, take_score, score, err);
    session->second = UINT32_MAX;
    return status;
}

/* Mostly a token is a byte at least. */
static ew_status encode_query(const ew_tokenizer *tokenizer, ew_str text, ew_token **out, size_t *n,
                              ew_error *err) {
    size_t cap = text.len + 4;
    *out = ewi_alloc_array(cap, sizeof **out);
    if (!*out) return ewi_no_memory(err, "a query");
    EWI_TRY(ew_tokenizer_encode(tokenizer, text, 0, *out, cap, n, err));
    if (*n <= cap) return EW_OK;
    cap = *n;
    ewi_free(*out);
    *out = ewi_alloc_array(cap, sizeof **out);
    return *out ? ew_tokenizer_encode(tokenizer, text, 0, *out, cap, n, err) : ewi_no_memory(err, "a query");
}

/* More tokens than the context has are never needed. */
static ew_status rank(ew_session *session, const ew_token *query, size_t n_query, ew_str document,
                      float *score, size_t *n_tokens, ew_error *err) {
    ewi_encoded_pair pair;
    ew_token *tokens = ewi_alloc_array(session->n_ctx, sizeof *tokens);
    if (!tokens) return ewi_no_memory(err, "the tokens of a pair");
    ew_status status = ewi_encode_pair(session->engine->model->tokenizer, query, n_query, document, tokens,
                                       session->n_ctx, &pair, err);
    if (status == EW_OK) status = ewi_rank_pair(session, tokens, pair, score, err);
    if (status == EW_OK && n_tokens) *n_tokens = pair.n;
    ewi_free(tokens);
    return status;
}

ew_status ew_rank(ew_session *session, ew_str query, ew_str document, float *score, size_t *n_tokens,
                  ew_error *err) {
    EWI_REQUIRE(session && score, err);
    EWI_REQUIRE((query.data || !query.len) && (document.data || !document.len), err);
    const ew_tokenizer *tokenizer = session->engine->model->tokenizer;
    ew_token *tokens;
    size_t n;
    EWI_TRY(check_engine(session->engine, err));
    if (!tokenizer) return ewi_fail(err, EW_UNSUPPORTED, "the model's files hold no vocabulary");
    ew_status status = encode_query(tokenizer, query, &tokens, &n, err);
    if (status == EW_OK) status = rank(session, tokens, n, document, score, n_tokens, err);
    ewi_free(tokens);
    return status;
}
