/* Buffers: all of an append or none of it, never past the maximum, and JSON strings as RFC 8259 has them. */
#include "test.h"

#include <string.h>

#include "base/buffer.h"
#include "base/slice.h"

static void assert_holds(const ewi_buffer *buffer, const char *expected) {
    assert_int_equal(buffer->len, strlen(expected));
    if (buffer->len) assert_memory_equal(buffer->data, expected, buffer->len);
}

static void appends_follow_each_other(void **state) {
    (void)state;
    ewi_buffer buffer;
    ewi_buffer_init(&buffer, 1 << 10);
    assert_true(ewi_buffer_add(&buffer, "one", 3));
    assert_true(ewi_buffer_add(&buffer, NULL, 0));
    assert_true(ewi_buffer_printf(&buffer, " %s %d", "two", 3));
    assert_true(ewi_buffer_printf(&buffer, "%s", ""));
    assert_holds(&buffer, "one two 3");
    assert_true(ewi_str_is(ewi_buffer_str(&buffer), "one two 3"));
    assert_false(buffer.failed);
    ewi_buffer_deinit(&buffer);
}

static void grows_over_many_appends(void **state) {
    (void)state;
    ewi_buffer buffer;
    ewi_buffer_init(&buffer, (size_t)1 << 20);
    for (size_t i = 0; i < 100000; i++) assert_true(ewi_buffer_add(&buffer, (char[]){(char)(i % 100)}, 1));
    for (size_t i = 0; i < 100000; i++) assert_int_equal(buffer.data[i], i % 100);
    ewi_buffer_deinit(&buffer);
}

static void maximum_is_reached_and_never_passed(void **state) {
    (void)state;
    ewi_buffer buffer;
    ewi_buffer_init(&buffer, 8);
    assert_true(ewi_buffer_add(&buffer, "1234", 4));
    assert_false(ewi_buffer_add(&buffer, "56789", 5));
    assert_true(buffer.failed);
    assert_holds(&buffer, "1234");
    assert_true(ewi_buffer_add(&buffer, "5678", 4));
    assert_holds(&buffer, "12345678");
    assert_true(buffer.failed);
    ewi_buffer_deinit(&buffer);
}

static void printf_fills_to_the_last_byte(void **state) {
    (void)state;
    ewi_buffer buffer;
    ewi_buffer_init(&buffer, 6);
    assert_true(ewi_buffer_printf(&buffer, "%06d", 42));
    assert_holds(&buffer, "000042");
    assert_false(ewi_buffer_printf(&buffer, "%d", 7));
    assert_holds(&buffer, "000042");
    ewi_buffer_deinit(&buffer);
}

static void printf_of_nothing_needs_no_room(void **state) {
    (void)state;
    ewi_buffer buffer;
    ewi_buffer_init(&buffer, 0);
    assert_true(ewi_buffer_printf(&buffer, "%s", ""));
    assert_false(buffer.failed);
    ewi_buffer_deinit(&buffer);
}

static void sizes_that_wrap_fail(void **state) {
    (void)state;
    ewi_buffer buffer;
    ewi_buffer_init(&buffer, SIZE_MAX);
    assert_true(ewi_buffer_add(&buffer, "x", 1));
    assert_false(ewi_buffer_reserve(&buffer, SIZE_MAX));
    assert_false(ewi_buffer_reserve(&buffer, SIZE_MAX - 1));
    assert_true(buffer.failed);
    assert_holds(&buffer, "x");
    ewi_buffer_deinit(&buffer);
}

/* RFC 8259, section 7: quotation mark, backslash and U+0000 to U+001F must be escaped. */
static void json_escapes_what_it_must(void **state) {
    (void)state;
    ewi_buffer buffer;
    ewi_buffer_init(&buffer, 1 << 10);
    assert_true(ewi_buffer_json_string(&buffer, EWI_STR("a\"b\\c/\n\r\t\x01\x1f\0z")));
    assert_holds(&buffer, "\"a\\\"b\\\\c/\\n\\r\\t\\u0001\\u001f\\u0000z\"");
    ewi_buffer_deinit(&buffer);
}

static void json_keeps_utf8_and_mends_the_rest(void **state) {
    (void)state;
    ewi_buffer buffer;
    ewi_buffer_init(&buffer, 1 << 10);
    assert_true(ewi_buffer_json_string(&buffer, EWI_STR("\xc3\xa4\xf0\x9f\x99\x82\xff.")));
    assert_holds(&buffer, "\"\xc3\xa4\xf0\x9f\x99\x82\xef\xbf\xbd.\"");
    ewi_buffer_deinit(&buffer);
}

static void json_string_is_whole_or_absent(void **state) {
    (void)state;
    for (size_t max = 0; max <= 12; max++) {
        ewi_buffer buffer;
        ewi_buffer_init(&buffer, max);
        bool fits = ewi_buffer_json_string(&buffer, EWI_STR("ab\n\x02"));
        assert_int_equal(fits, max >= 12);
        assert_int_equal(buffer.failed, max < 12);
        assert_holds(&buffer, max >= 12 ? "\"ab\\n\\u0002\"" : "");
        ewi_buffer_deinit(&buffer);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(appends_follow_each_other),
        cmocka_unit_test(grows_over_many_appends),
        cmocka_unit_test(maximum_is_reached_and_never_passed),
        cmocka_unit_test(printf_fills_to_the_last_byte),
        cmocka_unit_test(printf_of_nothing_needs_no_room),
        cmocka_unit_test(sizes_that_wrap_fail),
        cmocka_unit_test(json_escapes_what_it_must),
        cmocka_unit_test(json_keeps_utf8_and_mends_the_rest),
        cmocka_unit_test(json_string_is_whole_or_absent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
