/*
 * vocab_steps.h: normalizers and pre-tokenizers of a tokenizer.json as steps of text/normalizer.h and
 * text/splitter.h.
 *
 * Each step is taken for itself, so that any order of those that are known works; one that is not known, or a
 * member of one that asks for something else, is EW_UNSUPPORTED and named. The steps go to the arena. Any
 * thread.
 *
 *     EWI_TRY(ewi_norms_from_json(file, normalizer, &arena, &vocab, err));           sets norms, n_norms
 *     EWI_TRY(ewi_splits_from_json(file, pre_tokenizer, &arena, &vocab, err));       sets splits, n_splits
 */
#ifndef EW_MODEL_VOCAB_STEPS_H
#define EW_MODEL_VOCAB_STEPS_H

#include "base/arena.h"
#include "text/vocab.h"

/* json is a part of the text that begins at `whole`. */
EWI_NODISCARD ew_status ewi_norms_from_json(const uint8_t *whole, ew_str json, ewi_arena *arena,
                                            ewi_vocab *vocab, ew_error *err);

/* vocab->kind is known: byte-level BPE has a ByteLevel step at the end. */
EWI_NODISCARD ew_status ewi_splits_from_json(const uint8_t *whole, ew_str json, ewi_arena *arena,
                                             ewi_vocab *vocab, ew_error *err);

/* Metaspace's prepend_scheme, or what older files say with add_prefix_space. */
EWI_NODISCARD ew_status ewi_space_prefix_from(ew_str scheme, ew_str add_prefix_space, ewi_space_prefix *out,
                                              ew_error *err);

/* The scanner of an expression that files spell like this. */
bool ewi_scanner_of_regex(ew_str regex, ewi_scanner *out);

#endif
