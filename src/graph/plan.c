#include "graph/plan.h"

#include "base/checked.h"
#include "base/error.h"

#define ALIGN_BYTES 64u

typedef struct life {
    size_t size_bytes;
    uint32_t last_use; /* node index; the making node itself when nothing uses it */
    uint32_t end;      /* last node of the step of its last use: other threads may still be there */
} life;

typedef struct planner {
    const ewi_graph *graph;
    life *lives;
    size_t *offsets;
    size_t arena_bytes;
} planner;

static ew_status measure(planner *p, uint32_t n_rows, uint32_t head_rows, ew_error *err) {
    const ewi_graph *graph = p->graph;
    for (uint32_t i = 0; i < graph->n_nodes; i++) {
        const ewi_node *node = &graph->nodes[i];
        size_t rows = i == graph->output && head_rows < n_rows ? head_rows : n_rows, size;
        if (!ewi_mul_size(rows, ewi_node_row_bytes(node), &size) || !ewi_align_size(size, ALIGN_BYTES, &size))
            return ewi_fail(err, EW_LIMIT, "%u rows of %u columns do not fit in memory", n_rows, node->cols);
        p->lives[i] = (life){size, i, ewi_graph_step_end(graph, i)};
        for (uint32_t k = 0; k < node->n_inputs; k++) {
            p->lives[node->inputs[k]].last_use = i;
            p->lives[node->inputs[k]].end = ewi_graph_step_end(graph, i);
        }
    }
    return EW_OK;
}

/* Whether a node before i in the same step reads value v: on another thread it may do so after node i. */
static bool read_in_step(const planner *p, ewi_value v, uint32_t i) {
    const ewi_node *nodes = p->graph->nodes;
    for (uint32_t n = nodes[i].step_kind == EWI_STEP_ALONE ? i : nodes[i].step; n < i; n++)
        for (uint32_t k = 0; k < nodes[n].n_inputs; k++)
            if (nodes[n].inputs[k] == v) return true;
    return false;
}

/* The input whose bytes node i can write over: an element-wise op's dying input of the same size. */
static ewi_value overwritten(const planner *p, uint32_t i) {
    const ewi_node *node = &p->graph->nodes[i];
    bool elementwise = node->op == EWI_OP_ADD || node->op == EWI_OP_ACT || node->op == EWI_OP_SCALE ||
                       node->op == EWI_OP_ROUND || node->op == EWI_OP_ROPE;
    /* An adapter's other input is read in all columns. */
    uint32_t n_over = node->op == EWI_OP_ADAPT ? 1 : elementwise ? node->n_inputs : 0;
    for (uint32_t k = 0; k < n_over; k++) {
        ewi_value v = node->inputs[k];
        if (p->lives[v].last_use == i && p->lives[v].size_bytes == p->lives[i].size_bytes &&
            !read_in_step(p, v, i))
            return v;
    }
    return EWI_NO_VALUE;
}

static bool meets(const planner *p, uint32_t other, size_t offset, size_t size, uint32_t now) {
    const life *l = &p->lives[other];
    if (l->size_bytes == 0 || l->end < now) return false;
    return offset < p->offsets[other] + l->size_bytes && p->offsets[other] < offset + size;
}

/* The lowest place where node i meets no value that lives now (first fit). Terminates: each move goes up past
 * a living value. */
static ew_status place(planner *p, uint32_t i, ew_error *err) {
    size_t size = p->lives[i].size_bytes, offset = 0, end;
    for (uint32_t k = 0; k < i; k++) {
        if (!meets(p, k, offset, size, i)) continue;
        offset = p->offsets[k] + p->lives[k].size_bytes;
        k = UINT32_MAX; /* begin again */
    }
    if (!ewi_add_size(offset, size, &end)) return ewi_fail(err, EW_LIMIT, "the plan's arena overflows");
    p->offsets[i] = offset;
    if (end > p->arena_bytes) p->arena_bytes = end;
    return EW_OK;
}

