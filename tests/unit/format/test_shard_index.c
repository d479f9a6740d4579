/* test_shard_index.c: the index of a model in several safetensors files, as transformers writes it. */
#include <stdio.h>
#include <string.h>

#include "format/shard_index.h"
#include "test.h"

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

static ew_status parse(const char *text, ewi_shard_index *out, ew_error *err) {
    return ewi_shard_index_parse((ewi_bytes){(const uint8_t *)text, strlen(text)}, &arena, out, err);
}

static void check_refused(const char *text, const char *part) {
    ewi_shard_index index;
    ew_error err = {0};
    if (parse(text, &index, &err) != EW_FORMAT) fail_msg("%s: accepted", text);
    if (!strstr(err.text, part)) fail_msg("%s: \"%s\" does not say \"%s\"", text, err.text, part);
}

static void reads_an_index(void **state) {
    (void)state;
    ewi_shard_index index;
    ew_error err = {0};
    const char *text =
        "{\"metadata\": {\"total_size\": 12}, \"weight_map\": {\"lm_head.weight\": "
        "\"model-00002-of-00002.safetensors\","
        "\"a.weight\": \"model-00001-of-00002.safetensors\", \"b\": \"model-00002-of-00002.safetensors\"}}\n";
    if (parse(text, &index, &err)) fail_msg("%s", err.text);
    assert_int_equal(index.n_entries, 3);
    assert_true(ewi_str_is(index.entries[0].tensor, "a.weight"));
    assert_true(ewi_str_is(index.entries[0].file, "model-00001-of-00002.safetensors"));
    assert_true(ewi_str_is(index.entries[2].tensor, "lm_head.weight"));
    assert_int_equal(index.n_files, 2);
    assert_true(ewi_str_is(index.files[0], "model-00001-of-00002.safetensors"));
    assert_true(ewi_str_is(index.files[1], "model-00002-of-00002.safetensors"));
}

/* A file name must stay in the folder. */
static void refuses_paths(void **state) {
    (void)state;
    static const char *const bad[] = {"../x", "/etc/passwd", "a/b",       "a\\\\b", "..", ".", ".hidden",
                                      "",     "c:x",         "a\\u0000b", "a\\n"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char text[128];
        snprintf(text, sizeof text, "{\"weight_map\":{\"w\":\"%s\"}}", bad[i]);
        check_refused(text, "tensor w: its file must be a plain name");
    }
}

static void refuses_bad_indexes(void **state) {
    (void)state;
    check_refused("", "json: line 1");
    check_refused("[]", "expected an object");
    check_refused("{}", "weight_map is missing or empty");
    check_refused("{\"weight_map\":{}}", "weight_map is missing or empty");
    check_refused("{\"weight_map\":[]}", "expected an object");
    check_refused("{\"weight_map\":{\"w\":1}}", "expected a string");
    check_refused("{\"weight_map\":{\"w\":\"a\"},\"weight_map\":{\"w\":\"b\"}}", "weight_map occurs twice");
    check_refused("{\"weight_map\":{\"w\":\"a\",\"w\":\"b\"}}", "tensor w occurs twice: entries 0 and 1");
    check_refused("{\"weight_map\":{\"\":\"a\"}}", "the name of tensor 0 is not printable");
    check_refused("{\"weight_map\":{\"w\":\"a\"}} x", "something follows the value");
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {TEST(reads_an_index), TEST(refuses_paths), TEST(refuses_bad_indexes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
