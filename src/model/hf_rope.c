/* hf_rope.c: rope_parameters of config.json, and rope_scaling of older files. */
#include "base/error.h"
#include "base/mem.h"
#include "model/hf_config.h"

static ew_status read_kind(ewi_json *json, ew_str key, ewi_hf_config *c) {
    ew_str name;
    EWI_TRY(ewi_json_read_string(json, &name, c->err));
    c->rope.kind = ewi_rope_kind_from(name);
    if (c->rope.kind < EWI_N_ROPE_KINDS) return EW_OK;
    return ewi_fail(c->err, EW_UNSUPPORTED, "%.*s: \"%.*s\" is not implemented", EWI_STR_ARG(key),
                    EWI_STR_ARG(name));
}

static ew_status read_factors(ewi_json *json, ew_str key, ewi_hf_config *c, const double **out) {
    size_t n;
    ew_status status = ewi_json_count(json, &n, c->err);
    if (status != EW_OK) return ewi_fail_at(c->err, status, "%.*s", EWI_STR_ARG(key));
    if (n == 0 || n > EWI_MAX_HEAD_DIM)
        return ewi_fail(c->err, EW_FORMAT, "%.*s: %zu factors, needs 1..%u", EWI_STR_ARG(key), n,
                        EWI_MAX_HEAD_DIM);
    double *factors = ewi_arena_array(c->arena, n, sizeof *factors);
    if (!factors) return ewi_no_memory(c->err, "rope factors");
    EWI_TRY(ewi_json_enter_array(json, c->err));
    for (size_t i = 0; ewi_json_next_item(json); i++)
        EWI_TRY(ewi_hf_read_f64(json, key, 1e-3, 1e6, &factors[i], c->err));
    EWI_TRY(ewi_json_check(json, c->err));
    if (c->rope.n_factors && c->rope.n_factors != n)
        return ewi_fail(c->err, EW_FORMAT, "long and short factors are not as many");
    c->rope.n_factors = (uint32_t)n;
    *out = factors;
    return EW_OK;
}

static ew_status read_ramp(ewi_json *json, ewi_hf_config *c) {
    bool truncates;
    EWI_TRY(ewi_json_read_bool(json, &truncates, c->err));
    c->rope.has_whole_ramp = !truncates;
    return EW_OK;
}

static ew_status read_parameter(ewi_json *json, ew_str key, ewi_hf_config *c) {
    const struct {
        const char *key;
        double min, max;
        double *out;
    } numbers[] = {
        {"rope_theta", 1, 1e12, &c->rope_base},
        {"factor", 1e-3, 1e6, &c->rope.factor},
        {"low_freq_factor", 1e-3, 1e6, &c->rope.low_freq_factor},
        {"high_freq_factor", 1e-3, 1e6, &c->rope.high_freq_factor},
        {"beta_fast", 1e-3, 1e6, &c->rope.beta_fast},
        {"beta_slow", 1e-3, 1e6, &c->rope.beta_slow},
        {"mscale", 1e-3, 1e3, &c->rope.mscale},
        {"mscale_all_dim", 1e-3, 1e3, &c->rope.mscale_all_dim},
        {"attention_factor", 1e-3, 1e3, &c->rope.attention_factor},
        {"partial_rotary_factor", 1e-3, 1, &c->partial_rotary},
    };
    for (size_t i = 0; i < EWI_COUNT(numbers); i++)
        if (ewi_str_is(key, numbers[i].key))
            return ewi_hf_read_f64(json, key, numbers[i].min, numbers[i].max, numbers[i].out, c->err);
    if (ewi_str_is(key, "rope_type") || ewi_str_is(key, "type")) return read_kind(json, key, c);
    if (ewi_str_is(key, "original_max_position_embeddings"))
        return ewi_hf_read_u32(json, key, EWI_MAX_CTX, &c->rope.n_ctx_original, c->err);
    if (ewi_str_is(key, "short_factor")) return read_factors(json, key, c, &c->rope.short_factors);
    if (ewi_str_is(key, "long_factor")) return read_factors(json, key, c, &c->rope.long_factors);
    if (ewi_str_is(key, "truncate")) return read_ramp(json, c);
    return ewi_fail(c->err, EW_UNSUPPORTED, "%.*s is not implemented", EWI_STR_ARG(key));
}

/* Layers with a window have a plain rope of their own. */
static ew_status read_local(ewi_json *json, ewi_hf_config *c) {
    ewi_hf_config local = {.arena = c->arena, .err = c->err};
    EWI_TRY(ewi_hf_read_rope(json, EWI_STR("sliding_attention"), &local));
    if (local.rope.kind != EWI_ROPE_PLAIN)
        return ewi_fail(c->err, EW_UNSUPPORTED, "sliding_attention: rope scaling is not implemented there");
    c->local_rope_base = local.rope_base;
    return EW_OK;
}

ew_status ewi_hf_read_rope(ewi_json *json, ew_str key, ewi_hf_config *c) {
    ew_str name;
    if (ewi_json_peek(json) == EWI_JSON_NULL) return ewi_json_skip(json, c->err);
    EWI_TRY(ewi_json_enter_object(json, c->err));
    while (ewi_json_next_key(json, &name)) {
        bool is_nested = ewi_json_peek(json) == EWI_JSON_OBJECT;
        ew_status status = EW_OK;
        if (is_nested && ewi_str_is(name, "full_attention"))
            status = ewi_hf_read_rope(json, name, c);
        else if (is_nested && ewi_str_is(name, "sliding_attention"))
            status = read_local(json, c);
        else
            status = read_parameter(json, name, c);
        if (status != EW_OK) return ewi_fail_at(c->err, status, "%.*s", EWI_STR_ARG(key));
    }
    return ewi_json_check(json, c->err);
}
