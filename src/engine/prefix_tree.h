/*
 * prefix_tree.h: blocks of state by the tokens that they and all before them hold.
 *
 * A node is up to 64 tokens after those of its parent, and their block; one with fewer has no children. A
 * root stands for all else that decides what blocks hold, which its key says. Nodes are found by a hash and
 * compared token by token. Nodes in use are newer than those below them, so the oldest one is always an end.
 * One thread at a time.
 *
 *     ewi_prefix_tree_init(&tree);
 *     ewi_prefix_node *at = ewi_prefix_tree_root(&tree, key);              NULL: no memory
 *     ewi_prefix_node *next = ewi_prefix_tree_find(&tree, at, tokens);     NULL: not there
 *     if (!next) next = ewi_prefix_tree_add(&tree, at, tokens, 64, block);
 *     ewi_prefix_tree_touch(&tree, next);
 *     ewi_prefix_tree_trim(&tree, max_nodes);
 *     ewi_prefix_tree_deinit(&tree);
 */
#ifndef EW_ENGINE_PREFIX_TREE_H
#define EW_ENGINE_PREFIX_TREE_H

#include "base/slice.h"
#include "crypto/sha256.h"
#include "engine/state.h"

typedef struct ewi_prefix_node ewi_prefix_node;
struct ewi_prefix_node {
    ewi_prefix_node *parent;          /* NULL: a root, which has no tokens and no block */
    ewi_prefix_node *children;        /* of which the first was used last */
    ewi_prefix_node *next, *previous; /* with the same parent */
    ewi_prefix_node *newer, *older;
    ewi_prefix_node *same_slot; /* of the table */
    uint64_t hash;
    uint32_t n_tokens;
    ew_token tokens[EWI_BLOCK_POSITIONS];
    ewi_block *block;
    /* Of a cache with a disk: what names its file, and whether that is written, or going to be. */
    uint8_t digest[EWI_SHA256_BYTES];
    bool is_stored;
    uint8_t *key; /* of a root: [key_bytes] */
    size_t key_bytes;
};

typedef struct ewi_prefix_tree {
    ewi_prefix_node *roots;
    ewi_prefix_node *newest, *oldest;
    size_t n_nodes;          /* without roots */
    ewi_prefix_node **table; /* [n_slots] whole nodes; a power of two */
    size_t n_slots;
} ewi_prefix_tree;

void ewi_prefix_tree_init(ewi_prefix_tree *tree);
void ewi_prefix_tree_deinit(ewi_prefix_tree *tree);

/* The root with that key, made when there is none. NULL: no memory. */
ewi_prefix_node *ewi_prefix_tree_root(ewi_prefix_tree *tree, ewi_bytes key);
/* The whole node that holds those 64 tokens after its parent's, or NULL. */
ewi_prefix_node *ewi_prefix_tree_find(const ewi_prefix_tree *tree, const ewi_prefix_node *parent,
                                      const ew_token *tokens);
/* The node below parent, whole or not, that shares most of n tokens' beginning; NULL: none shares any. Of
 * many it looks at those that were used last. */
ewi_prefix_node *ewi_prefix_tree_find_part(const ewi_prefix_node *parent, const ew_token *tokens, size_t n,
                                           size_t *n_same);
/* Takes a reference of the block. Ends that hold no more than a beginning of it go. NULL: no memory. */
ewi_prefix_node *ewi_prefix_tree_add(ewi_prefix_tree *tree, ewi_prefix_node *parent, const ew_token *tokens,
                                     uint32_t n, ewi_block *block);
/* With all below it. */
void ewi_prefix_tree_remove(ewi_prefix_tree *tree, ewi_prefix_node *node);
/* The node, which may be a root, and all above it are used now. */
void ewi_prefix_tree_touch(ewi_prefix_tree *tree, ewi_prefix_node *node);
/* Removes the oldest until max_nodes are left, but none that is in use elsewhere, and roots without nodes.
 * Returns how many nodes. */
size_t ewi_prefix_tree_trim(ewi_prefix_tree *tree, size_t max_nodes);

#endif
