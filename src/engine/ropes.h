/*
 * ropes.h: the angles by which a step's rows are rotated.
 *
 * A session's context may decide what its ropes look like (longrope, dynamic scaling), so each session has
 * frequencies of its own, made when it opens. The engine has one table of cosines and sines for each distinct
 * rope of its graph, filled before each step.
 *
 *     if (!ewi_ropes_init(engine)) ...                        no memory
 *     session->freqs = ewi_ropes_new_freqs(engine, n_ctx);    to be freed; NULL: no memory
 *     ewi_ropes_fill(engine, rows, n_rows);
 */
#ifndef EW_ENGINE_ROPES_H
#define EW_ENGINE_ROPES_H

#include "engine/engine.h"

bool ewi_ropes_init(ew_engine *e);
double *ewi_ropes_new_freqs(const ew_engine *e, uint32_t n_ctx);
void ewi_ropes_fill(const ew_engine *e, const ew_row *rows, size_t n_rows);

#endif
