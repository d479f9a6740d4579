/*
 * unicode.h: what the scanners and the normalizer need to know of a character, from one stated version of
 * Unicode.
 *
 * The tables are generated (tools/gen-unicode, UCD 15.0.0). A character that this version does not assign is
 * Cn. Pure data: any thread.
 *
 *     uint32_t set = ewi_unicode_set(c);
 *     if (set & EWI_UNICODE_L) ...                       \p{L}
 *     if (set & EWI_UNICODE_WHITE_SPACE) ...             \s
 */
#ifndef EW_TEXT_UNICODE_H
#define EW_TEXT_UNICODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/utf8.h"

#define EWI_UNICODE_BLOCK 256
/* In a class byte: the character has White_Space. The bits below are the category. */
#define EWI_UNICODE_CLASS_SPACE 0x20

/* General categories, in the order of the generated classes. */
typedef enum ewi_category {
    EWI_CN,
    EWI_CC,
    EWI_CF,
    EWI_CO,
    EWI_CS,
    EWI_LL,
    EWI_LM,
    EWI_LO,
    EWI_LT,
    EWI_LU,
    EWI_MC,
    EWI_ME,
    EWI_MN,
    EWI_ND,
    EWI_NL,
    EWI_NO,
    EWI_PC,
    EWI_PD,
    EWI_PE,
    EWI_PF,
    EWI_PI,
    EWI_PO,
    EWI_PS,
    EWI_SC,
    EWI_SK,
    EWI_SM,
    EWI_SO,
    EWI_ZL,
    EWI_ZP,
    EWI_ZS,
} ewi_category;

/* Sets of categories, as bits. A character has that of its category, maybe that of white space. */
#define EWI_CATEGORY(c)     (1u << (c))
#define EWI_UNICODE_M       (EWI_CATEGORY(EWI_MC) | EWI_CATEGORY(EWI_ME) | EWI_CATEGORY(EWI_MN))
#define EWI_UNICODE_N       (EWI_CATEGORY(EWI_ND) | EWI_CATEGORY(EWI_NL) | EWI_CATEGORY(EWI_NO))
#define EWI_UNICODE_UNCASED (EWI_CATEGORY(EWI_LM) | EWI_CATEGORY(EWI_LO))
#define EWI_UNICODE_L \
    (EWI_CATEGORY(EWI_LL) | EWI_CATEGORY(EWI_LT) | EWI_CATEGORY(EWI_LU) | EWI_UNICODE_UNCASED)
#define EWI_UNICODE_P                                                                            \
    (EWI_CATEGORY(EWI_PC) | EWI_CATEGORY(EWI_PD) | EWI_CATEGORY(EWI_PE) | EWI_CATEGORY(EWI_PF) | \
     EWI_CATEGORY(EWI_PI) | EWI_CATEGORY(EWI_PO) | EWI_CATEGORY(EWI_PS))
#define EWI_UNICODE_S \
    (EWI_CATEGORY(EWI_SC) | EWI_CATEGORY(EWI_SK) | EWI_CATEGORY(EWI_SM) | EWI_CATEGORY(EWI_SO))
#define EWI_UNICODE_WHITE_SPACE (1u << 30)

extern const uint8_t ewi_unicode_index[0x110000 / EWI_UNICODE_BLOCK];
extern const uint8_t ewi_unicode_classes[];

/*
 * The set of a character; EWI_UTF8_INVALID, a byte that is no character, counts as a symbol (So) like U+FFFD.
 */
static inline uint32_t ewi_unicode_set(uint32_t c) {
    if (c >= 0x110000) return EWI_CATEGORY(EWI_SO);
    size_t at = (size_t)ewi_unicode_index[c / EWI_UNICODE_BLOCK] * EWI_UNICODE_BLOCK + c % EWI_UNICODE_BLOCK;
    uint8_t packed = ewi_unicode_classes[at];
    uint32_t space = (uint32_t)(packed & EWI_UNICODE_CLASS_SPACE) << 25;
    return EWI_CATEGORY(packed & 0x1f) | space;
}

/*
 * \w of Unicode Technical Standard 18: Alphabetic (letters, Nl, circled and squared letters), marks, decimal
 * digits, connectors and joiners.
 */
