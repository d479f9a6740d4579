/*
 * input_ranges.h: the scales of a model's inputs of linear layers (quant/range.h), found on the calibration's
 * text, for packages that say them.
 *
 * One thread uses it.
 *
 *     EWI_TRY(ewi_input_ranges_new(model, EWI_RANGE_MSE, &ranges, err));
 *     EWI_TRY(ewi_input_ranges_find(ranges, calibration, scales, tell, user, err));     for each stage
 *     float scale = ewi_input_ranges_scale(ranges, tensor);
 *     ewi_input_ranges_free(ranges);
 */
#ifndef EW_ENGINE_INPUT_RANGES_H
#define EW_ENGINE_INPUT_RANGES_H

#include "engine/channel_scales.h"
#include "quant/range.h"

typedef struct ewi_input_ranges ewi_input_ranges;

EWI_NODISCARD ew_status ewi_input_ranges_new(const ew_model *model, ewi_range_kind kind,
                                             ewi_input_ranges **out, ew_error *err);
void ewi_input_ranges_free(ewi_input_ranges *ranges);

/* Runs the stage that the calibration ran last once more. scales: what inputs are divided by; NULL: by
 * nothing. */
EWI_NODISCARD ew_status ewi_input_ranges_find(ewi_input_ranges *ranges, ewi_calibration *c,
                                              const ewi_channel_scales *scales, ewi_calibration_tell tell,
                                              void *user, ew_error *err);

/* 0: nothing is multiplied with the tensor, or with zeros only. */
float ewi_input_ranges_scale(const ewi_input_ranges *ranges, const ewi_tensor *t);

#endif
