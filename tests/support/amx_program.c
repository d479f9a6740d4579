/* edgewise-amx: the program with level amx chosen before it begins. Says on stderr how many instructions it
 * emulated. */
#include "amx_trap.h"

#include <stdio.h>
#include <stdlib.h>

#include "kernels/kernels.h"

static void report(void) {
    fprintf(stderr, "edgewise-amx: %lu instructions emulated\n", amx_trap_count());
}

__attribute__((constructor)) static void begin(void) {
    if (!ewi_cpu_usable(EWI_CPU_AMX) && !amx_trap_install()) {
        fprintf(stderr, "edgewise-amx: SKIPPED: %s\n", ewi_cpu_why_not(EWI_CPU_AMX));
        _Exit(77);
    }
    ewi_kernels_force(EWI_CPU_AMX);
    atexit(report);
}
