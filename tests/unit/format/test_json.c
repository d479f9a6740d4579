/* test_json.c: the JSON reader, held against RFC 8259 and against its own header. */
#include <float.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/json.h"
#include "test.h"

static ewi_arena arena;

static int setup(void **state) {
    (void)state;
    ewi_arena_init(&arena, 1u << 20);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    ewi_arena_deinit(&arena);
    return 0;
}

static ewi_json reader(const char *text) {
    ewi_json json;
    ewi_json_init(&json, (ewi_bytes){(const uint8_t *)text, strlen(text)}, &arena);
    return json;
}

static void assert_str(ew_str s, const char *expected, size_t len) {
    assert_int_equal(s.len, len);
    assert_memory_equal(s.data, expected, len);
}

/* The whole text is one valid value, or is refused with this status and a message that holds `part`. */
static void check_skip(const char *text, ew_status status, const char *part) {
    ew_error err = {0};
    ewi_json json = reader(text);
    ew_status got = ewi_json_skip(&json, &err);
    if (got == EW_OK) got = ewi_json_end(&json, &err);
    if (got != status) fail_msg("%s: status %d, expected %d: %s", text, got, status, err.text);
    if (part && !strstr(err.text, part)) fail_msg("%s: \"%s\" does not say \"%s\"", text, err.text, part);
}

/* ---- reading ---- */

static void reads_a_document(void **state) {
    (void)state;
    ew_error err = {0};
    ewi_json json = reader(
        " {\"n\": 7, \"list\" : [true, -2, 2.5e-1, \"x\"], \"rest\": {\"a\": [{}, []]}, \"z\": null}\n");
    ew_str key, text;
    uint64_t n = 0;
    bool flag = false;
    int64_t i = 0;
    double d = 0;
    assert_int_equal(ewi_json_enter_object(&json, &err), EW_OK);
    assert_true(ewi_json_next_key(&json, &key));
    assert_str(key, "n", 1);
    assert_int_equal(ewi_json_read_u64(&json, &n, &err), EW_OK);
    assert_int_equal(n, 7);
    assert_true(ewi_json_next_key(&json, &key));
    assert_str(key, "list", 4);
    assert_int_equal(ewi_json_enter_array(&json, &err), EW_OK);
    assert_true(ewi_json_next_item(&json));
    assert_int_equal(ewi_json_read_bool(&json, &flag, &err), EW_OK);
    assert_true(flag);
    assert_true(ewi_json_next_item(&json));
    assert_int_equal(ewi_json_read_i64(&json, &i, &err), EW_OK);
    assert_int_equal(i, -2);
    assert_true(ewi_json_next_item(&json));
    assert_int_equal(ewi_json_read_double(&json, &d, &err), EW_OK);
    assert_true(d == 0.25);
    assert_true(ewi_json_next_item(&json));
    assert_int_equal(ewi_json_read_string(&json, &text, &err), EW_OK);
    assert_str(text, "x", 1);
    assert_false(ewi_json_next_item(&json));
    assert_true(ewi_json_next_key(&json, &key));
    assert_int_equal(ewi_json_skip_to(&json, &text, &err), EW_OK);
    assert_str(text, "{\"a\": [{}, []]}", 15);
    assert_true(ewi_json_next_key(&json, &key));
    assert_int_equal(ewi_json_peek(&json), EWI_JSON_NULL);
    assert_int_equal(ewi_json_skip(&json, &err), EW_OK);
    assert_false(ewi_json_next_key(&json, &key));
    assert_int_equal(ewi_json_end(&json, &err), EW_OK);
}

static void resolves_escapes_in_strings_and_keys(void **state) {
    (void)state;
    ew_error err = {0};
    ewi_json json =
        reader("{\"voc\\u0061b\\n\": \"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0000\\u20AC\\ud834\\uDD1E\xc3\xa9\"}");
    ew_str key, text;
    assert_int_equal(ewi_json_enter_object(&json, &err), EW_OK);
    assert_true(ewi_json_next_key(&json, &key));
    assert_str(key, "vocab\n", 6);
    assert_int_equal(ewi_json_read_string(&json, &text, &err), EW_OK);
    /* U+20AC is e2 82 ac; U+1D11E is RFC 8259's own example of a pair, f0 9d 84 9e */
    assert_str(text, "\"\\/\b\f\n\r\t\0\xe2\x82\xac\xf0\x9d\x84\x9e\xc3\xa9", 18);
}

static void borrows_strings_without_escapes(void **state) {
    (void)state;
    static const char source[] = "\"0123456789 \xe2\x82\xac 0123456789\"";
    ewi_json json = reader(source);
    ew_str text;
    assert_int_equal(ewi_json_read_string(&json, &text, NULL), EW_OK);
    assert_ptr_equal(text.data, source + 1);
    assert_int_equal(text.len, sizeof source - 3);
    assert_int_equal(arena.used_bytes, 0);
}

