/* jinja_functions.c: the functions that every template has. */
#include <stdio.h>

#include "text/jinja_value.h"

#define MAX_RANGE 100000 /* as jinja2's sandbox has it */

static const char range_name[] = "range";

bool ewi_jv_is_range(const ewi_jv *v) {
    return v->kind == EWI_J_VIEW && v->as.list->type_name == range_name;
}

/* How many steps lead from `begin` up to `end`; step > 0. */
static uint64_t count_steps(int64_t begin, int64_t end, uint64_t step) {
    if (begin >= end) return 0;
    return ((uint64_t)end - (uint64_t)begin - 1) / step + 1;
}

static bool function_range(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    int64_t bounds[3] = {0, 0, 1};
    if (call->n_args == 0 || call->n_args > 3 || call->n_positional < call->n_args)
        return ewi_jinja_raise(run, "range: one to three whole numbers");
    for (size_t i = 0; i < call->n_args; i++)
        if (!ewi_jv_to_int(&call->args[i].value, &bounds[call->n_args == 1 ? 1 : i]))
            return ewi_jinja_raise(run, "range: a %s is no whole number",
                                   ewi_jv_type_name(&call->args[i].value));
    int64_t step = bounds[2];
    if (step == 0) return ewi_jinja_raise(run, "range: the step is 0");
    uint64_t n = step > 0 ? count_steps(bounds[0], bounds[1], (uint64_t)step)
                          : count_steps(bounds[1], bounds[0], 0 - (uint64_t)step);
    if (n > MAX_RANGE) return ewi_jinja_raise(run, "range: more than %d numbers", MAX_RANGE);
    if (!ewi_jlist_new(run, EWI_J_VIEW, n, out)) return false;
    out->as.list->type_name = range_name;
    for (uint64_t i = 0; i < n; i++)
        if (!ewi_jlist_add(run, out->as.list, ewi_jv_int(bounds[0] + (int64_t)i * step))) return false;
    return true;
}

/* A copy of the dict that is given, if any, with the named arguments. */
static bool fill_dict(ewi_jinja *run, ewi_jcall *call, ewi_jkind kind, ewi_jv *out) {
    if (!ewi_jdict_new(run, kind, out)) return false;
    if (call->n_positional > 1) return ewi_jinja_raise(run, "dict: one dict at most");
    if (call->n_positional == 1) {
        const ewi_jv *from = &call->args[0].value;
        if (from->kind != EWI_J_DICT)
            return ewi_jinja_fail(run, EW_UNSUPPORTED, "dict: from a %s is not supported",
                                  ewi_jv_type_name(from));
        for (size_t i = 0; i < from->as.dict->n; i++)
            if (!ewi_jdict_set(run, out->as.dict, &from->as.dict->pairs[i].key,
                               from->as.dict->pairs[i].value))
                return false;
    }
    for (size_t i = call->n_positional; i < call->n_args; i++) {
        ewi_jv key;
        if (!ewi_jv_text(run, call->args[i].name, false, &key) ||
            !ewi_jdict_set(run, out->as.dict, &key, call->args[i].value))
            return false;
    }
    return true;
}

static bool function_dict(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    return fill_dict(run, call, EWI_J_DICT, out);
}

static bool function_namespace(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    return fill_dict(run, call, EWI_J_NAMESPACE, out);
}

static bool function_raise(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    ewi_jv text;
    *out = ewi_jv_none();
    if (!ewi_jv_to_string(run, &call->a[0], &text)) return false;
    return ewi_jinja_raise(run, "the template refuses these messages: %.*s", EWI_STR_ARG(ewi_jv_str(&text)));
}

/* ---- the date ---- */

/* Days since 1 March 0000, in the calendar of today (H. Hinnant, "chrono-Compatible Low-Level Date
 * Algorithms", days_from_civil). */
static int64_t day_number(int64_t year, int month, int day) {
    year -= month <= 2;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return year * 365 + year / 4 - year / 100 + year / 400 + of_year;
}

