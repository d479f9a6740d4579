#include "kernels/ladder.h"
#include "kernels/wide/table_wide.h"

void ewi_kernels_avx512(ewi_kernels *table) {
    fill_wide(table);
}