/* The scan takes eight bytes at once: what ends it must be seen at each of their places. */
static void sees_every_place_in_a_word(void **state) {
    (void)state;
    static const struct {
        const char *tail;
        ew_status status;
        const char *says;
    } cases[] = {{"\" ", EW_OK, NULL},
                 {"\\n bcdefgh\"", EW_OK, NULL},
                 {"\x7f\xc3\xa9 !#[]~\"", EW_OK, NULL},
                 {"\x1f bcdefgh\"", EW_FORMAT, "control character"},
                 {"\xff bcdefgh\"", EW_FORMAT, "UTF-8"},
                 {"", EW_FORMAT, "ends inside of a string"}};
    for (size_t n = 0; n < 24; n++) {
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
            char text[64];
            snprintf(text, sizeof text, "\"%.*s%s", (int)n, "aaaaaaaaaaaaaaaaaaaaaaaa", cases[i].tail);
            check_skip(text, cases[i].status, cases[i].says);
        }
    }
}

static void counts_without_moving(void **state) {
    (void)state;
    ew_error err = {0};
    size_t n = 99;
    ewi_json json = reader("[1, [2, 3], {\"a\": [4]}, \"]\"]");
    assert_int_equal(ewi_json_count(&json, &n, &err), EW_OK);
    assert_int_equal(n, 4);
    assert_int_equal(ewi_json_skip(&json, &err), EW_OK);
    assert_int_equal(ewi_json_end(&json, &err), EW_OK);
    json = reader("{\"a\": {\"b\": 1, \"c\": 2}, \"d\": 3}");
    assert_int_equal(ewi_json_count(&json, &n, &err), EW_OK);
    assert_int_equal(n, 2);
    json = reader(" {}");
    assert_int_equal(ewi_json_count(&json, &n, &err), EW_OK);
    assert_int_equal(n, 0);
    json = reader("[1, 2");
    assert_int_equal(ewi_json_count(&json, &n, &err), EW_FORMAT);
    json = reader("7");
    assert_int_equal(ewi_json_count(&json, &n, &err), EW_FORMAT);
}

/* ---- numbers ---- */

static void check_u64(const char *text, ew_status status, uint64_t expected) {
    uint64_t value = 77;
    ew_error err = {0};
    ewi_json json = reader(text);
    if (ewi_json_read_u64(&json, &value, &err) != status) fail_msg("%s: %s", text, err.text);
    assert_true(value == (status == EW_OK ? expected : 77));
}

static void unsigned_numbers(void **state) {
    (void)state;
    check_u64("0", EW_OK, 0);
    check_u64("18446744073709551615", EW_OK, UINT64_MAX);
    check_u64("18446744073709551616", EW_FORMAT, 0);
    check_u64("99999999999999999999999999", EW_FORMAT, 0);
    check_u64("-1", EW_FORMAT, 0);
    check_u64("-0", EW_FORMAT, 0);
    check_u64("1.0", EW_FORMAT, 0);
    check_u64("1e3", EW_FORMAT, 0);
    check_u64("\"1\"", EW_FORMAT, 0);
}

static void check_i64(const char *text, ew_status status, int64_t expected) {
    int64_t value = 77;
    ew_error err = {0};
    ewi_json json = reader(text);
    if (ewi_json_read_i64(&json, &value, &err) != status) fail_msg("%s: %s", text, err.text);
    assert_true(value == (status == EW_OK ? expected : 77));
}

static void signed_numbers(void **state) {
    (void)state;
    check_i64("9223372036854775807", EW_OK, INT64_MAX);
    check_i64("9223372036854775808", EW_FORMAT, 0);
    check_i64("-9223372036854775808", EW_OK, INT64_MIN);
    check_i64("-9223372036854775809", EW_FORMAT, 0);
    check_i64("-0", EW_OK, 0);
    check_i64("-1", EW_OK, -1);
}

static void doubles(void **state) {
    (void)state;
    ew_error err = {0};
    double value = 0;
    ewi_json json = reader("1.7976931348623157e308");
    assert_int_equal(ewi_json_read_double(&json, &value, &err), EW_OK);
    assert_true(value == DBL_MAX);
    json = reader("[1e99999]");
    assert_int_equal(ewi_json_enter_array(&json, &err), EW_OK);
    assert_true(ewi_json_next_item(&json));
    assert_int_equal(ewi_json_read_double(&json, &value, &err), EW_FORMAT);
    assert_string_equal(err.text, "json: line 1, column 2 (offset 1): the number is too large for a double");
    assert_true(value == DBL_MAX);
    check_skip("1e99999", EW_OK, NULL); /* nobody asked for its value */
}

