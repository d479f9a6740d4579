/*
 * imatrix.h: an importance matrix of llama.cpp: for each matrix that a model multiplies with, the mean
 * square of each of its inputs over a text. Both forms of the file: GGUF (general.type "imatrix", tensors
 * NAME.in_sum2 and NAME.counts), and the older one (tools/imatrix/imatrix.cpp, save_imatrix_legacy): a
 * number of entries, each a name, a number of calls, and as many sums; then, maybe, a number of chunks and
 * the text's name.
 *
 * After parsing every mean is finite and at least 0, and names are unique. Names borrow from the bytes, the
 * rest from the arena, which needs at most twice what the file has. Immutable, shared.
 *
 *     ewi_imatrix imatrix;
 *     EWI_TRY(ewi_imatrix_parse(bytes, &arena, &imatrix, err));
 *     const ewi_imatrix_entry *e = ewi_imatrix_find(&imatrix, EWI_STR("blk.0.ffn_up.weight"));
 */
#ifndef EW_FORMAT_IMATRIX_H
#define EW_FORMAT_IMATRIX_H

#include "base/arena.h"
#include "base/slice.h"
#include "format/name.h"

#define EWI_IMATRIX_MAX_ENTRIES 262144u
#define EWI_IMATRIX_MAX_BYTES   ((size_t)1 << 30)

typedef struct ewi_imatrix_entry {
    ew_str name; /* of the matrix, as GGUF has it */
    size_t n;    /* of experts, whose inputs follow each other: of all of them */
    float *means;
} ewi_imatrix_entry;

typedef struct ewi_imatrix {
    size_t n_entries;
    ewi_imatrix_entry *entries;
    uint32_t n_chunks;    /* of text; 0: the file does not say */
    ew_str dataset;       /* the text's name; empty: likewise */
    ewi_name_index names; /* private */
} ewi_imatrix;

/* Errors: EW_FORMAT, EW_LIMIT, EW_NO_MEMORY; each names the entry or the offset. */
EWI_NODISCARD ew_status ewi_imatrix_parse(ewi_bytes file, ewi_arena *arena, ewi_imatrix *out, ew_error *err);

/* NULL when absent. */
const ewi_imatrix_entry *ewi_imatrix_find(const ewi_imatrix *imatrix, ew_str name);

#endif
