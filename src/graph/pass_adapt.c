#include "base/error.h"
#include "graph/passes.h"

static bool is_among(const ewi_tensor *weight, const ewi_tensor *const *weights, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (weights[i] == weight) return true;
    return false;
}

void ewi_pass_adapt(const ewi_graph *from, ewi_graph *to, const ewi_tensor *const *weights, size_t n) {
    ewi_value *made = ewi_arena_array(&to->arena, from->n_nodes, sizeof *made);
    if (!made) {
        ewi_fail(&to->problem, EW_NO_MEMORY, "out of memory for a pass");
        return;
    }
    for (uint32_t i = 0; i < from->n_nodes && to->problem.status == EW_OK; i++) {
        ewi_node node = from->nodes[i];
        for (uint32_t k = 0; k < node.n_inputs; k++) node.inputs[k] = made[node.inputs[k]];
        made[i] = ewi_graph_append(to, &node);
        if (node.op == EWI_OP_LINEAR && is_among(node.weight, weights, n)) {
            to->stage = node.stage;
            made[i] = ewi_graph_adapt(to, made[i], node.inputs[0], node.weight);
        }
    }
    ewi_graph_set_output(to, to->problem.status == EW_OK ? made[from->output] : EWI_NO_VALUE);
}
