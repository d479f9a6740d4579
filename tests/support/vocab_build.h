/* vocab_build.h: small vocabularies for tests.
 *
 *     vocab_build *b = vocab_build_bpe();                 the 256 bytes, in GPT-2's alphabet: token = byte
 *     vocab_build_merge(b, "a", "b");                     token 256 is "ab"
 *     vocab_build_token(b, "<|end|>", EWI_TOKEN_CONTROL, 0);
 *     ew_tokenizer *t = vocab_build_open(b);              or vocab_build_vocab(b) for what it is made from
 *     ew_tokenizer_close(t);
 *     vocab_build_free(b);                                after the tokenizer
 *
 * A failure fails the running cmocka test. Threads: one builder belongs to one thread.
 */
#ifndef TESTS_SUPPORT_VOCAB_BUILD_H
#define TESTS_SUPPORT_VOCAB_BUILD_H

#include "text/tokenizer.h"
#include "text/vocab.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct vocab_build vocab_build;

/* Byte-level BPE with GPT-2's scanner. */
vocab_build *vocab_build_bpe(void);
/* <unk>, <s>, </s>, then 256 byte tokens (byte b is token b + 3), by scores, a blank before each stretch. */
vocab_build *vocab_build_spm(void);
/* The kind, and nothing in it. */
vocab_build *vocab_build_empty(ewi_vocab_kind kind);
void vocab_build_free(vocab_build *b);

/* Returns the token. */
ew_token vocab_build_token(vocab_build *b, const char *spelling, uint8_t type, float score);
/* Adds the joined token, unless there is one, and the merge. */
void vocab_build_merge(vocab_build *b, const char *left, const char *right);
/* Adds the merge alone. */
void vocab_build_bare_merge(vocab_build *b, const char *left, const char *right);

/* To be changed at will; valid until the next call on b. Its merges are read from the start again. */
ewi_vocab *vocab_build_vocab(vocab_build *b);
ew_tokenizer *vocab_build_open(vocab_build *b);
/* What ewi_tokenizer_new says of it; the tokenizer, if any, is closed. */
ew_status vocab_build_try(vocab_build *b, ew_error *err);

/* encode, as "1 2 3"; at most 255 characters. Returns a text that lives until the next call. */
const char *vocab_build_encode(const ew_tokenizer *tokenizer, ew_str text, unsigned flags);

#ifdef __cplusplus
}
#endif

#endif
