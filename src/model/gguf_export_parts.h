/* gguf_export_parts.h: what the files of gguf_export.h share: metadata of a Hugging Face folder. */
#ifndef EW_MODEL_GGUF_EXPORT_PARTS_H
#define EW_MODEL_GGUF_EXPORT_PARTS_H

#include "model/gguf_export.h"
#include "text/vocab.h"

/* Whether GGUF has words for all that the sizes and features of this folder say. */
EWI_NODISCARD ew_status ewi_gguf_export_check(const ew_model *model, ew_error *err);

/* general.* and {architecture}.*. */
void ewi_gguf_export_hparams(const ew_model *model, ewi_gguf_writer *writer);

/* tokenizer.*, from tokenizer.json and the chat template. Errors: EW_UNSUPPORTED names what GGUF cannot
 * say. */
EWI_NODISCARD ew_status ewi_gguf_export_vocab(const ew_model *model, ewi_arena *arena,
                                              ewi_gguf_writer *writer, ew_error *err);

/* [n_tokens] of an SPM vocabulary. Errors: EW_UNSUPPORTED when its merges are not as scores would have
 * them. */
EWI_NODISCARD ew_status ewi_gguf_export_scores(const ewi_vocab *vocab, ewi_arena *arena, const float **scores,
                                               ew_error *err);

#endif
