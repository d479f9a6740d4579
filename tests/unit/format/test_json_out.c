/* JSON that is written is valid, and numbers come back as they were. */
#include "test.h"

#include <math.h>
#include <string.h>

#include "base/slice.h"
#include "format/json_out.h"

static void assert_holds(const ewi_buffer *buffer, const char *expected) {
    assert_false(buffer->failed);
    assert_true(ewi_str_is(ewi_buffer_str(buffer), expected));
}

static void commas_and_keys_are_where_they_belong(void **state) {
    (void)state;
    ewi_buffer out;
    ewi_buffer_init(&out, 1 << 10);
    ewi_json_out json = {.out = &out};
    ewi_json_out_open(&json, NULL, '{');
    ewi_json_out_text(&json, "a\"b", "x\ny");
    ewi_json_out_open(&json, "list", '[');
    ewi_json_out_count(&json, NULL, UINT64_MAX);
    ewi_json_out_integer(&json, NULL, INT64_MIN);
    ewi_json_out_bool(&json, NULL, true);
    ewi_json_out_open(&json, NULL, '{');
    ewi_json_out_close(&json);
    ewi_json_out_close(&json);
    ewi_json_out_null(&json, "none");
    ewi_json_out_raw(&json, "raw", EWI_STR("[1, 2]"));
    ewi_json_out_close_all(&json);
    assert_holds(&out, "{\"a\\\"b\":\"x\\ny\",\"list\":[18446744073709551615,-9223372036854775808,true,{}],"
                       "\"none\":null,\"raw\":[1, 2]}");
    ewi_buffer_deinit(&out);
}

/* Expected text from Python 3.11: repr, and str of numpy's float32. */
static void numbers_come_back_as_they_were(void **state) {
    (void)state;
    ewi_buffer out;
    ewi_buffer_init(&out, 1 << 10);
    ewi_json_out json = {.out = &out};
    ewi_json_out_open(&json, NULL, '[');
    ewi_json_out_float(&json, NULL, -0.1f);
    ewi_json_out_float(&json, NULL, 16777216.0f);
    ewi_json_out_double(&json, NULL, 0.1);
    ewi_json_out_double(&json, NULL, 1e300);
    ewi_json_out_double(&json, NULL, 0.1 + 0.2);
    ewi_json_out_double(&json, NULL, (double)INFINITY);
    ewi_json_out_float(&json, NULL, NAN);
    ewi_json_out_close(&json);
    assert_holds(&out, "[-0.1,16777216,0.1,1e+300,0.30000000000000004,null,null]");
    ewi_buffer_deinit(&out);
}

static void a_full_buffer_shows_at_the_end(void **state) {
    (void)state;
    ewi_buffer out;
    ewi_buffer_init(&out, 8);
    ewi_json_out json = {.out = &out};
    ewi_json_out_open(&json, NULL, '[');
    ewi_json_out_text(&json, NULL, "longer than that");
    ewi_json_out_double(&json, NULL, 0.123456789);
    ewi_json_out_close_all(&json);
    assert_true(out.failed);
    ewi_buffer_deinit(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commas_and_keys_are_where_they_belong),
        cmocka_unit_test(numbers_come_back_as_they_were),
        cmocka_unit_test(a_full_buffer_shows_at_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
