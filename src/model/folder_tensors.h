/*
 * folder_tensors.h: a folder's tensors as the model has them: without those that follow from config.json, and
 * with a matrix for each expert where the files hold all of a layer in one tensor.
 *
 *     ewi_tensor *own;
 *     EWI_TRY(ewi_folder_tensors(model, &own, err));        the checkpoint's list from now on
 *
 * The list lives in the checkpoint's arena. One thread, while the model opens.
 */
#ifndef EW_MODEL_FOLDER_TENSORS_H
#define EW_MODEL_FOLDER_TENSORS_H

#include "model/model.h"

/* own: the list, to be changed while the model opens; NULL of GGUF files and packages, which stay as they
 * are. */
EWI_NODISCARD ew_status ewi_folder_tensors(ew_model *model, ewi_tensor **own, ew_error *err);

#endif
