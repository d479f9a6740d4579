/* hf_config.c: the members of config.json, one at a time, whatever their order. */
#include "model/hf_config.h"

#include <inttypes.h>

#include "base/error.h"

/* ---- values ---- */

ew_status ewi_hf_read_u32(ewi_json *json, ew_str key, uint32_t max, uint32_t *out, ew_error *err) {
    uint64_t value;
    if (ewi_json_peek(json) == EWI_JSON_NULL) return ewi_json_skip(json, err);
    ew_status status = ewi_json_read_u64(json, &value, err);
    if (status != EW_OK) return ewi_fail_at(err, status, "%.*s", EWI_STR_ARG(key));
    if (value < 1 || value > max)
        return ewi_fail(err, EW_FORMAT, "%.*s: %" PRIu64 " is not in 1..%u", EWI_STR_ARG(key), value, max);
    *out = (uint32_t)value;
    return EW_OK;
}

ew_status ewi_hf_read_f64(ewi_json *json, ew_str key, double min, double max, double *out, ew_error *err) {
    if (ewi_json_peek(json) == EWI_JSON_NULL) return ewi_json_skip(json, err);
    ew_status status = ewi_json_read_double(json, out, err);
    if (status != EW_OK) return ewi_fail_at(err, status, "%.*s", EWI_STR_ARG(key));
    if (!(*out >= min && *out <= max))
        return ewi_fail(err, EW_FORMAT, "%.*s: %g is not in %g..%g", EWI_STR_ARG(key), *out, min, max);
    return EW_OK;
}

static ew_status read_answer(ewi_json *json, ew_str key, ewi_answer *out, ew_error *err) {
    bool yes;
    if (ewi_json_peek(json) == EWI_JSON_NULL) return ewi_json_skip(json, err);
    ew_status status = ewi_json_read_bool(json, &yes, err);
    if (status != EW_OK) return ewi_fail_at(err, status, "%.*s", EWI_STR_ARG(key));
    *out = yes ? EWI_YES : EWI_NO;
    return EW_OK;
}

static bool is_unset(ew_str text) {
    return ewi_str_is(text, "null") || ewi_str_is(text, "false") || ewi_str_is(text, "0");
}

static ew_status must_be_unset(ewi_json *json, ew_str key, ew_error *err) {
    ew_str text;
    EWI_TRY(ewi_json_skip_to(json, &text, err));
    if (is_unset(text)) return EW_OK;
    return ewi_fail(err, EW_UNSUPPORTED, "%.*s: this feature is not implemented", EWI_STR_ARG(key));
}

/* ---- members ---- */

static ew_status read_architectures(ewi_json *json, ewi_hf_config *c) {
    EWI_TRY(ewi_json_enter_array(json, c->err));
    while (ewi_json_next_item(json)) {
        ew_str text;
        EWI_TRY(ewi_json_skip_to(json, &text, c->err));
        ew_str name = text.len >= 2 ? (ew_str){text.data + 1, text.len - 2} : text;
        if (!c->arch) c->arch = ewi_arch_from_hf(name, &c->class_kind);
        if (!c->arch)
            return ewi_fail(c->err, EW_UNSUPPORTED, "architecture %.*s is not implemented (%s are)",
                            EWI_STR_ARG(name), ewi_arch_list());
    }
    return ewi_json_check(json, c->err);
}

static bool is_among(ew_str key, const char *const *names, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (ewi_str_is(key, names[i])) return true;
    return false;
}

/* Keys of features that are not implemented. */
static bool is_refused(ew_str key) {
    static const char *const names[] = {
        "quantization_config",
        "qk_ln",
        "clip_qkv",
        "prefix_lm",
        "apply_residual_connection_post_layernorm",
        "scale_attn_by_inverse_layer_idx",
        "use_bidirectional_attention",
        "add_cross_attention",
        "attn_uses_sequence_id",
        "is_decoder",
        "causal",
        "prenorm",
        "use_rms_norm",
        "rotary_emb_interleaved",
        "rotary_emb_scale_base",
        "rotary_scaling_factor",
        "moe_every_n_layers",
    };
    return is_among(key, names, EWI_COUNT(names));
}

