#include "kernels/cpu.h"

#include <stdint.h>
#include <string.h>

#include "base/error.h"
#include "os/hwcap.h"

/* ---- what the processor says ---- */

typedef enum feature {
    HAS_AVX2 = 1 << 0,
    HAS_FMA = 1 << 1,
    HAS_F16C = 1 << 2,
    HAS_OS_YMM = 1 << 3, /* the operating system saves the wide registers */
    HAS_AVX512 = 1 << 4,
    HAS_OS_ZMM = 1 << 5,
    HAS_VNNI = 1 << 6,
    HAS_AVX512_BF16 = 1 << 7,
    HAS_AMX = 1 << 8,
    HAS_OS_TILES = 1 << 9,
    HAS_NEON = 1 << 10,
    HAS_DOTPROD = 1 << 11,
    HAS_I8MM = 1 << 12,
    HAS_C = 1 << 13,
} feature;

typedef struct need {
    ewi_cpu_level level; /* and all above it */
    feature feature;
    const char *why_not;
} need;

#if defined(__x86_64__)
#include <cpuid.h>

/* Extended control register 0 (Intel SDM volume 1, 13.3): which register files the system saves. */
static uint64_t read_xcr0(void) {
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (uint64_t)high << 32 | low;
}

static unsigned detect_saved(void) {
    uint64_t saved = read_xcr0();
    unsigned found = 0;
    if ((saved & 0x06) == 0x06) found |= HAS_OS_YMM;         /* xmm, ymm */
    if ((saved & 0xe6) == 0xe6) found |= HAS_OS_ZMM;         /* and opmask, both halves of zmm */
    if ((saved & 0x60000) == 0x60000) found |= HAS_OS_TILES; /* tile configuration, tile data */
    return found;
}

/* Bits of CPUID leaves 1 and 7 (Intel SDM volume 2A, CPUID); names differ between compilers' headers. */
#define EDX_AMX    (1u << 22 | 1u << 24 | 1u << 25) /* BF16, TILE, INT8 */
#define ECX_VNNI   (1u << 11)
#define EAX_1_BF16 (1u << 5)
#define EBX_AVX512 (bit_AVX512F | bit_AVX512BW | bit_AVX512DQ | bit_AVX512VL | bit_AVX512CD)

static unsigned detect(void) {
    unsigned a, b, c, d, found = 0;
    if (!__get_cpuid(1, &a, &b, &c, &d)) return 0;
    if (c & bit_FMA) found |= HAS_FMA;
    if (c & bit_F16C) found |= HAS_F16C;
    if (c & bit_OSXSAVE) found |= detect_saved();
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return found;
    if ((b & bit_AVX2) && (b & bit_BMI2)) found |= HAS_AVX2;
    if ((b & EBX_AVX512) == EBX_AVX512) found |= HAS_AVX512;
    if (c & ECX_VNNI) found |= HAS_VNNI;
    if ((d & EDX_AMX) == EDX_AMX) found |= HAS_AMX;
    if (a >= 1 && __get_cpuid_count(7, 1, &a, &b, &c, &d) && (a & EAX_1_BF16)) found |= HAS_AVX512_BF16;
    /* Tiles trap until the system was asked; a processor without them must not be asked. */
    if ((found & HAS_AMX) && (found & HAS_OS_TILES) && !ewi_tiles_allow()) found &= ~(unsigned)HAS_OS_TILES;
    return found;
}

static const char *const names[EWI_N_CPU_LEVELS] = {"scalar", "avx2", "avx512", "vnni", "amx"};

