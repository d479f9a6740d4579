#include "serve/api_ask.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/json.h"

#define MAX_BIASES 4096u

void ewi_ask_init(ewi_ask *ask) {
    *ask = (ewi_ask){
        .temperature = (double)NAN,
        .top_p = (double)NAN,
        .min_p = (double)NAN,
        .repeat_penalty = (double)NAN,
        .timeout_s = (double)NAN,
        .top_k = EWI_UNSAID,
        .seed = EWI_UNSAID,
        .n_predict = EWI_UNSAID,
        .n_predict_older = EWI_UNSAID,
        .n_choices = 1,
        .cache = true,
    };
}

/* ---- sampling ---- */

static float said(double value, float advice, float usual) {
    if (!isnan(value)) return (float)value;
    return advice >= 0 ? advice : usual;
}

static ew_token token_of_key(ew_str key) {
    char text[16], *end;
    if (key.len == 0 || key.len >= sizeof text) return -1;
    memcpy(text, key.data, key.len);
    text[key.len] = '\0';
    long value = strtol(text, &end, 10);
    return *end == '\0' && value >= 0 && value < INT32_MAX ? (ew_token)value : -1;
}

static bool bad_bias(ewi_refusal *refusal) {
    return ewi_refuse(
        refusal, 400, "logit_bias",
        "logit_bias: an object of biases by token id, or an array of [token, bias], is expected");
}

static bool read_bias_pairs(ewi_json *json, ew_logit_bias *out, size_t *n) {
    if (ewi_json_enter_array(json, NULL)) return false;
    while (ewi_json_next_item(json)) {
        uint64_t token = 0;
        double bias = 0;
        if (ewi_json_enter_array(json, NULL) || !ewi_json_next_item(json) ||
            ewi_json_read_u64(json, &token, NULL) || token > INT32_MAX || !ewi_json_next_item(json) ||
            ewi_json_read_double(json, &bias, NULL) || ewi_json_next_item(json))
            return false;
        out[(*n)++] = (ew_logit_bias){(ew_token)token, (float)bias};
    }
    return ewi_json_check(json, NULL) == EW_OK;
}

static bool read_bias_object(ewi_json *json, ew_logit_bias *out, size_t *n) {
    ew_str key;
    if (ewi_json_enter_object(json, NULL)) return false;
    while (ewi_json_next_key(json, &key)) {
        double bias = 0;
        ew_token token = token_of_key(key);
        if (token < 0 || ewi_json_read_double(json, &bias, NULL)) return false;
        out[(*n)++] = (ew_logit_bias){token, (float)bias};
    }
    return ewi_json_check(json, NULL) == EW_OK;
}

static bool read_biases(const ewi_ask *ask, ewi_arena *arena, ew_sampler_options *out, ewi_refusal *refusal) {
    size_t n = 0;
    ewi_json json;
    if (!ask->logit_bias.len) return true;
    ewi_json_init(&json, (ewi_bytes){(const uint8_t *)ask->logit_bias.data, ask->logit_bias.len}, arena);
    ewi_json_kind kind = ewi_json_peek(&json);
    if ((kind != EWI_JSON_ARRAY && kind != EWI_JSON_OBJECT) || ewi_json_count(&json, &n, NULL))
        return bad_bias(refusal);
    if (n > MAX_BIASES)
        return ewi_refuse(refusal, 400, "logit_bias", "logit_bias: %zu biases, at most %u", n, MAX_BIASES);
    ew_logit_bias *biases = ewi_arena_array(arena, n + 1, sizeof *biases);
    if (!biases) return ewi_refuse(refusal, 503, "logit_bias", "logit_bias: no memory for it");
    n = 0;
    bool ok =
        kind == EWI_JSON_ARRAY ? read_bias_pairs(&json, biases, &n) : read_bias_object(&json, biases, &n);
    out->biases = biases;
    out->n_biases = n;
    return ok || bad_bias(refusal);
}

