/* jinja_ops.c: Python's operators, and the parts of values. */
#include "text/jinja_value.h"

#define MAX_POWER 64 /* 2 ** 63 is too large for an int already */

bool ewi_jinja_undefined(ewi_jinja *run, const ewi_jv *v) {
    if (!v->as.name) return ewi_jinja_raise(run, "a value is undefined");
    return ewi_jinja_raise(run, "\"%.*s\" is undefined", EWI_STR_ARG(*v->as.name));
}

static bool no_operator(ewi_jinja *run, const char *op, const ewi_jv *a, const ewi_jv *b) {
    if (a->kind == EWI_J_UNDEFINED) return ewi_jinja_undefined(run, a);
    if (b->kind == EWI_J_UNDEFINED) return ewi_jinja_undefined(run, b);
    return ewi_jinja_raise(run, "%s is not for a %s and a %s", op, ewi_jv_type_name(a), ewi_jv_type_name(b));
}

static bool too_large(ewi_jinja *run) {
    return ewi_jinja_fail(run, EW_UNSUPPORTED, "a number is too large: they have 64 bits here");
}

/* ---- + ---- */

static bool add_operand(ewi_jbuilder *b, const ewi_jstring *s, bool escape) {
    return escape ? ewi_jb_add_escaped(b, s) : ewi_jb_add_string(b, s);
}

/* A Markup escapes what it is added to. */
static bool join_two(ewi_jinja *run, const ewi_jstring *a, const ewi_jstring *b, ewi_jv *out) {
    ewi_jbuilder builder;
    ewi_jb_init(&builder, run);
    builder.safe = a->safe || b->safe;
    return add_operand(&builder, a, builder.safe && !a->safe) &&
           add_operand(&builder, b, builder.safe && !b->safe) && ewi_jb_end(&builder, out);
}

static bool join_lists(ewi_jinja *run, const ewi_jv *a, const ewi_jv *b, ewi_jv *out) {
    const ewi_jlist *first = a->as.list, *second = b->as.list;
    if (!ewi_jlist_new(run, a->kind, first->n + second->n, out)) return false;
    for (size_t i = 0; i < first->n; i++)
        if (!ewi_jlist_add(run, out->as.list, first->items[i])) return false;
    for (size_t i = 0; i < second->n; i++)
        if (!ewi_jlist_add(run, out->as.list, second->items[i])) return false;
    return true;
}

bool ewi_jinja_add(ewi_jinja *run, const ewi_jv *a, const ewi_jv *b, ewi_jv *out) {
    int64_t i, j, sum;
    double x, y;
    if (ewi_jv_is_string(a) && ewi_jv_is_string(b)) return join_two(run, a->as.string, b->as.string, out);
    if (ewi_jv_to_int(a, &i) && ewi_jv_to_int(b, &j)) {
        if (__builtin_add_overflow(i, j, &sum)) return too_large(run);
        *out = ewi_jv_int(sum);
        return true;
    }
    if (ewi_jv_to_double(a, &x) && ewi_jv_to_double(b, &y)) {
        *out = ewi_jv_float(x + y);
        return true;
    }
    if (a->kind == b->kind && (a->kind == EWI_J_LIST || a->kind == EWI_J_TUPLE))
        return join_lists(run, a, b, out);
    return no_operator(run, "+", a, b);
}

/* ---- the other ones ---- */

static bool repeat_string(ewi_jinja *run, const ewi_jstring *s, int64_t n, ewi_jv *out) {
    ewi_jbuilder b;
    ewi_jb_init(&b, run);
    b.safe = s->safe;
    for (; n > 0 && s->len; n--)
        if (!ewi_jinja_spend(run, 1) || !ewi_jb_add_string(&b, s)) return false;
    return ewi_jb_end(&b, out);
}

static bool repeat_list(ewi_jinja *run, const ewi_jv *list, int64_t n, ewi_jv *out) {
    if (!ewi_jlist_new(run, list->kind, 0, out)) return false;
    for (; n > 0 && list->as.list->n; n--)
        for (size_t i = 0; i < list->as.list->n; i++)
            if (!ewi_jlist_add(run, out->as.list, list->as.list->items[i])) return false;
    return true;
}

