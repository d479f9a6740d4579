/* openai_embeddings.c: POST /v1/embeddings (https://platform.openai.com/docs/api-reference/embeddings). */
#include <stddef.h>

#include "base/base64.h"
#include "serve/api.h"
#include "serve/embedding_job.h"
#include "serve/openai.h"

typedef struct embedding_ask {
    ew_str model, input, format;
    int64_t dimensions;
} embedding_ask;

static const ewi_field fields[] = {
    {.name = "model", .kind = EWI_FIELD_TEXT, .offset = offsetof(embedding_ask, model)},
    {.name = "input", .kind = EWI_FIELD_RAW, .offset = offsetof(embedding_ask, input)},
    {.name = "encoding_format", .kind = EWI_FIELD_TEXT, .offset = offsetof(embedding_ask, format)},
    {"dimensions", EWI_FIELD_COUNT, offsetof(embedding_ask, dimensions), 1, 1 << 20, NULL, 0},
    {.name = "user", .kind = EWI_FIELD_IGNORED},
};

/* ---- the reply ---- */

static void put_base64(ewi_json_out *json, const float *vector, size_t width, ewi_buffer *scratch) {
    scratch->len = 0;
    ewi_base64_encode(vector, width * sizeof *vector, scratch); /* little-endian, as all our machines are */
    ewi_json_out_string(json, "embedding", ewi_buffer_str(scratch));
}

static void put_vector(ewi_json_out *json, const ewi_embedding *job, size_t index, ewi_buffer *scratch) {
    const embedding_ask *ask = job->answer->own;
    const float *vector = job->vectors + index * job->width;
    ewi_json_out_open(json, NULL, '{');
    ewi_json_out_text(json, "object", "embedding");
    ewi_json_out_count(json, "index", index);
    if (ewi_str_is(ask->format, "base64"))
        put_base64(json, vector, job->width, scratch);
    else
        ewi_embedding_put(json, "embedding", job, index);
    ewi_json_out_close(json);
}

static void tell(const ewi_embedding *job) {
    ewi_buffer scratch;
    ewi_buffer_init(&scratch, 8u << 20);
    ewi_json_out json = {.out = &job->answer->out};
    ewi_json_out_open(&json, NULL, '{');
    ewi_json_out_text(&json, "object", "list");
    ewi_json_out_open(&json, "data", '[');
    for (size_t i = 0; i < job->n; i++) put_vector(&json, job, i, &scratch);
    ewi_json_out_close(&json);
    ewi_json_out_text(&json, "model", job->answer->host->name);
    ewi_json_out_open(&json, "usage", '{');
    ewi_json_out_count(&json, "prompt_tokens", ewi_embedding_count_tokens(job));
    ewi_json_out_count(&json, "total_tokens", ewi_embedding_count_tokens(job));
    ewi_json_out_close_all(&json);
    ewi_buffer_deinit(&scratch);
}

/* ---- the request ---- */

static bool prepare(ewi_embedding *job, ewi_refusal *refusal) {
    ewi_answer *answer = job->answer;
    ewi_fields_room room = {&answer->arena, &answer->ignored};
    embedding_ask *ask = ewi_arena_array(&answer->arena, 1, sizeof *ask);
    if (!ask) return ewi_refuse(refusal, 503, NULL, "out of memory");
    answer->own = ask;
    if (!ewi_fields_read(ewi_exchange_body(answer->exchange), fields, EWI_COUNT(fields), ask, &room, refusal))
        return false;
    if (ask->format.len && !ewi_str_is(ask->format, "float") && !ewi_str_is(ask->format, "base64"))
        return ewi_refuse(refusal, 400, "encoding_format",
                          "encoding_format: \"float\" or \"base64\" is expected");
    return ewi_embedding_hold(job, ask->model, refusal) &&
           ewi_embedding_check_width(job, ask->dimensions, refusal) &&
           ewi_prompts_read(ask->input, "input", answer->host, ewi_embedding_flags(answer->host),
                            &answer->arena, &job->prompts, &job->n, refusal);
}

static const ewi_api api = {.name = "openai.embeddings", .refuse = ewi_openai_refuse};
static const ewi_embedding_api embedding_api = {&api, "input", prepare, tell};

void ewi_openai_embeddings(ewi_server *server, ewi_exchange *exchange) {
    ewi_embedding_handle(server, exchange, &embedding_api);
}
