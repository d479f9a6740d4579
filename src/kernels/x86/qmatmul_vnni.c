#include "kernels/ladder.h"
#include "kernels/wide/qmatmul_wide.h"

void ewi_kernels_vnni(ewi_kernels *table) {
    fill_qmatmul(table);
}

void ewi_qmatmul_vnni(ewi_dtype dtype, const ewi_qmatmul *args) {
    static void (*const kernels[EWI_N_DTYPES])(const ewi_qmatmul *args) = {
#define ENTRY(type, name, ...) [type] = qmatmul_##name,
        Q_FORMAT_MAP(ENTRY)
#undef ENTRY
    };
    kernels[dtype](args);
}
