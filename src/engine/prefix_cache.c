#include "engine/prefix_cache.h"

#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "engine/prefix_disk.h"
#include "engine/prefix_key.h"
#include "engine/prefix_tree.h"

struct ewi_prefix_cache {
    const ew_engine *engine;
    size_t max_nodes;
    ewi_prefix_tree tree;
    uint8_t *key;                          /* of a session: rope frequencies, then adapters */
    ewi_prefix_disk *disk;                 /* NULL: there is none, nor of these two: */
    uint8_t digest[EWI_SHA256_BYTES];      /* of the engine */
    uint8_t (*adapters)[EWI_SHA256_BYTES]; /* [engine's n_adapters] */
    ewi_prefix_cache_stats stats;
};

/* Figures change on the engine's thread alone; any thread reads them. */
static void add_to(uint64_t *figure, uint64_t n) {
    __atomic_fetch_add(figure, n, __ATOMIC_RELAXED);
}

static uint64_t figure_of(const uint64_t *figure) {
    return __atomic_load_n(figure, __ATOMIC_RELAXED);
}

/* ---- opening ---- */

typedef struct used_adapter {
    const ew_adapter *adapter;
    float scale;
    uint32_t zero; /* no gap between two */
} used_adapter;

static ew_status open_disk(ewi_prefix_cache *c, const ewi_prefix_cache_options *o, ew_error *err) {
    const ew_engine *e = c->engine;
    c->adapters = ewi_alloc_array(e->n_adapters, sizeof *c->adapters);
    if (!c->adapters) return ewi_no_memory(err, "a prefix cache");
    EWI_TRY(ewi_prefix_key_engine(e, c->digest, err));
    for (size_t i = 0; i < e->n_adapters; i++)
        EWI_TRY(ewi_prefix_key_adapter(e->adapters[i], c->adapters[i], err));
    return ewi_prefix_disk_open(o->folder, o->disk_bytes, e->shape.block_bytes, &c->disk, err);
}

static ew_status init(ewi_prefix_cache *c, const ewi_prefix_cache_options *o, ew_error *err) {
    const ew_engine *e = c->engine;
    const uint64_t max_nodes = o->memory_bytes / e->shape.block_bytes;
    c->max_nodes = max_nodes < SIZE_MAX ? (size_t)max_nodes : SIZE_MAX;
    ewi_prefix_tree_init(&c->tree);
    c->key = ewi_alloc(e->n_freqs * sizeof(double) + e->n_adapters * sizeof(used_adapter));
    if (!c->key) return ewi_no_memory(err, "a prefix cache");
    return o->folder ? open_disk(c, o, err) : EW_OK;
}

ew_status ewi_prefix_cache_new(ew_engine *engine, const ewi_prefix_cache_options *options,
                               ewi_prefix_cache **out, ew_error *err) {
    ewi_prefix_cache *c = ewi_zalloc(sizeof *c);
    if (!c) return ewi_no_memory(err, "a prefix cache");
    c->engine = engine;
    ew_status status = init(c, options, err);
    if (status == EW_OK)
        *out = c;
    else
        ewi_prefix_cache_free(c);
    return status;
}

void ewi_prefix_cache_free(ewi_prefix_cache *c) {
    if (!c) return;
    ewi_prefix_disk_close(c->disk);
    ewi_prefix_tree_deinit(&c->tree);
    ewi_free(c->adapters);
    ewi_free(c->key);
    ewi_free(c);
}

/* ---- roots ---- */

/* All that decides what a session computes and that sessions of one engine may have each for itself. */
static ewi_bytes key_of(ewi_prefix_cache *c, const ew_session *s) {
    uint8_t *at = c->key;
    memcpy(at, s->freqs, c->engine->n_freqs * sizeof *s->freqs);
    at += c->engine->n_freqs * sizeof *s->freqs;
    for (size_t i = 0; i < s->n_uses; i++, at += sizeof(used_adapter)) {
        const used_adapter used = {s->uses[i].adapter, s->uses[i].scale, 0};
        memcpy(at, &used, sizeof used);
    }
    return (ewi_bytes){c->key, (size_t)(at - c->key)};
}

static const uint8_t *digest_of_adapter(const ewi_prefix_cache *c, const ew_adapter *adapter) {
    size_t i = 0;
    while (c->engine->adapters[i] != adapter) i++;
    return c->adapters[i];
}

/* The same for engines of other processes. */
static ew_status digest_root(const ewi_prefix_cache *c, const ew_session *s, uint8_t *digest) {
    const ewi_bytes freqs = {(const uint8_t *)s->freqs, c->engine->n_freqs * sizeof *s->freqs};
    EWI_TRY(ewi_prefix_key_next(c->digest, freqs, digest, NULL));
    for (size_t i = 0; i < s->n_uses; i++) {
        uint8_t use[EWI_SHA256_BYTES + sizeof(float)];
        memcpy(use, digest_of_adapter(c, s->uses[i].adapter), EWI_SHA256_BYTES);
        memcpy(use + EWI_SHA256_BYTES, &s->uses[i].scale, sizeof(float));
        EWI_TRY(ewi_prefix_key_next(digest, (ewi_bytes){use, sizeof use}, digest, NULL));
    }
    return EW_OK;
}

