#include "engine/prefix_tree.h"

#include "base/error.h"
#include "base/mem.h"

#define FIRST_SLOTS 256u
/* Nodes with one parent that are looked at one by one: some microseconds. */
#define MAX_LOOKS 1024u

void ewi_prefix_tree_init(ewi_prefix_tree *tree) {
    *tree = (ewi_prefix_tree){0};
}

/* ---- the table ---- */

static uint64_t hash_of(const ewi_prefix_node *parent, const ew_token *tokens) {
    uint64_t h = (uint64_t)(uintptr_t)parent;
    for (size_t i = 0; i < EWI_BLOCK_POSITIONS; i++) {
        h = (h ^ (uint32_t)tokens[i]) * 0x9e3779b97f4a7c15u;
        h ^= h >> 32;
    }
    return h;
}

/* Without memory for more slots it goes on with those that it has. */
static bool grow_table(ewi_prefix_tree *t) {
    if (t->n_nodes < t->n_slots) return true;
    const size_t n = t->n_slots ? 2 * t->n_slots : FIRST_SLOTS;
    ewi_prefix_node **table = ewi_zalloc_array(n, sizeof(ewi_prefix_node *)), *next;
    if (!table) return t->n_slots > 0;
    for (size_t i = 0; i < t->n_slots; i++)
        for (ewi_prefix_node *node = t->table[i]; node; node = next) {
            next = node->same_slot;
            node->same_slot = table[node->hash & (n - 1)];
            table[node->hash & (n - 1)] = node;
        }
    ewi_free(t->table);
    t->table = table;
    t->n_slots = n;
    return true;
}

static bool is_whole(const ewi_prefix_node *node) {
    return node->n_tokens == EWI_BLOCK_POSITIONS;
}

static void enter(ewi_prefix_tree *t, ewi_prefix_node *node) {
    node->hash = hash_of(node->parent, node->tokens);
    ewi_prefix_node **slot = &t->table[node->hash & (t->n_slots - 1)];
    node->same_slot = *slot;
    *slot = node;
}

static void leave(ewi_prefix_tree *t, const ewi_prefix_node *node) {
    ewi_prefix_node **at = &t->table[node->hash & (t->n_slots - 1)];
    while (*at != node) at = &(*at)->same_slot;
    *at = node->same_slot;
}

/* ---- lists ---- */

static void unlink_sibling(ewi_prefix_node *node) {
    if (node->previous)
        node->previous->next = node->next;
    else
        node->parent->children = node->next;
    if (node->next) node->next->previous = node->previous;
}

static void link_sibling(ewi_prefix_node *node) {
    node->previous = NULL;
    node->next = node->parent->children;
    if (node->next) node->next->previous = node;
    node->parent->children = node;
}

static void unlink_age(ewi_prefix_tree *t, ewi_prefix_node *node) {
    *(node->newer ? &node->newer->older : &t->newest) = node->older;
    *(node->older ? &node->older->newer : &t->oldest) = node->newer;
}

static void link_age(ewi_prefix_tree *t, ewi_prefix_node *node) {
    node->newer = NULL;
    node->older = t->newest;
    *(t->newest ? &t->newest->newer : &t->oldest) = node;
    t->newest = node;
}

void ewi_prefix_tree_touch(ewi_prefix_tree *t, ewi_prefix_node *node) {
    for (; node->parent; node = node->parent) {
        unlink_age(t, node);
        link_age(t, node);
        unlink_sibling(node);
        link_sibling(node);
    }
}

/* ---- roots ---- */

static void free_root(ewi_prefix_node *root) {
    ewi_free(root->key);
    ewi_free(root);
}

ewi_prefix_node *ewi_prefix_tree_root(ewi_prefix_tree *t, ewi_bytes key) {
    for (ewi_prefix_node *root = t->roots; root; root = root->next)
        if (root->key_bytes == key.len && memcmp(root->key, key.data, key.len) == 0) return root;
    ewi_prefix_node *root = ewi_zalloc(sizeof *root);
    if (!root) return NULL;
    root->key = ewi_alloc(key.len);
    if (!root->key) {
        ewi_free(root);
        return NULL;
    }
    memcpy(root->key, key.data, key.len);
    root->key_bytes = key.len;
    root->next = t->roots;
    t->roots = root;
    return root;
}

