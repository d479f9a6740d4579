/*
 * guard.h: survive files that are truncated while they are mapped.
 *
 * Touching a page past the new end of a mapped file raises SIGBUS. The handler that ew_guard_install sets
 * looks the address up among the registered ranges, puts an anonymous zero page there, and marks the range as
 * lost; execution goes on with zeros and whoever asks ewi_guard_lost next refuses the result. Lock-free: a
 * signal may come at any instruction.
 */
#ifndef EW_OS_GUARD_H
#define EW_OS_GUARD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"

#define EWI_GUARD_SLOTS 8192

typedef struct ewi_guard_slot ewi_guard_slot;

/* NULL when all slots are taken. */
EWI_NODISCARD ewi_guard_slot *ewi_guard_add(const void *base, size_t len);
/* NULL is allowed. */
void ewi_guard_remove(ewi_guard_slot *slot);
/* Few slots are free: what can do without a mapping should. */
bool ewi_guard_is_crowded(void);
bool ewi_guard_lost(const ewi_guard_slot *slot);

#endif
