/*
 * quantizing_stages.c: matrices written as a calibration comes to them: all of a stage's by what it says of
 * their inputs, or by GPTQ, layer after layer.
 */
#include "base/error.h"
#include "engine/quantizing.h"

static ew_status calibrate(ewi_quantizing *j, uint32_t stage, ew_error *err) {
    EWI_TRY(ewi_calibration_run(j->calibration, stage, ewi_quantizing_tell_of_window, j, err));
    if (j->scales)
        EWI_TRY(ewi_channel_scales_choose(j->scales, j->calibration, ewi_quantizing_tell_user, j, err));
    if (j->ranges)
        EWI_TRY(ewi_input_ranges_find(j->ranges, j->calibration, j->scales, ewi_quantizing_tell_of_window, j,
                                      err));
    return EW_OK;
}

/* The matrices of each stage's linear layers, as the calibration comes to them. */
static ew_status write_calibrated(ewi_quantizing *j, ew_error *err) {
    for (uint32_t stage = 0; stage < ewi_calibration_n_stages(j->calibration); stage++) {
        EWI_TRY(calibrate(j, stage, err));
        for (size_t i = 0; i < j->source->n_tensors; i++) {
            const ewi_tensor *t = &j->source->tensors[i];
            const ewi_reading *r = ewi_calibration_find(j->calibration, t->name);
            if (r) EWI_TRY(ewi_quantizing_write_once(j, t, NULL, err));
        }
    }
    return EW_OK;
}

/* ---- by GPTQ ---- */

static ew_status write_readers(ewi_quantizing *j, const ewi_node *first, ewi_quantizing_inputs *in,
                               ew_error *err) {
    const ewi_node *node;
    for (uint32_t i = 0; (node = ewi_quantizing_linear(j, i)); i++)
        if (node->inputs[0] == first->inputs[0])
            EWI_TRY(ewi_quantizing_write_once(j, ewi_quantizing_source(j, node), in, err));
    return EW_OK;
}

/* All layers of the stage that read what this one does. */
static ew_status round_readers(ewi_quantizing *j, const ewi_node *linear, ew_error *err) {
    ewi_quantizing_inputs in = {.linear = linear};
    if (!ewi_packed_info_get(linear->weight->dtype)) return write_readers(j, linear, NULL, err);
    ew_status status = write_readers(j, linear, &in, err);
    if (!in.h) j->n_windows += ewi_calibration_n_windows(j->calibration);
    ewi_hessian_free(in.h);
    ewi_drift_free(in.drift);
    return status;
}

static ew_status write_experts(ewi_quantizing *j, const ewi_expert_matrices *m, const ewi_routed *routed,
                               ew_error *err) {
    for (uint32_t i = 0; i < m->n_tensors; i++) {
        ewi_quantizing_inputs in = {.routed = routed, .expert = i};
        const bool is_packed = ewi_packed_info_get(m->tensors[i]->dtype);
        EWI_TRY(ewi_quantizing_write_once(j, ewi_checkpoint_find(j->source, m->tensors[i]->name),
                                          is_packed ? &in : NULL, err));
    }
    return EW_OK;
}

/* Those that read what the layer does, or (climbs) what these make. */
static ew_status round_half(ewi_quantizing *j, const ewi_node *node, bool climbs, ew_error *err) {
    const ewi_expert_matrices *parts = node->attrs.experts.parts;
    ewi_routed routed = {0};
    ew_status status = ewi_calibration_compare_experts(j->calibration, node, climbs, &routed,
                                                       ewi_quantizing_tell_of_window, j, err);
    for (unsigned part = 0; part < EWI_N_EXPERT_PARTS && status == EW_OK; part++)
        if ((part == EWI_EXPERTS_DOWN) == climbs) status = write_experts(j, &parts[part], &routed, err);
    ewi_routed_deinit(&routed);
    return status;
}

static ew_status round_experts(ewi_quantizing *j, ew_error *err) {
    const ewi_node *node;
    for (uint32_t i = 0; (node = ewi_calibration_node(j->calibration, EWI_OP_EXPERTS, i)); i++) {
        EWI_TRY(round_half(j, node, false, err));
        EWI_TRY(round_half(j, node, true, err));
    }
    return EW_OK;
}

/* Tables that rows are looked up in; the original's own stays (engine/rounded.h). */
static ew_status round_tables(ewi_quantizing *j, ewi_op op, ew_error *err) {
    const ewi_node *node;
    for (uint32_t i = 0; (node = ewi_calibration_node(j->calibration, op, i)); i++)
        if (node->weight != ewi_quantizing_source(j, node))
            EWI_TRY(ewi_quantizing_write_once(j, ewi_quantizing_source(j, node), NULL, err));
    return EW_OK;
}

static ew_status round_stage(ewi_quantizing *j, ew_error *err) {
    const ewi_stage *stage = ewi_calibration_stage(j->calibration);
    const ewi_node *node;
    if (j->scales) EWI_TRY(ewi_rounded_scale(j->rounded, j->scales, stage->weights, stage->n_weights, err));
    EWI_TRY(round_tables(j, EWI_OP_EMBED, err));
    EWI_TRY(round_tables(j, EWI_OP_POSITIONS, err));
    for (uint32_t i = 0; (node = ewi_quantizing_linear(j, i)); i++)
        if (!j->is_written[ewi_quantizing_source(j, node) - j->source->tensors])
            EWI_TRY(round_readers(j, node, err));
    return round_experts(j, err);
}

/* The stage's weights are not read again. */
static void drop_stage(const ewi_quantizing *j) {
    const ewi_stage *stage = ewi_calibration_stage(j->calibration);
    for (uint32_t i = 0; i < stage->n_weights; i++) {
        const ewi_tensor *t = ewi_checkpoint_find(j->source, stage->weights[i]->name);
        ewi_checkpoint_drop(j->source, t->data, (size_t)t->size_bytes);
    }
}

/* Stage by stage: what is read in one is made by those before, rounded. */
static ew_status write_by_gptq(ewi_quantizing *j, ew_error *err) {
    const uint32_t n = ewi_calibration_n_stages(j->calibration);
    for (uint32_t stage = 0; stage < n; stage++) {
        EWI_TRY(calibrate(j, stage, err));
        EWI_TRY(round_stage(j, err));
        if (stage + 1 < n)
            EWI_TRY(ewi_calibration_advance(j->calibration, ewi_quantizing_tell_of_window, j, err));
        ewi_rounded_let_go(j->rounded);
        drop_stage(j);
    }
    return EW_OK;
}

ew_status ewi_quantizing_run_stages(ewi_quantizing *j, ew_error *err) {
    return j->rounded ? write_by_gptq(j, err) : write_calibrated(j, err);
}