static void drop_bare_roots(ewi_prefix_tree *t) {
    for (ewi_prefix_node **at = &t->roots, *root; (root = *at);) {
        if (root->children) {
            at = &root->next;
            continue;
        }
        *at = root->next;
        free_root(root);
    }
}

/* ---- nodes ---- */

static void remove_end(ewi_prefix_tree *t, ewi_prefix_node *node) {
    EW_ASSERT(!node->children);
    if (is_whole(node)) leave(t, node);
    unlink_sibling(node);
    unlink_age(t, node);
    t->n_nodes--;
    ewi_block_unref(node->block);
    ewi_free(node);
}

void ewi_prefix_tree_remove(ewi_prefix_tree *t, ewi_prefix_node *node) {
    const ewi_prefix_node *top = node->parent;
    while (node != top) {
        while (node->children) node = node->children;
        ewi_prefix_node *end = node;
        node = node->parent;
        remove_end(t, end);
    }
}

void ewi_prefix_tree_deinit(ewi_prefix_tree *t) {
    while (t->oldest) ewi_prefix_tree_remove(t, t->oldest);
    drop_bare_roots(t);
    ewi_free(t->table);
    *t = (ewi_prefix_tree){0};
}

ewi_prefix_node *ewi_prefix_tree_find(const ewi_prefix_tree *t, const ewi_prefix_node *parent,
                                      const ew_token *tokens) {
    if (!t->n_slots) return NULL;
    const uint64_t hash = hash_of(parent, tokens);
    ewi_prefix_node *node = t->table[hash & (t->n_slots - 1)];
    for (; node; node = node->same_slot)
        if (node->parent == parent && memcmp(node->tokens, tokens, sizeof node->tokens) == 0) break;
    return node;
}

static size_t n_shared(const ewi_prefix_node *node, const ew_token *tokens, size_t n) {
    size_t i = 0;
    while (i < n && i < node->n_tokens && node->tokens[i] == tokens[i]) i++;
    return i;
}

ewi_prefix_node *ewi_prefix_tree_find_part(const ewi_prefix_node *parent, const ew_token *tokens, size_t n,
                                           size_t *n_same) {
    ewi_prefix_node *best = NULL, *node = parent->children;
    *n_same = 0;
    for (size_t looks = 0; node && looks < MAX_LOOKS && *n_same < n; node = node->next, looks++) {
        const size_t same = n_shared(node, tokens, n);
        if (same <= *n_same) continue;
        *n_same = same;
        best = node;
    }
    return best;
}

static void drop_beginnings(ewi_prefix_tree *t, const ewi_prefix_node *parent, const ew_token *tokens,
                            size_t n) {
    ewi_prefix_node *node = parent->children, *next;
    for (size_t looks = 0; node && looks < MAX_LOOKS; node = next, looks++) {
        next = node->next;
        if (!is_whole(node) && n_shared(node, tokens, n) == node->n_tokens) remove_end(t, node);
    }
}

ewi_prefix_node *ewi_prefix_tree_add(ewi_prefix_tree *t, ewi_prefix_node *parent, const ew_token *tokens,
                                     uint32_t n, ewi_block *block) {
    ewi_prefix_node *node = grow_table(t) ? ewi_zalloc(sizeof *node) : NULL;
    if (!node) return NULL;
    drop_beginnings(t, parent, tokens, n);
    node->parent = parent;
    node->n_tokens = n;
    memcpy(node->tokens, tokens, n * sizeof *tokens);
    node->block = ewi_block_ref(block);
    if (is_whole(node)) enter(t, node);
    link_sibling(node);
    link_age(t, node);
    t->n_nodes++;
    return node;
}

size_t ewi_prefix_tree_trim(ewi_prefix_tree *t, size_t max_nodes) {
    size_t n = 0;
    ewi_prefix_node *node = t->oldest, *newer;
    for (; node && t->n_nodes > max_nodes; node = newer) {
        newer = node->newer;
        if (node->children || ewi_block_n_refs(node->block) > 1) continue;
        remove_end(t, node);
        n++;
    }
    drop_bare_roots(t);
    return n;
}