/* NULL: no memory, or nothing that could be gone on with. */
static ewi_prefix_node *root_of(ewi_prefix_cache *c, const ew_session *s) {
    if (c->engine->model->hparams.arch->is_encoder) return NULL;
    ewi_prefix_node *root = ewi_prefix_tree_root(&c->tree, key_of(c, s));
    const bool has_digest = root && (!c->disk || root->children); /* it got one with its first child */
    return !root || has_digest || digest_root(c, s, root->digest) == EW_OK ? root : NULL;
}

static void trim(ewi_prefix_cache *c) {
    add_to(&c->stats.n_evicted, ewi_prefix_tree_trim(&c->tree, c->max_nodes));
    __atomic_store_n(&c->stats.memory_bytes, (uint64_t)c->tree.n_nodes * c->engine->shape.block_bytes,
                     __ATOMIC_RELAXED);
}

/* ---- what there is ---- */

/* A file that was cut lacks its end: looking at that makes the guard notice. */
static bool is_whole(const ewi_prefix_cache *c, const ewi_block *block) {
    if (!block->map) return true;
    (void)*(const volatile uint8_t *)&block->data[c->engine->shape.block_bytes - 1];
    return ewi_map_check(block->map, NULL) == EW_OK;
}

/* The node, which may be NULL, unless the file that it lies in was truncated: then it and all below it go. */
static ewi_prefix_node *whole_file(ewi_prefix_cache *c, ewi_prefix_node *node) {
    if (!node || is_whole(c, node->block)) return node;
    ewi_prefix_tree_remove(&c->tree, node);
    return NULL;
}

static ewi_prefix_node *find(ewi_prefix_cache *c, const ewi_prefix_node *parent, const ew_token *tokens) {
    return whole_file(c, ewi_prefix_tree_find(&c->tree, parent, tokens));
}

static ewi_prefix_node *find_part(ewi_prefix_cache *c, const ewi_prefix_node *parent, const ew_token *tokens,
                                  size_t n, size_t *n_same) {
    return whole_file(c, ewi_prefix_tree_find_part(parent, tokens, n, n_same));
}

/* NULL: no memory. */
static ewi_prefix_node *add(ewi_prefix_cache *c, ewi_prefix_node *parent, const ew_token *tokens, uint32_t n,
                            ewi_block *block) {
    uint8_t digest[EWI_SHA256_BYTES] = {0};
    const ewi_bytes bytes = {(const uint8_t *)tokens, n * sizeof *tokens};
    if (c->disk && ewi_prefix_key_next(parent->digest, bytes, digest, NULL) != EW_OK) return NULL;
    ewi_prefix_node *node = ewi_prefix_tree_add(&c->tree, parent, tokens, n, block);
    if (node) memcpy(node->digest, digest, sizeof digest);
    return node;
}

/* NULL: the disk does not have it, or no memory. */
static ewi_prefix_node *read(ewi_prefix_cache *c, ewi_prefix_node *parent, const ew_token *tokens,
                             uint32_t rank) {
    uint8_t digest[EWI_SHA256_BYTES];
    const ewi_bytes bytes = {(const uint8_t *)tokens, EWI_BLOCK_POSITIONS * sizeof *tokens};
    if (!c->disk || ewi_prefix_key_next(parent->digest, bytes, digest, NULL) != EW_OK) return NULL;
    const ewi_prefix_place place = {digest, parent->digest, tokens, rank};
    ewi_block *block = ewi_prefix_disk_read(c->disk, &place);
    ewi_prefix_node *node = block ? add(c, parent, tokens, EWI_BLOCK_POSITIONS, block) : NULL;
    ewi_block_unref(block);
    if (node) node->is_stored = true;
    return node;
}

typedef struct taking {
    ewi_prefix_cache *c;
    ew_session *s;
    const ew_token *tokens;
    uint32_t n, most;   /* that the session has room for; of them, to be taken at most */
    uint32_t from_disk; /* so many positions */
} taking;

/* Position `length` and those after it, as far as the node's go. */
static uint32_t adopt(const taking *t, uint32_t length, uint32_t n_same, const ewi_prefix_node *node) {
    ewi_state_set_block(&t->s->state, length / EWI_BLOCK_POSITIONS, node->block);
    return t->most - length < n_same ? t->most : length + n_same;
}

