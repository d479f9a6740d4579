/* llamacpp_embedding.c: POST /embedding. */
#include <stddef.h>

#include "serve/api.h"
#include "serve/embedding_job.h"
#include "serve/llamacpp.h"

typedef struct embedding_ask {
    ew_str model, content, input;
    int64_t normalize;
} embedding_ask;

static const ewi_field fields[] = {
    {.name = "model", .kind = EWI_FIELD_TEXT, .offset = offsetof(embedding_ask, model)},
    {.name = "content", .kind = EWI_FIELD_RAW, .offset = offsetof(embedding_ask, content)},
    {.name = "input", .kind = EWI_FIELD_RAW, .offset = offsetof(embedding_ask, input)},
    {.name = "embd_normalize", .kind = EWI_FIELD_COUNT, .offset = offsetof(embedding_ask, normalize)},
};

static bool prepare(ewi_embedding *job, ewi_refusal *refusal) {
    ewi_answer *answer = job->answer;
    embedding_ask ask = {.normalize = 2};
    ewi_fields_room room = {&answer->arena, &answer->ignored};
    if (!ewi_fields_read(ewi_exchange_body(answer->exchange), fields, EWI_COUNT(fields), &ask, &room,
                         refusal))
        return false;
    if (ask.normalize != 2 && ask.normalize != -1)
        return ewi_refuse(refusal, 400, "embd_normalize",
                          "embd_normalize: 2 (Euclidean length 1) or -1 (as it is) is expected");
    if (ask.content.len && ask.input.len)
        return ewi_refuse(refusal, 400, "input", "input: not beside \"content\"");
    job->keep_length = ask.normalize == -1;
    return ewi_embedding_hold(job, ask.model, refusal) &&
           ewi_prompts_read(ask.content.len ? ask.content : ask.input, "content", answer->host,
                            ewi_embedding_flags(answer->host), &answer->arena, &job->prompts, &job->n,
                            refusal);
}

/* Each text has a list of vectors, of which there is one: all its tokens are pooled. */
static void tell(const ewi_embedding *job) {
    ewi_json_out json = {.out = &job->answer->out};
    ewi_json_out_open(&json, NULL, '[');
    for (size_t i = 0; i < job->n; i++) {
        ewi_json_out_open(&json, NULL, '{');
        ewi_json_out_count(&json, "index", i);
        ewi_json_out_open(&json, "embedding", '[');
        ewi_embedding_put(&json, NULL, job, i);
        ewi_json_out_close(&json);
        ewi_json_out_close(&json);
    }
    ewi_json_out_close_all(&json);
}

static const ewi_api api = {.name = "llama.cpp.embedding", .refuse = ewi_llamacpp_refuse};
static const ewi_embedding_api embedding_api = {&api, "content", prepare, tell};

void ewi_llamacpp_embedding(ewi_server *server, ewi_exchange *exchange) {
    ewi_embedding_handle(server, exchange, &embedding_api);
}
