/* test_stops.c: stop strings are found however the text is cut, and nothing of them is shown. Expected
 * places: strstr. */
#include "engine/stops.h"

#include "expect.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct shown {
    char text[512];
    size_t len;
    bool stopped;
} shown;

static void add(shown *out, ew_str text) {
    if (text.len) memcpy(out->text + out->len, text.data, text.len);
    out->len += text.len;
    out->text[out->len] = '\0';
}

/* Pushes pieces that end at multiples of `cut` and where `cuts` has a bit. */
static shown push_all(const ew_str *stops, size_t n_stops, const char *text, size_t cut, uint64_t cuts) {
    ewi_stops s;
    ew_error err = {0};
    shown out = {0};
    ew_str certain;
    expect_ok(ewi_stops_init(&s, stops, n_stops, &err), &err);
    size_t len = strlen(text), from = 0;
    for (size_t i = 1; i <= len && !out.stopped; i++) {
        if (i < len && i % cut != 0 && !(cuts >> (i % 64) & 1)) continue;
        out.stopped = ewi_stops_push(&s, (ew_str){text + from, i - from}, &certain);
        add(&out, certain);
        from = i;
    }
    if (!out.stopped) add(&out, ewi_stops_rest(&s));
    assert_false(s.held.failed);
    ewi_stops_deinit(&s);
    return out;
}

static void check_one(const char *stop, const char *text) {
    const char *at = strstr(text, stop);
    size_t expected = at ? (size_t)(at - text) : strlen(text);
    ew_str stops[] = {ewi_str(stop)};
    for (uint64_t cuts = 0; cuts < 200; cuts++) {
        size_t cut = cuts < 10 ? cuts + 1 : 64;
        shown out = push_all(stops, 1, text, cut, cuts < 10 ? 0 : cuts * 0x9e3779b97f4a7c15u);
        assert_int_equal(out.stopped, at != NULL);
        if (out.len != expected || memcmp(out.text, text, expected) != 0)
            fail_msg("stop \"%s\" in \"%s\": shown \"%s\"", stop, text, out.text);
    }
}

static void one_stop_in_any_cut(void **state) {
    (void)state;
    check_one("STOP", "a story STOP and more");
    check_one("STOP", "STOP");
    check_one("STOP", "STO");
    check_one("STOP", "no such word STO P");
    check_one("aab", "aaaaaab");
    check_one("abab", "aabaabab!");
    check_one("\n\nUser:", "Fine.\n\nUse it.\n\nUser: hello");
    check_one("x", "xxxx");
    check_one("\xe2\x82\xac", "costs 5 \xe2\x82\xac, not 5 \xe2\x82\xa9");
}

/* Text that may still become a stop string waits; all other text does not. */
static void shows_what_is_certain(void **state) {
    (void)state;
    ewi_stops s;
    ew_error err = {0};
    ew_str stops[] = {EWI_STR("END"), EWI_STR("\n\n")}, certain;
    expect_ok(ewi_stops_init(&s, stops, 2, &err), &err);
    assert_false(ewi_stops_push(&s, EWI_STR("one\n"), &certain));
    assert_true(ewi_str_is(certain, "one"));
    assert_false(ewi_stops_push(&s, EWI_STR("two E"), &certain));
    assert_true(ewi_str_is(certain, "\ntwo "));
    assert_false(ewi_stops_push(&s, EWI_STR("N"), &certain));
    assert_true(ewi_str_is(certain, ""));
    assert_false(ewi_stops_push(&s, EWI_STR(""), &certain));
    assert_true(ewi_str_is(certain, ""));
    assert_false(ewi_stops_push(&s, EWI_STR("E"), &certain));
    assert_true(ewi_str_is(certain, "EN"));
    assert_true(ewi_str_is(ewi_stops_rest(&s), "E"));
    assert_true(ewi_stops_push(&s, EWI_STR("ND\n\n"), &certain));
    assert_true(ewi_str_is(certain, ""));
    ewi_stops_deinit(&s);
}

/* Byte by byte the stop that is complete first ends the text; of several that end there the one that
 * begins first. */
static void first_of_several(void **state) {
    (void)state;
    ew_str stops[] = {EWI_STR("cd"), EWI_STR("bcd"), EWI_STR("f")};
    shown out = push_all(stops, 3, "abcdef", 1, 0);
    assert_true(out.stopped);
    assert_string_equal(out.text, "a");
    out = push_all(stops, 3, "ab-cd-f", 1, 0);
    assert_string_equal(out.text, "ab-");
    out = push_all(stops, 3, "nothing", 1, 0);
    assert_false(out.stopped);
    assert_string_equal(out.text, "nothing");
}

static void without_stops(void **state) {
    (void)state;
    shown out = push_all(NULL, 0, "all of it", 3, 0);
    assert_false(out.stopped);
    assert_string_equal(out.text, "all of it");
}

static void bad_stops(void **state) {
    (void)state;
    static char long_text[EWI_MAX_STOP_BYTES + 1];
    ewi_stops s;
    ew_error err = {0};
    ew_str empty[] = {EWI_STR("ok"), EWI_STR("")}, long_one[] = {{long_text, sizeof long_text}};
    ew_str many[EWI_MAX_STOPS + 1];
    for (size_t i = 0; i < EWI_MAX_STOPS + 1; i++) many[i] = EWI_STR("x");
    expect_refused(ewi_stops_init(&s, empty, 2, &err), EW_INVALID, &err, "stop string 1 has 0 bytes");
    expect_refused(ewi_stops_init(&s, long_one, 1, &err), EW_INVALID, &err, "4097");
    expect_refused(ewi_stops_init(&s, many, EWI_MAX_STOPS + 1, &err), EW_INVALID, &err, "65 stop strings");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_stop_in_any_cut), cmocka_unit_test(shows_what_is_certain),
        cmocka_unit_test(first_of_several),    cmocka_unit_test(without_stops),
        cmocka_unit_test(bad_stops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
