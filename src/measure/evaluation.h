/*
 * evaluation.h: ew_evaluate for who compares many models with one base on one text: the base runs once, and
 * of a model that shares its first stages' weights with it only the others.
 *
 *     ewi_base_rows kept = {0};
 *     EWI_TRY(ewi_evaluate(session, base, text, options, &kept, tell, user, &out, err));      again and again
 *     ewi_base_rows_deinit(&kept);
 */
#ifndef EW_MEASURE_EVALUATION_H
#define EW_MEASURE_EVALUATION_H

#include "base/compiler.h"
#include "edgewise/edgewise.h"
#include "measure/base_states.h"

/* What is kept of a row of the base, beside its logits. */
typedef struct ewi_base_row {
    float max;
    ew_token best;
} ewi_base_row;

/* The base's logits at all scored tokens, where they take no more than a GiB; else nothing is kept. */
typedef struct ewi_base_rows {
    float *logits; /* [scored tokens, n_vocab] */
    ewi_base_row *rows;
    ewi_base_states *states; /* of all positions of all windows; NULL: not kept */
    bool filled;
} ewi_base_rows;

void ewi_base_rows_deinit(ewi_base_rows *kept);

/* kept: of evaluations of the same base, text and options; NULL: of this one only. */
EWI_NODISCARD ew_status ewi_evaluate(ew_session *session, ew_session *base, ew_str text,
                                     const ew_evaluate_options *options, ewi_base_rows *kept,
                                     ew_progress_fn on_progress, void *user, ew_evaluation *out,
                                     ew_error *err);

#endif
