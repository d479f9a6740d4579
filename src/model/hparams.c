#include "model/hparams.h"

#include "base/error.h"

void ewi_hparams_mark_windows(ewi_hparams *h, uint32_t period) {
    for (uint32_t i = 0; i < h->n_layers; i++)
        if (period == 0 || (i + (h->arch->window != EWI_WINDOW_SIDES)) % period != 0)
            h->layers[i] |= EWI_LAYER_LOCAL;
}

bool ewi_act_from(ew_str name, ewi_act *out) {
    static const struct {
        const char *name;
        ewi_act act;
    } acts[] = {
        {"silu", EWI_ACT_SILU}, {"swish", EWI_ACT_SILU},         {"swiglu", EWI_ACT_SILU},
        {"gelu", EWI_ACT_GELU}, {"gelu_new", EWI_ACT_GELU_TANH}, {"gelu_pytorch_tanh", EWI_ACT_GELU_TANH},
    };
    for (size_t i = 0; i < EWI_COUNT(acts); i++)
        if (ewi_str_is(name, acts[i].name)) {
            *out = acts[i].act;
            return true;
        }
    return false;
}

bool ewi_hparams_is_sparse(const ewi_hparams *h, uint32_t layer) {
    return h->arch->has_experts && !(h->layers[layer] & EWI_LAYER_DENSE);
}

void ewi_hparams_defaults(ewi_hparams *h) {
    const ewi_arch *arch = h->arch;
    h->act = arch->act;
    h->is_parallel = arch->is_parallel;
    h->qk_norm = arch->qk_norm == EWI_QK_NORM_NONE  ? EWI_ABSENT
                 : arch->qk_norm == EWI_QK_NORM_OWN ? EWI_OPTIONAL
                                                    : EWI_REQUIRED;
    h->embd_scale = h->residual_scale = h->logit_scale = 1;
    h->positions = arch->positions;
    h->alibi_max = arch->positions == EWI_POSITIONS_ALIBI ? 8 : 0;
    h->alibi_scale = 1;
    h->local_rope_base = arch->local_rope_base;
    h->weighs_to_one = arch->weighs_to_one;
    if (arch->scales_embd) h->embd_scale = (float)__builtin_sqrt((double)h->d_model);
    for (uint32_t i = 0; i < h->n_layers && arch->rope_period; i++)
        if ((i + 1) % arch->rope_period == 0) h->layers[i] |= EWI_LAYER_NO_ROPE;
}

static ew_status missing(const char *what, ew_error *err) {
    return ewi_fail(err, EW_FORMAT, "rope_scaling: %s is missing, or not above 0", what);
}

static ew_status check_factors(const ewi_rope_rule *rule, uint32_t n_pairs, ew_error *err) {
    if (rule->n_factors != n_pairs)
        return ewi_fail(err, EW_FORMAT, "rope_scaling: %u long and short factors for %u pairs",
                        rule->n_factors, n_pairs);
    for (uint32_t i = 0; i < n_pairs; i++)
        if (!(rule->short_factors[i] >= 1e-3 && rule->short_factors[i] <= 1e6) ||
            !(rule->long_factors[i] >= 1e-3 && rule->long_factors[i] <= 1e6))
            return ewi_fail(err, EW_FORMAT, "rope_scaling: factor %u is not in 0.001..1000000", i);
    return EW_OK;
}

/* transformers leaves out what else such files may say. */
static ew_status check_dynamic(const ewi_hparams *h, ew_error *err) {
    if (h->rope.n_ctx_original != h->n_ctx_train)
        return ewi_fail(err, EW_UNSUPPORTED,
                        "rope_scaling: original_max_position_embeddings is not implemented with dynamic");
    if (h->rope.attention_factor != 0)
        return ewi_fail(err, EW_UNSUPPORTED,
                        "rope_scaling: attention_factor is not implemented with dynamic");
    if (h->rope_dims <= 2)
        return ewi_fail(err, EW_FORMAT, "rope_scaling: dynamic needs more than one pair in a head");
    return EW_OK;
}

