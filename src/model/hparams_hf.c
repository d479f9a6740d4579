/* hparams_hf.c: what config.json, as Hugging Face transformers writes it, makes of a model. */
#include "base/error.h"
#include "model/hf_config.h"

static ew_status require(const ewi_hf_config *c) {
    const struct {
        const char *key;
        uint32_t value;
    } sizes[] = {
        {"hidden_size", c->d_model},           {"intermediate_size", c->d_ffn},
        {"num_hidden_layers", c->n_layers},    {"num_attention_heads", c->n_heads},
        {"max_position_embeddings", c->n_ctx},
    };
    for (size_t i = 0; i < EWI_COUNT(sizes); i++)
        if (sizes[i].value == 0) return ewi_fail(c->err, EW_FORMAT, "%s: is missing", sizes[i].key);
    const bool has_experts = c->arch->has_experts;
    if (has_experts && !c->n_experts) return ewi_fail(c->err, EW_FORMAT, "num_experts: is missing");
    if (has_experts && !c->n_used) return ewi_fail(c->err, EW_FORMAT, "num_experts_per_tok: is missing");
    return EW_OK;
}

static bool is_one_of(const ewi_arch *arch, const char *a, const char *b) {
    return ewi_str_is(ewi_str(arch->name), a) || ewi_str_is(ewi_str(arch->name), b);
}

/* Sizes that files of some architectures leave to the code that reads them. */
static void fill_in(ewi_hf_config *c) {
    bool is_bloom_like = is_one_of(c->arch, "bloom", "falcon");
    if (!c->d_ffn && (is_bloom_like || is_one_of(c->arch, "gpt2", "mpt")) && c->d_model <= EWI_MAX_D_FFN / 64)
        c->d_ffn = c->d_model * (c->ffn_ratio ? c->ffn_ratio : 4);
    c->d_dense = c->d_ffn;
    if (c->arch->has_experts && c->d_expert) c->d_ffn = c->d_expert;
    if (!c->n_ctx && is_bloom_like) c->n_ctx = 2048;
    if (is_one_of(c->arch, "falcon", "falcon"))
        c->n_kv_heads = c->is_grouped == EWI_YES ? c->n_kv_groups : c->is_multi_query != EWI_NO;
    if (!c->n_kv_heads) c->n_kv_heads = c->n_heads;
    if (!c->head_dim) c->head_dim = c->d_model / c->n_heads;
    if (c->partial_rotary == 0)
        c->partial_rotary = c->arch->partial_rotary != 0 ? c->arch->partial_rotary : 1;
}

static ew_status read_act(const ewi_hf_config *c, ewi_act *out) {
    ew_str name = c->act;
    if (!name.len) return EW_OK;
    if (name.len > 2) name = (ew_str){name.data + 1, name.len - 2};
    if (ewi_act_from(name, out)) return EW_OK;
    return ewi_fail(c->err, EW_UNSUPPORTED, "hidden_act: %.*s is not implemented (silu, gelu, gelu_new are)",
                    EWI_STR_ARG(c->act));
}

static ew_status refuse(const ewi_hf_config *c, const char *key) {
    return ewi_fail(c->err, EW_UNSUPPORTED, "%s: this feature of %s models is not implemented", key,
                    c->arch->name);
}

