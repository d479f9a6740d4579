/*
 * order.h: the order of n records by a 64-bit key, and by a comparison where keys are equal.
 *
 * A stable merge sort: names in a file are an attacker's choice, and no choice makes it slower than n log n.
 * Used to find duplicates and overlaps, and then to look names up. As thread-safe as the arena.
 *
 *     static const ewi_order_by by_name = {name_key, name_compare};
 *     uint32_t *order;
 *     EWI_TRY(ewi_order_make(arena, table, n, &by_name, &order, err));     table[order[0]] is the first
 */
#ifndef EW_FORMAT_ORDER_H
#define EW_FORMAT_ORDER_H

#include "base/arena.h"
#include "base/slice.h"

typedef struct ewi_order_by {
    uint64_t (*key)(const void *table, size_t index);
    int (*compare)(const void *table, size_t a,
                   size_t b); /* of records with equal keys: < 0, 0, > 0; NULL: all are 0 */
} ewi_order_by;

/* n < 2^32. Errors: EW_NO_MEMORY. */
EWI_NODISCARD ew_status ewi_order_make(ewi_arena *arena, const void *table, size_t n, const ewi_order_by *by,
                                       uint32_t **out, ew_error *err);

#endif
