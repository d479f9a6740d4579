/*
 * normal_form.h: Unicode Normalization Forms (Unicode Standard Annex 15), for vocabularies that were trained
 * on normalized text.
 *
 * Bytes that are not valid UTF-8 pass through and separate the text around them. Linear in the text, but for
 * sorting the marks of one character, which is n log n. Any thread.
 *
 *     ewi_buffer out;
 *     ewi_buffer_init(&out, max);
 *     EWI_TRY(ewi_normal_form_append(&out, text, EWI_FORM_C, err));
 */
#ifndef EW_TEXT_NORMAL_FORM_H
#define EW_TEXT_NORMAL_FORM_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/slice.h"

/* Bits: 1 = composed, 2 = compatibility characters too. */
typedef enum ewi_normal_form {
    EWI_FORM_D = 0,
    EWI_FORM_C = 1,
    EWI_FORM_KD = 2,
    EWI_FORM_KC = 3
} ewi_normal_form;

/* True when the text certainly is in this form already: all its characters are below U+0300 (C) or U+0080. */
bool ewi_normal_form_is_plain(ewi_bytes text, ewi_normal_form form);

/* Appends the text in this form. Errors: EW_NO_MEMORY, also when out is full. */
EWI_NODISCARD ew_status ewi_normal_form_append(ewi_buffer *out, ewi_bytes text, ewi_normal_form form,
                                               ew_error *err);

#endif
