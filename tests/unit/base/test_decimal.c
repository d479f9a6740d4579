/* test_decimal.c: texts of numbers become the nearest double. Expected values: literals that the compiler
 * rounds, and strtod of the C library, which IEEE 754 and POSIX require to round correctly for texts of
 * this length. */
#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/decimal.h"
#include "test.h"

static void check_bits(const char *text, double expected) {
    double x = 12345;
    bool finite = ewi_decimal_to_double((ew_str){text, strlen(text)}, &x);
    assert_true(finite == (fabs(expected) < HUGE_VAL));
    if (memcmp(&x, &expected, sizeof x) != 0) fail_msg("%s: %a, expected %a", text, x, expected);
}

static void known_values(void **state) {
    (void)state;
    check_bits("0", 0.0);
    check_bits("-0", -0.0);
    check_bits("-0.000e5", -0.0);
    check_bits("1", 1.0);
    check_bits("-1.5e3", -1500.0);
    check_bits("0.1", 0.1);
    check_bits("123456789012345678901234567890", 123456789012345678901234567890.0);
    check_bits("1e23", 1e23); /* lies near the middle of two doubles (Clinger 1990) */
    check_bits("9007199254740993", 9007199254740992.0); /* 2^53 + 1: tie, to even */
    check_bits("9007199254740995", 9007199254740996.0);
    check_bits("9007199254740993.00000000000000000000000000000000000000000000000001", 9007199254740994.0);
    check_bits("1.7976931348623157e308", 1.7976931348623157e308);
    check_bits("2.2250738585072014e-308", 2.2250738585072014e-308);
    check_bits("2.2250738585072011e-308", 2.2250738585072011e-308); /* once hung PHP and Java */
    check_bits("4.9406564584124654e-324", 4.9406564584124654e-324);
}

static void edges_of_the_range(void **state) {
    (void)state;
    check_bits("1.7976931348623158e308", 0x1.fffffffffffffp1023);
    check_bits("1.7976931348623159e308", HUGE_VAL); /* past the midpoint to 2^1024 */
    check_bits("1e309", HUGE_VAL);
    check_bits("-1e99999", -HUGE_VAL);
    check_bits("1e99999999999999999999999999", HUGE_VAL);
    check_bits("0e99999999999999999999999999", 0.0);
    check_bits("-1e-99999999999999999999999999", -0.0);
    check_bits("2.4703282292062327e-324", 0.0); /* below half of the smallest double */
    check_bits("2.4703282292062328e-324", 0x1p-1074);
}

/* A long run of digits past the 800 that are kept still decides a tie. */
static void digits_past_the_limit(void **state) {
    (void)state;
    char text[2000];
    size_t n = (size_t)snprintf(text, sizeof text, "9007199254740993.");
    memset(text + n, '0', 1501);
    text[n + 1501] = '\0';
    check_bits(text, 9007199254740992.0);
    text[n + 1500] = '1';
    check_bits(text, 9007199254740994.0);
    memset(text, '0', 1900);
    text[1] = '.';
    memcpy(text + 1900, "1e1899", sizeof "1e1899");
    check_bits(text, 1.0);
}

static uint64_t next_random(uint64_t *seed) {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static void random_doubles_come_back(void **state) {
    (void)state;
    uint64_t seed = 0x9e3779b97f4a7c15u;
    for (int i = 0; i < 200000; i++) {
        uint64_t bits = next_random(&seed);
        double x;
        char text[64];
        memcpy(&x, &bits, sizeof x);
        if (!(fabs(x) < HUGE_VAL)) continue;
        snprintf(text, sizeof text, "%.*e", i % 2 ? 16 : 24, x); /* 17 digits name a double uniquely */
        check_bits(text, x);
    }
}

static void random_texts_agree_with_strtod(void **state) {
    (void)state;
    uint64_t seed = 0x2545f4914f6cdd1du;
    for (int i = 0; i < 200000; i++) {
        char text[96];
        int n = snprintf(text, sizeof text, "%" PRIu64, next_random(&seed) >> (next_random(&seed) % 64));
        if (next_random(&seed) % 2)
            n += snprintf(text + n, sizeof text - (size_t)n, ".%" PRIu64, next_random(&seed));
        if (next_random(&seed) % 2)
            snprintf(text + n, sizeof text - (size_t)n, "e%d", (int)(next_random(&seed) % 700) - 350);
        check_bits(text, strtod(text, NULL));
    }
}

static void locale_does_not_matter(void **state) {
    (void)state;
    static const char *const with_comma[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "pl_PL.UTF-8"};
    for (size_t i = 0; i < 4; i++)
        if (setlocale(LC_NUMERIC, with_comma[i])) break;
    check_bits("0.5", 0.5);
    check_bits("3.14159265358979323846", 0x1.921fb54442d18p1);
    setlocale(LC_NUMERIC, "C");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_values),
        cmocka_unit_test(edges_of_the_range),
        cmocka_unit_test(digits_past_the_limit),
        cmocka_unit_test(random_doubles_come_back),
        cmocka_unit_test(random_texts_agree_with_strtod),
        cmocka_unit_test(locale_does_not_matter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
