/* jinja_methods.c: the methods of Python's texts, lists and dicts, and of `loop`. */
#include "text/jinja_text.h"

#include "base/error.h"
#include "text/unicode.h"

#define SELF(call) ((call)->in.as.string)

static bool is_given(const ewi_jv *v) {
    return v->kind != EWI_J_ABSENT && v->kind != EWI_J_NONE;
}

static bool need_text(ewi_jinja *run, const ewi_jv *v) {
    if (v->kind == EWI_J_STRING) return true;
    if (v->kind == EWI_J_UNDEFINED) return ewi_jinja_undefined(run, v);
    return ewi_jinja_raise(run, "a %s is no text", ewi_jv_type_name(v));
}

/* ---- what a sandbox refuses, and what is not there ---- */

static bool refused(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    *out = ewi_jv_none();
    return ewi_jinja_raise(run, "a template cannot change a %s", ewi_jv_type_name(&call->in));
}

static bool missing(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    *out = ewi_jv_none();
    return ewi_jinja_fail(run, EW_UNSUPPORTED, "this method of a %s is not supported",
                          ewi_jv_type_name(&call->in));
}

/* ---- case, strip ---- */

static bool str_upper(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    return ewi_jinja_case(run, SELF(call), EWI_UPPER, out);
}

static bool str_lower(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    return ewi_jinja_case(run, SELF(call), EWI_LOWER, out);
}

static bool str_title(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    return ewi_jinja_case(run, SELF(call), EWI_TITLE, out);
}

static bool str_capitalize(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    return ewi_jinja_capitalize(run, SELF(call), out);
}

static bool str_strip(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    return ewi_jinja_strip(run, SELF(call), &call->a[0], EWI_J_BOTH_ENDS, out);
}

static bool str_lstrip(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    return ewi_jinja_strip(run, SELF(call), &call->a[0], EWI_J_LEFT, out);
}

static bool str_rstrip(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    return ewi_jinja_strip(run, SELF(call), &call->a[0], EWI_J_RIGHT, out);
}

/* ---- split ---- */

typedef struct splitter {
    ewi_jinja *run;
    const ewi_jstring *s;
    ewi_jlist *list;
} splitter;

static bool add_part(splitter *p, size_t from, size_t to) {
    ewi_jv part;
    return ewi_jstring_part(p->run, p->s, from, to, &part) && ewi_jlist_add(p->run, p->list, part);
}

static bool split_at(splitter *p, ew_str separator, int64_t most) {
    size_t from = 0;
    for (; most != 0; most--) {
        size_t at = ewi_str_find(ewi_jstring_str(p->s), from, separator);
        if (at == SIZE_MAX) break;
        if (!add_part(p, from, at)) return false;
        from = at + separator.len;
    }
    return add_part(p, from, p->s->len);
}

/* The end of the run of characters from `from` that are white space, or are not. */
static size_t run_end(const ewi_jstring *s, size_t from, bool space) {
    while (from < s->len) {
        uint32_t c;
        size_t n = ewi_utf8_decode((const uint8_t *)s->data + from, s->len - from, &c);
        if (ewi_jinja_is_space(c) != space) break;
        from += n;
    }
    return from;
}

static bool split_words(splitter *p, int64_t most) {
    size_t from = run_end(p->s, 0, true);
    for (; from < p->s->len && most != 0; most--) {
        size_t to = run_end(p->s, from, false);
        if (!add_part(p, from, to)) return false;
        from = run_end(p->s, to, true);
    }
    return from == p->s->len || add_part(p, from, p->s->len);
}

/* The last place of needle that ends at or before `end`, or SIZE_MAX. */
static size_t find_last(ew_str text, size_t end, ew_str needle) {
    if (needle.len > end) return SIZE_MAX;
    for (size_t at = end - needle.len + 1; at-- > 0;)
        if (needle.len == 0 || memcmp(text.data + at, needle.data, needle.len) == 0) return at;
    return SIZE_MAX;
}

