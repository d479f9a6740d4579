/* ollama_embed.c: POST /api/embed and, for one text and without a vector of length 1, /api/embeddings. */
#include <stddef.h>
#include <string.h>

#include "os/clock.h"
#include "serve/api.h"
#include "serve/embedding_job.h"
#include "serve/ollama.h"

typedef struct embed_ask {
    ew_str model, options, keep_alive; /* the last two: JSON */
    ewi_texts input;
    bool truncate;
    int64_t dimensions;
    uint64_t load_ns;
} embed_ask;

static const ewi_field embed_fields[] = {
    {.name = "model", .kind = EWI_FIELD_TEXT, .offset = offsetof(embed_ask, model)},
    {.name = "input", .kind = EWI_FIELD_TEXTS, .offset = offsetof(embed_ask, input)},
    {.name = "truncate", .kind = EWI_FIELD_BOOL, .offset = offsetof(embed_ask, truncate)},
    {.name = "keep_alive", .kind = EWI_FIELD_RAW, .offset = offsetof(embed_ask, keep_alive)},
    {"dimensions", EWI_FIELD_COUNT, offsetof(embed_ask, dimensions), 1, 1 << 20, NULL, 0},
    {.name = "options", .kind = EWI_FIELD_IGNORED}, /* they are about threads and about sampling */
};

static const ewi_field embeddings_fields[] = {
    {.name = "model", .kind = EWI_FIELD_TEXT, .offset = offsetof(embed_ask, model)},
    {.name = "prompt", .kind = EWI_FIELD_TEXTS, .offset = offsetof(embed_ask, input)},
    {.name = "keep_alive", .kind = EWI_FIELD_RAW, .offset = offsetof(embed_ask, keep_alive)},
    {.name = "options", .kind = EWI_FIELD_IGNORED},
};

/* ---- the request ---- */

/* What is too long loses its end, but not the token that ends a text. */
static bool cut(const ewi_answer *answer, ewi_prompt *prompt, ewi_arena *arena) {
    size_t limit = ewi_embedding_limit(answer->host);
    if (prompt->n <= limit) return true;
    ew_token *tokens = ewi_arena_array(arena, limit, sizeof *tokens);
    if (!tokens) return false;
    memcpy(tokens, prompt->tokens, limit * sizeof *tokens);
    if (ew_tokenizer_adds_eos(answer->host->tokenizer)) tokens[limit - 1] = prompt->tokens[prompt->n - 1];
    *prompt = (ewi_prompt){tokens, limit};
    return true;
}

static bool add_prompt(ewi_embedding *job, ew_str text, bool truncate, ewi_refusal *refusal) {
    ewi_answer *answer = job->answer;
    ewi_prompt *prompt = &job->prompts[job->n];
    if (!ewi_prompts_encode(text, answer->host, ewi_embedding_flags(answer->host), &answer->arena, prompt,
                            refusal))
        return false;
    job->n++;
    return !truncate || cut(answer, prompt, &answer->arena) ||
           ewi_refuse(refusal, 503, NULL, "out of memory");
}

static bool make_prompts(ewi_embedding *job, const embed_ask *ask, ewi_refusal *refusal) {
    job->prompts = ewi_arena_array(&job->answer->arena, ask->input.n + 1, sizeof *job->prompts);
    if (!job->prompts) return ewi_refuse(refusal, 503, NULL, "out of memory");
    if (ask->input.n == 1 && ask->input.items[0].len == 0) return true; /* to load the model */
    for (size_t i = 0; i < ask->input.n; i++)
        if (!add_prompt(job, ask->input.items[i], ask->truncate, refusal)) return false;
    return true;
}

static bool hold(ewi_embedding *job, embed_ask *ask, ewi_refusal *refusal) {
    ewi_answer *answer = job->answer;
    double keep_alive_s;
    if (!ewi_ollama_read_keep_alive(ask->keep_alive, &answer->arena, &keep_alive_s, refusal)) return false;
    uint64_t begin = ewi_clock_ns();
    if (!ewi_embedding_hold(job, ewi_ollama_model(answer, ask->model), refusal)) return false;
    ask->load_ns = ewi_clock_ns() - begin;
    ewi_ollama_keep(answer, keep_alive_s);
    return true;
}

static bool prepare(ewi_embedding *job, const ewi_field *fields, size_t n, ewi_refusal *refusal) {
    ewi_answer *answer = job->answer;
    ewi_fields_room room = {&answer->arena, &answer->ignored};
    embed_ask *ask = ewi_arena_array(&answer->arena, 1, sizeof *ask);
    if (!ask) return ewi_refuse(refusal, 503, NULL, "out of memory");
    answer->own = ask;
    ask->truncate = true;
    return ewi_fields_read(ewi_exchange_body(answer->exchange), fields, n, ask, &room, refusal) &&
           hold(job, ask, refusal) && ewi_embedding_check_width(job, ask->dimensions, refusal) &&
           make_prompts(job, ask, refusal);
}

/* ---- /api/embed ---- */

static bool prepare_embed(ewi_embedding *job, ewi_refusal *refusal) {
    return prepare(job, embed_fields, EWI_COUNT(embed_fields), refusal);
}

static void tell_embed(const ewi_embedding *job) {
    const embed_ask *ask = job->answer->own;
    ewi_json_out json = {.out = &job->answer->out};
    ewi_json_out_open(&json, NULL, '{');
    ewi_json_out_text(&json, "model", job->answer->host->name);
    ewi_json_out_open(&json, "embeddings", '[');
    for (size_t i = 0; i < job->n; i++) ewi_embedding_put(&json, NULL, job, i);
    ewi_json_out_close(&json);
    ewi_json_out_count(&json, "total_duration", ewi_clock_ns() - job->answer->begin_ns);
    ewi_json_out_count(&json, "load_duration", ask->load_ns);
    ewi_json_out_count(&json, "prompt_eval_count", ewi_embedding_count_tokens(job));
    ewi_json_out_close_all(&json);
}

static const ewi_api embed_api = {.name = "ollama.embed", .refuse = ewi_ollama_refuse};
static const ewi_embedding_api embed = {&embed_api, "input", prepare_embed, tell_embed};

void ewi_ollama_embed(ewi_server *server, ewi_exchange *exchange) {
    ewi_embedding_handle(server, exchange, &embed);
}

/* ---- /api/embeddings ---- */

static bool prepare_embeddings(ewi_embedding *job, ewi_refusal *refusal) {
    job->keep_length = true;
    if (!prepare(job, embeddings_fields, EWI_COUNT(embeddings_fields), refusal)) return false;
    return job->n <= 1 || ewi_refuse(refusal, 400, "prompt", "prompt: a string is expected");
}

static void tell_embeddings(const ewi_embedding *job) {
    ewi_json_out json = {.out = &job->answer->out};
    ewi_json_out_open(&json, NULL, '{');
    if (job->n) {
        ewi_embedding_put(&json, "embedding", job, 0);
    } else {
        ewi_json_out_open(&json, "embedding", '[');
        ewi_json_out_close(&json);
    }
    ewi_json_out_close_all(&json);
}

static const ewi_api embeddings_api = {.name = "ollama.embeddings", .refuse = ewi_ollama_refuse};
static const ewi_embedding_api embeddings = {&embeddings_api, "prompt", prepare_embeddings, tell_embeddings};

void ewi_ollama_embeddings(ewi_server *server, ewi_exchange *exchange) {
    ewi_embedding_handle(server, exchange, &embeddings);
}
