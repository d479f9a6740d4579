/* gguf_export_hparams.c: what hparams_gguf.c reads, written: of a model whose files are a folder. */
#include <stdio.h>

#include "base/error.h"
#include "model/gguf_export_parts.h"

/* ---- what GGUF has no words for ---- */

/* SmolLM3's: each period-th layer. */
static bool has_usual_ropes(const ewi_hparams *h) {
    for (uint32_t i = 0; i < h->n_layers; i++) {
        const bool is_without = h->arch->rope_period && (i + 1) % h->arch->rope_period == 0;
        if (is_without != ((h->layers[i] & EWI_LAYER_NO_ROPE) != 0)) return false;
    }
    return true;
}

/* A window as long as the context is none. */
static bool has_window(const ewi_hparams *h) {
    for (uint32_t i = 0; i < h->n_layers; i++)
        if (h->layers[i] & EWI_LAYER_LOCAL && h->window && h->window < h->n_ctx_train) return true;
    return false;
}

static const char *unwritable_rope(const ewi_rope_rule *rule) {
    if (rule->kind == EWI_ROPE_DYNAMIC) return "rope scaling \"dynamic\"";
    if (rule->kind == EWI_ROPE_LONGROPE) return "rope scaling \"longrope\"";
    if (rule->mscale != 0 || rule->mscale_all_dim != 0) return "rope scaling's mscale";
    if (rule->has_whole_ramp) return "rope scaling's \"truncate\"";
    return NULL;
}

ew_status ewi_gguf_export_check(const ew_model *model, ew_error *err) {
    const ewi_hparams *h = &model->hparams;
    const char *what = unwritable_rope(&h->rope);
    if (!h->arch->folder_to_gguf)
        return ewi_fail(
            err, EW_UNSUPPORTED,
            "%s: a GGUF file of this architecture's folders is not implemented: quantize a GGUF file "
            "of the model",
            h->arch->name);
    if (h->is_headless) what = "a model without a head";
    if (!has_usual_ropes(h)) what = "no_rope_layers";
    if (has_window(h)) what = "a sliding window";
    if (h->act != h->arch->act) what = "another hidden_act than usual";
    if (h->is_parallel != h->arch->is_parallel) what = "use_parallel_residual";
    if (!what) return EW_OK;
    return ewi_fail(err, EW_UNSUPPORTED, "%s: GGUF has no words for %s of this architecture", h->arch->name,
                    what);
}

/* ---- keys ---- */

typedef struct keys {
    ewi_gguf_writer *writer;
    const char *arch;
    char buf[128];
} keys;

static ew_str key_of(keys *k, const char *name) {
    int n = snprintf(k->buf, sizeof k->buf, "%s.%s", k->arch, name);
    return (ew_str){k->buf, (size_t)n};
}

static void put_u32(keys *k, const char *name, uint32_t value) {
    ewi_gguf_writer_u32(k->writer, key_of(k, name), value);
}

static void put_f32(keys *k, const char *name, double value) {
    ewi_gguf_writer_f32(k->writer, key_of(k, name), (float)value);
}

static void put_if(keys *k, const char *name, double value) {
    if (value != 0) put_f32(k, name, value);
}

/* ---- general ---- */

/* The folder's own name: the last of the path. */
static ew_str folder_name(const char *path) {
    size_t end = strlen(path);
    while (end > 0 && path[end - 1] == '/') end--;
    size_t begin = end;
    while (begin > 0 && path[begin - 1] != '/') begin--;
    return (ew_str){path + begin, end - begin};
}

static void put_general(const ew_model *model, const char *arch, ewi_gguf_writer *w) {
    const ew_str name = folder_name(model->checkpoint.folder);
    ewi_gguf_writer_string(w, EWI_STR("general.architecture"), ewi_str(arch));
    ewi_gguf_writer_string(w, EWI_STR("general.type"), EWI_STR("model"));
    if (ewi_name_valid(name) && !ewi_str_is(name, ".") && !ewi_str_is(name, ".."))
        ewi_gguf_writer_string(w, EWI_STR("general.name"), name);
}

/* ---- sizes and features ---- */

static void put_sizes(const ew_model *model, keys *k) {
    const ewi_hparams *h = &model->hparams;
    put_u32(k, "block_count", h->n_layers);
    put_u32(k, "context_length", h->n_ctx_train);
    put_u32(k, "embedding_length", h->d_model);
    put_u32(k, "feed_forward_length", h->d_ffn);
    put_u32(k, "attention.head_count", h->n_heads);
    put_u32(k, "attention.head_count_kv", h->n_kv_heads);
    put_u32(k, "attention.key_length", h->head_dim);
    put_u32(k, "attention.value_length", h->head_dim);
    put_u32(k, "vocab_size", model->n_vocab);
    put_f32(k, h->arch->has_layer_norm ? "attention.layer_norm_epsilon" : "attention.layer_norm_rms_epsilon",
            (double)h->norm_eps);
}

/* llama3's scaling is a tensor, rope_freqs. */
static void put_rope(const ewi_hparams *h, keys *k) {
    const ewi_rope_rule *rule = &h->rope;
    const bool is_yarn = rule->kind == EWI_ROPE_YARN;
    put_u32(k, "rope.dimension_count", h->rope_dims);
    put_f32(k, "rope.freq_base", h->rope_base);
    if (rule->kind != EWI_ROPE_LINEAR && !is_yarn) return;
    ewi_gguf_writer_string(k->writer, key_of(k, "rope.scaling.type"), ewi_str(is_yarn ? "yarn" : "linear"));
    put_f32(k, "rope.scaling.factor", rule->factor);
    if (!is_yarn) return;
    put_u32(k, "rope.scaling.original_context_length", rule->n_ctx_original);
    put_if(k, "rope.scaling.yarn_attn_factor", rule->attention_factor);
    put_if(k, "rope.scaling.yarn_beta_fast", rule->beta_fast);
    put_if(k, "rope.scaling.yarn_beta_slow", rule->beta_slow);
}

/* Granite's: logits are divided by what GGUF calls their scale. */
static void put_multipliers(const ewi_hparams *h, keys *k) {
    if (!h->arch->has_multipliers) return;
    put_f32(k, "embedding_scale", (double)h->embd_scale);
    put_f32(k, "residual_scale", (double)h->residual_scale);
    put_f32(k, "logit_scale", 1 / (double)h->logit_scale);
    put_if(k, "attention.scale", (double)h->attn_scale);
}

void ewi_gguf_export_hparams(const ew_model *model, ewi_gguf_writer *writer) {
    const ewi_hparams *h = &model->hparams;
    /* llama.cpp knows Mistral's models as Llama's. */
    keys k = {.writer = writer,
              .arch = ewi_str_is(ewi_str(h->arch->name), "mistral") ? "llama" : h->arch->name};
    put_general(model, k.arch, writer);
    put_sizes(model, &k);
    put_rope(h, &k);
    put_multipliers(h, &k);
}
