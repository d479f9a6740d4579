/* test_bad_options.c: values of options that are none, refused by the option's name before anything runs; and
 * requests that are well formed but larger than the machine. */
#include "test.h"

#include <stdio.h>
#include <string.h>

#include "refusal.h"
#include "scratch.h"
#include "tiny_model.h"

static const char *model(void) {
    const char *path = scratch_path("model.gguf");
    tiny_model_write(&(tiny_model){0}, path);
    return path;
}

static void values(void **state) {
    (void)state;
    static const char *const pairs[][2] = {
        {"--temp", "nan"},
        {"--temp", "-nan"},
        {"--temp", "inf"},
        {"--temp", "-1"},
        {"--temp", "1e999"},
        {"--temp", "100.1"},
        {"--temp", ""},
        {"--temp", "hot"},
        {"--top-p", "2"},
        {"--top-p", "-0.5"},
        {"--top-p", "NaN"},
        {"--min-p", "-1"},
        {"--min-p", "1.5"},
        {"--min-p", "0x1p-2"},
        {"--repeat-penalty", "inf"},
        {"--repeat-penalty", "-1"},
        {"--repeat-penalty", "nan"},
        {"--frequency-penalty", "1e400"},
        {"--presence-penalty", "-inf"},
        {"--repeat-last-n", "0"},
        {"--repeat-last-n", "4294967297"},
        {"--top-k", "-1"},
        {"--top-k", "4294967296"},
        {"--seed", "18446744073709551616"},
        {"--seed", "-1"},
        {"--seed", "1.5"},
        {"-n", "-5"},
        {"-n", "4294967296"},
        {"-n", "99999999999999999999999999"},
        {"-c", "0"},
        {"-c", "-1"},
        {"-c", "16777217"},
        {"-b", "0"},
        {"-b", "4097"},
        {"-t", "0"},
        {"-t", "257"},
        {"-ctk", "q2"},
        {"-ctv", ""},
        {"--context-full", "maybe"},
        {"--stop", ""},
    };
    const char *path = model();
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        char names[64];
        snprintf(names, sizeof names, "edgewise run: %s: ", pairs[i][0]);
        expect_usage(pairs[i][1], (const char *[]){"run", path, "-p", "hi", pairs[i][0], pairs[i][1], NULL},
                     names);
    }
}

static void token_lists(void **state) {
    (void)state;
    static const char *const lists[][2] = {
        {"999999", "\"999999\""},
        {"320", "\"320\""},
        {"1 2 -1 3", "\"-1\""},
        {"4294967297", "\"4294967297\""},
        {"18446744073709551617", "\"18446744073709551617\""},
        {"1;2", "\"1;2\""},
        {"0x10", "\"0x10\""},
        {"1.0", "\"1.0\""},
        {"", "no tokens"},
        {" , ", "no tokens"},
    };
    const char *path = model(), *out = scratch_path("never.f32");
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        const char *const arguments[] = {"logits", "-m", path, "--out", out, "--tokens", lists[i][0], NULL};
        expect_usage("a list of tokens", arguments, "--tokens");
        expect_usage("a list of tokens", arguments, lists[i][1]);
    }
}

static void of_other_verbs(void **state) {
    (void)state;
    const char *path = model(), *out = scratch_path("never.f32");
    const struct {
        const char *names, *arguments[10];
    } lines[] = {
        {"--beside: ", {"logits", "-m", path, "--out", out, "--tokens", "1", "--beside", "65"}},
        {"--prompt-tokens: ", {"bench", "-m", path, "--prompt-tokens", "-1"}},
        {"--gen-tokens: ", {"bench", "-m", path, "--gen-tokens", "18446744073709551617"}},
        {"--depth: ", {"bench", "-m", path, "--depth", "nan"}},
        {"--batch: ", {"bench", "-m", path, "--batch", "0"}},
        {"-r: ", {"bench", "-m", path, "-r", "1001"}},
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        expect_usage("a value", lines[i].arguments, lines[i].names);
}

/* ---- well formed, but more than there is ---- */

/* 128 KiB of state for each position; the weights are small. */
static void a_context_larger_than_memory(void **state) {
    (void)state;
    const char *path = scratch_path("deep.gguf"), *out = scratch_path("never.f32");
    tiny_model_write(&(tiny_model){.n_layers = 64,
                                   .n_heads = 8,
                                   .n_kv_heads = 8,
                                   .head_dim = 64,
                                   .d_model = 8,
                                   .d_ffn = 8,
                                   .dtype = EWI_F16},
                     path);
    const char *const lines[][10] = {
        {"run", path, "-p", "hi", "-c", "16777216"},
        {"logits", "-m", path, "--tokens", "1", "--out", out, "-c", "16777216"},
        {"bench", "-m", path, "-r", "1", "-c", "16777216"},
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        expect_refused("a context of 2 TiB", lines[i], files_size_bytes(path),
                       "a context of 16777216 positions needs 2097152 MiB");
}

/* Two inner values of 4096 rows: 32 GiB, for 13 MB of weights. */
static void rows_larger_than_memory(void **state) {
    (void)state;
    ew_machine machine;
    assert_int_equal(ew_machine_get(&machine, NULL), EW_OK);
    if (machine.memory_bytes > 32ull << 30) {
        print_message("SKIPPED: rows_larger_than_memory: this machine has more than 32 GiB\n");
        skip();
    }
    const char *path = scratch_path("wide.gguf");
    tiny_model_write(&(tiny_model){.n_layers = 1,
                                   .n_heads = 1,
                                   .n_kv_heads = 1,
                                   .head_dim = 2,
                                   .d_model = 2,
                                   .d_ffn = 1 << 20,
                                   .dtype = EWI_F16},
                     path);
    expect_refused("steps of 32 GiB", (const char *[]){"run", path, "-p", "hi", "-b", "4096", NULL},
                   files_size_bytes(path), "4096 rows a step need ");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values),
        cmocka_unit_test(token_lists),
        cmocka_unit_test(of_other_verbs),
        cmocka_unit_test(a_context_larger_than_memory),
        cmocka_unit_test(rows_larger_than_memory),
    };
    return cmocka_run_group_tests_name("bad options", tests, NULL, scratch_remove);
}
