/* jinja_dict.c: lists, and dicts that keep the order of insertion. */
#include "base/checked.h"
#include "base/error.h"
#include "text/jinja_value.h"

#define SMALL_DICT 8 /* pairs that are searched one by one */

bool ewi_jlist_new(ewi_jinja *run, ewi_jkind kind, size_t n, ewi_jv *out) {
    ewi_jlist *list = ewi_jinja_alloc(run, 1, sizeof *list);
    if (!list) return false;
    *list = (ewi_jlist){.cap = n};
    if (n && !(list->items = ewi_jinja_alloc(run, n, sizeof *list->items))) return false;
    *out = (ewi_jv){.kind = kind, .as.list = list};
    return true;
}

bool ewi_jlist_add(ewi_jinja *run, ewi_jlist *list, ewi_jv item) {
    if (list->n == list->cap) {
        size_t cap = list->cap ? list->cap * 2 : 8;
        ewi_jv *items = ewi_jinja_alloc(run, cap, sizeof *items);
        if (!items) return false;
        if (list->n) memcpy(items, list->items, list->n * sizeof *items);
        list->items = items;
        list->cap = cap;
    }
    list->items[list->n++] = item;
    return ewi_jinja_spend(run, 1);
}

/* ---- dicts ---- */

bool ewi_jdict_new(ewi_jinja *run, ewi_jkind kind, ewi_jv *out) {
    ewi_jdict *dict = ewi_jinja_alloc(run, 1, sizeof *dict);
    if (!dict) return false;
    *out = (ewi_jv){.kind = kind, .as.dict = dict};
    return true;
}

/* FNV-1a. Keys chosen to collide cost steps, and those are limited. */
static uint64_t hash_bytes(const char *data, size_t len) {
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < len; i++) hash = (hash ^ (uint8_t)data[i]) * UINT64_C(0x100000001b3);
    return hash ^ hash >> 32;
}

/* Equal values have equal hashes: 1, 1.0 and true are one key. */
static bool hash_of(ewi_jinja *run, const ewi_jv *key, uint64_t *out) {
    double real;
    if (ewi_jv_is_string(key)) {
        *out = hash_bytes(key->as.string->data, key->as.string->len);
        return ewi_jinja_spend_bytes(run, key->as.string->len);
    }
    if (ewi_jv_to_double(key, &real)) {
        *out = hash_bytes((const char *)&real, sizeof real);
        return true;
    }
    *out = (uint64_t)key->kind;
    if (key->kind != EWI_J_TUPLE)
        return key->kind == EWI_J_NONE || key->kind == EWI_J_UNDEFINED ||
               ewi_jinja_raise(run, "a %s cannot be a key", ewi_jv_type_name(key));
    if (!ewi_jinja_enter(run)) return false;
    for (size_t i = 0; i < key->as.list->n; i++) {
        uint64_t hash;
        if (!hash_of(run, &key->as.list->items[i], &hash)) return false;
        *out = *out * UINT64_C(0x100000001b3) ^ hash;
    }
    ewi_jinja_leave(run);
    return true;
}

static bool is_pair(ewi_jinja *run, const ewi_jpair *pair, uint64_t hash, const ewi_jv *key, bool *out) {
    *out = false;
    return pair->hash != hash || ewi_jv_equal(run, &pair->key, key, out);
}

/* The index of the key's pair, or SIZE_MAX. */
static bool find(ewi_jinja *run, const ewi_jdict *dict, uint64_t hash, const ewi_jv *key, size_t *out) {
    bool found = false;
    *out = SIZE_MAX;
    if (!dict->slots) {
        for (size_t i = 0; i < dict->n && !found; i++) {
            if (!is_pair(run, &dict->pairs[i], hash, key, &found)) return false;
            if (found) *out = i;
        }
        return true;
    }
    size_t mask = dict->n_slots - 1;
    for (size_t at = hash & mask; dict->slots[at] && !found; at = (at + 1) & mask) {
        size_t i = dict->slots[at] - 1u;
        if (!ewi_jinja_spend(run, 1) || !is_pair(run, &dict->pairs[i], hash, key, &found)) return false;
        if (found) *out = i;
    }
    return true;
}

static void put_slot(ewi_jdict *dict, size_t index) {
    size_t mask = dict->n_slots - 1, at = dict->pairs[index].hash & mask;
    while (dict->slots[at]) at = (at + 1) & mask;
    dict->slots[at] = (uint32_t)(index + 1);
}

