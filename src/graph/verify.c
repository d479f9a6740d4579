/* verify.c: what each op asks of its inputs and weights, and what it gives. */
#include <inttypes.h>

#include "base/error.h"
#include "base/slice.h"
#include "graph/graph.h"

/* Columns of a value are bounded so that offsets in an arena of 2^20 rows cannot overflow. */
#define MAX_COLS ((uint64_t)1 << 26)

static const ewi_node *input(const ewi_graph *graph, const ewi_node *node, uint32_t i) {
    return &graph->nodes[node->inputs[i]];
}

static ew_status wrong_weight(const ewi_node *node, const ewi_tensor *weight, const char *must,
                              ew_error *err) {
    return ewi_fail(err, EW_FORMAT, "tensor %.*s: cannot be the weight of %s: %s", EWI_STR_ARG(weight->name),
                    ewi_op_name(node->op), must);
}

static bool is_float(ewi_dtype dtype) {
    return dtype == EWI_F32 || dtype == EWI_F16 || dtype == EWI_BF16;
}

/* A vector of n f32. */
static ew_status check_vector(const ewi_node *node, const ewi_tensor *weight, uint64_t n, ew_error *err) {
    if (weight->dtype != EWI_F32)
        return ewi_fail(err, EW_UNSUPPORTED, "tensor %.*s: type %s, but %s needs F32",
                        EWI_STR_ARG(weight->name), ewi_dtype_get(weight->dtype)->name, ewi_op_name(node->op));
    if (weight->n_dims != 1 || weight->dims[0] != n)
        return ewi_fail(err, EW_FORMAT, "tensor %.*s: must have the shape [%" PRIu64 "]",
                        EWI_STR_ARG(weight->name), n);
    return EW_OK;
}

static ew_status check_type(const ewi_tensor *w, ew_error *err) {
    if (is_float(w->dtype) || ewi_packed_info_get(w->dtype)) return EW_OK;
    return ewi_fail(err, EW_UNSUPPORTED, "tensor %.*s: type %s cannot be computed with", EWI_STR_ARG(w->name),
                    ewi_dtype_get(w->dtype)->name);
}

/* Products of codes are summed in 32 bits. */
static ew_status check_inner(const ewi_tensor *w, uint64_t k, ew_error *err) {
    if (!ewi_packed_info_get(w->dtype) || k <= EWI_PACKED_MAX_K) return EW_OK;
    return ewi_fail(err, EW_UNSUPPORTED, "tensor %.*s: rows of %" PRIu64 " quantized weights, at most %u",
                    EWI_STR_ARG(w->name), k, EWI_PACKED_MAX_K);
}

static ew_status check_matrix(const ewi_node *node, ew_error *err) {
    const ewi_tensor *w = node->weight;
    if (!w) return ewi_fail(err, EW_FORMAT, "%s: has no weight", ewi_op_name(node->op));
    EWI_TRY(check_type(w, err));
    if (w->n_dims != 2) return wrong_weight(node, w, "it must have two dimensions", err);
    for (int i = 0; i < 2; i++)
        if (w->dims[i] == 0 || w->dims[i] > MAX_COLS)
            return wrong_weight(node, w, "a dimension is 0 or too large", err);
    return EW_OK;
}

/* A matrix in packed form takes rows of its kind; as built, before the pass that quantizes, also f32. */
static bool accepts(const ewi_node *node, const ewi_node *x) {
    if (node->op == EWI_OP_EMBED || node->op == EWI_OP_POSITIONS) return x->type == EWI_VALUE_TOKEN;
    if (x->type != EWI_VALUE_QROWS) return x->type == EWI_VALUE_F32;
    return node->op == EWI_OP_LINEAR && node->weight && ewi_packed_info_get(node->weight->dtype) &&
           ewi_qrows_for(node->weight->dtype) == x->attrs.qrows;
}

