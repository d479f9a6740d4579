/*
 * generation_config.h: the sampling that a model's makers recommend, in the generation_config.json of Hugging
 * Face transformers.
 *
 *     ew_model_sampling sampling = EWI_SAMPLING_UNSAID;
 *     EWI_TRY(ewi_generation_config_read(bytes, &arena, &sampling, err));
 */
#ifndef EW_MODEL_GENERATION_CONFIG_H
#define EW_MODEL_GENERATION_CONFIG_H

#include "base/arena.h"
#include "base/slice.h"

#define EWI_SAMPLING_UNSAID                                                            \
    (ew_model_sampling) {                                                              \
        .temperature = -1, .top_p = -1, .min_p = -1, .repeat_penalty = -1, .top_k = -1 \
    }

/* Changes what the text names; null names nothing. `do_sample` false is a temperature of 0. Errors: EW_FORMAT
 * for a value that is none, or beyond what ew_sampler_new takes. */
EWI_NODISCARD ew_status ewi_generation_config_read(ewi_bytes json, ewi_arena *arena, ew_model_sampling *out,
                                                   ew_error *err);

#endif
