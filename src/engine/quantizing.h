/*
 * quantizing.h: a model on its way to a package or a GGUF file, as the parts of the quantizer share it.
 *
 * quantizer.c opens all that the options ask for, and writes what is left; quantizing_stages.c writes what a
 * calibration comes to; quantizing_tensor.c a tensor, quantizing_matrix.c its codes; quantizing_inputs.c
 * learns what GPTQ wants to know. Each calls those after it only.
 */
#ifndef EW_ENGINE_QUANTIZING_H
#define EW_ENGINE_QUANTIZING_H

#include "engine/calibrate.h"
#include "engine/channel_scales.h"
#include "engine/gguf_out.h"
#include "engine/importance.h"
#include "engine/input_ranges.h"
#include "engine/kept.h"
#include "engine/package_out.h"
#include "engine/pool.h"
#include "engine/rounded.h"
#include "model/model.h"

#define EWI_QUANTIZING_PIECE_BYTES ((size_t)4 << 20) /* of what is written at a time, about */

/* What a matrix may become, in a package or in a GGUF file. */
typedef struct ewi_quantizing_target {
    const char *name;
    ewi_dtype dtype;
    bool is_gguf;
    uint8_t row; /* of the report; a GGUF file's matrices are all of one type, and have the first */
} ewi_quantizing_target;

typedef struct ewi_quantizing {
    const ewi_checkpoint *source;
    const char *type;                      /* of all matrices, or "mixed" */
    ewi_dtype dtype;                       /* of those that are not named */
    const ewi_quantizing_target **targets; /* [source's n_tensors] of those that are matrices */
    bool is_gguf;
    ewi_pool *pool;
    ewi_package *package; /* one of the two: what is written */
    ewi_gguf_out *gguf;
    ew_progress_fn on_progress;
    void *user;
    uint64_t done, total; /* bytes of tensors; with a calibration each counts once more for it */
    ew_quantize_report *report;
    ewi_calibration *calibration; /* NULL: no text is needed */
    ewi_channel_scales *scales;   /* NULL: channels stay as they are */
    ewi_input_ranges *ranges;     /* NULL: nobody asks for them */
    const char *ranges_name;      /* what they are */
    ewi_importance *importance;   /* NULL: all inputs count the same */
    ewi_rounded *rounded;         /* NULL: not by GPTQ */
    bool weighs;                  /* rounds by what the calibration's inputs are */
    uint64_t n_windows;           /* that were run, of all stages */
    uint64_t calibrated;          /* of total */
    bool *is_written;             /* [source's n_tensors] */
    ewi_kept *kept;               /* NULL: a run that is interrupted leaves nothing */
} ewi_quantizing;

/* What matrices are multiplied with, for GPTQ: learned for the first of them that has to be made. */
typedef struct ewi_quantizing_inputs {
    const ewi_node *linear; /* of the rounded model, that reads them first */
    ewi_hessian *h;
    ewi_drift *drift;
    const ewi_routed *routed; /* those of all experts, whose matrices learn one by one; NULL: of a layer */
    uint32_t expert;          /* whose the first of them is */
} ewi_quantizing_inputs;

/* ---- quantizing_stages.c ---- */

/* The matrices that the calibration's stages read. */
EWI_NODISCARD ew_status ewi_quantizing_run_stages(ewi_quantizing *j, ew_error *err);

/* ---- quantizing_tensor.c ---- */

bool ewi_quantizing_is_matrix(const ewi_quantizing *j, const ewi_tensor *t);
/* What the output holds of a tensor; its data is not there yet. */
EWI_NODISCARD ew_status ewi_quantizing_describe(const ewi_quantizing *j, const ewi_tensor *t, ewi_tensor *out,
                                                ew_error *err);
/* Does nothing when it is written. in: what a matrix is multiplied with; NULL: it is rounded to nearest. */
EWI_NODISCARD ew_status ewi_quantizing_write_once(ewi_quantizing *j, const ewi_tensor *t,
                                                  ewi_quantizing_inputs *in, ew_error *err);

/* ---- quantizing_matrix.c ---- */

/* Whether it can become this type. */
EWI_NODISCARD ew_status ewi_quantizing_check_matrix(const ewi_tensor *t, ewi_dtype dtype, ew_error *err);
EWI_NODISCARD ew_status ewi_quantizing_matrix(ewi_quantizing *j, const ewi_tensor *t,
                                              const ewi_quantizing_inputs *in, ew_quantize_row *row,
                                              ew_error *err);
/* Bytes of the tensor that was begun last; put: also for a run that goes on. */
EWI_NODISCARD ew_status ewi_quantizing_write(const ewi_quantizing *j, const void *data, size_t len,
                                             ew_error *err);
EWI_NODISCARD ew_status ewi_quantizing_put(const ewi_quantizing *j, const void *data, size_t len,
                                           ew_error *err);

/* ---- quantizing_inputs.c ---- */

static inline uint64_t ewi_quantizing_n_inputs(const ewi_tensor *t) {
    return t->dims[t->n_dims - 1];
}

const ewi_quantizing_target *ewi_quantizing_target_of(const ewi_quantizing *j, const ewi_tensor *t);
/* How far it is. Errors: EW_CANCELLED, and that the source has changed. */
EWI_NODISCARD ew_status ewi_quantizing_tell(const ewi_quantizing *j, ew_error *err);
/* The same of an ewi_quantizing, as an ewi_tell. */
EWI_NODISCARD ew_status ewi_quantizing_tell_user(void *j, ew_error *err);
/* The same after another window of the text. */
EWI_NODISCARD ew_status ewi_quantizing_tell_of_window(void *j, ew_error *err);

/* The i-th linear layer of the calibration's stage, or NULL; and the source's tensor that it has. */
const ewi_node *ewi_quantizing_linear(const ewi_quantizing *j, uint32_t i);
const ewi_tensor *ewi_quantizing_source(const ewi_quantizing *j, const ewi_node *node);

/* Those of in->linear. */
EWI_NODISCARD ew_status ewi_quantizing_learn(ewi_quantizing *j, ewi_quantizing_inputs *in, ew_error *err);
/* Those of one expert, for its matrix t; *out has none where too few rows have reached it. */
EWI_NODISCARD ew_status ewi_quantizing_learn_routed(ewi_quantizing *j, const ewi_tensor *t, uint32_t expert,
                                                    const ewi_routed *routed, ewi_quantizing_inputs *out,
                                                    ew_error *err);

#endif
