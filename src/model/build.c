/* build.c: a model as a graph: the decoder of arXiv 2302.13971 and its relatives, with the features of
 * arch.h. */
#include "base/error.h"
#include "model/model.h"

typedef struct builder {
    const ew_model *model;
    const ewi_hparams *h;
    const ewi_arch *arch;
    ewi_graph *graph;
} builder;

static const ewi_tensor *weight(const builder *b, ewi_role role, uint32_t layer) {
    return ewi_model_weight(b->model, role, layer);
}

static ewi_value linear(const builder *b, ewi_value x, ewi_role role, uint32_t layer) {
    return ewi_graph_linear(b->graph, x, weight(b, role, layer), ewi_model_bias(b->model, role, layer));
}

static ewi_value norm(const builder *b, ewi_value x, ewi_role role, uint32_t layer) {
    const ewi_norm_attrs attrs = {b->h->norm_eps, 1, false};
    if (!b->arch->has_layer_norm) return ewi_graph_rms_norm(b->graph, x, weight(b, role, layer), attrs);
    return ewi_graph_layer_norm(b->graph, x, weight(b, role, layer), ewi_model_bias(b->model, role, layer),
                                attrs);
}

static ewi_value scale(const builder *b, ewi_value x, float factor) {
    return factor == 1 ? x : ewi_graph_scale(b->graph, x, factor);
}

/* ---- attention ---- */

typedef struct heads {
    ewi_value q, k, v;
} heads;

static ewi_value columns(const builder *b, ewi_value x, uint32_t first, uint32_t width, uint32_t stride,
                         uint32_t n_groups) {
    return ewi_graph_columns(b->graph, x, (ewi_columns_attrs){first, width, stride, n_groups});
}

static heads split(const builder *b, ewi_value qkv) {
    const ewi_hparams *h = b->h;
    uint32_t dim = h->head_dim, n_q = h->n_heads * dim, n_kv = h->n_kv_heads * dim, all = n_q + 2 * n_kv;
    uint32_t group = h->n_heads / h->n_kv_heads * dim, piece = group + 2 * dim;
    if (b->arch->hf_qkv_by_head && h->naming == EWI_NAMES_HF)
        return (heads){columns(b, qkv, 0, group, piece, h->n_kv_heads),
                       columns(b, qkv, group, dim, piece, h->n_kv_heads),
                       columns(b, qkv, group + dim, dim, piece, h->n_kv_heads)};
    return (heads){columns(b, qkv, 0, n_q, all, 1), columns(b, qkv, n_q, n_kv, all, 1),
                   columns(b, qkv, n_q + n_kv, n_kv, all, 1)};
}

static heads project(const builder *b, ewi_value x, uint32_t layer) {
    if (b->arch->has_fused_qkv) return split(b, linear(b, x, EWI_ROLE_ATTN_QKV, layer));
    return (heads){linear(b, x, EWI_ROLE_ATTN_Q, layer), linear(b, x, EWI_ROLE_ATTN_K, layer),
                   linear(b, x, EWI_ROLE_ATTN_V, layer)};
}

static ewi_value qk_norm(const builder *b, ewi_value x, ewi_role role, uint32_t layer, uint32_t n_heads) {
    const ewi_tensor *w = weight(b, role, layer);
    const ewi_norm_attrs attrs = {b->h->norm_eps, b->arch->qk_norm == EWI_QK_NORM_WHOLE ? 1 : n_heads,
                                  b->arch->qk_norm == EWI_QK_NORM_OWN};
    if (!w) return x;
    if (b->arch->has_layer_norm) return ewi_graph_layer_norm(b->graph, x, w, NULL, attrs);
    return ewi_graph_rms_norm(b->graph, x, w, attrs);
}

