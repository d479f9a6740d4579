/*
 * hessian.h: the second moments H = sum of x x^T of a layer's inputs, and the triangle L with L^T L = H.
 *
 * L is what GPTQ (arXiv 2210.17323) takes from H: errors e of a row of weights cost e H e^T = |L e|^2, whose
 * part i depends on e[0 .. i] only. The paper's code inverts H and factors the inverse; its factor is the
 * inverse of this one's transpose, so that codes chosen by either are the same but for rounding, and the
 * inverses need not be made.
 *
 * Sums are of f32 over 256 rows or columns at a time, each added up in 16 lanes, in one order for all
 * machines and numbers of threads. That suffices: the damping, a hundredth of the mean square of the inputs,
 * lies far above what rounding does to H, and no pivot can be less than it.
 *
 * Memory: 4 k k + 1024 k bytes, and 64 KiB for each thread. One thread at a time uses one.
 *
 *     EWI_TRY(ewi_hessian_new(k, &threads, &h, err));
 *     for all rows:  ewi_hessian_add(h, rows, n);
 *     ewi_hessian_end(h);                                       then for candidates: ewi_scaled_error
 *     EWI_TRY(ewi_hessian_factor(h, 0.01, true, name, err));    then for tiles of weights: ewi_gptq_tile
 *     ewi_hessian_free(h);
 */
#ifndef EW_QUANT_HESSIAN_H
#define EW_QUANT_HESSIAN_H

#include <stddef.h>

#include "base/compiler.h"
#include "base/slice.h"

typedef void (*ewi_quant_work)(void *arg, uint32_t thread, uint32_t n_threads);

/* run(runner, work, arg) calls work(arg, i, n_threads) for every i < n_threads, returns when all are done. */
typedef struct ewi_quant_threads {
    void (*run)(void *runner, ewi_quant_work work, void *arg);
    void *runner;
    uint32_t n_threads;
} ewi_quant_threads;

typedef struct ewi_hessian ewi_hessian;

/* Of k inputs. Errors: EW_NO_MEMORY, EW_LIMIT. */
EWI_NODISCARD ew_status ewi_hessian_new(size_t k, const ewi_quant_threads *threads, ewi_hessian **out,
                                        ew_error *err);
void ewi_hessian_free(ewi_hessian *h);
size_t ewi_hessian_inputs(const ewi_hessian *h);

/* Rows [n, k]. */
void ewi_hessian_add(ewi_hessian *h, const float *rows, size_t n);
/* After the last rows. */
void ewi_hessian_end(ewi_hessian *h);
/* H [k, k], after ewi_hessian_end. */
const float *ewi_hessian_sums(const ewi_hessian *h);

/* Turns H, with `damping` times the mean of its diagonal added to that, into L. sorted: of the inputs by
 * falling squares ("act order" in the paper's code), so that the largest are rounded before the others, which
 * make up for it. Inputs that were always zero are dead: they count as the mean does and the weights that
 * they meet become zero. Errors: EW_FORMAT names the tensor when an input was no number. */
EWI_NODISCARD ew_status ewi_hessian_factor(ewi_hessian *h, double damping, bool sorted, ew_str name,
                                           ew_error *err);

/* L [k, k], row-major; above its diagonal is L^T. After ewi_hessian_factor. */
const float *ewi_hessian_triangle(const ewi_hessian *h);
/* What its row i is of: i, where inputs were not sorted. */
size_t ewi_hessian_input(const ewi_hessian *h, size_t i);
bool ewi_hessian_is_dead(const ewi_hessian *h, size_t i);

#endif
