/*
 * channel_scales.h: a model's channels scaled between its layers (graph/fold.h says where) by what makes
 * rounding cost less (quant/scaling.h says by how much), and its tensors as they are then.
 *
 * The model computes what it did: no type and no reader of the package knows. An adapter of the original
 * would not fit. One thread uses it.
 *
 *     EWI_TRY(ewi_channel_scales_new(model, pool, &how, &scales, err));
 *     EWI_TRY(ewi_calibration_run(calibration, stage, ..));            and for each stage then
 *     EWI_TRY(ewi_channel_scales_choose(scales, calibration, tell, user, err));
 *     ewi_channel_scales_apply(scales, tensor, first_row, n_rows, rows);
 *     ewi_channel_scales_free(scales);
 */
#ifndef EW_ENGINE_CHANNEL_SCALES_H
#define EW_ENGINE_CHANNEL_SCALES_H

#include "engine/calibrate.h"
#include "engine/pool.h"

typedef struct ewi_channel_scales ewi_channel_scales;

typedef struct ewi_scaling_how {
    double smooth;   /* SmoothQuant's alpha; 0: as AWQ does, which needs Hessians */
    ewi_dtype dtype; /* that AWQ's candidates are rounded to */
} ewi_scaling_how;

/* Borrows model and pool. */
EWI_NODISCARD ew_status ewi_channel_scales_new(const ew_model *model, ewi_pool *pool,
                                               const ewi_scaling_how *how, ewi_channel_scales **out,
                                               ew_error *err);
void ewi_channel_scales_free(ewi_channel_scales *scales);

/* For the stage that the calibration ran last; tell is called after each candidate. */
EWI_NODISCARD ew_status ewi_channel_scales_choose(ewi_channel_scales *scales, const ewi_calibration *c,
                                                  ewi_calibration_tell tell, void *user, ew_error *err);

/* What the inputs of this matrix are divided by, [its columns]; NULL: by nothing. */
const float *ewi_channel_scales_columns(const ewi_channel_scales *scales, const ewi_tensor *t);
/* What a vector of the model is divided by, element by element; NULL: by nothing. */
const float *ewi_channel_scales_rows(const ewi_channel_scales *scales, const ewi_tensor *t);
/* What errors of its columns count for (quant/scaling.h), of AWQ, [its columns]; NULL: all count the same. */
const float *ewi_channel_scales_importance(const ewi_channel_scales *scales, const ewi_tensor *t);
/* Rows first_row .. + n_rows of a tensor of the model's files, widened, become those of the package. Elements
 * of a vector are rows of one. */
void ewi_channel_scales_apply(const ewi_channel_scales *scales, const ewi_tensor *t, size_t first_row,
                              size_t n_rows, float *rows);

/* Inputs of linear layers that were seen, and of them those that are divided. */
uint32_t ewi_channel_scales_n_sites(const ewi_channel_scales *scales);
uint32_t ewi_channel_scales_n_scaled(const ewi_channel_scales *scales);

#endif
