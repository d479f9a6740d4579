#include "kernels/ladder.h"
#include "kernels/wide/halves_wide.h"

void ewi_halves_avx2(ewi_kernels *table) {
    fill_halves(table);
}
