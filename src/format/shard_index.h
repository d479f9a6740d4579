/*
 * shard_index.h: model.safetensors.index.json, which says in which of several files a tensor lies.
 *
 * Names of tensors are unique and printable. Names of files are plain names in the folder of the index:
 * nothing that is a path gets through. Slices borrow from the bytes (with escapes: from the arena), tables
 * from the arena. The result is immutable and may be shared by threads.
 *
 *     ewi_shard_index index;
 *     EWI_TRY(ewi_shard_index_parse(json, &arena, &index, err));
 *     for (size_t i = 0; i < index.n_files; i++) open_shard(index.files[i]);
 */
#ifndef EW_FORMAT_SHARD_INDEX_H
#define EW_FORMAT_SHARD_INDEX_H

#include "base/arena.h"
#include "base/slice.h"

#define EWI_SHARD_INDEX_MAX_TENSORS 262144u

/* One entry of weight_map. */
typedef struct ewi_shard_entry {
    ew_str tensor, file;
} ewi_shard_entry;

typedef struct ewi_shard_index {
    size_t n_entries, n_files;
    const ewi_shard_entry *entries; /* sorted by tensor name */
    const ew_str *files;            /* distinct, sorted */
} ewi_shard_index;

/* Errors: EW_FORMAT (also a file name with '/', '\\', ':', a leading dot or a control character),
 * EW_LIMIT, EW_NO_MEMORY. */
EWI_NODISCARD ew_status ewi_shard_index_parse(ewi_bytes json, ewi_arena *arena, ewi_shard_index *out,
                                              ew_error *err);

#endif
