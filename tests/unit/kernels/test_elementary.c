/* Accuracy of the elementary functions against mpmath; the bounds are those that docs/numerics.md states. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <float.h>
#include <math.h>
#include <stdio.h>

#include "base/compiler.h"
#include "kernels/elementary.h"
#include "math_vectors.h"

/* Distance of got from the vector's value in units of the last place of a number with `digits` bits near it.
 * */
static double ulps(double got, const math_vector *v, int digits, int least) {
    int e = 0;
    frexp(v->high, &e);
    int unit = e - digits > least ? e - digits : least;
    return fabs(ldexp((got - v->high) - v->low, -unit));
}

static double pow_of(const math_vector *v) {
    return ewi_pow(v->x, v->y);
}
static double exp_of(const math_vector *v) {
    return ewi_exp(v->x);
}
static double log_of(const math_vector *v) {
    return ewi_log(v->x);
}
static double sin_of(const math_vector *v) {
    return ewi_sin(v->x);
}
static double cos_of(const math_vector *v) {
    return ewi_cos(v->x);
}
static double expf_of(const math_vector *v) {
    return (double)ewi_expf((float)v->x);
}

static void expect(const char *name, double (*f)(const math_vector *), const math_vector *v, size_t n,
                   int digits, int least, double bound) {
    double worst = 0, at = 0;
    for (size_t i = 0; i < n; i++) {
        double error = ulps(f(&v[i]), &v[i], digits, least);
        if (!(error <= worst)) {
            worst = error;
            at = v[i].x;
        }
    }
    print_message("%s: worst of %zu is %.3f ulp at %a\n", name, n, worst, at);
    assert_true(worst <= bound);
}

#define EXPECT(name, function, vectors, digits, least, bound) \
    expect(name, function, vectors, EWI_COUNT(vectors), digits, least, bound)

static void test_expf(void **state) {
    (void)state;
    EXPECT("expf", expf_of, expf_vectors, 24, -149, 1.0);
    EXPECT("expf, subnormal", expf_of, expf_small_vectors, 24, -149, 1.0);
}

static void test_expf_special(void **state) {
    (void)state;
    assert_true(ewi_expf(0.0f) == 1.0f && ewi_expf(-0.0f) == 1.0f);
    assert_true(ewi_expf(-INFINITY) == 0.0f && !signbit(ewi_expf(-INFINITY)));
    assert_true(ewi_expf(-104.0f) == 0.0f && ewi_expf(-1e30f) == 0.0f);
    assert_true(ewi_expf(INFINITY) == INFINITY && ewi_expf(88.75f) == INFINITY &&
                ewi_expf(1e30f) == INFINITY);
    assert_true(ewi_expf(88.72f) < FLT_MAX);
    assert_true(isnan(ewi_expf(NAN)));
}

static void test_double(void **state) {
    (void)state;
    EXPECT("exp", exp_of, exp_vectors, 53, -1074, 1.0);
    EXPECT("log", log_of, log_vectors, 53, -1074, 1.0);
    EXPECT("sin", sin_of, sin_vectors, 53, -1074, 1.0);
    EXPECT("cos", cos_of, cos_vectors, 53, -1074, 1.0);
    EXPECT("pow", pow_of, pow_vectors, 53, -1074, 12.0);
}

static void test_double_special(void **state) {
    (void)state;
    assert_true(ewi_exp(0) == 1 && ewi_exp(-HUGE_VAL) == 0 && ewi_exp(HUGE_VAL) == HUGE_VAL);
    assert_true(isnan(ewi_exp((double)NAN)) && isnan(ewi_log((double)NAN)) && isnan(ewi_log(-1)));
    assert_true(ewi_log(1) == 0 && ewi_log(0) == -HUGE_VAL && ewi_log(HUGE_VAL) == HUGE_VAL);
    assert_true(ewi_sin(0) == 0 && ewi_cos(0) == 1);
    assert_true(isnan(ewi_sin(HUGE_VAL)) && isnan(ewi_cos((double)NAN)));
    assert_true(isnan(ewi_sin(EWI_TRIG_MAX * 2)) && isnan(ewi_cos(-EWI_TRIG_MAX * 2)));
    assert_false(isnan(ewi_sin(EWI_TRIG_MAX)) || isnan(ewi_cos(-EWI_TRIG_MAX)));
    assert_true(ewi_pow(10000.0, 0) == 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_expf), cmocka_unit_test(test_expf_special),
                                       cmocka_unit_test(test_double), cmocka_unit_test(test_double_special)};
    return cmocka_run_group_tests_name("elementary", tests, NULL, NULL);
}
