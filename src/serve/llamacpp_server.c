/* llamacpp_server.c: GET /props and /slots, GET and POST /lora-adapters; and what cannot be changed. */
#include "serve/api.h"
#include "serve/llamacpp.h"

/* ---- /props ---- */

static void put_spelling(ewi_json_out *json, const char *key, const ew_tokenizer *tokenizer, ew_token token) {
    ewi_json_out_string(json, key, token >= 0 ? ew_token_spelling(tokenizer, token) : EWI_STR(""));
}

static void put_modalities(ewi_json_out *json) {
    ewi_json_out_open(json, "modalities", '{');
    ewi_json_out_bool(json, "vision", false);
    ewi_json_out_bool(json, "audio", false);
    ewi_json_out_close(json);
}

/* Paths are the server's own business: a model's name stands for its path. */
static void put_props(ewi_json_out *json, ewi_answer *answer) {
    const ewi_host *host = answer->host;
    ew_str template = host->model->chat_template.text;
    ewi_json_out_open(json, "default_generation_settings", '{');
    ewi_json_out_count(json, "n_ctx", host->n_ctx);
    ewi_llamacpp_put_settings(json, "params", &answer->ask, answer);
    ewi_json_out_close(json);
    ewi_json_out_count(json, "total_slots", ewi_scheduler_get_stats(host->scheduler).max_running);
    ewi_json_out_text(json, "model_alias", host->name);
    ewi_json_out_text(json, "model_path", host->name);
    put_modalities(json);
    ewi_json_out_string(json, "chat_template", template.data ? template : EWI_STR(""));
    put_spelling(json, "bos_token", host->tokenizer, ew_tokenizer_bos(host->tokenizer));
    put_spelling(json, "eos_token", host->tokenizer, ew_tokenizer_eos(host->tokenizer));
    ewi_json_out_text(json, "build_info", ew_version());
    ewi_json_out_bool(json, "is_sleeping", false);
}

static bool fill_props(ewi_answer *answer, ewi_refusal *refusal) {
    if (!ewi_llamacpp_hold(answer, refusal)) return false;
    ewi_json_out json = {.out = &answer->out};
    ewi_json_out_open(&json, NULL, '{');
    put_props(&json, answer);
    ewi_json_out_close_all(&json);
    return true;
}

void ewi_llamacpp_props(ewi_server *server, ewi_exchange *exchange) {
    static const ewi_api api = {.name = "llama.cpp.props", .refuse = ewi_llamacpp_refuse};
    ewi_api_reply(server, exchange, &api, fill_props);
}

void ewi_llamacpp_fixed(ewi_server *server, ewi_exchange *exchange) {
    ewi_refusal refusal;
    (void)server;
    ewi_refuse(
        &refusal, 501, NULL,
        "POST %.*s: not supported: properties are set when the server is started, and the prefix cache "
        "keeps prompts by itself",
        EWI_STR_ARG(ewi_exchange_path(exchange)));
    ewi_api_refuse(exchange, &refusal);
}

/* ---- /slots ---- */

/* running NULL: nothing is done there. */
static void put_slot(ewi_json_out *json, size_t index, uint32_t n_ctx, const ewi_running *running) {
    ewi_json_out_open(json, NULL, '{');
    ewi_json_out_count(json, "id", index);
    ewi_json_out_count(json, "n_ctx", n_ctx);
    ewi_json_out_bool(json, "speculative", false);
    ewi_json_out_bool(json, "is_processing", running != NULL);
    if (running) {
        ewi_json_out_count(json, "id_task", running->id);
        ewi_json_out_count(json, "n_prompt_tokens", running->n_prompt);
        ewi_json_out_count(json, "n_prompt_tokens_processed",
                           running->n_held < running->n_prompt ? running->n_held : running->n_prompt);
        ewi_json_out_count(json, "n_prompt_tokens_cache", running->n_cached);
        ewi_json_out_text(json, "priority",
                          running->priority == EWI_BACKGROUND ? "background" : "interactive");
        ewi_json_out_open(json, "next_token", '{');
        ewi_json_out_count(json, "n_decoded", running->n_generated);
        ewi_json_out_close(json);
    }
    ewi_json_out_close(json);
}

