#include "kernels/ladder.h"
#include "kernels/wide/table_wide.h"

void ewi_kernels_neon(ewi_kernels *table) {
    fill_wide(table);
}
