/*
 * cpu.h: which instruction sets this processor offers and which this program has kernels for.
 *
 * The levels of one architecture form a ladder, lowest first. Pure questions, any thread.
 *
 *     ewi_cpu_level cap;
 *     EWI_TRY(ewi_cpu_parse(getenv("EDGEWISE_CPU"), &cap, err));
 *     ewi_cpu_level level = ewi_cpu_best(cap);
 */
#ifndef EW_KERNELS_CPU_H
#define EW_KERNELS_CPU_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"
#include "edgewise/edgewise.h"

/* Levels that this version has kernels for. */
typedef enum ewi_cpu_level {
    EWI_CPU_SCALAR = 0, /* the reference, plain C */
    EWI_CPU_AVX2,       /* AVX2, FMA, F16C */
    EWI_CPU_AVX512,     /* AVX-512 F, BW, DQ, VL, CD */
    EWI_N_CPU_LEVELS
} ewi_cpu_level;

/* "scalar", "avx2", ... */
const char *ewi_cpu_name(ewi_cpu_level level);

/* "" when the level runs here, else a reason to show: "the processor has no AVX2". */
const char *ewi_cpu_why_not(ewi_cpu_level level);
bool ewi_cpu_usable(ewi_cpu_level level);

/* The highest usable level that is not above cap. */
ewi_cpu_level ewi_cpu_best(ewi_cpu_level cap);

/*
 * The cap that a word of EDGEWISE_CPU names: scalar, avx2, avx512, vnni, amx or neon. A level that this
 * version or this architecture lacks means the best below it. NULL and "" mean no cap. Errors: EW_INVALID for
 * any other word.
 */
EWI_NODISCARD ew_status ewi_cpu_parse(const char *word, ewi_cpu_level *cap, ew_error *err);

/* Describes every level, lowest first; out has room for EWI_N_CPU_LEVELS. Returns how many. */
size_t ewi_cpu_list(ew_cpu_level *out);

#endif
