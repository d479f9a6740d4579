/* Arenas: pieces that stay where they are, apart from each other, within the limit. */
#include "test.h"

#include <string.h>

#include "base/arena.h"

static void pieces_do_not_meet(void **state) {
    (void)state;
    enum { N = 500 };
    ewi_arena arena;
    ewi_arena_init(&arena, (size_t)4 << 20);
    uint8_t *pieces[N];
    for (size_t i = 0; i < N; i++) {
        size_t size = 1 + i * 7 % 1500;
        pieces[i] = ewi_arena_alloc(&arena, size);
        assert_non_null(pieces[i]);
        assert_int_equal((uintptr_t)pieces[i] % 16, 0);
        memset(pieces[i], (int)(i & 0xff), size);
    }
    for (size_t i = 0; i < N; i++)
        for (size_t k = 0; k < 1 + i * 7 % 1500; k++) assert_int_equal(pieces[i][k], i & 0xff);
    ewi_arena_deinit(&arena);
}

static void limit_holds_to_the_byte(void **state) {
    (void)state;
    ewi_arena arena;
    ewi_arena_init(&arena, 64);
    assert_non_null(ewi_arena_alloc(&arena, 32));
    assert_null(ewi_arena_alloc(&arena, 33));
    assert_non_null(ewi_arena_alloc(&arena, 32));
    assert_int_equal(arena.used_bytes, 64);
    assert_null(ewi_arena_alloc(&arena, 1));
    ewi_arena_deinit(&arena);
}

static void wrapping_sizes_give_null(void **state) {
    (void)state;
    ewi_arena arena;
    ewi_arena_init(&arena, SIZE_MAX);
    assert_null(ewi_arena_alloc(&arena, SIZE_MAX));
    assert_null(ewi_arena_alloc(&arena, SIZE_MAX - 15));
    assert_null(ewi_arena_array(&arena, (size_t)1 << 33, (size_t)1 << 31));
    assert_null(ewi_arena_strdup(&arena, (ew_str){"", SIZE_MAX}));
    assert_int_equal(arena.used_bytes, 0);
    ewi_arena_deinit(&arena);
}

static void piece_larger_than_a_chunk_fits(void **state) {
    (void)state;
    ewi_arena arena;
    ewi_arena_init(&arena, (size_t)16 << 20);
    char *small = ewi_arena_strdup(&arena, (ew_str){"before", 6});
    uint8_t *large = ewi_arena_alloc(&arena, (size_t)5 << 20);
    assert_non_null(small);
    assert_non_null(large);
    memset(large, 1, (size_t)5 << 20);
    assert_string_equal(small, "before");
    ewi_arena_deinit(&arena);
}

static void arrays_are_cleared(void **state) {
    (void)state;
    ewi_arena arena;
    ewi_arena_init(&arena, 1 << 20);
    uint32_t *x = ewi_arena_array(&arena, 1000, sizeof *x);
    assert_non_null(x);
    for (size_t i = 0; i < 1000; i++) assert_int_equal(x[i], 0);
    ewi_arena_deinit(&arena);
}

static void strdup_ends_with_nul(void **state) {
    (void)state;
    ewi_arena arena;
    ewi_arena_init(&arena, 1 << 10);
    char *copy = ewi_arena_strdup(&arena, (ew_str){"tokens", 3});
    assert_non_null(copy);
    assert_string_equal(copy, "tok");
    char *empty = ewi_arena_strdup(&arena, (ew_str){NULL, 0});
    assert_non_null(empty);
    assert_string_equal(empty, "");
    ewi_arena_deinit(&arena);
}

static void emptied_arena_starts_again(void **state) {
    (void)state;
    ewi_arena arena;
    ewi_arena_init(&arena, 128);
    assert_non_null(ewi_arena_alloc(&arena, 128));
    assert_null(ewi_arena_alloc(&arena, 1));
    ewi_arena_deinit(&arena);
    assert_non_null(ewi_arena_alloc(&arena, 128));
    ewi_arena_deinit(&arena);
    ewi_arena_deinit(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_do_not_meet),         cmocka_unit_test(limit_holds_to_the_byte),
        cmocka_unit_test(wrapping_sizes_give_null),   cmocka_unit_test(piece_larger_than_a_chunk_fits),
        cmocka_unit_test(arrays_are_cleared),         cmocka_unit_test(strdup_ends_with_nul),
        cmocka_unit_test(emptied_arena_starts_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
