#include "kernels/ref/reference.h"

static float clamp(float x, float least, float most) {
    x = x > least ? x : least;
    return x < most ? x : most;
}

static void fit_codes(ewi_fit *fits, const float *u, size_t n, const float *inverses, size_t n_inverses,
                      float least, float most) {
    for (size_t f = 0; f < n_inverses; f++) {
        ewi_lanes uq = {{0}}, qq = {{0}};
        for (size_t i = 0; i < n; i++) {
            float q = rintf(clamp(u[i] * inverses[f], least, most));
            ewi_lanes_fma(&uq, i, u[i], q);
            ewi_lanes_fma(&qq, i, q, q);
        }
        fits[f] = (ewi_fit){ewi_lanes_sum(&uq), ewi_lanes_sum(&qq)};
    }
}

void ewi_fit_ref(ewi_kernels *table) {
    table->fit_codes = fit_codes;
}
