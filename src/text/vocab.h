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
    EWI_VOCAB_WORDPIECE, /* BERT: the longest piece that a word begins with, again and again */
    EWI_VOCAB_UNIGRAM,   /* the segmentation of the greatest total score */
    EWI_VOCAB_CHAR_BPE,  /* steps cut a text into words, whose characters merge */
    EWI_VOCAB_WORDLEVEL, /* each word is a token, or unknown */
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
 * text; user-defined: it is looked for in normalized text, as its normalized spelling; it is no part of a
 * longer word.
 */
enum {
    EWI_TOKEN_TYPE_MASK = 0x0f,
    EWI_TOKEN_LSTRIP = 0x10,
    EWI_TOKEN_RSTRIP = 0x20,
    EWI_TOKEN_NORMALIZED = 0x40,
    EWI_TOKEN_SINGLE_WORD = 0x80
};

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
    EWI_SCAN_DEEPSEEK_V3,
    EWI_SCAN_TEKKEN,
    EWI_SCAN_QWEN35,
    EWI_SCAN_SEED_CODER,
    EWI_SCAN_BLOOM,
    EWI_SCAN_VIKING,
    EWI_SCAN_DEEPSEEK_LLM,
    EWI_SCAN_MINICPM5,
    EWI_SCAN_YOUTU,
    EWI_SCAN_JAIS2,
    EWI_SCAN_EXAONE_MOE,
    EWI_SCAN_CHAMELEON,
    EWI_SCAN_TINY_AYA,
    EWI_SCAN_SUPERBPE,
    EWI_SCAN_KIMI_K2,
    EWI_SCAN_AFMOE,
    EWI_SCAN_LAGUNA,
    EWI_SCAN_GGUF_DEFAULT, /* what a GGUF file means that names no pattern */
    EWI_N_SCANNERS
} ewi_scanner;

/* A step of normalization (text/normalizer.h). Those of one character come last. */
typedef enum ewi_norm_kind {
    EWI_NORM_NFD,
    EWI_NORM_NFC,
    EWI_NORM_NFKD,
    EWI_NORM_NFKC,
    EWI_NORM_STRIP_LEFT, /* white space at the ends of the text */
    EWI_NORM_STRIP_RIGHT,
    EWI_NORM_STRIP,
    EWI_NORM_REPLACE,          /* each `from` by `to` */
    EWI_NORM_REPLACE_RUNS,     /* each run of two blanks and more by `to` */
    EWI_NORM_PREPEND,          /* `to`, unless the text is empty */
    EWI_NORM_ALPHABET,         /* bytes become characters of GPT-2's alphabet */
    EWI_NORM_CHARSMAP,         /* `map` as Hugging Face's Precompiled applies it */
    EWI_NORM_CHARSMAP_LONGEST, /* `map` as SentencePiece applies it */
    EWI_NORM_LOWERCASE,
    EWI_NORM_STRIP_MARKS,      /* \p{M} */
    EWI_NORM_STRIP_NONSPACING, /* \p{Mn} */
    EWI_NORM_CLEAN,            /* BERT: drops control characters, all white space becomes blanks */
    EWI_NORM_CHINESE,          /* BERT: blanks around each Chinese character */
    EWI_NORM_NMT,
} ewi_norm_kind;

/* SentencePiece's precompiled_charsmap: a double array and the texts that its values point into. */
typedef struct ewi_charsmap {
    ewi_bytes units; /* u32, little-endian */
    ewi_bytes texts; /* each ends with NUL */
} ewi_charsmap;

typedef struct ewi_norm_step {
    ewi_norm_kind kind;
    ew_str from, to; /* `from` is not empty */
    ewi_charsmap map;
} ewi_norm_step;

/* A step of cutting text into words (text/splitter.h), each on what the one before left. */
typedef enum ewi_split_kind {
    EWI_SPLIT_SPACE,       /* at each white space character */
    EWI_SPLIT_WORDS,       /* \w+|[^\w\s]+ : the rest goes */
    EWI_SPLIT_PUNCTUATION, /* ASCII's and \p{P} */
    EWI_SPLIT_DIGITS,      /* \p{N} */
    EWI_SPLIT_TEXT,        /* at each `text` */
    EWI_SPLIT_METASPACE, /* blanks become U+2581, one before the text as `prefix` says; parts begin with it */
    EWI_SPLIT_BLANKS,    /* the same, but nothing is cut */
    EWI_SPLIT_LEAD,      /* a blank before each word that begins with none */
    EWI_SPLIT_SCANNER,   /* `scanner` */
    EWI_SPLIT_SCRIPTS,   /* where the script changes, as SentencePiece cuts */
    EWI_SPLIT_LENGTH,    /* after each `length` characters */
    EWI_SPLIT_ALPHABET,  /* nothing is cut; bytes become characters of GPT-2's alphabet */
} ewi_split_kind;

