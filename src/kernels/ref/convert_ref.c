#include "kernels/ladder.h"
#include "kernels/ref/reference.h"

EWI_INLINE void widen(float *y, const void *x, size_t n, ewi_load_fn load) {
    for (size_t i = 0; i < n; i++) y[i] = load(x, i);
}

static void widen_f16(float *y, const void *x, size_t n) {
    widen(y, x, n, ewi_load_f16);
}
static void widen_bf16(float *y, const void *x, size_t n) {
    widen(y, x, n, ewi_load_bf16);
}

static void widen_f32(float *y, const void *x, size_t n) {
    if (n > 0) memcpy(y, x, n * sizeof *y);
}

static void narrow_f32(void *y, const float *x, size_t n) {
    if (n > 0) memcpy(y, x, n * sizeof *x);
}

static void narrow_f16(void *y, const float *x, size_t n) {
    for (size_t i = 0; i < n; i++) {
        uint16_t h = ewi_f32_to_f16(x[i]);
        memcpy((char *)y + i * sizeof h, &h, sizeof h);
    }
}

void ewi_convert_ref(ewi_kernels *table) {
    table->widen[EWI_F32] = widen_f32;
    table->widen[EWI_F16] = widen_f16;
    table->widen[EWI_BF16] = widen_bf16;
    table->narrow[EWI_F32] = narrow_f32;
    table->narrow[EWI_F16] = narrow_f16;
}

void ewi_kernels_ref(ewi_kernels *table) {
    ewi_matmul_ref(table);
    ewi_halves_ref(table);
    ewi_tiles_ref(table);
    ewi_qmatmul_ref(table);
    ewi_row_ref(table);
    ewi_attention_ref(table);
    ewi_attention_bf16_ref(table);
    ewi_convert_ref(table);
    ewi_blocks_ref(table);
    ewi_fit_ref(table);
    ewi_divergence_ref(table);
}
