#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "base/error.h"

#define ALIGN_BYTES 64u

#ifdef EW_HOSTILE
#include <stdatomic.h>

static _Atomic uint64_t hostile_count;
static _Atomic uint64_t hostile_fail_at;
static _Atomic int64_t hostile_live;

void ewi_hostile_fail_at(uint64_t nth) {
    atomic_store(&hostile_count, 0);
    atomic_store(&hostile_fail_at, nth);
}

uint64_t ewi_hostile_count(void) {
    return atomic_load(&hostile_count);
}

bool ewi_hostile_fails(void) {
    return atomic_fetch_add(&hostile_count, 1) + 1 == atomic_load(&hostile_fail_at);
}

int64_t ewi_hostile_live_blocks(void) {
    return atomic_load(&hostile_live);
}

static void hostile_born(void *block, size_t size_bytes) {
    if (!block) return;
    atomic_fetch_add(&hostile_live, 1);
    memset(block, 0xa5, size_bytes);
}

static void hostile_dead(void *block) {
    if (block) atomic_fetch_sub(&hostile_live, 1);
}
#else
#define hostile_born(block, size_bytes) ((void)0)
#define hostile_dead(block)             ((void)0)
#endif

void *ewi_alloc(size_t size_bytes) {
    size_t rounded;
    if (ewi_hostile_fails() || !ewi_align_size(size_bytes, ALIGN_BYTES, &rounded)) return NULL;
    void *block = aligned_alloc(ALIGN_BYTES, rounded ? rounded : ALIGN_BYTES);
    hostile_born(block, size_bytes);
    return block;
}

void *ewi_zalloc(size_t size_bytes) {
    void *block = ewi_alloc(size_bytes);
    if (block) memset(block, 0, size_bytes);
    return block;
}

void *ewi_alloc_array(size_t n, size_t size_bytes) {
    size_t total;
    return ewi_mul_size(n, size_bytes, &total) ? ewi_alloc(total) : NULL;
}

void *ewi_zalloc_array(size_t n, size_t size_bytes) {
    size_t total;
    return ewi_mul_size(n, size_bytes, &total) ? ewi_zalloc(total) : NULL;
}

void *ewi_realloc_array(void *block, size_t old_n, size_t new_n, size_t size_bytes) {
    void *grown = ewi_alloc_array(new_n, size_bytes);
    if (!grown) return NULL;
    if (block) memcpy(grown, block, (old_n < new_n ? old_n : new_n) * size_bytes);
    ewi_free(block);
    return grown;
}

void ewi_free(void *block) {
    hostile_dead(block);
    free(block);
}

char *ewi_strdup(ew_str text) {
    size_t size;
    char *copy = ewi_add_size(text.len, 1, &size) ? ewi_alloc(size) : NULL;
    if (!copy) return NULL;
    if (text.len) memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    return copy;
}

ew_status ewi_no_memory(ew_error *err, const char *what) {
    return ewi_fail(err, EW_NO_MEMORY, "out of memory for %s", what);
}