/* ---- bad input ---- */

static void messages_name_the_place(void **state) {
    (void)state;
    check_skip("{\"a\": 1,\n \"b\" 2}", EW_FORMAT,
               "json: line 2, column 6 (offset 14): expected ':' after a key");
    check_skip("[1 2]", EW_FORMAT, "offset 3): expected ',' or ']'");
    check_skip("[1,]", EW_FORMAT, "a comma before the end");
    check_skip("{\"a\":1,}", EW_FORMAT, "a comma before the end");
    check_skip("{a:1}", EW_FORMAT, "expected a key in quotes");
    check_skip("[nan]", EW_FORMAT, "expected a value");
    check_skip("\"\\ud800\"", EW_FORMAT, "surrogate");
    check_skip("\"\\udc00\"", EW_FORMAT, "surrogate");
    check_skip("\"\\udc00\\ud800\"", EW_FORMAT, "surrogate");
    check_skip("\"\\ud800\\ud800\"", EW_FORMAT, "surrogate");
    check_skip("\"\\ud800\\n\"", EW_FORMAT, "surrogate");
    check_skip("\"\\x\"", EW_FORMAT, "no valid escape");
    check_skip("1 2", EW_FORMAT, "something follows the value");
    check_skip("", EW_FORMAT, "ends too early");
    check_skip("[[", EW_FORMAT, "ends too early");
    check_skip("-", EW_FORMAT, "ends too early");
    check_skip("01", EW_FORMAT, "something follows the value");
}

static void another_kind_is_an_error_that_stays(void **state) {
    (void)state;
    ew_error err = {0};
    ew_str key, text = {0};
    ewi_json json = reader("{\"a\": 1, \"b\": 2}");
    assert_int_equal(ewi_json_enter_object(&json, &err), EW_OK);
    assert_true(ewi_json_next_key(&json, &key));
    assert_int_equal(ewi_json_read_string(&json, &text, &err), EW_FORMAT);
    assert_non_null(strstr(err.text, "expected a string"));
    assert_null(text.data);
    assert_false(ewi_json_next_key(&json, &key));
    assert_int_equal(ewi_json_check(&json, &err), EW_FORMAT);
    assert_int_equal(ewi_json_peek(&json), EWI_JSON_ERROR);
}

static void depth_is_bounded(void **state) {
    (void)state;
    char text[2 * EWI_JSON_MAX_DEPTH + 3] = {0};
    memset(text, '[', EWI_JSON_MAX_DEPTH);
    memset(text + EWI_JSON_MAX_DEPTH, ']', EWI_JSON_MAX_DEPTH);
    check_skip(text, EW_OK, NULL);
    memset(text, '[', EWI_JSON_MAX_DEPTH + 1);
    check_skip(text, EW_LIMIT, "(offset 512): nested too deeply");
}

/* A full arena is an error, not a cut string. */
static void arena_limit_is_no_memory(void **state) {
    (void)state;
    ew_error err = {0};
    ew_str text;
    ewi_arena small;
    ewi_arena_init(&small, 16);
    ewi_json json;
    static const char source[] = "\"0123456789012345678901234567890123456789\\n\"";
    ewi_json_init(&json, (ewi_bytes){(const uint8_t *)source, sizeof source - 1}, &small);
    assert_int_equal(ewi_json_read_string(&json, &text, &err), EW_NO_MEMORY);
    ewi_arena_deinit(&small);
}

/* Every beginning of a document is refused, and nothing past its end is read (exact heap blocks, for the
 * sanitizers). */
static void cut_documents_are_refused(void **state) {
    (void)state;
    static const char whole[] =
        "{\"k\\u00e9y\": [1.5e+3, true, false, null, \"\\ud834\\udd1e \xf0\x9d\x84\x9e\"], \"b\": {}}";
    for (size_t n = 0; n < sizeof whole - 1; n++) {
        uint8_t *cut = malloc(n ? n : 1);
        assert_non_null(cut);
        memcpy(cut, whole, n);
        ewi_json json;
        ewi_json_init(&json, (ewi_bytes){cut, n}, &arena);
        assert_int_equal(ewi_json_skip(&json, NULL), EW_FORMAT);
        free(cut);
    }
    check_skip(whole, EW_OK, NULL);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(reads_a_document),
        TEST(resolves_escapes_in_strings_and_keys),
        TEST(borrows_strings_without_escapes),
        TEST(sees_every_place_in_a_word),
        TEST(counts_without_moving),
        TEST(unsigned_numbers),
        TEST(signed_numbers),
        TEST(doubles),
        TEST(messages_name_the_place),
        TEST(another_kind_is_an_error_that_stays),
        TEST(depth_is_bounded),
        TEST(arena_limit_is_no_memory),
        TEST(cut_documents_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
