#include "serve/api.h"

#include <string.h>

#include "serve/anthropic.h"
#include "serve/llamacpp.h"
#include "serve/ollama.h"
#include "serve/openai.h"

/* Room for the names of all methods. */
#define MAX_METHODS 64

static const ewi_route routes[] = {
    {EWI_GET, "/", ewi_page, true},
    {EWI_GET, "/page/*", ewi_page, true},
    {EWI_GET, "/health", ewi_health, true},
    {EWI_GET, "/metrics", ewi_metrics_page, true},
    {EWI_GET, "/openapi.json", ewi_openapi_page, true},
    {EWI_GET, "/v1/models", ewi_openai_models, true},
    {EWI_GET, "/v1/models/*", ewi_openai_model, true},
    {EWI_POST, "/v1/chat/completions", ewi_openai_chat, false},
    {EWI_POST, "/v1/completions", ewi_openai_completions, false},
    {EWI_POST, "/v1/responses", ewi_openai_responses, false},
    {EWI_POST, "/v1/messages", ewi_anthropic_messages, false},
    {EWI_POST, "/v1/messages/count_tokens", ewi_anthropic_count_tokens, false},
    {EWI_POST, "/v1/embeddings", ewi_openai_embeddings, false},

    {EWI_POST, "/api/chat", ewi_ollama_chat, false},
    {EWI_POST, "/api/generate", ewi_ollama_generate, false},
    {EWI_POST, "/api/embed", ewi_ollama_embed, false},
    {EWI_POST, "/api/embeddings", ewi_ollama_embeddings, false},
    {EWI_GET, "/api/tags", ewi_ollama_tags, false},
    {EWI_GET, "/api/ps", ewi_ollama_ps, false},
    {EWI_POST, "/api/show", ewi_ollama_show, false},
    {EWI_GET, "/api/version", ewi_ollama_version, true},
    {EWI_POST, "/api/pull", ewi_ollama_registry, true},
    {EWI_POST, "/api/push", ewi_ollama_registry, true},
    {EWI_POST, "/api/create", ewi_ollama_registry, true},
    {EWI_POST, "/api/copy", ewi_ollama_registry, true},
    {EWI_DELETE, "/api/delete", ewi_ollama_registry, true},
    {EWI_GET, "/api/blobs/*", ewi_ollama_registry, true},
    {EWI_POST, "/api/blobs/*", ewi_ollama_registry, true},

    {EWI_GET, "/v1/health", ewi_health, true},
    {EWI_POST, "/completion", ewi_llamacpp_completion, false},
    {EWI_POST, "/completions", ewi_llamacpp_completion, false},
    {EWI_POST, "/infill", ewi_llamacpp_infill, false},
    {EWI_POST, "/tokenize", ewi_llamacpp_tokenize, false},
    {EWI_POST, "/detokenize", ewi_llamacpp_detokenize, false},
    {EWI_POST, "/apply-template", ewi_llamacpp_apply_template, false},
    {EWI_POST, "/embedding", ewi_llamacpp_embedding, false},
    {EWI_POST, "/embeddings", ewi_llamacpp_embedding, false},
    {EWI_GET, "/props", ewi_llamacpp_props, false},
    {EWI_POST, "/props", ewi_llamacpp_fixed, true},
    {EWI_GET, "/slots", ewi_llamacpp_slots, false},
    {EWI_POST, "/slots/*", ewi_llamacpp_fixed, true},
    {EWI_GET, "/lora-adapters", ewi_llamacpp_adapters, false},
    {EWI_POST, "/lora-adapters", ewi_llamacpp_set_adapters, false},
    {EWI_POST, "/rerank", ewi_llamacpp_rerank, false},
    {EWI_POST, "/reranking", ewi_llamacpp_rerank, false},
    {EWI_POST, "/v1/rerank", ewi_llamacpp_rerank, false},
    {EWI_POST, "/v1/reranking", ewi_llamacpp_rerank, false},
};

static bool fits(const ewi_route *route, ew_str path) {
    size_t n = strlen(route->path);
    if (route->path[n - 1] != '*') return ewi_str_is(path, route->path);
    return path.len >= n && memcmp(path.data, route->path, n - 1) == 0;
}

static const ewi_route *route_of(ewi_method method, ew_str path) {
    if (method == EWI_HEAD) method = EWI_GET;
    for (size_t i = 0; i < EWI_COUNT(routes); i++)
        if (routes[i].method == method && fits(&routes[i], path)) return &routes[i];
    return NULL;
}

/* "GET, HEAD, POST, OPTIONS"; nothing where there is nothing at this path. */
static void list_methods(ew_str path, ewi_buffer *out) {
    static const struct {
        ewi_method method;
        const char *names;
    } known[] = {{EWI_GET, "GET, HEAD, "}, {EWI_POST, "POST, "}, {EWI_DELETE, "DELETE, "}};
    for (size_t i = 0; i < EWI_COUNT(known); i++)
        if (route_of(known[i].method, path)) ewi_buffer_add(out, known[i].names, strlen(known[i].names));
    if (out->len) ewi_buffer_add(out, "OPTIONS", 7);
}

void ewi_api_write_refusal(ew_str path, const ewi_refusal *refusal, ewi_buffer *out) {
    if (ewi_str_starts(path, "/v1/messages"))
        ewi_anthropic_refuse(refusal, out);
    else if (ewi_str_starts(path, "/api/"))
        ewi_ollama_refuse(refusal, out);
    else if (ewi_llamacpp_has(path))
        ewi_llamacpp_refuse(refusal, out);
    else
        ewi_openai_refuse(refusal, out);
}

void ewi_api_refuse(ewi_exchange *exchange, const ewi_refusal *refusal) {
    ewi_buffer body;
    ewi_buffer_init(&body, 1u << 16);
    ewi_api_write_refusal(ewi_exchange_path(exchange), refusal, &body);
    ewi_exchange_reply(exchange, (unsigned)refusal->http, "application/json", ewi_buffer_str(&body));
    ewi_buffer_deinit(&body);
}

const ewi_route *ewi_api_find(ewi_exchange *exchange) {
    ew_str path = ewi_exchange_path(exchange);
    const ewi_route *route = route_of(ewi_exchange_method(exchange), path);
    ewi_refusal refusal;
    ewi_buffer methods;
    if (route) return route;
    ewi_buffer_init(&methods, MAX_METHODS);
    list_methods(path, &methods);
    if (methods.len) {
        ew_str list = ewi_buffer_str(&methods);
        ewi_refuse(&refusal, 405, NULL, "%.*s takes %.*s", EWI_STR_ARG(path), EWI_STR_ARG(list));
        (void)ewi_exchange_set_header(exchange, "Allow", list);
    } else
        ewi_refuse(&refusal, 404, NULL, "there is nothing at %.*s; see /openapi.json", EWI_STR_ARG(path));
    ewi_exchange_reply_error(exchange, (unsigned)refusal.http, NULL, refusal.text);
    ewi_buffer_deinit(&methods);
    return NULL;
}

void ewi_api_reply(ewi_server *server, ewi_exchange *exchange, const ewi_api *api,
                   bool (*fill)(ewi_answer *answer, ewi_refusal *refusal)) {
    ewi_refusal refusal = {0};
    ewi_answer *answer = ewi_answer_new(server, exchange, api, &refusal);
    if (!answer)
        ewi_api_refuse(exchange, &refusal);
    else if (fill(answer, &refusal) &&
             (!answer->out.failed || ewi_refuse(&refusal, 503, NULL, "out of memory")))
        ewi_answer_reply(answer);
    else
        ewi_answer_refuse(answer, &refusal);
}
