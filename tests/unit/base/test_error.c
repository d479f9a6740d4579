/* Errors as a caller sees them: a status, and a text that always ends and never runs over. */
#include "test.h"

#include <string.h>

#include "base/error.h"
#include "base/slice.h"

static void text_says_what_failed(void **state) {
    (void)state;
    ew_error err = {0};
    ew_status status = ewi_fail(&err, EW_FORMAT, "gguf: tensor %s: %d dimensions, at most 4", "a.weight", 9);
    assert_int_equal(status, EW_FORMAT);
    assert_int_equal(err.status, EW_FORMAT);
    assert_string_equal(err.text, "gguf: tensor a.weight: 9 dimensions, at most 4");
}

static void caller_without_error_gets_status(void **state) {
    (void)state;
    assert_int_equal(ewi_fail(NULL, EW_IO, "%d", 1), EW_IO);
    assert_int_equal(ewi_fail_at(NULL, EW_LIMIT, "%d", 1), EW_LIMIT);
}

static void long_text_is_cut_at_the_end(void **state) {
    (void)state;
    char name[4096];
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    struct {
        ew_error err;
        char guard[8];
    } box = {.guard = "intact"};
    ewi_fail(&box.err, EW_IO, "cannot open %s", name);
    assert_int_equal(strlen(box.err.text), sizeof box.err.text - 1);
    assert_int_equal(strncmp(box.err.text, "cannot open xxx", 15), 0);
    assert_string_equal(box.guard, "intact");
}

static void place_comes_before_the_text(void **state) {
    (void)state;
    ew_error err = {0};
    ewi_fail(&err, EW_FORMAT, "2 dimensions do not fit");
    assert_int_equal(ewi_fail_at(&err, EW_UNSUPPORTED, "model.gguf: tensor %d", 7), EW_UNSUPPORTED);
    assert_int_equal(err.status, EW_UNSUPPORTED);
    assert_string_equal(err.text, "model.gguf: tensor 7: 2 dimensions do not fit");
}

/* The place is worth more than the end of the story: it stays whole, the text behind it is cut. */
static void place_survives_a_full_text(void **state) {
    (void)state;
    struct {
        ew_error err;
        char guard[8];
    } box = {.guard = "intact"};
    memset(box.err.text, 'y', sizeof box.err.text - 1);
    ewi_fail_at(&box.err, EW_FORMAT, "here");
    assert_int_equal(strlen(box.err.text), sizeof box.err.text - 1);
    assert_int_equal(strncmp(box.err.text, "here: yyy", 9), 0);
    assert_string_equal(box.guard, "intact");
}

static void long_place_is_cut(void **state) {
    (void)state;
    char place[2048];
    memset(place, 'p', sizeof place - 1);
    place[sizeof place - 1] = '\0';
    ew_error err = {0};
    ewi_fail(&err, EW_FORMAT, "why");
    ewi_fail_at(&err, EW_FORMAT, "%s", place);
    size_t len = strlen(err.text);
    assert_true(len < sizeof err.text);
    assert_string_equal(err.text + len - 6, "p: why");
}

static ew_status stops_at(ew_status status, int *steps, ew_error *err) {
    EWI_TRY(EW_OK);
    ++*steps;
    EWI_TRY(status);
    ++*steps;
    (void)err;
    return EW_OK;
}

static void try_returns_the_first_failure(void **state) {
    (void)state;
    int steps = 0;
    assert_int_equal(stops_at(EW_LIMIT, &steps, NULL), EW_LIMIT);
    assert_int_equal(steps, 1);
    assert_int_equal(stops_at(EW_OK, &steps, NULL), EW_OK);
    assert_int_equal(steps, 3);
}

/* Numbers are part of the interface: programs and bindings have them compiled in. */
static void statuses_keep_their_numbers(void **state) {
    (void)state;
    static const struct {
        ew_status status;
        int number;
        const char *text;
    } rows[] = {
        {EW_OK, 0, "done"},
        {EW_INVALID, 1, "invalid argument"},
        {EW_NO_MEMORY, 2, "out of memory"},
        {EW_IO, 3, "input or output failed"},
        {EW_FORMAT, 4, "malformed file"},
        {EW_UNSUPPORTED, 5, "not supported"},
        {EW_LIMIT, 6, "larger than a limit, or than this machine"},
        {EW_CONTEXT_FULL, 7, "context full"},
        {EW_CANCELLED, 8, "cancelled"},
        {EW_TEMPLATE, 9, "the chat template refuses or fails"},
        {EW_BUSY, 10, "too busy, try again"},
        {EW_DEADLINE, 11, "out of time"},
    };
    for (size_t i = 0; i < EWI_COUNT(rows); i++) {
        assert_int_equal((int)rows[i].status, rows[i].number);
        assert_string_equal(ew_status_text(rows[i].status), rows[i].text);
    }
    assert_string_equal(ew_status_text((ew_status)12345), "unknown status");
}

static void hostile_name_cannot_flood_a_text(void **state) {
    (void)state;
    char name[600];
    memset(name, 'n', sizeof name);
    ew_str s = {name, sizeof name};
    ew_error err = {0};
    ewi_fail(&err, EW_FORMAT, "<%.*s>", EWI_STR_ARG(s));
    assert_int_equal(strlen(err.text), EWI_STR_SHOWN + 2);
}

static void linked_version_is_the_header_s(void **state) {
    (void)state;
    assert_string_equal(ew_version(), EW_VERSION);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_says_what_failed),
        cmocka_unit_test(caller_without_error_gets_status),
        cmocka_unit_test(long_text_is_cut_at_the_end),
        cmocka_unit_test(place_comes_before_the_text),
        cmocka_unit_test(place_survives_a_full_text),
        cmocka_unit_test(long_place_is_cut),
        cmocka_unit_test(try_returns_the_first_failure),
        cmocka_unit_test(statuses_keep_their_numbers),
        cmocka_unit_test(hostile_name_cannot_flood_a_text),
        cmocka_unit_test(linked_version_is_the_header_s),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
