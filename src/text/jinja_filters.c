/* jinja_filters.c: the filters, with the parameters that jinja2 gives them. */
#include "text/jinja_filters.h"

#include "base/error.h"

static bool is_given(const ewi_jv *v) {
    return v->kind != EWI_J_ABSENT && v->kind != EWI_J_NONE;
}

/* The input as a text: what str() makes of it. */
static bool in_text(ewi_jinja *run, ewi_jcall *call, const ewi_jstring **out) {
    ewi_jv text;
    if (!ewi_jv_to_string(run, &call->in, &text)) return false;
    *out = text.as.string;
    return true;
}

/* ---- texts ---- */

static bool filter_string(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    return ewi_jv_to_string(run, &call->in, out);
}

static bool filter_upper(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    const ewi_jstring *s;
    return in_text(run, call, &s) && ewi_jinja_case(run, s, EWI_UPPER, out);
}

static bool filter_lower(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    const ewi_jstring *s;
    return in_text(run, call, &s) && ewi_jinja_case(run, s, EWI_LOWER, out);
}

static bool filter_capitalize(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    const ewi_jstring *s;
    return in_text(run, call, &s) && ewi_jinja_capitalize(run, s, out);
}

/* Unlike str.title, a word goes on after an apostrophe. */
static bool ends_word(uint32_t c) {
    return c < 0x80 ? strchr("-({[<", (int)c) || ewi_jinja_is_space(c) : ewi_jinja_is_space(c);
}

static bool filter_title(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    const ewi_jstring *s;
    ewi_jbuilder b;
    bool in_word = false;
    if (!in_text(run, call, &s)) return false;
    ewi_jb_init(&b, run);
    b.safe = s->safe;
    for (size_t from = 0, n; from < s->len; from += n) {
        uint32_t c;
        n = ewi_utf8_decode((const uint8_t *)s->data + from, s->len - from, &c);
        if (!ewi_jinja_spend(run, 1) ||
            !ewi_jb_add_case(&b, s, from, from + n, in_word ? EWI_LOWER : EWI_UPPER))
            return false;
        in_word = !ends_word(c);
    }
    return ewi_jb_end(&b, out);
}

static bool filter_trim(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    const ewi_jstring *s;
    return in_text(run, call, &s) && ewi_jinja_strip(run, s, &call->a[0], EWI_J_BOTH_ENDS, out);
}

static bool filter_replace(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    const ewi_jstring *s;
    ewi_jv old, with;
    int64_t count = -1;
    if (call->a[1].kind == EWI_J_ABSENT) return ewi_jinja_raise(run, "replace: what by what?");
    if (is_given(&call->a[2]) && !ewi_jv_to_int(&call->a[2], &count))
        return ewi_jinja_raise(run, "replace: the count is a whole number");
    return in_text(run, call, &s) && ewi_jv_to_string(run, &call->a[0], &old) &&
           ewi_jv_to_string(run, &call->a[1], &with) &&
           ewi_jinja_replace(run, s, old.as.string, with.as.string, count, out);
}

/* What a level of indentation is: so many blanks, or a text. */
static bool indentation(ewi_jinja *run, const ewi_jv *width, const ewi_jstring **out) {
    int64_t n = 4;
    ewi_jv blank, text;
    if (width->kind == EWI_J_STRING) return *out = width->as.string, true;
    if (width->kind != EWI_J_ABSENT && !ewi_jv_to_int(width, &n))
        return ewi_jinja_raise(run, "indent: the width is a number or a text");
    ewi_jv count = ewi_jv_int(n);
    if (!ewi_jv_text(run, EWI_STR(" "), false, &blank) ||
        !ewi_jinja_arithmetic(run, '*', &blank, &count, &text))
        return false;
    *out = text.as.string;
    return true;
}

