/*
 * splitter.h: cuts a text into words by a list of steps, as the pre-tokenizers of huggingface/tokenizers do.
 *
 * Each step cuts the words that the one before left; some rewrite blanks. What comes out is an array of
 * words, in order; what lies between them is dropped. Linear in the text for each step. Scratch memory, to be
 * used again; one thread at a time.
 *
 *     ewi_splitter s;
 *     ewi_splitter_init(&s);
 *     EWI_TRY(ewi_split(&s, steps, n_steps, text, true, err));
 *     for (size_t i = 0; i < s.n; i++) use(ewi_splitter_word(&s, i));
 *     ewi_splitter_deinit(&s);
 */
#ifndef EW_TEXT_SPLITTER_H
#define EW_TEXT_SPLITTER_H

#include "base/buffer.h"
#include "base/slice.h"
#include "text/vocab.h"

typedef struct ewi_span {
    size_t start, len;
} ewi_span;

typedef struct ewi_splitter {
    ewi_bytes text;  /* where the spans lie: the caller's, or one of `texts` */
    ewi_span *spans; /* [n] */
    ewi_span *next;  /* what a step is making */
    size_t n, cap, n_next, cap_next;
    ewi_buffer texts[2];
    bool first; /* the text begins what is encoded */
    bool failed;
} ewi_splitter;

void ewi_splitter_init(ewi_splitter *splitter);
void ewi_splitter_deinit(ewi_splitter *splitter);

/* Borrows the text until the words were used. `first`: no token is before it. Errors: EW_NO_MEMORY. */
EWI_NODISCARD ew_status ewi_split(ewi_splitter *splitter, const ewi_split_step *steps, size_t n_steps,
                                  ewi_bytes text, bool first, ew_error *err);

static inline ewi_bytes ewi_splitter_word(const ewi_splitter *splitter, size_t i) {
    return (ewi_bytes){splitter->text.data + splitter->spans[i].start, splitter->spans[i].len};
}

#endif
