#include "kernels/elementary.h"

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "base/compiler.h"
#include "kernels/expf.h"
#include "kernels/half.h"

/* ln 2 in two parts: the first has 32 bits, so that its product with an exponent is exact. */
#define LN2_HI 0x1.62e42feep-1
#define LN2_LO 0x1.a39ef35793c76p-33

/* 2^e for e in the range of normal numbers. */
static double pow2(int e) {
    uint64_t bits = (uint64_t)(e + 1023) << 52;
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* sum of c[i] x^i */
static double horner(const double *c, size_t n, double x) {
    double sum = c[n - 1];
    for (size_t i = n - 1; i-- > 0;) sum = fma(sum, x, c[i]);
    return sum;
}

/* x = n ln 2 + r with |r| <= ln2 / 2; then the Taylor series of (e^r - 1 - r) / r^2, wrong below 2^-57. */
double ewi_exp(double x) {
    static const double taylor[] = {1.0 / 2,       1.0 / 6,        1.0 / 24,        1.0 / 120,
                                    1.0 / 720,     1.0 / 5040,     1.0 / 40320,     1.0 / 362880,
                                    1.0 / 3628800, 1.0 / 39916800, 1.0 / 479001600, 1.0 / 6227020800.0};
    if (isnan(x)) return x;
    if (x > 709.8) return HUGE_VAL;
    if (x < -745.2) return 0;
    double n = rint(x * 0x1.71547652b82fep+0);
    double hi = fma(n, -LN2_HI, x), lo = n * LN2_LO, r = hi - lo;
    double series = horner(taylor, EWI_COUNT(taylor), r);
    double y = 1 + (hi + (r * r * series - lo));
    int half = (int)n / 2;
    return y * pow2(half) * pow2((int)n - half);
}

/* x = 2^e m with m in [sqrt(1/2), sqrt 2]; with s = (m-1)/(m+1), log m = 2 atanh(s) = 2 (s + s^3/3 + s^5/5 +
 * ...). */
double ewi_log(double x) {
    static const double odd[] = {2.0 / 3,  2.0 / 5,  2.0 / 7,  2.0 / 9,  2.0 / 11,
                                 2.0 / 13, 2.0 / 15, 2.0 / 17, 2.0 / 19, 2.0 / 21};
    if (isnan(x) || x == HUGE_VAL) return x;
    if (x < 0) return (double)NAN;
    if (x == 0) return -HUGE_VAL;
    int e = 0;
    double m = frexp(x, &e);
    if (m < 0x1.6a09e667f3bcdp-1) {
        m *= 2;
        e--;
    }
    /* f = m - 1 is exact, and 2 s = f - s f; so f carries the leading part without a rounding. */
    double f = m - 1, s = f / (2 + f), z = s * s;
    double rest = s * (z * horner(odd, EWI_COUNT(odd), z) - f);
    return e * LN2_HI + (f + fma(e, LN2_LO, rest));
}

double ewi_pow(double base, double y) {
    return ewi_exp(y * ewi_log(base));
}

/* An angle as quadrant * pi/2 + (hi + lo), |hi| <= pi/4. */
typedef struct angle {
    double hi, lo;
    unsigned quadrant;
} angle;

/* a + b = sum + *error exactly (Knuth, The Art of Computer Programming 2, 4.2.2, theorem B). */
static double two_sum(double a, double b, double *error) {
    double sum = a + b, part = sum - a;
    *error = (a - (sum - part)) + (b - part);
    return sum;
}

/*
 * Cody and Waite: pi/2 as three pieces of at most 27 bits and a tail. |quadrants| <= 2^26 has at most 26 bits
 * and the sign, so the products with the pieces are exact; sums keep their errors. What remains wrong is
 * below 2^-110 in absolute terms.
 */
static angle reduce(double x) {
    double n = rint(x * 0x1.45f306dc9c883p-1);
    double e1, e2, e3;
    double r = two_sum(x, n * -0x1.921fb54p+0, &e1);
    r = two_sum(r, n * -0x1.10b461p-30, &e2);
    r = two_sum(r, n * -0x1.a62633p-58, &e3);
    double lo = ((e1 + e2) + e3) - n * 0x1.45c06e0e68948p-86;
    angle a = {.quadrant = (unsigned)(int)n & 3};
    a.hi = two_sum(r, lo, &a.lo);
    return a;
}

/* Taylor series: the rest after r^17 / 17! is below 2^-62 of the result for |r| <= pi/4. */
static double sin_series(double r, double lo) {
    static const double odd[] = {-1.0 / 6,
                                 1.0 / 120,
                                 -1.0 / 5040,
                                 1.0 / 362880,
                                 -1.0 / 39916800,
                                 1.0 / 6227020800.0,
                                 -1.0 / 1307674368000.0,
                                 1.0 / 355687428096000.0};
    double z = r * r;
    return r + fma(z * r, horner(odd, EWI_COUNT(odd), z), lo);
}

/* cos(hi + lo) = cos(hi) - lo sin(hi); the first two terms, 1 - z/2, are added so that their rounding error
 * is kept. */
static double cos_series(double r, double lo) {
    static const double even[] = {1.0 / 24,
                                  -1.0 / 720,
                                  1.0 / 40320,
                                  -1.0 / 3628800,
                                  1.0 / 479001600,
                                  -1.0 / 87178291200.0,
                                  1.0 / 20922789888000.0,
                                  -1.0 / 6402373705728000.0};
    double z = r * r, half = z / 2, one = 1 - half;
    double rest = fma(z * z, horner(even, EWI_COUNT(even), z), -r * lo);
    return one + (((1 - one) - half) + rest);
}

double ewi_sin(double x) {
    if (!(fabs(x) <= EWI_TRIG_MAX)) return (double)NAN;
    angle a = reduce(x);
    double y = (a.quadrant & 1) ? cos_series(a.hi, a.lo) : sin_series(a.hi, a.lo);
    return (a.quadrant & 2) ? -y : y;
}

double ewi_cos(double x) {
    if (!(fabs(x) <= EWI_TRIG_MAX)) return (double)NAN;
    angle a = reduce(x);
    double y = (a.quadrant & 1) ? sin_series(a.hi, a.lo) : cos_series(a.hi, a.lo);
    return ((a.quadrant + 1) & 2) ? -y : y;
}

/* clamp, x = n ln 2 + r, e^r = 1 + r + r^2 p(r), times 2^n in two factors: docs/numerics.md, "exp". */
float ewi_expf(float x) {
    x = x < EWI_EXPF_MIN ? EWI_EXPF_MIN : x; /* NaN passes */
    x = x > EWI_EXPF_MAX ? EWI_EXPF_MAX : x;
    float t = fmaf(x, EWI_EXPF_LOG2E, EWI_EXPF_ROUND), n = t - EWI_EXPF_ROUND;
    float r = fmaf(n, -EWI_EXPF_LN2_HI, x);
    r = fmaf(n, -EWI_EXPF_LN2_LO, r);
    float p = EWI_EXPF_P5;
    p = fmaf(p, r, EWI_EXPF_P4);
    p = fmaf(p, r, EWI_EXPF_P3);
    p = fmaf(p, r, EWI_EXPF_P2);
    p = fmaf(p, r, EWI_EXPF_P1);
    p = fmaf(p, r, EWI_EXPF_P0);
    float y = fmaf(r * r, p, r) + 1.0f;
    int32_t e = (int32_t)(ewi_float_bits(t) - EWI_EXPF_ROUND_BITS), half = e >> 1;
    float first = ewi_bits_float(((uint32_t)half + 127) << 23);
    float second = ewi_bits_float(((uint32_t)(e - half) + 127) << 23);
    return y * first * second;
}

float ewi_capf(float x, float cap) {
    float t = x / cap;
    return cap * (1.0f - 2.0f / (ewi_expf(t + t) + 1.0f));
}
