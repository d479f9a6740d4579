#include "graph/graph.h"

#include <string.h>

#include "base/error.h"
#include "base/slice.h"

#define MAX_GRAPH_BYTES ((size_t)256 << 20)
#define MAX_NODES       ((uint32_t)1 << 20)

void ewi_graph_init(ewi_graph *graph) {
    *graph = (ewi_graph){.output = EWI_NO_VALUE};
    ewi_arena_init(&graph->arena, MAX_GRAPH_BYTES);
}

void ewi_graph_deinit(ewi_graph *graph) {
    ewi_arena_deinit(&graph->arena);
    *graph = (ewi_graph){.output = EWI_NO_VALUE};
}

static bool grow(ewi_graph *graph) {
    if (graph->n_nodes < graph->cap_nodes) return true;
    uint32_t cap = graph->cap_nodes ? graph->cap_nodes * 2 : 64;
    ewi_node *nodes = cap <= MAX_NODES ? ewi_arena_array(&graph->arena, cap, sizeof *nodes) : NULL;
    if (!nodes) {
        ewi_fail(&graph->problem, EW_NO_MEMORY, "out of memory for a graph of %u nodes", cap);
        return false;
    }
    if (graph->n_nodes) memcpy(nodes, graph->nodes, graph->n_nodes * sizeof *nodes);
    graph->nodes = nodes;
    graph->cap_nodes = cap;
    return true;
}

/* After the first mistake nothing is added, and every value is EWI_NO_VALUE. */
static ewi_value add_node(ewi_graph *graph, ewi_node node) {
    if (graph->problem.status != EW_OK || !grow(graph)) return EWI_NO_VALUE;
    node.stage = graph->stage;
    if (ewi_node_infer(graph, &node, &graph->problem) != EW_OK) return EWI_NO_VALUE;
    graph->nodes[graph->n_nodes] = node;
    return graph->n_nodes++;
}

ewi_value ewi_graph_append(ewi_graph *graph, const ewi_node *node) {
    graph->stage = node->stage;
    return add_node(graph, *node);
}

ewi_value ewi_graph_tokens(ewi_graph *graph) {
    return add_node(graph, (ewi_node){.op = EWI_OP_TOKENS});
}

ewi_value ewi_graph_embed(ewi_graph *graph, ewi_value tokens, const ewi_tensor *weight) {
    return ewi_graph_biased_embed(graph, tokens, weight, NULL);
}

ewi_value ewi_graph_biased_embed(ewi_graph *graph, ewi_value tokens, const ewi_tensor *weight,
                                 const ewi_tensor *bias) {
    return add_node(
        graph,
        (ewi_node){.op = EWI_OP_EMBED, .n_inputs = 1, .inputs = {tokens}, .weight = weight, .bias = bias});
}

ewi_value ewi_graph_positions(ewi_graph *graph, ewi_value tokens, const ewi_tensor *weight) {
    return add_node(graph,
                    (ewi_node){.op = EWI_OP_POSITIONS, .n_inputs = 1, .inputs = {tokens}, .weight = weight});
}

ewi_value ewi_graph_rms_norm(ewi_graph *graph, ewi_value x, const ewi_tensor *weight, ewi_norm_attrs attrs) {
    ewi_node node = {
        .op = EWI_OP_RMS_NORM, .n_inputs = 1, .inputs = {x}, .weight = weight, .attrs.norm = attrs};
    return add_node(graph, node);
}

ewi_value ewi_graph_layer_norm(ewi_graph *graph, ewi_value x, const ewi_tensor *weight,
                               const ewi_tensor *bias, ewi_norm_attrs attrs) {
    ewi_node node = {.op = EWI_OP_LAYER_NORM,
                     .n_inputs = 1,
                     .inputs = {x},
                     .weight = weight,
                     .bias = bias,
                     .attrs.norm = attrs};
    return add_node(graph, node);
}

ewi_value ewi_graph_linear(ewi_graph *graph, ewi_value x, const ewi_tensor *weight, const ewi_tensor *bias) {
    return ewi_graph_capped_linear(graph, x, weight, bias, 0);
}

ewi_value ewi_graph_capped_linear(ewi_graph *graph, ewi_value x, const ewi_tensor *weight,
                                  const ewi_tensor *bias, float cap) {
    ewi_node node = {
        .op = EWI_OP_LINEAR, .n_inputs = 1, .inputs = {x}, .weight = weight, .bias = bias, .attrs.cap = cap};
    return add_node(graph, node);
}

