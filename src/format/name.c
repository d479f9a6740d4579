#include "format/name.h"

#include <inttypes.h>

#include "base/error.h"
#include "base/utf8.h"
#include "format/order.h"

bool ewi_name_valid(ew_str name) {
    if (name.len == 0 || name.len > EWI_NAME_MAX_BYTES) return false;
    for (size_t i = 0; i < name.len; i++)
        if ((uint8_t)name.data[i] < 0x20 || name.data[i] == 0x7f) return false;
    return ewi_utf8_valid((const uint8_t *)name.data, name.len);
}

static ew_str name_of(const ewi_name_index *index, size_t record) {
    const void *name = (const uint8_t *)index->first + record * index->stride_bytes;
    return *(const ew_str *)name;
}

ew_str ewi_name_index_at(const ewi_name_index *index, size_t rank) {
    return name_of(index, index->order[rank]);
}

/* As memcmp, a name before its continuations. */
static int compare(ew_str a, ew_str b) {
    size_t n = a.len < b.len ? a.len : b.len;
    int order = n ? memcmp(a.data, b.data, n) : 0;
    if (order != 0) return order;
    return (a.len > b.len) - (a.len < b.len);
}

/* The first bytes as a number: names whose keys differ compare as their keys do. */
static uint64_t order_key(const void *table, size_t record) {
    ew_str name = name_of(table, record);
    uint64_t key = 0;
    for (size_t i = 0; i < 8; i++) key = key << 8 | (i < name.len ? (uint8_t)name.data[i] : 0u);
    return key;
}

static int order_compare(const void *table, size_t a, size_t b) {
    return compare(name_of(table, a), name_of(table, b));
}

ew_status ewi_name_order(ewi_arena *arena, const ew_str *first, size_t n, size_t stride_bytes, uint32_t **out,
                         ew_error *err) {
    static const ewi_order_by by_name = {order_key, order_compare};
    ewi_name_index names = {first, n, stride_bytes, NULL};
    return ewi_order_make(arena, &names, n, &by_name, out, err);
}

ew_status ewi_name_index_make(ewi_arena *arena, const ew_str *first, size_t n, size_t stride_bytes,
                              const char *what, ewi_name_index *out, ew_error *err) {
    uint32_t *order;
    EWI_TRY(ewi_name_order(arena, first, n, stride_bytes, &order, err));
    ewi_name_index index = {first, n, stride_bytes, order};
    for (size_t i = 1; i < n; i++) {
        ew_str name = ewi_name_index_at(&index, i);
        if (ewi_str_eq(name, ewi_name_index_at(&index, i - 1)))
            return ewi_fail(err, EW_FORMAT, "%s %.*s occurs twice: entries %" PRIu32 " and %" PRIu32, what,
                            EWI_STR_ARG(name), order[i - 1], order[i]);
    }
    *out = index;
    return EW_OK;
}

bool ewi_name_index_find(const ewi_name_index *index, ew_str name, size_t *record) {
    size_t low = 0, high = index->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare(name, ewi_name_index_at(index, middle));
        if (order == 0) {
            *record = index->order[middle];
            return true;
        }
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return false;
}
