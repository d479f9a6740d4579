/*
 * importance.h: how much each input of each matrix counts when the matrix is rounded: the mean squares of
 * llama.cpp's importance matrix (format/imatrix.h), divided by their mean over the matrix's inputs.
 *
 * Every entry of the file is about a matrix of the model and has its number of inputs; every matrix but the
 * embedding and the head, which such files leave out, has an entry. Immutable after opening, shared.
 *
 *     EWI_TRY(ewi_importance_open(path, model, &importance, err));
 *     const float *w = ewi_importance_of(importance, tensor, row);         [inputs], NULL: all the same
 *     ewi_importance_close(importance);
 */
#ifndef EW_ENGINE_IMPORTANCE_H
#define EW_ENGINE_IMPORTANCE_H

#include "format/imatrix.h"
#include "model/model.h"

typedef struct ewi_importance ewi_importance;

/* Errors: those of the parser; EW_FORMAT names an entry or a tensor where the file and the model differ. */
EWI_NODISCARD ew_status ewi_importance_open(const char *path, const ew_model *model, ewi_importance **out,
                                            ew_error *err);
/* NULL is allowed. */
void ewi_importance_close(ewi_importance *importance);

/* row: of the tensor, whose experts follow each other. Above 0, with a mean of about 1. NULL when there is no
 * importance at all. */
const float *ewi_importance_of(const ewi_importance *importance, const ewi_tensor *tensor, size_t row);

/* What the file says of itself. */
const ewi_imatrix *ewi_importance_imatrix(const ewi_importance *importance);
ewi_bytes ewi_importance_file(const ewi_importance *importance);

#endif