static inline bool ewi_unicode_is_word(uint32_t c) {
    const uint32_t words =
        EWI_UNICODE_L | EWI_UNICODE_M | EWI_CATEGORY(EWI_ND) | EWI_CATEGORY(EWI_NL) | EWI_CATEGORY(EWI_PC);
    if (c == 0x200c || c == 0x200d || (c >= 0x24b6 && c <= 0x24e9)) return true;
    if (c >= 0x1f130 && c <= 0x1f189) return c <= 0x1f149 || (c >= 0x1f150 && c <= 0x1f169) || c >= 0x1f170;
    return ewi_unicode_set(c) & words;
}

/* The same as Oniguruma has it: without joiners, but with the superscripts and fractions of Latin-1. */
static inline bool ewi_unicode_is_word_oniguruma(uint32_t c) {
    if (c == 0xb2 || c == 0xb3 || c == 0xb9 || (c >= 0xbc && c <= 0xbe)) return true;
    return c != 0x200c && c != 0x200d && ewi_unicode_is_word(c);
}

/* The distance from a character to its upper, lower and title case; and those that are up to three
 * characters, then zeros. */
typedef struct ewi_unicode_case {
    uint32_t from;
    int32_t upper, lower, title;
} ewi_unicode_case;

typedef struct ewi_unicode_special_case {
    uint32_t from, upper[3], lower[3], title[3];
} ewi_unicode_special_case;

extern const ewi_unicode_case ewi_unicode_cases[]; /* ascending; who is not here has no case */
extern const size_t ewi_unicode_n_cases;
extern const ewi_unicode_special_case ewi_unicode_special_cases[]; /* ascending; come before the others */
extern const size_t ewi_unicode_n_special_cases;

/* Canonical composition (Unicode Standard Annex 15). The Hangul syllables are computed, not listed. */
typedef struct ewi_unicode_ccc_range {
    uint32_t first, last, ccc;
} ewi_unicode_ccc_range;

/* The value of the range that holds c, or 0. */
static inline uint32_t ewi_unicode_in_ranges(const ewi_unicode_ccc_range *ranges, size_t n, uint32_t c) {
    size_t low = 0, high = n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (ranges[middle].last < c)
            low = middle + 1;
        else
            high = middle;
    }
    return low < n && c >= ranges[low].first ? ranges[low].ccc : 0;
}

/* `whole` is canonically equal to `first` and `second`; second = 0: to `first` alone. */
typedef struct ewi_unicode_pair {
    uint32_t whole, first, second;
} ewi_unicode_pair;

extern const ewi_unicode_ccc_range ewi_unicode_ccc[]; /* ascending */
extern const size_t ewi_unicode_n_ccc;
extern const ewi_unicode_pair ewi_unicode_decompose[]; /* ascending by whole */
extern const size_t ewi_unicode_n_decompose;
extern const ewi_unicode_pair ewi_unicode_compose[]; /* ascending by first, then second */
extern const size_t ewi_unicode_n_compose;

/* The full compatibility decomposition of a character, where it is not the canonical one. */
typedef struct ewi_unicode_expansion {
    uint32_t whole, at; /* pool[at..) up to where the next one begins */
} ewi_unicode_expansion;

extern const ewi_unicode_expansion ewi_unicode_compatible[]; /* ascending, then one that ends the last */
extern const size_t ewi_unicode_n_compatible;
extern const uint32_t ewi_unicode_compatible_pool[];

/* Grapheme clusters (Unicode Standard Annex 29); `ccc` is the kind: 1 stands alone, 2 joins what is before
 * it, 3 joins what follows. */
extern const ewi_unicode_ccc_range ewi_unicode_graphemes[]; /* ascending */
extern const size_t ewi_unicode_n_graphemes;

/* Scripts (Unicode Standard Annex 24); `ccc` is the number of one. Who is not here is Unknown, 0. */
extern const ewi_unicode_ccc_range ewi_unicode_scripts[]; /* ascending */
extern const size_t ewi_unicode_n_scripts;
extern const char *const ewi_unicode_script_names[]; /* by number, then NULL */

enum { EWI_SCRIPT_HAN = 48, EWI_SCRIPT_HIRAGANA = 54, EWI_SCRIPT_KATAKANA = 62 };

static inline uint32_t ewi_unicode_script(uint32_t c) {
    return ewi_unicode_in_ranges(ewi_unicode_scripts, ewi_unicode_n_scripts, c);
}

#endif
