/* hparams_gguf.c: the `{architecture}.*` keys of GGUF metadata (ggml-org/ggml, docs/gguf.md, "LLM"). */
#include <inttypes.h>
#include <stdio.h>

#include "base/error.h"
#include "model/hparams.h"

typedef struct reader {
    const ewi_gguf *gguf;
    const char *arch;
    ew_error *err;
} reader;

#define KEY_BYTES 128

static const ewi_gguf_kv *find(const reader *r, const char *name, char key[KEY_BYTES]) {
    snprintf(key, KEY_BYTES, "%s.%s", r->arch, name);
    return ewi_gguf_find(r->gguf, ewi_str(key));
}

/* A whole number in [min, max]. fallback 0: the key is required. An array of one value per layer must repeat
 * one value. */
static ew_status read_u32(const reader *r, const char *name, uint32_t min, uint32_t max, uint32_t fallback,
                          uint32_t *out) {
    char key[KEY_BYTES];
    const ewi_gguf_kv *kv = find(r, name, key);
    *out = fallback;
    if (!kv) return fallback ? EW_OK : ewi_fail(r->err, EW_FORMAT, "metadata %s: is missing", key);
    if (kv->n == 0) return ewi_fail(r->err, EW_FORMAT, "metadata %s: is an empty array", key);
    for (uint64_t i = 0; i < kv->n; i++) {
        int64_t value;
        if (!ewi_gguf_i64(kv, i, &value))
            return ewi_fail(r->err, EW_FORMAT, "metadata %s: is not a whole number", key);
        if (value < min || value > max)
            return ewi_fail(r->err, EW_FORMAT, "metadata %s: %" PRId64 " is not in %u..%u", key, value, min,
                            max);
        if (i > 0 && (uint32_t)value != *out)
            return ewi_fail(r->err, EW_UNSUPPORTED, "metadata %s: differs between layers", key);
        *out = (uint32_t)value;
    }
    return EW_OK;
}

static ew_status read_f64(const reader *r, const char *name, double min, double max, double fallback,
                          double *out) {
    char key[KEY_BYTES];
    const ewi_gguf_kv *kv = find(r, name, key);
    *out = fallback;
    if (!kv) return EW_OK;
    if (kv->type == EWI_GGUF_ARRAY || !ewi_gguf_f64(kv, 0, out))
        return ewi_fail(r->err, EW_FORMAT, "metadata %s: is not a number", key);
    if (!(*out >= min && *out <= max))
        return ewi_fail(r->err, EW_FORMAT, "metadata %s: %g is not in %g..%g", key, *out, min, max);
    return EW_OK;
}

/* Whether a value, or each of an array with one for each layer, says that a feature is not used. */
static bool all_are(const ewi_gguf_kv *kv, double unused) {
    double value;
    for (uint64_t i = 0; i < kv->n; i++)
        if (!ewi_gguf_f64(kv, i, &value) || (value != unused && value != 0)) return false;
    return kv->n > 0;
}

/* Keys that change the mathematics, with the value that means "not used", and who has them. */
static ew_status refuse_unsupported(const reader *r, const ewi_arch *arch) {
    const bool has_multipliers = arch->has_multipliers, has_caps = arch->has_caps,
               is_dense = !arch->has_experts;
    const struct {
        const char *name;
        double unused;
        bool is_used;
    } keys[] = {
        {"expert_count", 0, arch->has_experts},
        {"expert_shared_count", 0, is_dense},
        {"expert_group_count", 1, is_dense},
        {"expert_weights_scale", 1, is_dense},
        {"expert_gating_func", 1, is_dense}, /* softmax */
        {"leading_dense_block_count", 0, is_dense},
        {"attention.clamp_kqv", 0, false},
        {"attention.sliding_window", 0, arch->window != EWI_WINDOW_NONE && arch->window != EWI_WINDOW_SWITCH},
        {"attention.scale", 0, has_multipliers},
        {"residual_scale", 0, has_multipliers},
        {"embedding_scale", 0, has_multipliers},
        {"logit_scale", 0, has_multipliers || arch->has_logit_scale},
        {"attn_logit_softcapping", 0, has_caps},
        {"final_logit_softcapping", 0, has_caps},
        {"rope.scaling.attn_factor", 1, arch->positions == EWI_POSITIONS_ROPE},
        {"rope.scaling.yarn_log_multiplier", 0, false},
        {"rope.scale_linear", 1, false},
    };
    char key[KEY_BYTES];
    for (size_t i = 0; i < EWI_COUNT(keys); i++) {
        const ewi_gguf_kv *kv = find(r, keys[i].name, key);
        if (!kv || keys[i].is_used || all_are(kv, keys[i].unused)) continue;
        return ewi_fail(r->err, EW_UNSUPPORTED, "metadata %s: this feature of %s models is not implemented",
                        key, r->arch);
    }
    return EW_OK;
}