bool ewi_ask_sampling(const ewi_ask *ask, const ewi_host *host, ewi_arena *arena, ew_sampler_options *out,
                      ewi_refusal *refusal) {
    ew_model_sampling advice = ew_model_get_sampling(host->model);
    *out = (ew_sampler_options){
        .struct_size = sizeof *out,
        .temperature = said(ask->temperature, advice.temperature, 0.8f),
        .top_p = said(ask->top_p, advice.top_p, 0.95f),
        .min_p = said(ask->min_p, advice.min_p, 0.05f),
        .repeat_penalty = said(ask->repeat_penalty, advice.repeat_penalty, 0),
        .frequency_penalty = (float)ask->frequency_penalty,
        .presence_penalty = (float)ask->presence_penalty,
        .penalty_last_n = (uint32_t)ask->penalty_last_n,
        .top_k = ask->top_k != EWI_UNSAID ? (uint32_t)ask->top_k
                 : advice.top_k >= 0      ? (uint32_t)advice.top_k
                                          : 40,
        .seed = (uint64_t)ask->seed,
    };
    return read_biases(ask, arena, out, refusal);
}

uint32_t ewi_ask_n_predict(const ewi_ask *ask) {
    int64_t n = ask->n_predict != EWI_UNSAID ? ask->n_predict : ask->n_predict_older;
    return n < 0 ? 0 : (uint32_t)n;
}

bool ewi_ask_priority(const ewi_ask *ask, ewi_priority *out, ewi_refusal *refusal) {
    *out = ewi_str_is(ask->priority, "background") ? EWI_BACKGROUND : EWI_INTERACTIVE;
    if (!ask->priority.len || *out == EWI_BACKGROUND || ewi_str_is(ask->priority, "interactive")) return true;
    return ewi_refuse(refusal, 400, "priority", "priority: \"interactive\" or \"background\" is expected");
}

/* ---- adapters ---- */

static bool bad_lora(ewi_refusal *refusal) {
    return ewi_refuse(refusal, 400, "lora",
                      "lora: an array of {\"id\": N, \"scale\": X} is expected; see /lora-adapters");
}

static bool read_lora(ewi_json *json, int64_t *id, double *scale) {
    ew_str key;
    *id = -1;
    *scale = 1;
    if (ewi_json_enter_object(json, NULL)) return false;
    while (ewi_json_next_key(json, &key)) {
        if (ewi_str_is(key, "id") && ewi_json_read_i64(json, id, NULL) == EW_OK) continue;
        if (ewi_str_is(key, "scale") && ewi_json_read_double(json, scale, NULL) == EW_OK) continue;
        return false;
    }
    return ewi_json_check(json, NULL) == EW_OK;
}

/* What a list does not name has the scale 0, as in llama.cpp. */
bool ewi_ask_read_scales(ew_str lora, const ewi_host *host, ewi_arena *arena, double *scales,
                         ewi_refusal *refusal) {
    ewi_json json;
    ewi_json_init(&json, (ewi_bytes){(const uint8_t *)lora.data, lora.len}, arena);
    if (ewi_json_peek(&json) != EWI_JSON_ARRAY || ewi_json_enter_array(&json, NULL)) return bad_lora(refusal);
    for (size_t i = 0; i < host->n_adapters; i++) scales[i] = 0;
    while (ewi_json_next_item(&json)) {
        int64_t id;
        double scale;
        if (!read_lora(&json, &id, &scale)) return bad_lora(refusal);
        if (id < 0 || (uint64_t)id >= host->n_adapters)
            return ewi_refuse(refusal, 400, "lora", "lora: there is no adapter %lld; the model has %zu",
                              (long long)id, host->n_adapters);
        scales[id] = scale;
    }
    return true;
}

bool ewi_ask_adapters(const ewi_ask *ask, const ewi_host *host, ewi_arena *arena, ew_adapter_use **uses,
                      size_t *n, ewi_refusal *refusal) {
    *n = 0;
    *uses = ewi_arena_array(arena, host->n_adapters + 1, sizeof **uses);
    double *scales = ewi_arena_array(arena, host->n_adapters + 1, sizeof *scales);
    if (!*uses || !scales) return ewi_refuse(refusal, 503, "lora", "lora: no memory for it");
    ewi_mutex_lock(host->scales_lock);
    for (size_t i = 0; i < host->n_adapters; i++) scales[i] = (double)host->scales[i];
    ewi_mutex_unlock(host->scales_lock);
    if (ask->lora.len && !ewi_ask_read_scales(ask->lora, host, arena, scales, refusal)) return false;
    for (size_t i = 0; i < host->n_adapters; i++)
        if (scales[i] != 0) (*uses)[(*n)++] = (ew_adapter_use){host->adapters[i], (float)scales[i]};
    return true;
}
