#include "checkkern.h"

/* Runs of a group, of a chunk and of rows; weights divided by the largest, and any others. */
void check_fit(ck *c) {
    static const size_t sizes[] = {16, 32, 48, 128, 256, 2048};
    for (size_t i = 0; i < EWI_COUNT(sizes); i++)
        for (size_t n_inverses = 0; n_inverses <= 24; n_inverses++) {
            const size_t n = sizes[i];
            const float most = n_inverses % 2 ? 7.0f : 127.0f;
            const float *u = ck_input(c, 0, n, ck_kind_of(n_inverses));
            float *inverses = ck_input(c, 1, n_inverses, CK_NORMAL);
            ewi_fit *want = ck_output_bytes(c, 0, n_inverses * sizeof *want);
            ewi_fit *got = ck_output_bytes(c, 1, n_inverses * sizeof *got);
            for (size_t f = 0; f < n_inverses; f++) inverses[f] *= 1.5f * most;
            ck_name(c, "fit_codes n=%zu inverses=%zu", n, n_inverses);
            c->ref->fit_codes(want, u, n, inverses, n_inverses, -most - 1.0f, most);
            c->kern->fit_codes(got, u, n, inverses, n_inverses, -most - 1.0f, most);
            ck_compare(c, 2 * n_inverses);
        }
}