static bool put_slots(ewi_answer *answer, const ewi_host *host, ewi_refusal *refusal) {
    ewi_scheduler *scheduler = host->scheduler;
    size_t max = ewi_scheduler_get_stats(scheduler).max_running;
    ewi_running *running = ewi_arena_array(&answer->arena, max + 1, sizeof *running);
    if (!running) return ewi_refuse(refusal, 503, NULL, "out of memory");
    size_t n = ewi_scheduler_get_running(scheduler, running, max);
    if (n > max) n = max;
    if (n == max && ewi_exchange_query(answer->exchange, "fail_on_no_slot").len)
        return ewi_refuse(refusal, 503, NULL, "no slot is free");
    ewi_json_out json = {.out = &answer->out};
    ewi_json_out_open(&json, NULL, '[');
    for (size_t i = 0; i < max; i++) put_slot(&json, i, host->n_ctx, i < n ? &running[i] : NULL);
    ewi_json_out_close_all(&json);
    return true;
}

/* Who looks neither opens a model nor keeps it open: one that is closed has no slots. */
static bool fill_slots(ewi_answer *answer, ewi_refusal *refusal) {
    ewi_models *models = ewi_server_models(answer->server);
    ew_str name = ewi_exchange_query(answer->exchange, "model");
    size_t index = 0;
    while (name.len && index < ewi_models_count(models) &&
           !ewi_str_is(name, ewi_models_get(models, index).name))
        index++;
    if (index == ewi_models_count(models))
        return ewi_refuse(refusal, 404, "model", "there is no model \"%.*s\" here", EWI_STR_ARG(name));
    ewi_host *host = ewi_models_hold_open(models, index);
    if (!host) return ewi_buffer_add(&answer->out, "[]", 2);
    bool ok = put_slots(answer, host, refusal);
    ewi_models_release_unused(models, host);
    return ok;
}

void ewi_llamacpp_slots(ewi_server *server, ewi_exchange *exchange) {
    static const ewi_api api = {.name = "llama.cpp.slots", .refuse = ewi_llamacpp_refuse};
    ewi_api_reply(server, exchange, &api, fill_slots);
}

/* ---- /lora-adapters ---- */

/* The last part of a path: the rest is the server's own business. */
static const char *name_of(const char *path) {
    const char *name = path;
    for (const char *p = path; *p; p++)
        if (*p == '/' && p[1]) name = p + 1;
    return name;
}

static bool fill_adapters(ewi_answer *answer, ewi_refusal *refusal) {
    if (!ewi_llamacpp_hold(answer, refusal)) return false;
    const ewi_host *host = answer->host;
    ewi_json_out json = {.out = &answer->out};
    ewi_json_out_open(&json, NULL, '[');
    ewi_mutex_lock(host->scales_lock);
    for (size_t i = 0; i < host->n_adapters; i++) {
        ewi_json_out_open(&json, NULL, '{');
        ewi_json_out_count(&json, "id", i);
        ewi_json_out_text(&json, "path", name_of(host->adapter_paths[i]));
        ewi_json_out_float(&json, "scale", host->scales[i]);
        ewi_json_out_text(&json, "task_name", "");
        ewi_json_out_text(&json, "prompt_prefix", "");
        ewi_json_out_close(&json);
    }
    ewi_mutex_unlock(host->scales_lock);
    ewi_json_out_close_all(&json);
    return true;
}

void ewi_llamacpp_adapters(ewi_server *server, ewi_exchange *exchange) {
    static const ewi_api api = {.name = "llama.cpp.lora-adapters", .refuse = ewi_llamacpp_refuse};
    ewi_api_reply(server, exchange, &api, fill_adapters);
}

static bool set_scales(ewi_answer *answer, ewi_refusal *refusal) {
    ew_str body = ewi_exchange_body(answer->exchange);
    if (!ewi_fields_check_json(body, refusal) || !ewi_llamacpp_hold(answer, refusal)) return false;
    const ewi_host *host = answer->host;
    double *scales = ewi_arena_array(&answer->arena, host->n_adapters + 1, sizeof *scales);
    if (!scales) return ewi_refuse(refusal, 503, NULL, "out of memory");
    if (!ewi_ask_read_scales(body, host, &answer->arena, scales, refusal)) return false;
    ewi_mutex_lock(host->scales_lock);
    for (size_t i = 0; i < host->n_adapters; i++) host->scales[i] = (float)scales[i];
    ewi_mutex_unlock(host->scales_lock);
    ewi_json_out json = {.out = &answer->out};
    ewi_json_out_open(&json, NULL, '{');
    ewi_json_out_bool(&json, "success", true);
    ewi_json_out_close_all(&json);
    return true;
}

void ewi_llamacpp_set_adapters(ewi_server *server, ewi_exchange *exchange) {
    static const ewi_api api = {.name = "llama.cpp.lora-adapters", .refuse = ewi_llamacpp_refuse};
    ewi_api_reply(server, exchange, &api, set_scales);
}
