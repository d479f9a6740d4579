/*
 * vocab.h: a vocabulary as every file format spells it, in one neutral form. Loaders (room model) fill it; the tokenizer reads it.
 *
 * All slices are borrowed from whatever the loader mapped.
 */
#ifndef EW_TEXT_VOCAB_H
#define EW_TEXT_VOCAB_H

#include "base/slice.h"

typedef enum ewi_vocab_kind {
    EWI_VOCAB_SPM, /* SentencePiece-style: merge the neighbours whose joined piece has the best score; bytes as a last resort */
    EWI_VOCAB_BPE, /* byte-level BPE: scan into words, then merge by rank */
} ewi_vocab_kind;

typedef enum ewi_token_type {
    EWI_TOKEN_NORMAL = 1, /* numbers as in tokenizer.ggml.token_type */
    EWI_TOKEN_UNKNOWN = 2,
    EWI_TOKEN_CONTROL = 3,
    EWI_TOKEN_USER_DEFINED = 4,
    EWI_TOKEN_UNUSED = 5,
    EWI_TOKEN_BYTE = 6,
} ewi_token_type;

/* The pre-tokenizer patterns that models use, each a small scanner. */
typedef enum ewi_scanner {
    EWI_SCAN_GPT2,
    EWI_SCAN_LLAMA3,
    EWI_SCAN_QWEN2,
    EWI_SCAN_CL100K,
    EWI_SCAN_O200K,
    EWI_SCAN_STARCODER,
    EWI_SCAN_FALCON,
    EWI_SCAN_DEEPSEEK_CODER,
    EWI_N_SCANNERS
} ewi_scanner;

typedef struct ewi_merge {
    uint32_t left, right, joined; /* token ids; rank = index */
} ewi_merge;

typedef struct ewi_vocab {
    ewi_vocab_kind kind;
    size_t n_tokens;
    const ew_str *
        tokens; /* as the file spells them (byte-level BPE: in GPT-2's printable alphabet unless raw_bytes) */
    const float *scores;     /* SPM only */
    const uint8_t *types;    /* ewi_token_type */
    const ewi_merge *merges; /* BPE; NULL: a pair's rank is the id of the joined token (tiktoken) */
    size_t n_merges;
    ewi_scanner scanner;
    bool raw_bytes;     /* BPE: tokens are plain bytes, not GPT-2's alphabet */
    bool ignore_merges; /* BPE: a word that is a token is taken whole, without merging (Llama-3) */
    bool add_bos, add_eos, add_space_prefix;
    int32_t bos, eos, unk; /* -1 = none */
    const int32_t *eog;    /* further tokens that end an answer */
    size_t n_eog;
} ewi_vocab;

#endif