/* A text or a list, so many times. False: it is neither; *ok says how it went. */
static bool repeat(ewi_jinja *run, const ewi_jv *a, const ewi_jv *b, ewi_jv *out, bool *ok) {
    int64_t n;
    const ewi_jv *what = ewi_jv_to_int(a, &n) ? b : a, *times = what == a ? b : a;
    if (!ewi_jv_to_int(times, &n)) return false;
    if (what->kind == EWI_J_STRING)
        *ok = repeat_string(run, what->as.string, n, out);
    else if (what->kind == EWI_J_LIST || what->kind == EWI_J_TUPLE)
        *ok = repeat_list(run, what, n, out);
    else
        return false;
    return true;
}

/* Toward minus infinity, as Python divides. */
static int64_t floor_divide(int64_t a, int64_t b) {
    int64_t quotient = a / b;
    return a % b != 0 && (a < 0) != (b < 0) ? quotient - 1 : quotient;
}

static bool power_of_int(ewi_jinja *run, int64_t base, int64_t exponent, ewi_jv *out) {
    int64_t value = 1;
    if (base == 0 || base == 1) {
        *out = ewi_jv_int(exponent == 0 ? 1 : base);
        return true;
    }
    if (base == -1) {
        *out = ewi_jv_int(exponent % 2 ? -1 : 1);
        return true;
    }
    if (exponent >= MAX_POWER) return too_large(run);
    for (; exponent > 0; exponent--)
        if (__builtin_mul_overflow(value, base, &value)) return too_large(run);
    *out = ewi_jv_int(value);
    return true;
}

/* Two ints. `/` and negative powers give floats: they are not done here. */
static bool ints(ewi_jinja *run, char op, int64_t a, int64_t b, ewi_jv *out) {
    int64_t value = 0;
    bool overflows = false;
    switch (op) {
    case '-': overflows = __builtin_sub_overflow(a, b, &value); break;
    case '*': overflows = __builtin_mul_overflow(a, b, &value); break;
    case 'p': return power_of_int(run, a, b, out);
    default:
        if (b == 0) return ewi_jinja_raise(run, "division by zero");
        if (b == -1 && op == 'f')
            overflows = __builtin_sub_overflow(0, a, &value);
        else if (b != -1)
            value = op == 'f' ? floor_divide(a, b) : a - floor_divide(a, b) * b;
    }
    if (overflows) return too_large(run);
    *out = ewi_jv_int(value);
    return true;
}

static double floor_of(double x) {
    if (x - x != 0 || x >= 0x1p52 || x <= -0x1p52) return x;
    double whole = (double)(int64_t)x;
    return whole > x ? whole - 1 : whole;
}

static bool floats(ewi_jinja *run, char op, double a, double b, ewi_jv *out) {
    double value = 0;
    if (op == 'p') return ewi_jinja_fail(run, EW_UNSUPPORTED, "** is for whole numbers only here");
    if (op != '-' && op != '*' && b == 0) return ewi_jinja_raise(run, "division by zero");
    if (op == '-') value = a - b;
    if (op == '*') value = a * b;
    if (op == '/') value = a / b;
    if (op == 'f') value = floor_of(a / b);
    if (op == '%') value = a - floor_of(a / b) * b;
    *out = ewi_jv_float(value);
    return true;
}

bool ewi_jinja_arithmetic(ewi_jinja *run, char op, const ewi_jv *a, const ewi_jv *b, ewi_jv *out) {
    int64_t i, j;
    double x, y;
    bool ok;
    bool whole = ewi_jv_to_int(a, &i) && ewi_jv_to_int(b, &j);
    if (whole && op != '/' && !(op == 'p' && j < 0)) return ints(run, op, i, j, out);
    if (ewi_jv_to_double(a, &x) && ewi_jv_to_double(b, &y)) return floats(run, op, x, y, out);
    if (op == '*' && repeat(run, a, b, out, &ok)) return ok;
    if (op == '%' && a->kind == EWI_J_STRING) {
        bool several = b->kind == EWI_J_TUPLE;
        return ewi_jinja_percent(run, a->as.string, several ? b->as.list->items : b,
                                 several ? b->as.list->n : 1, out);
    }
    const char name[2] = {op == 'f' ? '/' : op == 'p' ? '*' : op, '\0'};
    return no_operator(run, name, a, b);
}

/* ---- in ---- */

static bool list_contains(ewi_jinja *run, const ewi_jv *items, size_t n, const ewi_jv *item, bool *out) {
    *out = false;
    for (size_t i = 0; i < n && !*out; i++)
        if (!ewi_jv_equal(run, &items[i], item, out)) return false;
    return true;
}

