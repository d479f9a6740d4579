#include "kernels/cpu.h"

#include <stdint.h>
#include <string.h>

#include "base/error.h"

/* ---- what the processor says ---- */

typedef enum feature {
    HAS_AVX2 = 1,
    HAS_FMA = 2,
    HAS_F16C = 4,
    HAS_OS_YMM = 8, /* the operating system saves the wide registers */
    HAS_AVX512 = 16,
    HAS_OS_ZMM = 32,
} feature;

#if defined(__x86_64__)
#include <cpuid.h>

/* Extended control register 0 (Intel SDM volume 1, 13.3): which register files the system saves. */
static uint64_t read_xcr0(void) {
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (uint64_t)high << 32 | low;
}

/* Bits of CPUID leaves 1 and 7 (Intel SDM volume 2A, CPUID). */
static unsigned detect(void) {
    unsigned a, b, c, d, found = 0;
    if (!__get_cpuid(1, &a, &b, &c, &d)) return 0;
    if (c & bit_FMA) found |= HAS_FMA;
    if (c & bit_F16C) found |= HAS_F16C;
    if (c & bit_OSXSAVE) {
        uint64_t saved = read_xcr0();
        if ((saved & 0x06) == 0x06) found |= HAS_OS_YMM; /* xmm, ymm */
        if ((saved & 0xe6) == 0xe6) found |= HAS_OS_ZMM; /* and opmask, both halves of zmm */
    }
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return found;
    const unsigned avx512 = bit_AVX512F | bit_AVX512BW | bit_AVX512DQ | bit_AVX512VL | bit_AVX512CD;
    if ((b & bit_AVX2) && (b & bit_BMI2)) found |= HAS_AVX2;
    if ((b & avx512) == avx512) found |= HAS_AVX512;
    return found;
}

#else
static unsigned detect(void) {
    return 0;
}
#endif

/* ---- levels ---- */

static const char *const names[EWI_N_CPU_LEVELS] = {"scalar", "avx2", "avx512"};

typedef struct need {
    ewi_cpu_level level; /* and all above it */
    feature feature;
    const char *why_not;
} need;

static const need needs[] = {
    {EWI_CPU_AVX2, HAS_AVX2, "the processor has no AVX2 and BMI2"},
    {EWI_CPU_AVX2, HAS_FMA, "the processor has no FMA"},
    {EWI_CPU_AVX2, HAS_F16C, "the processor has no F16C"},
    {EWI_CPU_AVX2, HAS_OS_YMM, "the operating system does not save AVX registers"},
    {EWI_CPU_AVX512, HAS_AVX512, "the processor has no AVX-512 F, BW, DQ, VL and CD"},
    {EWI_CPU_AVX512, HAS_OS_ZMM, "the operating system does not save AVX-512 registers"},
};

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

ew_status ewi_cpu_parse(const char *word, ewi_cpu_level *cap, ew_error *err) {
    static const struct {
        const char *word;
        ewi_cpu_level cap;
    } words[] = {
        {"", EWI_N_CPU_LEVELS - 1}, {"scalar", EWI_CPU_SCALAR}, {"avx2", EWI_CPU_AVX2},
        {"avx512", EWI_CPU_AVX512}, {"vnni", EWI_CPU_AVX512},   {"amx", EWI_CPU_AVX512},
        {"neon", EWI_CPU_SCALAR},
    };
    if (!word) word = "";
    for (size_t i = 0; i < EWI_COUNT(words); i++)
        if (strcmp(word, words[i].word) == 0) {
            *cap = words[i].cap;
            return EW_OK;
        }
    return ewi_fail(err, EW_INVALID,
                    "EDGEWISE_CPU=%.40s: unknown level; use scalar, avx2, avx512, vnni, amx or neon", word);
}

size_t ewi_cpu_list(ew_cpu_level *out) {
    for (ewi_cpu_level level = EWI_CPU_SCALAR; level < EWI_N_CPU_LEVELS; level++)
        out[level] = (ew_cpu_level){names[level], ewi_cpu_usable(level), ewi_cpu_why_not(level)};
    return EWI_N_CPU_LEVELS;
}
