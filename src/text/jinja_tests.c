/* jinja_tests.c: what `is` asks. */
#include "text/jinja_text.h"

static bool says(ewi_jv *out, bool answer) {
    *out = ewi_jv_bool(answer);
    return true;
}

static bool test_defined(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    (void)run;
    return says(out, call->in.kind != EWI_J_UNDEFINED);
}

static bool test_undefined(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    (void)run;
    return says(out, call->in.kind == EWI_J_UNDEFINED);
}

static bool test_none(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    (void)run;
    return says(out, call->in.kind == EWI_J_NONE);
}

static bool test_boolean(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    (void)run;
    return says(out, call->in.kind == EWI_J_BOOL);
}

static bool test_true(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    (void)run;
    return says(out, call->in.kind == EWI_J_BOOL && call->in.as.flag);
}

static bool test_false(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    (void)run;
    return says(out, call->in.kind == EWI_J_BOOL && !call->in.as.flag);
}

static bool test_integer(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    (void)run;
    return says(out, call->in.kind == EWI_J_INT);
}

static bool test_float(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    (void)run;
    return says(out, call->in.kind == EWI_J_FLOAT);
}

static bool test_number(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    double real;
    (void)run;
    return says(out, ewi_jv_to_double(&call->in, &real));
}

static bool test_string(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    (void)run;
    return says(out, call->in.kind == EWI_J_STRING);
}

static bool test_mapping(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    (void)run;
    return says(out, call->in.kind == EWI_J_DICT);
}

/* What has a length and parts: jinja2 counts dicts and undefined values. */
static bool test_sequence(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    ewi_jkind k = call->in.kind;
    (void)run;
    return says(out, k == EWI_J_STRING || k == EWI_J_LIST || k == EWI_J_TUPLE || k == EWI_J_DICT ||
                         k == EWI_J_UNDEFINED || ewi_jv_is_range(&call->in));
}

static bool test_iterable(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    ewi_jkind k = call->in.kind;
    (void)run;
    return says(out, ewi_jv_is_list(&call->in) || k == EWI_J_STRING || k == EWI_J_DICT ||
                         k == EWI_J_UNDEFINED || k == EWI_J_LOOP);
}

static bool test_callable(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    ewi_jkind k = call->in.kind;
    (void)run;
    return says(out, k == EWI_J_MACRO || k == EWI_J_FUNCTION || k == EWI_J_METHOD || k == EWI_J_UNDEFINED ||
                         k == EWI_J_LOOP);
}

static bool test_escaped(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    (void)run;
    return says(out, call->in.kind == EWI_J_STRING && call->in.as.string->safe);
}

static bool is_case(ewi_jinja *run, ewi_jcall *call, ewi_case_form form, ewi_jv *out) {
    ewi_jv text;
    if (!ewi_jv_to_string(run, &call->in, &text) || !ewi_jinja_spend_bytes(run, text.as.string->len))
        return false;
    return says(out, ewi_jinja_is_case(text.as.string, form));
}

static bool test_lower(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    return is_case(run, call, EWI_LOWER, out);
}

static bool test_upper(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    return is_case(run, call, EWI_UPPER, out);
}

/* The rest of a division, as Python has it. */
static bool has_rest(ewi_jinja *run, const ewi_jv *a, ewi_jv divisor, int64_t rest, ewi_jv *out) {
    ewi_jv expected = ewi_jv_int(rest), got;
    bool equal;
    if (!ewi_jinja_arithmetic(run, '%', a, &divisor, &got) || !ewi_jv_equal(run, &got, &expected, &equal))
        return false;
    return says(out, equal);
}

static bool test_even(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    return has_rest(run, &call->in, ewi_jv_int(2), 0, out);
}

static bool test_odd(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    return has_rest(run, &call->in, ewi_jv_int(2), 1, out);
}

static bool test_divisibleby(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    return has_rest(run, &call->in, call->a[0], 0, out);
}

/* ---- comparisons ---- */

static bool test_eq(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    bool equal;
    return ewi_jv_equal(run, &call->in, &call->a[0], &equal) && says(out, equal);
}

static bool test_ne(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    bool equal;
    return ewi_jv_equal(run, &call->in, &call->a[0], &equal) && says(out, !equal);
}

static bool test_lt(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    int order;
    return ewi_jv_compare(run, &call->in, &call->a[0], &order) && says(out, order < 0);
}

static bool test_le(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    int order;
    return ewi_jv_compare(run, &call->in, &call->a[0], &order) && says(out, order <= 0);
}

static bool test_gt(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    int order;
    return ewi_jv_compare(run, &call->in, &call->a[0], &order) && says(out, order > 0);
}

static bool test_ge(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    int order;
    return ewi_jv_compare(run, &call->in, &call->a[0], &order) && says(out, order >= 0);
}

static bool test_in(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    bool found;
    return ewi_jinja_contains(run, &call->a[0], &call->in, &found) && says(out, found);
}

/* Python's `is`, as far as values that do not change can tell. */
static bool test_sameas(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    bool equal;
    return ewi_jv_equal(run, &call->in, &call->a[0], &equal) &&
           says(out, equal && call->in.kind == call->a[0].kind);
}

static bool exists(const ewi_jbuiltin *table, const ewi_jcall *call, ewi_jv *out) {
    return says(out, call->in.kind == EWI_J_STRING && ewi_jbuiltin_find(table, ewi_jv_str(&call->in)));
}

static bool test_filter(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    (void)run;
    return exists(ewi_jinja_filters, call, out);
}

static bool test_test(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    (void)run;
    return exists(ewi_jinja_tests, call, out);
}

const ewi_jbuiltin ewi_jinja_tests[] = {
    {"boolean", "", test_boolean},     {"callable", "", test_callable},
    {"defined", "", test_defined},     {"divisibleby", "num", test_divisibleby},
    {"eq", "other", test_eq},          {"equalto", "other", test_eq},
    {"==", "other", test_eq},          {"escaped", "", test_escaped},
    {"even", "", test_even},           {"false", "", test_false},
    {"filter", "", test_filter},       {"float", "", test_float},
    {"ge", "other", test_ge},          {">=", "other", test_ge},
    {"greaterthan", "other", test_gt}, {"gt", "other", test_gt},
    {">", "other", test_gt},           {"in", "seq", test_in},
    {"integer", "", test_integer},     {"iterable", "", test_iterable},
    {"le", "other", test_le},          {"<=", "other", test_le},
    {"lessthan", "other", test_lt},    {"lt", "other", test_lt},
    {"<", "other", test_lt},           {"lower", "", test_lower},
    {"mapping", "", test_mapping},     {"ne", "other", test_ne},
    {"!=", "other", test_ne},          {"none", "", test_none},
    {"number", "", test_number},       {"odd", "", test_odd},
    {"sameas", "other", test_sameas},  {"sequence", "", test_sequence},
    {"string", "", test_string},       {"test", "", test_test},
    {"true", "", test_true},           {"undefined", "", test_undefined},
    {"upper", "", test_upper},         {NULL, NULL, NULL},
};
