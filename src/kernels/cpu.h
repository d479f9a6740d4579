/*
 * cpu.h: which instruction sets this processor offers and which this program has kernels for.
 *
 * The levels of one architecture form a ladder, lowest first. Questions without state, any thread. Asking for
 * AMX also asks the system to allow it.
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

/* The ladder of this architecture. */
typedef enum ewi_cpu_level {
    EWI_CPU_SCALAR = 0, /* the reference, plain C */
#if defined(__x86_64__)
    EWI_CPU_AVX2,   /* AVX2, FMA, F16C */
    EWI_CPU_AVX512, /* AVX-512 F, BW, DQ, VL, CD */
    EWI_CPU_VNNI,   /* AVX-512 VNNI */
    EWI_CPU_AMX,    /* AMX TILE, INT8, BF16; AVX-512 BF16 */
#elif defined(__aarch64__)
    EWI_CPU_NEON,    /* Advanced SIMD; nothing optional, half-precision arithmetic neither */
    EWI_CPU_DOTPROD, /* FEAT_DotProd */
    EWI_CPU_I8MM,    /* FEAT_I8MM */
#endif
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
 * The cap that a word of EDGEWISE_CPU names: a level of any architecture. Levels of another architecture mean
 * scalar, the best below them here. NULL and "" mean no cap. Errors: EW_INVALID for any other word.
 */
EWI_NODISCARD ew_status ewi_cpu_parse(const char *word, ewi_cpu_level *cap, ew_error *err);

/* Describes every level, lowest first; out has room for EWI_N_CPU_LEVELS. Returns how many. */
size_t ewi_cpu_list(ew_cpu_level *out);

#endif
