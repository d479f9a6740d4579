/* toy_graph.c: a small model as a graph. */
#include "toy_graph.h"
#include "expect.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/slice.h"

const ewi_tensor *toy_tensor(toy_graph *toy, const char *name, uint32_t n_dims, uint64_t rows,
                             uint64_t cols) {
    uint32_t index = toy->n_tensors++;
    if (index == TOY_MAX_TENSORS) fail_msg("toy_graph: too many tensors");
    size_t n = (size_t)(n_dims == 2 ? rows * cols : rows);
    float *data = malloc(n * sizeof *data + 1);
    assert_non_null(data);
    uint64_t x = 0x9e3779b97f4a7c15u * (index + 1);
    for (size_t i = 0; i < n; i++) {
        x ^= x << 13, x ^= x >> 7, x ^= x << 17; /* xorshift64, Marsaglia 2003 */
        data[i] = (float)(x >> 40) * 0x1p-24f - 0.5f;
    }
    snprintf(toy->names[index], sizeof toy->names[index], "%s", name);
    ewi_tensor *t = &toy->tensors[index];
    *t = (ewi_tensor){.name = ewi_str(toy->names[index]),
                      .dtype = EWI_F32,
                      .n_dims = n_dims,
                      .dims = {rows, cols},
                      .data = (const uint8_t *)data,
                      .size_bytes = n * sizeof *data};
    return t;
}

static const ewi_tensor *of_layer(toy_graph *toy, uint32_t layer, const char *rest, uint32_t n_dims,
                                  uint64_t rows, uint64_t cols) {
    char name[48];
    snprintf(name, sizeof name, "blk.%u.%s", layer, rest);
    return toy_tensor(toy, name, n_dims, rows, cols);
}

static ewi_value add_attention(toy_graph *toy, const toy_sizes *s, ewi_value x, uint32_t layer) {
    ewi_graph *g = &toy->graph;
    uint64_t n_q = (uint64_t)s->n_heads * s->head_dim, n_kv = (uint64_t)s->n_kv_heads * s->head_dim;
    ewi_rope_attrs rope = {EWI_ROPE_ADJACENT, s->n_heads, s->head_dim, s->head_dim, 10000, NULL};
    ewi_value h = ewi_graph_rms_norm(g, x, of_layer(toy, layer, "attn_norm.weight", 1, s->d_model, 0),
                                     (ewi_norm_attrs){1e-5f, 1, false});
    ewi_value q = ewi_graph_linear(g, h, of_layer(toy, layer, "attn_q.weight", 2, n_q, s->d_model),
                                   of_layer(toy, layer, "attn_q.bias", 1, n_q, 0));
    ewi_value k = ewi_graph_linear(g, h, of_layer(toy, layer, "attn_k.weight", 2, n_kv, s->d_model), NULL);
    ewi_value v = ewi_graph_linear(g, h, of_layer(toy, layer, "attn_v.weight", 2, n_kv, s->d_model), NULL);
    q = ewi_graph_rope(g, q, rope);
    rope.n_heads = s->n_kv_heads;
    k = ewi_graph_rope(g, k, rope);
    ewi_value o = ewi_graph_attention(
        g, q, k, v,
        (ewi_attention_attrs){layer, s->n_heads, s->n_kv_heads, s->head_dim, 0.5f, 0, 0, 0, 0, false});
    return ewi_graph_linear(g, o, of_layer(toy, layer, "attn_output.weight", 2, s->d_model, n_q), NULL);
}

static ewi_value add_feed_forward(toy_graph *toy, const toy_sizes *s, ewi_value x, uint32_t layer) {
    ewi_graph *g = &toy->graph;
    ewi_value h = ewi_graph_rms_norm(g, x, of_layer(toy, layer, "ffn_norm.weight", 1, s->d_model, 0),
                                     (ewi_norm_attrs){1e-5f, 1, false});
    ewi_value gate =
        ewi_graph_linear(g, h, of_layer(toy, layer, "ffn_gate.weight", 2, s->d_ffn, s->d_model), NULL);
    ewi_value up =
        ewi_graph_linear(g, h, of_layer(toy, layer, "ffn_up.weight", 2, s->d_ffn, s->d_model), NULL);
    return ewi_graph_linear(g, ewi_graph_act(g, EWI_ACT_SILU, gate, up),
                            of_layer(toy, layer, "ffn_down.weight", 2, s->d_model, s->d_ffn), NULL);
}

void toy_graph_init(toy_graph *toy, const toy_sizes *s) {
    ewi_graph *g = &toy->graph;
    ew_error err = {0};
    toy->n_tensors = 0;
    ewi_graph_init(g);
    ewi_value x = ewi_graph_embed(g, ewi_graph_tokens(g),
                                  toy_tensor(toy, "token_embd.weight", 2, s->n_vocab, s->d_model));
    for (uint32_t layer = 0; layer < s->n_layers; layer++) {
        g->stage = 1 + layer;
        x = ewi_graph_add(g, x, add_attention(toy, s, x, layer));
        x = ewi_graph_add(g, x, add_feed_forward(toy, s, x, layer));
    }
    g->stage = 1 + s->n_layers;
    x = ewi_graph_rms_norm(g, x, toy_tensor(toy, "output_norm.weight", 1, s->d_model, 0),
                           (ewi_norm_attrs){1e-5f, 1, false});
    x = ewi_graph_linear(g, x, toy_tensor(toy, "output.weight", 2, s->n_vocab, s->d_model), NULL);
    ewi_graph_set_output(g, ewi_graph_select(g, x));
    expect_ok(ewi_graph_verify(g, &err), &err);
}

static void free_data(const ewi_tensor *t) {
    union {
        const uint8_t *borrowed;
        void *owned;
    } data = {t->data};
    free(data.owned);
}

void toy_graph_deinit(toy_graph *toy) {
    for (uint32_t i = 0; i < toy->n_tensors; i++) free_data(&toy->tensors[i]);
    toy->n_tensors = 0;
    ewi_graph_deinit(&toy->graph);
}
