/* print.c: a graph as text, for people and for tests. */
#include <inttypes.h>

#include "base/slice.h"
#include "graph/graph.h"

const char *ewi_op_name(ewi_op op) {
    static const char *const names[EWI_N_OPS] = {
#define EWI_OP_TEXT(name, text) text,
        EWI_OP_MAP(EWI_OP_TEXT)
#undef EWI_OP_TEXT
    };
    return (unsigned)op < EWI_N_OPS ? names[op] : "?";
}

static void print_dim(ewi_dim dim, ewi_buffer *out) {
    if (dim == EWI_DIM_T)
        ewi_buffer_add(out, "T", 1);
    else if (dim == EWI_DIM_L)
        ewi_buffer_add(out, "L", 1);
    else
        ewi_buffer_printf(out, "%" PRId64, dim);
}

static void print_weight(const ewi_tensor *weight, ewi_buffer *out) {
    ewi_buffer_printf(out, ", %.*s %s[", EWI_STR_ARG(weight->name), ewi_dtype_get(weight->dtype)->name);
    for (uint32_t i = 0; i < weight->n_dims; i++)
        ewi_buffer_printf(out, "%s%" PRIu64, i ? ", " : "", weight->dims[i]);
    ewi_buffer_add(out, "]", 1);
}

static void print_norm(const ewi_norm_attrs *norm, ewi_buffer *out) {
    ewi_buffer_printf(out, " {eps=%g", (double)norm->eps);
    if (norm->n_groups > 1) ewi_buffer_printf(out, ", heads=%u", norm->n_groups);
    if (norm->has_parts) ewi_buffer_printf(out, ", parts");
    ewi_buffer_add(out, "}", 1);
}

static void print_rope(const ewi_rope_attrs *r, ewi_buffer *out) {
    ewi_buffer_printf(out, " {%s, heads=%u, dims=%u/%u, base=%g%s}",
                      r->pairing == EWI_ROPE_ADJACENT ? "adjacent" : "halves", r->n_heads, r->n_dims,
                      r->head_dim, r->base, r->scaling ? ", scaled" : "");
}

static void print_attention(const ewi_attention_attrs *a, ewi_buffer *out) {
    ewi_buffer_printf(out, " {layer=%u, heads=%u/%u, dim=%u, scale=%g", a->layer, a->n_heads, a->n_kv_heads,
                      a->head_dim, (double)a->scale);
    if (a->window) ewi_buffer_printf(out, ", window=%u", a->window);
    if (a->is_two_sided) ewi_buffer_printf(out, ", two-sided");
    if (a->cap != 0) ewi_buffer_printf(out, ", cap=%g", (double)a->cap);
    if (a->alibi_max != 0) ewi_buffer_printf(out, ", alibi=%g", (double)a->alibi_max);
    ewi_buffer_add(out, "}", 1);
}

static void print_columns(const ewi_columns_attrs *c, ewi_buffer *out) {
    ewi_buffer_printf(out, " {%u..%u of %u, groups=%u}", c->first, c->first + c->width, c->stride,
                      c->n_groups);
}

static const char *act_name(ewi_act act) {
    static const char *const names[EWI_N_ACTS] = {
#define EWI_ACT_TEXT(name, text) text,
        EWI_ACT_MAP(EWI_ACT_TEXT)
#undef EWI_ACT_TEXT
    };
    return (unsigned)act < EWI_N_ACTS ? names[act] : "?";
}

static void print_experts(const ewi_experts_attrs *a, ewi_buffer *out) {
    for (unsigned part = 0; part < EWI_N_EXPERT_PARTS; part++) print_weight(a->parts[part].tensors[0], out);
    ewi_buffer_printf(out, " {%u of %u, width=%u, %s%s}", a->n_used, a->n_experts, a->d_ffn, act_name(a->act),
                      a->weighs_to_one ? ", weighed to one" : "");
}

static void print_attrs(const ewi_node *node, ewi_buffer *out) {
    if (node->op == EWI_OP_RMS_NORM || node->op == EWI_OP_LAYER_NORM) print_norm(&node->attrs.norm, out);
    if (node->op == EWI_OP_LINEAR && node->attrs.cap != 0)
        ewi_buffer_printf(out, " {cap=%g}", (double)node->attrs.cap);
    if (node->op == EWI_OP_SCALE || node->op == EWI_OP_ROUND)
        ewi_buffer_printf(out, " {%g}", (double)node->attrs.factor);
    if (node->op == EWI_OP_ACT) ewi_buffer_printf(out, " {%s}", act_name(node->attrs.act));
    if (node->op == EWI_OP_COLUMNS) print_columns(&node->attrs.columns, out);
    if (node->op == EWI_OP_QUANTIZE)
        ewi_buffer_printf(out, " {%s}", node->attrs.qrows == EWI_QROWS_WHOLE ? "whole rows" : "256");
    if (node->op == EWI_OP_EXPERTS) print_experts(&node->attrs.experts, out);
    if (node->op == EWI_OP_ROPE) print_rope(&node->attrs.rope, out);
    if (node->op == EWI_OP_ATTENTION || node->op == EWI_OP_STORE)
        print_attention(&node->attrs.attention, out);
}

static void print_node(const ewi_graph *graph, uint32_t index, ewi_buffer *out) {
    const ewi_node *node = &graph->nodes[index];
    ewi_buffer_printf(out, "%%%u = %s", index, ewi_op_name(node->op));
    for (uint32_t i = 0; i < node->n_inputs; i++)
        ewi_buffer_printf(out, "%s%%%u", i ? ", " : " ", node->inputs[i]);
    if (node->weight) print_weight(node->weight, out);
    if (node->bias) print_weight(node->bias, out);
    print_attrs(node, out);
    static const char *const types[] = {[EWI_VALUE_F32] = "f32",
                                        [EWI_VALUE_TOKEN] = "token",
                                        [EWI_VALUE_QROWS] = "qrows",
                                        [EWI_VALUE_STATE] = "state"};
    ewi_buffer_printf(out, " : %s[", types[node->type]);
    print_dim(node->rows, out);
    if (node->type != EWI_VALUE_TOKEN) ewi_buffer_printf(out, ", %u", node->cols);
    ewi_buffer_printf(out, "]%s", index == graph->output ? " -> logits" : "");
    if (node->step_kind != EWI_STEP_ALONE && node->step != index)
        ewi_buffer_printf(out, " with %%%u", node->step);
    ewi_buffer_add(out, "\n", 1);
}

void ewi_graph_print(const ewi_graph *graph, ewi_buffer *out) {
    for (uint32_t i = 0; i < graph->n_nodes; i++) print_node(graph, i, out);
}
