#include "kernels/expd.h"
#include "kernels/ref/reference.h"

/* Terms i .. i + 3 of the exponential's series. */
static double terms(double r, double r2, size_t i) {
    const double *c = ewi_expd_taylor + i;
    return fma(r2, fma(r, c[3], c[2]), fma(r, c[1], c[0]));
}

static double exponential(double x) {
    double n = fma(x, EWI_EXPD_LOG2E, EWI_EXPD_ROUND), power;
    double r = fma(n - EWI_EXPD_ROUND, -EWI_EXPD_LN2, x), r2 = r * r, r4 = r2 * r2;
    uint64_t bits;
    if (n < EWI_EXPD_LEAST) n = EWI_EXPD_LEAST;
    memcpy(&bits, &n, sizeof bits);
    bits = (bits + 1023) << 52;
    memcpy(&power, &bits, sizeof power);
    return fma(r4, fma(r4, terms(r, r2, 8), terms(r, r2, 4)), terms(r, r2, 0)) * power;
}

static double tree(double lane[16]) {
    for (size_t half = 8; half > 0; half /= 2)
        for (size_t j = 0; j < half; j++) lane[j] += lane[j + half];
    return lane[0];
}

static void divergence(ewi_divergence_sums *out, const ewi_divergence_rows *rows) {
    double base[16] = {0}, model[16] = {0}, weighted[16] = {0};
    for (size_t i = 0; i < rows->n; i++) {
        double y = (double)rows->model[i] - (double)rows->max_model;
        model[i % 16] += exponential(y);
        if (!rows->base) continue;
        double x = (double)rows->base[i] - (double)rows->max_base, exp_x = exponential(x);
        base[i % 16] += exp_x;
        weighted[i % 16] += exp_x * (x - y);
    }
    *out = (ewi_divergence_sums){tree(base), tree(model), tree(weighted)};
}

void ewi_divergence_ref(ewi_kernels *table) {
    table->divergence = divergence;
}
