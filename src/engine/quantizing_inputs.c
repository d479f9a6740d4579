/*
 * quantizing_inputs.c: what is told while a model is quantized, and what GPTQ learns of the inputs of its
 * matrices.
 */
#include "base/error.h"
#include "engine/quantizing.h"
#include "kernels/kernels.h"
#include "kernels/rotate.h"
#include "quant/gptq.h"

const ewi_quantizing_target *ewi_quantizing_target_of(const ewi_quantizing *j, const ewi_tensor *t) {
    return j->targets[t - j->source->tensors];
}

ew_status ewi_quantizing_tell(const ewi_quantizing *j, ew_error *err) {
    EWI_TRY(ewi_checkpoint_check(j->source, err));
    if (!j->on_progress || j->on_progress(j->user, j->done + j->calibrated, j->total)) return EW_OK;
    return ewi_fail(err, EW_CANCELLED, "cancelled: no model was made");
}

ew_status ewi_quantizing_tell_user(void *user, ew_error *err) {
    return ewi_quantizing_tell(user, err);
}

ew_status ewi_quantizing_tell_of_window(void *user, ew_error *err) {
    ewi_quantizing *j = user;
    const uint64_t n = ewi_calibration_n_runs(j->calibration);
    j->n_windows++;
    j->calibrated = (uint64_t)((double)(j->total / 2) * ((double)j->n_windows / (double)n));
    return ewi_quantizing_tell(j, err);
}

/* ---- of a layer ---- */

#define DAMPING 0.01 /* as in the paper */

const ewi_node *ewi_quantizing_linear(const ewi_quantizing *j, uint32_t i) {
    return ewi_calibration_node(j->calibration, EWI_OP_LINEAR, i);
}

const ewi_tensor *ewi_quantizing_source(const ewi_quantizing *j, const ewi_node *node) {
    return ewi_checkpoint_find(j->source, node->weight->name);
}

static bool all_sort(const ewi_quantizing *j, const ewi_node *first) {
    const ewi_node *node;
    for (uint32_t i = 0; (node = ewi_quantizing_linear(j, i)); i++)
        if (node->inputs[0] == first->inputs[0] && !ewi_gptq_sorts(node->weight->dtype)) return false;
    return true;
}

/* Of the matrix that reads what this layer does; 0 where there are several. */
static size_t rows_of_only(const ewi_quantizing *j, const ewi_node *first) {
    const ewi_node *node;
    size_t n = 0;
    for (uint32_t i = 0; (node = ewi_quantizing_linear(j, i)); i++) n += node->inputs[0] == first->inputs[0];
    return n == 1 ? (size_t)first->weight->dims[0] : 0;
}

/* As they are when GPTQ takes them: scaled, and rotated for whole-row types. */
static void widen_weights(const ewi_quantizing *j, const ewi_tensor *t, float *rows) {
    const size_t n = (size_t)t->dims[0], k = (size_t)t->dims[1];
    ewi_kernels_get()->widen[t->dtype](rows, t->data, n * k);
    if (j->scales) ewi_channel_scales_apply(j->scales, t, 0, n, rows);
    if (ewi_packed_info_get(ewi_quantizing_target_of(j, t)->dtype)->kind == EWI_PACKED_ROW)
        for (size_t i = 0; i < n; i++) ewi_rotate_weights(rows + i * k, rows + i * k, k);
}

ew_status ewi_quantizing_learn(ewi_quantizing *j, ewi_quantizing_inputs *in, ew_error *err) {
    const ewi_tensor *t = ewi_quantizing_source(j, in->linear);
    const ewi_quant_threads threads = ewi_calibration_threads(j->calibration);
    const float *scales = j->scales ? ewi_channel_scales_columns(j->scales, t) : NULL;
    EWI_TRY(ewi_hessian_new(ewi_quantizing_n_inputs(t), &threads, &in->h, err));
    EWI_TRY(
        ewi_drift_new(ewi_quantizing_n_inputs(t), rows_of_only(j, in->linear), &threads, &in->drift, err));
    if (ewi_drift_weights(in->drift)) widen_weights(j, t, ewi_drift_weights(in->drift));
    EWI_TRY(ewi_calibration_compare(j->calibration, in->linear, scales, in->h, in->drift,
                                    ewi_quantizing_tell_of_window, j, err));
    EWI_TRY(ewi_hessian_factor(in->h, DAMPING, all_sort(j, in->linear), t->name, err));
    return ewi_quantizing_tell(j, err);
}

/* ---- of an expert ---- */

/* Leaves out what too few rows have reached: they say less of its inputs than that all are alike. */
ew_status ewi_quantizing_learn_routed(ewi_quantizing *j, const ewi_tensor *t, uint32_t expert,
                                      const ewi_routed *routed, ewi_quantizing_inputs *out, ew_error *err) {
    const ewi_quant_threads threads = ewi_calibration_threads(j->calibration);
    const ewi_dtype dtype = ewi_quantizing_target_of(j, t)->dtype;
    if (ewi_routed_count(routed, expert) < routed->k / 4) {
        j->report->n_unreached++;
        return EW_OK;
    }
    EWI_TRY(ewi_hessian_new(routed->k, &threads, &out->h, err));
    EWI_TRY(ewi_drift_new(routed->k, 0, &threads, &out->drift, err));
    EWI_TRY(ewi_routed_learn(routed, expert, ewi_qrows_for(dtype), out->h, out->drift, err));
    return ewi_hessian_factor(out->h, DAMPING, ewi_gptq_sorts(dtype), t->name, err);
}
