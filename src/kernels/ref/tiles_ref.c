#include "kernels/ref/reference.h"
#include "kernels/ref/tile_ref.h"

/* Inputs i .. i + 31 of n, zeros beyond. */
static void round_step(float *to, const void *p, size_t i, size_t n, ewi_load_fn load) {
    for (size_t j = 0; j < EWI_TILE_STEP; j++) to[j] = i + j < n ? ewi_bf16_round(load(p, i + j)) : 0.0f;
}

static float element(const float *x, const void *w, size_t k, ewi_load_fn load) {
    float y = 0, a[EWI_TILE_STEP], b[EWI_TILE_STEP];
    for (size_t i = 0; i < k; i += EWI_TILE_STEP) {
        round_step(a, x, i, k, ewi_load_f32);
        round_step(b, w, i, k, load);
        y = ewi_tile_step(y, b, a);
    }
    return y;
}

static void matmul_f16(const ewi_matmul *a) {
    ewi_matmul_by(a, element, ewi_load_f16);
}
static void matmul_bf16(const ewi_matmul *a) {
    ewi_matmul_by(a, element, ewi_load_bf16);
}

void ewi_tiles_ref(ewi_kernels *table) {
    table->matmul_bf16[EWI_F16] = matmul_f16;
    table->matmul_bf16[EWI_BF16] = matmul_bf16;
}
