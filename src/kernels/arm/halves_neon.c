#include "kernels/ladder.h"
#include "kernels/wide/halves_wide.h"

void ewi_halves_neon(ewi_kernels *table) {
    fill_halves(table);
}
