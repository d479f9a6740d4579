#include "base/error.h"
#include "graph/passes.h"

/* The fused step that nodes are being added to. */
typedef struct fusing {
    const ewi_graph *from;
    ewi_graph *to;
    ewi_value *made; /* new value of an old one */
    ewi_value first; /* of the step's nodes */
    ewi_step_kind kind;
} fusing;

static bool is_here(const fusing *f, ewi_value v) {
    return v >= f->first;
}

static bool all_inputs(const fusing *f, const ewi_node *node, bool here) {
    for (uint32_t k = 0; k < node->n_inputs; k++)
        if (is_here(f, node->inputs[k]) != here) return false;
    return true;
}

/* What threads must wait for each other in. */
static bool is_alone(ewi_op op) {
    return op == EWI_OP_ATTENTION || op == EWI_OP_EXPERTS || op == EWI_OP_TOKENS;
}

/* Row i of the result needs row i of what the step makes; a selection needs any row. */
static bool joins_rows(const fusing *f, const ewi_node *node) {
    if (node->op == EWI_OP_SELECT) return all_inputs(f, node, false);
    return node->op != EWI_OP_LINEAR && !is_alone(node->op);
}

/* Columns of the result need the same columns, or heads, of what the step makes; a matrix needs all. */
static bool joins_columns(const fusing *f, const ewi_node *node) {
    if (node->op == EWI_OP_LINEAR) return all_inputs(f, node, false);
    if (node->op == EWI_OP_ADAPT) return is_here(f, node->inputs[0]) && !is_here(f, node->inputs[1]);
    bool is_norm = node->op == EWI_OP_RMS_NORM || node->op == EWI_OP_LAYER_NORM;
    bool has_heads = is_norm && node->attrs.norm.n_groups > 1;
    if (has_heads || node->op == EWI_OP_ROPE || node->op == EWI_OP_STORE) return all_inputs(f, node, true);
    bool is_elementwise = node->op == EWI_OP_ACT || node->op == EWI_OP_ADD || node->op == EWI_OP_SCALE ||
                          node->op == EWI_OP_ROUND;
    return is_elementwise && !all_inputs(f, node, false);
}

/* `node` has the new graph's inputs; its type is not known yet: it has its first input's rows. */
static bool joins(const fusing *f, const ewi_node *node, bool is_output) {
    if (f->first >= f->to->n_nodes || is_output || node->n_inputs == 0) return false;
    const ewi_node *begin = &f->to->nodes[f->first], *input = &f->to->nodes[node->inputs[0]];
    ewi_dim rows = node->op == EWI_OP_SELECT ? EWI_DIM_L : input->rows;
    if (begin->stage != node->stage || begin->rows != rows) return false;
    return f->kind == EWI_STEP_ROWS ? joins_rows(f, node)
                                    : f->kind == EWI_STEP_COLUMNS && joins_columns(f, node);
}

static ewi_step_kind kind_of(ewi_op op) {
    if (op == EWI_OP_LINEAR) return EWI_STEP_COLUMNS;
    return is_alone(op) ? EWI_STEP_ALONE : EWI_STEP_ROWS;
}

static ewi_value add(fusing *f, ewi_node node, bool is_output) {
    if (!joins(f, &node, is_output)) {
        f->first = f->to->n_nodes;
        f->kind = kind_of(node.op);
    }
    node.step = f->first;
    node.step_kind = f->kind;
    ewi_value made = ewi_graph_append(f->to, &node);
    if (is_output) f->first = f->to->n_nodes; /* it is computed in pieces, by itself */
    return made;
}

/* Keys and values go to the state where they are made. */
static ewi_node store_of(const ewi_node *attention) {
    return (ewi_node){.op = EWI_OP_STORE,
                      .n_inputs = 2,
                      .inputs = {attention->inputs[1], attention->inputs[2]},
                      .attrs.attention = attention->attrs.attention,
                      .stage = attention->stage};
}

static void rebuild_node(fusing *f, ewi_value i) {
    ewi_node node = f->from->nodes[i];
    for (uint32_t k = 0; k < node.n_inputs; k++) node.inputs[k] = f->made[node.inputs[k]];
    if (node.op == EWI_OP_ATTENTION && f->from->nodes[i - 1].op != EWI_OP_STORE)
        add(f, store_of(&node), false);
    f->made[i] = add(f, node, i == f->from->output);
}

void ewi_pass_fuse(const ewi_graph *from, ewi_graph *to) {
    fusing f = {from, to, ewi_arena_array(&to->arena, from->n_nodes, sizeof *f.made), 0, EWI_STEP_ALONE};
    if (!f.made) {
        ewi_fail(&to->problem, EW_NO_MEMORY, "out of memory for a pass");
        return;
    }
    for (uint32_t i = 0; i < from->n_nodes && to->problem.status == EW_OK; i++) rebuild_node(&f, i);
    ewi_graph_set_output(to, to->problem.status == EW_OK ? f.made[from->output] : EWI_NO_VALUE);
}
