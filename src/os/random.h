/* random.h: bytes that nobody can guess, from the system. */
#ifndef EW_OS_RANDOM_H
#define EW_OS_RANDOM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"

/* False: the system has none to give. */
EWI_NODISCARD bool ewi_random_bytes(void *out, size_t n);

#endif
