/* test_generation_config.c: what a model's makers recommend for sampling.
 *
 * Members: GenerationConfig of transformers.
 */
#include "model/generation_config.h"

#include <string.h>

#include "expect.h"

static ew_status read_text(const char *text, ew_model_sampling *out, ew_error *err) {
    ewi_arena arena;
    ewi_arena_init(&arena, 1u << 16);
    *out = EWI_SAMPLING_UNSAID;
    ew_status status =
        ewi_generation_config_read((ewi_bytes){(const uint8_t *)text, strlen(text)}, &arena, out, err);
    ewi_arena_deinit(&arena);
    return status;
}

static void expect_sampling(const char *text, ew_model_sampling want) {
    ew_model_sampling got;
    ew_error err = {0};
    expect_ok(read_text(text, &got, &err), &err);
    assert_float_equal(got.temperature, want.temperature, 0);
    assert_float_equal(got.top_p, want.top_p, 0);
    assert_float_equal(got.min_p, want.min_p, 0);
    assert_float_equal(got.repeat_penalty, want.repeat_penalty, 0);
    assert_int_equal(got.top_k, want.top_k);
}

static void test_members(void **state) {
    (void)state;
    expect_sampling("{}", EWI_SAMPLING_UNSAID);
    expect_sampling("{\"bos_token_id\":1,\"eos_token_id\":[2,3],\"max_length\":4096}", EWI_SAMPLING_UNSAID);
    expect_sampling("{\"do_sample\":true,\"temperature\":0.6,\"top_p\":0.9,\"top_k\":20,\"min_p\":0.125,"
                    "\"repetition_penalty\":1.05,\"transformers_version\":\"4.51.0\"}",
                    (ew_model_sampling){0.6f, 0.9f, 0.125f, 1.05f, 20});
    expect_sampling("{\"temperature\":null,\"top_k\":null,\"top_p\":0.5}",
                    (ew_model_sampling){-1, 0.5f, -1, -1, -1});
    expect_sampling("{\"temperature\":0.6,\"do_sample\":false}", (ew_model_sampling){0, -1, -1, -1, -1});
    expect_sampling("{\"top_k\":99999999999}", (ew_model_sampling){-1, -1, -1, -1, 0x7fffffff});
}

static void test_refused(void **state) {
    (void)state;
    static const struct {
        const char *text, *culprit;
    } cases[] = {
        {"", "generation_config.json: json: line 1"},
        {"[]", "generation_config.json: json: line 1"},
        {"{\"temperature\":-0.5}", "generation_config.json: temperature: -0.5 is not in 0..100"},
        {"{\"temperature\":\"hot\"}", "generation_config.json: temperature"},
        {"{\"top_p\":1.5}", "generation_config.json: top_p: 1.5 is not in 0..1"},
        {"{\"min_p\":1e300}", "generation_config.json: min_p: 1e+300 is not in 0..1"},
        {"{\"top_k\":-1}", "generation_config.json: top_k"},
        {"{\"top_k\":2.5}", "generation_config.json: top_k"},
        {"{\"do_sample\":1}", "generation_config.json: json"},
        {"{\"top_k\":1} x", "generation_config.json: json"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ew_model_sampling sampling;
        ew_error err = {0};
        expect_refused(read_text(cases[i].text, &sampling, &err), EW_FORMAT, &err, cases[i].culprit);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_members),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
