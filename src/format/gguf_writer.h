/*
 * gguf_writer.h: a GGUF v3 file (ggml-org/ggml, docs/gguf.md) as it is made, tensor by tensor.
 *
 * The header has the size that the tensors' names and shapes give it; its place is left free and it is
 * written last, so that tensors come in any order and what is held does not grow with them. The file appears
 * whole or not at all. Used by one thread.
 *
 *     EWI_TRY(ewi_gguf_writer_open("out.gguf", NULL, false, &writer, err));
 *     ewi_gguf_writer_string(writer, EWI_STR("general.architecture"), EWI_STR("llama"));
 *     status = ewi_gguf_writer_begin(writer, tensors, n, err);             names and shapes
 *     status = ewi_gguf_writer_tensor(writer, &tensor, err);               then its data, in pieces
 *     status = ewi_gguf_writer_data(writer, rows, n_bytes, err);
 *     status = ewi_gguf_writer_close(writer, err);                         after a failure: _abandon(writer)
 */
#ifndef EW_FORMAT_GGUF_WRITER_H
#define EW_FORMAT_GGUF_WRITER_H

#include "format/gguf.h"
#include "os/staging.h"

typedef struct ewi_gguf_writer ewi_gguf_writer;

/* key: of the staging, which keeps the file. Replacing is for GGUF files: EW_INVALID when something else is
 * there. */
EWI_NODISCARD ew_status ewi_gguf_writer_open(const char *path, const char *key, bool replace,
                                             ewi_gguf_writer **out, ew_error *err);
ewi_staging *ewi_gguf_writer_staging(const ewi_gguf_writer *writer);

/* Metadata, before ewi_gguf_writer_begin, which says when there was no memory for it. */
void ewi_gguf_writer_copy(ewi_gguf_writer *writer, const ewi_gguf_kv *kv);
void ewi_gguf_writer_u32(ewi_gguf_writer *writer, ew_str key, uint32_t value);
void ewi_gguf_writer_f32(ewi_gguf_writer *writer, ew_str key, float value);
void ewi_gguf_writer_bool(ewi_gguf_writer *writer, ew_str key, bool value);
void ewi_gguf_writer_string(ewi_gguf_writer *writer, ew_str key, ew_str value);
/* Then exactly n items, by the function of their type with an empty key. */
void ewi_gguf_writer_array(ewi_gguf_writer *writer, ew_str key, ewi_gguf_type item_type, uint64_t n);

/* Of the tensors that will come, names and shapes count. */
EWI_NODISCARD ew_status ewi_gguf_writer_begin(ewi_gguf_writer *writer, const ewi_tensor *tensors, size_t n,
                                              ew_error *err);
/* Begins one of them: name, dtype, dims and size_bytes count. The one before is complete. */
EWI_NODISCARD ew_status ewi_gguf_writer_tensor(ewi_gguf_writer *writer, const ewi_tensor *tensor,
                                               ew_error *err);
EWI_NODISCARD ew_status ewi_gguf_writer_data(ewi_gguf_writer *writer, const void *data, size_t len,
                                             ew_error *err);

/* Frees when it succeeds. */
EWI_NODISCARD ew_status ewi_gguf_writer_close(ewi_gguf_writer *writer, ew_error *err);
/* NULL is allowed. */
void ewi_gguf_writer_abandon(ewi_gguf_writer *writer);

#endif
