#include "engine/prefix_disk.h"

#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "crypto/sha256.h"
#include "format/prefix_file.h"
#include "os/clock.h"
#include "os/store.h"
#include "os/thread.h"

EWI_STATIC_ASSERT(EWI_PREFIX_TOKENS == EWI_BLOCK_POSITIONS, "a file is a block");
EWI_STATIC_ASSERT(EWI_PREFIX_DIGEST_BYTES == EWI_SHA256_BYTES, "digests");
EWI_STATIC_ASSERT(EWI_STORE_NAME == EWI_SHA256_HEX - 1, "names are digests");

#define MAX_QUEUED 128u
#define PAUSE_NS   ((uint64_t)60 * 1000000000u)

typedef struct order {
    ewi_block *block;
    uint8_t digest[EWI_SHA256_BYTES], parent[EWI_SHA256_BYTES];
    ew_token tokens[EWI_BLOCK_POSITIONS];
    uint32_t rank;
} order;

struct ewi_prefix_disk {
    ewi_store *store;
    size_t block_bytes;
    ewi_thread *writer;
    ewi_signal *changed;
    ewi_mutex *mutex; /* of these three */
    order *queue;     /* [MAX_QUEUED] in a ring */
    uint32_t first, n_queued;
    bool ends;
    uint64_t paused_until_ns; /* the writer's */
    ewi_prefix_disk_stats stats;
};

static void count(uint64_t *figure) {
    __atomic_fetch_add(figure, 1, __ATOMIC_RELAXED);
}

/* ---- the writer ---- */

static ew_status write_order(ewi_prefix_disk *d, const order *o) {
    uint8_t head[EWI_PREFIX_HEAD_BYTES];
    char name[EWI_SHA256_HEX];
    ewi_prefix_file file = {.payload = {o->block->data, d->block_bytes}};
    memcpy(file.digest, o->digest, sizeof file.digest);
    memcpy(file.parent, o->parent, sizeof file.parent);
    memcpy(file.tokens, o->tokens, sizeof file.tokens);
    file.checksum = ewi_prefix_checksum(file.payload);
    ewi_prefix_file_write_head(&file, head);
    ewi_hex(o->digest, sizeof o->digest, name);
    const ewi_bytes pieces[] = {{head, sizeof head}, file.payload};
    return ewi_store_put(d->store, name, o->rank, pieces, EWI_COUNT(pieces), NULL);
}

static void obey(ewi_prefix_disk *d, const order *o) {
    const bool is_paused = ewi_clock_ns() < d->paused_until_ns;
    const bool fine = !is_paused && write_order(d, o) == EW_OK;
    if (!fine && !is_paused) d->paused_until_ns = ewi_clock_ns() + PAUSE_NS;
    count(fine ? &d->stats.n_written : &d->stats.n_unwritten);
    ewi_block_unref(o->block);
}

/* False: there is nothing now. */
static bool next_order(ewi_prefix_disk *d, order *out, bool *ends) {
    ewi_mutex_lock(d->mutex);
    const bool is_there = d->n_queued > 0;
    if (is_there) {
        *out = d->queue[d->first];
        d->first = (d->first + 1) % MAX_QUEUED;
        d->n_queued--;
    }
    *ends = d->ends;
    ewi_mutex_unlock(d->mutex);
    return is_there;
}

static void write_all(void *arg) {
    ewi_prefix_disk *d = arg;
    order o;
    bool ends;
    for (;;) {
        const uint32_t seen = ewi_signal_value(d->changed);
        if (next_order(d, &o, &ends))
            obey(d, &o);
        else if (ends)
            return;
        else
            ewi_signal_wait(d->changed, seen);
    }
}

/* ---- opening ---- */

static ew_status open_parts(ewi_prefix_disk *d, const char *folder, uint64_t max_bytes, ew_error *err) {
    d->changed = ewi_signal_new();
    d->mutex = ewi_mutex_new();
    d->queue = ewi_alloc_array(MAX_QUEUED, sizeof *d->queue);
    if (!d->changed || !d->mutex || !d->queue) return ewi_no_memory(err, "a prefix cache");
    EWI_TRY(ewi_store_open(folder, max_bytes, &d->store, err));
    return ewi_thread_start(write_all, d, "ew-prefix", &d->writer, err);
}