static const need needs[] = {
    {EWI_CPU_AVX2, HAS_AVX2, "the processor has no AVX2 and BMI2"},
    {EWI_CPU_AVX2, HAS_FMA, "the processor has no FMA"},
    {EWI_CPU_AVX2, HAS_F16C, "the processor has no F16C"},
    {EWI_CPU_AVX2, HAS_OS_YMM, "the operating system does not save AVX registers"},
    {EWI_CPU_AVX512, HAS_AVX512, "the processor has no AVX-512 F, BW, DQ, VL and CD"},
    {EWI_CPU_AVX512, HAS_OS_ZMM, "the operating system does not save AVX-512 registers"},
    {EWI_CPU_VNNI, HAS_VNNI, "the processor has no AVX-512 VNNI"},
    {EWI_CPU_AMX, HAS_AMX, "the processor has no AMX TILE, INT8 and BF16"},
    {EWI_CPU_AMX, HAS_AVX512_BF16, "the processor has no AVX-512 BF16"},
    {EWI_CPU_AMX, HAS_OS_TILES, "the operating system does not allow AMX tiles"},
};

#elif defined(__aarch64__)

static unsigned detect(void) {
    ewi_hwcap cap = ewi_hwcap_get();
    unsigned found = 0;
    if (cap.asimd) found |= HAS_NEON;
    if (cap.dotprod) found |= HAS_DOTPROD;
    if (cap.i8mm) found |= HAS_I8MM;
    return found;
}

static const char *const names[EWI_N_CPU_LEVELS] = {"scalar", "neon", "dotprod", "i8mm"};

static const need needs[] = {
    {EWI_CPU_NEON, HAS_NEON, "the processor has no Advanced SIMD"},
    {EWI_CPU_DOTPROD, HAS_DOTPROD, "the processor has no dot products of bytes"},
    {EWI_CPU_I8MM, HAS_I8MM, "the processor has no products of bytes of both signs (I8MM)"},
};

#else

static unsigned detect(void) {
    return HAS_C;
}

static const char *const names[EWI_N_CPU_LEVELS] = {"scalar"};

static const need needs[] = {{EWI_CPU_SCALAR, HAS_C, ""}};
#endif

/* ---- levels ---- */

const char *ewi_cpu_name(ewi_cpu_level level) {
    return names[level];
}

const char *ewi_cpu_why_not(ewi_cpu_level level) {
    unsigned found = detect();
    for (size_t i = 0; i < EWI_COUNT(needs); i++)
        if (level >= needs[i].level && !(found & needs[i].feature)) return needs[i].why_not;
    return "";
}

bool ewi_cpu_usable(ewi_cpu_level level) {
    return ewi_cpu_why_not(level)[0] == '\0';
}

ewi_cpu_level ewi_cpu_best(ewi_cpu_level cap) {
    ewi_cpu_level level = cap;
    while (level > EWI_CPU_SCALAR && !ewi_cpu_usable(level)) level--;
    return level;
}

/* The level of that name on this architecture; EWI_N_CPU_LEVELS when there is none. */
static ewi_cpu_level level_named(const char *name) {
    ewi_cpu_level level = EWI_CPU_SCALAR;
    while (level < EWI_N_CPU_LEVELS && strcmp(name, names[level]) != 0) level++;
    return level;
}

ew_status ewi_cpu_parse(const char *word, ewi_cpu_level *cap, ew_error *err) {
    static const char *const words[] = {"scalar", "avx2", "avx512", "vnni", "amx", "neon", "dotprod", "i8mm"};
    *cap = EWI_N_CPU_LEVELS - 1;
    if (!word || !word[0]) return EW_OK;
    for (size_t i = 0; i < EWI_COUNT(words); i++) {
        if (strcmp(word, words[i]) != 0) continue;
        ewi_cpu_level level = level_named(word);
        *cap = level < EWI_N_CPU_LEVELS ? level : EWI_CPU_SCALAR;
        return EW_OK;
    }
    return ewi_fail(
        err, EW_INVALID,
        "EDGEWISE_CPU=%.40s: unknown level; use scalar, avx2, avx512, vnni or amx, on Arm scalar, neon, "
        "dotprod or i8mm",
        word);
}

size_t ewi_cpu_list(ew_cpu_level *out) {
    for (ewi_cpu_level level = EWI_CPU_SCALAR; level < EWI_N_CPU_LEVELS; level++)
        out[level] = (ew_cpu_level){names[level], ewi_cpu_usable(level), ewi_cpu_why_not(level)};
    return EWI_N_CPU_LEVELS;
}
