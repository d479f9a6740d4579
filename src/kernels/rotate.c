#include "kernels/rotate.h"

#include <string.h>

#include "kernels/qrows.h"

static void flip_signs(float *x, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (ewi_rotate_signs[i / 32] >> i % 32 & 1) x[i] = -x[i];
}

static void hadamard(float *x, size_t n) {
    for (size_t h = 1; h < n; h *= 2)
        for (size_t first = 0; first < n; first += 2 * h)
            for (size_t i = first; i < first + h; i++) {
                float a = x[i], b = x[i + h];
                x[i] = a + b;
                x[i + h] = a - b;
            }
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
