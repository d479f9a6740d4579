/* test_name.c: names, their order and their index, against strcmp and qsort of the C library. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/name.h"
#include "test.h"

#define N 5000

static ewi_arena arena;

static int setup(void **state) {
    (void)state;
    ewi_arena_init(&arena, 16u << 20);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    ewi_arena_deinit(&arena);
    return 0;
}

static void which_names_are_valid(void **state) {
    (void)state;
    static char longest[65536];
    memset(longest, 'x', sizeof longest);
    assert_true(ewi_name_valid(EWI_STR("blk.0.attn_q.weight")));
    assert_true(ewi_name_valid(EWI_STR("\xc3\xa9 \xf0\x9d\x84\x9e")));
    assert_true(ewi_name_valid((ew_str){longest, 65535}));
    assert_false(ewi_name_valid((ew_str){longest, 65536}));
    assert_false(ewi_name_valid(EWI_STR("")));
    assert_false(ewi_name_valid(EWI_STR("a\0b")));
    assert_false(ewi_name_valid(EWI_STR("a\x1b[31m")));
    assert_false(ewi_name_valid(EWI_STR("\x7f")));
    assert_false(ewi_name_valid(EWI_STR("\xed\xa0\x80"))); /* a surrogate */
}

typedef struct record {
    ew_str name;
    int value;
} record;

static int by_text(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Names with long common beginnings, in a scattered order. */
static void fill(record *records, char (*texts)[32], const char **sorted) {
    for (int i = 0; i < N; i++) {
        int scattered = (int)((unsigned)i * 2654435761u % 7919u);
        snprintf(texts[i], 32, "%s.%d%s", i % 3 ? "model.layers" : "x", i % 2 ? i : scattered + N,
                 i % 2 ? "" : "b");
        snprintf(texts[i] + strlen(texts[i]), 8, "%s", i % 5 ? "" : "\xc3\xa9");
        records[i] = (record){{texts[i], strlen(texts[i])}, i};
        sorted[i] = texts[i];
    }
    qsort(sorted, N, sizeof *sorted, by_text);
}

static void sorts_and_finds(void **state) {
    (void)state;
    static record records[N];
    static char texts[N][32];
    static const char *sorted[N];
    ew_error err = {0};
    ewi_name_index index;
    fill(records, texts, sorted);
    if (ewi_name_index_make(&arena, &records[0].name, N, sizeof records[0], "name", &index, &err))
        fail_msg("%s", err.text);
    for (size_t i = 0; i < N; i++) {
        size_t record_number = N;
        ew_str name = ewi_name_index_at(&index, i);
        assert_int_equal(name.len, strlen(sorted[i]));
        assert_memory_equal(name.data, sorted[i], name.len);
        assert_true(ewi_name_index_find(&index, records[i].name, &record_number));
        assert_int_equal(record_number, i);
    }
    size_t nowhere;
    assert_false(ewi_name_index_find(&index, EWI_STR(""), &nowhere));
    assert_false(ewi_name_index_find(&index, EWI_STR("model.layers"), &nowhere));
    assert_false(ewi_name_index_find(&index, EWI_STR("zzz"), &nowhere));
}

static void refuses_a_name_twice(void **state) {
    (void)state;
    record records[] = {{EWI_STR("same name"), 0},
                        {EWI_STR("other"), 1},
                        {EWI_STR("same name, longer"), 2},
                        {EWI_STR("same name"), 3}};
    ew_error err = {0};
    ewi_name_index index;
    assert_int_equal(
        ewi_name_index_make(&arena, &records[0].name, 4, sizeof records[0], "tensor", &index, &err),
        EW_FORMAT);
    assert_string_equal(err.text, "tensor same name occurs twice: entries 0 and 3");
    assert_int_equal(
        ewi_name_index_make(&arena, &records[0].name, 3, sizeof records[0], "tensor", &index, &err), EW_OK);
    assert_int_equal(
        ewi_name_index_make(&arena, &records[0].name, 0, sizeof records[0], "tensor", &index, &err), EW_OK);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {TEST(which_names_are_valid), TEST(sorts_and_finds),
                                       TEST(refuses_a_name_twice)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
