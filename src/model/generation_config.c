#include "model/generation_config.h"

#include "base/error.h"
#include "format/json.h"

#define MAX_TOP_K 0x7fffffff

static ew_status read_float(ewi_json *json, ew_str key, double max, float *out, ew_error *err) {
    double value;
    ew_status status = ewi_json_read_double(json, &value, err);
    if (status) return ewi_fail_at(err, status, "%.*s", EWI_STR_ARG(key));
    if (!(value >= 0 && value <= max))
        return ewi_fail(err, EW_FORMAT, "%.*s: %g is not in 0..%g", EWI_STR_ARG(key), value, max);
    *out = (float)value;
    return EW_OK;
}

static ew_status read_top_k(ewi_json *json, int32_t *out, ew_error *err) {
    uint64_t value;
    ew_status status = ewi_json_read_u64(json, &value, err);
    if (status) return ewi_fail_at(err, status, "top_k");
    *out = (int32_t)(value < MAX_TOP_K ? value : MAX_TOP_K);
    return EW_OK;
}

static ew_status read_member(ewi_json *json, ew_str key, ew_model_sampling *out, bool *samples,
                             ew_error *err) {
    if (ewi_json_peek(json) == EWI_JSON_NULL) return ewi_json_skip(json, err);
    if (ewi_str_is(key, "temperature")) return read_float(json, key, 100, &out->temperature, err);
    if (ewi_str_is(key, "top_p")) return read_float(json, key, 1, &out->top_p, err);
    if (ewi_str_is(key, "min_p")) return read_float(json, key, 1, &out->min_p, err);
    if (ewi_str_is(key, "repetition_penalty")) return read_float(json, key, 100, &out->repeat_penalty, err);
    if (ewi_str_is(key, "top_k")) return read_top_k(json, &out->top_k, err);
    if (ewi_str_is(key, "do_sample")) return ewi_json_read_bool(json, samples, err);
    return ewi_json_skip(json, err);
}

static ew_status read_members(ewi_json *json, ew_model_sampling *out, ew_error *err) {
    ew_str key;
    bool samples = true;
    EWI_TRY(ewi_json_enter_object(json, err));
    while (ewi_json_next_key(json, &key)) EWI_TRY(read_member(json, key, out, &samples, err));
    if (!samples) out->temperature = 0;
    return ewi_json_end(json, err);
}

ew_status ewi_generation_config_read(ewi_bytes text, ewi_arena *arena, ew_model_sampling *out,
                                     ew_error *err) {
    ewi_json json;
    ewi_json_init(&json, text, arena);
    ew_status status = read_members(&json, out, err);
    return status ? ewi_fail_at(err, status, "generation_config.json") : EW_OK;
}
