/*
 * test_calls.c: which texts examples/home takes for tool calls.
 *
 * What is right is said by models/pocket/tools.json and by the answers of models/pocket/test, which were
 * written by hand.
 */
#include "calls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test.h"
#include "text_file.h"

#define CALL(tool, args) "{\"tool\":\"" tool "\",\"args\":{" args "}}"
#define MILK             CALL("list_add", "\"list\":\"shopping\",\"items\":[\"milk\"]")

/* Without a request the words may be any. */
static calls_fit check_bytes(const char *request, const char *text, size_t len) {
    return calls_check((ew_str){text, len}, (ew_str){request, request ? strlen(request) : 0});
}

static calls_fit check(const char *text) {
    return check_bytes(NULL, text, strlen(text));
}

/* All beginnings fit, and only the whole is complete. */
static void accepts_for(const char *request, const char *text) {
    size_t len = strlen(text);
    for (size_t n = 0; n < len; n++)
        if (check_bytes(request, text, n) != CALLS_FITS) fail_msg("%.*s: does not fit", (int)n, text);
    if (check_bytes(request, text, len) != CALLS_COMPLETE) fail_msg("%s: is not complete", text);
}

/* A tilde stands before the first wrong byte: up to it the text fits, and nothing after it makes it right. */
static void refuses_for(const char *request, const char *bad) {
    char text[1024];
    size_t n = strcspn(bad, "~");
    assert_true(bad[n] == '~' && strlen(bad) < sizeof text);
    snprintf(text, sizeof text, "%.*s%s", (int)n, bad, bad + n + 1);
    if (check_bytes(request, text, n) != CALLS_FITS) fail_msg("%.*s: does not fit", (int)n, text);
    for (size_t len = n + 1; len <= strlen(text); len++)
        if (check_bytes(request, text, len) != CALLS_CANNOT) fail_msg("%.*s: is not refused", (int)len, text);
}

static void accepts(const char *text) {
    accepts_for(NULL, text);
}

static void refuses(const char *bad) {
    refuses_for(NULL, bad);
}

static void takes_every_answer_of_the_test(void **state) {
    (void)state;
    static const char key[] = "\",\"answer\":";
    size_t size, n_answers = 0;
    char *lines = text_file_read(text_file_data("../models/pocket/test/utterances.jsonl"), &size);
    for (char *line = lines, *end; (end = strchr(line, '\n')); line = end + 1) {
        end[-1] = '\0'; /* the line's closing brace */
        const char *answer = strstr(line, key);
        assert_non_null(answer);
        accepts(answer + strlen(key));
        n_answers++;
    }
    free(lines);
    assert_true(n_answers > 900);
}

static void takes_one_call_a_list_or_none(void **state) {
    (void)state;
    accepts("{\"tool\":\"none\"}");
    accepts(MILK);
    accepts("[" MILK "," MILK "]");
    refuses("[" MILK "~]");
    refuses("[~]");
    refuses("[{\"tool\":\"~none\"}," MILK "]");
    refuses("~ " MILK);
    refuses("{~ \"tool\":\"none\"}");
    refuses("~null");
}

static void takes_eight_calls_at_most(void **state) {
    (void)state;
    accepts("[" MILK "," MILK "," MILK "," MILK "," MILK "," MILK "," MILK "," MILK "]");
    refuses("[" MILK "," MILK "," MILK "," MILK "," MILK "," MILK "," MILK "," MILK "~," MILK "]");
}

static void nothing_follows_an_answer(void **state) {
    (void)state;
    const char *const whole[] = {"{\"tool\":\"none\"}", MILK, "[" MILK "," MILK "]"};
    for (size_t i = 0; i < sizeof whole / sizeof whole[0]; i++) {
        char text[256];
        for (int byte = 0; byte < 256; byte++) {
            snprintf(text, sizeof text, "%s%c", whole[i], byte);
            assert_int_equal(check_bytes(NULL, text, strlen(whole[i]) + 1), CALLS_CANNOT);
        }
    }
}

