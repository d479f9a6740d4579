#include "format/order.h"

#include "base/error.h"
#include "base/mem.h"

typedef struct item {
    uint64_t key;
    uint32_t index;
} item;

static bool after(const void *table, const ewi_order_by *by, item a, item b) {
    if (a.key != b.key) return a.key > b.key;
    return by->compare && by->compare(table, a.index, b.index) > 0;
}

/* Merges from[begin, middle) and from[middle, end) to to[begin, end). */
static void merge(const void *table, const ewi_order_by *by, const item *from, item *to, size_t begin,
                  size_t middle, size_t end) {
    size_t a = begin, b = middle;
    for (size_t i = begin; i < end; i++) {
        bool take_b = a == middle || (b < end && after(table, by, from[a], from[b]));
        to[i] = take_b ? from[b++] : from[a++];
    }
}

/* Sorts items[0..n), with as much scratch behind them; returns where the result lies. */
static const item *sort(const void *table, const ewi_order_by *by, item *items, size_t n) {
    item *from = items, *to = items + n;
    for (size_t width = 1; width < n; width *= 2) {
        for (size_t begin = 0; begin < n; begin += 2 * width) {
            size_t middle = begin + width < n ? begin + width : n;
            size_t end = middle + width < n ? middle + width : n;
            merge(table, by, from, to, begin, middle, end);
        }
        item *swap = from;
        from = to;
        to = swap;
    }
    return from;
}

ew_status ewi_order_make(ewi_arena *arena, const void *table, size_t n, const ewi_order_by *by,
                         uint32_t **out, ew_error *err) {
    EW_ASSERT(n <= UINT32_MAX);
    uint32_t *order = ewi_arena_array(arena, n, sizeof *order);
    item *items = ewi_alloc_array(n, 2 * sizeof *items);
    if (!order || !items) {
        ewi_free(items);
        return ewi_no_memory(err, "the order of a table");
    }
    for (size_t i = 0; i < n; i++) items[i] = (item){by->key(table, i), (uint32_t)i};
    const item *sorted = sort(table, by, items, n);
    for (size_t i = 0; i < n; i++) order[i] = sorted[i].index;
    ewi_free(items);
    *out = order;
    return EW_OK;
}
