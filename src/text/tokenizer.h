/*
 * tokenizer.h: a vocabulary made ready: lookup by bytes, by pair and by special token. The public functions
 * are in edgewise.h.
 *
 * Borrows the spellings of the ewi_vocab it was made from and owns all else. Immutable after
 * ewi_tokenizer_new and shared by any threads; ewi_tokenizer_own hands it what must live as long (a mapping,
 * an arena), to be released by ew_tokenizer_close.
 *
 *     EWI_TRY(ewi_tokenizer_new(&vocab, &tokenizer, err));
 *     ewi_tokenizer_own(tokenizer, release, files);
 *     ew_tokenizer_encode(tokenizer, text, 0, ids, cap, &n, err);
 *     ew_tokenizer_close(tokenizer);
 */
#ifndef EW_TEXT_TOKENIZER_H
#define EW_TEXT_TOKENIZER_H

#include "text/pairs.h"
#include "text/pieces.h"
#include "text/specials.h"
#include "text/trie.h"
#include "text/vocab.h"

struct ew_tokenizer {
    ewi_vocab_kind kind;
    ewi_scanner scanner;
    bool has_merges, ignore_merges, add_bos, cleans_up, fuses_unknown;
    ewi_space_prefix space_prefix;
    ewi_decoder decoder;
    const ewi_norm_step *norms;
    const ewi_split_step *splits;
    size_t n_norms, n_splits;
    const double *log_probs;
    double min_log_prob; /* of all tokens */
    ew_str word_prefix, inner_prefix, word_suffix;
    ew_str decode_mark, decode_blank;
    uint32_t max_word_chars;
    size_t n_tokens;
    ew_token bos, eos;
    uint32_t unk;  /* EWI_NO_TOKEN = none */
    uint32_t last; /* EWI_NO_TOKEN = none */
    ewi_pair_rule pair;
    const ew_str *spellings;
    uint8_t *types;       /* [n_tokens] as in ewi_vocab */
    uint8_t *flags;       /* [n_tokens] EW_TOKEN_... */
    uint32_t *score_keys; /* [n_tokens] SPM without merges: the better the score, the lower; else NULL */
    uint32_t byte_tokens[256];
    bool joins_blank
        [256]; /* SPM: some piece has this byte right before a blank, so that merges can cross there */
    ewi_pieces pieces;
    ewi_pairs pairs;
    ewi_specials specials;
    ewi_specials normalized; /* those that are looked for in normalized text */
    ewi_trie trie;           /* UNIGRAM: root 0. WORDPIECE: 0 where a word begins, 1 inside of one */
    void (*release)(void *owned);
    void *owned;
};

/* Errors: EW_FORMAT (a wrong id, type, score, byte token or merge, each named), EW_LIMIT, EW_NO_MEMORY. */
EWI_NODISCARD ew_status ewi_tokenizer_new(const ewi_vocab *vocab, ew_tokenizer **out, ew_error *err);

/* Takes `owned`: ew_tokenizer_close calls release(owned) last. */
void ewi_tokenizer_own(ew_tokenizer *tokenizer, void (*release)(void *owned), void *owned);

/* The bytes that a token adds to a text; a control token gives its spelling. token < n_vocab. */
static inline ewi_bytes ewi_token_bytes(const ew_tokenizer *tokenizer, ew_token token) {
    return ewi_piece_bytes(&tokenizer->pieces, (uint32_t)token);
}

/* A token that text can become by merging. */
static inline bool ewi_token_is_text(const ew_tokenizer *tokenizer, uint32_t token) {
    unsigned type = tokenizer->types[token] & EWI_TOKEN_TYPE_MASK;
    return type == EWI_TOKEN_NORMAL || type == EWI_TOKEN_UNUSED || type == EWI_TOKEN_USER_DEFINED;
}

#endif
