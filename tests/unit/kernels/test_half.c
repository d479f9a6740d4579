/* f16 and bf16 against their definition as numbers (IEEE 754-2019, 3.4), not as bits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "kernels/half.h"

/* The number that a pattern with e exponent bits and m mantissa bits stands for; infinity for all larger
 * patterns. */
static double meaning(unsigned magnitude, int m, int bias) {
    int exponent = (int)(magnitude >> m), mantissa = (int)(magnitude & ((1u << m) - 1));
    if (exponent == 2 * bias + 1) return HUGE_VAL;
    if (exponent == 0) return ldexp(mantissa, 1 - bias - m);
    return ldexp((double)(mantissa + (1 << m)), exponent - bias - m);
}

static void test_widen_all(void **state) {
    (void)state;
    for (unsigned h = 0; h < 65536; h++) {
        double sign = h & 0x8000 ? -1 : 1;
        float got = ewi_f16_to_f32((uint16_t)h);
        if ((h & 0x7fff) > 0x7c00) {
            /* sign, quiet bit, payload at the top */
            uint32_t want = (uint32_t)(h & 0x8000) << 16 | 0x7fc00000u | (uint32_t)(h & 0x3ff) << 13;
            assert_int_equal(ewi_float_bits(got), want);
        } else {
            assert_true((double)got == sign * meaning(h & 0x7fff, 10, 15));
            assert_int_equal(!!signbit(got), h >> 15);
        }
    }
}

static void test_widen_bf16(void **state) {
    (void)state;
    for (unsigned b = 0; b < 65536; b++) {
        float got = ewi_bf16_to_f32((uint16_t)b);
        if ((b & 0x7fff) > 0x7f80)
            assert_int_equal(ewi_float_bits(got), (uint32_t)b << 16);
        else
            assert_true((double)got == (b & 0x8000 ? -1 : 1) * meaning(b & 0x7fff, 7, 127));
    }
}

/* The half nearest to x >= 0, by search among all of them; 2^16 stands in for infinity, as rounding sees it.
 * */
static uint16_t nearest(double x) {
    unsigned low = 0, high = 0x7c00;
    while (high - low > 1) {
        unsigned middle = (low + high) / 2;
        if (meaning(middle, 10, 15) <= x)
            low = middle;
        else
            high = middle;
    }
    double above = high == 0x7c00 ? 65536.0 : meaning(high, 10, 15), below = meaning(low, 10, 15);
    if (x - below < above - x) return (uint16_t)low;
    if (x - below > above - x) return (uint16_t)high;
    return (uint16_t)(low % 2 == 0 ? low : high);
}

static void expect_narrow(uint32_t bits) {
    float x = ewi_bits_float(bits & 0x7fffffff);
    uint16_t want = nearest((double)x);
    assert_int_equal(ewi_f32_to_f16(x), want);
    assert_int_equal(ewi_f32_to_f16(-x), want | 0x8000);
}

static void test_narrow(void **state) {
    (void)state;
    for (uint32_t h = 0; h <= 0x7c00; h++) {
        /* Each half comes back; so do the floats around the middle to the next one. */
        uint32_t at = ewi_float_bits(ewi_f16_to_f32((uint16_t)h));
        uint32_t middle = ewi_float_bits((float)((meaning(h, 10, 15) + meaning(h + 1, 10, 15)) / 2));
        if (h < 0x7c00) {
            assert_int_equal(ewi_f32_to_f16(ewi_bits_float(at)), h);
            expect_narrow(at + 1);
        }
        if (h < 0x7bff)
            for (uint32_t d = 0; d < 3; d++) expect_narrow(middle + d - 1);
    }
    for (uint32_t bits = 0; bits < 0x7f800000u; bits += 99991) expect_narrow(bits);
}

static void test_narrow_edges(void **state) {
    (void)state;
    assert_int_equal(ewi_f32_to_f16(65504.0f), 0x7bff);
    assert_int_equal(ewi_f32_to_f16(65519.996f), 0x7bff);
    assert_int_equal(ewi_f32_to_f16(65520.0f), 0x7c00);
    assert_int_equal(ewi_f32_to_f16(3e38f), 0x7c00);
    assert_int_equal(ewi_f32_to_f16(-INFINITY), 0xfc00);
    assert_int_equal(ewi_f32_to_f16(-0.0f), 0x8000);
    assert_int_equal(ewi_f32_to_f16(0x1p-25f), 0x0000);
    assert_int_equal(ewi_f32_to_f16(0x1.000002p-25f), 0x0001);
    /* NaN: quiet, with the top of the payload; a payload in the lost bits alone still is a NaN */
    assert_int_equal(ewi_f32_to_f16(ewi_bits_float(0x7fc02000u)), 0x7e01);
    assert_int_equal(ewi_f32_to_f16(ewi_bits_float(0xff800001u)), 0xfe00);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_widen_all), cmocka_unit_test(test_widen_bf16),
                                       cmocka_unit_test(test_narrow), cmocka_unit_test(test_narrow_edges)};
    return cmocka_run_group_tests_name("half", tests, NULL, NULL);
}
