#include "text/trie.h"

#include "base/error.h"
#include "base/mem.h"

#define MAX_NODES  ((size_t)1 << 24)
#define MAX_PROBES 1024u /* many more than chance needs: only a crafted file gets there */

ew_status ewi_trie_init(ewi_trie *trie, size_t total_bytes, ew_error *err) {
    size_t n_slots = 16;
    *trie = (ewi_trie){0};
    if (total_bytes > MAX_NODES)
        return ewi_fail(err, EW_LIMIT, "vocabulary: its pieces have %zu bytes, at most %zu", total_bytes,
                        MAX_NODES);
    while (n_slots < total_bytes + total_bytes / 2) n_slots *= 2;
    trie->mask = n_slots - 1;
    trie->max_nodes = total_bytes + 2;
    trie->slots = ewi_alloc_array(n_slots, sizeof *trie->slots);
    trie->tokens = ewi_alloc_array(trie->max_nodes, sizeof *trie->tokens);
    if (!trie->slots || !trie->tokens) {
        ewi_trie_deinit(trie);
        return ewi_no_memory(err, "the vocabulary");
    }
    for (size_t i = 0; i < n_slots; i++) trie->slots[i].node = EWI_NO_NODE;
    trie->tokens[0] = trie->tokens[1] = EWI_NO_TOKEN;
    trie->n_nodes = 2;
    return EW_OK;
}

void ewi_trie_deinit(ewi_trie *trie) {
    ewi_free(trie->slots);
    ewi_free(trie->tokens);
    *trie = (ewi_trie){0};
}

/* The child of a node, made where there is none; EWI_NO_NODE: too many slots were looked at. */
static uint32_t descend(ewi_trie *trie, uint32_t node, uint8_t byte) {
    uint64_t key = ((uint64_t)node << 8) | byte;
    size_t at = ewi_trie_hash(key);
    for (size_t probes = 0; probes < MAX_PROBES; probes++, at++) {
        ewi_trie_slot *slot = &trie->slots[at & trie->mask];
        if (slot->node != EWI_NO_NODE && slot->key == key) return slot->node;
        if (slot->node != EWI_NO_NODE) continue;
        EW_ASSERT(trie->n_nodes < trie->max_nodes);
        *slot = (ewi_trie_slot){key, (uint32_t)trie->n_nodes};
        trie->tokens[trie->n_nodes++] = EWI_NO_TOKEN;
        return slot->node;
    }
    return EWI_NO_NODE;
}

ew_status ewi_trie_add(ewi_trie *trie, uint32_t root, ewi_bytes piece, uint32_t token, ew_error *err) {
    uint32_t node = root;
    for (size_t i = 0; i < piece.len; i++) {
        node = descend(trie, node, piece.data[i]);
        if (node == EWI_NO_NODE)
            return ewi_fail(err, EW_FORMAT, "vocabulary: token %u is one of many that are crafted to collide",
                            (unsigned)token);
    }
    if (piece.len && trie->tokens[node] == EWI_NO_TOKEN) trie->tokens[node] = token;
    return EW_OK;
}
