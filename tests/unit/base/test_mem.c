/* The heap's only door: aligned blocks, and NULL instead of a wrapped size. */
#include "test.h"

#include <string.h>

#include "base/mem.h"
#include "base/slice.h"

static void blocks_are_aligned_to_64_bytes(void **state) {
    (void)state;
    static const size_t sizes[] = {0, 1, 63, 64, 65, 4097};
    for (size_t i = 0; i < EWI_COUNT(sizes); i++) {
        uint8_t *block = ewi_alloc(sizes[i]);
        assert_non_null(block);
        assert_int_equal((uintptr_t)block % 64, 0);
        memset(block, 0xff, sizes[i]);
        ewi_free(block);
    }
}

static void zalloc_clears(void **state) {
    (void)state;
    uint8_t *dirty = ewi_alloc(1000);
    assert_non_null(dirty);
    memset(dirty, 0xff, 1000);
    ewi_free(dirty);
    uint8_t *block = ewi_zalloc(1000);
    assert_non_null(block);
    for (size_t i = 0; i < 1000; i++) assert_int_equal(block[i], 0);
    ewi_free(block);
}

/* 2^33 * 2^31 = 2^64 wraps to 0; (2^63 + 1) * 2 wraps to 2: both would look like tiny blocks. */
static void wrapped_products_give_null(void **state) {
    (void)state;
    assert_null(ewi_alloc_array((size_t)1 << 33, (size_t)1 << 31));
    assert_null(ewi_zalloc_array(((size_t)1 << 63) + 1, 2));
    assert_null(ewi_alloc_array(SIZE_MAX, 8));
}

/* Rounding these up to the alignment would wrap to 0 or 64. */
static void sizes_near_the_end_give_null(void **state) {
    (void)state;
    assert_null(ewi_alloc(SIZE_MAX));
    assert_null(ewi_alloc(SIZE_MAX - 62));
    assert_null(ewi_zalloc(SIZE_MAX - 1));
}

static void realloc_keeps_what_fits(void **state) {
    (void)state;
    uint32_t *x = ewi_alloc_array(3, sizeof *x);
    assert_non_null(x);
    memcpy(x, (uint32_t[]){10, 20, 30}, 3 * sizeof *x);
    uint32_t *grown = ewi_realloc_array(x, 3, 5000, sizeof *x);
    assert_non_null(grown);
    assert_memory_equal(grown, ((uint32_t[]){10, 20, 30}), 3 * sizeof *x);
    uint32_t *shrunk = ewi_realloc_array(grown, 5000, 2, sizeof *x);
    assert_non_null(shrunk);
    assert_memory_equal(shrunk, ((uint32_t[]){10, 20}), 2 * sizeof *x);
    ewi_free(shrunk);
}

static void realloc_of_nothing_allocates(void **state) {
    (void)state;
    char *x = ewi_realloc_array(NULL, 0, 7, 1);
    assert_non_null(x);
    ewi_free(x);
}

static void failed_realloc_leaves_the_block(void **state) {
    (void)state;
    uint16_t *x = ewi_alloc_array(2, sizeof *x);
    assert_non_null(x);
    x[0] = 1;
    x[1] = 2;
    assert_null(ewi_realloc_array(x, 2, SIZE_MAX, sizeof *x));
    assert_int_equal(x[0], 1);
    assert_int_equal(x[1], 2);
    ewi_free(x);
}

static void strdup_copies_and_ends(void **state) {
    (void)state;
    char source[] = {'a', '\0', 'b'};
    char *copy = ewi_strdup((ew_str){source, 3});
    assert_non_null(copy);
    assert_memory_equal(copy, "a\0b", 4);
    source[0] = 'z';
    assert_int_equal(copy[0], 'a');
    ewi_free(copy);
    char *empty = ewi_strdup((ew_str){NULL, 0});
    assert_non_null(empty);
    assert_string_equal(empty, "");
    ewi_free(empty);
    assert_null(ewi_strdup((ew_str){source, SIZE_MAX}));
}

static void free_takes_null(void **state) {
    (void)state;
    ewi_free(NULL);
}

static void no_memory_names_its_purpose(void **state) {
    (void)state;
    ew_error err = {0};
    assert_int_equal(ewi_no_memory(&err, "session state"), EW_NO_MEMORY);
    assert_string_equal(err.text, "out of memory for session state");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_are_aligned_to_64_bytes),
        cmocka_unit_test(zalloc_clears),
        cmocka_unit_test(wrapped_products_give_null),
        cmocka_unit_test(sizes_near_the_end_give_null),
        cmocka_unit_test(realloc_keeps_what_fits),
        cmocka_unit_test(realloc_of_nothing_allocates),
        cmocka_unit_test(failed_realloc_leaves_the_block),
        cmocka_unit_test(strdup_copies_and_ends),
        cmocka_unit_test(free_takes_null),
        cmocka_unit_test(no_memory_names_its_purpose),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
