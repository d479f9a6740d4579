#include "kernels/ladder.h"
#include "kernels/wide/qmatmul_wide.h"

void ewi_qmatmul_neon(ewi_kernels *table) {
    fill_qmatmul(table);
}
