/* jinja_select.c: the filters that go through a list: map, select, reject and their attr forms. */
#include "text/jinja_filters.h"

static bool is_number(ew_str part) {
    for (size_t i = 0; i < part.len; i++)
        if (part.data[i] < '0' || part.data[i] > '9') return false;
    return part.len > 0;
}

/* v[part], where digits are an index. */
static bool get_part(ewi_jinja *run, const ewi_jv *v, ew_str part, ewi_jv *out) {
    int64_t index;
    ewi_jv key;
    if (is_number(part) && ewi_jinja_read_int(part, 10, &index))
        key = ewi_jv_int(index);
    else if (!ewi_jv_text(run, part, false, &key))
        return false;
    return ewi_jinja_getitem(run, v, &key, out);
}

bool ewi_jinja_attribute(ewi_jinja *run, const ewi_jv *v, const ewi_jv *attribute, const ewi_jv *or_else,
                         ewi_jv *out) {
    ewi_jv value = *v;
    if (attribute->kind != EWI_J_STRING) return ewi_jinja_getitem(run, v, attribute, out);
    ew_str rest = ewi_jv_str(attribute);
    for (bool more = true; more;) {
        size_t dot = ewi_str_find(rest, 0, EWI_STR("."));
        more = dot != SIZE_MAX;
        if (!get_part(run, &value, (ew_str){rest.data, more ? dot : rest.len}, out)) return false;
        if (out->kind == EWI_J_UNDEFINED && or_else) *out = *or_else;
        value = *out;
        if (more) rest = (ew_str){rest.data + dot + 1, rest.len - dot - 1};
    }
    return true;
}

static const ewi_jv *named(const ewi_jcall *call, const char *name) {
    for (size_t i = call->n_positional; i < call->n_args; i++)
        if (ewi_str_is(call->args[i].name, name)) return &call->args[i].value;
    return NULL;
}

/* The builtin that argument `at` names; the arguments after it are its own. */
static const ewi_jbuiltin *named_builtin(ewi_jinja *run, const ewi_jbuiltin *table, const ewi_jcall *call,
                                         size_t at) {
    const ewi_jv *name = &call->args[at].value;
    const ewi_jbuiltin *found =
        name->kind == EWI_J_STRING ? ewi_jbuiltin_find(table, ewi_jv_str(name)) : NULL;
    if (!found && name->kind == EWI_J_STRING)
        ewi_jinja_fail(run, EW_UNSUPPORTED, "there is no filter or test \"%.*s\" here",
                       EWI_STR_ARG(ewi_jv_str(name)));
    if (!found) ewi_jinja_raise(run, "the name of a filter or test is a text");
    return found;
}

static ewi_jcall rest_of(const ewi_jcall *call, size_t n_used, ewi_jv in) {
    return (ewi_jcall){.in = in,
                       .args = call->args + n_used,
                       .n_args = call->n_args - n_used,
                       .n_positional = call->n_positional - n_used};
}

static bool map_item(ewi_jinja *run, ewi_jcall *call, const ewi_jbuiltin *filter, const ewi_jv *item,
                     ewi_jv *out) {
    if (!filter) return ewi_jinja_attribute(run, item, named(call, "attribute"), named(call, "default"), out);
    ewi_jcall inner = rest_of(call, 1, *item);
    return ewi_jbuiltin_call(run, filter, &inner, out);
}

bool ewi_jfilter_map(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    const ewi_jbuiltin *filter = NULL;
    ewi_jv *items;
    size_t n;
    bool by_attribute = call->n_positional == 0 && named(call, "attribute");
    if (!ewi_jv_truth(&call->in)) return ewi_jlist_new(run, EWI_J_GENERATOR, 0, out); /* also of none */
    if (!by_attribute && call->n_positional == 0) return ewi_jinja_raise(run, "map: name a filter");
    if (!by_attribute && !(filter = named_builtin(run, ewi_jinja_filters, call, 0))) return false;
    if (!ewi_jv_iterate(run, &call->in, &items, &n) || !ewi_jlist_new(run, EWI_J_GENERATOR, n, out))
        return false;
    for (size_t i = 0; i < n; i++) {
        ewi_jv item;
        if (!map_item(run, call, filter, &items[i], &item) || !ewi_jlist_add(run, out->as.list, item))
            return false;
    }
    return true;
}

/* Keeps the items of which the test says `wanted`; by_attribute: tests what the first argument names. */
static bool select_items(ewi_jinja *run, ewi_jcall *call, bool by_attribute, bool wanted, ewi_jv *out) {
    const ewi_jbuiltin *test = NULL;
    ewi_jv *items;
    size_t n, n_names = by_attribute;
    if (!ewi_jv_truth(&call->in)) return ewi_jlist_new(run, EWI_J_GENERATOR, 0, out); /* also of none */
    if (call->n_positional < n_names) return ewi_jinja_raise(run, "name an attribute");
    if (call->n_positional > n_names && !(test = named_builtin(run, ewi_jinja_tests, call, n_names++)))
        return false;
    if (!ewi_jv_iterate(run, &call->in, &items, &n) || !ewi_jlist_new(run, EWI_J_GENERATOR, 0, out))
        return false;
    for (size_t i = 0; i < n; i++) {
        ewi_jv tested = items[i], holds;
        if (by_attribute && !ewi_jinja_attribute(run, &items[i], &call->args[0].value, NULL, &tested))
            return false;
        ewi_jcall inner = rest_of(call, n_names, tested);
        holds = tested;
        if (test && !ewi_jbuiltin_call(run, test, &inner, &holds)) return false;
        if (ewi_jv_truth(&holds) == wanted && !ewi_jlist_add(run, out->as.list, items[i])) return false;
    }
    return true;
}

bool ewi_jfilter_select(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    return select_items(run, call, false, true, out);
}

bool ewi_jfilter_reject(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    return select_items(run, call, false, false, out);
}

bool ewi_jfilter_selectattr(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    return select_items(run, call, true, true, out);
}

bool ewi_jfilter_rejectattr(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    return select_items(run, call, true, false, out);
}
