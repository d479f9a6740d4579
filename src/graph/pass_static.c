#include "base/error.h"
#include "graph/passes.h"

/* The rounded value, made where the first layer reads it; layers that share an input share its scale. */
static ewi_value rounded(ewi_graph *to, ewi_value *made, ewi_value x, float scale, uint32_t stage) {
    if (*made != EWI_NO_VALUE && to->nodes[*made].attrs.factor == scale && to->nodes[*made].stage == stage)
        return *made;
    to->stage = stage;
    return *made = ewi_graph_round(to, x, scale);
}

void ewi_pass_static(const ewi_graph *from, ewi_graph *to) {
    ewi_value *made = ewi_arena_array(&to->arena, from->n_nodes, sizeof *made);
    ewi_value *rows = ewi_arena_array(&to->arena, from->n_nodes, sizeof *rows);
    if (!made || !rows) {
        ewi_fail(&to->problem, EW_NO_MEMORY, "out of memory for a pass");
        return;
    }
    for (uint32_t i = 0; i < from->n_nodes; i++) rows[i] = EWI_NO_VALUE;
    for (uint32_t i = 0; i < from->n_nodes && to->problem.status == EW_OK; i++) {
        ewi_node node = from->nodes[i];
        const bool rounds = node.op == EWI_OP_LINEAR && node.weight->input_scale > 0;
        for (uint32_t k = 0; k < node.n_inputs; k++)
            node.inputs[k] = rounds ? rounded(to, &rows[node.inputs[k]], made[node.inputs[k]],
                                              node.weight->input_scale, node.stage)
                                    : made[node.inputs[k]];
        made[i] = ewi_graph_append(to, &node);
    }
    ewi_graph_set_output(to, to->problem.status == EW_OK ? made[from->output] : EWI_NO_VALUE);
}
