/* What Ollama's requests may say of time and of nothing; and errors in each API's style. */
#include "test.h"

#include <math.h>
#include <string.h>

#include "serve/api.h"
#include "serve/ollama.h"

static bool read(const char *text, double *seconds) {
    ewi_arena arena;
    ewi_refusal refusal = {0};
    ewi_arena_init(&arena, 1 << 16);
    bool ok = ewi_ollama_read_keep_alive(ewi_str(text), &arena, seconds, &refusal);
    assert_true(ok || (refusal.http == 400 && strcmp(refusal.param, "keep_alive") == 0));
    ewi_arena_deinit(&arena);
    return ok;
}

/* Durations as Go's time.ParseDuration reads them (https://pkg.go.dev/time#ParseDuration). */
static void keep_alive_is_seconds_or_a_duration(void **state) {
    static const struct {
        const char *text;
        double seconds;
    } good[] = {
        {"0", 0},          {"300", 300},       {"-1", -1},           {"1.5", 1.5},
        {"1e3", 1000},     {"\"5m\"", 300},    {"\"1h30m\"", 5400},  {"\"300ms\"", 0.3},
        {"\"-1s\"", -1},   {"\"1.5h\"", 5400}, {"\"1h1m1s\"", 3661}, {"\"2us\"", 2e-6},
        {"\"7ns\"", 7e-9}, {"\"0\"", 0},       {"\"600\"", 600},     {"\"-1h30m\"", -5400},
    };
    double seconds;
    (void)state;
    for (size_t i = 0; i < EWI_COUNT(good); i++) {
        assert_true(read(good[i].text, &seconds));
        assert_true(fabs(seconds - good[i].seconds) <= 1e-12 * fabs(good[i].seconds));
    }
    assert_true(read("", &seconds) && isnan(seconds));
}

static void other_keep_alives_are_refused(void **state) {
    static const char *const bad[] = {
        "true",
        "[5]",
        "{}",
        "\"\"",
        "\"-\"",
        "\"5x\"",
        "\"m\"",
        "\"m5\"",
        "\"1h30\"",
        "\".s\"",
        "\"1.s\"",
        "\"1..2s\"",
        "\"1.2.3s\"",
        "\"5 m\"",
        "\"--5m\"",
        "\"5m-3s\"",
        "\"1e3s\"",
        "\"\\u0000\"",
        "\"11111111111111111111111111111111111111s\"",
    };
    double seconds;
    (void)state;
    for (size_t i = 0; i < EWI_COUNT(bad); i++) assert_false(read(bad[i], &seconds));
}

static void nothing_is_null_or_empty(void **state) {
    static const char *const nothing[] = {"", "null", "\"\"", "[]", "{}", " [ ] ", "{\n}"};
    static const char *const something[] = {"0", "false", "\" x\"", "[0]", "{\"a\":1}", "nullnull", "[[]]"};
    (void)state;
    for (size_t i = 0; i < EWI_COUNT(nothing); i++) assert_true(ewi_ollama_is_nothing(ewi_str(nothing[i])));
    for (size_t i = 0; i < EWI_COUNT(something); i++)
        assert_false(ewi_ollama_is_nothing(ewi_str(something[i])));
}

/* 1700000000 s are 2023-11-14T22:13:20Z (date -u -d @1700000000). */
static void times_are_rfc_3339(void **state) {
    ewi_buffer out;
    ewi_json_out json = {.out = &out};
    (void)state;
    ewi_buffer_init(&out, 1 << 10);
    ewi_ollama_put_time(&json, NULL, 1700000000);
    assert_true(ewi_str_is(ewi_buffer_str(&out), "\"2023-11-14T22:13:20Z\""));
    ewi_buffer_deinit(&out);
}

static void errors_have_the_style_of_the_path(void **state) {
    static const struct {
        const char *path, *body;
    } styles[] = {
        {"/api/chat", "{\"error\":\"why\"}"},
        {"/tokenize", "{\"error\":{\"code\":501,\"message\":\"why\",\"type\":\"not_supported_error\"}}"},
        {"/completions", "{\"error\":{\"code\":501,\"message\":\"why\",\"type\":\"not_supported_error\"}}"},
        {"/v1/completions",
         "{\"error\":{\"message\":\"why\",\"type\":\"api_error\",\"param\":null,\"code\":null}}"},
    };
    ewi_refusal refusal;
    (void)state;
    ewi_refuse(&refusal, 501, NULL, "why");
    for (size_t i = 0; i < EWI_COUNT(styles); i++) {
        ewi_buffer out;
        ewi_buffer_init(&out, 1 << 10);
        ewi_api_write_refusal(ewi_str(styles[i].path), &refusal, &out);
        assert_true(ewi_str_is(ewi_buffer_str(&out), styles[i].body));
        ewi_buffer_deinit(&out);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keep_alive_is_seconds_or_a_duration),
        cmocka_unit_test(other_keep_alives_are_refused),
        cmocka_unit_test(nothing_is_null_or_empty),
        cmocka_unit_test(times_are_rfc_3339),
        cmocka_unit_test(errors_have_the_style_of_the_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