static bool rsplit_at(splitter *p, ew_str separator, int64_t most) {
    size_t end = p->s->len;
    for (; most != 0; most--) {
        size_t at = find_last(ewi_jstring_str(p->s), end, separator);
        if (at == SIZE_MAX) break;
        if (!add_part(p, at + separator.len, end)) return false;
        end = at;
    }
    if (!add_part(p, 0, end)) return false;
    for (size_t i = 0, n = p->list->n; i < n / 2; i++) {
        ewi_jv swap = p->list->items[i];
        p->list->items[i] = p->list->items[n - 1 - i];
        p->list->items[n - 1 - i] = swap;
    }
    return true;
}

static bool split(ewi_jinja *run, ewi_jcall *call, bool right, ewi_jv *out) {
    int64_t most = -1;
    if (!ewi_jinja_spend_bytes(run, SELF(call)->len) || !ewi_jlist_new(run, EWI_J_LIST, 0, out)) return false;
    splitter p = {run, SELF(call), out->as.list};
    if (call->a[1].kind != EWI_J_ABSENT && !ewi_jv_to_int(&call->a[1], &most))
        return ewi_jinja_raise(run, "split: maxsplit is a whole number");
    if (most < 0) most = -1;
    if (!is_given(&call->a[0])) {
        if (right && most > 0) return missing(run, call, out);
        return split_words(&p, most);
    }
    if (!need_text(run, &call->a[0])) return false;
    ew_str separator = ewi_jv_str(&call->a[0]);
    if (separator.len == 0) return ewi_jinja_raise(run, "split: the separator is empty");
    return right ? ewi_jinja_spend(run, p.s->len) && rsplit_at(&p, separator, most)
                 : split_at(&p, separator, most);
}

static bool str_split(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    return split(run, call, false, out);
}

static bool str_rsplit(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    return split(run, call, true, out);
}

static bool str_splitlines(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    return ewi_jinja_lines(run, SELF(call), ewi_jv_truth(&call->a[0]), out);
}

/* (before, separator, after) with the separator at `at`. */
static bool partition(ewi_jinja *run, ewi_jcall *call, size_t at, bool right, ewi_jv *out) {
    const ewi_jstring *s = SELF(call);
    size_t n = call->a[0].as.string->len;
    bool found = at != SIZE_MAX;
    size_t first = found ? at : right ? 0 : s->len, second = found ? at + n : first;
    if (!ewi_jlist_new(run, EWI_J_TUPLE, 3, out)) return false;
    splitter p = {run, s, out->as.list};
    return add_part(&p, 0, first) && add_part(&p, first, second) && add_part(&p, second, s->len);
}

static bool str_partition(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    if (!need_text(run, &call->a[0]) || !ewi_jinja_spend_bytes(run, SELF(call)->len)) return false;
    if (call->a[0].as.string->len == 0) return ewi_jinja_raise(run, "partition: the separator is empty");
    return partition(run, call, ewi_str_find(ewi_jstring_str(SELF(call)), 0, ewi_jv_str(&call->a[0])), false,
                     out);
}

static bool str_rpartition(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    const ewi_jstring *s = SELF(call);
    if (!need_text(run, &call->a[0]) || !ewi_jinja_spend(run, s->len)) return false;
    if (call->a[0].as.string->len == 0) return ewi_jinja_raise(run, "rpartition: the separator is empty");
    return partition(run, call, find_last(ewi_jstring_str(s), s->len, ewi_jv_str(&call->a[0])), true, out);
}

/* ---- looking ---- */

static bool starts(ew_str text, ew_str with) {
    return text.len >= with.len && memcmp(text.data, with.data, with.len) == 0;
}

static bool ends(ew_str text, ew_str with) {
    return text.len >= with.len && memcmp(text.data + (text.len - with.len), with.data, with.len) == 0;
}

/* Whether the text begins or ends with what is given, or with one of a tuple. */
static bool has_affix(ewi_jinja *run, ewi_jcall *call, bool (*has)(ew_str, ew_str), ewi_jv *out) {
    const ewi_jv *one = &call->a[0];
    size_t n = 1;
    bool found = false;
    if (call->a[1].kind != EWI_J_ABSENT) return missing(run, call, out);
    if (one->kind == EWI_J_TUPLE) {
        n = one->as.list->n;
        one = one->as.list->items;
    }
    for (size_t i = 0; i < n && !found; i++) {
        if (!need_text(run, &one[i])) return false;
        found = has(ewi_jstring_str(SELF(call)), ewi_jv_str(&one[i]));
    }
    *out = ewi_jv_bool(found);
    return true;
}