static ew_status check_inputs(const ewi_graph *graph, const ewi_node *node, ew_error *err) {
    static const uint32_t n_inputs[EWI_N_OPS] = {
        [EWI_OP_TOKENS] = 0,     [EWI_OP_EMBED] = 1,     [EWI_OP_RMS_NORM] = 1, [EWI_OP_LINEAR] = 1,
        [EWI_OP_ROPE] = 1,       [EWI_OP_ATTENTION] = 3, [EWI_OP_ACT] = 1,      [EWI_OP_ADD] = 2,
        [EWI_OP_QUANTIZE] = 1,   [EWI_OP_SELECT] = 1,    [EWI_OP_STORE] = 2,    [EWI_OP_POSITIONS] = 1,
        [EWI_OP_LAYER_NORM] = 1, [EWI_OP_COLUMNS] = 1,   [EWI_OP_SCALE] = 1,    [EWI_OP_ADAPT] = 2,
        [EWI_OP_EXPERTS] = 2,    [EWI_OP_ROUND] = 1,
    };
    if ((unsigned)node->op >= EWI_N_OPS) return ewi_fail(err, EW_FORMAT, "unknown op %u", (unsigned)node->op);
    bool is_gated = node->op == EWI_OP_ACT && node->n_inputs == 2;
    if (node->n_inputs != n_inputs[node->op] && !is_gated)
        return ewi_fail(err, EW_FORMAT, "%s: %u inputs, needs %u", ewi_op_name(node->op), node->n_inputs,
                        n_inputs[node->op]);
    for (uint32_t i = 0; i < node->n_inputs; i++) {
        if (node->inputs[i] >= graph->n_nodes)
            return ewi_fail(err, EW_FORMAT, "%s: input %u is not a value yet", ewi_op_name(node->op), i);
        if (!accepts(node, input(graph, node, i)))
            return ewi_fail(err, EW_FORMAT, "%s: input %u is of the wrong type", ewi_op_name(node->op), i);
    }
    return EW_OK;
}

static void same_as(ewi_node *node, const ewi_node *other) {
    node->type = other->type;
    node->rows = other->rows;
    node->cols = other->cols;
}

/* A vector, or one for each text of a pair. */
static ew_status check_types(const ewi_node *node, ew_error *err) {
    const ewi_tensor *types = node->bias;
    const uint64_t n = node->weight->dims[1];
    if (types->n_dims != 2) return check_vector(node, types, n, err);
    if (types->dtype == EWI_F32 && types->dims[0] == 2 && types->dims[1] == n) return EW_OK;
    return ewi_fail(err, EW_FORMAT, "tensor %.*s: its rows must have %" PRIu64 " columns",
                    EWI_STR_ARG(types->name), n);
}

static ew_status infer_embed(ewi_node *node, const ewi_node *tokens, ew_error *err) {
    EWI_TRY(check_matrix(node, err));
    if (node->bias) EWI_TRY(check_types(node, err));
    same_as(node, tokens);
    node->type = EWI_VALUE_F32;
    node->cols = (uint32_t)node->weight->dims[1];
    return EW_OK;
}

static ew_status infer_norm(ewi_node *node, const ewi_node *x, ew_error *err) {
    const ewi_norm_attrs *a = &node->attrs.norm;
    const char *op = ewi_op_name(node->op);
    if (!node->weight) return ewi_fail(err, EW_FORMAT, "%s: has no weight", op);
    if (a->n_groups == 0 || x->cols % a->n_groups != 0)
        return ewi_fail(err, EW_FORMAT, "%s: %u columns are not %u groups", op, x->cols, a->n_groups);
    const uint32_t n = a->has_parts ? x->cols : x->cols / a->n_groups;
    EWI_TRY(check_vector(node, node->weight, n, err));
    if (node->bias) EWI_TRY(check_vector(node, node->bias, n, err));
    if (!(a->eps >= 0 && a->eps < 1))
        return ewi_fail(err, EW_FORMAT, "%s: epsilon %g is not in [0, 1)", op, (double)a->eps);
    same_as(node, x);
    return EW_OK;
}

static bool is_finite(double x) {
    return x - x == 0;
}

static ew_status infer_scale(ewi_node *node, const ewi_node *x, ew_error *err) {
    if (!is_finite((double)node->attrs.factor))
        return ewi_fail(err, EW_FORMAT, "scale: factor is not finite");
    same_as(node, x);
    return EW_OK;
}

static ew_status infer_round(ewi_node *node, const ewi_node *x, ew_error *err) {
    if (!(node->attrs.factor > 0) || !is_finite((double)node->attrs.factor))
        return ewi_fail(err, EW_FORMAT, "round: factor is not positive");
    same_as(node, x);
    return EW_OK;
}

static ew_status infer_columns(ewi_node *node, const ewi_node *x, ew_error *err) {
    const ewi_columns_attrs *a = &node->attrs.columns;
    if ((uint64_t)a->stride * a->n_groups > x->cols || (uint64_t)a->first + a->width > x->cols ||
        a->width == 0 || a->n_groups == 0 || a->width > a->stride ||
        (uint64_t)a->first + (uint64_t)a->stride * (a->n_groups - 1) + a->width > x->cols)
        return ewi_fail(err, EW_FORMAT, "columns: %u groups of %u, %u of each from %u on, do not fit %u",
                        a->n_groups, a->stride, a->width, a->first, x->cols);
    same_as(node, x);
    node->cols = a->width * a->n_groups;
    return EW_OK;
}

