#include "base/error.h"
#include "graph/passes.h"

static void mark_needed(const ewi_graph *graph, bool *needed) {
    needed[graph->output] = true;
    for (uint32_t i = graph->n_nodes; i-- > 0;) {
        const ewi_node *node = &graph->nodes[i];
        if (node->op == EWI_OP_ATTENTION || node->op == EWI_OP_STORE) needed[i] = true;
        for (uint32_t k = 0; needed[i] && k < node->n_inputs; k++) needed[node->inputs[k]] = true;
    }
}

void ewi_pass_dead(const ewi_graph *from, ewi_graph *to) {
    bool *needed = ewi_arena_array(&to->arena, from->n_nodes, sizeof *needed);
    ewi_value *moved = ewi_arena_array(&to->arena, from->n_nodes, sizeof *moved);
    if (!needed || !moved) {
        ewi_fail(&to->problem, EW_NO_MEMORY, "out of memory for a pass");
        return;
    }
    mark_needed(from, needed);
    for (uint32_t i = 0; i < from->n_nodes; i++) {
        if (!needed[i]) continue;
        ewi_node node = from->nodes[i];
        for (uint32_t k = 0; k < node.n_inputs; k++) node.inputs[k] = moved[node.inputs[k]];
        moved[i] = ewi_graph_append(to, &node);
    }
    ewi_graph_set_output(to, moved[from->output]);
}
