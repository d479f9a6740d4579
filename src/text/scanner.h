/*
 * scanner.h: cuts text into the words inside which byte-level BPE merges.
 *
 * Each model family names a regular expression, or a cascade of them where each one cuts the pieces of the
 * one before. Here each is a small hand-written scanner with the same result; the expressions stand beside
 * them in scanner.c. Time is linear in the text. A byte that is not valid UTF-8 counts as one symbol. The
 * walk borrows the text; no allocation; one thread per walk.
 *
 *     ewi_words words;
 *     ewi_words_init(&words, EWI_SCAN_GPT2, text);
 *     for (ewi_bytes word; ewi_words_next(&words, &word);) merge(word);
 */
#ifndef EW_TEXT_SCANNER_H
#define EW_TEXT_SCANNER_H

#include <stdbool.h>

#include "base/slice.h"
#include "text/vocab.h"

#define EWI_SCAN_MAX_LEVELS 6

/* Fields are private to scanner.c. */
typedef struct ewi_words {
    ewi_bytes text;
    ewi_scanner scanner;
    size_t at;
    size_t ends[EWI_SCAN_MAX_LEVELS]; /* where the current piece of each expression of the cascade ends */
} ewi_words;

void ewi_words_init(ewi_words *words, ewi_scanner scanner, ewi_bytes text);
/* The words follow each other without a gap; false at the end. */
bool ewi_words_next(ewi_words *words, ewi_bytes *word);

#endif
