/*
 * plan.h: a verified graph as stages that can be run apart, and one arena for all of its values.
 *
 * A value lives from the node that makes it to its last use; values whose lives do not meet share bytes, and
 * an element-wise op writes over an input that dies there. The output is computed in pieces of at most
 * head_rows rows, so that logits of a large vocabulary never need a large arena. The plan borrows the graph
 * and is immutable.
 *
 *     ewi_plan plan;
 *     EWI_TRY(ewi_plan_make(&graph, n_rows, head_rows, &arena, &plan, err));
 *     float *value = base + plan.offsets[i];
 */
#ifndef EW_GRAPH_PLAN_H
#define EW_GRAPH_PLAN_H

#include "graph/graph.h"

/* Nodes [first, end) of the graph: the embedding, one layer, or the head. */
typedef struct ewi_stage {
    uint32_t first, end;
    uint32_t n_weights;
    const ewi_tensor *const *weights; /* all that its nodes read */
} ewi_stage;

typedef struct ewi_plan {
    const ewi_graph *graph;
    uint32_t n_rows, head_rows;
    uint32_t n_stages;
    const ewi_stage *stages;
    const size_t *offsets; /* [n_nodes] bytes from the arena's start, multiples of 64; SIZE_MAX for tokens */
    size_t arena_bytes;
} ewi_plan;

/* Errors: EW_LIMIT when the arena would not fit an address space, EW_NO_MEMORY. */
EWI_NODISCARD ew_status ewi_plan_make(const ewi_graph *graph, uint32_t n_rows, uint32_t head_rows,
                                      ewi_arena *arena, ewi_plan *out, ew_error *err);
/* Stages with their nodes and offsets, and the arena's size. */
void ewi_plan_print(const ewi_plan *plan, ewi_buffer *out);

#endif
