#include "serve/embedding_job.h"

#include "engine/ranking.h"
#include "serve/api.h"

/* ---- on the scheduler's thread ---- */

static void fail(const ewi_embedding *job, const ew_error *err) {
    ewi_refusal refusal;
    ewi_refuse_error(&refusal, job->how->field, err);
    if (err->status == EW_LIMIT) refusal.http = 400;
    ewi_answer_refuse(job->answer, &refusal);
}

static ew_status run(const ewi_embedding *job, ew_error *err) {
    const ewi_prompt *prompt = &job->prompts[job->at];
    float *out = job->vectors + job->at * job->width;
    ew_session *session = job->answer->host->embedding;
    ew_embed_options options = {.struct_size = sizeof options, .keep_length = job->keep_length};
    if (!job->seconds) return ew_embed(session, prompt->tokens, prompt->n, &options, out, err);
    return ewi_rank_pair(session, prompt->tokens, (ewi_encoded_pair){prompt->n, job->seconds[job->at]}, out,
                         err);
}

static void embed_next(void *user) {
    ewi_embedding *job = user;
    ew_error err = {0};
    if (run(job, &err)) {
        fail(job, &err);
        return;
    }
    job->answer->n_read += job->prompts[job->at].n;
    if (++job->at == job->n) {
        job->how->tell(job);
        ewi_answer_reply(job->answer);
        return;
    }
    if (ewi_scheduler_call(job->answer->host->scheduler, embed_next, job, &err)) fail(job, &err);
}

/* ---- the request ---- */

static bool hold(ewi_embedding *job, ew_str model, bool ranks, ewi_refusal *refusal) {
    ewi_answer *answer = job->answer;
    ewi_models *models = ewi_server_models(answer->server);
    answer->host = ewi_models_hold(models, model, refusal);
    if (!answer->host) return false;
    const ew_model_info info = ew_model_get_info(answer->host->model);
    if (ranks && info.pooling != EW_POOLING_RANK)
        return ewi_refuse(refusal, 501, "model",
                          "%s: not supported: it has no ranking head; a cross-encoder (such as bge-reranker) "
                          "is needed, and distances of embeddings are no scores of one",
                          answer->host->name);
    if (!ranks && info.pooling == EW_POOLING_RANK)
        return ewi_refuse(refusal, 400, "model", "%s: it scores pairs of texts: see /v1/rerank",
                          answer->host->name);
    job->width = ranks ? 1 : info.d_model;
    return ewi_models_embedder(models, answer->host, refusal);
}

bool ewi_embedding_hold(ewi_embedding *job, ew_str model, ewi_refusal *refusal) {
    return hold(job, model, false, refusal);
}

bool ewi_embedding_hold_ranker(ewi_embedding *job, ew_str model, ewi_refusal *refusal) {
    return hold(job, model, true, refusal);
}

unsigned ewi_embedding_flags(const ewi_host *host) {
    return EW_ENCODE_EOS | (ew_tokenizer_adds_bos(host->tokenizer) ? EW_ENCODE_BOS : 0u);
}

/* An encoder sees a text in one step. */
size_t ewi_embedding_limit(const ewi_host *host) {
    size_t n_rows = ew_engine_get_info(host->engine).n_rows;
    bool one_step = ew_model_get_info(host->model).is_encoder && n_rows < host->n_ctx;
    return one_step ? n_rows : host->n_ctx;
}

bool ewi_embedding_check_width(const ewi_embedding *job, int64_t width, ewi_refusal *refusal) {
    return width == 0 || (uint64_t)width == job->width ||
           ewi_refuse(refusal, 400, "dimensions", "dimensions: the model makes %zu", job->width);
}

uint64_t ewi_embedding_count_tokens(const ewi_embedding *job) {
    uint64_t n = 0;
    for (size_t i = 0; i < job->n; i++) n += job->prompts[i].n;
    return n;
}

void ewi_embedding_put(ewi_json_out *json, const char *key, const ewi_embedding *job, size_t index) {
    const float *vector = job->vectors + index * job->width;
    ewi_json_out_open(json, key, '[');
    for (size_t i = 0; i < job->width; i++) ewi_json_out_float(json, NULL, vector[i]);
    ewi_json_out_close(json);
}

static bool check_prompts(const ewi_embedding *job, ewi_refusal *refusal) {
    const char *field = job->how->field;
    size_t limit = ewi_embedding_limit(job->answer->host);
    for (size_t i = 0; i < job->n; i++) {
        size_t n = job->prompts[i].n;
        if (n == 0) return ewi_refuse(refusal, 400, field, "%s[%zu]: it is empty", field, i);
        if (n <= limit) continue;
        ewi_refuse(refusal, 400, field, "%s[%zu]: %zu tokens, the model takes %zu", field, i, n, limit);
        refusal->code = "context_length_exceeded";
        return false;
    }
    return true;
}

static bool prepare(ewi_embedding *job, ewi_refusal *refusal) {
    if (!job->how->prepare(job, refusal) || !check_prompts(job, refusal)) return false;
    job->vectors = ewi_arena_array(&job->answer->arena, job->n * job->width + 1, sizeof *job->vectors);
    return job->vectors || ewi_refuse(refusal, 503, NULL, "out of memory");
}

static void start(ewi_embedding *job) {
    ew_error err = {0};
    if (job->n == 0) {
        job->how->tell(job);
        ewi_answer_reply(job->answer);
    } else if (ewi_scheduler_call(job->answer->host->scheduler, embed_next, job, &err))
        fail(job, &err);
}

void ewi_embedding_handle(ewi_server *server, ewi_exchange *exchange, const ewi_embedding_api *how) {
    ewi_refusal refusal = {0};
    ewi_answer *answer = ewi_answer_new(server, exchange, how->api, &refusal);
    if (!answer) {
        ewi_api_refuse(exchange, &refusal);
        return;
    }
    ewi_embedding *job = ewi_arena_array(&answer->arena, 1, sizeof *job);
    if (job) *job = (ewi_embedding){.how = how, .answer = answer};
    if (job ? prepare(job, &refusal) : ewi_refuse(&refusal, 503, NULL, "out of memory"))
        start(job);
    else
        ewi_answer_refuse(answer, &refusal);
}