static void tools_and_arguments_are_known_by_name(void **state) {
    (void)state;
    refuses("{\"tool\":\"light_~on\",\"args\":{}}");
    refuses("{\"tool\":\"light_set~s\",\"args\":{}}");
    refuses("{\"tool\":\"light_set\",\"arg~\":{}}");
    refuses("{\"tool\":\"light_set\"~}");
    refuses("{\"tool\":\"~Light_set\",\"args\":{}}");
    refuses("{\"tool\":\"none\"~,\"args\":{}}");
    refuses(CALL("light_set", "\"~volume\":3"));
    refuses(CALL("light_set", "\"room\"~ :\"kitchen\""));
    refuses(CALL("light_set", "\"room\":\"~moon\""));
    refuses(CALL("light_set", "\"room\":\"a~ny\"")); /* all, attic */
    refuses(CALL("light_set", "\"room\":~3"));
    refuses(CALL("light_set", "\"state\":\"on\"~ "));
}

static void arguments_come_once_and_in_order(void **state) {
    (void)state;
    accepts(CALL("light_set", "\"room\":\"attic\",\"state\":\"on\",\"brightness\":5,\"colour\":\"red\""));
    refuses(CALL("light_set", "\"state\":\"on\",\"~room\":\"attic\""));
    refuses(CALL("light_set", "\"room\":\"attic\",\"~room\":\"attic\""));
    refuses(CALL("light_set", "\"colour\":\"red\"~,\"colour\":\"red\""));
    refuses(CALL("light_set", "~,\"colour\":\"red\""));
    refuses(CALL("light_set", "\"room\":\"attic\",~"));
}

static void required_arguments_are_there(void **state) {
    (void)state;
    accepts(CALL("light_set", ""));
    accepts(CALL("blinds_set", "\"position\":50"));
    refuses(CALL("blinds_set", "~"));
    refuses(CALL("blinds_set", "\"room\":\"attic\"~"));
    refuses(CALL("appliance_switch", "\"~state\":\"on\"")); /* the appliance comes before it */
    refuses(CALL("appliance_switch", "\"appliance\":\"tv\"~"));
}

static void integers_lie_within_their_bounds(void **state) {
    (void)state;
    accepts(CALL("light_set", "\"brightness\":1"));
    accepts(CALL("light_set", "\"brightness\":100"));
    accepts(CALL("blinds_set", "\"position\":0"));
    accepts(CALL("timer_set", "\"seconds\":86400"));
    refuses(CALL("light_set", "\"brightness\":~0"));
    refuses(CALL("light_set", "\"brightness\":10~1"));
    refuses(CALL("light_set", "\"brightness\":~-1"));
    refuses(CALL("light_set", "\"brightness\":5~.5"));
    refuses(CALL("light_set", "\"brightness\":~\"5\""));
    refuses(CALL("light_set", "\"brightness\":~"));
    refuses(CALL("blinds_set", "\"position\":0~1"));
    refuses(CALL("blinds_set", "\"position\":5~e1"));
    refuses(CALL("timer_set", "\"seconds\":8640~1"));
    refuses(CALL("timer_set", "\"seconds\":9999~9999999999999999999999"));
}

/* From 5 to 95, and from 0.5 to 20. */
static void numbers_have_one_decimal_at_most(void **state) {
    (void)state;
    accepts(CALL("thermostat_set", "\"temperature\":5"));
    accepts(CALL("thermostat_set", "\"temperature\":21.5"));
    accepts(CALL("thermostat_set", "\"temperature\":94.9,\"unit\":\"fahrenheit\""));
    accepts(CALL("thermostat_adjust", "\"change\":\"cooler\",\"degrees\":0.5"));
    accepts(CALL("thermostat_adjust", "\"change\":\"cooler\",\"degrees\":20"));
    refuses(CALL("thermostat_set", "\"temperature\":21.~0"));
    refuses(CALL("thermostat_set", "\"temperature\":21.5~5"));
    refuses(CALL("thermostat_set", "\"temperature\":21.~"));
    refuses(CALL("thermostat_set", "\"temperature\":~.5"));
    refuses(CALL("thermostat_set", "\"temperature\":4~"));
    refuses(CALL("thermostat_set", "\"temperature\":4~.9"));
    refuses(CALL("thermostat_set", "\"temperature\":95~.1"));
    refuses(CALL("thermostat_set", "\"temperature\":9~6"));
    refuses(CALL("thermostat_adjust", "\"change\":\"cooler\",\"degrees\":0.~4"));
    refuses(CALL("thermostat_adjust", "\"change\":\"cooler\",\"degrees\":0~"));
    refuses(CALL("thermostat_adjust", "\"change\":\"cooler\",\"degrees\":2~1"));
}