static uint32_t take_blocks(taking *t, ewi_prefix_node *root) {
    ewi_prefix_node *at = root, *next;
    uint32_t length = 0;
    size_t n_same;
    for (; t->n - length >= EWI_BLOCK_POSITIONS; at = next) {
        const uint32_t before = length;
        next = find(t->c, at, t->tokens + length);
        const bool is_known = next;
        if (!next) next = read(t->c, at, t->tokens + length, length / EWI_BLOCK_POSITIONS);
        if (!next) break;
        length = adopt(t, length, EWI_BLOCK_POSITIONS, next);
        if (!is_known) t->from_disk += length - before;
    }
    next = find_part(t->c, at, t->tokens + length, t->most - length, &n_same);
    if (next) length = adopt(t, length, (uint32_t)n_same, next);
    ewi_prefix_tree_touch(&t->c->tree, next ? next : at);
    return length;
}

uint32_t ewi_prefix_cache_take(ewi_prefix_cache *c, ew_session *s, const ew_token *tokens, size_t n) {
    taking t = {.c = c, .s = s, .tokens = tokens, .n = n < s->n_ctx ? (uint32_t)n : s->n_ctx};
    t.most = t.n < n ? t.n : t.n - 1;
    ewi_prefix_node *root = n > 0 && s->length == 0 ? root_of(c, s) : NULL;
    if (!root) return 0;
    const uint32_t length = take_blocks(&t, root);
    memcpy(s->tokens, tokens, length * sizeof *tokens);
    s->length = length;
    add_to(&c->stats.n_takes, 1);
    add_to(&c->stats.n_hits, length > 0);
    add_to(&c->stats.memory_positions, length - t.from_disk);
    add_to(&c->stats.disk_positions, t.from_disk);
    trim(c);
    return length;
}

/* ---- what is kept ---- */

/* The session's block i below parent, whole or its last; NULL: no memory. */
static ewi_prefix_node *keep_block(ewi_prefix_cache *c, const ew_session *s, uint32_t i,
                                   ewi_prefix_node *parent) {
    const uint32_t first = i * EWI_BLOCK_POSITIONS, rest = s->length - first;
    const ew_token *tokens = s->tokens + first;
    size_t n_same = 0;
    ewi_prefix_node *node =
        rest < EWI_BLOCK_POSITIONS ? find_part(c, parent, tokens, rest, &n_same) : find(c, parent, tokens);
    if (node && (rest >= EWI_BLOCK_POSITIONS || n_same == rest)) return node;
    return add(c, parent, tokens, rest < EWI_BLOCK_POSITIONS ? rest : EWI_BLOCK_POSITIONS,
               s->state.blocks[i]);
}

/* True when its file is going to be written. A block that is mapped came from one. */
static bool store(ewi_prefix_cache *c, ewi_prefix_node *node, uint32_t rank) {
    if (!c->disk || node->is_stored || node->n_tokens < EWI_BLOCK_POSITIONS || node->block->map) return false;
    const ewi_prefix_place place = {node->digest, node->parent->digest, node->tokens, rank};
    node->is_stored = ewi_prefix_disk_write(c->disk, &place, node->block);
    return node->is_stored;
}

/* Where new files came, those before them are used too. */
static void touch_files(ewi_prefix_cache *c, const ewi_prefix_node *at, uint32_t n) {
    for (; n-- > 0; at = at->parent)
        if (at->is_stored) ewi_prefix_disk_touch(c->disk, at->digest, n);
}

void ewi_prefix_cache_keep(ewi_prefix_cache *c, ew_session *s) {
    if (s->length == 0 || ewi_state_check(&s->state, NULL) != EW_OK) return;
    ewi_prefix_node *at = root_of(c, s), *next;
    if (!at) return;
    uint32_t i = 0;
    bool stores = false;
    for (; i * EWI_BLOCK_POSITIONS < s->length; i++, at = next) {
        next = keep_block(c, s, i, at);
        if (!next) break;
        if (store(c, next, i)) stores = true;
    }
    if (stores) touch_files(c, at, i);
    ewi_prefix_tree_touch(&c->tree, at);
    trim(c);
}

ewi_prefix_cache_stats ewi_prefix_cache_get_stats(const ewi_prefix_cache *c) {
    const ewi_prefix_cache_stats *s = &c->stats;
    const ewi_prefix_disk_stats disk =
        c->disk ? ewi_prefix_disk_get_stats(c->disk) : (ewi_prefix_disk_stats){0};
    return (ewi_prefix_cache_stats){
        .n_takes = figure_of(&s->n_takes),
        .n_hits = figure_of(&s->n_hits),
        .memory_positions = figure_of(&s->memory_positions),
        .disk_positions = figure_of(&s->disk_positions),
        .memory_bytes = figure_of(&s->memory_bytes),
        .n_evicted = figure_of(&s->n_evicted),
        .disk_bytes = disk.bytes,
        .n_written = disk.n_written,
        .n_unwritten = disk.n_unwritten,
        .n_bad_files = disk.n_bad_files,
    };
}
