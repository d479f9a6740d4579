/*
 * arena.h: memory that is freed all at once, and has a limit from birth.
 *
 * For what a parser or a builder makes in many small pieces that live equally long. Not thread-safe.
 *
 *     ewi_arena arena;
 *     ewi_arena_init(&arena, 64u << 20);
 *     float *x = ewi_arena_array(&arena, n, sizeof *x);     NULL when the limit or the memory is exhausted
 *     ewi_arena_deinit(&arena);
 */
#ifndef EW_BASE_ARENA_H
#define EW_BASE_ARENA_H

#include <stddef.h>

#include "base/compiler.h"
#include "edgewise/edgewise.h"

typedef struct ewi_arena_chunk ewi_arena_chunk;

typedef struct ewi_arena {
    ewi_arena_chunk *chunks; /* newest first */
    size_t used_bytes;       /* all chunks, as asked for */
    size_t max_bytes;
} ewi_arena;

void ewi_arena_init(ewi_arena *arena, size_t max_bytes);
void ewi_arena_deinit(ewi_arena *arena);

/* Aligned to 16 bytes, not cleared. */
EWI_NODISCARD void *ewi_arena_alloc(ewi_arena *arena, size_t size_bytes);
/* n * size_bytes, checked, cleared. */
EWI_NODISCARD void *ewi_arena_array(ewi_arena *arena, size_t n, size_t size_bytes);
/* A NUL-terminated copy. */
EWI_NODISCARD char *ewi_arena_strdup(ewi_arena *arena, ew_str text);

#endif
