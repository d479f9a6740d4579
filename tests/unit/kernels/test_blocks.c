/* GGUF's block types as numbers: by bits, against the PyPI package gguf (make_block_vectors.py). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "block_vectors.h"
#include "kernels/half.h"
#include "kernels/kernels.h"

static void check(ewi_dtype dtype, const uint8_t *blocks, const uint32_t *values, size_t n) {
    float y[512];
    assert_true(n <= EWI_COUNT(y));
    ewi_kernels_get()->widen[dtype](y, blocks, n);
    for (size_t i = 0; i < n; i++)
        if (ewi_float_bits(y[i]) != values[i])
            fail_msg("%s: input %zu is %a, not %a", ewi_dtype_get(dtype)->name, i, (double)y[i],
                     (double)ewi_bits_float(values[i]));
}

#define CHECK(type) check(EWI_##type, blocks_##type, values_##type, EWI_COUNT(values_##type))

static void test_blocks(void **state) {
    (void)state;
    CHECK(Q8_0);
    CHECK(Q4_0);
    CHECK(Q4_1);
    CHECK(Q5_0);
    CHECK(Q5_1);
    CHECK(Q4_K);
    CHECK(Q5_K);
    CHECK(Q6_K);
    CHECK(IQ4_NL);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_blocks)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
