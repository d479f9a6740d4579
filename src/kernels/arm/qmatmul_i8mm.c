#include "kernels/ladder.h"
#include "kernels/wide/qmatmul_wide.h"

void ewi_kernels_i8mm(ewi_kernels *table) {
    fill_qmatmul(table);
}
