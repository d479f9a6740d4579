/* build.c: the Llama family as a graph: arXiv 2302.13971, with the features of arch.h. */
#include "base/error.h"
#include "model/model.h"

typedef struct builder {
    const ew_model *model;
    ewi_graph *graph;
} builder;

static const ewi_tensor *get(const builder *b, ewi_role role, uint32_t layer) {
    return ewi_model_tensor(b->model, role, layer);
}

static ewi_value linear(const builder *b, ewi_value x, ewi_role weight, ewi_role bias, uint32_t layer) {
    return ewi_graph_linear(b->graph, x, get(b, weight, layer), get(b, bias, layer));
}

static ewi_value plain_linear(const builder *b, ewi_value x, ewi_role weight, uint32_t layer) {
    return ewi_graph_linear(b->graph, x, get(b, weight, layer), NULL);
}

static ewi_value norm(const builder *b, ewi_value x, ewi_role weight, uint32_t layer) {
    return ewi_graph_rms_norm(b->graph, x, get(b, weight, layer),
                              (ewi_norm_attrs){b->model->hparams.norm_eps, 1});
}

static ewi_value rope(const builder *b, ewi_value x, uint32_t n_heads) {
    const ewi_hparams *h = &b->model->hparams;
    return ewi_graph_rope(
        b->graph, x, (ewi_rope_attrs){h->pairing, n_heads, h->head_dim, h->rope_dims, h->rope_base, NULL});
}

static ewi_value attention(const builder *b, ewi_value x, uint32_t layer) {
    const ewi_hparams *h = &b->model->hparams;
    ewi_value q = rope(b, linear(b, x, EWI_ROLE_ATTN_Q, EWI_ROLE_ATTN_Q_BIAS, layer), h->n_heads);
    ewi_value k = rope(b, linear(b, x, EWI_ROLE_ATTN_K, EWI_ROLE_ATTN_K_BIAS, layer), h->n_kv_heads);
    ewi_value v = linear(b, x, EWI_ROLE_ATTN_V, EWI_ROLE_ATTN_V_BIAS, layer);
    float scale = (float)(1.0 / __builtin_sqrt((double)h->head_dim));
    ewi_attention_attrs attrs = {layer, h->n_heads, h->n_kv_heads, h->head_dim, scale, 0, 0, 0};
    return linear(b, ewi_graph_attention(b->graph, q, k, v, attrs), EWI_ROLE_ATTN_OUT, EWI_ROLE_ATTN_OUT_BIAS,
                  layer);
}

static ewi_value feed_forward(const builder *b, ewi_value x, uint32_t layer) {
    ewi_value gate = plain_linear(b, x, EWI_ROLE_FFN_GATE, layer);
    ewi_value up = plain_linear(b, x, EWI_ROLE_FFN_UP, layer);
    return plain_linear(b, ewi_graph_act(b->graph, EWI_ACT_SILU, gate, up), EWI_ROLE_FFN_DOWN, layer);
}

static ewi_value decoder_layer(const builder *b, ewi_value x, uint32_t layer) {
    b->graph->stage = 1 + layer;
    x = ewi_graph_add(b->graph, x, attention(b, norm(b, x, EWI_ROLE_ATTN_NORM, layer), layer));
    return ewi_graph_add(b->graph, x, feed_forward(b, norm(b, x, EWI_ROLE_FFN_NORM, layer), layer));
}

ew_status ewi_model_build(const ew_model *model, ewi_graph *graph, ew_error *err) {
    builder b = {model, graph};
    ewi_value x = ewi_graph_embed(graph, ewi_graph_tokens(graph), get(&b, EWI_ROLE_TOKEN_EMBD, 0));
    for (uint32_t layer = 0; layer < model->hparams.n_layers; layer++) x = decoder_layer(&b, x, layer);
    graph->stage = 1 + model->hparams.n_layers;
    const ewi_tensor *head = get(&b, EWI_ROLE_OUTPUT, 0);
    x = ewi_graph_linear(graph, norm(&b, x, EWI_ROLE_OUTPUT_NORM, 0),
                         head ? head : get(&b, EWI_ROLE_TOKEN_EMBD, 0), NULL);
    ewi_graph_set_output(graph, ewi_graph_select(graph, x));
    return ewi_graph_verify(graph, err);
}
