/*
 * pairs.h: which two neighbouring tokens merge, in which order, into which token.
 *
 * Owns its tables; immutable after init, shared by any threads. Where a pair is listed twice, the first
 * (best) rank counts. A merge that touches a control, unknown or byte token is left out: text must never grow
 * into one.
 *
 *     EWI_TRY(ewi_pairs_init(&pairs, &pieces, &vocab, err));
 *     uint32_t rank = ewi_pairs_rank(&pairs, left, right);
 *     if (rank != EWI_NO_RANK) joined = pairs.joined[rank];
 *     ewi_pairs_deinit(&pairs);
 */
#ifndef EW_TEXT_PAIRS_H
#define EW_TEXT_PAIRS_H

#include "text/pieces.h"

#define EWI_NO_RANK UINT32_MAX

typedef struct ewi_pair_slot {
    uint32_t left, right;
    uint32_t rank; /* EWI_NO_RANK: empty */
} ewi_pair_slot;

typedef struct ewi_pairs {
    ewi_pair_slot *slots;
    size_t mask;      /* number of slots - 1; 0 while there are no merges */
    uint32_t *joined; /* [n] by rank */
} ewi_pairs;

/*
 * Errors: EW_FORMAT names the merge and the token that the vocabulary lacks; EW_NO_MEMORY. On failure nothing
 * is kept.
 */
EWI_NODISCARD ew_status ewi_pairs_init(ewi_pairs *pairs, const ewi_pieces *pieces, const ewi_vocab *vocab,
                                       ew_error *err);
void ewi_pairs_deinit(ewi_pairs *pairs);

static inline size_t ewi_pair_hash(uint32_t left, uint32_t right) {
    uint64_t hash = (((uint64_t)left << 32) | right) * 0x9e3779b97f4a7c15u;
    return (size_t)((hash ^ (hash >> 29)) >> 16);
}

/* The lower the rank, the earlier the merge; EWI_NO_RANK when the two do not merge. */
static inline uint32_t ewi_pairs_rank(const ewi_pairs *pairs, uint32_t left, uint32_t right) {
    for (size_t i = ewi_pair_hash(left, right) & pairs->mask;; i = (i + 1) & pairs->mask) {
        const ewi_pair_slot *slot = &pairs->slots[i];
        if (slot->rank == EWI_NO_RANK || (slot->left == left && slot->right == right)) return slot->rank;
    }
}

#endif
