/*
 * jinja_text.h: what filters and methods do with texts.
 *
 * `out` is a value in the run's memory; marks follow their bytes. False: the run failed.
 *
 *     return ewi_jinja_strip(run, call->in.as.string, &call->a[0], EWI_J_BOTH_ENDS, out);
 */
#ifndef EW_TEXT_JINJA_TEXT_H
#define EW_TEXT_JINJA_TEXT_H

#include "text/jinja_value.h"
#include "text/letter_case.h"

/* Bytes [from, to) of s in another case; TITLE: each word begins with a capital. */
bool ewi_jb_add_case(ewi_jbuilder *b, const ewi_jstring *s, size_t from, size_t to, ewi_case_form form);
bool ewi_jinja_case(ewi_jinja *run, const ewi_jstring *s, ewi_case_form form, ewi_jv *out);
/* Whether letters of that case are in s, and none of another. */
bool ewi_jinja_is_case(const ewi_jstring *s, ewi_case_form form);
/* The first character a capital, the others small. */
bool ewi_jinja_capitalize(ewi_jinja *run, const ewi_jstring *s, ewi_jv *out);

typedef enum ewi_jends { EWI_J_LEFT = 1, EWI_J_RIGHT = 2, EWI_J_BOTH_ENDS = 3 } ewi_jends;

/* Without white space, or the characters of `chars`, at its ends. */
bool ewi_jinja_strip(ewi_jinja *run, const ewi_jstring *s, const ewi_jv *chars, ewi_jends ends, ewi_jv *out);
/* Each `old` becomes `new`, at most `count` of them (< 0: all). */
bool ewi_jinja_replace(ewi_jinja *run, const ewi_jstring *s, const ewi_jstring *old, const ewi_jstring *with,
                       int64_t count, ewi_jv *out);
/* The items as texts, with `between` between them. */
bool ewi_jinja_join(ewi_jinja *run, const ewi_jstring *between, const ewi_jv *items, size_t n, ewi_jv *out);
/* The lines, at \n, \r\n and what else Python takes for one. */
bool ewi_jinja_lines(ewi_jinja *run, const ewi_jstring *s, bool keep_ends, ewi_jv *out);
/* int(text), float(text): false when it is none, or does not fit. */
bool ewi_jinja_read_int(ew_str text, int base, int64_t *out);
bool ewi_jinja_read_float(ew_str text, double *out);

#endif