static ew_status find_arch(const ewi_gguf *gguf, ewi_hparams *out, ew_error *err) {
    const ewi_gguf_kv *kv = ewi_gguf_find(gguf, EWI_STR("general.architecture"));
    if (!kv || kv->type != EWI_GGUF_STRING)
        return ewi_fail(err, EW_FORMAT, "metadata general.architecture: no such string");
    ew_str name = ewi_gguf_string(kv);
    out->arch = ewi_arch_from_gguf(name);
    if (out->arch) return EW_OK;
    return ewi_fail(err, EW_UNSUPPORTED, "architecture %.*s is not implemented (%s are)", EWI_STR_ARG(name),
                    ewi_arch_list());
}

static ew_status read_sizes(const reader *r, ewi_hparams *out) {
    EWI_TRY(read_u32(r, "block_count", 1, EWI_MAX_LAYERS, 0, &out->n_layers));
    EWI_TRY(read_u32(r, "embedding_length", 1, EWI_MAX_D_MODEL, 0, &out->d_model));
    EWI_TRY(read_u32(r, "feed_forward_length", 1, EWI_MAX_D_FFN, 0, &out->d_ffn));
    EWI_TRY(read_u32(r, "context_length", 1, EWI_MAX_CTX, 0, &out->n_ctx_train));
    return read_u32(r, "vocab_size", 1, EWI_MAX_VOCAB, UINT32_MAX, &out->n_vocab);
}

/* Instead of a feed-forward layer's sizes, one expert's. */
static ew_status read_experts(const reader *r, ewi_hparams *out) {
    uint32_t weighs_to_one;
    if (!out->arch->has_experts) return EW_OK;
    EWI_TRY(read_u32(r, "expert_count", 1, EWI_MAX_EXPERTS, 0, &out->n_experts));
    EWI_TRY(read_u32(r, "expert_used_count", 1, EWI_MAX_EXPERTS, 0, &out->n_used));
    EWI_TRY(read_u32(r, "expert_feed_forward_length", 1, EWI_MAX_D_FFN, out->d_ffn, &out->d_ffn));
    EWI_TRY(read_u32(r, "expert_weights_norm", 0, 1, UINT32_MAX, &weighs_to_one));
    if (weighs_to_one != UINT32_MAX) out->weighs_to_one = weighs_to_one;
    return EW_OK;
}

static ew_status read_attention(const reader *r, ewi_hparams *out) {
    uint32_t value_dim;
    double eps;
    EWI_TRY(read_u32(r, "attention.head_count", 1, EWI_MAX_HEADS, 0, &out->n_heads));
    EWI_TRY(read_u32(r, "attention.head_count_kv", 1, EWI_MAX_HEADS, out->n_heads, &out->n_kv_heads));
    uint32_t even = out->d_model / out->n_heads;
    EWI_TRY(read_u32(r, "attention.key_length", 1, EWI_MAX_HEAD_DIM, even ? even : 1, &out->head_dim));
    EWI_TRY(read_u32(r, "attention.value_length", 1, EWI_MAX_HEAD_DIM, out->head_dim, &value_dim));
    if (value_dim != out->head_dim)
        return ewi_fail(r->err, EW_UNSUPPORTED, "heads of %u for keys and %u for values are not implemented",
                        out->head_dim, value_dim);
    EWI_TRY(read_f64(
        r, out->arch->has_layer_norm ? "attention.layer_norm_epsilon" : "attention.layer_norm_rms_epsilon", 0,
        0.999, 1e-5, &eps));
    out->norm_eps = (float)eps;
    EWI_TRY(read_u32(r, "rope.dimension_count", 2, EWI_MAX_HEAD_DIM, out->head_dim, &out->rope_dims));
    return read_f64(r, "rope.freq_base", 1, 1e12, 10000, &out->rope_base);
}

/* ---- features ---- */

static ew_status read_f32(const reader *r, const char *name, double min, double max, float *out) {
    double value;
    EWI_TRY(read_f64(r, name, min, max, (double)*out, &value));
    *out = (float)value;
    return EW_OK;
}

static ew_status read_rope_kind(const reader *r, ewi_rope_rule *rule) {
    char key[KEY_BYTES];
    const ewi_gguf_kv *kv = find(r, "rope.scaling.type", key);
    if (!kv) return EW_OK;
    rule->kind = kv->type == EWI_GGUF_STRING ? ewi_rope_kind_from(ewi_gguf_string(kv)) : EWI_N_ROPE_KINDS;
    if (rule->kind < EWI_N_ROPE_KINDS && rule->kind != EWI_ROPE_LLAMA3 && rule->kind != EWI_ROPE_DYNAMIC)
        return EW_OK;
    return ewi_fail(r->err, EW_UNSUPPORTED, "metadata %s: this rope scaling is not implemented", key);
}

