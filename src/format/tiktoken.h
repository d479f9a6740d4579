/*
 * tiktoken.h: a .tiktoken file: a byte-level vocabulary as lines of "base64 rank" (openai/tiktoken,
 * tiktoken/load.py).
 *
 * Lines may come in any order; blank ones are passed. Ranks are 0..n-1, each once, and so are tokens. Base64
 * is that of RFC 4648 section 4, padded and without stray bits. Tokens and the table live in the arena, not
 * in the bytes. The result is immutable and may be shared by threads.
 *
 *     ewi_tiktoken vocab;
 *     EWI_TRY(ewi_tiktoken_parse(bytes, &arena, &vocab, err));
 *     ew_str token = vocab.tokens[rank];      any bytes
 */
#ifndef EW_FORMAT_TIKTOKEN_H
#define EW_FORMAT_TIKTOKEN_H

#include "base/arena.h"
#include "base/slice.h"

#define EWI_TIKTOKEN_MAX_TOKENS 1048576u

typedef struct ewi_tiktoken {
    size_t n_tokens;
    const ew_str *tokens; /* by rank; none is empty */
} ewi_tiktoken;

/* Errors: EW_FORMAT with the line's number, EW_LIMIT, EW_NO_MEMORY. */
EWI_NODISCARD ew_status ewi_tiktoken_parse(ewi_bytes file, ewi_arena *arena, ewi_tiktoken *out,
                                           ew_error *err);

#endif
