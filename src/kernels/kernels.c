#include "kernels/kernels.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/error.h"
#include "kernels/ladder.h"
#include "os/thread.h"

static void fill(ewi_kernels *table, ewi_cpu_level level) {
    *table = (ewi_kernels){.level = level};
    ewi_kernels_ref(table);
#if defined(__x86_64__)
    if (level < EWI_CPU_AVX2) return;
    ewi_kernels_avx2(table);
    ewi_qmatmul_avx2(table);
    ewi_halves_avx2(table);
    if (level < EWI_CPU_AVX512) return;
    ewi_kernels_avx512(table);
    if (level < EWI_CPU_VNNI) return;
    ewi_kernels_vnni(table);
    ewi_attention_vnni(table);
    ewi_halves_vnni(table);
    if (level < EWI_CPU_AMX) return;
    ewi_kernels_amx(table);
    ewi_matmul_amx(table);
    ewi_attention_amx(table);
#elif defined(__aarch64__)
    if (level < EWI_CPU_NEON) return;
    ewi_kernels_neon(table);
    ewi_qmatmul_neon(table);
    ewi_halves_neon(table);
    if (level < EWI_CPU_DOTPROD) return;
    ewi_kernels_dotprod(table);
    ewi_attention_dotprod(table);
    if (level < EWI_CPU_I8MM) return;
    ewi_kernels_i8mm(table);
#endif
}

ew_status ewi_kernels_at(ewi_cpu_level level, ewi_kernels *out, ew_error *err) {
    const char *why_not = ewi_cpu_why_not(level);
    if (why_not[0]) return ewi_fail(err, EW_UNSUPPORTED, "level %s: %s", ewi_cpu_name(level), why_not);
    fill(out, level);
    return EW_OK;
}

/* ---- the one chosen table, written once ---- */

enum { EMPTY, FILLING, READY };

static ewi_kernels chosen;
static atomic_int progress = EMPTY;

/* The first caller fills the table; others wait for it. */
static void choose(ewi_cpu_level cap) {
    int expected = EMPTY;
    if (atomic_compare_exchange_strong(&progress, &expected, FILLING)) {
        fill(&chosen, ewi_cpu_best(cap));
        atomic_store_explicit(&progress, READY, memory_order_release);
    }
    while (atomic_load_explicit(&progress, memory_order_acquire) != READY) ewi_cpu_relax();
}

void ewi_kernels_force(ewi_cpu_level level) {
    EW_ASSERT(atomic_load(&progress) == EMPTY);
    fill(&chosen, level);
    atomic_store_explicit(&progress, READY, memory_order_release);
}

ew_status ewi_kernels_init(ew_error *err) {
    ewi_cpu_level cap = EWI_CPU_SCALAR;
    EWI_TRY(ewi_cpu_parse(getenv("EDGEWISE_CPU"), &cap, err));
    choose(cap);
    return EW_OK;
}

const ewi_kernels *ewi_kernels_get(void) {
    if (atomic_load_explicit(&progress, memory_order_acquire) != READY) choose(EWI_N_CPU_LEVELS - 1);
    return &chosen;
}