/* Sets *found when the key is one of these. */
static ew_status read_size(ewi_json *json, ew_str key, ewi_hf_config *c, bool *found) {
    const struct {
        const char *keys[5];
        uint32_t max;
        uint32_t *out;
    } sizes[] = {
        {{"hidden_size", "n_embd", "n_embed", "d_model"}, EWI_MAX_D_MODEL, &c->d_model},
        {{"intermediate_size", "n_inner", "ffn_hidden_size"}, EWI_MAX_D_FFN, &c->d_ffn},
        {{"num_hidden_layers", "n_layer", "n_layers"}, EWI_MAX_LAYERS, &c->n_layers},
        {{"num_attention_heads", "n_head", "n_heads"}, EWI_MAX_HEADS, &c->n_heads},
        {{"num_key_value_heads"}, EWI_MAX_HEADS, &c->n_kv_heads},
        {{"num_kv_heads"}, EWI_MAX_HEADS, &c->n_kv_groups},
        {{"num_ln_in_parallel_attn"}, 2, &c->n_norms},
        {{"head_dim"}, EWI_MAX_HEAD_DIM, &c->head_dim},
        {{"max_position_embeddings", "n_positions", "max_seq_len", "seq_length"}, EWI_MAX_CTX, &c->n_ctx},
        {{"vocab_size"}, EWI_MAX_VOCAB, &c->n_vocab},
        {{"expansion_ratio"}, 64, &c->ffn_ratio},
        {{"original_max_position_embeddings"}, EWI_MAX_CTX, &c->n_ctx_original},
        {{"num_experts", "num_local_experts"}, EWI_MAX_EXPERTS, &c->n_experts},
        {{"num_experts_per_tok"}, EWI_MAX_EXPERTS, &c->n_used},
        {{"moe_intermediate_size"}, EWI_MAX_D_FFN, &c->d_expert},
        {{"decoder_sparse_step"}, EWI_MAX_LAYERS, &c->sparse_step},
        {{"sliding_window"}, EWI_MAX_CTX, &c->window},
        {{"sliding_window_pattern", "_sliding_window_pattern", "global_attn_every_n_layers"},
         EWI_MAX_LAYERS,
         &c->window_period},
        {{"local_attention"}, EWI_MAX_CTX, &c->window_width},
        {{"max_trained_positions"}, EWI_MAX_CTX, &c->n_ctx_trained},
    };
    *found = true;
    for (size_t i = 0; i < EWI_COUNT(sizes); i++)
        for (size_t k = 0; k < 4 && sizes[i].keys[k]; k++)
            if (ewi_str_is(key, sizes[i].keys[k]))
                return ewi_hf_read_u32(json, key, sizes[i].max, sizes[i].out, c->err);
    *found = false;
    return EW_OK;
}

static ew_status read_number(ewi_json *json, ew_str key, ewi_hf_config *c, bool *found) {
    const struct {
        const char *key;
        double min, max;
        double *out;
    } numbers[] = {
        {"rope_theta", 1, 1e12, &c->rope_base},
        {"rotary_emb_base", 1, 1e12, &c->rope_base},
        {"global_rope_theta", 1, 1e12, &c->rope_base},
        {"rope_local_base_freq", 1, 1e12, &c->local_rope_base},
        {"local_rope_theta", 1, 1e12, &c->local_rope_base},
        {"partial_rotary_factor", 1e-3, 1, &c->partial_rotary},
        {"rotary_pct", 1e-3, 1, &c->partial_rotary},
        {"rotary_emb_fraction", 1e-3, 1, &c->partial_rotary},
        {"embedding_multiplier", -1e6, 1e6, &c->embedding_multiplier},
        {"attention_multiplier", 1e-6, 1e6, &c->attention_multiplier},
        {"residual_multiplier", -1e6, 1e6, &c->residual_multiplier},
        {"logits_scaling", 1e-6, 1e6, &c->logits_scaling},
        {"logit_scale", 1e-6, 1e6, &c->logit_scale},
        {"query_pre_attn_scalar", 1e-6, 1e6, &c->query_scalar},
        {"attn_logit_softcapping", 1e-3, 1e6, &c->attn_cap},
        {"final_logit_softcapping", 1e-3, 1e6, &c->logit_cap},
        {"alibi_bias_max", 1e-3, 1e3, &c->alibi_max},
        {"softmax_scale", 1e-6, 1e6, &c->softmax_scale},
    };
    *found = true;
    for (size_t i = 0; i < EWI_COUNT(numbers); i++)
        if (ewi_str_is(key, numbers[i].key))
            return ewi_hf_read_f64(json, key, numbers[i].min, numbers[i].max, numbers[i].out, c->err);
    *found = false;
    return EW_OK;
}

static ew_status read_truth(ewi_json *json, ew_str key, ewi_hf_config *c, bool *found) {
    const struct {
        const char *key;
        ewi_answer *out;
    } answers[] = {
        {"tie_word_embeddings", &c->is_tied},
        {"use_qk_norm", &c->has_qk_norm},
        {"qk_layernorm", &c->has_qk_norm},
        {"use_parallel_residual", &c->is_parallel},
        {"parallel_attn", &c->is_parallel_attn},
        {"use_sliding_window", &c->uses_window},
        {"alibi", &c->has_alibi},
        {"new_decoder_architecture", &c->is_grouped},
        {"multi_query", &c->is_multi_query},
        {"no_bias", &c->has_no_bias},
        {"norm_topk_prob", &c->weighs_to_one},
    };
    *found = true;
    for (size_t i = 0; i < EWI_COUNT(answers); i++)
        if (ewi_str_is(key, answers[i].key)) return read_answer(json, key, answers[i].out, c->err);
    *found = false;
    return EW_OK;
}

static ew_status read_member(ewi_json *json, ew_str key, ewi_hf_config *c);

