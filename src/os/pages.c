#define _GNU_SOURCE /* MAP_ANONYMOUS, MADV_HUGEPAGE */

#include "os/pages.h"

#include <sys/mman.h>
#include <unistd.h>

#include "base/mem.h"

uint8_t *ewi_pages_new(size_t n) {
    if (ewi_hostile_fails()) return NULL;
    void *block = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (block == MAP_FAILED) return NULL;
#ifdef MADV_HUGEPAGE
    madvise(block, n, MADV_HUGEPAGE);
#endif
    return block;
}

void ewi_pages_free(uint8_t *block, size_t n) {
    if (block) munmap(block, n);
}

void ewi_pages_drop(const void *from, size_t n) {
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), at = (uintptr_t)from;
    uintptr_t first = (at + page - 1) / page * page, end = (at + n) / page * page;
    if (end > first) madvise((void *)first, end - first, MADV_DONTNEED);
}
