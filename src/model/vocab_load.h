/*
 * vocab_load.h: the vocabularies of GGUF, tokenizer.json, tiktoken and tekken files as an ewi_vocab.
 *
 * Tables go to the arena, spellings are borrowed from the bytes; both must outlive the vocabulary and the
 * tokenizer made from it. What a file asks for that the tokenizer does not do is EW_UNSUPPORTED and named,
 * never left out. Any thread, each with its own arena.
 *
 *     ewi_vocab vocab;
 *     EWI_TRY(ewi_vocab_from_gguf(&gguf, &arena, &vocab, err));
 *     EWI_TRY(ewi_tokenizer_new(&vocab, &tokenizer, err));
 */
#ifndef EW_MODEL_VOCAB_LOAD_H
#define EW_MODEL_VOCAB_LOAD_H

#include "base/arena.h"
#include "format/gguf.h"
#include "text/vocab.h"

/* Whether a GGUF file holds a vocabulary at all. */
bool ewi_gguf_has_vocab(const ewi_gguf *gguf);

/* Metadata tokenizer.ggml.*: models "llama", "gpt2", "bert" and "t5". */
EWI_NODISCARD ew_status ewi_vocab_from_gguf(const ewi_gguf *gguf, ewi_arena *arena, ewi_vocab *out,
                                            ew_error *err);

/* A name of the scanner for tokenizer.ggml.pre; NULL: there is none. */
const char *ewi_gguf_pattern_name(ewi_scanner scanner, bool ignore_merges);

/*
 * A tokenizer.json of Hugging Face, model type BPE, WordPiece, Unigram or WordLevel. config is the
 * tokenizer_config.json beside it, which names the tokens for the beginning and the end; it may be empty.
 */
EWI_NODISCARD ew_status ewi_vocab_from_json(ewi_bytes json, ewi_bytes config, ewi_arena *arena,
                                            ewi_vocab *out, ew_error *err);

/* A .tiktoken file: cl100k_base or o200k_base, told apart by the number of ranks. */
EWI_NODISCARD ew_status ewi_vocab_from_tiktoken(ewi_bytes file, ewi_arena *arena, ewi_vocab *out,
                                                ew_error *err);

/* Mistral's tekken.json. */
EWI_NODISCARD ew_status ewi_vocab_from_tekken(ewi_bytes file, ewi_arena *arena, ewi_vocab *out,
                                              ew_error *err);

/* A tokenizer of those; the bytes must outlive it. */
EWI_NODISCARD ew_status ewi_tokenizer_from_json(ewi_bytes json, ewi_bytes config, ew_tokenizer **out,
                                                ew_error *err);

/* ---- shared by the loaders ---- */

/* "left right": the halves around the first blank that is not the first byte. */
EWI_NODISCARD ew_status ewi_merge_split(ew_str line, ew_str *left, ew_str *right, ew_error *err);

/*
 * Fills vocab->eog with the special tokens whose spelling says that they end an answer ("<|im_end|>",
 * "<|eot_id|>"), and with the n ids of `more` that are not -1.
 */
EWI_NODISCARD ew_status ewi_vocab_find_eog(ewi_vocab *vocab, const int32_t *more, size_t n, ewi_arena *arena,
                                           ew_error *err);

#endif