/* longrope's factors are tensors, and their presence says it too. */
static ew_status read_rope_scaling(const reader *r, ewi_hparams *out) {
    ewi_rope_rule *rule = &out->rope;
    EWI_TRY(read_rope_kind(r, rule));
    EWI_TRY(read_f64(r, "rope.scaling.factor", 1e-3, 1e6, 0, &rule->factor));
    EWI_TRY(read_u32(r, "rope.scaling.original_context_length", 1, EWI_MAX_CTX, out->n_ctx_train,
                     &rule->n_ctx_original));
    EWI_TRY(read_f64(r, "rope.scaling.attn_factor", 1e-3, 1e3, 0, &rule->attention_factor));
    EWI_TRY(read_f64(r, "rope.scaling.yarn_beta_fast", 1e-3, 1e6, 0, &rule->beta_fast));
    EWI_TRY(read_f64(r, "rope.scaling.yarn_beta_slow", 1e-3, 1e6, 0, &rule->beta_slow));
    if (rule->kind == EWI_ROPE_YARN && rule->attention_factor == 1) rule->attention_factor = 0;
    if (rule->kind == EWI_ROPE_YARN && rule->attention_factor != 0)
        return ewi_fail(r->err, EW_UNSUPPORTED,
                        "metadata %s.rope.scaling.attn_factor: not implemented with yarn", r->arch);
    if (rule->attention_factor == 0)
        EWI_TRY(read_f64(r, "rope.scaling.yarn_attn_factor", 1e-3, 1e3, 0, &rule->attention_factor));
    if (rule->kind == EWI_ROPE_PLAIN && rule->factor != 0 && rule->factor != 1)
        return ewi_fail(r->err, EW_FORMAT, "metadata %s.rope.scaling.factor: without a rope.scaling.type",
                        r->arch);
    return EW_OK;
}

/* A period, or a truth for each layer. */
static ew_status read_pattern(const reader *r, ewi_hparams *out) {
    char key[KEY_BYTES];
    uint32_t period;
    const ewi_gguf_kv *kv = find(r, "attention.sliding_window_pattern", key);
    if (!kv || kv->type != EWI_GGUF_ARRAY) {
        EWI_TRY(read_u32(r, "attention.sliding_window_pattern", 1, EWI_MAX_LAYERS, out->arch->window_period,
                         &period));
        ewi_hparams_mark_windows(out, period);
        return EW_OK;
    }
    if (kv->n != out->n_layers)
        return ewi_fail(r->err, EW_FORMAT, "metadata %s: not one value for each of %u layers", key,
                        out->n_layers);
    for (uint32_t i = 0; i < out->n_layers; i++) {
        int64_t is_local;
        if (!ewi_gguf_i64(kv, i, &is_local))
            return ewi_fail(r->err, EW_FORMAT, "metadata %s: is not an array of bool", key);
        if (is_local) out->layers[i] |= EWI_LAYER_LOCAL;
    }
    return EW_OK;
}

static ew_status read_window(const reader *r, ewi_hparams *out) {
    const ewi_window_kind kind = out->arch->window;
    const bool has_pattern = kind == EWI_WINDOW_LAYERS || kind == EWI_WINDOW_SIDES;
    if (kind == EWI_WINDOW_NONE || kind == EWI_WINDOW_SWITCH) return EW_OK;
    EWI_TRY(read_u32(r, "attention.sliding_window", 0, EWI_MAX_CTX, UINT32_MAX, &out->window));
    if (out->window == UINT32_MAX) out->window = 0;
    if (out->window == 0 && has_pattern)
        return ewi_fail(r->err, EW_FORMAT, "metadata %s.attention.sliding_window: is missing", r->arch);
    if (out->window == 0) return EW_OK;
    if (kind == EWI_WINDOW_SIDES) out->window = out->window / 2 + 1;
    if (has_pattern) return read_pattern(r, out);
    ewi_hparams_mark_windows(out, 0);
    return EW_OK;
}

static ew_status read_multipliers(const reader *r, ewi_hparams *out) {
    const ewi_arch *arch = out->arch;
    if (arch->has_multipliers) {
        EWI_TRY(read_f32(r, "embedding_scale", -1e6, 1e6, &out->embd_scale));
        EWI_TRY(read_f32(r, "residual_scale", -1e6, 1e6, &out->residual_scale));
        EWI_TRY(read_f32(r, "attention.scale", 0, 1e6, &out->attn_scale));
    }
    if (arch->has_multipliers || arch->has_logit_scale)
        EWI_TRY(read_f32(r, "logit_scale", 1e-6, 1e6, &out->logit_scale));
    if (arch->has_multipliers) out->logit_scale = 1 / out->logit_scale;
    if (arch->has_caps) {
        EWI_TRY(read_f32(r, "attn_logit_softcapping", 0, 1e6, &out->attn_cap));
        EWI_TRY(read_f32(r, "final_logit_softcapping", 0, 1e6, &out->logit_cap));
    }
    if (arch->large_layers && out->n_layers == arch->large_layers)
        out->attn_scale = 1 / (float)__builtin_sqrt((double)out->d_model / out->n_heads);
    return EW_OK;
}

