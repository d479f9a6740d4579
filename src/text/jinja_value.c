/* jinja_value.c: what values are to Python: true or false, equal, in order. */
#include "text/jinja_value.h"

bool ewi_jv_to_int(const ewi_jv *v, int64_t *out) {
    if (v->kind != EWI_J_INT && v->kind != EWI_J_BOOL) return false;
    *out = v->kind == EWI_J_INT ? v->as.whole : v->as.flag;
    return true;
}

bool ewi_jv_to_double(const ewi_jv *v, double *out) {
    int64_t whole;
    if (v->kind == EWI_J_FLOAT)
        *out = v->as.real;
    else if (ewi_jv_to_int(v, &whole))
        *out = (double)whole;
    else
        return false;
    return true;
}

const char *ewi_jv_type_name(const ewi_jv *v) {
    switch (v->kind) {
    case EWI_J_ABSENT:
    case EWI_J_UNDEFINED: return "undefined value";
    case EWI_J_NONE: return "None";
    case EWI_J_BOOL: return "bool";
    case EWI_J_INT: return "int";
    case EWI_J_FLOAT: return "float";
    case EWI_J_STRING: return "str";
    case EWI_J_LIST: return "list";
    case EWI_J_TUPLE: return "tuple";
    case EWI_J_VIEW: return v->as.list->type_name;
    case EWI_J_GENERATOR: return "generator";
    case EWI_J_DICT: return "dict";
    case EWI_J_NAMESPACE: return "namespace";
    case EWI_J_LOOP: return "loop";
    case EWI_J_MACRO: return "macro";
    case EWI_J_FUNCTION: return "function";
    case EWI_J_METHOD: return "method";
    }
    return "value";
}

bool ewi_jv_truth(const ewi_jv *v) {
    switch (v->kind) {
    case EWI_J_ABSENT:
    case EWI_J_UNDEFINED:
    case EWI_J_NONE: return false;
    case EWI_J_BOOL: return v->as.flag;
    case EWI_J_INT: return v->as.whole != 0;
    case EWI_J_FLOAT: return v->as.real != 0;
    case EWI_J_STRING: return v->as.string->len > 0;
    case EWI_J_LIST:
    case EWI_J_TUPLE:
    case EWI_J_VIEW: return v->as.list->n > 0;
    case EWI_J_DICT: return v->as.dict->n > 0;
    case EWI_J_GENERATOR:
    case EWI_J_NAMESPACE:
    case EWI_J_LOOP:
    case EWI_J_MACRO:
    case EWI_J_FUNCTION:
    case EWI_J_METHOD: break;
    }
    return true;
}

/* ---- equality ---- */

static bool equal_lists(ewi_jinja *run, const ewi_jlist *a, const ewi_jlist *b, bool *out) {
    *out = a->n == b->n;
    for (size_t i = 0; i < a->n && *out; i++)
        if (!ewi_jv_equal(run, &a->items[i], &b->items[i], out)) return false;
    return true;
}

static bool equal_dicts(ewi_jinja *run, const ewi_jdict *a, const ewi_jdict *b, bool *out) {
    *out = a->n == b->n;
    for (size_t i = 0; i < a->n && *out; i++) {
        ewi_jv *other;
        if (!ewi_jdict_get(run, b, &a->pairs[i].key, &other)) return false;
        *out = other != NULL;
        if (other && !ewi_jv_equal(run, &a->pairs[i].value, other, out)) return false;
    }
    return true;
}

static bool equal_numbers(const ewi_jv *a, const ewi_jv *b, bool *out) {
    int64_t i, j;
    double x, y;
    if (ewi_jv_to_int(a, &i) && ewi_jv_to_int(b, &j)) {
        *out = i == j;
        return true;
    }
    if (!ewi_jv_to_double(a, &x) || !ewi_jv_to_double(b, &y)) return false;
    *out = x == y;
    return true;
}