static ewi_value rope(const builder *b, ewi_value x, uint32_t layer, uint32_t n_heads) {
    const ewi_hparams *h = b->h;
    bool is_local = (h->layers[layer] & EWI_LAYER_LOCAL) && h->local_rope_base != 0;
    if (h->positions != EWI_POSITIONS_ROPE || (h->layers[layer] & EWI_LAYER_NO_ROPE)) return x;
    ewi_rope_attrs attrs = {h->pairing,   n_heads,      h->head_dim,
                            h->rope_dims, h->rope_base, b->model->rope_scaling};
    if (is_local) attrs.base = h->local_rope_base, attrs.scaling = NULL;
    return ewi_graph_rope(b->graph, x, attrs);
}

static ewi_value attention(const builder *b, ewi_value x, uint32_t layer) {
    const ewi_hparams *h = b->h;
    heads at = project(b, x, layer);
    ewi_value q = rope(b, qk_norm(b, at.q, EWI_ROLE_ATTN_Q_NORM, layer, h->n_heads), layer, h->n_heads);
    ewi_value k = rope(b, qk_norm(b, at.k, EWI_ROLE_ATTN_K_NORM, layer, h->n_kv_heads), layer, h->n_kv_heads);
    ewi_attention_attrs attrs = {
        .layer = layer,
        .n_heads = h->n_heads,
        .n_kv_heads = h->n_kv_heads,
        .head_dim = h->head_dim,
        .scale = h->attn_scale != 0 ? h->attn_scale : (float)(1.0 / __builtin_sqrt((double)h->head_dim)),
        .window = h->layers[layer] & EWI_LAYER_LOCAL ? h->window : 0,
        .is_two_sided = b->arch->is_encoder,
        .cap = h->attn_cap,
        .alibi_max = h->alibi_max,
        .alibi_scale = h->alibi_scale,
    };
    return linear(b, ewi_graph_attention(b->graph, q, k, at.v, attrs), EWI_ROLE_ATTN_OUT, layer);
}

/* ---- feed-forward ---- */

static ewi_value activate(const builder *b, ewi_value x, uint32_t layer) {
    const uint32_t n = b->h->d_ffn;
    ewi_value gate, up = EWI_NO_VALUE;
    if (b->arch->is_plain_ffn) {
        gate = linear(b, x, EWI_ROLE_FFN_UP, layer);
    } else if (b->arch->has_fused_gate_up) {
        ewi_value both = linear(b, x, EWI_ROLE_FFN_GATE_UP, layer);
        gate = columns(b, both, 0, n, 2 * n, 1);
        up = columns(b, both, n, n, 2 * n, 1);
    } else {
        gate = linear(b, x, EWI_ROLE_FFN_GATE, layer);
        up = linear(b, x, EWI_ROLE_FFN_UP, layer);
    }
    return ewi_graph_act(b->graph, b->h->act, gate, up);
}

/* Each row's own few of many feed-forward layers. */
static ewi_value experts(const builder *b, ewi_value x, uint32_t layer) {
    const ewi_hparams *h = b->h;
    return ewi_graph_experts(b->graph, x, linear(b, x, EWI_ROLE_ROUTER, layer),
                             (ewi_experts_attrs){.parts = b->model->experts[layer],
                                                 .n_experts = h->n_experts,
                                                 .n_used = h->n_used,
                                                 .d_ffn = h->d_ffn,
                                                 .act = h->act,
                                                 .weighs_to_one = h->weighs_to_one});
}

static ewi_value feed_forward(const builder *b, ewi_value x, uint32_t layer) {
    if (ewi_hparams_is_sparse(b->h, layer)) return experts(b, x, layer);
    return linear(b, activate(b, x, layer), EWI_ROLE_FFN_DOWN, layer);
}

/* ---- layers ---- */

/* A norm where the architecture has one. */
static ewi_value norm_if(const builder *b, ewi_value x, ewi_role role, uint32_t layer) {
    return weight(b, role, layer) ? norm(b, x, role, layer) : x;
}

static ewi_value residual(const builder *b, ewi_value x, ewi_value y) {
    return ewi_graph_add(b->graph, x, scale(b, y, b->h->residual_scale));
}

