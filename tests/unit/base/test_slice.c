/* Borrowed text and little-endian loads. */
#include "test.h"

#include "base/slice.h"

static void equality_is_of_bytes(void **state) {
    (void)state;
    assert_true(ewi_str_eq(EWI_STR("a\0b"), (ew_str){"a\0b", 3}));
    assert_false(ewi_str_eq(EWI_STR("a\0b"), EWI_STR("a\0c")));
    assert_false(ewi_str_eq(EWI_STR("ab"), EWI_STR("abc")));
    assert_true(ewi_str_eq((ew_str){NULL, 0}, EWI_STR("")));
    assert_true(ewi_str_is((ew_str){"llama2", 5}, "llama"));
    assert_false(ewi_str_is((ew_str){"llama\0", 6}, "llama"));
}

static void heads_and_tails(void **state) {
    (void)state;
    ew_str s = {"blk.0.attn_q.weight.bias", 19};
    assert_true(ewi_str_starts(s, "blk."));
    assert_true(ewi_str_ends(s, ".weight"));
    assert_false(ewi_str_ends(s, ".bias"));
    assert_true(ewi_str_starts(s, ""));
    assert_true(ewi_str_ends(s, ""));
    assert_false(ewi_str_starts((ew_str){"blk", 3}, "blk."));
    assert_false(ewi_str_ends((ew_str){"gguf", 4}, ".gguf"));
}

/* From odd addresses too: files pack their fields without gaps. */
static void loads_are_little_endian(void **state) {
    (void)state;
    static const uint8_t bytes[] = {0x00, 0xef, 0xcd, 0xab, 0x89, 0x67, 0x45, 0x23, 0xf1};
    assert_int_equal(ewi_load_u16(bytes + 1), 0xcdef);
    assert_int_equal(ewi_load_u32(bytes + 1), 0x89abcdef);
    assert_int_equal(ewi_load_u64(bytes + 1), 0xf123456789abcdef);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equality_is_of_bytes),
        cmocka_unit_test(heads_and_tails),
        cmocka_unit_test(loads_are_little_endian),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
