/* test_json_output.c: whatever --json prints is JSON, of one line, with the promised keys and no others. It
 * is read by the library's reader, which is checked against JSONTestSuite and shares nothing with the
 * program's writer. */
#include "test.h"

#include <stdio.h>
#include <string.h>

#include "fixtures.h"
#include "format/json.h"
#include "program.h"
#include "text_file.h"

#define MODEL "models/stories260K-f32.gguf"

/* Every key of the one object, once; no other one. */
static void assert_keys(const test_run *run, const char *const *keys) {
    ewi_arena arena;
    ewi_json json;
    ew_error err = {0};
    ew_str key;
    size_t n = 0;
    ewi_arena_init(&arena, 1u << 20);
    assert_int_equal(run->code, 0);
    assert_true(run->n_out > 0 && run->out[run->n_out - 1] == '\n');
    assert_ptr_equal(strchr(run->out, '\n'), run->out + run->n_out - 1);
    ewi_json_init(&json, (ewi_bytes){(const uint8_t *)run->out, run->n_out}, &arena);
    assert_int_equal(ewi_json_enter_object(&json, &err), EW_OK);
    for (; ewi_json_next_key(&json, &key); n++) {
        assert_non_null(keys[n]);
        if (!ewi_str_is(key, keys[n])) fail_msg("%s: key %zu is %.*s", keys[n], n, (int)key.len, key.data);
        assert_int_equal(ewi_json_skip(&json, &err), EW_OK);
    }
    if (ewi_json_end(&json, &err)) fail_msg("%s", err.text);
    assert_null(keys[n]);
    ewi_arena_deinit(&arena);
}

static void check(const char *input, const char *const *arguments, const char *const *keys) {
    test_run run;
    test_program_run(&run, input, arguments);
    assert_keys(&run, keys);
    test_run_free(&run);
}

#define LIST(...) ((const char *[]){__VA_ARGS__, NULL})

static void devices(void **state) {
    (void)state;
    check("", LIST("devices", "--json"), LIST("devices", "memory_bytes", "memory_available_bytes"));
}

static void inspect(void **state) {
    (void)state;
    const char *const keys[] = {"format",  "size_bytes", "parameters", "tensor_bytes", "runs",
                                "why_not", "dtypes",     "metadata",   "tensors",      NULL};
    check("", LIST("inspect", test_fixture(MODEL), "--json"), keys);
    check("", LIST("inspect", test_fixture("models/minicpm3_test_model.safetensors"), "--json"), keys);
    check("", LIST("inspect", test_fixture("tokenizers/ggml-vocab/ggml-vocab-gpt-2.gguf"), "--json"), keys);
    /* Its config.json has values of several lines. */
    check("", LIST("inspect", text_file_data("golden/data/llama-gqa"), "--json"), keys);
}

static void tokenize(void **state) {
    (void)state;
    const char *model = test_fixture(MODEL);
    const char *text = "\"quoted\\\" \x01\x1b\x7f \xff\xfe \xc2\x85 \xe2\x80\xae \xf0\x9f\x99\x82\t\r\n";
    check(text, LIST("tokenize", "-m", model, "--json"), LIST("ids", "tokens"));
    check("37 3 4 30 31 129 130 13", LIST("tokenize", "-m", model, "--decode", "--json"), LIST("text"));
}

static void run(void **state) {
    (void)state;
    const char *const keys[] = {"text",        "ids",       "finish",         "n_prompt",
                                "n_generated", "prompt_ms", "first_token_ms", "generate_ms",
                                "seed",        "cpu_level", "threads",        NULL};
    check("", LIST("run", test_fixture(MODEL), "-p", "Tom said \"Hi\"", "--temp", "0", "-n", "60", "--json"),
          keys);
    check("Once", LIST("run", test_fixture(MODEL), "--temp", "100", "-n", "60", "--json"), keys);
    check("", LIST("run", test_fixture(MODEL), "-p", "", "-n", "0", "--json"), keys);
}

static void bench(void **state) {
    (void)state;
    check("",
          LIST("bench", "-m", test_fixture(MODEL), "--prompt-tokens", "9", "--gen-tokens", "2", "-r", "1",
               "--json"),
          LIST("prefill_tok_s", "prefill_tok_s_min", "prefill_tok_s_max", "decode_tok_s", "decode_tok_s_min",
               "decode_tok_s_max", "load_ms", "load_ms_min", "load_ms_max", "ttft_ms", "ttft_ms_min",
               "ttft_ms_max", "peak_rss_bytes", "peak_rss_bytes_min", "peak_rss_bytes_max", "read_gb_s",
               "read_gb_s_min", "read_gb_s_max", "decode_bandwidth_share", "decode_bandwidth_share_min",
               "decode_bandwidth_share_max", "cpu_level", "threads", "prompt_tokens", "gen_tokens", "depth",
               "batch", "repetitions", "step_weight_bytes"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(devices), cmocka_unit_test(inspect), cmocka_unit_test(tokenize),
        cmocka_unit_test(run),     cmocka_unit_test(bench),
    };
    return cmocka_run_group_tests_name("json output", tests, NULL, NULL);
}