/* Numbers and truths that only some architectures have a meaning for. */
static ew_status refuse_strangers(const ewi_hf_config *c) {
    const ewi_arch *arch = c->arch;
    const bool is_mpt = is_one_of(arch, "mpt", "mpt"), is_falcon = is_one_of(arch, "falcon", "falcon");
    const bool is_rope = arch->positions == EWI_POSITIONS_ROPE && c->has_alibi != EWI_YES,
               is_alibi = arch->positions == EWI_POSITIONS_ALIBI, is_grouped = c->is_grouped == EWI_YES;
    const struct {
        const char *key;
        bool is_wrong;
    } checks[] = {
        {"embedding_multiplier", c->embedding_multiplier != 0 && !arch->has_multipliers},
        {"attention_multiplier", c->attention_multiplier != 0 && !arch->has_multipliers},
        {"residual_multiplier", c->residual_multiplier != 0 && !arch->has_multipliers},
        {"logits_scaling", c->logits_scaling != 0 && !arch->has_multipliers},
        {"logit_scale", c->logit_scale != 0 && !arch->has_logit_scale},
        {"attn_logit_softcapping", c->attn_cap != 0 && !arch->has_caps},
        {"final_logit_softcapping", c->logit_cap != 0 && !arch->has_caps},
        {"query_pre_attn_scalar", c->query_scalar != 0 && !arch->has_caps},
        {"softmax_scale", c->softmax_scale != 0 && !is_mpt},
        {"use_qk_norm, qk_layernorm", c->has_qk_norm == EWI_YES && arch->qk_norm != EWI_QK_NORM_OWN},
        {"alibi", c->has_alibi != EWI_UNSAID && (c->has_alibi == EWI_YES) != is_alibi && !is_falcon},
        {"no_bias", c->has_no_bias == EWI_NO && is_mpt},
        {"new_decoder_architecture", is_grouped && !is_falcon},
        {"parallel_attn", c->is_parallel_attn == EWI_NO && is_grouped},
        {"num_ln_in_parallel_attn", c->n_norms > 1 && !is_grouped},
        {"partial_rotary_factor",
         c->partial_rotary != 1 && !(is_rope && (arch->partial_rotary != 0 || arch->has_fused_gate_up))},
        {"rope_scaling", c->rope.kind != EWI_ROPE_PLAIN && !is_rope},
        {"num_experts", c->n_experts != 0 && !arch->has_experts},
        {"decoder_sparse_step", c->sparse_step > 1 && !arch->has_experts},
        {"use_sliding_window", c->uses_window == EWI_YES && arch->window != EWI_WINDOW_SWITCH},
        {"local_attention", c->window_width != 0 && arch->window != EWI_WINDOW_SIDES},
    };
    for (size_t i = 0; i < EWI_COUNT(checks); i++)
        if (checks[i].is_wrong) return refuse(c, checks[i].key);
    return EW_OK;
}

/* ---- layers ---- */

/* A list with one word for each layer. */
typedef struct layer_list {
    const char *key, *set, *unset; /* the words, as JSON */
    uint8_t flag;
} layer_list;

static const layer_list local_layers = {"layer_types", "\"sliding_attention\"", "\"full_attention\"",
                                        EWI_LAYER_LOCAL};
static const layer_list rope_layers = {"no_rope_layers", "0", "1", EWI_LAYER_NO_ROPE};

static ew_status read_list(const ewi_hf_config *c, const layer_list *list, ew_str text, ewi_hparams *h) {
    ewi_json json;
    ew_str word;
    size_t n;
    ewi_json_init(&json, (ewi_bytes){(const uint8_t *)text.data, text.len}, c->arena);
    EWI_TRY(ewi_json_count(&json, &n, c->err));
    if (n != h->n_layers)
        return ewi_fail(c->err, EW_FORMAT, "%s: not one value for each of %u layers", list->key, h->n_layers);
    EWI_TRY(ewi_json_enter_array(&json, c->err));
    for (size_t i = 0; ewi_json_next_item(&json); i++) {
        EWI_TRY(ewi_json_skip_to(&json, &word, c->err));
        if (ewi_str_is(word, list->set))
            h->layers[i] |= list->flag;
        else if (ewi_str_is(word, list->unset))
            h->layers[i] &= (uint8_t)~list->flag;
        else
            return ewi_fail(c->err, EW_UNSUPPORTED, "%s: %.*s is not implemented", list->key,
                            EWI_STR_ARG(word));
    }
    return ewi_json_check(&json, c->err);
}

/* Null is none. */
static bool is_list(ew_str text) {
    return text.len > 0 && !ewi_str_is(text, "null");
}

/* Without a list, from the architecture's rule. */
static ew_status mark_windows(const ewi_hf_config *c, ewi_hparams *h) {
    ewi_window_kind kind = h->arch->window;
    if (is_list(c->layer_types)) return read_list(c, &local_layers, c->layer_types, h);
    if (kind == EWI_WINDOW_ALL) ewi_hparams_mark_windows(h, 0);
    if (kind == EWI_WINDOW_LAYERS || kind == EWI_WINDOW_SIDES)
        ewi_hparams_mark_windows(h, c->window_period ? c->window_period : h->arch->window_period);
    for (uint32_t i = c->max_window_layers; kind == EWI_WINDOW_SWITCH && i < h->n_layers; i++)
        h->layers[i] |= EWI_LAYER_LOCAL;
    return EW_OK;
}