static ew_status infer_linear(ewi_node *node, const ewi_node *x, ew_error *err) {
    EWI_TRY(check_matrix(node, err));
    const ewi_tensor *w = node->weight;
    if (w->dims[1] != x->cols)
        return ewi_fail(err, EW_FORMAT,
                        "tensor %.*s: [%" PRIu64 ", %" PRIu64 "] does not fit an input of %u columns",
                        EWI_STR_ARG(w->name), w->dims[0], w->dims[1], x->cols);
    EWI_TRY(check_inner(w, w->dims[1], err));
    if (node->bias) EWI_TRY(check_vector(node, node->bias, w->dims[0], err));
    if (!(node->attrs.cap >= 0 && is_finite((double)node->attrs.cap)))
        return ewi_fail(err, EW_FORMAT, "linear: cap %g", (double)node->attrs.cap);
    same_as(node, x);
    node->type = EWI_VALUE_F32;
    node->cols = (uint32_t)w->dims[0];
    return EW_OK;
}

/* The layer's own result comes first: it alone may be written over. */
static ew_status infer_adapt(const ewi_graph *graph, ewi_node *node, ew_error *err) {
    const ewi_node *y = input(graph, node, 0), *x = input(graph, node, 1);
    const ewi_tensor *w = node->weight;
    if (!w || y->op != EWI_OP_LINEAR || y->weight != w)
        return ewi_fail(err, EW_FORMAT, "adapt: its first input is not the linear layer of its weight");
    if (x->cols != w->dims[1] || x->rows != y->rows)
        return ewi_fail(err, EW_FORMAT, "adapt: tensor %.*s takes %" PRIu64 " columns, not %u",
                        EWI_STR_ARG(w->name), w->dims[1], x->cols);
    same_as(node, y);
    return EW_OK;
}

/* One of n tensors of the same matrix of all experts. */
static ew_status check_expert(const ewi_tensor *w, bool is_stack, uint32_t n, uint64_t out, uint64_t in,
                              ew_error *err) {
    EWI_TRY(check_type(w, err));
    EWI_TRY(check_inner(w, in, err));
    const uint64_t *dims = w->dims + is_stack;
    if (w->n_dims == 2u + is_stack && (!is_stack || w->dims[0] == n) && dims[0] == out && dims[1] == in)
        return EW_OK;
    if (is_stack)
        return ewi_fail(err, EW_FORMAT, "tensor %.*s: must have the shape [%u, %" PRIu64 ", %" PRIu64 "]",
                        EWI_STR_ARG(w->name), n, out, in);
    return ewi_fail(err, EW_FORMAT, "tensor %.*s: must have the shape [%" PRIu64 ", %" PRIu64 "]",
                    EWI_STR_ARG(w->name), out, in);
}

static ew_status check_part(const ewi_experts_attrs *a, ewi_expert_part part, uint64_t d_model,
                            ew_error *err) {
    const ewi_expert_matrices *m = &a->parts[part];
    const bool is_own = m->n_tensors == a->n_experts && m->tensors[0]->n_dims == 2;
    const bool is_stack = m->n_tensors == 1 && !is_own, is_down = part == EWI_EXPERTS_DOWN;
    if (!is_stack && !is_own)
        return ewi_fail(err, EW_FORMAT, "tensor %.*s: is one of %u for %u experts",
                        EWI_STR_ARG(m->tensors[0]->name), m->n_tensors, a->n_experts);
    for (uint32_t i = 0; i < m->n_tensors; i++)
        EWI_TRY(check_expert(m->tensors[i], is_stack, a->n_experts, is_down ? d_model : a->d_ffn,
                             is_down ? a->d_ffn : d_model, err));
    return EW_OK;
}

static ew_status infer_experts(const ewi_graph *graph, ewi_node *node, ew_error *err) {
    const ewi_experts_attrs *a = &node->attrs.experts;
    const ewi_node *x = input(graph, node, 0), *router = input(graph, node, 1);
    if (a->n_used == 0 || a->n_used > a->n_experts)
        return ewi_fail(err, EW_FORMAT, "experts: a row cannot use %u of %u", a->n_used, a->n_experts);
    if (router->cols != a->n_experts || router->rows != x->rows)
        return ewi_fail(err, EW_FORMAT, "experts: %u router logits for %u experts, or other rows",
                        router->cols, a->n_experts);
    if (a->d_ffn == 0 || a->d_ffn > MAX_COLS || (unsigned)a->act >= EWI_N_ACTS)
        return ewi_fail(err, EW_FORMAT, "experts: width %u or activation %u", a->d_ffn, (unsigned)a->act);
    for (unsigned part = 0; part < EWI_N_EXPERT_PARTS; part++)
        EWI_TRY(check_part(a, (ewi_expert_part)part, x->cols, err));
    same_as(node, x);
    return EW_OK;
}

