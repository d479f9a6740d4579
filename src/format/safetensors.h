/*
 * safetensors.h: one safetensors file (huggingface/safetensors, README "Format") as checked views into its bytes.
 *
 * Checked: header length, JSON, types, shapes, offsets, that the tensors tile the data section without hole or overlap, and
 * unique names. Views borrow from the bytes, tables from the arena.
 *
 *     ewi_safetensors st;
 *     EWI_TRY(ewi_safetensors_parse(bytes, &arena, &st, err));
 */
#ifndef EW_FORMAT_SAFETENSORS_H
#define EW_FORMAT_SAFETENSORS_H

#include "base/arena.h"
#include "base/slice.h"
#include "tensor/tensor.h"

typedef struct ewi_safetensors_meta {
    ew_str key, value;
} ewi_safetensors_meta;

typedef struct ewi_safetensors {
    size_t n_tensors, n_meta;
    const ewi_tensor *tensors;        /* sorted by name */
    const ewi_safetensors_meta *meta; /* the strings of __metadata__ */
} ewi_safetensors;

EWI_NODISCARD ew_status ewi_safetensors_parse(ewi_bytes file, ewi_arena *arena, ewi_safetensors *out,
                                              ew_error *err);

/* NULL when absent. */
const ewi_tensor *ewi_safetensors_find(const ewi_safetensors *st, ew_str name);

/* One entry of model.safetensors.index.json: which shard holds which tensor. */
typedef struct ewi_shard_entry {
    ew_str tensor, file;
} ewi_shard_entry;

typedef struct ewi_shard_index {
    size_t n_entries, n_files;
    const ewi_shard_entry *entries; /* sorted by tensor name */
    const ew_str *files;            /* distinct, sorted; each a plain file name without a path */
} ewi_shard_index;

/* Errors: a shard name that is a path ('/', '\', "..", empty) is EW_FORMAT. */
EWI_NODISCARD ew_status ewi_shard_index_parse(ewi_bytes json, ewi_arena *arena, ewi_shard_index *out,
                                              ew_error *err);

#endif