/* Both halves look at x. */
static ewi_value parallel_layer(const builder *b, ewi_value x, uint32_t layer) {
    const bool owns = b->h->owns_norms;
    ewi_value seen = norm(b, x, owns ? EWI_ROLE_OWN_ATTN_NORM : EWI_ROLE_ATTN_NORM, layer);
    ewi_value attended = attention(b, seen, layer), other = seen;
    if (owns || !b->arch->shares_norm)
        other = norm(b, x, owns ? EWI_ROLE_OWN_FFN_NORM : EWI_ROLE_FFN_NORM, layer);
    return residual(b, residual(b, x, attended), feed_forward(b, other, layer));
}

static ewi_value decoder_layer(const builder *b, ewi_value x, uint32_t layer) {
    b->graph->stage = 1 + layer;
    if (b->h->is_parallel) return parallel_layer(b, x, layer);
    ewi_value y = attention(b, norm_if(b, x, EWI_ROLE_ATTN_NORM, layer), layer);
    x = residual(b, x, norm_if(b, y, EWI_ROLE_ATTN_POST_NORM, layer));
    x = norm_if(b, x, EWI_ROLE_ATTN_SUM_NORM, layer);
    y = feed_forward(b, norm_if(b, x, EWI_ROLE_FFN_NORM, layer), layer);
    x = residual(b, x, norm_if(b, y, EWI_ROLE_FFN_POST_NORM, layer));
    return norm_if(b, x, EWI_ROLE_FFN_SUM_NORM, layer);
}

/* ---- the ends ---- */

static ewi_value embed(const builder *b) {
    ewi_value tokens = ewi_graph_tokens(b->graph);
    ewi_value x = ewi_graph_biased_embed(b->graph, tokens, weight(b, EWI_ROLE_TOKEN_EMBD, 0),
                                         weight(b, EWI_ROLE_TOKEN_TYPES, 0));
    x = scale(b, x, b->h->embd_scale);
    if (b->h->positions == EWI_POSITIONS_LEARNED)
        x = ewi_graph_add(b->graph, x,
                          ewi_graph_positions(b->graph, tokens, weight(b, EWI_ROLE_POSITION_EMBD, 0)));
    return norm_if(b, x, EWI_ROLE_EMBD_NORM, 0);
}

/* Logits are scaled where it costs least: at their input. */
static ewi_value head(const builder *b, ewi_value x) {
    const ewi_tensor *own = weight(b, EWI_ROLE_OUTPUT, 0);
    x = scale(b, x, b->h->logit_scale);
    return ewi_graph_capped_linear(b->graph, x, own ? own : weight(b, EWI_ROLE_TOKEN_EMBD, 0),
                                   ewi_model_bias(b->model, EWI_ROLE_OUTPUT, 0), b->h->logit_cap);
}

/* tanh is a cap of 1. */
static ewi_value rank_head(const builder *b, ewi_value x) {
    const float cap = b->arch->has_rank_norm ? 0 : 1;
    x = ewi_graph_capped_linear(b->graph, x, weight(b, EWI_ROLE_RANK, 0),
                                ewi_model_bias(b->model, EWI_ROLE_RANK, 0), cap);
    if (b->arch->has_rank_norm)
        x = norm(b, ewi_graph_act(b->graph, EWI_ACT_GELU, x, EWI_NO_VALUE), EWI_ROLE_RANK_NORM, 0);
    return linear(b, x, EWI_ROLE_RANK_OUT, 0);
}

ew_status ewi_model_build(const ew_model *model, ewi_model_output output, ewi_graph *graph, ew_error *err) {
    const ewi_hparams *h = &model->hparams;
    builder b = {model, h, h->arch, graph};
    ewi_value x = embed(&b);
    for (uint32_t layer = 0; layer < h->n_layers; layer++) x = decoder_layer(&b, x, layer);
    graph->stage = 1 + h->n_layers;
    x = norm_if(&b, x, EWI_ROLE_OUTPUT_NORM, 0);
    if (output == EWI_OUTPUT_LOGITS) x = head(&b, x);
    if (output == EWI_OUTPUT_SCORE) x = rank_head(&b, x);
    ewi_graph_set_output(graph, ewi_graph_select(graph, x));
    return ewi_graph_verify(graph, err);
}
