/*
 * frontier.h: of parts that each come in several kinds, which kinds together cost least for so many bytes.
 *
 * That is the multiple-choice knapsack, solved by dynamic programming for all budgets at once: step 0 is the
 * smallest choice, the last step the one that costs least whatever it takes. Between them bytes are counted
 * in units of a 65536th of the range, rounded up for each part, so that a choice never takes more than its
 * step allows; below 64 KiB a unit is a byte and choices are the best there are.
 *
 *     EWI_TRY(ewi_frontier_new(kinds, n_parts, n_kinds, &f, err));
 *     ewi_frontier_get(f, ewi_frontier_within(f, budget), choice);
 *     ewi_frontier_free(f);
 */
#ifndef EW_MEASURE_FRONTIER_H
#define EW_MEASURE_FRONTIER_H

#include "base/compiler.h"
#include "edgewise/edgewise.h"

typedef struct ewi_kind {
    uint64_t bytes;
    double cost;
} ewi_kind;

#define EWI_MAX_KINDS 16u

typedef struct ewi_frontier ewi_frontier;

/* kinds: [n_parts, n_kinds], n_parts > 0, 0 < n_kinds <= EWI_MAX_KINDS. Errors: EW_NO_MEMORY. */
EWI_NODISCARD ew_status ewi_frontier_new(const ewi_kind *kinds, size_t n_parts, size_t n_kinds,
                                         ewi_frontier **out, ew_error *err);
void ewi_frontier_free(ewi_frontier *f);

/* Bytes of step 0, and the last step. */
uint64_t ewi_frontier_least_bytes(const ewi_frontier *f);
size_t ewi_frontier_last(const ewi_frontier *f);
/* The last step that takes no more than `bytes`, which are at least ewi_frontier_least_bytes. */
size_t ewi_frontier_within(const ewi_frontier *f, uint64_t bytes);
/* choice: [n_parts] */
void ewi_frontier_get(const ewi_frontier *f, size_t step, uint8_t *choice);

#endif