static bool str_startswith(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    return has_affix(run, call, starts, out);
}

static bool str_endswith(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    return has_affix(run, call, ends, out);
}

static bool str_removeprefix(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    const ewi_jstring *s = SELF(call);
    if (!need_text(run, &call->a[0])) return false;
    bool has = starts(ewi_jstring_str(s), ewi_jv_str(&call->a[0]));
    return ewi_jstring_part(run, s, has ? call->a[0].as.string->len : 0, s->len, out);
}

static bool str_removesuffix(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    const ewi_jstring *s = SELF(call);
    if (!need_text(run, &call->a[0])) return false;
    bool has = ends(ewi_jstring_str(s), ewi_jv_str(&call->a[0]));
    return ewi_jstring_part(run, s, 0, s->len - (has ? call->a[0].as.string->len : 0), out);
}

/* The character where byte `at` lies, or -1. */
static ewi_jv character_at(const ewi_jstring *s, size_t at) {
    const ewi_jstring before = {.data = s->data, .len = at};
    return ewi_jv_int(at == SIZE_MAX ? -1 : (int64_t)ewi_jstring_length(&before));
}

static bool str_find(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    if (call->a[1].kind != EWI_J_ABSENT) return missing(run, call, out);
    if (!need_text(run, &call->a[0]) || !ewi_jinja_spend_bytes(run, SELF(call)->len)) return false;
    *out = character_at(SELF(call), ewi_str_find(ewi_jstring_str(SELF(call)), 0, ewi_jv_str(&call->a[0])));
    return true;
}

static bool str_rfind(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    const ewi_jstring *s = SELF(call);
    if (call->a[1].kind != EWI_J_ABSENT) return missing(run, call, out);
    if (!need_text(run, &call->a[0]) || !ewi_jinja_spend(run, s->len)) return false;
    *out = character_at(s, find_last(ewi_jstring_str(s), s->len, ewi_jv_str(&call->a[0])));
    return true;
}

static bool str_index(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    if (!str_find(run, call, out)) return false;
    return out->as.whole >= 0 || ewi_jinja_raise(run, "index: the text is not there");
}

static bool str_count(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    const ewi_jstring *s = SELF(call);
    int64_t n = 0;
    if (call->a[1].kind != EWI_J_ABSENT) return missing(run, call, out);
    if (!need_text(run, &call->a[0]) || !ewi_jinja_spend_bytes(run, s->len)) return false;
    ew_str needle = ewi_jv_str(&call->a[0]);
    if (needle.len == 0) {
        *out = ewi_jv_int((int64_t)ewi_jstring_length(s) + 1);
        return true;
    }
    for (size_t at = 0; (at = ewi_str_find(ewi_jstring_str(s), at, needle)) != SIZE_MAX; at += needle.len)
        n++;
    *out = ewi_jv_int(n);
    return true;
}

static bool str_replace(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    int64_t count = -1;
    if (!need_text(run, &call->a[0]) || !need_text(run, &call->a[1])) return false;
    if (call->a[2].kind != EWI_J_ABSENT && !ewi_jv_to_int(&call->a[2], &count))
        return ewi_jinja_raise(run, "replace: the count is a whole number");
    return ewi_jinja_replace(run, SELF(call), call->a[0].as.string, call->a[1].as.string, count, out);
}

static bool str_join(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    ewi_jv *items;
    size_t n;
    if (!ewi_jv_iterate(run, &call->a[0], &items, &n)) return false;
    for (size_t i = 0; i < n; i++)
        if (!need_text(run, &items[i])) return false;
    return ewi_jinja_join(run, SELF(call), items, n, out);
}

static bool str_format(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    return ewi_jinja_format(run, SELF(call), call, out);
}

/* ---- what its characters are ---- */

