#include "base/arena.h"

#include <string.h>

#include "base/checked.h"
#include "base/mem.h"

#define CHUNK_MIN_BYTES ((size_t)16 << 10)
#define CHUNK_MAX_BYTES ((size_t)1 << 20)
#define ALIGN_BYTES     16u

struct ewi_arena_chunk {
    ewi_arena_chunk *next;
    size_t size_bytes, used_bytes; /* of data */
    EWI_ALIGNED(ALIGN_BYTES) uint8_t data[];
};

void ewi_arena_init(ewi_arena *arena, size_t max_bytes) {
    *arena = (ewi_arena){.max_bytes = max_bytes};
}

void ewi_arena_deinit(ewi_arena *arena) {
    for (ewi_arena_chunk *chunk = arena->chunks, *next; chunk; chunk = next) {
        next = chunk->next;
        ewi_free(chunk);
    }
    *arena = (ewi_arena){.max_bytes = arena->max_bytes};
}

/* Chunks double with what the arena holds: a small arena stays small and a large one has few chunks. */
static size_t next_chunk_bytes(const ewi_arena *arena, size_t need) {
    size_t size = arena->used_bytes < CHUNK_MIN_BYTES ? CHUNK_MIN_BYTES : arena->used_bytes;
    if (size > CHUNK_MAX_BYTES) size = CHUNK_MAX_BYTES;
    return size < need ? need : size;
}

static ewi_arena_chunk *add_chunk(ewi_arena *arena, size_t need) {
    size_t size = next_chunk_bytes(arena, need), total;
    if (!ewi_add_size(sizeof(ewi_arena_chunk), size, &total)) return NULL;
    ewi_arena_chunk *chunk = ewi_alloc(total);
    if (!chunk) return NULL;
    *chunk = (ewi_arena_chunk){.next = arena->chunks, .size_bytes = size};
    arena->chunks = chunk;
    return chunk;
}

void *ewi_arena_alloc(ewi_arena *arena, size_t size_bytes) {
    size_t need;
    if (!ewi_align_size(size_bytes, ALIGN_BYTES, &need)) return NULL;
    if (!ewi_in_range(arena->used_bytes, need, arena->max_bytes)) return NULL;
    ewi_arena_chunk *chunk = arena->chunks;
    if (!chunk || chunk->size_bytes - chunk->used_bytes < need) chunk = add_chunk(arena, need);
    if (!chunk) return NULL;
    void *block = chunk->data + chunk->used_bytes;
    chunk->used_bytes += need;
    arena->used_bytes += need;
    return block;
}

void *ewi_arena_array(ewi_arena *arena, size_t n, size_t size_bytes) {
    size_t total;
    void *block = ewi_mul_size(n, size_bytes, &total) ? ewi_arena_alloc(arena, total) : NULL;
    if (block) memset(block, 0, total);
    return block;
}

char *ewi_arena_strdup(ewi_arena *arena, ew_str text) {
    size_t size;
    char *copy = ewi_add_size(text.len, 1, &size) ? ewi_arena_alloc(arena, size) : NULL;
    if (!copy) return NULL;
    if (text.len) memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    return copy;
}
