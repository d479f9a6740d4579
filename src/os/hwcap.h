/*
 * hwcap.h: what the operating system says of the processor, and what must be asked of it before use.
 *
 * Questions without state, any thread.
 *
 *     if (ewi_hwcap_get().i8mm) ...            Arm
 *     if (ewi_tiles_allow()) ...               x86: AMX tiles may be used from now on, by all threads
 */
#ifndef EW_OS_HWCAP_H
#define EW_OS_HWCAP_H

#include <stdbool.h>

/* Optional parts of AArch64; all false elsewhere, and where the system does not say. */
typedef struct ewi_hwcap {
    bool asimd;   /* Advanced SIMD with its floating point */
    bool dotprod; /* FEAT_DotProd: SDOT, UDOT */
    bool i8mm;    /* FEAT_I8MM: USDOT, SMMLA */
} ewi_hwcap;

ewi_hwcap ewi_hwcap_get(void);

/*
 * Asks the system to save AMX tiles for this process: Linux traps them until then. Only to be asked when the
 * processor has them. False when the system refuses or does not know how.
 */
bool ewi_tiles_allow(void);

#endif
