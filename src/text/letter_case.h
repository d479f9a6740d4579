/*
 * letter_case.h: a character in upper, lower or title case, of all of Unicode (3.13 of its core
 * specification), without regard to what stands beside it. Any thread.
 *
 *     uint32_t out[3];
 *     size_t n = ewi_letter_case(0xdf, EWI_UPPER, out);         the sharp s: "SS"
 */
#ifndef EW_TEXT_LETTER_CASE_H
#define EW_TEXT_LETTER_CASE_H

#include <stddef.h>
#include <stdint.h>

typedef enum ewi_case_form { EWI_UPPER, EWI_LOWER, EWI_TITLE } ewi_case_form;

/* Writes up to three characters; returns how many. */
size_t ewi_letter_case(uint32_t c, ewi_case_form form, uint32_t out[3]);

#endif