ew_status ewi_prefix_disk_open(const char *folder, uint64_t max_bytes, size_t block_bytes,
                               ewi_prefix_disk **out, ew_error *err) {
    ewi_prefix_disk *d = ewi_zalloc(sizeof *d);
    if (!d) return ewi_no_memory(err, "a prefix cache");
    d->block_bytes = block_bytes;
    ew_status status = open_parts(d, folder, max_bytes, err);
    if (status == EW_OK)
        *out = d;
    else
        ewi_prefix_disk_close(d);
    return status;
}

static void end_writer(ewi_prefix_disk *d) {
    if (!d->writer) return;
    ewi_mutex_lock(d->mutex);
    d->ends = true;
    ewi_mutex_unlock(d->mutex);
    ewi_signal_raise(d->changed);
    ewi_thread_join(d->writer);
}

void ewi_prefix_disk_close(ewi_prefix_disk *d) {
    if (!d) return;
    end_writer(d);
    ewi_store_close(d->store);
    ewi_signal_free(d->changed);
    ewi_mutex_free(d->mutex);
    ewi_free(d->queue);
    ewi_free(d);
}

/* ---- files ---- */

static bool is_right(const ewi_prefix_disk *d, const ewi_map *map, const ewi_prefix_place *place,
                     ewi_prefix_file *file) {
    return ewi_prefix_file_read(ewi_map_bytes(map), file, NULL) == EW_OK &&
           file->payload.len == d->block_bytes &&
           memcmp(file->digest, place->digest, sizeof file->digest) == 0 &&
           memcmp(file->parent, place->parent, sizeof file->parent) == 0 &&
           memcmp(file->tokens, place->tokens, sizeof file->tokens) == 0 &&
           ewi_prefix_checksum(file->payload) == file->checksum && ewi_map_check(map, NULL) == EW_OK;
}

ewi_block *ewi_prefix_disk_read(ewi_prefix_disk *d, const ewi_prefix_place *place) {
    char name[EWI_SHA256_HEX];
    ewi_map *map;
    ewi_prefix_file file;
    ewi_hex(place->digest, EWI_SHA256_BYTES, name);
    if (ewi_store_map(d->store, name, place->rank, &map, NULL) != EW_OK) return NULL;
    ewi_block *block = NULL;
    if (is_right(d, map, place, &file)) {
        block = ewi_block_new_mapped(map, file.payload.data);
    } else {
        ewi_store_remove(d->store, name);
        count(&d->stats.n_bad_files);
    }
    if (!block) ewi_map_close(map);
    return block;
}

bool ewi_prefix_disk_write(ewi_prefix_disk *d, const ewi_prefix_place *place, ewi_block *block) {
    ewi_mutex_lock(d->mutex);
    const bool is_taken = d->n_queued < MAX_QUEUED;
    if (is_taken) {
        order *o = &d->queue[(d->first + d->n_queued++) % MAX_QUEUED];
        *o = (order){.block = ewi_block_ref(block), .rank = place->rank};
        memcpy(o->digest, place->digest, sizeof o->digest);
        memcpy(o->parent, place->parent, sizeof o->parent);
        memcpy(o->tokens, place->tokens, sizeof o->tokens);
    }
    ewi_mutex_unlock(d->mutex);
    if (is_taken)
        ewi_signal_raise(d->changed);
    else
        count(&d->stats.n_unwritten);
    return is_taken;
}

void ewi_prefix_disk_touch(ewi_prefix_disk *d, const uint8_t *digest, uint32_t rank) {
    char name[EWI_SHA256_HEX];
    ewi_hex(digest, EWI_SHA256_BYTES, name);
    ewi_store_touch(d->store, name, rank);
}

static uint64_t figure_of(const uint64_t *figure) {
    return __atomic_load_n(figure, __ATOMIC_RELAXED);
}

ewi_prefix_disk_stats ewi_prefix_disk_get_stats(const ewi_prefix_disk *d) {
    return (ewi_prefix_disk_stats){.bytes = ewi_store_bytes(d->store),
                                   .n_written = figure_of(&d->stats.n_written),
                                   .n_unwritten = figure_of(&d->stats.n_unwritten),
                                   .n_bad_files = figure_of(&d->stats.n_bad_files)};
}