static ew_status place_all(planner *p, ew_error *err) {
    for (uint32_t i = 0; i < p->graph->n_nodes; i++) {
        if (p->lives[i].size_bytes == 0) {
            p->offsets[i] = SIZE_MAX;
            continue;
        }
        ewi_value over = overwritten(p, i);
        if (over == EWI_NO_VALUE) {
            EWI_TRY(place(p, i, err));
        } else {
            p->offsets[i] = p->offsets[over];
            p->lives[over].size_bytes = 0; /* its bytes belong to node i now */
        }
    }
    return EW_OK;
}

static ew_status list_weights(const ewi_graph *graph, ewi_stage *stage, ewi_arena *arena, ew_error *err) {
    size_t n = 0;
    for (uint32_t i = stage->first; i < stage->end; i++) n += ewi_node_weights(&graph->nodes[i], NULL);
    const ewi_tensor **weights = ewi_arena_array(arena, n, sizeof *weights);
    if (!weights) return ewi_fail(err, EW_NO_MEMORY, "out of memory for a plan");
    for (uint32_t i = stage->first; i < stage->end; i++)
        stage->n_weights += (uint32_t)ewi_node_weights(&graph->nodes[i], weights + stage->n_weights);
    stage->weights = weights;
    return EW_OK;
}

static ew_status cut_stages(const ewi_graph *graph, ewi_arena *arena, ewi_plan *plan, ew_error *err) {
    uint32_t last = graph->nodes[graph->n_nodes - 1].stage;
    ewi_stage *stages = ewi_arena_array(arena, (size_t)last + 1, sizeof *stages);
    if (!stages) return ewi_fail(err, EW_NO_MEMORY, "out of memory for a plan");
    uint32_t n = 0;
    for (uint32_t i = 0; i < graph->n_nodes; i++) {
        if (i == 0 || graph->nodes[i].stage != graph->nodes[i - 1].stage)
            stages[n++] = (ewi_stage){.first = i};
        stages[n - 1].end = i + 1;
    }
    for (uint32_t s = 0; s < n; s++) EWI_TRY(list_weights(graph, &stages[s], arena, err));
    plan->stages = stages;
    plan->n_stages = n;
    return EW_OK;
}

ew_status ewi_plan_make(const ewi_graph *graph, uint32_t n_rows, uint32_t head_rows, ewi_arena *arena,
                        ewi_plan *out, ew_error *err) {
    planner p = {.graph = graph};
    p.lives = ewi_arena_array(arena, graph->n_nodes, sizeof *p.lives);
    p.offsets = ewi_arena_array(arena, graph->n_nodes, sizeof *p.offsets);
    if (!p.lives || !p.offsets) return ewi_fail(err, EW_NO_MEMORY, "out of memory for a plan");
    EWI_TRY(measure(&p, n_rows, head_rows, err));
    EWI_TRY(place_all(&p, err));
    *out = (ewi_plan){.graph = graph,
                      .n_rows = n_rows,
                      .head_rows = head_rows < n_rows ? head_rows : n_rows,
                      .offsets = p.offsets,
                      .arena_bytes = p.arena_bytes};
    return cut_stages(graph, arena, out, err);
}

void ewi_plan_print(const ewi_plan *plan, ewi_buffer *out) {
    ewi_buffer_printf(out, "# plan: %u rows a step, %u rows of logits at a time, arena of %zu bytes\n",
                      plan->n_rows, plan->head_rows, plan->arena_bytes);
    for (uint32_t s = 0; s < plan->n_stages; s++) {
        const ewi_stage *stage = &plan->stages[s];
        ewi_buffer_printf(out, "stage %u: %u weights\n", s, stage->n_weights);
        for (uint32_t i = stage->first; i < stage->end; i++)
            if (plan->offsets[i] != SIZE_MAX)
                ewi_buffer_printf(out, "    %%%u at %zu\n", i, plan->offsets[i]);
    }
}