/* What happens to a match: the names are those of huggingface/tokenizers. */
typedef enum ewi_split_behavior {
    EWI_SPLIT_REMOVED,
    EWI_SPLIT_ISOLATED,
    EWI_SPLIT_CONTIGUOUS, /* neighbouring matches are one */
    EWI_SPLIT_MERGED_WITH_PREVIOUS,
    EWI_SPLIT_MERGED_WITH_NEXT,
} ewi_split_behavior;

/* SPM: where a blank is put before a text, or before each stretch of it between special tokens. */
typedef enum ewi_space_prefix {
    EWI_PREFIX_NEVER,
    EWI_PREFIX_EACH,              /* GGUF; the Prepend normalizer */
    EWI_PREFIX_EACH_UNLESS_BLANK, /* Metaspace, prepend_scheme "always" */
    EWI_PREFIX_FIRST_UNLESS_BLANK,
} ewi_space_prefix;

typedef struct ewi_split_step {
    ewi_split_kind kind;
    ewi_split_behavior behavior;
    ew_str text; /* not empty */
    ewi_space_prefix prefix;
    ewi_scanner scanner;
    uint32_t length; /* not 0 */
} ewi_split_step;

/* How tokens become text, besides that bytes are bytes. */
typedef enum ewi_decoder {
    EWI_DECODE_PLAIN,     /* SPM, BPE: as encoding has it */
    EWI_DECODE_WORDPIECE, /* a blank between tokens, but before those that go on with a word */
    EWI_DECODE_METASPACE, /* U+2581 is a blank, but in the first token where encoding puts one there */
    EWI_DECODE_BLANKS,    /* the same, but of the first token only the first character */
    EWI_DECODE_JOIN,      /* a blank between tokens */
    EWI_DECODE_SUFFIX,    /* `decode_mark` ends a word: a blank, unless it ends the text */
    EWI_DECODE_CTC,       /* repeated tokens are one; `decode_mark` goes, `decode_blank` is a blank */
    EWI_DECODE_ALPHABET,  /* characters of GPT-2's alphabet are bytes */
} ewi_decoder;

/* Limits of what a loader may hand on: some times the largest that models have, and tables of tens of MiB. */
#define EWI_MAX_TOKENS      (1u << 20)
#define EWI_MAX_MERGES      (1u << 20)
#define EWI_MAX_SPECIALS    (1u << 18)
#define EWI_MAX_WORD_CHARS  1000u
#define EWI_MAX_PIECE_BYTES 256u /* UNIGRAM, WORDPIECE */
#define EWI_MAX_AFFIX_BYTES 32u  /* CHAR_BPE */

/* Gives the merges one by one, best first, each side spelled like a token: read exactly n times. */
typedef struct ewi_merge_source {
    /* 0: a pair's rank comes from the joined token: its score (SPM), or its id (BPE, as tiktoken does). */
    size_t n;
    void *state;
    ew_status (*next)(void *state, ew_str *left, ew_str *right, ew_error *err);
} ewi_merge_source;

/* How two texts become one that a model compares: tokens before, between and after them; -1 = none. */
typedef struct ewi_pair_rule {
    bool is_known;
    bool has_types; /* the second one, with what follows it, is of another type */
    int32_t first, between[2], last;
    uint32_t n_between;
} ewi_pair_rule;

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
    bool add_bos;
    ewi_space_prefix space_prefix; /* SPM */
    const ewi_norm_step *norms;    /* what is done to a text first */
    size_t n_norms;
    const ewi_split_step *splits; /* WORDPIECE, UNIGRAM; BPE: instead of `scanner` when there are any */
    size_t n_splits;
    const double *log_probs; /* UNIGRAM */
    /* WORDPIECE: tokens begin with the first where a word begins, with the second inside of one. */
    ew_str word_prefix, inner_prefix; /* CHAR_BPE: the second */
    ew_str word_suffix;               /* CHAR_BPE: tokens end with it where a word ends */
    bool fuses_unknown;               /* CHAR_BPE: neighbouring unknown characters are one unknown token */
    uint32_t max_word_chars;          /* WORDPIECE: a longer word is unknown */
    bool cleans_up;                   /* WORDPIECE: no blank before a full stop, and the like */
    ewi_decoder decoder;
    ew_str decode_mark, decode_blank; /* mark, WORDPIECE: what tokens begin with that go on with a word */
    int32_t bos, eos, unk;            /* -1 = none */
    int32_t last;                     /* the token that the file wants after a text; -1 = none */
    ewi_pair_rule pair;
    const int32_t *eog; /* further tokens that end an answer */
    size_t n_eog;
} ewi_vocab;

#endif
