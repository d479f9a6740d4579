/* test_state.c: where the keys and values of a session lie. */
#include "engine/state.h"

#include "expect.h"

#include <stdlib.h>

static ewi_state_shape shape_of(uint32_t n_layers, uint32_t n_kv_heads, uint32_t head_dim, ewi_dtype type) {
    ewi_state_shape shape;
    ew_error err = {0};
    expect_ok(ewi_state_shape_make(n_layers, n_kv_heads, head_dim, type, type, &shape, &err), &err);
    return shape;
}

/* A block holds layers x heads x 64 positions x head_dim, twice; two bytes each in f16. */
static void size_of_a_block(void **state) {
    (void)state;
    assert_int_equal(shape_of(32, 8, 128, EWI_F16).block_bytes, (size_t)32 * 8 * 64 * 128 * 2 * 2);
    assert_int_equal(shape_of(2, 1, 16, EWI_F32).block_bytes, (size_t)2 * 1 * 64 * 16 * 2 * 4);
}

/* An 8-bit head has a scale for each position; its keys come in fours of elements. */
static void size_of_codes(void **state) {
    (void)state;
    ewi_state_shape shape;
    ew_error err = {0};
    expect_ok(ewi_state_shape_make(1, 1, 30, EWI_I8, EWI_F16, &shape, &err), &err);
    assert_int_equal(shape.k_head_bytes, 64 * 32 + 64 * 4);
    assert_int_equal(shape.v_head_bytes, 64 * 30 * 2);
    expect_ok(ewi_state_shape_make(1, 1, 30, EWI_F32, EWI_I8, &shape, &err), &err);
    assert_int_equal(shape.v_head_bytes, 64 * 30 + 64 * 4);
    expect_refused(ewi_state_shape_make(1, 1, 257, EWI_F16, EWI_I8, &shape, &err), EW_UNSUPPORTED, &err,
                   "at most 256");
}

/* Of 4 bits, keys come in eights and values in sixteens, with a scale of 2 bytes: half of 8 bits. */
static void size_of_half_codes(void **state) {
    (void)state;
    ewi_state_shape shape;
    ew_error err = {0};
    expect_ok(ewi_state_shape_make(1, 1, 30, EWI_Q4R, EWI_Q4R, &shape, &err), &err);
    assert_int_equal(shape.k_head_bytes, 64 * 32 / 2 + 64 * 2);
    assert_int_equal(shape.v_head_bytes, 64 * 32 / 2 + 64 * 2);
    assert_int_equal(2 * shape_of(16, 8, 128, EWI_Q4R).block_bytes, shape_of(16, 8, 128, EWI_I8).block_bytes);
    expect_refused(ewi_state_shape_make(1, 1, 257, EWI_Q4R, EWI_F16, &shape, &err), EW_UNSUPPORTED, &err,
                   "at most 256");
}

/* Every head of every layer of every block has its own bytes: each is filled with its number and read
 * again at the end. */
static void heads_do_not_share_bytes(void **state) {
    (void)state;
    ewi_state_shape shape = shape_of(3, 2, 8, EWI_F16);
    ewi_state s;
    ew_error err = {0};
    expect_ok(ewi_state_init(&s, &shape, 200, &err), &err);
    expect_ok(ewi_state_reserve(&s, 0, 200, &err), &err);
    assert_int_equal(s.n_blocks, 4);
    for (int pass = 0; pass < 2; pass++) {
        uint8_t number = 0;
        for (uint32_t block = 0; block < 4; block++)
            for (uint32_t layer = 0; layer < 3; layer++)
                for (uint32_t head = 0; head < 2; head++)
                    for (int is_value = 0; is_value < 2; is_value++, number++) {
                        size_t size = is_value ? shape.v_head_bytes : shape.k_head_bytes;
                        uint8_t *p = is_value ? ewi_state_values(&s, layer, head, block)
                                              : ewi_state_keys(&s, layer, head, block);
                        assert_int_equal(size, 64 * 8 * 2);
                        if (pass == 0) memset(p, number, size);
                        for (size_t i = 0; i < size; i++) assert_int_equal(p[i], number);
                    }
    }
    ewi_state_deinit(&s);
}

static void blocks_come_as_they_are_needed(void **state) {
    (void)state;
    ewi_state_shape shape = shape_of(1, 1, 16, EWI_F16);
    ewi_state s;
    ew_error err = {0};
    expect_ok(ewi_state_init(&s, &shape, 129, &err), &err);
    const uint32_t positions[] = {0, 1, 64, 65, 64, 128, 129}, blocks[] = {0, 1, 1, 2, 2, 2, 3};
    for (size_t i = 0; i < 7; i++) {
        expect_ok(ewi_state_reserve(&s, 0, positions[i], &err), &err);
        assert_int_equal(s.n_blocks, blocks[i]);
    }
    /* What is there stays where it is when more comes. */
    ewi_state_deinit(&s);
    expect_ok(ewi_state_init(&s, &shape, 129, &err), &err);
    expect_ok(ewi_state_reserve(&s, 0, 1, &err), &err);
    memset(ewi_state_keys(&s, 0, 0, 0), 7, shape.k_head_bytes);
    const uint8_t *before = ewi_state_keys(&s, 0, 0, 0);
    expect_ok(ewi_state_reserve(&s, 0, 129, &err), &err);
    assert_ptr_equal(before, ewi_state_keys(&s, 0, 0, 0));
    assert_int_equal(before[5], 7);
    ewi_state_deinit(&s);
}

static void too_large_for_an_address_space(void **state) {
    (void)state;
    ewi_state_shape shape;
    ew_error err = {0};
    expect_refused(ewi_state_shape_make(UINT32_MAX, UINT32_MAX, UINT32_MAX, EWI_F32, EWI_F32, &shape, &err),
                   EW_LIMIT, &err, "does not fit");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(size_of_a_block),
        cmocka_unit_test(size_of_codes),
        cmocka_unit_test(size_of_half_codes),
        cmocka_unit_test(heads_do_not_share_bytes),
        cmocka_unit_test(blocks_come_as_they_are_needed),
        cmocka_unit_test(too_large_for_an_address_space),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
