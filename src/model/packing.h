/*
 * packing.h: quantized matrices in the layout that kernels read (tensor/packed.h), made once for all engines
 * of a model.
 *
 * A packed matrix replaces the mapped pages that it came from: they are dropped as it grows, so that one copy
 * is resident. Matrices that their file holds packed already stay where they are. Thread-safe.
 *
 *     EWI_TRY(ewi_packing_new(tensors, n_tensors, &packing, err));
 *     EWI_TRY(ewi_packing_add(packing, weights, n, run, pool, err));
 *     const uint8_t *w = ewi_packing_find(packing, tensor);
 *     ewi_packing_free(packing);
 */
#ifndef EW_MODEL_PACKING_H
#define EW_MODEL_PACKING_H

#include "base/compiler.h"
#include "tensor/tensor.h"

typedef struct ewi_packing ewi_packing;

typedef void (*ewi_packing_work)(void *arg, uint32_t thread, uint32_t n_threads);
/* Calls work(arg, i, n) for every i < n, on as many threads as it likes, and returns when all are done. */
typedef void (*ewi_packing_run)(void *runner, ewi_packing_work work, void *arg);

/* The tensors must outlive it. */
EWI_NODISCARD ew_status ewi_packing_new(const ewi_tensor *tensors, size_t n_tensors, ewi_packing **out,
                                        ew_error *err);
void ewi_packing_free(ewi_packing *packing);

/* Packs those of n quantized matrices that are not yet packed. Errors: EW_NO_MEMORY. */
EWI_NODISCARD ew_status ewi_packing_add(ewi_packing *packing, const ewi_tensor *const *weights, size_t n,
                                        ewi_packing_run run, void *runner, ew_error *err);

/* The first tile of a matrix; NULL when it is not packed. */
const uint8_t *ewi_packing_find(const ewi_packing *packing, const ewi_tensor *weight);

#endif