/* Qwen2's files name a window that use_sliding_window turns off; Mistral's window is always in force. */
static ew_status read_windows(const ewi_hf_config *c, ewi_hparams *h) {
    bool has_window = h->arch->window != EWI_WINDOW_NONE && c->window != 0;
    if (h->arch->window == EWI_WINDOW_SWITCH && c->uses_window != EWI_YES) has_window = false;
    if (h->arch->window == EWI_WINDOW_SWITCH && c->uses_window == EWI_YES && !c->window)
        return ewi_fail(c->err, EW_FORMAT, "sliding_window: is missing, but use_sliding_window asks for it");
    if (h->arch->window == EWI_WINDOW_LAYERS && !c->window)
        return ewi_fail(c->err, EW_FORMAT, "sliding_window: is missing");
    if (h->arch->window == EWI_WINDOW_SIDES && !c->window_width)
        return ewi_fail(c->err, EW_FORMAT, "local_attention: is missing");
    if (has_window || h->arch->window == EWI_WINDOW_SIDES) {
        h->window = c->window_width ? c->window_width / 2 + 1 : c->window;
        return mark_windows(c, h);
    }
    if (is_list(c->layer_types)) EWI_TRY(read_list(c, &local_layers, c->layer_types, h));
    for (uint32_t i = 0; i < h->n_layers; i++)
        if (h->layers[i] & EWI_LAYER_LOCAL)
            return ewi_fail(c->err, EW_FORMAT, "layer_types: layer %u slides, but there is no window", i);
    return EW_OK;
}

/* The numbers of layers, of which some may not exist. */
static ew_status mark_listed_dense(const ewi_hf_config *c, ewi_hparams *h) {
    ewi_json json;
    uint64_t layer;
    if (!is_list(c->dense_layers)) return EW_OK;
    ewi_json_init(&json, (ewi_bytes){(const uint8_t *)c->dense_layers.data, c->dense_layers.len}, c->arena);
    EWI_TRY(ewi_json_enter_array(&json, c->err));
    while (ewi_json_next_item(&json)) {
        EWI_TRY(ewi_json_read_u64(&json, &layer, c->err));
        if (layer < h->n_layers) h->layers[layer] |= EWI_LAYER_DENSE;
    }
    return ewi_json_check(&json, c->err);
}

/* Those in the list, and all but each sparse_step-th. */
static ew_status read_dense_layers(const ewi_hf_config *c, ewi_hparams *h) {
    ew_status status = mark_listed_dense(c, h);
    if (status != EW_OK) return ewi_fail_at(c->err, status, "mlp_only_layers");
    for (uint32_t i = 0; i < h->n_layers && c->sparse_step; i++)
        if ((i + 1) % c->sparse_step != 0) h->layers[i] |= EWI_LAYER_DENSE;
    for (uint32_t i = 0; i < h->n_layers; i++)
        if (h->arch->has_experts && !ewi_hparams_is_sparse(h, i)) h->d_dense = c->d_dense;
    return EW_OK;
}

static ew_status read_rope_layers(const ewi_hf_config *c, ewi_hparams *h) {
    if (!is_list(c->rope_layers)) return EW_OK;
    if (!h->arch->rope_period) return refuse(c, "no_rope_layers");
    return read_list(c, &rope_layers, c->rope_layers, h);
}

/* ---- all ---- */

static void take_sizes(const ewi_hf_config *c, ewi_hparams *h) {
    h->arch = c->arch;
    h->n_layers = c->n_layers;
    h->n_heads = c->n_heads;
    h->n_kv_heads = c->n_kv_heads;
    h->head_dim = c->head_dim;
    h->d_model = c->d_model;
    h->d_ffn = c->d_ffn;
    h->n_experts = c->n_experts;
    h->n_used = c->n_used;
    h->n_vocab = c->n_vocab;
    h->n_ctx_train = c->n_ctx_trained && c->n_ctx_trained < c->n_ctx ? c->n_ctx_trained : c->n_ctx;
    h->naming = EWI_NAMES_HF;
    h->pairing = c->arch->hf_pairing;
    h->norm_eps = (float)(c->has_norm_eps ? c->norm_eps : c->arch->has_layer_norm ? 1e-5 : 1e-6);
    bool is_tied = c->is_tied == EWI_UNSAID ? c->arch->is_tied : c->is_tied == EWI_YES;
    h->is_headless = c->arch->is_encoder || (c->class_kind == EWI_CLASS_HEADLESS && !is_tied);
    h->output = is_tied || h->is_headless ? EWI_ABSENT : EWI_REQUIRED;
    if (c->class_kind == EWI_CLASS_RANKS) h->pooling = EW_POOLING_RANK;
}

/* What ModernBERT's files may say of their head; BERT's has no choice. */
static ew_status check_ranking(const ewi_hf_config *c, const ewi_hparams *h) {
    if (h->pooling != EW_POOLING_RANK || !h->arch->has_rank_norm) return EW_OK;
    if (!ewi_str_is(c->rank_pooling, "\"cls\"") && c->rank_pooling.len)
        return ewi_fail(c->err, EW_UNSUPPORTED, "classifier_pooling: %.*s is not implemented (cls is)",
                        EWI_STR_ARG(c->rank_pooling));
    if (ewi_str_is(c->rank_act, "\"gelu\"") || !c->rank_act.len) return EW_OK;
    return ewi_fail(c->err, EW_UNSUPPORTED, "classifier_activation: %.*s is not implemented (gelu is)",
                    EWI_STR_ARG(c->rank_act));
}