static ew_status check_rope(const ewi_hparams *h, ew_error *err) {
    const ewi_rope_rule *rule = &h->rope;
    if (rule->kind == EWI_ROPE_PLAIN) return EW_OK;
    if (rule->kind != EWI_ROPE_LONGROPE && rule->factor == 0) return missing("factor", err);
    if (rule->kind == EWI_ROPE_DYNAMIC) return check_dynamic(h, err);
    if (rule->kind != EWI_ROPE_LINEAR && rule->n_ctx_original == 0)
        return missing("original_max_position_embeddings", err);
    if (rule->kind == EWI_ROPE_LLAMA3 && !(rule->low_freq_factor > 0)) return missing("low_freq_factor", err);
    if (rule->kind == EWI_ROPE_LLAMA3 && !(rule->high_freq_factor > rule->low_freq_factor))
        return ewi_fail(err, EW_FORMAT, "rope_scaling: high_freq_factor is not above low_freq_factor");
    if (rule->kind == EWI_ROPE_YARN && !(h->rope_base > 1))
        return ewi_fail(err, EW_FORMAT, "rope_scaling: yarn needs a base above 1");
    if (rule->kind == EWI_ROPE_LONGROPE && rule->n_ctx_original < 2)
        return ewi_fail(err, EW_FORMAT, "rope_scaling: an original context of one position");
    if (rule->kind == EWI_ROPE_LONGROPE && h->naming == EWI_NAMES_HF &&
        !(rule->short_factors && rule->long_factors))
        return ewi_fail(err, EW_FORMAT, "rope_scaling: longrope without its factors");
    return rule->kind == EWI_ROPE_LONGROPE && rule->short_factors ? check_factors(rule, h->rope_dims / 2, err)
                                                                  : EW_OK;
}

static ew_status check_attention(const ewi_hparams *h, ew_error *err) {
    if (h->n_heads % h->n_kv_heads != 0)
        return ewi_fail(err, EW_FORMAT, "%u attention heads cannot share %u key/value heads evenly",
                        h->n_heads, h->n_kv_heads);
    if (h->positions != EWI_POSITIONS_ROPE) return EW_OK;
    if (h->rope_dims > h->head_dim || h->rope_dims % 2 != 0 || h->rope_dims == 0)
        return ewi_fail(err, EW_FORMAT, "%u of the %u dimensions of a head cannot rotate in pairs",
                        h->rope_dims, h->head_dim);
    return check_rope(h, err);
}

static ew_status check_experts(const ewi_hparams *h, ew_error *err) {
    if (h->n_used <= h->n_experts) return EW_OK;
    return ewi_fail(err, EW_FORMAT, "a row cannot use %u of %u experts", h->n_used, h->n_experts);
}

static ew_status read_config(ewi_checkpoint *checkpoint, ewi_hparams *out, ew_error *err) {
    if (!checkpoint->config.len)
        return ewi_fail(err, EW_FORMAT,
                        "no config.json beside the weights: put the model's config.json into their folder");
    ew_status status = ewi_hparams_from_hf(checkpoint->config, &checkpoint->arena, out, err);
    if (status == EW_OK) status = check_attention(out, err);
    if (status == EW_OK) status = check_experts(out, err);
    return status == EW_OK ? EW_OK : ewi_fail_at(err, status, "config.json");
}

ew_status ewi_hparams_read(ewi_checkpoint *checkpoint, ewi_hparams *out, ew_error *err) {
    *out = (ewi_hparams){0};
    if (checkpoint->kind != EWI_CHECKPOINT_GGUF) return read_config(checkpoint, out, err);
    EWI_TRY(ewi_hparams_from_gguf(&checkpoint->gguf, out, err));
    EWI_TRY(check_attention(out, err));
    return check_experts(out, err);
}
