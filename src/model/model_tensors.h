/*
 * model_tensors.h: a model's tensors by role: found, checked against the metadata, vectors widened.
 *
 * What it makes lives in the checkpoint's arena. One thread, while the model opens.
 *
 *     EWI_TRY(ewi_model_bind(model, err));
 *     EWI_TRY(ewi_model_check_shapes(model, err));
 */
#ifndef EW_MODEL_MODEL_TENSORS_H
#define EW_MODEL_MODEL_TENSORS_H

#include "model/model.h"

/* Fills tensors and rope_scaling. A tensor that nothing uses is refused: it means a feature that we do not
 * know, and answers would be wrong in silence. */
EWI_NODISCARD ew_status ewi_model_bind(ew_model *model, ew_error *err);
/* Matrices are as large as the metadata says; what it does not say follows from the graph. Fills
 * n_positions. */
EWI_NODISCARD ew_status ewi_model_check_shapes(ew_model *model, ew_error *err);

#endif
