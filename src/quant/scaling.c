#include "quant/scaling.h"

#include <math.h>

#include "kernels/elementary.h"
#include "kernels/kernels.h"
#include "kernels/pack.h"

/* Smaller inputs count as this much of the largest: scales stay within f16's reach. */
#define LEAST_SHARE 1e-4

/* Inputs that the text never used count little, but they count. */
#define LEAST_IMPORTANCE 0x1p-20f

#define LEAST_SMOOTH 1e-5 /* as in the paper's code */

double ewi_awq_alpha(unsigned step) {
    return (double)step / EWI_AWQ_STEPS;
}

static double largest(const float *x, size_t n) {
    float most = 0.0f;
    for (size_t i = 0; i < n; i++) most = x[i] > most ? x[i] : most;
    return (double)most;
}

void ewi_awq_scales(const float *squares, size_t k, double alpha, float *scales) {
    const double floor = largest(squares, k) * LEAST_SHARE * LEAST_SHARE;
    double least = (double)INFINITY, most = 0.0;
    for (size_t i = 0; i < k; i++) {
        double square = (double)squares[i];
        if (square == 0.0) continue;
        double s = ewi_pow(square > floor ? square : floor, 0.5 * alpha);
        scales[i] = (float)s;
        least = s < least ? s : least;
        most = s > most ? s : most;
    }
    const double middle = sqrt(least * most);
    for (size_t i = 0; i < k; i++)
        scales[i] = squares[i] == 0.0f ? 1.0f : (float)((double)scales[i] / middle);
}

void ewi_awq_importance(const float *sums, size_t k, const float *scales, float *importance) {
    double sum = 0.0;
    for (size_t i = 0; i < k; i++) {
        importance[i] = sums[i * k + i] / (scales ? scales[i] * scales[i] : 1.0f);
        sum += (double)importance[i];
    }
    for (size_t i = 0; i < k; i++) {
        const float part = sum > 0.0 ? (float)((double)importance[i] * (double)k / sum) : 1.0f;
        importance[i] = part > LEAST_IMPORTANCE ? part : LEAST_IMPORTANCE;
    }
}

void ewi_smooth_scales(const float *x, const float *w, size_t k, double alpha, float *scales) {
    for (size_t i = 0; i < k; i++) {
        scales[i] = 1.0f;
        if (x[i] == 0.0f || w[i] == 0.0f) continue;
        double s = ewi_pow((double)x[i], alpha) / ewi_pow((double)w[i], 1.0 - alpha);
        scales[i] = (float)(s > LEAST_SMOOTH ? s : LEAST_SMOOTH);
    }
}

/* ---- errors ---- */

typedef struct tile {
    float *scaled, *errors, *products; /* [16, k] */
    uint8_t *bytes, *rest;
} tile;

static size_t up(size_t n) {
    return (n + 63) / 64 * 64;
}

static size_t rows_bytes(size_t k) {
    return up(EWI_TILE_OUTPUTS * k * sizeof(float));
}

size_t ewi_scaled_error_scratch_bytes(ewi_dtype dtype, size_t k) {
    return 3 * rows_bytes(k) + up(ewi_packed_tile_bytes(dtype, k)) + ewi_round_scratch_bytes(k);
}

static tile lay_out(ewi_dtype dtype, size_t k, uint8_t *at) {
    uint8_t *bytes = at + 3 * rows_bytes(k);
    return (tile){(float *)(void *)at, (float *)(void *)(at + rows_bytes(k)),
                  (float *)(void *)(at + 2 * rows_bytes(k)), bytes,
                  bytes + up(ewi_packed_tile_bytes(dtype, k))};
}

double ewi_scaled_error(ewi_dtype dtype, const float *rows, size_t n_rows, size_t k, const float *scales,
                        const float *sums, void *scratch) {
    const tile t = lay_out(dtype, k, scratch);
    ewi_round_sums unread;
    double error = 0.0;
    for (size_t i = 0; i < n_rows * k; i++) t.scaled[i] = rows[i] * scales[i % k];
    if (ewi_round_tile(dtype, t.bytes, t.scaled, n_rows, k, NULL, t.rest, &unread)) return (double)INFINITY;
    for (size_t i = 0; i < n_rows; i++) {
        float *e = t.errors + i * k;
        ewi_unpack_row(dtype, t.bytes, i, k, e);
        for (size_t j = 0; j < k; j++) e[j] = e[j] / scales[j] - rows[i * k + j];
    }
    ewi_kernels_get()->matmul[EWI_F32](&(ewi_matmul){.m = n_rows,
                                                     .n = k,
                                                     .k = k,
                                                     .x = t.errors,
                                                     .w = sums,
                                                     .y = t.products,
                                                     .x_stride = k,
                                                     .y_stride = k,
                                                     .w_stride_bytes = k * sizeof(float)});
    for (size_t i = 0; i < n_rows * k; i++) error += (double)t.products[i] * (double)t.errors[i];
    return error;
}
