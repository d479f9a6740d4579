/*
 * jinja_filters.h: filters that have a file of their own, and what they share. Each is an ewi_jbuiltin_fn.
 */
#ifndef EW_TEXT_JINJA_FILTERS_H
#define EW_TEXT_JINJA_FILTERS_H

#include "text/jinja_text.h"

/* jinja_sort.c */
bool ewi_jfilter_sort(ewi_jinja *run, ewi_jcall *call, ewi_jv *out);
bool ewi_jfilter_dictsort(ewi_jinja *run, ewi_jcall *call, ewi_jv *out);
bool ewi_jfilter_unique(ewi_jinja *run, ewi_jcall *call, ewi_jv *out);
bool ewi_jfilter_min(ewi_jinja *run, ewi_jcall *call, ewi_jv *out);
bool ewi_jfilter_max(ewi_jinja *run, ewi_jcall *call, ewi_jv *out);

/* jinja_select.c */
bool ewi_jfilter_map(ewi_jinja *run, ewi_jcall *call, ewi_jv *out);
bool ewi_jfilter_select(ewi_jinja *run, ewi_jcall *call, ewi_jv *out);
bool ewi_jfilter_reject(ewi_jinja *run, ewi_jcall *call, ewi_jv *out);
bool ewi_jfilter_selectattr(ewi_jinja *run, ewi_jcall *call, ewi_jv *out);
bool ewi_jfilter_rejectattr(ewi_jinja *run, ewi_jcall *call, ewi_jv *out);

/* v["a"]["b"] for attribute "a.b", as jinja2 has it; an undefined one becomes *or_else, unless that is
 * NULL. */
bool ewi_jinja_attribute(ewi_jinja *run, const ewi_jv *v, const ewi_jv *attribute, const ewi_jv *or_else,
                         ewi_jv *out);

/* jinja_number.c */
bool ewi_jfilter_int(ewi_jinja *run, ewi_jcall *call, ewi_jv *out);
bool ewi_jfilter_float(ewi_jinja *run, ewi_jcall *call, ewi_jv *out);
bool ewi_jfilter_abs(ewi_jinja *run, ewi_jcall *call, ewi_jv *out);
bool ewi_jfilter_round(ewi_jinja *run, ewi_jcall *call, ewi_jv *out);
bool ewi_jfilter_sum(ewi_jinja *run, ewi_jcall *call, ewi_jv *out);

#endif
