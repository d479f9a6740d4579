#include "base/error.h"
#include "graph/passes.h"

/* Works on each row by itself, whatever the row's place in the step. */
static bool is_rowwise(ewi_op op) {
    return op == EWI_OP_RMS_NORM || op == EWI_OP_LAYER_NORM || op == EWI_OP_LINEAR || op == EWI_OP_COLUMNS ||
           op == EWI_OP_ADAPT || op == EWI_OP_SCALE || op == EWI_OP_ACT || op == EWI_OP_ADD ||
           op == EWI_OP_ROUND || op == EWI_OP_QUANTIZE || op == EWI_OP_EXPERTS;
}

/*
 * narrow[i]: every use of value i is a select, or a row-wise op that is itself narrow; and i is row-wise, so
 * that it can be computed on selected rows only.
 */
static void find_narrow(const ewi_graph *graph, bool *narrow) {
    for (uint32_t i = 0; i < graph->n_nodes; i++)
        narrow[i] = is_rowwise(graph->nodes[i].op) && graph->nodes[i].rows == EWI_DIM_T;
    for (uint32_t i = graph->n_nodes; i-- > 0;) {
        const ewi_node *user = &graph->nodes[i];
        if (user->op == EWI_OP_SELECT || narrow[i]) continue;
        for (uint32_t k = 0; k < user->n_inputs; k++) narrow[user->inputs[k]] = false;
    }
}

typedef struct narrowing {
    const ewi_graph *from;
    ewi_graph *to;
    const bool *narrow;
    ewi_value *full;     /* new value with all rows */
    ewi_value *selected; /* new value with the wanted rows */
} narrowing;

/* The new value that holds the wanted rows of old value i: narrow itself, or selected once where it is first
 * needed. */
static ewi_value selected_of(narrowing *n, ewi_value i, uint32_t stage) {
    if (n->selected[i] != EWI_NO_VALUE) return n->selected[i];
    ewi_node select = {.op = EWI_OP_SELECT, .n_inputs = 1, .inputs = {n->full[i]}, .stage = stage};
    return n->selected[i] = ewi_graph_append(n->to, &select);
}

static void rebuild_node(narrowing *n, ewi_value i) {
    ewi_node node = n->from->nodes[i];
    if (node.op == EWI_OP_SELECT) {
        n->full[i] = selected_of(n, node.inputs[0], node.stage);
        return;
    }
    for (uint32_t k = 0; k < node.n_inputs; k++)
        node.inputs[k] = n->narrow[i] ? selected_of(n, node.inputs[k], node.stage) : n->full[node.inputs[k]];
    ewi_value made = ewi_graph_append(n->to, &node);
    if (n->narrow[i])
        n->selected[i] = made;
    else
        n->full[i] = made;
}

void ewi_pass_narrow(const ewi_graph *from, ewi_graph *to) {
    bool *narrow = ewi_arena_array(&to->arena, from->n_nodes, sizeof *narrow);
    ewi_value *full = ewi_arena_array(&to->arena, from->n_nodes, sizeof *full);
    ewi_value *selected = ewi_arena_array(&to->arena, from->n_nodes, sizeof *selected);
    if (!narrow || !full || !selected) {
        ewi_fail(&to->problem, EW_NO_MEMORY, "out of memory for a pass");
        return;
    }
    find_narrow(from, narrow);
    for (uint32_t i = 0; i < from->n_nodes; i++) full[i] = selected[i] = EWI_NO_VALUE;
    narrowing n = {from, to, narrow, full, selected};
    for (uint32_t i = 0; i < from->n_nodes; i++) rebuild_node(&n, i);
    ewi_graph_set_output(to, full[from->output]);
}
