/*
 * segmenter.h: one word to tokens, by WordPiece or by a unigram model. Byte-pair merging is merger.h.
 *
 * WordPiece takes the longest piece that the rest of a word begins with (Schuster and Nakajima 2012). A
 * unigram model takes, of all ways to cut a word into pieces, the one of the greatest sum of log
 * probabilities, by Viterbi's algorithm (Kudo 2018). Both are linear in the word, times the longest piece.
 * Scratch memory that grows to the longest word; one thread at a time.
 *
 *     ewi_segmenter s;
 *     ewi_segmenter_init(&s, tokenizer);
 *     EWI_TRY(ewi_segment(&s, word, err));
 *     for (size_t i = 0; i < s.n; i++) use(s.parts[i].token, s.parts[i].start, s.parts[i].len);
 *     ewi_segmenter_deinit(&s);
 */
#ifndef EW_TEXT_SEGMENTER_H
#define EW_TEXT_SEGMENTER_H

#include "text/tokenizer.h"

/* A part of a word. */
typedef struct ewi_answer_part {
    uint32_t token; /* EWI_NO_TOKEN: unknown */
    uint32_t start, len;
} ewi_answer_part;

/* The best way to a place in the word. */
typedef struct ewi_lattice_node {
    double score;
    uint32_t token; /* the last piece; EWI_NO_TOKEN: one unknown character */
    uint32_t start; /* where it begins; EWI_NO_NODE: the place was not reached */
} ewi_lattice_node;

typedef struct ewi_segmenter {
    const ew_tokenizer *tokenizer;
    ewi_answer_part *parts; /* [n] */
    ewi_lattice_node *nodes;
    size_t n, cap;
} ewi_segmenter;

void ewi_segmenter_init(ewi_segmenter *segmenter, const ew_tokenizer *tokenizer);
void ewi_segmenter_deinit(ewi_segmenter *segmenter);

/* Errors: EW_NO_MEMORY. */
EWI_NODISCARD ew_status ewi_segment(ewi_segmenter *segmenter, ewi_bytes word, ew_error *err);

#endif
