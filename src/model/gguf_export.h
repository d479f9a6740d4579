/*
 * gguf_export.h: a model's metadata and the names of its tensors as GGUF has them.
 *
 * Of a GGUF file all that is there is kept but what is about its own bytes. Of a Hugging Face folder the
 * sizes, the vocabulary and the chat template are written as llama.cpp's converter would; what GGUF has no
 * words for is refused by name.
 *
 *     EWI_TRY(ewi_gguf_export_tensors(model, &arena, &entries, err));
 *     EWI_TRY(ewi_gguf_export_metadata(model, &arena, writer, err));
 */
#ifndef EW_MODEL_GGUF_EXPORT_H
#define EW_MODEL_GGUF_EXPORT_H

#include "format/gguf_writer.h"
#include "model/model.h"

/* What becomes of a tensor. */
typedef struct ewi_gguf_entry {
    ew_str name;
    /* Not 0: in each head of so many rows the two halves, which rotate with each other, alternate in GGUF. */
    uint32_t head_dim;
} ewi_gguf_entry;

/* Which of the model's rows (numbers, of a vector) becomes row `row` of the file. */
static inline size_t ewi_gguf_entry_row(const ewi_gguf_entry *entry, size_t row) {
    if (entry->head_dim == 0) return row;
    const size_t at = row % entry->head_dim;
    return row - at + at % 2 * (entry->head_dim / 2) + at / 2;
}

/* entries: [n_tensors], in the checkpoint's order. Errors: EW_UNSUPPORTED names a tensor or a feature that
 * has no place in GGUF. */
EWI_NODISCARD ew_status ewi_gguf_export_tensors(const ew_model *model, ewi_arena *arena,
                                                const ewi_gguf_entry **entries, ew_error *err);
EWI_NODISCARD ew_status ewi_gguf_export_metadata(const ew_model *model, ewi_arena *arena,
                                                 ewi_gguf_writer *writer, ew_error *err);
/* What angles are divided by where GGUF has that as a tensor, rope_freqs.weight, and the model has it in its
 * metadata (llama3's scaling): how many there are, or 0. */
size_t ewi_gguf_export_rope_freqs(const ew_model *model, float freqs[EWI_MAX_HEAD_DIM / 2]);

#endif
