/*
 * pooling.h: how a text's hidden states become its embedding, as the files of sentence-transformers say it:
 * modules.json and 1_Pooling/config.json.
 */
#ifndef EW_MODEL_POOLING_H
#define EW_MODEL_POOLING_H

#include "model/checkpoint.h"

/*
 * Fills *out, which stays where the files do not say. Errors: EW_UNSUPPORTED names a module, or a way to
 * pool, that is not implemented; EW_FORMAT, EW_IO.
 */
EWI_NODISCARD ew_status ewi_pooling_find(const ewi_checkpoint *checkpoint, ewi_arena *arena, ew_pooling *out,
                                         ew_error *err);

/* The two files behind it. */
EWI_NODISCARD ew_status ewi_pooling_read(ewi_bytes config, ewi_arena *arena, ew_pooling *out, ew_error *err);
EWI_NODISCARD ew_status ewi_pooling_check_modules(ewi_bytes modules, ewi_arena *arena, ew_error *err);

#endif