static bool all_of(ewi_jinja *run, ewi_jcall *call, uint32_t set, ewi_jv *out) {
    const ewi_jstring *s = SELF(call);
    bool all = s->len > 0;
    for (size_t i = 0, n; i < s->len && all; i += n) {
        uint32_t c;
        n = ewi_utf8_decode((const uint8_t *)s->data + i, s->len - i, &c);
        all = set ? (ewi_unicode_set(c) & set) != 0 : ewi_jinja_is_space(c);
    }
    *out = ewi_jv_bool(all);
    return ewi_jinja_spend(run, s->len / 4);
}

static bool str_isspace(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    return all_of(run, call, 0, out);
}

static bool str_isalpha(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    return all_of(run, call, EWI_UNICODE_L, out);
}

static bool str_isdigit(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    return all_of(run, call, EWI_CATEGORY(EWI_ND), out);
}

static bool str_isalnum(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    return all_of(run, call, EWI_UNICODE_L | EWI_UNICODE_N, out);
}

static bool str_isupper(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    *out = ewi_jv_bool(ewi_jinja_is_case(SELF(call), EWI_UPPER));
    return ewi_jinja_spend(run, SELF(call)->len / 4);
}

static bool str_islower(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    *out = ewi_jv_bool(ewi_jinja_is_case(SELF(call), EWI_LOWER));
    return ewi_jinja_spend(run, SELF(call)->len / 4);
}

/* ---- lists and dicts ---- */

static bool list_index(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    const ewi_jlist *list = call->in.as.list;
    for (size_t i = 0; i < list->n; i++) {
        bool equal;
        if (!ewi_jv_equal(run, &list->items[i], &call->a[0], &equal)) return false;
        if (equal) return *out = ewi_jv_int((int64_t)i), true;
    }
    return ewi_jinja_raise(run, "index: the item is not there");
}

static bool list_count(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    const ewi_jlist *list = call->in.as.list;
    int64_t n = 0;
    for (size_t i = 0; i < list->n; i++) {
        bool equal;
        if (!ewi_jv_equal(run, &list->items[i], &call->a[0], &equal)) return false;
        n += equal;
    }
    *out = ewi_jv_int(n);
    return true;
}

/* Values do not change, so that a copy is the same one. */
static bool copy(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    (void)run;
    *out = call->in;
    return true;
}

static bool dict_get(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    ewi_jv *value;
    if (call->a[0].kind == EWI_J_ABSENT) return ewi_jinja_raise(run, "get: which key?");
    if (!ewi_jdict_get(run, call->in.as.dict, &call->a[0], &value)) return false;
    *out = value ? *value : call->a[1].kind == EWI_J_ABSENT ? ewi_jv_none() : call->a[1];
    return true;
}

static bool dict_items(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    return ewi_jdict_list(run, call->in.as.dict, EWI_J_VIEW, EWI_J_ITEMS, out);
}

static bool dict_keys(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    return ewi_jdict_list(run, call->in.as.dict, EWI_J_VIEW, EWI_J_KEYS, out);
}

static bool dict_values(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    return ewi_jdict_list(run, call->in.as.dict, EWI_J_VIEW, EWI_J_VALUES, out);
}

/* ---- loop ---- */

static bool loop_cycle(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    if (call->n_args == 0) return ewi_jinja_raise(run, "cycle: between what?");
    *out = call->args[call->in.as.loop->index % call->n_args].value;
    return true;
}

static bool loop_changed(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    ewi_jv now;
    bool same = false;
    ewi_jloop *loop = call->in.as.loop;
    if (!ewi_jlist_new(run, EWI_J_TUPLE, call->n_args, &now)) return false;
    for (size_t i = 0; i < call->n_args; i++)
        if (!ewi_jlist_add(run, now.as.list, call->args[i].value)) return false;
    if (loop->seen.kind != EWI_J_ABSENT && !ewi_jv_equal(run, &loop->seen, &now, &same)) return false;
    loop->seen = now;
    *out = ewi_jv_bool(!same);
    return true;
}

/* ---- tables ---- */