static ew_status infer_rope(ewi_node *node, const ewi_node *x, ew_error *err) {
    const ewi_rope_attrs *a = &node->attrs.rope;
    if ((uint64_t)a->n_heads * a->head_dim != x->cols)
        return ewi_fail(err, EW_FORMAT, "rope: %u heads of %u do not make %u columns", a->n_heads,
                        a->head_dim, x->cols);
    if (a->n_dims == 0 || a->n_dims > a->head_dim || a->n_dims % 2 != 0)
        return ewi_fail(err, EW_FORMAT, "rope: %u of %u dimensions of a head cannot rotate in pairs",
                        a->n_dims, a->head_dim);
    if (!(a->base >= 1 && a->base <= 1e12))
        return ewi_fail(err, EW_FORMAT, "rope: base %g is not in [1, 1e12]", a->base);
    if (a->scaling && !(a->scaling->magnitude > 0 && is_finite(a->scaling->magnitude)))
        return ewi_fail(err, EW_FORMAT, "rope: magnitude %g", a->scaling->magnitude);
    same_as(node, x);
    return EW_OK;
}

static ew_status infer_attention(const ewi_graph *graph, ewi_node *node, ew_error *err) {
    const ewi_attention_attrs *a = &node->attrs.attention;
    const ewi_node *q = input(graph, node, 0), *k = input(graph, node, 1), *v = input(graph, node, 2);
    if (a->n_heads == 0 || a->n_kv_heads == 0 || a->head_dim == 0 || a->n_heads % a->n_kv_heads != 0)
        return ewi_fail(err, EW_FORMAT, "attention: %u query heads cannot share %u key heads", a->n_heads,
                        a->n_kv_heads);
    if (!(a->cap >= 0 && is_finite((double)a->cap) && a->alibi_max >= 0 && is_finite((double)a->alibi_max)))
        return ewi_fail(err, EW_FORMAT, "attention: cap %g or largest slope %g", (double)a->cap,
                        (double)a->alibi_max);
    uint64_t n_q = (uint64_t)a->n_heads * a->head_dim, n_kv = (uint64_t)a->n_kv_heads * a->head_dim;
    if (q->cols != n_q || k->cols != n_kv || v->cols != n_kv)
        return ewi_fail(err, EW_FORMAT,
                        "attention: %u heads of %u, %u of keys: do not fit q, k, v of %u, %u, %u columns",
                        a->n_heads, a->head_dim, a->n_kv_heads, q->cols, k->cols, v->cols);
    if (q->rows != k->rows || q->rows != v->rows || q->rows != EWI_DIM_T)
        return ewi_fail(err, EW_FORMAT, "attention: q, k and v must have all rows of the step");
    same_as(node, q);
    return EW_OK;
}

static ew_status infer_store(const ewi_graph *graph, ewi_node *node, ew_error *err) {
    const ewi_attention_attrs *a = &node->attrs.attention;
    const ewi_node *k = input(graph, node, 0), *v = input(graph, node, 1);
    uint64_t n = (uint64_t)a->n_kv_heads * a->head_dim;
    if (k->cols != n || v->cols != n || k->rows != EWI_DIM_T || v->rows != EWI_DIM_T)
        return ewi_fail(err, EW_FORMAT,
                        "store: %u heads of %u do not fit k, v of %u, %u columns, or their rows",
                        a->n_kv_heads, a->head_dim, k->cols, v->cols);
    same_as(node, k);
    node->type = EWI_VALUE_STATE;
    return EW_OK;
}

static ew_status infer_pair(const ewi_graph *graph, ewi_node *node, ew_error *err) {
    const ewi_node *a = input(graph, node, 0), *b = input(graph, node, 1);
    if (a->rows != b->rows || a->cols != b->cols)
        return ewi_fail(err, EW_FORMAT, "%s: its inputs have %u and %u columns, or other rows",
                        ewi_op_name(node->op), a->cols, b->cols);
    same_as(node, a);
    return EW_OK;
}

static ew_status infer_act(const ewi_graph *graph, ewi_node *node, ew_error *err) {
    if ((unsigned)node->attrs.act >= EWI_N_ACTS)
        return ewi_fail(err, EW_FORMAT, "act: unknown activation %u", (unsigned)node->attrs.act);
    if (node->n_inputs == 2) return infer_pair(graph, node, err);
    same_as(node, input(graph, node, 0));
    return EW_OK;
}

