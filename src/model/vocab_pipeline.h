/*
 * vocab_pipeline.h: which normalizers, pre-tokenizers, decoders and post-processors of a tokenizer.json the
 * tokenizer follows.
 *
 * Each is recognized as a whole (json_stage.h); one that is not known is EW_UNSUPPORTED and shown. Any
 * thread.
 *
 *     ewi_pipeline_texts texts = {.pre_tokenizer = EWI_STR("{\"type\":\"ByteLevel\", ...}"), ...};
 *     EWI_TRY(ewi_pipeline_apply(&texts, &arena, &vocab, err));         sets vocab.scanner
 */
#ifndef EW_MODEL_VOCAB_PIPELINE_H
#define EW_MODEL_VOCAB_PIPELINE_H

#include "base/arena.h"
#include "text/vocab.h"

/* JSON text of each stage; empty or "null" = there is none. */
typedef struct ewi_pipeline_texts {
    const uint8_t *file; /* where the text begins that they are parts of: problems count from there */
    ew_str normalizer, pre_tokenizer, post_processor, decoder;
    bool byte_fallback; /* of the model */
} ewi_pipeline_texts;

/*
 * Reads vocab->kind, which becomes a faster one where all stages allow it, and the tokens; sets norms,
 * scanner or splits, decoder, space_prefix, bos, add_bos and last.
 */
EWI_NODISCARD ew_status ewi_pipeline_apply(const ewi_pipeline_texts *texts, ewi_arena *arena,
                                           ewi_vocab *vocab, ew_error *err);

/* Takes bos, eos and add_bos from a tokenizer_config.json, where it names them. */
EWI_NODISCARD ew_status ewi_tokenizer_config_apply(ewi_bytes config, ewi_arena *arena, ewi_vocab *vocab,
                                                   ew_error *err);

/* The first token of this spelling, or -1. */
int32_t ewi_vocab_find_token(const ewi_vocab *vocab, ew_str spelling);

#endif