static int day_of_year(const ewi_jinja_date *d) {
    int64_t first = day_number(d->year, 1, 1);
    return (int)(day_number(d->year, d->month, d->day) - first) + 1;
}

/* One conversion of strftime in the C locale; false: not one of those known here. */
static bool convert_date(const ewi_jinja_date *d, char letter, char out[64]) {
    static const char *const days[] = {"Wednesday", "Thursday", "Friday", "Saturday",
                                       "Sunday",    "Monday",   "Tuesday"}; /* 1 March 0000 is the first */
    static const char *const months[] = {"January",   "February", "March",    "April",
                                         "May",       "June",     "July",     "August",
                                         "September", "October",  "November", "December"};
    const char *day = days[day_number(d->year, d->month, d->day) % 7], *month = months[d->month - 1];
    int hour12 = d->hour % 12 ? d->hour % 12 : 12;
    switch (letter) {
    case 'Y': return snprintf(out, 64, "%d", d->year) > 0;
    case 'y': return snprintf(out, 64, "%02d", d->year % 100) > 0;
    case 'm': return snprintf(out, 64, "%02d", d->month) > 0;
    case 'd': return snprintf(out, 64, "%02d", d->day) > 0;
    case 'e': return snprintf(out, 64, "%2d", d->day) > 0;
    case 'j': return snprintf(out, 64, "%03d", day_of_year(d)) > 0;
    case 'H': return snprintf(out, 64, "%02d", d->hour) > 0;
    case 'I': return snprintf(out, 64, "%02d", hour12) > 0;
    case 'M': return snprintf(out, 64, "%02d", d->minute) > 0;
    case 'S': return snprintf(out, 64, "%02d", d->second) > 0;
    case 'p': return snprintf(out, 64, "%s", d->hour < 12 ? "AM" : "PM") > 0;
    case 'B': return snprintf(out, 64, "%s", month) > 0;
    case 'b': return snprintf(out, 64, "%.3s", month) > 0;
    case 'A': return snprintf(out, 64, "%s", day) > 0;
    case 'a': return snprintf(out, 64, "%.3s", day) > 0;
    case 'F': return snprintf(out, 64, "%d-%02d-%02d", d->year, d->month, d->day) > 0;
    case 'T': return snprintf(out, 64, "%02d:%02d:%02d", d->hour, d->minute, d->second) > 0;
    case '%': return snprintf(out, 64, "%%") > 0;
    default: return false;
    }
}

static bool function_strftime(ewi_jinja *run, ewi_jcall *call, ewi_jv *out) {
    ewi_jbuilder b;
    char text[64];
    ewi_jb_init(&b, run);
    if (call->a[0].kind != EWI_J_STRING) return ewi_jinja_raise(run, "strftime_now: the format is a text");
    const ewi_jstring *format = call->a[0].as.string;
    for (size_t i = 0, n; i < format->len; i += n) {
        const char *percent = memchr(format->data + i, '%', format->len - i);
        n = percent ? (size_t)(percent - format->data) - i : format->len - i;
        if (!ewi_jb_add_part(&b, format, i, i + n)) return false;
        if (!percent) break;
        char letter = i + n + 1 < format->len ? format->data[i + n + 1] : '\0';
        if (!convert_date(&run->now, letter, text))
            return ewi_jinja_fail(run, EW_UNSUPPORTED, "strftime_now: %%%c is not supported",
                                  letter > ' ' && letter < 0x7f ? letter : '?');
        if (!ewi_jb_add(&b, ewi_str(text), false)) return false;
        n += 2;
    }
    return ewi_jb_end(&b, out);
}

const ewi_jbuiltin ewi_jinja_functions[] = {
    {"dict", NULL, function_dict},
    {"namespace", NULL, function_namespace},
    {"raise_exception", "message", function_raise},
    {"range", NULL, function_range},
    {"strftime_now", "format", function_strftime},
    {NULL, NULL, NULL},
};
