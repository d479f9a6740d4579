/*
 * calibrate.h: what a model's linear layers read when the model runs over a text: largest inputs and
 * Hessians, for scaling; and how that differs behind layers that are rounded, for GPTQ.
 *
 * The text is cut into windows (engine/windows.h), and the model runs stage by stage: one stage over all
 * windows, then the next. Readings are of what the original model computes; layers with the same input share
 * one. Beside it may go the rounded model (engine/rounded.h): its layers read what those before them make
 * with the package's weights and the kernels that will run them, inputs of 8 bits included.
 *
 * Memory: 4 d_model bytes for each token of the text, between two stages, of each model; the Hessians of one
 * stage (a Llama layer has four, of 4 k k bytes each, see quant/hessian.h), or of one input beside what it
 * differs by (quant/drift.h); what a layer's experts read (engine/routed.h); and an engine of 256 rows (of
 * an encoder, of a window) of each model. One thread uses it.
 *
 *     EWI_TRY(ewi_calibration_open(model, NULL, text, &how, &c, err));
 *     for (uint32_t i = 0; i < ewi_calibration_n_stages(c); i++) {
 *         EWI_TRY(ewi_calibration_run(c, i, tell, user, err));
 *         const ewi_reading *r = ewi_calibration_find(c, tensor);
 *     }
 *     ewi_calibration_close(c);
 */
#ifndef EW_ENGINE_CALIBRATE_H
#define EW_ENGINE_CALIBRATE_H

#include "engine/routed.h"
#include "graph/plan.h"
#include "model/model.h"
#include "quant/drift.h"

typedef struct ewi_calibration ewi_calibration;

/* What linear layers of a stage read. */
typedef struct ewi_reading {
    ewi_value input;
    const ewi_node *first; /* of the layers that read it */
    size_t k, n_rows;
    float *most;    /* [k] the largest magnitude of each channel */
    ewi_hessian *h; /* whole; NULL: not asked for */
} ewi_reading;

/* special: special tokens that the text spells out become tokens. n_readings: how often each stage is run for
 * them: never (only beside the rounded model), once, or once more (ewi_calibration_run_again).
 * needs_hessians: readings have them. */
typedef struct ewi_calibration_how {
    uint32_t n_tokens, n_threads; /* of the text, at most */
    uint32_t n_readings;
    bool special, needs_hessians;
} ewi_calibration_how;

/* Errors: EW_UNSUPPORTED names models that cannot be calibrated. */
EWI_NODISCARD ew_status ewi_calibration_check(const ew_model *model, ew_error *err);

/* Such as can. rounded: goes beside it; NULL: none does. Errors: EW_INVALID when the text is empty, not UTF-8
 * or shorter than a window; EW_UNSUPPORTED names weights that are quantized already. */
EWI_NODISCARD ew_status ewi_calibration_open(const ew_model *model, const ew_model *rounded, ew_str text,
                                             const ewi_calibration_how *how, ewi_calibration **out,
                                             ew_error *err);
void ewi_calibration_close(ewi_calibration *c);

uint32_t ewi_calibration_n_stages(const ewi_calibration *c);
uint64_t ewi_calibration_n_windows(const ewi_calibration *c);
/* How often tell is called, in all: once for each window of each run of a stage. */
uint64_t ewi_calibration_n_runs(const ewi_calibration *c);

/* Goes to the next stage, and runs it where readings were asked for; tell is called after each window, and
 * what it fails with ends the run. Errors: EW_FORMAT names the weight whose inputs are not numbers. */
typedef ew_status (*ewi_calibration_tell)(void *user, ew_error *err);
EWI_NODISCARD ew_status ewi_calibration_run(ewi_calibration *c, uint32_t stage, ewi_calibration_tell tell,
                                            void *user, ew_error *err);

/* Receives what a reading's layers read, [n, k]. */
typedef void (*ewi_calibration_see)(void *user, const ewi_reading *reading, const float *rows, size_t n);
/* The same stage on the same windows, where there are two n_readings; see has `seer` as its user. */
EWI_NODISCARD ew_status ewi_calibration_run_again(ewi_calibration *c, ewi_calibration_see see, void *seer,
                                                  ewi_calibration_tell tell, void *user, ew_error *err);

/* Those of the stage that was run last. */
size_t ewi_calibration_readings(const ewi_calibration *c, const ewi_reading **out);
/* Of what the tensor of that name is multiplied with; NULL when no linear layer of the stage has it. */
const ewi_reading *ewi_calibration_find(const ewi_calibration *c, ew_str name);

/* ---- beside the rounded model ---- */

/* Of the rounded model, the stage that was run last; and its i-th node of this op, NULL after the last. */
const ewi_stage *ewi_calibration_stage(const ewi_calibration *c);
const ewi_node *ewi_calibration_node(const ewi_calibration *c, ewi_op op, uint32_t i);
/* The threads of both. */
ewi_quant_threads ewi_calibration_threads(const ewi_calibration *c);
/* Adds what this layer of the rounded model, whose weights are packed, reads, as its codes say (rotated for
 * whole-row types): to H, and how it drifted from what the original's reads, divided by scales unless those
 * are NULL; rows tempered (quant/drift.h). All layers before it in the stage have their weights. */
EWI_NODISCARD ew_status ewi_calibration_compare(ewi_calibration *c, const ewi_node *linear,
                                                const float *scales, ewi_hessian *h, ewi_drift *d,
                                                ewi_calibration_tell tell, void *user, ew_error *err);
/* What the experts of this node of the rounded model read: their gate and up matrices, or (climbs) their down
 * matrices. All layers before it have their weights, and with `climbs` the experts' others too. What is made
 * is the caller's, after a failure too. */
EWI_NODISCARD ew_status ewi_calibration_compare_experts(ewi_calibration *c, const ewi_node *node, bool climbs,
                                                        ewi_routed *out, ewi_calibration_tell tell,
                                                        void *user, ew_error *err);
/* Takes both models over the stage, all of whose weights are there, to the next. */
EWI_NODISCARD ew_status ewi_calibration_advance(ewi_calibration *c, ewi_calibration_tell tell, void *user,
                                                ew_error *err);

#endif