static bool filter_indent(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    const ewi_jstring *indent = NULL;
    bool first = ewi_jv_truth(&call->a[1]), blank = ewi_jv_truth(&call->a[2]);
    ewi_jbuilder text, b;
    ewi_jv whole, lines;
    if (call->in.kind == EWI_J_UNDEFINED) return ewi_jinja_undefined(run, &call->in);
    if (call->in.kind != EWI_J_STRING) return ewi_jinja_raise(run, "indent: only a text has lines");
    ewi_jb_init(&text, run);
    if (!indentation(run, &call->a[0], &indent) || !ewi_jb_add_string(&text, call->in.as.string) ||
        !ewi_jb_add(&text, EWI_STR("\n"), false) || !ewi_jb_end(&text, &whole) ||
        !ewi_jinja_lines(run, whole.as.string, false, &lines))
        return false;
    ewi_jb_init(&b, run);
    b.safe = call->in.as.string->safe;
    for (size_t i = 0; i < lines.as.list->n; i++) {
        const ewi_jstring *line = lines.as.list->items[i].as.string;
        bool indented = i == 0 ? first : blank || line->len;
        if ((i && !ewi_jb_add(&b, EWI_STR("\n"), false)) || (indented && !ewi_jb_add_string(&b, indent)) ||
            !ewi_jb_add_string(&b, line))
            return false;
    }
    return ewi_jb_end(&b, out);
}

static bool filter_safe(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    const ewi_jstring *s;
    ewi_jstring *copy = ewi_jinja_alloc(run, 1, sizeof *copy);
    if (!copy || !in_text(run, call, &s)) return false;
    *copy = *s;
    copy->safe = true;
    *out = (ewi_jv){.kind = EWI_J_STRING, .as.string = copy};
    return true;
}

static bool filter_escape(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    const ewi_jstring *s;
    ewi_jbuilder b;
    if (!in_text(run, call, &s)) return false;
    ewi_jb_init(&b, run);
    b.safe = true;
    return (s->safe ? ewi_jb_add_string(&b, s) : ewi_jb_add_escaped(&b, s)) && ewi_jb_end(&b, out);
}

static bool filter_format(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    const ewi_jstring *s;
    ewi_jv values;
    if (call->n_positional < call->n_args)
        return ewi_jinja_fail(run, EW_UNSUPPORTED, "format with names is not supported");
    if (!in_text(run, call, &s) || !ewi_jlist_new(run, EWI_J_TUPLE, call->n_args, &values)) return false;
    for (size_t i = 0; i < call->n_args; i++)
        if (!ewi_jlist_add(run, values.as.list, call->args[i].value)) return false;
    return ewi_jinja_percent(run, s, values.as.list->items, values.as.list->n, out);
}

/* ---- lists ---- */

static bool filter_length(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    const ewi_jv *v = &call->in;
    if (v->kind == EWI_J_STRING) {
        *out = ewi_jv_int((int64_t)ewi_jstring_length(v->as.string));
        return ewi_jinja_spend_bytes(run, v->as.string->len);
    }
    if (v->kind == EWI_J_LIST || v->kind == EWI_J_TUPLE || v->kind == EWI_J_VIEW)
        *out = ewi_jv_int((int64_t)v->as.list->n);
    else if (v->kind == EWI_J_DICT)
        *out = ewi_jv_int((int64_t)v->as.dict->n);
    else if (v->kind == EWI_J_LOOP)
        *out = ewi_jv_int((int64_t)v->as.loop->n);
    else if (v->kind == EWI_J_UNDEFINED)
        *out = ewi_jv_int(0);
    else
        return ewi_jinja_raise(run, "a %s has no length", ewi_jv_type_name(v));
    return true;
}

static bool filter_list(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    ewi_jv *items;
    size_t n;
    if (!ewi_jv_iterate(run, &call->in, &items, &n) || !ewi_jlist_new(run, EWI_J_LIST, n, out)) return false;
    for (size_t i = 0; i < n; i++)
        if (!ewi_jlist_add(run, out->as.list, items[i])) return false;
    return true;
}

static bool filter_first(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    ewi_jv *items;
    size_t n;
    if (!ewi_jv_iterate(run, &call->in, &items, &n)) return false;
    *out = n ? items[0] : ewi_jv_undefined(NULL);
    return true;
}

static bool filter_last(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    ewi_jv *items;
    size_t n;
    if (call->in.kind == EWI_J_GENERATOR) return ewi_jinja_raise(run, "a generator has no last item");
    if (call->in.kind == EWI_J_UNDEFINED) return ewi_jinja_undefined(run, &call->in);
    if (!ewi_jv_iterate(run, &call->in, &items, &n)) return false;
    *out = n ? items[n - 1] : ewi_jv_undefined(NULL);
    return true;
}

