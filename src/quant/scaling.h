/*
 * scaling.h: what to divide a layer's inputs by, channel by channel, while its columns are multiplied by the
 * same, so that less is lost where both are rounded.
 *
 * AWQ (arXiv 2306.00978): s = a^alpha of the inputs' magnitudes a, here their root mean squares: weights that
 * meet large inputs are rounded more finely. alpha is the one of EWI_AWQ_STEPS whose outputs on the
 * calibration text are nearest to the original's; the scales of rounded weights are then searched for by what
 * errors do to outputs, as if inputs were independent. SmoothQuant (arXiv 2211.10438):
 * s = max|x|^alpha / max|w|^(1 - alpha), so that inputs of 8 bits are not all spent on a few channels.
 * Channels that no text or no weight touched keep 1.
 *
 * Every operation is in one stated order: the same bits on every machine. Pure functions over the caller's
 * memory, any thread.
 *
 *     for (i = 0; i < EWI_AWQ_STEPS; i++) {
 *         ewi_awq_scales(squares, k, ewi_awq_alpha(i), s);
 *         error = sum over tiles of ewi_scaled_error(dtype, rows, n, k, s, sums, scratch);
 *     }
 */
#ifndef EW_QUANT_SCALING_H
#define EW_QUANT_SCALING_H

#include "base/compiler.h"
#include "quant/round.h"

#define EWI_AWQ_STEPS 20u

/* 0, 0.05, .. 0.95; 0 leaves the inputs as they are. */
double ewi_awq_alpha(unsigned step);

/* squares [k]: mean squares of the inputs. The geometric mean of the least and the largest scale is 1. */
void ewi_awq_scales(const float *squares, size_t k, double alpha, float *scales);

/* What errors of scaled weights count for in the search of their own scales, for ewi_round_tile: the mean
 * squares that they meet, sums' diagonal (H [k, k]) by the squared scales (NULL: all 1), over their mean. */
void ewi_awq_importance(const float *sums, size_t k, const float *scales, float *importance);

/* x, w [k]: largest magnitudes of the inputs and of the weights that meet them. */
void ewi_smooth_scales(const float *x, const float *w, size_t k, double alpha, float *scales);

size_t ewi_scaled_error_scratch_bytes(ewi_dtype dtype, size_t k);

/* What n_rows <= 16 rows [n_rows, k] of outputs differ by, squared and summed over the text that sums (H [k,
 * k], see quant/hessian.h) come from, when weights are rounded to nearest with these scales. Infinite when
 * they cannot be rounded. scratch: of one thread, aligned to 64. */
double ewi_scaled_error(ewi_dtype dtype, const float *rows, size_t n_rows, size_t k, const float *scales,
                        const float *sums, void *scratch);

#endif