static void take_numbers(const ewi_hf_config *c, ewi_hparams *h) {
    h->weighs_to_one = c->weighs_to_one == EWI_YES;
    if (h->qk_norm == EWI_OPTIONAL) h->qk_norm = c->has_qk_norm == EWI_YES ? EWI_REQUIRED : EWI_ABSENT;
    if (c->is_parallel != EWI_UNSAID) h->is_parallel = c->is_parallel == EWI_YES;
    if (c->embedding_multiplier != 0) h->embd_scale = (float)c->embedding_multiplier;
    if (c->residual_multiplier != 0) h->residual_scale = (float)c->residual_multiplier;
    if (c->logits_scaling != 0) h->logit_scale = (float)(1 / c->logits_scaling);
    if (c->logit_scale != 0) h->logit_scale = (float)c->logit_scale;
    if (c->attention_multiplier != 0) h->attn_scale = (float)c->attention_multiplier;
    if (c->softmax_scale != 0) h->attn_scale = (float)c->softmax_scale;
    if (c->query_scalar != 0) h->attn_scale = (float)(1 / __builtin_sqrt(c->query_scalar));
    h->attn_cap = (float)c->attn_cap;
    h->logit_cap = (float)c->logit_cap;
    if (c->alibi_max != 0 && h->alibi_max != 0) h->alibi_max = (float)c->alibi_max;
}

static ew_status skip_padding(const ewi_hf_config *c, ewi_hparams *h) {
    if (!h->arch->hf_pads_positions) return EW_OK;
    if (c->padding >= h->n_ctx_train)
        return ewi_fail(c->err, EW_FORMAT, "max_position_embeddings: %u, but positions begin at %u",
                        h->n_ctx_train, c->padding);
    h->first_position = c->padding;
    h->n_ctx_train -= c->padding;
    return EW_OK;
}

/* Falcon's kinds: each key is independent of the others but where refuse_strangers says. */
static void take_falcon(const ewi_hf_config *c, ewi_hparams *h) {
    h->owns_norms = c->is_grouped == EWI_YES && c->n_norms != 1;
    if (c->is_parallel_attn == EWI_NO) h->is_parallel = false;
    if (c->has_alibi != EWI_YES) return;
    h->positions = EWI_POSITIONS_ALIBI;
    h->alibi_max = 8;
    h->alibi_scale = (float)(1 / __builtin_sqrt(h->head_dim)); /* scores are scaled after they are added */
}

static void take_rope(const ewi_hf_config *c, ewi_hparams *h) {
    h->rope_dims = (uint32_t)(c->head_dim * c->partial_rotary);
    h->rope_base = c->rope_base != 0 ? c->rope_base : 10000;
    if (h->local_rope_base != 0 && c->local_rope_base != 0) h->local_rope_base = c->local_rope_base;
    h->rope = c->rope;
    if (!h->rope.n_ctx_original) h->rope.n_ctx_original = c->n_ctx_original;
    if (!h->rope.n_ctx_original && (h->rope.kind == EWI_ROPE_YARN || h->rope.kind == EWI_ROPE_DYNAMIC))
        h->rope.n_ctx_original = c->n_ctx;
}

ew_status ewi_hparams_from_hf(ewi_bytes text, ewi_arena *arena, ewi_hparams *out, ew_error *err) {
    ewi_hf_config c = {.arena = arena, .err = err, .max_window_layers = 28};
    EWI_TRY(ewi_hf_config_read(text, &c));
    if (!c.arch) return ewi_fail(err, EW_FORMAT, "architectures: is missing or empty");
    if (c.n_heads) fill_in(&c);
    EWI_TRY(require(&c));
    if (c.head_dim < 2)
        return ewi_fail(err, EW_FORMAT, "hidden_size %u is too small for %u heads", c.d_model, c.n_heads);
    EWI_TRY(refuse_strangers(&c));
    take_sizes(&c, out);
    EWI_TRY(check_ranking(&c, out));
    ewi_hparams_defaults(out);
    take_numbers(&c, out);
    if (is_one_of(c.arch, "falcon", "falcon")) take_falcon(&c, out);
    take_rope(&c, out);
    EWI_TRY(skip_padding(&c, out));
    EWI_TRY(read_act(&c, &out->act));
    EWI_TRY(read_windows(&c, out));
    EWI_TRY(read_dense_layers(&c, out));
    return read_rope_layers(&c, out);
}
