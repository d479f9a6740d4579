#include "serve/llamacpp.h"

#include "serve/api.h"

#define MAX_TEXT ((size_t)64 << 20)

bool ewi_llamacpp_has(ew_str path) {
    static const char *const paths[] = {"/completion", "/infill",         "/tokenize",  "/detokenize",
                                        "/props",      "/apply-template", "/embedding", "/slots",
                                        "/rerank",     "/lora-adapters"};
    for (size_t i = 0; i < EWI_COUNT(paths); i++)
        if (ewi_str_starts(path, paths[i])) return true;
    return false;
}

static const char *type_of(const ewi_refusal *refusal) {
    if (refusal->code && ewi_str_is(ewi_str(refusal->code), "context_length_exceeded"))
        return "exceed_context_size_error";
    switch (refusal->http) {
    case 500: return "server_error";
    case 501: return "not_supported_error";
    case 503: return "unavailable_error";
    default: return ewi_refusal_type(refusal->http);
    }
}

void ewi_llamacpp_refuse(const ewi_refusal *refusal, ewi_buffer *out) {
    ewi_json_out json = {.out = out};
    ewi_json_out_open(&json, NULL, '{');
    ewi_json_out_open(&json, "error", '{');
    ewi_json_out_integer(&json, "code", refusal->http);
    ewi_json_out_text(&json, "message", refusal->text);
    ewi_json_out_text(&json, "type", type_of(refusal));
    ewi_json_out_close_all(&json);
}

bool ewi_llamacpp_hold(ewi_answer *answer, ewi_refusal *refusal) {
    ew_str name = ewi_exchange_query(answer->exchange, "model");
    answer->host = ewi_models_hold(ewi_server_models(answer->server), name, refusal);
    return answer->host != NULL;
}

bool ewi_llamacpp_put_settings(ewi_json_out *json, const char *key, const ewi_ask *ask, ewi_answer *answer) {
    ew_sampler_options s;
    ewi_refusal refusal;
    uint32_t n_predict = ewi_ask_n_predict(ask);
    if (!ewi_ask_sampling(ask, answer->host, &answer->arena, &s, &refusal)) return false;
    ewi_json_out_open(json, key, '{');
    ewi_json_out_integer(json, "n_predict", n_predict ? (int64_t)n_predict : -1);
    ewi_json_out_integer(json, "seed", ask->seed == EWI_UNSAID ? -1 : ask->seed);
    ewi_json_out_float(json, "temperature", s.temperature);
    ewi_json_out_count(json, "top_k", s.top_k);
    ewi_json_out_float(json, "top_p", s.top_p);
    ewi_json_out_float(json, "min_p", s.min_p);
    ewi_json_out_count(json, "repeat_last_n", s.penalty_last_n ? s.penalty_last_n : 64);
    ewi_json_out_float(json, "repeat_penalty", s.repeat_penalty > 0 ? s.repeat_penalty : 1);
    ewi_json_out_float(json, "presence_penalty", s.presence_penalty);
    ewi_json_out_float(json, "frequency_penalty", s.frequency_penalty);
    ewi_json_out_open(json, "stop", '[');
    for (size_t i = 0; i < ask->stops.n; i++) ewi_json_out_string(json, NULL, ask->stops.items[i]);
    ewi_json_out_close(json);
    ewi_json_out_bool(json, "ignore_eos", ask->ignore_end);
    ewi_json_out_bool(json, "stream", ask->stream);
    ewi_json_out_integer(json, "n_probs", ask->n_top);
    ewi_json_out_close(json);
    return true;
}

static bool add_token(ewi_buffer *out, const ewi_host *host, ew_detokenizer *state, ew_token token) {
    size_t len = 0;
    if (token < 0 || (size_t)token >= ew_tokenizer_n_vocab(host->tokenizer)) return false;
    for (size_t room = 64;; room = len) {
        if (!ewi_buffer_reserve(out, room)) return false;
        if (ew_detokenize(host->tokenizer, state, token, true, (char *)out->data + out->len, room, &len,
                          NULL))
            return false;
        if (len > room) continue;
        out->len += len;
        return true;
    }
}

bool ewi_llamacpp_put_text(ewi_json_out *json, const char *key, const ewi_host *host, const ew_token *tokens,
                           size_t n) {
    ewi_buffer text;
    char rest[4];
    ew_detokenizer state = {0};
    ewi_buffer_init(&text, MAX_TEXT);
    bool ok = true;
    for (size_t i = 0; i < n && ok; i++) ok = add_token(&text, host, &state, tokens[i]);
    ewi_buffer_add(&text, rest, ew_detokenize_end(&state, rest));
    ewi_json_out_string(json, key, ewi_buffer_str(&text));
    ok = ok && !text.failed;
    ewi_buffer_deinit(&text);
    return ok;
}

void ewi_llamacpp_put_bytes(ewi_json_out *json, const char *key, ewi_bytes bytes) {
    ewi_json_out_open(json, key, '[');
    for (size_t i = 0; i < bytes.len; i++) ewi_json_out_count(json, NULL, bytes.data[i]);
    ewi_json_out_close(json);
}
