#include "kernels/ref/reference.h"

static void matmul_f32(const ewi_matmul *a) {
    ewi_matmul_by(a, ewi_dot, ewi_load_f32);
}
static void matmul_f16(const ewi_matmul *a) {
    ewi_matmul_by(a, ewi_dot, ewi_load_f16);
}
static void matmul_bf16(const ewi_matmul *a) {
    ewi_matmul_by(a, ewi_dot, ewi_load_bf16);
}

void ewi_matmul_ref(ewi_kernels *table) {
    table->matmul[EWI_F32] = matmul_f32;
    table->matmul[EWI_F16] = matmul_f16;
    table->matmul[EWI_BF16] = matmul_bf16;
}
