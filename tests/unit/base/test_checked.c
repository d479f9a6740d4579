/* Size arithmetic at its borders; the expected results are those of integers without end. */
#include "test.h"

#include "base/checked.h"

#define TWO_32 ((uint64_t)1 << 32)

static void sums(void **state) {
    (void)state;
    static const struct {
        uint64_t a, b, sum;
        bool fits;
    } rows[] = {
        {0, 0, 0, true},
        {UINT64_MAX, 0, UINT64_MAX, true},
        {UINT64_MAX - 1, 1, UINT64_MAX, true},
        {UINT64_MAX, 1, 0, false},
        {1, UINT64_MAX, 0, false},
        {(uint64_t)1 << 63, (uint64_t)1 << 63, 0, false},
    };
    for (size_t i = 0; i < EWI_COUNT(rows); i++) {
        uint64_t out = 7;
        assert_int_equal(ewi_add_u64(rows[i].a, rows[i].b, &out), rows[i].fits);
        assert_int_equal(out, rows[i].fits ? rows[i].sum : 7);
    }
}

static void products(void **state) {
    (void)state;
    static const struct {
        uint64_t a, b, product;
        bool fits;
    } rows[] = {
        {0, UINT64_MAX, 0, true},
        {1, UINT64_MAX, UINT64_MAX, true},
        {TWO_32, TWO_32 - 1, 0xffffffff00000000u, true},
        {TWO_32, TWO_32, 0, false},
        {TWO_32 + 1, TWO_32 - 1, UINT64_MAX, true}, /* (n + 1)(n - 1) = n^2 - 1 */
        {3, 0x5555555555555555u, UINT64_MAX, true},
        {3, 0x5555555555555556u, 0, false},
        {UINT64_MAX, UINT64_MAX, 0, false},
    };
    for (size_t i = 0; i < EWI_COUNT(rows); i++) {
        uint64_t out = 7;
        assert_int_equal(ewi_mul_u64(rows[i].a, rows[i].b, &out), rows[i].fits);
        assert_int_equal(out, rows[i].fits ? rows[i].product : 7);
    }
}

static void sizes_follow_the_same_rules(void **state) {
    (void)state;
    size_t out = 7;
    assert_false(ewi_add_size(SIZE_MAX, 1, &out));
    assert_false(ewi_mul_size(SIZE_MAX, 2, &out));
    assert_false(ewi_mul_size(SIZE_MAX / 2 + 1, 2, &out));
    assert_int_equal(out, 7);
    assert_true(ewi_add_size(SIZE_MAX - 1, 1, &out));
    assert_int_equal(out, SIZE_MAX);
    assert_true(ewi_mul_size(SIZE_MAX / 2, 2, &out));
    assert_int_equal(out, SIZE_MAX - 1);
    assert_true(ewi_size_from_u64(12, &out));
    assert_int_equal(out, 12);
}

static void powers_of_two(void **state) {
    (void)state;
    for (unsigned bit = 0; bit < 64; bit++) assert_true(ewi_is_pow2((uint64_t)1 << bit));
    assert_false(ewi_is_pow2(0));
    assert_false(ewi_is_pow2(3));
    assert_false(ewi_is_pow2(96));
    assert_false(ewi_is_pow2(UINT64_MAX));
}

static void alignment_rounds_up(void **state) {
    (void)state;
    static const struct {
        uint64_t x, align, up;
        bool fits;
    } rows[] = {
        {0, 64, 0, true},
        {1, 64, 64, true},
        {64, 64, 64, true},
        {65, 64, 128, true},
        {123, 1, 123, true},
        {UINT64_MAX - 63, 64, UINT64_MAX - 63, true},
        {UINT64_MAX - 62, 64, 0, false},
        {UINT64_MAX, 1, UINT64_MAX, true},
        {1, (uint64_t)1 << 63, (uint64_t)1 << 63, true},
        {((uint64_t)1 << 63) + 1, (uint64_t)1 << 63, 0, false},
    };
    for (size_t i = 0; i < EWI_COUNT(rows); i++) {
        uint64_t out = 7;
        assert_int_equal(ewi_align_u64(rows[i].x, rows[i].align, &out), rows[i].fits);
        assert_int_equal(out, rows[i].fits ? rows[i].up : 7);
        size_t size = 7;
        assert_int_equal(ewi_align_size((size_t)rows[i].x, (size_t)rows[i].align, &size), rows[i].fits);
        assert_int_equal(size, rows[i].fits ? rows[i].up : 7);
    }
}

/* An end that wraps around (offset + len = 2^64 + something small) is outside, not inside. */
static void ranges(void **state) {
    (void)state;
    assert_true(ewi_in_range(0, 0, 0));
    assert_true(ewi_in_range(10, 0, 10));
    assert_true(ewi_in_range(0, 10, 10));
    assert_true(ewi_in_range(9, 1, 10));
    assert_false(ewi_in_range(9, 2, 10));
    assert_false(ewi_in_range(11, 0, 10));
    assert_false(ewi_in_range(UINT64_MAX - 255, 512, 1000));
    assert_false(ewi_in_range(5, UINT64_MAX, 1000));
    assert_true(ewi_in_range(5, UINT64_MAX - 5, UINT64_MAX));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums),          cmocka_unit_test(products),
        cmocka_unit_test(powers_of_two), cmocka_unit_test(sizes_follow_the_same_rules),
        cmocka_unit_test(ranges),        cmocka_unit_test(alignment_rounds_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
