#include "kernels/ref/reference.h"

EWI_INLINE void matmul(const ewi_matmul *a, ewi_load_fn load) {
    for (size_t i = 0; i < a->m; i++)
        for (size_t j = 0; j < a->n; j++) {
            float y = ewi_dot(a->x + i * a->x_stride, (const char *)a->w + j * a->w_stride_bytes, a->k, load);
            a->y[i * a->y_stride + j] = a->bias ? y + a->bias[j] : y;
        }
}

static void matmul_f32(const ewi_matmul *a) {
    matmul(a, ewi_load_f32);
}
static void matmul_f16(const ewi_matmul *a) {
    matmul(a, ewi_load_f16);
}
static void matmul_bf16(const ewi_matmul *a) {
    matmul(a, ewi_load_bf16);
}

void ewi_matmul_ref(ewi_kernels *table) {
    table->matmul[EWI_F32] = matmul_f32;
    table->matmul[EWI_F16] = matmul_f16;
    table->matmul[EWI_BF16] = matmul_bf16;
}
