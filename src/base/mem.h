/*
 * mem.h: the only door to the heap. malloc and free are called nowhere else.
 *
 * Each function that returns memory returns NULL when there is none; the caller turns that into EW_NO_MEMORY.
 * Blocks are aligned to 64 bytes. Thread-safe.
 *
 *     float *x = ewi_alloc_array(n, sizeof *x);
 *     if (!x) return ewi_no_memory(err, "session state");
 *     ewi_free(x);
 *
 * A hostile build (EW_HOSTILE) fills new blocks with garbage, moves a block at each realloc, and fails the
 * Nth allocation or call to the system on request, for the torture tests.
 */
#ifndef EW_BASE_MEM_H
#define EW_BASE_MEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "edgewise/edgewise.h"

EWI_NODISCARD void *ewi_alloc(size_t size_bytes);
EWI_NODISCARD void *ewi_zalloc(size_t size_bytes);
/* n * size_bytes, checked. */
EWI_NODISCARD void *ewi_alloc_array(size_t n, size_t size_bytes);
EWI_NODISCARD void *ewi_zalloc_array(size_t n, size_t size_bytes);
/* Grows or shrinks a block of old_n elements to new_n; on NULL the old block is untouched. */
EWI_NODISCARD void *ewi_realloc_array(void *block, size_t old_n, size_t new_n, size_t size_bytes);
/* NULL is allowed. */
void ewi_free(void *block);
/* A NUL-terminated copy. */
EWI_NODISCARD char *ewi_strdup(ew_str text);

/* EW_NO_MEMORY with a text that names what the memory was for. */
EWI_COLD ew_status ewi_no_memory(ew_error *err, const char *what);

#ifdef EW_HOSTILE
/* From now on the nth (1 = the next) allocation or system call of this process fails, once; 0 = none. */
void ewi_hostile_fail_at(uint64_t nth);
/* Calls counted since the last ewi_hostile_fail_at. */
uint64_t ewi_hostile_count(void);
/* Counts a call; true when it is the one that must fail. */
bool ewi_hostile_fails(void);
/* Blocks that are allocated now: a leak check without a sanitizer. */
int64_t ewi_hostile_live_blocks(void);
#else
#define ewi_hostile_fails() (false)
#endif

#endif
