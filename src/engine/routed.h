/*
 * routed.h: what experts' matrices read on a text, for GPTQ: rows of the rounded model and of the original,
 * and which experts both send them to. A row that only one of the two sends to an expert does not count: the
 * other has nothing there to be compared with.
 *
 * Memory: 8 k bytes for each row of the text, or for each choice of one where `down` matrices read.
 *
 *     EWI_TRY(ewi_routed_init(&r, k, n_rows, n_choices, err));
 *     EWI_TRY(ewi_calibration_compare_experts(.., &r, ..));                   fills it
 *     ewi_routed_learn(&r, expert, kind, h, d, err);                          for each expert
 *     ewi_routed_deinit(&r);
 */
#ifndef EW_ENGINE_ROUTED_H
#define EW_ENGINE_ROUTED_H

#include "kernels/qrows.h"
#include "quant/drift.h"

typedef struct ewi_routed {
    size_t k, n_rows, n_choices;
    float *x, *y;             /* [n_rows, k] of the rounded model, of the original */
    uint32_t *experts, *rows; /* [n_choices] */
} ewi_routed;

/* For at most so many rows and choices of them. */
EWI_NODISCARD ew_status ewi_routed_init(ewi_routed *r, size_t k, size_t n_rows, size_t n_choices,
                                        ew_error *err);
void ewi_routed_deinit(ewi_routed *r);

/* How many rows reach the expert. */
size_t ewi_routed_count(const ewi_routed *r, uint32_t expert);
/* Adds them, as codes of that kind say them. */
EWI_NODISCARD ew_status ewi_routed_learn(const ewi_routed *r, uint32_t expert, ewi_qrows_kind kind,
                                         ewi_hessian *h, ewi_drift *d, ew_error *err);

/* What one row's int8 codes say. */
void ewi_qrow_widen(float *x, const uint8_t *row, ewi_qrows_kind kind, size_t k);

#endif
