/*
 * adapt.h: LoRA adapters beside a model's weights: each row of a step is run with those of its session.
 *
 * The graph has a node after every linear layer that one of the engine's adapters is for, and nothing more:
 * an engine without adapters pays nothing. docs/numerics.md defines the sums; they depend on nothing but the
 * row and the session's adapters in their order.
 *
 *     EWI_TRY(ewi_adapt_init(e, options, err));                 before the graph is made
 *     EWI_TRY(ewi_adapt_graph(e, &graph, err));                 as built, before the passes
 *     ewi_adapt_run(&job, &part);
 */
#ifndef EW_ENGINE_ADAPT_H
#define EW_ENGINE_ADAPT_H

#include "engine/ops.h"
#include "model/adapter.h"

#define EWI_MAX_ADAPTERS 64u
/* Rows of a session, and columns, that are adapted together. */
#define EWI_ADAPT_ROWS    16u
#define EWI_ADAPT_COLUMNS 64u

/* Errors: EW_INVALID for adapters of another model. */
EWI_NODISCARD ew_status ewi_adapt_init(ew_engine *e, const ew_engine_options *options, ew_error *err);
/* Puts the adapters' nodes into a graph as built. */
EWI_NODISCARD ew_status ewi_adapt_graph(const ew_engine *e, ewi_graph *graph, ew_error *err);
/* The threads' scratch. False: no memory. */
bool ewi_adapt_make_scratch(ew_engine *e);
void ewi_adapt_run(const ewi_job *job, const ewi_part *part);
/* What ew_session_set_adapters would say. */
EWI_NODISCARD ew_status ewi_adapt_check_uses(const ew_engine *e, const ew_adapter_use *uses, size_t n,
                                             ew_error *err);
/* Multiplications, roughly. */
size_t ewi_adapt_cost(const ewi_job *job);

#endif
