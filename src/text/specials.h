/*
 * specials.h: finds control and user-defined tokens that are spelled out in a text.
 *
 * At each place the longest one wins, and the first place wins over later ones. A text of n bytes costs O(n)
 * plus, where a token may begin, the length of what matches; that length is bounded by EWI_SPECIAL_MAX_LEN.
 * Owns its table, borrows the spellings; immutable after init, shared by any threads.
 *
 *     EWI_TRY(ewi_specials_init(&specials, &vocab, err));
 *     while (ewi_specials_find(&specials, text, from, false, &match)) from = match.start + match.len;
 *     ewi_specials_deinit(&specials);
 */
#ifndef EW_TEXT_SPECIALS_H
#define EW_TEXT_SPECIALS_H

#include "base/slice.h"
#include "text/vocab.h"

#define EWI_SPECIAL_MAX_LEN 256

typedef struct ewi_special {
    const uint8_t *text;
    uint32_t len;
    uint32_t token;
    uint8_t type; /* as in ewi_vocab */
} ewi_special;

typedef struct ewi_specials {
    uint8_t *owned; /* normalized spellings, or NULL */
    size_t n;
    ewi_special *items;  /* ascending by text, no text twice */
    uint32_t first[257]; /* items[first[b]] is the first one that begins with byte b or a greater one */
    bool any_user[256];  /* a user-defined one begins with this byte */
} ewi_specials;

typedef struct ewi_special_match {
    size_t start, len;
    uint32_t token;
    uint8_t type;
} ewi_special_match;

/*
 * `normalized`: only the user-defined tokens that are looked for in normalized text, which is so where the
 * vocabulary normalizes at all; otherwise all others. Errors: EW_LIMIT names a token that is too long;
 * EW_NO_MEMORY. On failure nothing is kept.
 */
EWI_NODISCARD ew_status ewi_specials_init(ewi_specials *specials, const ewi_vocab *vocab, bool normalized,
                                          ew_error *err);
void ewi_specials_deinit(ewi_specials *specials);

/* The first match at or after `from`; without `control`, only user-defined tokens match. */
bool ewi_specials_find(const ewi_specials *specials, ewi_bytes text, size_t from, bool control,
                       ewi_special_match *match);

#endif
