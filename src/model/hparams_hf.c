/* hparams_hf.c: config.json as Hugging Face transformers writes it for LlamaConfig, MistralConfig and
 * Qwen2Config. */
#include <inttypes.h>

#include "base/error.h"
#include "format/json.h"
#include "model/hparams.h"

typedef struct config {
    ewi_hparams *hparams;
    uint32_t head_dim;
    double rope_base, norm_eps;
    ew_error *err;
} config;

static ew_status read_u32(ewi_json *json, ew_str key, uint32_t max, uint32_t *out, ew_error *err) {
    uint64_t value;
    if (ewi_json_peek(json) == EWI_JSON_NULL) return ewi_json_skip(json, err);
    ew_status status = ewi_json_read_u64(json, &value, err);
    if (status != EW_OK) return ewi_fail_at(err, status, "%.*s", EWI_STR_ARG(key));
    if (value < 1 || value > max)
        return ewi_fail(err, EW_FORMAT, "%.*s: %" PRIu64 " is not in 1..%u", EWI_STR_ARG(key), value, max);
    *out = (uint32_t)value;
    return EW_OK;
}

static ew_status read_f64(ewi_json *json, ew_str key, double min, double max, double *out, ew_error *err) {
    ew_status status = ewi_json_read_double(json, out, err);
    if (status != EW_OK) return ewi_fail_at(err, status, "%.*s", EWI_STR_ARG(key));
    if (!(*out >= min && *out <= max))
        return ewi_fail(err, EW_FORMAT, "%.*s: %g is not in %g..%g", EWI_STR_ARG(key), *out, min, max);
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

static ew_status must_be_silu(ewi_json *json, ew_error *err) {
    ew_str text;
    EWI_TRY(ewi_json_skip_to(json, &text, err));
    if (ewi_str_is(text, "\"silu\"")) return EW_OK;
    return ewi_fail(err, EW_UNSUPPORTED, "hidden_act: %.*s is not implemented (silu is)", EWI_STR_ARG(text));
}

static ew_status read_architectures(ewi_json *json, ewi_hparams *out, ew_error *err) {
    EWI_TRY(ewi_json_enter_array(json, err));
    while (ewi_json_next_item(json)) {
        ew_str text;
        EWI_TRY(ewi_json_skip_to(json, &text, err));
        ew_str name = text.len >= 2 ? (ew_str){text.data + 1, text.len - 2} : text;
        if (!out->arch) out->arch = ewi_arch_from_hf(name);
        if (!out->arch)
            return ewi_fail(err, EW_UNSUPPORTED, "architecture %.*s is not implemented (%s are)",
                            EWI_STR_ARG(name), ewi_arch_list());
    }
    return ewi_json_check(json, err);
}

/* Newer files nest the rope's constants; only the plain kind is implemented. */
static ew_status read_rope_parameters(ewi_json *json, config *c) {
    ew_str key, text;
    if (ewi_json_peek(json) == EWI_JSON_NULL) return ewi_json_skip(json, c->err);
    EWI_TRY(ewi_json_enter_object(json, c->err));
    while (ewi_json_next_key(json, &key)) {
        if (ewi_str_is(key, "rope_theta")) {
            EWI_TRY(read_f64(json, key, 1, 1e12, &c->rope_base, c->err));
            continue;
        }
        EWI_TRY(ewi_json_skip_to(json, &text, c->err));
        if (ewi_str_is(key, "rope_type") && ewi_str_is(text, "\"default\"")) continue;
        return ewi_fail(c->err, EW_UNSUPPORTED, "rope_parameters.%.*s: %.*s is not implemented",
                        EWI_STR_ARG(key), EWI_STR_ARG(text));
    }
    return ewi_json_check(json, c->err);
}

static ew_status read_tied(ewi_json *json, ewi_hparams *out, ew_error *err) {
    bool tied;
    EWI_TRY(ewi_json_read_bool(json, &tied, err));
    out->output = tied ? EWI_ABSENT : EWI_REQUIRED;
    return EW_OK;
}

static ew_status read_member(ewi_json *json, ew_str key, config *c) {
    ewi_hparams *h = c->hparams;
    const struct {
        const char *key;
        uint32_t max;
        uint32_t *out;
    } sizes[] = {
        {"hidden_size", EWI_MAX_D_MODEL, &h->d_model},
        {"intermediate_size", EWI_MAX_D_FFN, &h->d_ffn},
        {"num_hidden_layers", EWI_MAX_LAYERS, &h->n_layers},
        {"num_attention_heads", EWI_MAX_HEADS, &h->n_heads},
        {"num_key_value_heads", EWI_MAX_HEADS, &h->n_kv_heads},
        {"head_dim", EWI_MAX_HEAD_DIM, &c->head_dim},
        {"max_position_embeddings", EWI_MAX_CTX, &h->n_ctx_train},
        {"vocab_size", EWI_MAX_VOCAB, &h->n_vocab},
    };
    for (size_t i = 0; i < EWI_COUNT(sizes); i++)
        if (ewi_str_is(key, sizes[i].key)) return read_u32(json, key, sizes[i].max, sizes[i].out, c->err);
    static const char *const unset[] = {"rope_scaling", "mlp_bias", "use_sliding_window",
                                        "quantization_config", "partial_rotary_factor"};
    for (size_t i = 0; i < EWI_COUNT(unset); i++)
        if (ewi_str_is(key, unset[i])) return must_be_unset(json, key, c->err);
    if (ewi_str_is(key, "architectures")) return read_architectures(json, h, c->err);
    if (ewi_str_is(key, "hidden_act")) return must_be_silu(json, c->err);
    if (ewi_str_is(key, "rms_norm_eps")) return read_f64(json, key, 0, 0.999, &c->norm_eps, c->err);
    if (ewi_str_is(key, "rope_theta")) return read_f64(json, key, 1, 1e12, &c->rope_base, c->err);
    if (ewi_str_is(key, "rope_parameters")) return read_rope_parameters(json, c);
    if (ewi_str_is(key, "tie_word_embeddings")) return read_tied(json, h, c->err);
    return ewi_json_skip(json, c->err);
}

static ew_status require(const ewi_hparams *h, ew_error *err) {
    const struct {
        const char *key;
        uint32_t value;
    } sizes[] = {
        {"hidden_size", h->d_model},
        {"intermediate_size", h->d_ffn},
        {"num_hidden_layers", h->n_layers},
        {"num_attention_heads", h->n_heads},
        {"max_position_embeddings", h->n_ctx_train},
    };
    if (!h->arch) return ewi_fail(err, EW_FORMAT, "architectures: is missing or empty");
    for (size_t i = 0; i < EWI_COUNT(sizes); i++)
        if (sizes[i].value == 0) return ewi_fail(err, EW_FORMAT, "%s: is missing", sizes[i].key);
    return EW_OK;
}

/* Qwen2 files name a window that use_sliding_window turns off; Mistral's window is always in force. */
static ew_status refuse_window(ewi_bytes text, ewi_arena *arena, const ewi_hparams *h, ew_error *err) {
    ewi_json json;
    ew_str key;
    if (!ewi_str_is(EWI_STR("mistral"), h->arch->name)) return EW_OK;
    ewi_json_init(&json, text, arena);
    EWI_TRY(ewi_json_enter_object(&json, err));
    while (ewi_json_next_key(&json, &key)) {
        if (ewi_str_is(key, "sliding_window"))
            EWI_TRY(must_be_unset(&json, key, err));
        else
            EWI_TRY(ewi_json_skip(&json, err));
    }
    return EW_OK;
}

ew_status ewi_hparams_from_hf(ewi_bytes text, ewi_arena *arena, ewi_hparams *out, ew_error *err) {
    config c = {.hparams = out, .rope_base = 10000, .norm_eps = 1e-6, .err = err};
    ewi_json json;
    ew_str key;
    out->output = EWI_REQUIRED;
    ewi_json_init(&json, text, arena);
    EWI_TRY(ewi_json_enter_object(&json, err));
    while (ewi_json_next_key(&json, &key)) EWI_TRY(read_member(&json, key, &c));
    EWI_TRY(ewi_json_end(&json, err));
    EWI_TRY(require(out, err));
    EWI_TRY(refuse_window(text, arena, out, err));
    if (!out->n_kv_heads) out->n_kv_heads = out->n_heads;
    out->head_dim = c.head_dim ? c.head_dim : out->d_model / out->n_heads;
    if (out->head_dim < 2)
        return ewi_fail(err, EW_FORMAT, "hidden_size %u is too small for %u heads", out->d_model,
                        out->n_heads);
    out->rope_dims = out->head_dim;
    out->rope_base = c.rope_base;
    out->norm_eps = (float)c.norm_eps;
    out->naming = EWI_NAMES_HF;
    out->pairing = out->arch->hf_pairing;
    return EW_OK;
}
