/* llamacpp_rerank.c: POST /rerank, /v1/rerank: documents in the order in which they answer a query, in the
 * form of Jina and Cohere (https://jina.ai/reranker). */
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "format/json.h"
#include "serve/api.h"
#include "serve/embedding_job.h"
#include "serve/llamacpp.h"
#include "serve/openai.h"
#include "text/encode_pair.h"

typedef struct rerank_ask {
    ew_str model, query, documents;
    int64_t top_n;
    bool return_documents;
    ew_str *texts; /* [the job's n] */
} rerank_ask;

static const ewi_field fields[] = {
    {.name = "model", .kind = EWI_FIELD_TEXT, .offset = offsetof(rerank_ask, model)},
    {.name = "query", .kind = EWI_FIELD_TEXT, .offset = offsetof(rerank_ask, query)},
    {.name = "documents", .kind = EWI_FIELD_RAW, .offset = offsetof(rerank_ask, documents)},
    {"top_n", EWI_FIELD_COUNT, offsetof(rerank_ask, top_n), 1, 1 << 20, NULL, 0},
    {.name = "return_documents", .kind = EWI_FIELD_BOOL, .offset = offsetof(rerank_ask, return_documents)},
    {.name = "user", .kind = EWI_FIELD_IGNORED},
};

/* ---- the reply ---- */

typedef struct rated {
    size_t index;
    float score;
} rated;

/* What is no number comes last. */
static float rank_of(const rated *r) {
    return isnan(r->score) ? -INFINITY : r->score;
}

