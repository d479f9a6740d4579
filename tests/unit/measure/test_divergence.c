/* test_divergence.c: log-sums and divergences of two rows, against mpmath at 40 digits; means and quantiles
 * against numpy.
 *
 * Logit i of the base is 0.17 (37 i mod 101), the model's 0.19 (53 i mod 97) - 3, rounded to float.
 */
#include "base/compiler.h"
#include "measure/divergence.h"
#include "measure/tally.h"
#include "test.h"

#include <math.h>

#define MAX_N 5000

static float base[MAX_N], model[MAX_N];

static void fill(void) {
    for (size_t i = 0; i < MAX_N; i++) {
        base[i] = (float)((double)(i * 37 % 101) * 0.17);
        model[i] = (float)((double)(i * 53 % 97) * 0.19 - 3);
    }
}

static float largest(const float *x, size_t n) {
    float most = x[0];
    for (size_t i = 1; i < n; i++) most = x[i] > most ? x[i] : most;
    return most;
}

static ewi_divergence divergence(const float *x, const float *y, size_t n) {
    ewi_divergence_sums sums[2];
    ewi_divergence_rows pair = {n, x, y, x ? largest(x, n) : 0, largest(y, n)};
    assert_true(ewi_n_spans(n) <= 2);
    for (size_t i = 0; i < ewi_n_spans(n); i++) ewi_span_sum(ewi_kernels_get(), &pair, i, &sums[i]);
    return ewi_divergence_of(&pair, sums);
}

static void near(double got, double wanted) {
    if (!(fabs(got - wanted) <= 1e-12 * fmax(1, fabs(wanted)))) fail_msg("%.17g, not %.17g", got, wanted);
}

static void not_finite(double x) {
    if (isfinite(x)) fail_msg("%g", x);
}

static void as_mpmath(void **state) {
    (void)state;
    static const struct {
        size_t n;
        double log_sum_base, log_sum, kld;
    } rows[] = {
        {1, 0, -3, 0},
        {5, 12.591958027824832, 8.9464881911268064, 10.134051357768589},
        {16, 16.230550487082125, 14.116445765524273, 8.8961758130097083},
        {37, 17.902133679311665, 15.412910007224086, 8.8832282244204487},
        {4096, 22.557923217445554, 20.734831694739812, 8.1329167863292265},
        {5000, 22.758330812575555, 20.932415620980993, 8.0901680158083387},
    };
    for (size_t i = 0; i < EWI_COUNT(rows); i++) {
        ewi_divergence d = divergence(base, model, rows[i].n);
        near(d.log_sum_base, rows[i].log_sum_base);
        near(d.log_sum, rows[i].log_sum);
        near(d.kld, rows[i].kld);
        near(divergence(NULL, model, rows[i].n).log_sum, rows[i].log_sum);
    }
}

/* Logits that differ by the same amount everywhere are the same distribution. */
static void equal_rows(void **state) {
    (void)state;
    float moved[MAX_N];
    for (size_t i = 0; i < MAX_N; i++) moved[i] = base[i] + 64;
    for (size_t n = 1; n < MAX_N; n += 61) {
        assert_true(divergence(base, base, n).kld == 0);
        assert_true(divergence(base, moved, n).kld < 1e-5); /* adding 64 rounds */
    }
}

/* Far apart, a token that one excludes, numbers that are none. */
static void extremes(void **state) {
    (void)state;
    const float near_zero[] = {0, -1, -2000}, sure[] = {0, -2000, -3e38f}, broken[] = {0, NAN, 1},
                endless[] = {0, INFINITY, 1}, excluded[] = {0, -INFINITY, 1};
    near(divergence(sure, near_zero, 3).kld, 0.31326168751822283); /* log(1 + 1/e) */
    near(divergence(near_zero, sure, 3).kld, 537.300639631102024); /* mpmath */
    near(divergence(NULL, sure, 3).log_sum, 0);
    not_finite(divergence(broken, sure, 3).kld);
    not_finite(divergence(sure, broken, 3).kld);
    not_finite(divergence(sure, endless, 3).kld);
    not_finite(divergence(sure, excluded, 3).kld);
    not_finite(divergence(NULL, broken, 3).log_sum);
}

/* numpy.mean, numpy.std(ddof=1) / sqrt(n), numpy.quantile of 3, 1, 4, 1, 5, 9, 2, 6 */
static void tallies(void **state) {
    (void)state;
    double x[] = {3, 1, 4, 1, 5, 9, 2, 6}, quantiles[5];
    ewi_tally t = {0};
    assert_true(isnan(ewi_tally_get(&t).mean));
    for (size_t i = 0; i < 8; i++) {
        ewi_tally_add(&t, x[i]);
        if (i == 0) assert_true(ewi_tally_get(&t).mean == 3 && isnan(ewi_tally_get(&t).se));
    }
    near(ewi_tally_get(&t).mean, 3.875);
    near(ewi_tally_get(&t).se, 0.9716977043151993);
    near(ewi_tally_exp(&t).mean, 48.182698291098816);
    near(ewi_tally_exp(&t).se, 48.182698291098816 * 0.9716977043151993);
    near(ewi_tally_root(&t).se, 0.9716977043151993 / 2 / sqrt(3.875));
    ewi_quantiles(x, 8, quantiles, 4);
    const double wanted[] = {1, 1.75, 3.5, 5.25, 9};
    for (size_t i = 0; i < 5; i++) near(quantiles[i], wanted[i]);
    double one = 7;
    ewi_quantiles(&one, 1, quantiles, 4);
    assert_true(quantiles[0] == 7 && quantiles[4] == 7);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_mpmath),
        cmocka_unit_test(equal_rows),
        cmocka_unit_test(extremes),
        cmocka_unit_test(tallies),
    };
    fill();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