static void every_clock_time_and_no_other(void **state) {
    (void)state;
    char text[128];
    for (int hour = 0; hour < 100; hour++) {
        for (int minute = 0; minute < 100; minute++) {
            snprintf(text, sizeof text, CALL("alarm_set", "\"time\":\"%02d:%02d\""), hour, minute);
            assert_int_equal(check(text), hour < 24 && minute < 60 ? CALLS_COMPLETE : CALLS_CANNOT);
        }
    }
    accepts(CALL("alarm_set", "\"time\":\"23:59\",\"day\":\"every day\""));
    refuses(CALL("alarm_set", "\"time\":\"2~4:00\""));
    refuses(CALL("alarm_set", "\"time\":\"~7:00\""));
    refuses(CALL("alarm_set", "\"time\":\"07:00~:00\""));
    refuses(CALL("alarm_cancel", "\"all\":~false"));
    accepts(CALL("alarm_cancel", "\"all\":true"));
}

#define LABEL(text) CALL("timer_query", "\"label\":\"" text "\"")

static void words_are_text(void **state) {
    (void)state;
    accepts(LABEL("tea"));
    accepts(LABEL("6 o'clock news, part 2"));
    accepts(LABEL("the \\\"big\\\" one \\\\"));
    accepts(LABEL("caf\xC3\xA9 \xE6\x9D\xB1\xE4\xBA\xAC \xF0\x9F\x8D\xB5"));
    refuses(LABEL("~"));
    refuses(LABEL("~ tea"));
    refuses(LABEL("green ~ tea"));
    refuses(LABEL("tea ~"));
    refuses(LABEL("tea\\~n"));
    refuses(LABEL("tea\\~u0041"));
    refuses(LABEL("tea~\n"));
    refuses(LABEL("tea~\x1B[2J"));
    refuses(LABEL("tea~\x7F"));
    refuses(LABEL("tea\xC2~\x9B")); /* U+009B, a control character too */
}

/* The Unicode Standard 15.0, table 3-7. */
static void words_are_valid_utf8(void **state) {
    (void)state;
    refuses(LABEL("~\x80"));
    refuses(LABEL("~\xC0\xAF"));
    refuses(LABEL("~\xC1\xBF"));
    refuses(LABEL("\xC3~("));
    refuses(LABEL("\xE0~\x9F\xBF"));
    refuses(LABEL("\xED~\xA0\x80"));
    refuses(LABEL("\xE2\x82~\""));
    refuses(LABEL("\xF0~\x8F\xBF\xBF"));
    refuses(LABEL("\xF4~\x90\x80\x80"));
    refuses(LABEL("~\xF5\x80\x80\x80"));
    refuses(LABEL("~\xFF"));
    refuses(LABEL("\xEF\xBF~\xBD")); /* U+FFFD: bytes that were no text */
    accepts(LABEL("\xED\x9F\xBF\xEE\x80\x80\xEF\xBF\xBC\xF4\x8F\xBF\xBD"));
}

/* A label of `len` bytes that ends in `last`. */
static calls_fit check_long(size_t len, const char *last, bool closed) {
    char text[256], label[CALLS_MAX_WORDS_BYTES + 8];
    assert_true(len < sizeof label);
    memset(label, 'a', len);
    memcpy(label + len - strlen(last), last, strlen(last) + 1);
    snprintf(text, sizeof text, "{\"tool\":\"timer_query\",\"args\":{\"label\":\"%s%s", label,
             closed ? "\"}}" : "");
    return check(text);
}

static void words_have_a_longest_length(void **state) {
    (void)state;
    assert_int_equal(check_long(CALLS_MAX_WORDS_BYTES, "a", true), CALLS_COMPLETE);
    assert_int_equal(check_long(CALLS_MAX_WORDS_BYTES, "\xC3\xA9", true), CALLS_COMPLETE);
    assert_int_equal(check_long(CALLS_MAX_WORDS_BYTES + 1, "a", false), CALLS_CANNOT);
    /* Another byte would have to follow. */
    assert_int_equal(check_long(CALLS_MAX_WORDS_BYTES, " ", false), CALLS_CANNOT);
    assert_int_equal(check_long(CALLS_MAX_WORDS_BYTES, "\\", false), CALLS_CANNOT);
    assert_int_equal(check_long(CALLS_MAX_WORDS_BYTES, "\xC3", false), CALLS_CANNOT);
    assert_int_equal(check_long(CALLS_MAX_WORDS_BYTES - 1, "\xC3", false), CALLS_FITS);
}