static bool filter_reverse(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    const ewi_jv backward[3] = {ewi_jv_none(), ewi_jv_none(), ewi_jv_int(-1)};
    ewi_jv *items;
    size_t n;
    if (call->in.kind == EWI_J_STRING) return ewi_jinja_slice(run, &call->in, backward, out);
    if (!ewi_jv_iterate(run, &call->in, &items, &n) || !ewi_jlist_new(run, EWI_J_GENERATOR, n, out))
        return false;
    while (n > 0)
        if (!ewi_jlist_add(run, out->as.list, items[--n])) return false;
    return true;
}

static bool filter_join(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    ewi_jv *items, between, mapped;
    size_t n;
    bool by_attribute = is_given(&call->a[1]);
    if (call->a[0].kind == EWI_J_ABSENT) call->a[0] = ewi_jv_undefined(NULL); /* str() of it is empty */
    if (!ewi_jv_to_string(run, &call->a[0], &between) || !ewi_jv_iterate(run, &call->in, &items, &n) ||
        !ewi_jlist_new(run, EWI_J_LIST, by_attribute ? n : 0, &mapped))
        return false;
    for (size_t i = 0; i < n && by_attribute; i++, mapped.as.list->n++)
        if (!ewi_jinja_attribute(run, &items[i], &call->a[1], NULL, &mapped.as.list->items[i])) return false;
    return ewi_jinja_join(run, between.as.string, by_attribute ? mapped.as.list->items : items, n, out);
}

static bool filter_items(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    if (call->in.kind == EWI_J_UNDEFINED) return ewi_jlist_new(run, EWI_J_GENERATOR, 0, out);
    if (call->in.kind != EWI_J_DICT)
        return ewi_jinja_raise(run, "items: a %s is no dict", ewi_jv_type_name(&call->in));
    return ewi_jdict_list(run, call->in.as.dict, EWI_J_GENERATOR, EWI_J_ITEMS, out);
}

/* ---- others ---- */

static bool filter_default(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    bool missing =
        call->in.kind == EWI_J_UNDEFINED || (ewi_jv_truth(&call->a[1]) && !ewi_jv_truth(&call->in));
    *out = missing ? call->a[0] : call->in;
    return out->kind != EWI_J_ABSENT || ewi_jv_text(run, (ew_str){"", 0}, false, out);
}

const ewi_jbuiltin ewi_jinja_filters[] = {
    {"abs", "", ewi_jfilter_abs},
    {"capitalize", "", filter_capitalize},
    {"count", "", filter_length},
    {"d", "default_value,boolean", filter_default},
    {"default", "default_value,boolean", filter_default},
    {"dictsort", "case_sensitive,by,reverse", ewi_jfilter_dictsort},
    {"e", "", filter_escape},
    {"escape", "", filter_escape},
    {"first", "", filter_first},
    {"float", "default", ewi_jfilter_float},
    {"format", NULL, filter_format},
    {"indent", "width,first,blank", filter_indent},
    {"int", "default,base", ewi_jfilter_int},
    {"items", "", filter_items},
    {"join", "d,attribute", filter_join},
    {"last", "", filter_last},
    {"length", "", filter_length},
    {"list", "", filter_list},
    {"lower", "", filter_lower},
    {"map", NULL, ewi_jfilter_map},
    {"max", "case_sensitive,attribute", ewi_jfilter_max},
    {"min", "case_sensitive,attribute", ewi_jfilter_min},
    {"reject", NULL, ewi_jfilter_reject},
    {"rejectattr", NULL, ewi_jfilter_rejectattr},
    {"replace", "old,new,count", filter_replace},
    {"reverse", "", filter_reverse},
    {"round", "precision,method", ewi_jfilter_round},
    {"safe", "", filter_safe},
    {"select", NULL, ewi_jfilter_select},
    {"selectattr", NULL, ewi_jfilter_selectattr},
    {"sort", "reverse,case_sensitive,attribute", ewi_jfilter_sort},
    {"string", "", filter_string},
    {"sum", "attribute,start", ewi_jfilter_sum},
    {"title", "", filter_title},
    {"tojson", "ensure_ascii,indent,separators,sort_keys", ewi_jinja_tojson},
    {"trim", "chars", filter_trim},
    {"unique", "case_sensitive,attribute", ewi_jfilter_unique},
    {"upper", "", filter_upper},
    {NULL, NULL, NULL},
};