static int better(const void *a, const void *b) {
    const rated *x = a, *y = b;
    const float p = rank_of(x), q = rank_of(y);
    if (p > q || p < q) return p > q ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

static void put_result(ewi_json_out *json, const rerank_ask *ask, const rated *r) {
    ewi_json_out_open(json, NULL, '{');
    ewi_json_out_count(json, "index", r->index);
    ewi_json_out_float(json, "relevance_score", r->score);
    if (ask->return_documents) {
        ewi_json_out_open(json, "document", '{');
        ewi_json_out_string(json, "text", ask->texts[r->index]);
        ewi_json_out_close(json);
    }
    ewi_json_out_close(json);
}

static void put_results(ewi_json_out *json, const ewi_embedding *job) {
    const rerank_ask *ask = job->answer->own;
    const size_t n = ask->top_n && (uint64_t)ask->top_n < job->n ? (size_t)ask->top_n : job->n;
    rated *list = ewi_arena_array(&job->answer->arena, job->n, sizeof *list);
    if (!list) {
        job->answer->out.failed = true;
        return;
    }
    for (size_t i = 0; i < job->n; i++) list[i] = (rated){i, job->vectors[i]};
    qsort(list, job->n, sizeof *list, better);
    for (size_t i = 0; i < n; i++) put_result(json, ask, &list[i]);
}

static void tell(const ewi_embedding *job) {
    ewi_json_out json = {.out = &job->answer->out};
    ewi_json_out_open(&json, NULL, '{');
    ewi_json_out_text(&json, "model", job->answer->host->name);
    ewi_json_out_text(&json, "object", "list");
    ewi_json_out_open(&json, "usage", '{');
    ewi_json_out_count(&json, "prompt_tokens", ewi_embedding_count_tokens(job));
    ewi_json_out_count(&json, "total_tokens", ewi_embedding_count_tokens(job));
    ewi_json_out_close(&json);
    ewi_json_out_open(&json, "results", '[');
    put_results(&json, job);
    ewi_json_out_close_all(&json);
}

/* ---- the documents ---- */

static bool no_memory(ewi_refusal *refusal) {
    return ewi_refuse(refusal, 503, "documents", "documents: no memory for them");
}

static bool refuse_document(size_t i, const char *what, ewi_refusal *refusal) {
    char param[64];
    snprintf(param, sizeof param, "documents[%zu]", i);
    return ewi_refuse(refusal, 400, param, "%s: %s", param, what);
}

/* {"text": "..."} */
static bool read_object(ewi_json *json, size_t i, ew_str *text, ewi_refusal *refusal) {
    ew_str key;
    *text = (ew_str){0};
    if (ewi_json_enter_object(json, NULL)) return no_memory(refusal);
    while (ewi_json_next_key(json, &key)) {
        if (!ewi_str_is(key, "text"))
            return refuse_document(i, "of an object only \"text\" is read", refusal);
        if (text->data) return refuse_document(i, "\"text\" comes twice", refusal);
        if (ewi_json_peek(json) != EWI_JSON_STRING || ewi_json_read_string(json, text, NULL))
            return refuse_document(i, "\"text\": a string is expected", refusal);
    }
    return text->data || refuse_document(i, "\"text\" is missing", refusal);
}

static bool read_document(ewi_json *json, size_t i, ew_str *text, ewi_refusal *refusal) {
    const ewi_json_kind kind = ewi_json_peek(json);
    if (kind == EWI_JSON_OBJECT) return read_object(json, i, text, refusal);
    if (kind != EWI_JSON_STRING)
        return refuse_document(i, "a string, or an object with one, is expected", refusal);
    return ewi_json_read_string(json, text, NULL) == EW_OK || no_memory(refusal);
}

static bool read_documents(ewi_embedding *job, rerank_ask *ask, ewi_refusal *refusal) {
    ewi_json json;
    size_t n = 0;
    const ew_str text = ask->documents;
    ewi_json_init(&json, (ewi_bytes){(const uint8_t *)text.data, text.len}, &job->answer->arena);
    if (text.len == 0) return ewi_refuse(refusal, 400, "documents", "documents: they are missing");
    if (ewi_json_peek(&json) != EWI_JSON_ARRAY)
        return ewi_refuse(refusal, 400, "documents", "documents: an array is expected");
    if (ewi_json_count(&json, &n, NULL)) return no_memory(refusal);
    if (n == 0) return ewi_refuse(refusal, 400, "documents", "documents: there is none");
    if (n > EWI_MAX_PROMPTS)
        return ewi_refuse(refusal, 400, "documents", "documents: %zu of them, at most %u", n,
                          EWI_MAX_PROMPTS);
    ask->texts = ewi_arena_array(&job->answer->arena, n, sizeof *ask->texts);
    if (!ask->texts || ewi_json_enter_array(&json, NULL)) return no_memory(refusal);
    for (; ewi_json_next_item(&json); job->n++)
        if (!read_document(&json, job->n, &ask->texts[job->n], refusal)) return false;
    return true;
}

/* ---- pairs ---- */

/* Of tokens beyond what the model takes only their number is wanted. */
static bool encode_pair(const ewi_embedding *job, const ewi_prompt *query, size_t i, size_t *second,
                        ewi_refusal *refusal) {
    const rerank_ask *ask = job->answer->own;
    const size_t limit = ewi_embedding_limit(job->answer->host), most = query->n + ask->texts[i].len + 8;
    const size_t cap = most < limit ? most : limit;
    ew_error err = {0};
    ewi_encoded_pair pair = {.n = cap};
    for (size_t room = 0; room < pair.n && room < limit;) {
        room = pair.n < limit ? pair.n : limit;
        ew_token *tokens = ewi_arena_array(&job->answer->arena, room + 1, sizeof *tokens);
        if (!tokens) return no_memory(refusal);
        if (ewi_encode_pair(job->answer->host->tokenizer, query->tokens, query->n, ask->texts[i], tokens,
                            room, &pair, &err))
            return ewi_refuse_error(refusal, "documents", &err);
        job->prompts[i] = (ewi_prompt){tokens, pair.n};
    }
    *second = pair.second;
    return true;
}

static bool encode_pairs(ewi_embedding *job, ewi_refusal *refusal) {
    ewi_arena *arena = &job->answer->arena;
    const rerank_ask *ask = job->answer->own;
    ewi_prompt query;
    size_t *seconds = ewi_arena_array(arena, job->n, sizeof *seconds);
    job->prompts = ewi_arena_array(arena, job->n, sizeof *job->prompts);
    if (!seconds || !job->prompts) return no_memory(refusal);
    if (!ewi_prompts_encode(ask->query, job->answer->host, 0, arena, &query, refusal)) return false;
    for (size_t i = 0; i < job->n; i++)
        if (!encode_pair(job, &query, i, &seconds[i], refusal)) return false;
    job->seconds = seconds;
    return true;
}

static bool prepare(ewi_embedding *job, ewi_refusal *refusal) {
    ewi_answer *answer = job->answer;
    ewi_fields_room room = {&answer->arena, &answer->ignored};
    rerank_ask *ask = ewi_arena_array(&answer->arena, 1, sizeof *ask);
    if (!ask) return no_memory(refusal);
    answer->own = ask;
    if (!ewi_fields_read(ewi_exchange_body(answer->exchange), fields, EWI_COUNT(fields), ask, &room, refusal))
        return false;
    if (!ask->query.len) return ewi_refuse(refusal, 400, "query", "query: it is missing or empty");
    return read_documents(job, ask, refusal) && ewi_embedding_hold_ranker(job, ask->model, refusal) &&
           encode_pairs(job, refusal);
}

/* Errors are in the words of the API that a path looks like. */
void ewi_llamacpp_rerank(ewi_server *server, ewi_exchange *exchange) {
    static const ewi_api plain = {.name = "llama.cpp.rerank", .refuse = ewi_llamacpp_refuse};
    static const ewi_api versioned = {.name = "llama.cpp.rerank", .refuse = ewi_openai_refuse};
    static const ewi_embedding_api apis[] = {{&plain, "documents", prepare, tell},
                                             {&versioned, "documents", prepare, tell}};
    ewi_embedding_handle(server, exchange, &apis[!ewi_llamacpp_has(ewi_exchange_path(exchange))]);
}