static void words_are_those_of_the_request(void **state) {
    (void)state;
    const char *const request = "Set a GREEN tea timer,  no: \"Earl\tGrey\" - 3 minutes";
    accepts_for(request, LABEL("green tea"));
    accepts_for(request, LABEL("tea"));
    accepts_for(request, LABEL("timer, no"));
    accepts_for(request, LABEL("earl grey"));
    accepts_for(request, LABEL("\\\"earl grey\\\" - 3 minutes"));
    accepts_for(request, LABEL("3"));
    refuses_for(request, LABEL("~coffee"));
    refuses_for(request, LABEL("~GREEN tea"));
    refuses_for(request, LABEL("gr~ass"));
    refuses_for(request, LABEL("green t~imer"));
    refuses_for(request, LABEL("gre~"));
    refuses_for(request, LABEL("e~en tea")); /* Earl begins like this */
    refuses_for(request, LABEL("minute~"));
    refuses_for(request, LABEL("minutes~ to"));
    refuses_for("ne plus ultra", LABEL("plus u~ber"));
    refuses_for("tea for two", LABEL("tea ~\\\\"));
}

#define ITEMS(list) CALL("list_add", "\"list\":\"todo\",\"items\":[" list "]")

static void lists_have_one_to_ten_items(void **state) {
    (void)state;
    accepts(ITEMS("\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\",\"h\",\"i\",\"j\""));
    refuses(ITEMS("\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\",\"h\",\"i\",\"j\"~,\"k\""));
    refuses(ITEMS("~"));
    refuses(ITEMS("\"a\",~"));
    refuses(ITEMS("\"a\"~ ,\"b\""));
    refuses(ITEMS("~a"));
    refuses(CALL("list_add", "\"list\":\"todo\",\"items\":~\"a\""));
}

/* The first byte that fits, from a random one on. */
static calls_fit add_byte(char *text, size_t len, uint32_t *random) {
    *random = *random * 1664525u + 1013904223u; /* Numerical Recipes in C, second edition, 7.1 */
    for (uint32_t i = 0; i < 256; i++) {
        text[len] = (char)((*random >> 24) + i);
        calls_fit fit = check_bytes(NULL, text, len + 1);
        if (fit != CALLS_CANNOT) return fit;
    }
    fail_msg("%.*s: nothing fits after it", (int)len, text);
    return CALLS_CANNOT;
}

static void what_fits_can_be_completed(void **state) {
    (void)state;
    static char text[16384];
    uint32_t random = 1;
    for (int run = 0; run < 20; run++) {
        size_t len = 0;
        calls_fit fit = CALLS_FITS;
        while (fit == CALLS_FITS && len < sizeof text) fit = add_byte(text, len++, &random);
        assert_int_equal(fit, CALLS_COMPLETE);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_every_answer_of_the_test),
        cmocka_unit_test(takes_one_call_a_list_or_none),
        cmocka_unit_test(takes_eight_calls_at_most),
        cmocka_unit_test(nothing_follows_an_answer),
        cmocka_unit_test(tools_and_arguments_are_known_by_name),
        cmocka_unit_test(arguments_come_once_and_in_order),
        cmocka_unit_test(required_arguments_are_there),
        cmocka_unit_test(integers_lie_within_their_bounds),
        cmocka_unit_test(numbers_have_one_decimal_at_most),
        cmocka_unit_test(every_clock_time_and_no_other),
        cmocka_unit_test(words_are_text),
        cmocka_unit_test(words_are_valid_utf8),
        cmocka_unit_test(words_are_those_of_the_request),
        cmocka_unit_test(words_have_a_longest_length),
        cmocka_unit_test(lists_have_one_to_ten_items),
        cmocka_unit_test(what_fits_can_be_completed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