/* Room for one more pair; slots are at most half full. */
static bool grow(ewi_jinja *run, ewi_jdict *dict) {
    if (dict->n < dict->cap) return true;
    size_t cap = dict->cap ? dict->cap * 2 : 4;
    if (cap > UINT32_MAX / 4) return ewi_jinja_fail(run, EW_LIMIT, "a dict has too many keys");
    ewi_jpair *pairs = ewi_jinja_alloc(run, cap, sizeof *pairs);
    if (!pairs) return false;
    if (dict->n) memcpy(pairs, dict->pairs, dict->n * sizeof *pairs);
    dict->pairs = pairs;
    dict->cap = cap;
    if (cap <= SMALL_DICT) return true;
    dict->slots = ewi_jinja_alloc(run, cap * 2, sizeof *dict->slots);
    dict->n_slots = cap * 2;
    if (!dict->slots) return false;
    for (size_t i = 0; i < dict->n; i++) put_slot(dict, i);
    return true;
}

bool ewi_jdict_set(ewi_jinja *run, ewi_jdict *dict, const ewi_jv *key, ewi_jv value) {
    uint64_t hash;
    size_t i;
    if (!ewi_jinja_spend(run, 1) || !hash_of(run, key, &hash) || !find(run, dict, hash, key, &i))
        return false;
    if (i == SIZE_MAX) {
        if (!grow(run, dict)) return false;
        i = dict->n++;
        dict->pairs[i] = (ewi_jpair){.key = *key, .hash = hash};
        if (dict->slots) put_slot(dict, i);
    }
    dict->pairs[i].value = value;
    return true;
}

bool ewi_jdict_get(ewi_jinja *run, const ewi_jdict *dict, const ewi_jv *key, ewi_jv **out) {
    uint64_t hash;
    size_t i;
    *out = NULL;
    if (!hash_of(run, key, &hash) || !find(run, dict, hash, key, &i)) return false;
    if (i < SIZE_MAX) *out = &dict->pairs[i].value;
    return true;
}

ewi_jv *ewi_jdict_find(ewi_jinja *run, const ewi_jdict *dict, ew_str key) {
    ewi_jstring string = {.data = key.data, .len = key.len};
    ewi_jv v = {.kind = EWI_J_STRING, .as.string = &string}, *out;
    return ewi_jdict_get(run, dict, &v, &out) ? out : NULL;
}

static bool pair_tuple(ewi_jinja *run, const ewi_jpair *pair, ewi_jv *out) {
    if (!ewi_jlist_new(run, EWI_J_TUPLE, 2, out)) return false;
    out->as.list->items[0] = pair->key;
    out->as.list->items[1] = pair->value;
    out->as.list->n = 2;
    return true;
}

bool ewi_jdict_list(ewi_jinja *run, const ewi_jdict *dict, ewi_jkind kind, ewi_jpart part, ewi_jv *out) {
    static const char *const names[] = {"dict_keys", "dict_values", "dict_items"};
    if (!ewi_jinja_spend(run, dict->n) || !ewi_jlist_new(run, kind, dict->n, out)) return false;
    ewi_jlist *list = out->as.list;
    list->type_name = names[part];
    for (; list->n < dict->n; list->n++) {
        const ewi_jpair *pair = &dict->pairs[list->n];
        ewi_jv *item = &list->items[list->n];
        if (part == EWI_J_KEYS) *item = pair->key;
        if (part == EWI_J_VALUES) *item = pair->value;
        if (part == EWI_J_ITEMS && !pair_tuple(run, pair, item)) return false;
    }
    return true;
}

/* ---- going through values ---- */

static bool characters(ewi_jinja *run, const ewi_jstring *s, ewi_jv *out) {
    if (!ewi_jinja_spend(run, s->len) || !ewi_jlist_new(run, EWI_J_LIST, s->len, out)) return false;
    for (size_t from = 0, to; from < s->len; from = to) {
        uint32_t c;
        to = from + ewi_utf8_decode((const uint8_t *)s->data + from, s->len - from, &c);
        if (!ewi_jstring_part(run, s, from, to, &out->as.list->items[out->as.list->n++])) return false;
    }
    return true;
}

static bool iterate_list(ewi_jinja *run, const ewi_jv *v, ewi_jv **items, size_t *n) {
    ewi_jlist *list = v->as.list;
    *items = list->items;
    *n = list->spent ? 0 : list->n;
    if (v->kind == EWI_J_GENERATOR) list->spent = true;
    return ewi_jinja_spend(run, 1);
}

bool ewi_jv_iterate(ewi_jinja *run, const ewi_jv *v, ewi_jv **items, size_t *n) {
    ewi_jv list;
    *items = NULL;
    *n = 0;
    if (ewi_jv_is_list(v)) return iterate_list(run, v, items, n);
    if (v->kind == EWI_J_UNDEFINED) return true;
    if (v->kind == EWI_J_STRING)
        return characters(run, v->as.string, &list) && iterate_list(run, &list, items, n);
    if (v->kind == EWI_J_DICT)
        return ewi_jdict_list(run, v->as.dict, EWI_J_LIST, EWI_J_KEYS, &list) &&
               iterate_list(run, &list, items, n);
    return ewi_jinja_raise(run, "a %s cannot be gone through", ewi_jv_type_name(v));
}