/* MPT keeps what its attention does in an object of its own, among much else. */
static ew_status read_attn_config(ewi_json *json, ewi_hf_config *c) {
    static const char *const names[] = {"alibi", "alibi_bias_max", "softmax_scale"};
    ew_str key;
    if (ewi_json_peek(json) == EWI_JSON_NULL) return ewi_json_skip(json, c->err);
    EWI_TRY(ewi_json_enter_object(json, c->err));
    while (ewi_json_next_key(json, &key)) {
        bool is_known = is_refused(key) || is_among(key, names, EWI_COUNT(names));
        EWI_TRY(is_known ? read_member(json, key, c) : ewi_json_skip(json, c->err));
    }
    return ewi_json_check(json, c->err);
}

/* 0 is a size here: every layer has the window. */
static ew_status read_window_layers(ewi_json *json, ew_str key, ewi_hf_config *c) {
    uint64_t value;
    if (ewi_json_peek(json) == EWI_JSON_NULL) return ewi_json_skip(json, c->err);
    ew_status status = ewi_json_read_u64(json, &value, c->err);
    if (status != EW_OK) return ewi_fail_at(c->err, status, "%.*s", EWI_STR_ARG(key));
    c->max_window_layers = value < EWI_MAX_LAYERS ? (uint32_t)value : EWI_MAX_LAYERS;
    return EW_OK;
}

static ew_status read_position_kind(ewi_json *json, ew_str key, ewi_hf_config *c) {
    ew_str kind;
    EWI_TRY(ewi_json_skip_to(json, &kind, c->err));
    if (ewi_str_is(kind, "null") || ewi_str_is(kind, "\"absolute\"")) return EW_OK;
    return ewi_fail(c->err, EW_UNSUPPORTED, "%.*s: %.*s is not implemented", EWI_STR_ARG(key),
                    EWI_STR_ARG(kind));
}

/* Token 0 pads too, and some files have -1 where none does. */
static ew_status read_padding(ewi_json *json, ew_str key, ewi_hf_config *c) {
    double token;
    if (ewi_json_peek(json) == EWI_JSON_NULL) return ewi_json_skip(json, c->err);
    ew_status status = ewi_json_read_double(json, &token, c->err);
    if (status != EW_OK) return ewi_fail_at(c->err, status, "%.*s", EWI_STR_ARG(key));
    c->padding = token >= 0 && token < EWI_MAX_VOCAB ? (uint32_t)token + 1 : 0;
    return EW_OK;
}

static ew_status read_member(ewi_json *json, ew_str key, ewi_hf_config *c) {
    static const char *const acts[] = {"hidden_act", "hidden_activation", "activation_function",
                                       "activation"};
    static const char *const epsilons[] = {"rms_norm_eps", "layer_norm_eps", "layer_norm_epsilon",
                                           "norm_epsilon", "norm_eps"};
    bool found;
    if (is_refused(key)) return must_be_unset(json, key, c->err);
    EWI_TRY(read_size(json, key, c, &found));
    if (!found) EWI_TRY(read_number(json, key, c, &found));
    if (!found) EWI_TRY(read_truth(json, key, c, &found));
    if (found) return EW_OK;
    if (is_among(key, acts, EWI_COUNT(acts)))
        return ewi_json_peek(json) == EWI_JSON_NULL ? ewi_json_skip(json, c->err)
                                                    : ewi_json_skip_to(json, &c->act, c->err);
    if (is_among(key, epsilons, EWI_COUNT(epsilons))) {
        c->has_norm_eps = true;
        return ewi_hf_read_f64(json, key, 0, 0.999, &c->norm_eps, c->err);
    }
    if (ewi_str_is(key, "classifier_activation")) return ewi_json_skip_to(json, &c->rank_act, c->err);
    if (ewi_str_is(key, "classifier_pooling")) return ewi_json_skip_to(json, &c->rank_pooling, c->err);
    if (ewi_str_is(key, "architectures")) return read_architectures(json, c);
    if (ewi_str_is(key, "position_embedding_type")) return read_position_kind(json, key, c);
    if (ewi_str_is(key, "pad_token_id")) return read_padding(json, key, c);
    if (ewi_str_is(key, "rope_parameters") || ewi_str_is(key, "rope_scaling"))
        return ewi_hf_read_rope(json, key, c);
    if (ewi_str_is(key, "attn_config")) return read_attn_config(json, c);
    if (ewi_str_is(key, "max_window_layers")) return read_window_layers(json, key, c);
    if (ewi_str_is(key, "mlp_only_layers")) return ewi_json_skip_to(json, &c->dense_layers, c->err);
    if (ewi_str_is(key, "layer_types")) return ewi_json_skip_to(json, &c->layer_types, c->err);
    if (ewi_str_is(key, "no_rope_layers")) return ewi_json_skip_to(json, &c->rope_layers, c->err);
    return ewi_json_skip(json, c->err);
}

ew_status ewi_hf_config_read(ewi_bytes text, ewi_hf_config *c) {
    ewi_json json;
    ew_str key;
    ewi_json_init(&json, text, c->arena);
    EWI_TRY(ewi_json_enter_object(&json, c->err));
    while (ewi_json_next_key(&json, &key)) EWI_TRY(read_member(&json, key, c));
    return ewi_json_end(&json, c->err);
}