/* Rows see those after them, or not: as the architecture says, or not at all. */
static ew_status read_causality(const reader *r, const ewi_arch *arch) {
    uint32_t is_causal;
    EWI_TRY(read_u32(r, "attention.causal", 0, 1, UINT32_MAX, &is_causal));
    if (is_causal == UINT32_MAX || (is_causal == 0) == arch->is_encoder) return EW_OK;
    return ewi_fail(r->err, EW_UNSUPPORTED, "metadata %s.attention.causal: %s is not implemented", r->arch,
                    is_causal ? "true" : "false");
}

/* llama.cpp's numbers: none, mean, cls, last, rank. */
static ew_status read_pooling(const reader *r, ewi_hparams *out) {
    static const ew_pooling poolings[] = {EW_POOLING_MODEL, EW_POOLING_MEAN, EW_POOLING_CLS, EW_POOLING_LAST,
                                          EW_POOLING_RANK};
    uint32_t kind;
    EWI_TRY(read_u32(r, "pooling_type", 0, 64, UINT32_MAX, &kind));
    if (kind == UINT32_MAX) return EW_OK;
    const bool is_known =
        kind < EWI_COUNT(poolings) && (poolings[kind] != EW_POOLING_RANK || ewi_arch_ranks_gguf(out->arch));
    if (!is_known)
        return ewi_fail(r->err, EW_UNSUPPORTED, "metadata %s.pooling_type: %u is not implemented", r->arch,
                        kind);
    out->pooling = poolings[kind];
    return EW_OK;
}

/* Only of architectures whose files may say it: the others' is the table's. */
static ew_status read_act(const reader *r, ewi_hparams *out) {
    char key[KEY_BYTES];
    const ewi_gguf_kv *kv = find(r, "hidden_activation", key);
    if (!kv) return EW_OK;
    ew_str name = kv->type == EWI_GGUF_STRING ? ewi_gguf_string(kv) : (ew_str){0};
    if (!ewi_act_from(name, &out->act))
        return ewi_fail(r->err, EW_UNSUPPORTED, "metadata %s: %.*s is not implemented", key,
                        EWI_STR_ARG(name));
    return EW_OK;
}

static ew_status read_features(const reader *r, ewi_hparams *out) {
    EWI_TRY(read_causality(r, out->arch));
    EWI_TRY(read_pooling(r, out));
    EWI_TRY(read_act(r, out));
    uint32_t is_parallel;
    EWI_TRY(read_u32(r, "use_parallel_residual", 0, 1, UINT32_MAX, &is_parallel));
    if (is_parallel != UINT32_MAX) out->is_parallel = is_parallel;
    if (out->arch->positions == EWI_POSITIONS_ALIBI)
        EWI_TRY(read_f32(r, "attention.max_alibi_bias", 1e-3, 1e3, &out->alibi_max));
    if (out->local_rope_base != 0)
        EWI_TRY(read_f64(r, "rope.freq_base_swa", 1, 1e12, out->local_rope_base, &out->local_rope_base));
    EWI_TRY(read_window(r, out));
    EWI_TRY(read_multipliers(r, out));
    return read_rope_scaling(r, out);
}

ew_status ewi_hparams_from_gguf(const ewi_gguf *gguf, ewi_hparams *out, ew_error *err) {
    EWI_TRY(find_arch(gguf, out, err));
    reader r = {gguf, out->arch->name, err};
    EWI_TRY(refuse_unsupported(&r, out->arch));
    EWI_TRY(read_sizes(&r, out));
    EWI_TRY(read_attention(&r, out));
    ewi_hparams_defaults(out);
    EWI_TRY(read_experts(&r, out));
    EWI_TRY(read_features(&r, out));
    if (out->n_vocab == UINT32_MAX) out->n_vocab = 0;
    out->naming = EWI_NAMES_GGUF;
    out->pairing = out->arch->gguf_pairing;
    out->is_headless = out->arch->is_encoder;
    out->output = out->is_headless ? EWI_ABSENT : EWI_OPTIONAL;
    const ewi_gguf_kv *name = ewi_gguf_find(gguf, EWI_STR("general.name"));
    if (name && name->type == EWI_GGUF_STRING) out->name = ewi_gguf_string(name);
    return EW_OK;
}
