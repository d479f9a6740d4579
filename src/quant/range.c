#include "quant/range.h"

#include <math.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"
#include "kernels/elementary.h"
#include "kernels/half.h"

#define BIN_SHIFT 14u /* of a float's bits: its sign, its exponent and 9 bits of its fraction are left */
#define N_BINS    (1u << (31 - BIN_SHIFT))

#define N_SCALES        161u
#define SCALES_PER_HALF 16u

struct ewi_range {
    uint64_t counts[N_BINS];
    uint64_t n;
    float most;
};

ewi_range *ewi_range_new(void) {
    return ewi_zalloc(sizeof(ewi_range));
}

void ewi_range_free(ewi_range *r) {
    ewi_free(r);
}

static void add(ewi_range *r, float x) {
    float magnitude = fabsf(x);
    r->counts[ewi_float_bits(magnitude) >> BIN_SHIFT]++;
    if (magnitude > r->most) r->most = magnitude;
}

void ewi_range_add(ewi_range *r, const float *rows, size_t n, size_t k, const float *scales) {
    for (size_t i = 0; i < n; i++, rows += k)
        for (size_t j = 0; j < k; j++) add(r, scales ? rows[j] / scales[j] : rows[j]);
    r->n += (uint64_t)n * k;
}

/* The upper end of the bin in which that share of all magnitudes is complete. */
static float quantile(const ewi_range *r, double share) {
    const double wanted = share * (double)r->n;
    uint64_t n = 0;
    for (uint32_t i = 0; i < N_BINS; i++) {
        n += r->counts[i];
        if ((double)n < wanted) continue;
        float end = ewi_bits_float((i + 1) << BIN_SHIFT);
        return end < r->most ? end : r->most;
    }
    return r->most;
}

/* What rounding with this scale changes, squared, summed over all magnitudes as if each lay in the middle of
 * its bin. */
static double error_of(const ewi_range *r, double scale) {
    double sum = 0;
    for (uint32_t i = 0; i < N_BINS; i++) {
        if (!r->counts[i]) continue;
        double x = (double)ewi_bits_float((i << BIN_SHIFT) + (1u << (BIN_SHIFT - 1)));
        double code = nearbyint(x / scale), e = x - scale * (code < 127 ? code : 127);
        sum += (double)r->counts[i] * e * e;
    }
    return sum;
}

static double find_best(const ewi_range *r) {
    double best = 0, least = (double)INFINITY, scale = (double)r->most / 127,
           step = ewi_pow(2, -1.0 / SCALES_PER_HALF);
    for (unsigned i = 0; i < N_SCALES; i++, scale *= step) {
        double error = error_of(r, scale);
        if (!(error < least)) continue;
        least = error;
        best = scale;
    }
    return best;
}

float ewi_range_scale(const ewi_range *r, ewi_range_kind kind) {
    if (r->most == 0) return 0;
    if (kind == EWI_RANGE_MSE) return (float)find_best(r);
    if (kind == EWI_RANGE_P999) return quantile(r, 0.999) / 127;
    if (kind == EWI_RANGE_P9999) return quantile(r, 0.9999) / 127;
    return r->most / 127;
}