static bool equal_containers(ewi_jinja *run, const ewi_jv *a, const ewi_jv *b, bool *out) {
    if (!ewi_jinja_enter(run)) return false;
    bool ok = a->kind == EWI_J_DICT ? equal_dicts(run, a->as.dict, b->as.dict, out)
                                    : equal_lists(run, a->as.list, b->as.list, out);
    ewi_jinja_leave(run);
    return ok;
}

bool ewi_jv_equal(ewi_jinja *run, const ewi_jv *a, const ewi_jv *b, bool *out) {
    if (!ewi_jinja_spend(run, 1)) return false;
    if (equal_numbers(a, b, out)) return true;
    *out = false;
    if (a->kind != b->kind) return true;
    switch (a->kind) {
    case EWI_J_STRING:
        *out = ewi_str_eq(ewi_jv_str(a), ewi_jv_str(b));
        return ewi_jinja_spend_bytes(run, *out ? a->as.string->len : 0);
    case EWI_J_LIST:
    case EWI_J_TUPLE:
    case EWI_J_VIEW:
    case EWI_J_DICT: return equal_containers(run, a, b, out);
    case EWI_J_ABSENT:
    case EWI_J_UNDEFINED:
    case EWI_J_NONE: *out = true; return true;
    case EWI_J_FUNCTION: *out = a->as.function == b->as.function; return true;
    case EWI_J_MACRO: *out = a->as.macro == b->as.macro; return true;
    case EWI_J_NAMESPACE: *out = a->as.dict == b->as.dict; return true;
    case EWI_J_GENERATOR: *out = a->as.list == b->as.list; return true;
    case EWI_J_LOOP: *out = a->as.loop == b->as.loop; return true;
    case EWI_J_METHOD: *out = a->as.bound == b->as.bound; return true;
    case EWI_J_BOOL:
    case EWI_J_INT:
    case EWI_J_FLOAT: break;
    }
    return true;
}

/* ---- order ---- */

static int sign_of(bool less, bool greater) {
    return (int)greater - (int)less;
}

static int compare_strings(ew_str a, ew_str b) {
    size_t n = a.len < b.len ? a.len : b.len;
    int order = n ? memcmp(a.data, b.data, n) : 0; /* UTF-8 keeps the order of code points */
    return order ? order : sign_of(a.len<b.len, a.len> b.len);
}

static bool compare_lists(ewi_jinja *run, const ewi_jlist *a, const ewi_jlist *b, int *out) {
    for (size_t i = 0; i < a->n && i < b->n; i++) {
        bool equal;
        if (!ewi_jv_equal(run, &a->items[i], &b->items[i], &equal)) return false;
        if (!equal) return ewi_jv_compare(run, &a->items[i], &b->items[i], out);
    }
    *out = sign_of(a->n<b->n, a->n> b->n);
    return true;
}

bool ewi_jv_compare(ewi_jinja *run, const ewi_jv *a, const ewi_jv *b, int *out) {
    int64_t i, j;
    double x, y;
    if (!ewi_jinja_spend(run, 1)) return false;
    if (ewi_jv_to_int(a, &i) && ewi_jv_to_int(b, &j)) {
        *out = sign_of(i<j, i> j);
        return true;
    }
    if (ewi_jv_to_double(a, &x) && ewi_jv_to_double(b, &y)) {
        *out = sign_of(x<y, x> y);
        return true;
    }
    if (a->kind == EWI_J_STRING && b->kind == EWI_J_STRING) {
        *out = compare_strings(ewi_jv_str(a), ewi_jv_str(b));
        return ewi_jinja_spend_bytes(run, a->as.string->len);
    }
    if (a->kind == b->kind && (a->kind == EWI_J_LIST || a->kind == EWI_J_TUPLE)) {
        if (!ewi_jinja_enter(run)) return false;
        bool ok = compare_lists(run, a->as.list, b->as.list, out);
        ewi_jinja_leave(run);
        return ok;
    }
    return ewi_jinja_raise(run, "a %s and a %s have no order", ewi_jv_type_name(a), ewi_jv_type_name(b));
}
