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

/* Keys that change the mathematics, with the value that means "not used". */
static ew_status refuse_unsupported(const reader *r) {
    static const struct {
        const char *name;
        double unused;
    } keys[] = {
        {"expert_count", 0},        {"attention.sliding_window", 0}, {"attention.clamp_kqv", 0},
        {"attention.scale", 0},     {"attn_logit_softcapping", 0},   {"final_logit_softcapping", 0},
        {"logit_scale", 0},         {"residual_scale", 0},           {"embedding_scale", 0},
        {"rope.scaling.factor", 1}, {"rope.scale_linear", 1},
    };
    char key[KEY_BYTES];
    for (size_t i = 0; i < EWI_COUNT(keys); i++) {
        const ewi_gguf_kv *kv = find(r, keys[i].name, key);
        if (!kv || all_are(kv, keys[i].unused)) continue;
        return ewi_fail(r->err, EW_UNSUPPORTED, "metadata %s: this feature of %s models is not implemented",
                        key, r->arch);
    }
    const ewi_gguf_kv *scaling = find(r, "rope.scaling.type", key);
    if (scaling && (scaling->type != EWI_GGUF_STRING || !ewi_str_is(ewi_gguf_string(scaling), "none")))
        return ewi_fail(r->err, EW_UNSUPPORTED, "metadata %s: rope scaling is not implemented", key);
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
    EWI_TRY(read_f64(r, "attention.layer_norm_rms_epsilon", 0, 0.999, 1e-5, &eps));
    out->norm_eps = (float)eps;
    EWI_TRY(read_u32(r, "rope.dimension_count", 2, EWI_MAX_HEAD_DIM, out->head_dim, &out->rope_dims));
    return read_f64(r, "rope.freq_base", 1, 1e12, 10000, &out->rope_base);
}

ew_status ewi_hparams_from_gguf(const ewi_gguf *gguf, ewi_hparams *out, ew_error *err) {
    EWI_TRY(find_arch(gguf, out, err));
    reader r = {gguf, out->arch->name, err};
    EWI_TRY(refuse_unsupported(&r));
    EWI_TRY(read_sizes(&r, out));
    EWI_TRY(read_attention(&r, out));
    if (out->n_vocab == UINT32_MAX) out->n_vocab = 0;
    out->naming = EWI_NAMES_GGUF;
    out->pairing = out->arch->gguf_pairing;
    out->output = EWI_OPTIONAL;
    const ewi_gguf_kv *name = ewi_gguf_find(gguf, EWI_STR("general.name"));
    if (name && name->type == EWI_GGUF_STRING) out->name = ewi_gguf_string(name);
    return EW_OK;
}
