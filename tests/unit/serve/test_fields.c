/* What a request's members become, and what is said of those that cannot be. */
#include "test.h"

#include <stddef.h>
#include <string.h>

#include "base/compiler.h"
#include "serve/fields.h"

typedef struct values {
    bool flag;
    int64_t count;
    double number;
    ew_str text, raw, inner;
    ewi_texts texts;
} values;

static const ewi_field inner_fields[] = {
    {.name = "text", .kind = EWI_FIELD_TEXT, .offset = offsetof(values, inner)},
};

static const ewi_field fields[] = {
    {.name = "flag", .kind = EWI_FIELD_BOOL, .offset = offsetof(values, flag)},
    {"count", EWI_FIELD_COUNT, offsetof(values, count), 1, 9, NULL, 0},
    {"number", EWI_FIELD_NUMBER, offsetof(values, number), 0, 2, NULL, 0},
    {.name = "text", .kind = EWI_FIELD_TEXT, .offset = offsetof(values, text)},
    {.name = "texts", .kind = EWI_FIELD_TEXTS, .offset = offsetof(values, texts)},
    {.name = "raw", .kind = EWI_FIELD_RAW, .offset = offsetof(values, raw)},
    {.name = "inner", .kind = EWI_FIELD_OBJECT, .members = inner_fields, .n_members = 1},
    {.name = "user", .kind = EWI_FIELD_IGNORED},
    {.name = "store", .kind = EWI_FIELD_IGNORED},
};

typedef struct reading {
    values out;
    ewi_arena arena;
    ewi_buffer ignored;
    ewi_refusal refusal;
} reading;

static bool read_body(reading *r, const char *body) {
    *r = (reading){.out = {.count = -1, .number = -1}};
    ewi_arena_init(&r->arena, 1 << 20);
    ewi_buffer_init(&r->ignored, 1 << 12);
    ewi_fields_room room = {&r->arena, &r->ignored};
    return ewi_fields_read((ew_str){body, strlen(body)}, fields, EWI_COUNT(fields), &r->out, &room,
                           &r->refusal);
}

static void end(reading *r) {
    ewi_arena_deinit(&r->arena);
    ewi_buffer_deinit(&r->ignored);
}

static bool is(ew_str text, const char *expected) {
    return text.len == strlen(expected) && memcmp(text.data, expected, text.len) == 0;
}

static void members_go_where_the_table_says(void **state) {
    (void)state;
    reading r;
    assert_true(read_body(
        &r, " {\"flag\": true, \"count\": 7, \"number\": 1.5, \"text\": \"a\\u00e9\", \"texts\": [\"x\", "
            "\"y\\n\"], \"raw\": {\"k\": [1, 2]}, \"inner\": {\"text\": \"deep\"}, \"user\": 5, "
            "\"store\": {}} "));
    assert_true(r.out.flag);
    assert_int_equal(r.out.count, 7);
    assert_true(r.out.number == 1.5);
    assert_true(is(r.out.text, "a\xc3\xa9") && is(r.out.inner, "deep"));
    assert_int_equal(r.out.texts.n, 2);
    assert_true(is(r.out.texts.items[1], "y\n") && is(r.out.raw, "{\"k\": [1, 2]}"));
    assert_true(is((ew_str){(const char *)r.ignored.data, r.ignored.len}, "user, store"));
    end(&r);
}

static void null_and_absence_leave_the_default(void **state) {
    (void)state;
    reading r;
    assert_true(read_body(&r, "{\"count\": null, \"inner\": null, \"texts\": null, \"user\": null}"));
    assert_int_equal(r.out.count, -1);
    assert_int_equal(r.out.texts.n, 0);
    assert_int_equal(r.ignored.len, 0);
    end(&r);
    assert_true(read_body(&r, "{\"texts\": \"one\"}"));
    assert_int_equal(r.out.texts.n, 1);
    end(&r);
}

static void what_is_wrong_is_named(void **state) {
    (void)state;
    static const struct {
        const char *body, *param, *part;
    } cases[] = {
        {"{\"foo\": 1}", "foo", "no such field"},
        {"{\"inner\": {\"foo\": 1}}", "inner.foo", "no such field"},
        {"{\"count\": 1, \"count\": 2}", "count", "twice"},
        {"{\"count\": 10}", "count", "10 is not in 1..9"},
        {"{\"count\": 1.5}", "count", "an integer"},
        {"{\"count\": 99999999999999999999}", "count", "an integer"},
        {"{\"number\": \"1\"}", "number", "a number"},
        {"{\"number\": 2.5}", "number", "not in 0..2"},
        {"{\"flag\": 1}", "flag", "true or false"},
        {"{\"text\": []}", "text", "a string"},
        {"{\"texts\": [\"a\", 1]}", "texts", "strings"},
        {"{\"inner\": []}", "inner", "an object"},
        {"[]", "", "an object"},
        {"7", "", "an object"},
    };
    for (size_t i = 0; i < EWI_COUNT(cases); i++) {
        reading r;
        assert_false(read_body(&r, cases[i].body));
        assert_int_equal(r.refusal.http, 400);
        assert_string_equal(r.refusal.param, cases[i].param);
        assert_non_null(strstr(r.refusal.text, cases[i].part));
        end(&r);
    }
}

/* The whole body is looked at before any member: a syntax error is told as one, with its place. */
static void what_is_no_json_is_told_so(void **state) {
    (void)state;
    static const struct {
        const char *body, *place;
    } cases[] = {
        {"{\"foo\": 1,}", "offset 10"},    {"{\"count\": 1} x", "offset 13"},     {"", "offset 0"},
        {"{\"count\": NaN}", "offset 10"}, {"{\"text\": \"\\ud800\"}", "offset"},
    };
    for (size_t i = 0; i < EWI_COUNT(cases); i++) {
        reading r;
        assert_false(read_body(&r, cases[i].body));
        assert_string_equal(r.refusal.code, "invalid_json");
        assert_non_null(strstr(r.refusal.text, cases[i].place));
        end(&r);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_go_where_the_table_says),
        cmocka_unit_test(null_and_absence_leave_the_default),
        cmocka_unit_test(what_is_wrong_is_named),
        cmocka_unit_test(what_is_no_json_is_told_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
