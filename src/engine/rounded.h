/*
 * rounded.h: a model as it will be when its matrices are rounded: the same layers, with the types of the
 * package. Each matrix is given to it as it is written, and let go when no layer needs it any more.
 *
 * Norms and biases are the original's, scaled where channels are. A matrix that is both embedding and head is
 * known last: as embedding it is the original's. An engine of it may run what was given, no more; it borrows
 * the original's files. One thread at a time uses it.
 *
 *     EWI_TRY(ewi_rounded_new(model, written, &r, err));
 *     EWI_TRY(ew_engine_new(ewi_rounded_model(r), ..));
 *     EWI_TRY(ewi_rounded_scale(r, scales, stage->weights, stage->n_weights, err));
 *     EWI_TRY(ewi_rounded_begin(r, matrix, err));     then its bytes, as the package has them
 *     ewi_rounded_add(r, bytes, len);
 *     ewi_rounded_let_go(r);                          all so far
 *     ewi_rounded_free(r);
 */
#ifndef EW_ENGINE_ROUNDED_H
#define EW_ENGINE_ROUNDED_H

#include "engine/channel_scales.h"
#include "model/model.h"

typedef struct ewi_rounded ewi_rounded;

/* written [the checkpoint's n_tensors]: with what type and size. */
EWI_NODISCARD ew_status ewi_rounded_new(const ew_model *model, const ewi_tensor *written, ewi_rounded **out,
                                        ew_error *err);
void ewi_rounded_free(ewi_rounded *r);
const ew_model *ewi_rounded_model(const ewi_rounded *r);

/* Divides those of n weights of this model that are norms or biases as scales say, each once. */
EWI_NODISCARD ew_status ewi_rounded_scale(ewi_rounded *r, const ewi_channel_scales *scales,
                                          const ewi_tensor *const *weights, size_t n, ew_error *err);
/* A matrix of the original's files. Errors: EW_NO_MEMORY. */
EWI_NODISCARD ew_status ewi_rounded_begin(ewi_rounded *r, const ewi_tensor *matrix, ew_error *err);
void ewi_rounded_add(ewi_rounded *r, const void *bytes, size_t len);
void ewi_rounded_let_go(ewi_rounded *r);

#endif