ewi_value ewi_graph_adapt(ewi_graph *graph, ewi_value y, ewi_value x, const ewi_tensor *weight) {
    return add_node(graph, (ewi_node){.op = EWI_OP_ADAPT, .n_inputs = 2, .inputs = {y, x}, .weight = weight});
}

ewi_value ewi_graph_columns(ewi_graph *graph, ewi_value x, ewi_columns_attrs attrs) {
    return add_node(graph,
                    (ewi_node){.op = EWI_OP_COLUMNS, .n_inputs = 1, .inputs = {x}, .attrs.columns = attrs});
}

ewi_value ewi_graph_scale(ewi_graph *graph, ewi_value x, float factor) {
    return add_node(graph,
                    (ewi_node){.op = EWI_OP_SCALE, .n_inputs = 1, .inputs = {x}, .attrs.factor = factor});
}

ewi_value ewi_graph_round(ewi_graph *graph, ewi_value x, float factor) {
    return add_node(graph,
                    (ewi_node){.op = EWI_OP_ROUND, .n_inputs = 1, .inputs = {x}, .attrs.factor = factor});
}

ewi_value ewi_graph_rope(ewi_graph *graph, ewi_value x, ewi_rope_attrs attrs) {
    return add_node(graph, (ewi_node){.op = EWI_OP_ROPE, .n_inputs = 1, .inputs = {x}, .attrs.rope = attrs});
}

ewi_value ewi_graph_attention(ewi_graph *graph, ewi_value q, ewi_value k, ewi_value v,
                              ewi_attention_attrs attrs) {
    ewi_node node = {.op = EWI_OP_ATTENTION, .n_inputs = 3, .inputs = {q, k, v}, .attrs.attention = attrs};
    return add_node(graph, node);
}

ewi_value ewi_graph_experts(ewi_graph *graph, ewi_value x, ewi_value router, ewi_experts_attrs attrs) {
    return add_node(
        graph,
        (ewi_node){.op = EWI_OP_EXPERTS, .n_inputs = 2, .inputs = {x, router}, .attrs.experts = attrs});
}

ewi_value ewi_graph_act(ewi_graph *graph, ewi_act act, ewi_value x, ewi_value up) {
    uint32_t n_inputs = up == EWI_NO_VALUE ? 1 : 2;
    return add_node(graph,
                    (ewi_node){.op = EWI_OP_ACT, .n_inputs = n_inputs, .inputs = {x, up}, .attrs.act = act});
}

ewi_value ewi_graph_add(ewi_graph *graph, ewi_value a, ewi_value b) {
    return add_node(graph, (ewi_node){.op = EWI_OP_ADD, .n_inputs = 2, .inputs = {a, b}});
}

ewi_value ewi_graph_quantize(ewi_graph *graph, ewi_value x, ewi_qrows_kind kind) {
    return add_node(graph,
                    (ewi_node){.op = EWI_OP_QUANTIZE, .n_inputs = 1, .inputs = {x}, .attrs.qrows = kind});
}

ewi_value ewi_graph_select(ewi_graph *graph, ewi_value x) {
    return add_node(graph, (ewi_node){.op = EWI_OP_SELECT, .n_inputs = 1, .inputs = {x}});
}

size_t ewi_node_weights(const ewi_node *node, const ewi_tensor **out) {
    const ewi_tensor *own[] = {node->weight, node->bias};
    size_t n = 0;
    for (size_t i = 0; i < EWI_COUNT(own); i++) {
        if (!own[i]) continue;
        if (out) out[n] = own[i];
        n++;
    }
    for (unsigned part = 0; node->op == EWI_OP_EXPERTS && part < EWI_N_EXPERT_PARTS; part++) {
        const ewi_expert_matrices *m = &node->attrs.experts.parts[part];
        if (out) memcpy(out + n, m->tensors, m->n_tensors * sizeof *out);
        n += m->n_tensors;
    }
    return n;
}

size_t ewi_node_row_bytes(const ewi_node *node) {
    switch (node->type) {
    case EWI_VALUE_TOKEN:
    case EWI_VALUE_STATE: return 0;
    case EWI_VALUE_F32: return node->cols * sizeof(float);
    case EWI_VALUE_QROWS: break;
    }
    return ewi_qrow_layout(node->attrs.qrows, node->cols).bytes;
}

uint32_t ewi_graph_step_end(const ewi_graph *graph, uint32_t i) {
    const ewi_node *node = &graph->nodes[i];
    if (node->step_kind == EWI_STEP_ALONE) return i;
    while (i + 1 < graph->n_nodes && graph->nodes[i + 1].step == node->step) i++;
    return i;
}

void ewi_graph_set_output(ewi_graph *graph, ewi_value output) {
    graph->output = output;
}
