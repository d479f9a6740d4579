/*
 * name.h: names that files give to keys and tensors: which are accepted, and an index that finds them.
 *
 * The index is sorted, not hashed: names are an attacker's choice, and a sort has no bad case. It borrows the
 * names, which lie in records of the caller's table, and is immutable: threads may share it.
 *
 *     ewi_name_index index;
 *     EWI_TRY(ewi_name_index_make(arena, &table[0].name, n, sizeof table[0], "tensor", &index, err));
 *     if (ewi_name_index_find(&index, EWI_STR("output.weight"), &i)) use(&table[i]);
 */
#ifndef EW_FORMAT_NAME_H
#define EW_FORMAT_NAME_H

#include "base/arena.h"
#include "base/slice.h"

#define EWI_NAME_MAX_BYTES 65535u

/* UTF-8 of 1 to 65535 bytes without control characters: fit to be shown in a message. */
bool ewi_name_valid(ew_str name);

/* The order of n records by the name in each, stable; n < 2^32. Names may repeat. Errors: EW_NO_MEMORY. */
EWI_NODISCARD ew_status ewi_name_order(ewi_arena *arena, const ew_str *first, size_t n, size_t stride_bytes,
                                       uint32_t **out, ew_error *err);

typedef struct ewi_name_index {
    const ew_str *first; /* the name in the first record */
    size_t n, stride_bytes;
    const uint32_t *order; /* records by name */
} ewi_name_index;

/* n < 2^32; `what` the names name. Errors: EW_FORMAT with the name and both records' numbers when one
 * occurs twice; EW_NO_MEMORY. */
EWI_NODISCARD ew_status ewi_name_index_make(ewi_arena *arena, const ew_str *first, size_t n,
                                            size_t stride_bytes, const char *what, ewi_name_index *out,
                                            ew_error *err);
/* False when absent. */
bool ewi_name_index_find(const ewi_name_index *index, ew_str name, size_t *record);
/* The name of the record that stands at `rank` in the order. */
ew_str ewi_name_index_at(const ewi_name_index *index, size_t rank);

#endif
