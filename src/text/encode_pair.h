/*
 * encode_pair.h: a query and a document to the tokens that a cross-encoder sees, "[CLS] query [SEP] document
 * [SEP]", as the vocabulary's file says it.
 */
#ifndef EW_TEXT_ENCODE_PAIR_H
#define EW_TEXT_ENCODE_PAIR_H

#include "text/tokenizer.h"

typedef struct ewi_encoded_pair {
    size_t n;      /* tokens of both, with all marks */
    size_t second; /* from here on they are of the second type; n: none is */
} ewi_encoded_pair;

/*
 * query: [n_query] what ew_tokenizer_encode made of it without flags, once for all documents. Writes at most
 * cap tokens to out; when result->n > cap, call again with more room. Special tokens that the document spells
 * out are text. Errors: EW_UNSUPPORTED when the vocabulary does not say how; those of ew_tokenizer_encode.
 */
EWI_NODISCARD ew_status ewi_encode_pair(const ew_tokenizer *tokenizer, const ew_token *query, size_t n_query,
                                        ew_str document, ew_token *out, size_t cap, ewi_encoded_pair *result,
                                        ew_error *err);

#endif
