/*
 * api.h: the published APIs: which paths there are, who handles them, and in which style errors are told.
 *
 * A handler runs on a worker thread and owns the exchange: it replies, or starts an answer that will.
 */
#ifndef EW_SERVE_API_H
#define EW_SERVE_API_H

#include "serve/api_answer.h"

typedef void (*ewi_handle_fn)(ewi_server *server, ewi_exchange *exchange);

typedef struct ewi_route {
    ewi_method method;
    const char *path; /* one that ends in '*' stands for all that begin so */
    ewi_handle_fn handle;
    bool is_quick; /* never waits: HTTP's thread may run it */
} ewi_route;

/* Errors in the style of the API that the path belongs to. */
void ewi_api_write_refusal(ew_str path, const ewi_refusal *refusal, ewi_buffer *out);
void ewi_api_refuse(ewi_exchange *exchange, const ewi_refusal *refusal);
/* Finds who handles the exchange. NULL: nobody, and it was refused: 404, or 405 with the methods that its
 * path takes. */
const ewi_route *ewi_api_find(ewi_exchange *exchange);

/* Replies with what `fill` writes to answer->out, or with its refusal. */
void ewi_api_reply(ewi_server *server, ewi_exchange *exchange, const ewi_api *api,
                   bool (*fill)(ewi_answer *answer, ewi_refusal *refusal));

/* ---- handlers, by API ---- */

/* openai_chat.c, openai_completions.c, openai_models.c, openai_embeddings.c */
void ewi_openai_chat(ewi_server *server, ewi_exchange *exchange);
void ewi_openai_completions(ewi_server *server, ewi_exchange *exchange);
void ewi_openai_responses(ewi_server *server, ewi_exchange *exchange);
void ewi_openai_models(ewi_server *server, ewi_exchange *exchange);
void ewi_openai_model(ewi_server *server, ewi_exchange *exchange);
void ewi_openai_embeddings(ewi_server *server, ewi_exchange *exchange);
/* anthropic.c */
void ewi_anthropic_messages(ewi_server *server, ewi_exchange *exchange);
void ewi_anthropic_count_tokens(ewi_server *server, ewi_exchange *exchange);
/* ollama_chat.c, ollama_generate.c, ollama_embed.c, ollama_models.c */
void ewi_ollama_chat(ewi_server *server, ewi_exchange *exchange);
void ewi_ollama_generate(ewi_server *server, ewi_exchange *exchange);
void ewi_ollama_embed(ewi_server *server, ewi_exchange *exchange);
void ewi_ollama_embeddings(ewi_server *server, ewi_exchange *exchange);
void ewi_ollama_tags(ewi_server *server, ewi_exchange *exchange);
void ewi_ollama_ps(ewi_server *server, ewi_exchange *exchange);
void ewi_ollama_show(ewi_server *server, ewi_exchange *exchange);
void ewi_ollama_version(ewi_server *server, ewi_exchange *exchange);
void ewi_ollama_registry(ewi_server *server, ewi_exchange *exchange);
/* llamacpp_completion.c, llamacpp_text.c, llamacpp_server.c, llamacpp_embedding.c */
void ewi_llamacpp_completion(ewi_server *server, ewi_exchange *exchange);
void ewi_llamacpp_infill(ewi_server *server, ewi_exchange *exchange);
void ewi_llamacpp_tokenize(ewi_server *server, ewi_exchange *exchange);
void ewi_llamacpp_detokenize(ewi_server *server, ewi_exchange *exchange);
void ewi_llamacpp_apply_template(ewi_server *server, ewi_exchange *exchange);
void ewi_llamacpp_props(ewi_server *server, ewi_exchange *exchange);
void ewi_llamacpp_slots(ewi_server *server, ewi_exchange *exchange);
void ewi_llamacpp_adapters(ewi_server *server, ewi_exchange *exchange);
void ewi_llamacpp_set_adapters(ewi_server *server, ewi_exchange *exchange);
void ewi_llamacpp_embedding(ewi_server *server, ewi_exchange *exchange);
void ewi_llamacpp_fixed(ewi_server *server, ewi_exchange *exchange);
void ewi_llamacpp_rerank(ewi_server *server, ewi_exchange *exchange);
/* ours.c */
void ewi_health(ewi_server *server, ewi_exchange *exchange);
void ewi_page(ewi_server *server, ewi_exchange *exchange);
void ewi_metrics_page(ewi_server *server, ewi_exchange *exchange);
void ewi_openapi_page(ewi_server *server, ewi_exchange *exchange);

#endif
