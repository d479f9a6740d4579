#define _DEFAULT_SOURCE /* syscall */

#include "os/hwcap.h"

#if defined(__linux__) && defined(__aarch64__)
#include <sys/auxv.h>

/* Bits of AT_HWCAP and AT_HWCAP2 (Linux, arch/arm64: elf_hwcaps): older headers lack names for some. */
#define CAP_FP      (1ul << 0)
#define CAP_ASIMD   (1ul << 1)
#define CAP_ASIMDDP (1ul << 20)
#define CAP2_I8MM   (1ul << 13)

ewi_hwcap ewi_hwcap_get(void) {
    unsigned long cap = getauxval(AT_HWCAP), cap2 = getauxval(AT_HWCAP2);
    return (ewi_hwcap){
        .asimd = (cap & CAP_FP) && (cap & CAP_ASIMD),
        .dotprod = (cap & CAP_ASIMDDP) != 0,
        .i8mm = (cap2 & CAP2_I8MM) != 0,
    };
}

#else
ewi_hwcap ewi_hwcap_get(void) {
#if defined(__aarch64__)
    return (ewi_hwcap){.asimd = true}; /* every AArch64 processor that runs applications has it */
#else
    return (ewi_hwcap){0};
#endif
}
#endif

#if defined(__linux__) && defined(__x86_64__)
#include <sys/syscall.h>
#include <unistd.h>

/* Linux 5.16 on, Documentation/x86/xstate.rst. */
#define REQUEST_PERMISSION 0x1023
#define TILE_DATA          18

bool ewi_tiles_allow(void) {
    return syscall(SYS_arch_prctl, REQUEST_PERMISSION, TILE_DATA) == 0;
}

#else
bool ewi_tiles_allow(void) {
    return false;
}
#endif
