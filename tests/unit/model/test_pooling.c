/* test_pooling.c: the files that say how sentence-transformers pools. */
#include "model/pooling.h"

#include <string.h>

#include "expect.h"

static ew_status read_ways(const char *text, ew_pooling *out, ew_error *err) {
    ewi_arena arena;
    ewi_arena_init(&arena, 1u << 16);
    ew_status status = ewi_pooling_read((ewi_bytes){(const uint8_t *)text, strlen(text)}, &arena, out, err);
    ewi_arena_deinit(&arena);
    return status;
}

static ew_pooling way_of(const char *text) {
    ew_pooling out;
    ew_error err = {0};
    expect_ok(read_ways(text, &out, &err), &err);
    return out;
}

static void ways_to_pool(void **state) {
    (void)state;
    assert_int_equal(way_of("{\"word_embedding_dimension\": 384, \"pooling_mode_cls_token\": false, "
                            "\"pooling_mode_mean_tokens\": true, \"pooling_mode_max_tokens\": false}"),
                     EW_POOLING_MEAN);
    assert_int_equal(way_of("{\"pooling_mode_cls_token\": true, \"include_prompt\": true}"), EW_POOLING_CLS);
    assert_int_equal(way_of("{\"pooling_mode_lasttoken\": true}"), EW_POOLING_LAST);
    assert_int_equal(way_of("{\"embedding_dimension\": 32, \"pooling_mode\": \"mean\"}"), EW_POOLING_MEAN);
    assert_int_equal(way_of("{}"), EW_POOLING_MODEL);
}

static void refused(const char *text, ew_status status, const char *culprit) {
    ew_pooling out;
    ew_error err = {0};
    expect_refused(read_ways(text, &out, &err), status, &err, culprit);
    if (!strstr(err.text, "1_Pooling/config.json")) fail_msg("the file is not named: %s", err.text);
}

static void other_ways(void **state) {
    (void)state;
    refused("{\"pooling_mode_max_tokens\": true}", EW_UNSUPPORTED, "pooling_mode_max_tokens");
    refused("{\"pooling_mode_weightedmean_tokens\": true}", EW_UNSUPPORTED, "weightedmean");
    refused("{\"pooling_mode\": \"max\"}", EW_UNSUPPORTED, "pooling_mode: max");
    refused("{\"pooling_mode_cls_token\": true, \"pooling_mode_mean_tokens\": true}", EW_UNSUPPORTED,
            "several");
    refused("{\"pooling_mode_cls_token\": 1}", EW_FORMAT, "expected true or false");
    refused("[]", EW_FORMAT, "");
    refused("{\"pooling_mode\": \"mean\"", EW_FORMAT, "");
    refused("", EW_FORMAT, "");
}

static ew_status check(const char *text, ew_error *err) {
    ewi_arena arena;
    ewi_arena_init(&arena, 1u << 16);
    ew_status status =
        ewi_pooling_check_modules((ewi_bytes){(const uint8_t *)text, strlen(text)}, &arena, err);
    ewi_arena_deinit(&arena);
    return status;
}

static void modules(void **state) {
    (void)state;
    ew_error err = {0};
    expect_ok(check("[{\"idx\": 0, \"name\": \"0\", \"path\": \"\", \"type\": "
                    "\"sentence_transformers.models.Transformer\"}, "
                    "{\"type\": \"sentence_transformers.models.Pooling\", \"path\": \"1_Pooling\"}, "
                    "{\"type\": \"sentence_transformers.models.Normalize\", \"path\": \"2_Normalize\"}]",
                    &err),
              &err);
    expect_refused(check("[{\"type\": \"sentence_transformers.models.Dense\"}]", &err), EW_UNSUPPORTED, &err,
                   "module sentence_transformers.models.Dense");
    expect_refused(check("{}", &err), EW_FORMAT, &err, "modules.json");
    expect_refused(check("[{\"type\": 1}]", &err), EW_FORMAT, &err, "modules.json");
    expect_refused(check("[1]", &err), EW_FORMAT, &err, "modules.json");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ways_to_pool),
        cmocka_unit_test(other_ways),
        cmocka_unit_test(modules),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