bool ewi_jinja_contains(ewi_jinja *run, const ewi_jv *container, const ewi_jv *item, bool *out) {
    ewi_jv *items;
    size_t n;
    ewi_jv *found;
    if (container->kind == EWI_J_STRING) {
        if (item->kind == EWI_J_UNDEFINED) return ewi_jinja_undefined(run, item);
        if (item->kind != EWI_J_STRING)
            return ewi_jinja_raise(run, "a %s cannot be in a text", ewi_jv_type_name(item));
        *out = ewi_str_find(ewi_jv_str(container), 0, ewi_jv_str(item)) != SIZE_MAX;
        return ewi_jinja_spend_bytes(run, container->as.string->len);
    }
    if (container->kind == EWI_J_DICT) {
        if (!ewi_jdict_get(run, container->as.dict, item, &found)) return false;
        *out = found != NULL;
        return true;
    }
    return ewi_jv_iterate(run, container, &items, &n) && list_contains(run, items, n, item, out);
}

/* ---- parts ---- */

static bool loop_attribute(const ewi_jloop *loop, ew_str name, ewi_jv *out) {
    int64_t n = (int64_t)loop->n, i = (int64_t)loop->index;
    const struct {
        const char *name;
        ewi_jv value;
    } known[] = {
        {"index", ewi_jv_int(i + 1)},         {"index0", ewi_jv_int(i)}, {"first", ewi_jv_bool(i == 0)},
        {"last", ewi_jv_bool(i == n - 1)},    {"length", ewi_jv_int(n)}, {"revindex", ewi_jv_int(n - i)},
        {"revindex0", ewi_jv_int(n - i - 1)}, {"depth", ewi_jv_int(1)},  {"depth0", ewi_jv_int(0)},
    };
    for (size_t k = 0; k < EWI_COUNT(known); k++) {
        if (!ewi_str_is(name, known[k].name)) continue;
        *out = known[k].value;
        return true;
    }
    if (ewi_str_is(name, "previtem") && i > 0) return *out = loop->items[i - 1], true;
    if (ewi_str_is(name, "nextitem") && i + 1 < n) return *out = loop->items[i + 1], true;
    return false;
}

/* What `.name` finds before any key; *found is false when there is nothing. */
static bool own_attribute(ewi_jinja *run, const ewi_jv *v, ew_str name, bool *found, ewi_jv *out) {
    *found = true;
    if (v->kind == EWI_J_LOOP && loop_attribute(v->as.loop, name, out)) return true;
    if (v->kind == EWI_J_NAMESPACE) {
        ewi_jv *value = ewi_jdict_find(run, v->as.dict, name);
        if (value) return *out = *value, true;
    }
    if (ewi_jinja_method(run, v, name, out)) return true;
    *found = false;
    return !run->status;
}

bool ewi_jinja_getattr(ewi_jinja *run, const ewi_jv *v, const ew_str *name, ewi_jv *out) {
    bool found;
    if (v->kind == EWI_J_UNDEFINED) return ewi_jinja_undefined(run, v);
    if (!own_attribute(run, v, *name, &found, out)) return false;
    if (found) return true;
    const ewi_jv *value = v->kind == EWI_J_DICT ? ewi_jdict_find(run, v->as.dict, *name) : NULL;
    *out = value ? *value : ewi_jv_undefined(name);
    return !run->status;
}

/* v[index] of a list or a text; undefined past the ends. */
static bool item_at(ewi_jinja *run, const ewi_jv *v, int64_t index, ewi_jv *out) {
    const ewi_jstring *s = v->kind == EWI_J_STRING ? v->as.string : NULL;
    int64_t n = (int64_t)(s ? ewi_jstring_length(s) : v->as.list->n);
    if (s && !ewi_jinja_spend_bytes(run, s->len)) return false;
    if (index < 0) index += n;
    if (index < 0 || index >= n) return *out = ewi_jv_undefined(NULL), true;
    if (!s) return *out = v->as.list->items[index], true;
    size_t from = ewi_jstring_offset(s, (size_t)index);
    ew_str rest = {s->data + from, s->len - from};
    const ewi_jstring tail = {.data = rest.data, .len = rest.len};
    return ewi_jstring_part(run, s, from, from + ewi_jstring_offset(&tail, 1), out);
}

