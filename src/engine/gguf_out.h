/*
 * gguf_out.h: a model as a GGUF file: the metadata of the model that it is made from (model/gguf_export.h),
 * file type and quantization version, and its tensors under GGUF's names, in GGUF's order of rows.
 *
 *     EWI_TRY(ewi_gguf_out_open("out.gguf", NULL, false, model, EWI_Q4_K, &out, err));
 *     status = ewi_gguf_out_begin(out, NULL, err);
 *     status = ewi_gguf_out_tensor(out, tensor, &written, err);
 *     row r of the file is row ewi_gguf_out_row(out, tensor, r) of the model
 *     status = ewi_gguf_out_data(out, rows, n_bytes, err);
 *     status = ewi_gguf_out_close(out, err);                  after a failure: ewi_gguf_out_abandon(out)
 */
#ifndef EW_ENGINE_GGUF_OUT_H
#define EW_ENGINE_GGUF_OUT_H

#include "format/gguf_writer.h"
#include "format/imatrix.h"
#include "model/model.h"

typedef struct ewi_gguf_out ewi_gguf_out;

/* key: of the staging. dtype: what most matrices will be. Errors: EW_UNSUPPORTED names what GGUF cannot say
 * of this model. */
EWI_NODISCARD ew_status ewi_gguf_out_open(const char *path, const char *key, bool replace,
                                          const ew_model *model, ewi_dtype dtype, ewi_gguf_out **out,
                                          ew_error *err);
ewi_staging *ewi_gguf_out_staging(const ewi_gguf_out *out);
/* imatrix: what the importance of inputs came from, which the file then says; NULL: there was none. */
EWI_NODISCARD ew_status ewi_gguf_out_begin(ewi_gguf_out *out, const ewi_imatrix *imatrix, ew_error *err);

/* Begins one of the model's tensors, each once in any order; of `written` dtype and size_bytes count. */
EWI_NODISCARD ew_status ewi_gguf_out_tensor(ewi_gguf_out *out, const ewi_tensor *tensor,
                                            const ewi_tensor *written, ew_error *err);
EWI_NODISCARD ew_status ewi_gguf_out_data(ewi_gguf_out *out, const void *data, size_t len, ew_error *err);

/* Which of the model's rows (numbers, of a vector) becomes the given one. */
size_t ewi_gguf_out_row(const ewi_gguf_out *out, const ewi_tensor *tensor, size_t row);
/* A vector's numbers, as GGUF has them. Errors: EW_NO_MEMORY. */
EWI_NODISCARD ew_status ewi_gguf_out_vector(const ewi_gguf_out *out, const ewi_tensor *tensor, float *x,
                                            ew_error *err);

/* Frees when it succeeds. */
EWI_NODISCARD ew_status ewi_gguf_out_close(ewi_gguf_out *out, ew_error *err);
/* NULL is allowed. */
void ewi_gguf_out_abandon(ewi_gguf_out *out);

#endif
