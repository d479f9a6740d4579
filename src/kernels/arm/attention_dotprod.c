#include "kernels/ladder.h"
#include "kernels/wide/attention_wide.h"

void ewi_attention_dotprod(ewi_kernels *table) {
    fill_attention(table);
}
