#include "base/error.h"
#include "graph/passes.h"

typedef struct quantizing {
    const ewi_graph *from;
    ewi_graph *to;
    ewi_value *made;                /* new value of an old one */
    ewi_value (*rows)[EWI_N_QROWS]; /* its rows of int8, where they exist */
} quantizing;

/* Made where the first layer needs them, and never across a stage: stages can be run apart. */
static ewi_value rows_of(quantizing *q, ewi_value old, ewi_qrows_kind kind, uint32_t stage) {
    ewi_value *rows = &q->rows[old][kind];
    if (*rows != EWI_NO_VALUE && q->to->nodes[*rows].stage == stage) return *rows;
    q->to->stage = stage;
    return *rows = ewi_graph_quantize(q->to, q->made[old], kind);
}

static void rebuild_node(quantizing *q, ewi_value i) {
    ewi_node node = q->from->nodes[i];
    bool is_packed = node.op == EWI_OP_LINEAR && ewi_packed_info_get(node.weight->dtype);
    for (uint32_t k = 0; k < node.n_inputs; k++)
        node.inputs[k] = is_packed ? rows_of(q, node.inputs[k], ewi_qrows_for(node.weight->dtype), node.stage)
                                   : q->made[node.inputs[k]];
    q->made[i] = ewi_graph_append(q->to, &node);
}

void ewi_pass_quantize(const ewi_graph *from, ewi_graph *to) {
    quantizing q = {from, to, ewi_arena_array(&to->arena, from->n_nodes, sizeof *q.made),
                    ewi_arena_array(&to->arena, from->n_nodes, sizeof *q.rows)};
    if (!q.made || !q.rows) {
        ewi_fail(&to->problem, EW_NO_MEMORY, "out of memory for a pass");
        return;
    }
    for (uint32_t i = 0; i < from->n_nodes; i++)
        for (unsigned kind = 0; kind < EWI_N_QROWS; kind++) q.rows[i][kind] = EWI_NO_VALUE;
    for (uint32_t i = 0; i < from->n_nodes && to->problem.status == EW_OK; i++) rebuild_node(&q, i);
    ewi_graph_set_output(to, to->problem.status == EW_OK ? q.made[from->output] : EWI_NO_VALUE);
}
