/*
 * pages.h: large blocks of memory straight from the system, and giving mapped pages back.
 *
 *     uint8_t *block = ewi_pages_new(n);       zeros, in huge pages where the system has them
 *     ewi_pages_drop(from, n);                 the mapped file's pages will not be needed soon
 *     ewi_pages_free(block, n);
 */
#ifndef EW_OS_PAGES_H
#define EW_OS_PAGES_H

#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"

/* n > 0. NULL: no memory. */
EWI_NODISCARD uint8_t *ewi_pages_new(size_t n);
/* NULL is allowed. */
void ewi_pages_free(uint8_t *block, size_t n);
/* The whole pages among n bytes of a read-only file mapping leave this process; reading brings them back. */
void ewi_pages_drop(const void *from, size_t n);

#endif
