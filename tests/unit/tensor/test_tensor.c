/* test_tensor.c: sizes of tensors, worked out by hand, and shapes whose sizes do not exist. */
#include <string.h>

#include "tensor/tensor.h"
#include "test.h"

static void check_size(ewi_dtype dtype, uint32_t n_dims, const uint64_t *dims, uint64_t expected) {
    ew_error err = {0};
    uint64_t size = 1;
    if (ewi_tensor_size(dtype, n_dims, dims, &size, &err)) fail_msg("%s", err.text);
    assert_int_equal(size, expected);
}

static void check_refused(ewi_dtype dtype, uint32_t n_dims, const uint64_t *dims, const char *part) {
    ew_error err = {0};
    uint64_t size = 1;
    assert_int_equal(ewi_tensor_size(dtype, n_dims, dims, &size, &err), EW_FORMAT);
    assert_int_equal(err.status, EW_FORMAT);
    if (!strstr(err.text, part)) fail_msg("\"%s\" does not say \"%s\"", err.text, part);
    assert_int_equal(size, 1);
}

static void sizes(void **state) {
    (void)state;
    check_size(EWI_F32, 0, NULL, 4);
    check_size(EWI_F16, 2, (uint64_t[]){3, 5}, 30);
    check_size(EWI_Q8_0, 2, (uint64_t[]){4096, 4096}, 4096 / 32 * 34 * UINT64_C(4096));
    check_size(EWI_Q6_K, 3, (uint64_t[]){2, 3, 512}, 2 * 3 * 2 * 210);
    check_size(EWI_F4, 1, (uint64_t[]){6}, 3);
    check_size(EWI_F6_E2M3, 1, (uint64_t[]){8}, 6);
    check_size(EWI_F32, 2, (uint64_t[]){0, 7}, 0);
    check_size(EWI_U8, 1, (uint64_t[]){INT64_MAX}, INT64_MAX);
}

static void rows_are_whole_blocks(void **state) {
    (void)state;
    check_refused(EWI_Q4_0, 2, (uint64_t[]){32, 31},
                  "rows of 31 elements are not a whole number of Q4_0 blocks of 32");
    check_refused(EWI_Q4_K, 2, (uint64_t[]){256, 32}, "rows of 32 elements");
    check_refused(EWI_Q4_0, 0, NULL, "rows of 1 elements");
}

static void sizes_that_do_not_exist(void **state) {
    (void)state;
    const uint64_t half = UINT64_C(1) << 32;
    check_refused(EWI_U8, 2, (uint64_t[]){half, half},
                  "dimension 1 is 4294967296: the number of elements overflows");
    check_refused(EWI_U8, 3, (uint64_t[]){half, half, 0}, "overflows"); /* although the product is 0 */
    check_refused(EWI_U8, 1, (uint64_t[]){UINT64_MAX}, "overflows");
    check_refused(EWI_U8, 1, (uint64_t[]){UINT64_C(1) << 63}, "overflows");
    check_refused(EWI_F64, 1, (uint64_t[]){UINT64_C(1) << 60}, "the size overflows"); /* 2^63 bytes */
    check_refused(EWI_Q8_1, 2, (uint64_t[]){(UINT64_C(1) << 58) - 1, 32},
                  "the size overflows"); /* 1.125 bytes an element */
    check_refused(EWI_U8, 9, NULL, "9 dimensions, at most 8");
}

static void counts_elements(void **state) {
    (void)state;
    ewi_tensor t = {.n_dims = 3, .dims = {2, 3, 5}};
    assert_int_equal(ewi_tensor_n_elements(&t), 30);
    t.n_dims = 0;
    assert_int_equal(ewi_tensor_n_elements(&t), 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes),
        cmocka_unit_test(rows_are_whole_blocks),
        cmocka_unit_test(sizes_that_do_not_exist),
        cmocka_unit_test(counts_elements),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
