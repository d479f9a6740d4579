/*
 * safetensors.h: one safetensors file (huggingface/safetensors, README "Format") as checked views into its
 * bytes.
 *
 * Checked: header length, JSON, members, types, shapes, offsets, that the tensors tile the data section
 * without hole or overlap, and unique names. A dimension may be 0. The data of a tensor may lie at any
 * address: writers align it, the format does not. Types below a byte must fill whole bytes in each row, which
 * is stricter than the format. Views borrow from the bytes, tables (and names with escapes) from the arena.
 * The result is immutable and may be shared by threads.
 *
 *     ewi_safetensors st;
 *     EWI_TRY(ewi_safetensors_parse(bytes, &arena, &st, err));
 *     const ewi_tensor *weight = ewi_safetensors_find(&st, EWI_STR("model.norm.weight"));
 */
#ifndef EW_FORMAT_SAFETENSORS_H
#define EW_FORMAT_SAFETENSORS_H

#include "base/arena.h"
#include "base/slice.h"
#include "format/name.h"
#include "tensor/tensor.h"

#define EWI_SAFETENSORS_MAX_HEADER  100000000u /* bytes, as the reference implementation has it */
#define EWI_SAFETENSORS_MAX_TENSORS 262144u
#define EWI_SAFETENSORS_MAX_META    65536u

typedef struct ewi_safetensors_meta {
    ew_str key, value;
} ewi_safetensors_meta;

typedef struct ewi_safetensors {
    size_t n_tensors, n_meta;
    const ewi_tensor *tensors;        /* in the order of the header */
    const ewi_safetensors_meta *meta; /* the strings of __metadata__ */
    ewi_name_index tensor_names;      /* private */
} ewi_safetensors;

/* Errors: EW_FORMAT, EW_UNSUPPORTED (element type, unknown member), EW_LIMIT, EW_NO_MEMORY; each names
 * tensor or offset. */
EWI_NODISCARD ew_status ewi_safetensors_parse(ewi_bytes file, ewi_arena *arena, ewi_safetensors *out,
                                              ew_error *err);

/* NULL when absent. */
const ewi_tensor *ewi_safetensors_find(const ewi_safetensors *st, ew_str name);

#endif
