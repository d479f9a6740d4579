#include "quant/scale.h"

#include "base/error.h"
#include "quant/rounding.h"

#define LANES 16

/* As the kernel has it, but in plain code and without fma: 16 lanes, added up in order. */
static ewi_fit fit_important(const ewi_run *run, float inverse) {
    float uq[LANES] = {0}, qq[LANES] = {0};
    ewi_fit fit = {0};
    for (size_t i = 0; i < run->n; i += LANES)
        for (size_t l = 0; l < LANES; l++) {
            const float u = run->u[i + l], w = run->importance[i + l];
            const float q = ewi_round_even(ewi_round_clamp(u * inverse, run->least, run->most));
            uq[l] += w * u * q;
            qq[l] += w * q * q;
        }
    for (size_t l = 0; l < LANES; l++) {
        fit.uq += uq[l];
        fit.qq += qq[l];
    }
    return fit;
}

void ewi_run_fit(const ewi_run *run, ewi_fit *fits, const float *inverses, size_t n) {
    if (!run->importance) run->kern->fit_codes(fits, run->u, run->n, inverses, n, run->least, run->most);
    for (size_t i = 0; i < n && run->importance; i++) fits[i] = fit_important(run, inverses[i]);
}

size_t ewi_fit_best(const ewi_fit *fits, size_t n) {
    size_t best = 0;
    float most = ewi_fit_gain(fits[0]);
    for (size_t i = 1; i < n; i++) {
        float gain = ewi_fit_gain(fits[i]);
        if (!(gain > most)) continue;
        most = gain;
        best = i;
    }
    return best;
}

ewi_fit ewi_scale_search(const ewi_run *run, float sign, const ewi_targets *targets) {
    float inverses[EWI_TARGETS];
    ewi_fit fits[EWI_TARGETS];
    EW_ASSERT(targets->n <= EWI_TARGETS);
    for (size_t i = 0; i < targets->n; i++) inverses[i] = sign * (targets->first + (float)i * targets->step);
    ewi_run_fit(run, fits, inverses, targets->n);
    return fits[ewi_fit_best(fits, targets->n)];
}
