#include "kernels/rotate.h"

#include <string.h>

#include "kernels/qrows.h"

static void flip_signs(float *x, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (ewi_rotate_signs[i / 32] >> i % 32 & 1) x[i] = -x[i];
}

/* Sums and differences of n = 1, 2 or 4 elements with those h further on. */
static void butterflies(float *x, size_t h, size_t n) {
    float a[4], b[4];
    memcpy(a, x, n * sizeof *a);
    memcpy(b, x + h, n * sizeof *b);
    for (size_t i = 0; i < n; i++) x[i] = a[i] + b[i];
    for (size_t i = 0; i < n; i++) x[h + i] = a[i] - b[i];
}

static void hadamard(float *x, size_t n) {
    if (n > 1)
        for (size_t i = 0; i < n; i += 2) butterflies(x + i, 1, 1);
    if (n > 2)
        for (size_t i = 0; i < n; i += 4) butterflies(x + i, 2, 2);
    for (size_t h = 4; h < n; h *= 2) /* four at a time: as the compiler's vectors have */
        for (size_t i = 0; i < n; i += 2 * h)
            for (size_t j = i; j < i + h; j += 4) butterflies(x + j, h, 4);
}

static void scale(float *x, size_t n, float factor) {
    for (size_t i = 0; i < n; i++) x[i] *= factor;
}

void ewi_rotate_block_of(float *y, const float *x, size_t n) {
    memmove(y, x, n * sizeof *y);
    flip_signs(y, n);
    hadamard(y, n);
    scale(y, n, ewi_rotate_factor(n));
}

void ewi_rotate(float *y, const float *x, size_t k) {
    for (size_t i = 0, n; i < k; i += n) ewi_rotate_block_of(y + i, x + i, n = ewi_rotate_block(k - i));
}

void ewi_rotate_weights(float *y, const float *x, size_t k) {
    for (size_t i = 0, n; i < k; i += n) {
        ewi_rotate_block_of(y + i, x + i, n = ewi_rotate_block(k - i));
        float factor = ewi_rotate_factor(n);
        scale(y + i, n, 1.0f / ((float)n * factor * factor)); /* powers of two: exact */
    }
}

/* The transform is its own inverse but for factors: the weights were divided by n and the block's. */
void ewi_rotate_back(float *y, const float *x, size_t k) {
    for (size_t i = 0, n; i < k; i += n) {
        n = ewi_rotate_block(k - i);
        memmove(y + i, x + i, n * sizeof *y);
        hadamard(y + i, n);
        flip_signs(y + i, n);
        scale(y + i, n, ewi_rotate_factor(n));
    }
}