bool ewi_jinja_getitem(ewi_jinja *run, const ewi_jv *v, const ewi_jv *key, ewi_jv *out) {
    int64_t index;
    bool found = false;
    ewi_jv *value;
    if (v->kind == EWI_J_UNDEFINED) return ewi_jinja_undefined(run, v);
    if (v->kind == EWI_J_DICT && key->kind != EWI_J_UNDEFINED) {
        bool hashable = key->kind <= EWI_J_STRING || key->kind == EWI_J_TUPLE;
        if (hashable && !ewi_jdict_get(run, v->as.dict, key, &value)) return false;
        if (hashable && value) return *out = *value, true;
    }
    bool indexed =
        v->kind == EWI_J_STRING || v->kind == EWI_J_LIST || v->kind == EWI_J_TUPLE || ewi_jv_is_range(v);
    if (indexed && ewi_jv_to_int(key, &index)) return item_at(run, v, index, out);
    if (key->kind == EWI_J_STRING && !own_attribute(run, v, ewi_jv_str(key), &found, out)) return false;
    if (!found) *out = ewi_jv_undefined(NULL);
    return true;
}

/* ---- slices ---- */

/* A bound as Python reads it, inside of [low, high]. */
static bool read_bound(ewi_jinja *run, const ewi_jv *v, int64_t absent, int64_t n, int64_t low, int64_t high,
                       int64_t *out) {
    *out = absent;
    if (v->kind == EWI_J_NONE) return true;
    if (v->kind == EWI_J_UNDEFINED) return ewi_jinja_undefined(run, v);
    if (!ewi_jv_to_int(v, out)) return ewi_jinja_raise(run, "a slice is from a whole number to another");
    if (*out < 0) *out += n;
    if (*out < low) *out = low;
    if (*out > high) *out = high;
    return true;
}

static bool slice_list(ewi_jinja *run, const ewi_jv *v, int64_t begin, int64_t end, int64_t step,
                       ewi_jv *out) {
    if (!ewi_jlist_new(run, v->kind, 0, out)) return false;
    while (step > 0 ? begin < end : begin > end) {
        if (!ewi_jlist_add(run, out->as.list, v->as.list->items[begin])) return false;
        if (__builtin_add_overflow(begin, step, &begin)) break;
    }
    return true;
}

static bool slice_string(ewi_jinja *run, const ewi_jv *v, int64_t begin, int64_t end, int64_t step,
                         ewi_jv *out) {
    const ewi_jstring *s = v->as.string;
    ewi_jlist list = {0};
    ewi_jv characters = {.kind = EWI_J_LIST, .as.list = &list}, part;
    ewi_jbuilder b;
    if (step == 1) {
        size_t from = ewi_jstring_offset(s, (size_t)begin), to = ewi_jstring_offset(s, (size_t)end);
        return ewi_jstring_part(run, s, from, to > from ? to : from, out);
    }
    if (!ewi_jv_iterate(run, v, &list.items, &list.n)) return false;
    if (!slice_list(run, &characters, begin, end, step, &part)) return false;
    ewi_jb_init(&b, run);
    b.safe = s->safe;
    for (size_t i = 0; i < part.as.list->n; i++)
        if (!ewi_jb_add_value(&b, &part.as.list->items[i])) return false;
    return ewi_jb_end(&b, out);
}

bool ewi_jinja_slice(ewi_jinja *run, const ewi_jv *v, const ewi_jv bounds[3], ewi_jv *out) {
    int64_t n, step = 1, begin, end;
    bool string = v->kind == EWI_J_STRING;
    if (v->kind == EWI_J_UNDEFINED) return ewi_jinja_undefined(run, v);
    if (!string && v->kind != EWI_J_LIST && v->kind != EWI_J_TUPLE && !ewi_jv_is_range(v))
        return *out = ewi_jv_undefined(NULL), true; /* jinja2 takes the failure for a missing item */
    n = (int64_t)(string ? ewi_jstring_length(v->as.string) : v->as.list->n);
    if (string && !ewi_jinja_spend_bytes(run, v->as.string->len)) return false;
    if (!read_bound(run, &bounds[2], 1, 0, INT64_MIN, INT64_MAX, &step)) return false;
    if (step == 0) return ewi_jinja_raise(run, "a slice cannot have step 0");
    int64_t low = step > 0 ? 0 : -1, high = step > 0 ? n : n - 1;
    if (!read_bound(run, &bounds[0], step > 0 ? 0 : n - 1, n, low, high, &begin) ||
        !read_bound(run, &bounds[1], step > 0 ? n : -1, n, low, high, &end))
        return false;
    return string ? slice_string(run, v, begin, end, step, out) : slice_list(run, v, begin, end, step, out);
}
