/*
 * trie.h: all pieces that a text begins with, byte by byte.
 *
 * Two tries in one table: their roots are the nodes 0 and 1. Owns its table; immutable once all
 * pieces are in, then shared by any threads.
 *
 *     EWI_TRY(ewi_trie_init(&trie, total_bytes, err));
 *     EWI_TRY(ewi_trie_add(&trie, root, piece, token, err));
 *     uint32_t node = root;
 *     for (size_t i = 0; i < len && (node = ewi_trie_step(&trie, node, text[i])) != EWI_NO_NODE; i++)
 *         if (trie.tokens[node] != EWI_NO_TOKEN) use(trie.tokens[node], i + 1);
 *     ewi_trie_deinit(&trie);
 */
#ifndef EW_TEXT_TRIE_H
#define EW_TEXT_TRIE_H

#include "base/slice.h"
#include "text/pieces.h"

#define EWI_NO_NODE UINT32_MAX

typedef struct ewi_trie_slot {
    uint64_t key;  /* node and byte */
    uint32_t node; /* EWI_NO_NODE: empty */
} ewi_trie_slot;

typedef struct ewi_trie {
    ewi_trie_slot *slots;
    size_t mask;
    uint32_t *tokens; /* [n_nodes] what ends at a node */
    size_t n_nodes, max_nodes;
} ewi_trie;

/* Room for pieces of so many bytes in all. Errors: EW_LIMIT, EW_NO_MEMORY. */
EWI_NODISCARD ew_status ewi_trie_init(ewi_trie *trie, size_t total_bytes, ew_error *err);
void ewi_trie_deinit(ewi_trie *trie);

/* Root 0 or 1. A piece that is there already stays. Errors: EW_FORMAT when pieces are crafted to collide. */
EWI_NODISCARD ew_status ewi_trie_add(ewi_trie *trie, uint32_t root, ewi_bytes piece, uint32_t token,
                                     ew_error *err);

static inline size_t ewi_trie_hash(uint64_t key) {
    uint64_t hash = (key + 1) * 0x9e3779b97f4a7c15u;
    return (size_t)((hash ^ (hash >> 29)) >> 16);
}

/* The child of a node, or EWI_NO_NODE. */
static inline uint32_t ewi_trie_step(const ewi_trie *trie, uint32_t node, uint8_t byte) {
    uint64_t key = ((uint64_t)node << 8) | byte;
    for (size_t i = ewi_trie_hash(key) & trie->mask;; i = (i + 1) & trie->mask) {
        const ewi_trie_slot *slot = &trie->slots[i];
        if (slot->node == EWI_NO_NODE || slot->key == key) return slot->node;
    }
}

#endif
