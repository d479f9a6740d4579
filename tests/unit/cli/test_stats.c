/* edgewise stats on 201 rows: what stats_values.py, beside this, makes of the same rows by Python's
 * statistics (quantiles: method "inclusive"). */
#define _GNU_SOURCE

#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/slice.h"
#include "program.h"
#include "scratch.h"
#include "serve/ledger.h"
#include "text_file.h"

#define N_ROWS 201u

static const char *write_rows(void) {
    static const char *const models[] = {"m0", "m1", "m2"};
    static char path[512];
    snprintf(path, sizeof path, "%s", scratch_path("requests.db"));
    remove(path);
    ewi_ledger *ledger = ewi_ledger_new(path, NULL, NULL);
    assert_non_null(ledger);
    uint32_t state = 1;
    for (uint32_t i = 0; i < N_ROWS; i++) {
        state = (state * 1103515245u + 12345u) % (1u << 31);
        uint64_t first = 1000 + state % 900000;
        ewi_ledger_note(ledger, &(ew_request_record){
                                    .time_s = 1700000000 + 60 * (int64_t)i,
                                    .api = EWI_STR("openai.chat"),
                                    .model = ewi_str(models[i % 3]),
                                    .code = i % 10 == 9 ? 429 : 200,
                                    .n_prompt = i,
                                    .n_cached = i / 2,
                                    .n_generated = i % 50,
                                    .first_us = first,
                                    .total_us = first + 2000 * (i % 50),
                                });
    }
    ewi_ledger_free(ledger);
    return path;
}

static void run_stats(test_run *run, const char *a, const char *b, const char *c) {
    const char *path = write_rows();
    test_program_run(run, "", (const char *[]){"stats", "--file", path, a, b, c, NULL});
}

#define FIGURES(requests, errors, prompt, cached, generated, rate, f50, f90, f99, t50, t90, t99)             \
    "\"requests\":" requests ",\"errors\":" errors ",\"prompt_tokens\":" prompt ",\"cached_tokens\":" cached \
    ",\"generated_tokens\":" generated ",\"tokens_per_second\":" rate ",\"first_token_s\":{\"p50\":" f50     \
    ",\"p90\":" f90 ",\"p99\":" f99 "},\"total_s\":{\"p50\":" t50 ",\"p90\":" t90 ",\"p99\":" t99 "}}"

static void figures_are_those_of_python(void **state) {
    (void)state;
    test_run run;
    run_stats(&run, "--json", NULL, NULL);
    assert_int_equal(run.code, 0);
    assert_string_equal(
        run.out,
        "{\"groups\":["
        "{\"model\":\"m0\"," FIGURES(
            "67", "7", "6633", "3300", "1633", "480.392", "0.445465", "0.7378088", "0.86636668", "0.497742",
            "0.8059308",
            "0.92380133") ","
                          "{\"model\":\"m1\"," FIGURES(
                              "67", "7", "6700", "3333", "1650", "480.583", "0.424277", "0.7600498",
                              "0.89386358", "0.4633125", "0.8206092",
                              "0.94708367") ","
                                            "{\"model\":\"m2\"," FIGURES(
                                                "67", "6", "6767", "3367", "1617", "480.198", "0.433118",
                                                "0.772573", "0.89004256", "0.493118", "0.841069",
                                                "0.9655886") "],"
                                                             "\"all\":{" FIGURES(
                                                                 "201", "20", "20100", "10000", "4900",
                                                                 "480.392", "0.43586", "0.758943", "0.890366",
                                                                 "0.488415", "0.82002", "0.9607018") "}\n");
    test_run_free(&run);
}

/* 1700000000 is 2023-11-14 22:13:20 UTC (date -u -d @1700000000); a row is a minute. */
static void hours_and_days(void **state) {
    (void)state;
    test_run run;
    setenv("TZ", "UTC", 1);
    run_stats(&run, "--json", "--by", "hour");
    assert_non_null(strstr(run.out, "{\"hour\":\"2023-11-14 22:00\",\"requests\":47,"));
    assert_non_null(strstr(run.out, "{\"hour\":\"2023-11-14 23:00\",\"requests\":60,"));
    assert_non_null(strstr(run.out, "{\"hour\":\"2023-11-15 01:00\",\"requests\":34,"));
    test_run_free(&run);
    run_stats(&run, "--json", "--by", "day");
    assert_non_null(strstr(run.out, "{\"day\":\"2023-11-14\",\"requests\":107,"));
    assert_non_null(strstr(run.out, "{\"day\":\"2023-11-15\",\"requests\":94,"));
    test_run_free(&run);
}

static void a_table(void **state) {
    (void)state;
    test_run run;
    run_stats(&run, "--by", "api", NULL);
    assert_string_equal(
        run.out,
        "api          requests  errors  prompt  cached  generated  tok/s  first s p50    p90    p99  "
        "total s p50    p90    p99\n"
        "openai.chat       201      20   20100   10000       4900  480.4        0.436  0.759  0.890  "
        "      0.488  0.820  0.961\n");
    test_run_free(&run);
    run_stats(&run, "--since", "1h", NULL); /* none is that new */
    assert_non_null(strstr(run.out, "\nall           0 "));
    test_run_free(&run);
}

static size_t count(const char *text, const char *what) {
    size_t n = 0;
    for (; (text = strstr(text, what)); text++) n++;
    return n;
}

/* 201 minutes are 41 spans of five, from 22:10 on: each has prompts, tokens and answers, and
 * every second one an error. */
static void a_picture(void **state) {
    (void)state;
    test_run run;
    const char *path = scratch_path("stats.svg");
    run_stats(&run, "--svg", path, NULL);
    assert_int_equal(run.code, 0);
    test_run_free(&run);
    size_t size;
    char *svg = text_file_read(path, &size);
    assert_int_equal(count(svg, "fill=\"#2a6fb0\"/>"), 41 + 41);
    assert_int_equal(count(svg, "fill=\"#c0392b\"/>"), 20 + 41);
    assert_non_null(strstr(svg, ">2023-11-14 22:10<"));
    assert_non_null(strstr(svg, "</svg>\n"));
    free(svg);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(figures_are_those_of_python),
        cmocka_unit_test(hours_and_days),
        cmocka_unit_test(a_table),
        cmocka_unit_test(a_picture),
    };
    return cmocka_run_group_tests(tests, NULL, scratch_remove);
}
