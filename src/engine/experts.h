/*
 * experts.h: sparse feed-forward layers: each row goes through the few experts that its router logits choose.
 *
 * Rows are grouped by expert, so that a step reads an expert's matrices once, and those of experts that no
 * row chose not at all. docs/numerics.md defines the choice and the sums; threads share experts' columns,
 * never a sum, so that a row's bits depend on nothing but the row.
 *
 *     if (!ewi_experts_make_scratch(e)) ...      when the engine is made: a step allocates nothing
 *     ewi_experts_run(&job);                     all of a node's work, on all threads
 */
#ifndef EW_ENGINE_EXPERTS_H
#define EW_ENGINE_EXPERTS_H

#include "engine/ops.h"

/* What a step of the plan's rows needs; UINT64_MAX where it does not fit 64 bits. */
uint64_t ewi_experts_bytes(const ew_engine *e);
/* False: no memory. */
bool ewi_experts_make_scratch(ew_engine *e);
/* A thread's scratch for a node's matrices. */
size_t ewi_experts_panel_bytes(const ewi_node *node);
void ewi_experts_run(const ewi_job *job);
/* No more than what goes before the experts' matrices: the scratch then says which experts rows chose, and
 * where it `climbs`, holds what their down matrices read (`gate`). */
void ewi_experts_prepare(const ewi_job *job, bool climbs);

#endif
