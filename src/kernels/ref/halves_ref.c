#include "kernels/halves.h"
#include "kernels/ref/reference.h"

typedef struct block {
    float scale;
    int16_t code[EWI_HALVES_BLOCK];
} block;

static uint32_t bits_of(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits & 0x7fffffffu;
}

/* n elements from the i-th on as codes. */
static void encode(block *b, const void *p, size_t i, size_t n, ewi_load_fn load,
                   ewi_qrow_scaling (*scaling)(uint32_t bits)) {
    uint32_t most = 0;
    for (size_t j = i; j < i + n; j++) most = bits_of(load(p, j)) > most ? bits_of(load(p, j)) : most;
    ewi_qrow_scaling s = scaling(most);
    b->scale = s.scale;
    for (size_t j = 0; j < n; j++)
        b->code[j] = s.inverse > 0 ? (int16_t)rintf(load(p, i + j) * s.inverse) : (int16_t)0;
}

static float element(const float *x, const void *w, size_t k, ewi_load_fn load) {
    float y = 0;
    block a, b;
    for (size_t i = 0; i < k; i += EWI_HALVES_BLOCK) {
        size_t n = k - i < EWI_HALVES_BLOCK ? k - i : EWI_HALVES_BLOCK;
        encode(&a, x, i, n, ewi_load_f32, ewi_halves_input);
        encode(&b, w, i, n, load, ewi_halves_weight);
        int32_t sum = 0;
        for (size_t j = 0; j < n; j++) sum += a.code[j] * b.code[j];
        y = fmaf((float)sum, a.scale * b.scale, y);
    }
    return y;
}

static void matmul_f16(const ewi_matmul *a) {
    ewi_matmul_by(a, element, ewi_load_f16);
}
static void matmul_bf16(const ewi_matmul *a) {
    ewi_matmul_by(a, element, ewi_load_bf16);
}

void ewi_halves_ref(ewi_kernels *table) {
    table->matmul_fast[EWI_F16] = matmul_f16;
    table->matmul_fast[EWI_BF16] = matmul_bf16;
}
