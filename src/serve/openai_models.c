/* openai_models.c: GET /v1/models and /v1/models/{model}. */
#include <string.h>

#include "serve/api.h"
#include "serve/openai.h"

static void put_model(ewi_json_out *json, const ewi_model_entry *entry) {
    ewi_json_out_open(json, NULL, '{');
    ewi_json_out_text(json, "id", entry->name);
    ewi_json_out_text(json, "object", "model");
    ewi_json_out_count(json, "created", 0);
    ewi_json_out_text(json, "owned_by", "edgewise");
    ewi_json_out_text(json, "status", entry->is_open ? "loaded" : "unloaded");
    ewi_json_out_close(json);
}

static void reply(ewi_exchange *exchange, ewi_buffer *out) {
    ewi_exchange_reply(exchange, 200, "application/json", ewi_buffer_str(out));
    ewi_buffer_deinit(out);
}

void ewi_openai_models(ewi_server *server, ewi_exchange *exchange) {
    ewi_models *models = ewi_server_models(server);
    ewi_buffer out;
    ewi_buffer_init(&out, 1u << 20);
    ewi_json_out json = {.out = &out};
    ewi_json_out_open(&json, NULL, '{');
    ewi_json_out_text(&json, "object", "list");
    ewi_json_out_open(&json, "data", '[');
    for (size_t i = 0; i < ewi_models_count(models); i++) {
        ewi_model_entry entry = ewi_models_get(models, i);
        put_model(&json, &entry);
    }
    ewi_json_out_close_all(&json);
    reply(exchange, &out);
}

void ewi_openai_model(ewi_server *server, ewi_exchange *exchange) {
    ewi_models *models = ewi_server_models(server);
    ew_str path = ewi_exchange_path(exchange);
    const size_t prefix = strlen("/v1/models/");
    ew_str name = {path.data + prefix, path.len - prefix};
    ewi_refusal refusal;
    for (size_t i = 0; i < ewi_models_count(models); i++) {
        ewi_model_entry entry = ewi_models_get(models, i);
        if (!ewi_str_is(name, entry.name)) continue;
        ewi_buffer out;
        ewi_buffer_init(&out, 1u << 16);
        ewi_json_out json = {.out = &out};
        put_model(&json, &entry);
        reply(exchange, &out);
        return;
    }
    ewi_refuse(&refusal, 404, "model", "there is no model \"%.*s\" here; see /v1/models", EWI_STR_ARG(name));
    refusal.code = "model_not_found";
    ewi_api_refuse(exchange, &refusal);
}
