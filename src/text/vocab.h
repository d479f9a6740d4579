/*
 * vocab.h: a vocabulary as every file format spells it, in one neutral form. Loaders (room model) fill it;
 * the tokenizer reads it.
 *
 * All slices are borrowed from whatever the loader mapped; they outlive the tokenizer. Nothing here is
 * trusted: ewi_tokenizer_new checks ids, types, scores, byte tokens and merges.
 *
 *     ewi_vocab vocab;
 *     EWI_TRY(ewi_vocab_from_gguf(&gguf, &arena, &vocab, err));
 *     EWI_TRY(ewi_tokenizer_new(&vocab, &tokenizer, err));
 */
#ifndef EW_TEXT_VOCAB_H
#define EW_TEXT_VOCAB_H

#include "base/compiler.h"
#include "base/slice.h"

typedef enum ewi_vocab_kind {
    EWI_VOCAB_SPM, /* SentencePiece-style: characters, blanks written as U+2581, bytes as a last resort */
    EWI_VOCAB_BPE, /* byte-level BPE: scan into words, then merge bytes */
} ewi_vocab_kind;

typedef enum ewi_token_type {
    EWI_TOKEN_NORMAL = 1, /* numbers as in tokenizer.ggml.token_type */
    EWI_TOKEN_UNKNOWN = 2,
    EWI_TOKEN_CONTROL = 3,
    EWI_TOKEN_USER_DEFINED = 4, /* found in any text before all else, spelled as is */
    EWI_TOKEN_UNUSED = 5,
    EWI_TOKEN_BYTE = 6,
} ewi_token_type;

/*
 * Or-ed to the type of a control or user-defined token: it swallows the white space before (after) it in a
 * text.
 */
enum { EWI_TOKEN_TYPE_MASK = 0x0f, EWI_TOKEN_LSTRIP = 0x10, EWI_TOKEN_RSTRIP = 0x20 };

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
    EWI_SCAN_GGUF_DEFAULT, /* what a GGUF file means that names no pattern */
    EWI_N_SCANNERS
} ewi_scanner;

/* SPM: where a blank is put before a text, or before each stretch of it between special tokens. */
typedef enum ewi_space_prefix {
    EWI_PREFIX_NEVER,
    EWI_PREFIX_EACH,              /* GGUF; the Prepend normalizer */
    EWI_PREFIX_EACH_UNLESS_BLANK, /* Metaspace, prepend_scheme "always" */
    EWI_PREFIX_FIRST_UNLESS_BLANK,
} ewi_space_prefix;

/* Limits of what a loader may hand on: some times the largest that models have, and tables of tens of MiB. */
#define EWI_MAX_TOKENS   (1u << 20)
#define EWI_MAX_MERGES   (1u << 20)
#define EWI_MAX_SPECIALS (1u << 18)

/* Gives the merges one by one, best first, each side spelled like a token: read exactly n times. */
typedef struct ewi_merge_source {
    /* 0: a pair's rank comes from the joined token: its score (SPM), or its id (BPE, as tiktoken does). */
    size_t n;
    void *state;
    ew_status (*next)(void *state, ew_str *left, ew_str *right, ew_error *err);
} ewi_merge_source;

typedef struct ewi_vocab {
    ewi_vocab_kind kind;
    size_t n_tokens;
    const ew_str *tokens; /* as the file spells them (BPE: in GPT-2's printable alphabet unless raw_bytes) */
    const float *scores;  /* SPM without merges */
    const uint8_t *types; /* ewi_token_type, maybe with LSTRIP and RSTRIP */
    ewi_merge_source merges;
    ewi_scanner scanner; /* BPE */
    bool unique;         /* ordinary tokens are keys: one that comes twice contradicts itself */
    bool raw_bytes;      /* BPE: tokens are plain bytes, not GPT-2's alphabet */
    bool ignore_merges;  /* BPE: a word that is a token is taken whole, without merging (Llama-3, tiktoken) */
    bool nfc;            /* text is brought to Normalization Form C first (Qwen2) */
    bool add_bos;
    ewi_space_prefix space_prefix; /* SPM */
    int32_t bos, eos, unk;         /* -1 = none */
    const int32_t *eog;            /* further tokens that end an answer */
    size_t n_eog;
} ewi_vocab;

#endif
