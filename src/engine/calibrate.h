/*
 * calibrate.h: what a model's linear layers read when the model runs over a text: largest inputs and
 * Hessians, for GPTQ and for scaling.
 *
 * The text is cut into windows of 512 tokens (or what the model was trained on), each of which begins with a
 * BOS where the model asks for one, and the model runs stage by stage: one stage over all windows, then the
 * next. Layers read what the original model computes, not what a quantized one would: stages before them are
 * not quantized in the engine. Layers with the same input share a reading.
 *
 * Memory: 4 d_model bytes for each token of the text, between two stages; the Hessians of one stage (a Llama
 * layer has four, or eight with twins: 4 k k bytes each, see quant/hessian.h); and an engine of 512 rows.
 * One thread uses it.
 *
 *     EWI_TRY(ewi_calibration_open(model, text, &how, &c, err));
 *     for (uint32_t i = 0; i < ewi_calibration_n_stages(c); i++) {
 *         EWI_TRY(ewi_calibration_run(c, i, tell, user, err));
 *         const ewi_reading *r = ewi_calibration_find(c, tensor);
 *     }
 *     ewi_calibration_close(c);
 */
#ifndef EW_ENGINE_CALIBRATE_H
#define EW_ENGINE_CALIBRATE_H

#include "model/model.h"
#include "quant/hessian.h"

typedef struct ewi_calibration ewi_calibration;

/* What linear layers of a stage read. */
typedef struct ewi_reading {
    ewi_value input;
    const ewi_node *first; /* of the layers that read it */
    size_t k, n_rows;
    float *most;       /* [k] the largest magnitude of each channel */
    ewi_hessian *h;    /* whole; NULL: not asked for */
    ewi_hessian *twin; /* its copy; NULL: not asked for */
} ewi_reading;

/* special: special tokens that the text spells out become tokens. needs_hessians: readings have them;
 * needs_twins: and copies, for who turns them in two ways. runs_twice: each stage is run once more, before
 * the next. */
typedef struct ewi_calibration_how {
    uint32_t n_tokens, n_threads; /* of the text, at most */
    bool special, needs_hessians, needs_twins, runs_twice;
} ewi_calibration_how;

/* Errors: EW_INVALID when the text is empty, not UTF-8 or shorter than a window; EW_UNSUPPORTED names models
 * that cannot be calibrated. */
EWI_NODISCARD ew_status ewi_calibration_open(const ew_model *model, ew_str text,
                                             const ewi_calibration_how *how, ewi_calibration **out,
                                             ew_error *err);
void ewi_calibration_close(ewi_calibration *c);

uint32_t ewi_calibration_n_stages(const ewi_calibration *c);
size_t ewi_calibration_n_windows(const ewi_calibration *c);

/* Runs the next stage; tell is called after each window, and what it fails with ends the run. Errors:
 * EW_FORMAT names the weight whose inputs are not numbers. */
typedef ew_status (*ewi_calibration_tell)(void *user, ew_error *err);
EWI_NODISCARD ew_status ewi_calibration_run(ewi_calibration *c, uint32_t stage, ewi_calibration_tell tell,
                                            void *user, ew_error *err);

/* Receives what a reading's layers read, [n, k]. */
typedef void (*ewi_calibration_see)(void *user, const ewi_reading *reading, const float *rows, size_t n);
/* The same stage on the same windows, where the calibration runs_twice; see has `seer` as its user. */
EWI_NODISCARD ew_status ewi_calibration_run_again(ewi_calibration *c, ewi_calibration_see see, void *seer,
                                                  ewi_calibration_tell tell, void *user, ew_error *err);

/* Those of the stage that was run last. */
size_t ewi_calibration_readings(const ewi_calibration *c, const ewi_reading **out);
/* Of what the tensor of that name is multiplied with; NULL when no linear layer of the stage has it. */
const ewi_reading *ewi_calibration_find(const ewi_calibration *c, ew_str name);

#endif
