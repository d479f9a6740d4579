/*
 * calibrate.h: what a model's linear layers read when the model runs over a text: their Hessians, for GPTQ.
 *
 * The text is cut into windows of 512 tokens (or what the model was trained on), each of which begins with a
 * BOS where the model asks for one, and the model runs stage by stage: one stage over all windows, then the
 * next. Layers read what the original model computes, not what a quantized one would: stages before them are
 * not quantized in the engine. Layers with the same input share a Hessian.
 *
 * Memory: 4 d_model bytes for each token of the text, between two stages; the Hessians of one stage (a Llama
 * layer has four, or eight with both kinds: 4 k k bytes each, see quant/hessian.h); and an engine of 512
 * rows. One thread uses it.
 *
 *     EWI_TRY(ewi_calibration_open(model, &options, &c, err));
 *     for (uint32_t i = 0; i < ewi_calibration_n_stages(c); i++) {
 *         EWI_TRY(ewi_calibration_run(c, i, tell, user, err));
 *         const ewi_hessian *h = ewi_calibration_find(c, tensor, rotated);
 *     }
 *     ewi_calibration_close(c);
 */
#ifndef EW_ENGINE_CALIBRATE_H
#define EW_ENGINE_CALIBRATE_H

#include "model/model.h"
#include "quant/hessian.h"

typedef struct ewi_calibration ewi_calibration;

typedef struct ewi_calibration_options {
    ew_str text;
    uint32_t n_tokens; /* of it, at most */
    bool special;      /* special tokens that it spells out become tokens */
    uint32_t n_threads;
    /* Which Hessians are made: of inputs as they are, and rotated, as whole-row types see them. */
    bool plain, rotated;
} ewi_calibration_options;

/* Errors: EW_INVALID when the text is empty, not UTF-8 or shorter than a window; EW_UNSUPPORTED names models
 * that cannot be calibrated. */
EWI_NODISCARD ew_status ewi_calibration_open(const ew_model *model, const ewi_calibration_options *options,
                                             ewi_calibration **out, ew_error *err);
void ewi_calibration_close(ewi_calibration *c);

uint32_t ewi_calibration_n_stages(const ewi_calibration *c);

/* Runs the next stage; tell is called after each window, and what it fails with ends the run. */
typedef ew_status (*ewi_calibration_tell)(void *user, ew_error *err);
EWI_NODISCARD ew_status ewi_calibration_run(ewi_calibration *c, uint32_t stage, ewi_calibration_tell tell,
                                            void *user, ew_error *err);

/* The factored Hessian of what the tensor of that name is multiplied with in the stage that was run last;
 * NULL when no linear layer of it has this weight, or it was not asked for. */
const ewi_hessian *ewi_calibration_find(const ewi_calibration *c, ew_str name, bool rotated);

#endif
