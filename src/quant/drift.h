/*
 * drift.h: what the layers rounded before one did to its inputs, and weights that make up for it.
 *
 * With x a layer's inputs behind rounded layers and y those of the original model, the weights w' that bring
 * w' x nearest to the original's w y, in the least squares, are
 *     w' = w + w D^T H^-1,   D = sum of x (y - x)^T,   H = sum of x x^T, damped (quant/hessian.h).
 * The least of |q x - w y|^2 over codes q is the least of |(q - w') x|^2: so GPTQ rounds w' in place of w
 * (the problem that arXiv 2504.02692 states, solved for all inputs at once). It goes half of the way from w
 * to w': least squares also fit what is true of the text alone.
 *
 * What is kept is D, or W D^T of the weights W where that is less than half as large, for it is less work
 * then.
 *
 * Sums are in one order for all machines and numbers of threads. Memory: 4 k k + 2048 k bytes (with n weights
 * 8 n k + 2048 k + 1024 n), and 64 KiB for each thread. One thread at a time uses one.
 *
 *     EWI_TRY(ewi_drift_new(k, n_rows, &threads, &d, err));
 *     if (ewi_drift_weights(d)) .. which are written there ..
 *     for all inputs:  ewi_drift_temper(x, y, n, k);  ewi_hessian_add(h, x, n);  ewi_drift_add(d, x, y, n);
 *     ewi_drift_correct(d, h, rows, first, stride, scratch);     h: of x, factored; by any threads
 *     ewi_drift_free(d);
 */
#ifndef EW_QUANT_DRIFT_H
#define EW_QUANT_DRIFT_H

#include "quant/hessian.h"

typedef struct ewi_drift ewi_drift;

/* Of k inputs. n_rows: of the weights that meet them, 0 where they are not of one matrix. Errors:
 * EW_NO_MEMORY, EW_LIMIT. */
EWI_NODISCARD ew_status ewi_drift_new(size_t k, size_t n_rows, const ewi_quant_threads *threads,
                                      ewi_drift **out, ew_error *err);
void ewi_drift_free(ewi_drift *d);

/* [n_rows, k], to be written before anything is added: the weights, as they will be corrected; NULL where
 * none are needed. */
float *ewi_drift_weights(ewi_drift *d);

/* Divides rows [n, k] of both models by the square root of y's root mean square, so that those with large
 * numbers do not outweigh all others: the same error is a smaller part of what such a row becomes. Rows of
 * zeros stay. */
void ewi_drift_temper(float *x, float *y, size_t n, size_t k);

/* Rows [n, k] of both models. */
void ewi_drift_add(ewi_drift *d, const float *x, const float *y, size_t n);
/* After the last of them: adds to a tile's 16 rows of weights [k], `stride` apart, of which the first is row
 * `first` of its matrix, what makes up for the drift. h: of x, factored. scratch: [2, 16, stride]. */
void ewi_drift_correct(const ewi_drift *d, const ewi_hessian *h, float *rows, size_t first, size_t stride,
                       float *scratch);

#endif
