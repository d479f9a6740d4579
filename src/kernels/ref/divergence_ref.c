#include "kernels/expd.h"
#include "kernels/ref/reference.h"

static double exponential(double x) {
    static const double taylor[] = {
        1.0 / 39916800, 1.0 / 3628800, 1.0 / 362880, 1.0 / 40320, 1.0 / 5040, 1.0 / 720,
        1.0 / 120,      1.0 / 24,      1.0 / 6,      1.0 / 2,     1,          1};
    double n = x * EWI_EXPD_LOG2E + EWI_EXPD_ROUND - EWI_EXPD_ROUND;
    double r = x - n * EWI_EXPD_LN2_HI - n * EWI_EXPD_LN2_LO;
    double y = taylor[0], power = EWI_EXPD_AT_LEAST(n) + EWI_EXPD_ROUND;
    for (size_t i = 1; i < EWI_COUNT(taylor); i++) y = y * r + taylor[i];
    uint64_t bits;
    memcpy(&bits, &power, sizeof bits);
    bits = (bits + 1023) << 52;
    memcpy(&power, &bits, sizeof power);
    return y * power;
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
