#include "graph/fold.h"

static bool reads(const ewi_node *node, ewi_value v) {
    for (uint32_t i = 0; i < node->n_inputs; i++)
        if (node->inputs[i] == v) return true;
    return false;
}

/* A tensor that one node uses, once. */
static bool is_own(const ewi_graph *graph, const ewi_tensor *t) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < graph->n_nodes && t; i++) {
        if (graph->nodes[i].weight == t) n++;
        if (graph->nodes[i].bias == t) n++;
    }
    return n <= 1;
}

static bool owns_weights(const ewi_graph *graph, const ewi_node *node) {
    return node->weight && is_own(graph, node->weight) && is_own(graph, node->bias);
}

/* Linear layers of one stage alone read x; not the head. */
static bool has_linear_readers(const ewi_graph *graph, ewi_value x) {
    const uint32_t stage = graph->nodes[x].stage;
    for (uint32_t i = 0; i < graph->n_nodes; i++) {
        const ewi_node *node = &graph->nodes[i];
        if (!reads(node, x)) continue;
        if (node->op != EWI_OP_LINEAR || node->stage != stage) return false;
        if (!owns_weights(graph, node)) return false;
    }
    return stage != graph->nodes[graph->output].stage;
}

/* Once, and nothing else reads v. */
static bool is_read_by(const ewi_graph *graph, ewi_value v, const ewi_node *reader) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < reader->n_inputs; i++) n += reader->inputs[i] == v;
    for (uint32_t i = 0; i < graph->n_nodes; i++)
        if (&graph->nodes[i] != reader && reads(&graph->nodes[i], v)) return false;
    return n == 1;
}

/* Other readers of a fused layer's outputs take other columns. */
static bool columns_are_own(const ewi_graph *graph, const ewi_node *cut) {
    const ewi_columns_attrs *own = &cut->attrs.columns;
    for (uint32_t i = 0; i < graph->n_nodes; i++) {
        const ewi_node *node = &graph->nodes[i];
        const ewi_columns_attrs *other = &node->attrs.columns;
        if (node == cut || !reads(node, cut->inputs[0])) continue;
        if (node->op != EWI_OP_COLUMNS || other->stride != own->stride) return false;
        if (own->first < other->first + other->width && other->first < own->first + own->width) return false;
    }
    return true;
}

/* The linear layer that makes v, or some columns of which are v. */
static bool find_linear(const ewi_graph *graph, ewi_value v, const ewi_node *reader, ewi_fold *out) {
    const ewi_node *node = &graph->nodes[v];
    if (!is_read_by(graph, v, reader)) return false;
    out->columns = (ewi_columns_attrs){0, node->cols, node->cols, 1};
    if (node->op == EWI_OP_COLUMNS) {
        if (!columns_are_own(graph, node)) return false;
        out->columns = node->attrs.columns;
        node = &graph->nodes[node->inputs[0]];
    }
    out->maker = node;
    return node->op == EWI_OP_LINEAR && node->attrs.cap == 0 && node->stage == reader->stage &&
           owns_weights(graph, node);
}

bool ewi_fold_find(const ewi_graph *graph, ewi_value x, ewi_fold *out) {
    const ewi_node *node = &graph->nodes[x];
    *out = (ewi_fold){.input = x, .n_sharing = 1, .head_dim = 1};
    if (!has_linear_readers(graph, x)) return false;
    if (node->op == EWI_OP_ATTENTION) {
        out->n_sharing = node->attrs.attention.n_heads / node->attrs.attention.n_kv_heads;
        out->head_dim = node->attrs.attention.head_dim;
        return find_linear(graph, node->inputs[2], node, out);
    }
    if (node->op == EWI_OP_ACT) return node->n_inputs == 2 && find_linear(graph, node->inputs[1], node, out);
    out->maker = node;
    out->columns = (ewi_columns_attrs){0, node->cols, node->cols, 1};
    bool is_norm = node->op == EWI_OP_RMS_NORM || node->op == EWI_OP_LAYER_NORM;
    return is_norm && node->attrs.norm.n_groups == 1 && owns_weights(graph, node);
}

uint32_t ewi_fold_row(const ewi_fold *fold, uint32_t channel) {
    const ewi_columns_attrs *cut = &fold->columns;
    const uint32_t dim = fold->head_dim;
    uint32_t c = channel / (dim * fold->n_sharing) * dim + channel % dim;
    return cut->first + c / cut->width * cut->stride + c % cut->width;
}