static const ewi_jbuiltin str_methods[] = {
    {"capitalize", "", str_capitalize},
    {"casefold", "", missing},
    {"center", "width,fillchar", missing},
    {"count", "sub,start,end", str_count},
    {"encode", "encoding,errors", missing},
    {"endswith", "suffix,start,end", str_endswith},
    {"expandtabs", "tabsize", missing},
    {"find", "sub,start,end", str_find},
    {"format", NULL, str_format},
    {"format_map", "mapping", missing},
    {"index", "sub,start,end", str_index},
    {"isalnum", "", str_isalnum},
    {"isalpha", "", str_isalpha},
    {"isascii", "", missing},
    {"isdecimal", "", str_isdigit},
    {"isdigit", "", str_isdigit},
    {"isidentifier", "", missing},
    {"islower", "", str_islower},
    {"isnumeric", "", missing},
    {"isprintable", "", missing},
    {"isspace", "", str_isspace},
    {"istitle", "", missing},
    {"isupper", "", str_isupper},
    {"join", "iterable", str_join},
    {"ljust", "width,fillchar", missing},
    {"lower", "", str_lower},
    {"lstrip", "chars", str_lstrip},
    {"maketrans", NULL, missing},
    {"partition", "sep", str_partition},
    {"removeprefix", "prefix", str_removeprefix},
    {"removesuffix", "suffix", str_removesuffix},
    {"replace", "old,new,count", str_replace},
    {"rfind", "sub,start,end", str_rfind},
    {"rindex", "sub,start,end", missing},
    {"rjust", "width,fillchar", missing},
    {"rpartition", "sep", str_rpartition},
    {"rsplit", "sep,maxsplit", str_rsplit},
    {"rstrip", "chars", str_rstrip},
    {"split", "sep,maxsplit", str_split},
    {"splitlines", "keepends", str_splitlines},
    {"startswith", "prefix,start,end", str_startswith},
    {"strip", "chars", str_strip},
    {"swapcase", "", missing},
    {"title", "", str_title},
    {"translate", "table", missing},
    {"upper", "", str_upper},
    {"zfill", "width", missing},
    {NULL, NULL, NULL},
};

static const ewi_jbuiltin list_methods[] = {
    {"append", NULL, refused},      {"clear", NULL, refused},  {"copy", "", copy},
    {"count", "value", list_count}, {"extend", NULL, refused}, {"index", "value", list_index},
    {"insert", NULL, refused},      {"pop", NULL, refused},    {"remove", NULL, refused},
    {"reverse", NULL, refused},     {"sort", NULL, refused},   {NULL, NULL, NULL},
};

static const ewi_jbuiltin tuple_methods[] = {
    {"count", "value", list_count},
    {"index", "value", list_index},
    {NULL, NULL, NULL},
};

static const ewi_jbuiltin dict_methods[] = {
    {"clear", NULL, refused},         {"copy", "", copy},          {"fromkeys", NULL, missing},
    {"get", "key,default", dict_get}, {"items", "", dict_items},   {"keys", "", dict_keys},
    {"pop", NULL, refused},           {"popitem", NULL, refused},  {"setdefault", NULL, refused},
    {"update", NULL, refused},        {"values", "", dict_values}, {NULL, NULL, NULL},
};

static const ewi_jbuiltin loop_methods[] = {
    {"changed", NULL, loop_changed},
    {"cycle", NULL, loop_cycle},
    {NULL, NULL, NULL},
};

static const ewi_jbuiltin *methods_of(const ewi_jv *v) {
    if (v->kind == EWI_J_STRING) return str_methods;
    if (v->kind == EWI_J_LIST) return list_methods;
    if (v->kind == EWI_J_TUPLE) return tuple_methods;
    if (v->kind == EWI_J_DICT) return dict_methods;
    if (v->kind == EWI_J_LOOP) return loop_methods;
    return NULL;
}

bool ewi_jinja_method(ewi_jinja *run, const ewi_jv *v, ew_str name, ewi_jv *out) {
    const ewi_jbuiltin *table = methods_of(v), *method = table ? ewi_jbuiltin_find(table, name) : NULL;
    ewi_jbound *bound = method ? ewi_jinja_alloc(run, 1, sizeof *bound) : NULL;
    if (!bound) return false;
    *bound = (ewi_jbound){*v, method};
    *out = (ewi_jv){.kind = EWI_J_METHOD, .as.bound = bound};
    return true;
}
