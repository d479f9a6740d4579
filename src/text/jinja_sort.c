/* jinja_sort.c: the filters that put things in order: sort, dictsort, unique, min, max. */
#include "text/jinja_filters.h"

typedef struct entry {
    ewi_jv key, value;
} entry;

/* Merges [begin, middle) and [middle, end) of `from` into `to`; equal ones keep their order. */
static bool merge(ewi_jinja *run, const entry *from, entry *to, size_t begin, size_t middle, size_t end,
                  int sign) {
    size_t a = begin, b = middle;
    for (size_t i = begin; i < end; i++) {
        int order = 0;
        if (a < middle && b < end && !ewi_jv_compare(run, &from[a].key, &from[b].key, &order)) return false;
        bool first = b == end || (a < middle && order * sign <= 0);
        to[i] = first ? from[a++] : from[b++];
    }
    return true;
}

/* Sorts n entries; what was given is overwritten, and *entries is where they are then. */
static bool sort(ewi_jinja *run, entry **entries, size_t n, bool reverse) {
    entry *from = *entries, *to = ewi_jinja_alloc(run, n, sizeof *to);
    if (!to) return false;
    for (size_t width = 1; width < n; width *= 2) {
        for (size_t begin = 0; begin < n; begin += 2 * width) {
            size_t middle = begin + width < n ? begin + width : n;
            size_t end = middle + width < n ? middle + width : n;
            if (!merge(run, from, to, begin, middle, end, reverse ? -1 : 1)) return false;
        }
        entry *swap = from;
        from = to;
        to = swap;
    }
    *entries = from;
    return true;
}

/* What a value is compared by: texts in lower case unless their case matters. */
static bool fold_case(ewi_jinja *run, const ewi_jv *v, const ewi_jv *case_sensitive, ewi_jv *out) {
    *out = *v;
    if (v->kind != EWI_J_STRING || ewi_jv_truth(case_sensitive)) return true;
    return ewi_jinja_case(run, v->as.string, EWI_LOWER, out);
}

static bool sort_key(ewi_jinja *run, const ewi_jv *v, const ewi_jv *attribute, const ewi_jv *case_sensitive,
                     ewi_jv *out) {
    ewi_jv key = *v;
    if (attribute->kind != EWI_J_ABSENT && attribute->kind != EWI_J_NONE &&
        !ewi_jinja_attribute(run, v, attribute, NULL, &key))
        return false;
    return fold_case(run, &key, case_sensitive, out);
}

static bool entries_of(ewi_jinja *run, const ewi_jv *in, const ewi_jv *attribute,
                       const ewi_jv *case_sensitive, entry **out, size_t *n) {
    ewi_jv *items;
    if (!ewi_jv_iterate(run, in, &items, n) || !(*out = ewi_jinja_alloc(run, *n, sizeof **out))) return false;
    for (size_t i = 0; i < *n; i++) {
        (*out)[i].value = items[i];
        if (!sort_key(run, &items[i], attribute, case_sensitive, &(*out)[i].key)) return false;
    }
    return true;
}

static bool list_of(ewi_jinja *run, const entry *entries, size_t n, ewi_jv *out) {
    if (!ewi_jlist_new(run, EWI_J_LIST, n, out)) return false;
    for (size_t i = 0; i < n; i++)
        if (!ewi_jlist_add(run, out->as.list, entries[i].value)) return false;
    return true;
}

bool ewi_jfilter_sort(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    entry *entries;
    size_t n;
    if (call->a[2].kind == EWI_J_STRING && ewi_str_find(ewi_jv_str(&call->a[2]), 0, EWI_STR(",")) != SIZE_MAX)
        return ewi_jinja_fail(run, EW_UNSUPPORTED, "sort by several attributes is not supported");
    return entries_of(run, &call->in, &call->a[2], &call->a[1], &entries, &n) &&
           sort(run, &entries, n, ewi_jv_truth(&call->a[0])) && list_of(run, entries, n, out);
}

bool ewi_jfilter_dictsort(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    ewi_jv pairs, none = ewi_jv_none();
    entry *entries;
    size_t n;
    bool by_value = ewi_jv_is(&call->a[1], "value");
    if (call->a[1].kind != EWI_J_ABSENT && !by_value && !ewi_jv_is(&call->a[1], "key"))
        return ewi_jinja_raise(run, "dictsort: by \"key\" or by \"value\"");
    if (call->in.kind != EWI_J_DICT)
        return call->in.kind == EWI_J_UNDEFINED
                   ? ewi_jinja_undefined(run, &call->in)
                   : ewi_jinja_raise(run, "dictsort: a %s is no dict", ewi_jv_type_name(&call->in));
    if (!ewi_jdict_list(run, call->in.as.dict, EWI_J_LIST, EWI_J_ITEMS, &pairs) ||
        !entries_of(run, &pairs, &none, &none, &entries, &n))
        return false;
    for (size_t i = 0; i < n; i++) {
        const ewi_jv *pair = entries[i].value.as.list->items;
        if (!fold_case(run, &pair[by_value], &call->a[0], &entries[i].key)) return false;
    }
    return sort(run, &entries, n, ewi_jv_truth(&call->a[2])) && list_of(run, entries, n, out);
}

bool ewi_jfilter_unique(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    ewi_jv seen, *before;
    entry *entries;
    size_t n;
    if (!entries_of(run, &call->in, &call->a[1], &call->a[0], &entries, &n) ||
        !ewi_jdict_new(run, EWI_J_DICT, &seen) || !ewi_jlist_new(run, EWI_J_GENERATOR, 0, out))
        return false;
    for (size_t i = 0; i < n; i++) {
        if (!ewi_jdict_get(run, seen.as.dict, &entries[i].key, &before)) return false;
        if (before) continue;
        if (!ewi_jdict_set(run, seen.as.dict, &entries[i].key, ewi_jv_none()) ||
            !ewi_jlist_add(run, out->as.list, entries[i].value))
            return false;
    }
    return true;
}

/* The first of the largest (sign > 0) or smallest. */
static bool extreme(ewi_jinja *run, ewi_jcall *call, int sign, ewi_jv *out) {
    entry *entries;
    size_t n, best = 0;
    if (!entries_of(run, &call->in, &call->a[1], &call->a[0], &entries, &n)) return false;
    for (size_t i = 1; i < n; i++) {
        int order;
        if (!ewi_jv_compare(run, &entries[i].key, &entries[best].key, &order)) return false;
        if (order * sign > 0) best = i;
    }
    *out = n ? entries[best].value : ewi_jv_undefined(NULL);
    return true;
}

bool ewi_jfilter_min(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    return extreme(run, call, -1, out);
}

bool ewi_jfilter_max(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    return extreme(run, call, 1, out);
}
