/*
 * words.h: a text as words, in the three ways that scores of answers have agreed on.
 *
 * Words are borrowed from copies in the arena; they live as long as it. NULL items: no memory.
 *
 *     ewi_words words = ewi_words_13a(text, &arena);
 *     if (!words.items) ...
 */
#ifndef EW_MEASURE_WORDS_H
#define EW_MEASURE_WORDS_H

#include "base/arena.h"
#include "base/slice.h"

typedef struct ewi_words {
    ew_str *items;
    size_t n;
} ewi_words;

/* SQuAD 2.0's evaluation: lower case, without ASCII punctuation and articles. */
ewi_words ewi_words_squad(ew_str text, ewi_arena *arena);
/* mteval-v13a.pl's tokens as sacrebleu makes them: marks are words of their own. */
ewi_words ewi_words_13a(ew_str text, ewi_arena *arena);
/* rouge-score's: runs of ASCII letters and digits in lower case. */
ewi_words ewi_words_rouge(ew_str text, ewi_arena *arena);

#endif
