#include "quant/scale.h"

#include "base/error.h"

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
