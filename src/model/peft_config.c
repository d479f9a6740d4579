/* peft_config.c: adapter_config.json as Hugging Face PEFT writes it for LoRA. */
#include <inttypes.h>

#include "base/error.h"
#include "format/json.h"
#include "model/adapter.h"

#define MAX_ALPHA 1e6

static ew_status read_rank(ewi_json *json, ewi_peft_config *out, ew_error *err) {
    uint64_t rank;
    EWI_TRY(ewi_json_read_u64(json, &rank, err));
    if (rank < 1 || rank > EWI_ADAPTER_MAX_RANK)
        return ewi_fail(err, EW_FORMAT, "r: %" PRIu64 " is not in 1..%u", rank, EWI_ADAPTER_MAX_RANK);
    out->rank = (uint32_t)rank;
    return EW_OK;
}

static ew_status read_alpha(ewi_json *json, ewi_peft_config *out, ew_error *err) {
    EWI_TRY(ewi_json_read_double(json, &out->alpha, err));
    if (!(out->alpha >= -MAX_ALPHA && out->alpha <= MAX_ALPHA))
        return ewi_fail(err, EW_FORMAT, "lora_alpha: %g is not in %g..%g", out->alpha, -MAX_ALPHA, MAX_ALPHA);
    return EW_OK;
}

static bool is_one_of(ew_str text, const char *const *known) {
    for (; *known; known++)
        if (ewi_str_is(text, *known)) return true;
    return false;
}

static ew_status must_be(ewi_json *json, ew_str key, const char *const *known, ew_error *err) {
    ew_str text;
    EWI_TRY(ewi_json_skip_to(json, &text, err));
    if (is_one_of(text, known)) return EW_OK;
    return ewi_fail(err, EW_UNSUPPORTED, "%.*s: %.*s is not implemented", EWI_STR_ARG(key),
                    text.len < 60 ? (int)text.len : 60, text.data);
}

static const char *const lora[] = {"\"LORA\"", NULL}, *const unset[] = {"null", "false", "0", "0.0",
                                                                        "{}",   "[]",    NULL};
static const char *const no_bias[] = {"\"none\"", NULL};
/* How training began: not those ways that change the base model's weights (PiSSA, OLoRA, LoftQ, CorDA). */
static const char *const starts[] = {"true",    "false",          "null", "\"gaussian\"",
                                     "\"eva\"", "\"orthogonal\"", NULL};
/* Of no effect on what a trained adapter computes; the pairs themselves say which weights they are for. */
static const char *const beside[] = {"auto_mapping",
                                     "base_model_name_or_path",
                                     "revision",
                                     "inference_mode",
                                     "task_type",
                                     "peft_version",
                                     "lora_dropout",
                                     "target_modules",
                                     "exclude_modules",
                                     "layers_to_transform",
                                     "layers_pattern",
                                     "megatron_core",
                                     "qalora_group_size",
                                     "runtime_config",
                                     NULL};

static ew_status read_member(ewi_json *json, ew_str key, ewi_peft_config *out, ew_error *err) {
    if (ewi_str_is(key, "r")) return read_rank(json, out, err);
    if (ewi_str_is(key, "lora_alpha")) return read_alpha(json, out, err);
    if (ewi_str_is(key, "use_rslora")) return ewi_json_read_bool(json, &out->is_rank_stabilized, err);
    if (ewi_str_is(key, "peft_type")) return must_be(json, key, lora, err);
    if (ewi_str_is(key, "bias")) return must_be(json, key, no_bias, err);
    if (ewi_str_is(key, "init_lora_weights")) return must_be(json, key, starts, err);
    return is_one_of(key, beside) ? ewi_json_skip(json, err) : must_be(json, key, unset, err);
}

/* Which weights have a rank of their own: their shapes say it. */
static ew_status read_pattern(ewi_json *json, bool *has_pattern, ew_error *err) {
    ew_str text;
    EWI_TRY(ewi_json_skip_to(json, &text, err));
    *has_pattern = !is_one_of(text, unset);
    return EW_OK;
}

static ew_status read_members(ewi_json *json, ewi_peft_config *out, ew_error *err) {
    ew_str key;
    bool is_lora = false, has_alpha = false, has_pattern = false;
    EWI_TRY(ewi_json_enter_object(json, err));
    while (ewi_json_next_key(json, &key)) {
        is_lora |= ewi_str_is(key, "peft_type");
        has_alpha |= ewi_str_is(key, "lora_alpha");
        if (ewi_str_is(key, "rank_pattern"))
            EWI_TRY(read_pattern(json, &has_pattern, err));
        else
            EWI_TRY(read_member(json, key, out, err));
    }
    EWI_TRY(ewi_json_end(json, err));
    if (!is_lora || !out->rank || !has_alpha)
        return ewi_fail(err, EW_FORMAT, "key %s: is missing",
                        !is_lora     ? "peft_type"
                        : !out->rank ? "r"
                                     : "lora_alpha");
    if (has_pattern) out->rank = 0;
    return EW_OK;
}

ew_status ewi_peft_config_read(ewi_bytes text, ewi_arena *arena, ewi_peft_config *out, ew_error *err) {
    ewi_json json;
    *out = (ewi_peft_config){0};
    ewi_json_init(&json, text, arena);
    ew_status status = read_members(&json, out, err);
    return status ? ewi_fail_at(err, status, "adapter_config.json") : EW_OK;
}
