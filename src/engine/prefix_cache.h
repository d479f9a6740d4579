/*
 * prefix_cache.h: what sessions have computed of texts, kept for sessions whose texts begin alike.
 *
 * A tree of blocks of state (state.h): a node is 64 tokens after those of its parent, with the block that
 * holds their keys and values; the last node of a text may have fewer tokens. Sessions and the cache share
 * blocks, so neither keeping nor taking copies anything. Below a root all was computed with the same
 * adapters, scales and rope frequencies. A hash finds nodes, their tokens decide. What was used longest ago
 * goes first, from the ends of texts, when there is more than memory_bytes.
 *
 * With a folder, whole blocks are also written to disk (prefix_disk.h), in the background, and found there
 * again by any engine that would compute the same bits, also of other processes and later ones.
 *
 * The engine outlives the cache; sessions may outlive it. The engine's thread uses it, but for the figures,
 * which any thread may ask for. Nothing here fails a request: what there is no memory for, what a disk does
 * not take or a file has wrong is not cached. The guard (ew_guard_install) must be there when a folder is: of
 * a file that is truncated while a session uses it, its step is EW_IO then; ewi_state_check tells which
 * session.
 *
 *     EWI_TRY(ewi_prefix_cache_new(engine, &options, &cache, err));
 *     uint32_t n_known = ewi_prefix_cache_take(cache, session, tokens, n);
 *     ... evaluate tokens + n_known ...
 *     ewi_prefix_cache_keep(cache, session);
 *     ewi_prefix_cache_free(cache);
 */
#ifndef EW_ENGINE_PREFIX_CACHE_H
#define EW_ENGINE_PREFIX_CACHE_H

#include "engine/engine.h"

typedef struct ewi_prefix_cache ewi_prefix_cache;

typedef struct ewi_prefix_cache_options {
    uint64_t memory_bytes; /* of blocks; those that sessions hold too count, and stay while they do */
    const char *folder;    /* NULL: nothing is kept on disk */
    uint64_t disk_bytes;   /* of all files in the folder, of other processes too */
} ewi_prefix_cache_options;

typedef struct ewi_prefix_cache_stats {
    uint64_t n_takes, n_hits;                  /* asked for; answered with at least one position */
    uint64_t memory_positions, disk_positions; /* that were answered with */
    uint64_t memory_bytes, disk_bytes;         /* now */
    uint64_t n_evicted;                        /* blocks that made room in memory */
    uint64_t n_written, n_unwritten;           /* files; blocks that the disk or its queue had no room for */
    uint64_t n_bad_files;                      /* that were not what they should be, and removed */
} ewi_prefix_cache_stats;

/* Errors: EW_NO_MEMORY; EW_IO when the folder is not there and cannot be made, is not this user's own, or is
 * open to others. */
EWI_NODISCARD ew_status ewi_prefix_cache_new(ew_engine *engine, const ewi_prefix_cache_options *options,
                                             ewi_prefix_cache **out, ew_error *err);
/* Waits until the disk has what was kept. NULL is allowed. */
void ewi_prefix_cache_free(ewi_prefix_cache *cache);

/* The session, which is empty and has its adapters, holds what is known of the tokens' beginning; at least
 * the last token is left to be evaluated. Returns how many positions it has now. */
uint32_t ewi_prefix_cache_take(ewi_prefix_cache *cache, ew_session *session, const ew_token *tokens,
                               size_t n);
/* Keeps what the session holds, which may go on or be freed. It had the adapters that it has now all the
 * while. */
void ewi_prefix_cache_keep(ewi_prefix_cache *cache, ew_session *session);

ewi_prefix_cache_stats ewi_prefix_cache_get_stats(const ewi_prefix_cache *cache);

#endif