static ew_status infer_quantize(ewi_node *node, const ewi_node *x, ew_error *err) {
    if ((unsigned)node->attrs.qrows >= EWI_N_QROWS)
        return ewi_fail(err, EW_FORMAT, "quantize: unknown kind of rows %u", (unsigned)node->attrs.qrows);
    same_as(node, x);
    node->type = EWI_VALUE_QROWS;
    return EW_OK;
}

static ew_status infer_select(ewi_node *node, const ewi_node *x, ew_error *err) {
    if (x->rows != EWI_DIM_T)
        return ewi_fail(err, EW_FORMAT, "select: its input does not have all rows of the step");
    same_as(node, x);
    node->rows = EWI_DIM_L;
    return EW_OK;
}

ew_status ewi_node_infer(const ewi_graph *graph, ewi_node *node, ew_error *err) {
    EWI_TRY(check_inputs(graph, node, err));
    const ewi_node *first = node->n_inputs ? input(graph, node, 0) : NULL;
    switch (node->op) {
    case EWI_OP_TOKENS:
        node->type = EWI_VALUE_TOKEN;
        node->rows = EWI_DIM_T;
        node->cols = 1;
        return EW_OK;
    case EWI_OP_EMBED:
    case EWI_OP_POSITIONS: return infer_embed(node, first, err);
    case EWI_OP_RMS_NORM:
    case EWI_OP_LAYER_NORM: return infer_norm(node, first, err);
    case EWI_OP_COLUMNS: return infer_columns(node, first, err);
    case EWI_OP_SCALE: return infer_scale(node, first, err);
    case EWI_OP_ROUND: return infer_round(node, first, err);
    case EWI_OP_LINEAR: return infer_linear(node, first, err);
    case EWI_OP_ADAPT: return infer_adapt(graph, node, err);
    case EWI_OP_EXPERTS: return infer_experts(graph, node, err);
    case EWI_OP_ROPE: return infer_rope(node, first, err);
    case EWI_OP_ATTENTION: return infer_attention(graph, node, err);
    case EWI_OP_STORE: return infer_store(graph, node, err);
    case EWI_OP_ACT: return infer_act(graph, node, err);
    case EWI_OP_ADD: return infer_pair(graph, node, err);
    case EWI_OP_QUANTIZE: return infer_quantize(node, first, err);
    case EWI_OP_SELECT: return infer_select(node, first, err);
    case EWI_N_OPS: break;
    }
    return ewi_fail(err, EW_FORMAT, "unknown op %u", (unsigned)node->op);
}

/* The node must infer to itself in a graph that holds only the nodes before it. */
static ew_status verify_node(const ewi_graph *graph, uint32_t index, ew_error *err) {
    ewi_graph before = *graph;
    before.n_nodes = index;
    ewi_node again = graph->nodes[index];
    ew_status status = ewi_node_infer(&before, &again, err);
    if (status != EW_OK) return ewi_fail_at(err, status, "graph: %%%u", index);
    const ewi_node *node = &graph->nodes[index];
    if (again.type != node->type || again.rows != node->rows || again.cols != node->cols)
        return ewi_fail(err, EW_FORMAT, "graph: %%%u: %s is not of the type that its op gives", index,
                        ewi_op_name(node->op));
    if (node->step > index || (node->step < index && graph->nodes[index - 1].step > node->step))
        return ewi_fail(err, EW_FORMAT, "graph: %%%u: its step %u is torn", index, node->step);
    if (index > 0 && node->stage < graph->nodes[index - 1].stage)
        return ewi_fail(err, EW_FORMAT, "graph: %%%u: stage %u comes after stage %u", index, node->stage,
                        graph->nodes[index - 1].stage);
    return EW_OK;
}

ew_status ewi_graph_verify(const ewi_graph *graph, ew_error *err) {
    if (graph->problem.status != EW_OK)
        return ewi_fail(err, graph->problem.status, "%s", graph->problem.text);
    for (uint32_t i = 0; i < graph->n_nodes; i++) EWI_TRY(verify_node(graph, i, err));
    if (graph->output >= graph->n_nodes) return ewi_fail(err, EW_FORMAT, "graph: has no output");
    const ewi_node *output = &graph->nodes[graph->output];
    if (output->type != EWI_VALUE_F32 || output->rows != EWI_DIM_L)
        return ewi_fail(err, EW_FORMAT,
                        "graph: the output is not one row of logits for each row that wants them");
    return EW_OK;
}
