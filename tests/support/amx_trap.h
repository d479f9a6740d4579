/*
 * amx_trap.h: AMX on x86-64 processors without it: each tile instruction traps, is carried out by amx_tiles.h
 * on the thread's own tiles, and the program goes on behind it. So the machine code of AMX kernels can be
 * checked anywhere, slowly.
 *
 * An instruction that a processor with AMX would refuse is named on stderr and ends the process by SIGILL, or
 * goes to the handler that was set before. All threads.
 *
 *     if (amx_trap_install()) ...              what needs AMX works from now on
 *     assert(amx_trap_count() > 0);            and did
 */
#ifndef TESTS_SUPPORT_AMX_TRAP_H
#define TESTS_SUPPORT_AMX_TRAP_H

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/* False where it cannot help: not Linux on x86-64, under ThreadSanitizer, or the processor lacks what else
 * belongs to level amx.
 * cmocka sets a handler of its own for each test: to be called in the test. */
bool amx_trap_install(void);

/* Instructions that were emulated so far, in all threads. */
unsigned long amx_trap_count(void);

#ifdef __cplusplus
}
#endif

#endif
