/*
 * passes.h: functions from a graph to a graph. Each builds the new graph beside the old one and is followed
 * by the verifier.
 *
 *     EWI_TRY(ewi_passes_run(&graph, ewi_passes_default, ewi_n_passes_default, NULL, err));
 */
#ifndef EW_GRAPH_PASSES_H
#define EW_GRAPH_PASSES_H

#include "graph/graph.h"

typedef struct ewi_pass {
    const char *name;
    /* Writes the new graph to *to, which is empty; mistakes stay in to->problem. */
    void (*run)(const ewi_graph *from, ewi_graph *to);
} ewi_pass;

/* narrow, quantize, dead, fuse: in this order. */
extern const ewi_pass ewi_passes_default[];
extern const size_t ewi_n_passes_default;

/* Runs passes in order; dump (may be NULL) receives the graph before the first and after each. */
EWI_NODISCARD ew_status ewi_passes_run(ewi_graph *graph, const ewi_pass *passes, size_t n_passes,
                                       ewi_buffer *dump, ew_error *err);

/*
 * narrow: takes the selection of rows as far up as possible. select(f(x)) = f(select(x)) for every op that
 * works on rows one by one, so that after the last attention only rows whose logits are wanted go on.
 */
void ewi_pass_narrow(const ewi_graph *from, ewi_graph *to);

/*
 * quantize: a linear layer with packed weights gets its input as rows of int8; layers that share an input
 * share them.
 */
void ewi_pass_quantize(const ewi_graph *from, ewi_graph *to);

/*
 * fuse: puts nodes that follow each other into steps that threads go through without waiting: norm and
 * quantize by rows; q, k, v with their ropes and the store, gate, up and their activation, a projection and
 * its residual by columns. An attention's store becomes a node of its own.
 */
void ewi_pass_fuse(const ewi_graph *from, ewi_graph *to);

/* adapt: a node after each linear layer that has one of these weights. Not among the default passes: it runs
 * before them, where an engine has adapters. */
void ewi_pass_adapt(const ewi_graph *from, ewi_graph *to, const ewi_tensor *const *weights, size_t n);

/* static: rounds what linear layers read to the 8 bits that their weights say (input_scale). Not among the
 * default passes: it runs before them, where an engine is asked for it. */
void ewi_pass_static(const ewi_graph *from, ewi_graph *to);

/* dead: leaves out what the output does not need. An attention is needed for the state that it writes. */
void ewi_pass_dead(const ewi_graph *from, ewi_graph *to);

#endif
