/*
 * nfc.h: Unicode Normalization Form C (Unicode Standard Annex 15), for vocabularies that were trained on
 * normalized text.
 *
 * Bytes that are not valid UTF-8 pass through and separate the text around them. Linear in the text, but for
 * sorting the marks of one character, which is n log n. Any thread.
 *
 *     ewi_buffer out;
 *     ewi_buffer_init(&out, max);
 *     if (!ewi_nfc_is_plain(text)) EWI_TRY(ewi_nfc_append(&out, text, err));
 */
#ifndef EW_TEXT_NFC_H
#define EW_TEXT_NFC_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/slice.h"

/* True when all characters are below U+0300, where text is in Form C already. */
bool ewi_nfc_is_plain(ewi_bytes text);

/* Appends the text in Form C. Errors: EW_NO_MEMORY, also when out is full. */
EWI_NODISCARD ew_status ewi_nfc_append(ewi_buffer *out, ewi_bytes text, ew_error *err);

#endif
