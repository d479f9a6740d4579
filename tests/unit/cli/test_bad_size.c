/* test_bad_size.c: files of millions of entries that come to nothing: they end soon, and the process stays
 * within 64 MiB above their size. All are written in pieces: what this process holds when it forks counts as
 * memory of the program that it becomes. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hf_folder.h"
#include "program.h"
#include "refusal.h"
#include "scratch.h"
#include "tiny_model.h"

#define MIB ((size_t)1 << 20)

/* ---- texts ---- */

/* begin, then n times part with `between` between them, then end. */
static void write_repeated(const char *path, const char *begin, const char *part, const char *between,
                           size_t n, const char *end) {
    FILE *file = fopen(path, "wb");
    if (!file) fail_msg("%s: cannot be written", path);
    fputs(begin, file);
    for (size_t i = 0; i < n; i++) {
        fputs(part, file);
        if (i + 1 < n) fputs(between, file);
    }
    fputs(end, file);
    if (fclose(file) != 0) fail_msg("%s: cannot be written", path);
}

#define MERGES_OF(vocab) "{\"model\":{\"type\":\"BPE\",\"vocab\":{" vocab "},\"merges\":["
#define END              "]},\"pre_tokenizer\":{\"type\":\"ByteLevel\"},\"decoder\":{\"type\":\"ByteLevel\"}}"

static void long_lists(void **state) {
    (void)state;
    static const struct {
        const char *what, *begin, *part, *between;
        size_t n;
        const char *end, *names;
    } files[] = {
        {"25 million numbers", "[", "0", ",", 25 * MIB, "]", "neither a GGUF file nor a tokenizer.json"},
        {"16 million empty lists", "{\"truncation\":[", "[]", ",", 16 * MIB, "]}", "\"model\" is missing"},
        {"25 million added tokens", "{\"model\":{},\"added_tokens\":[", "0", ",", 25 * MIB, "]}", "vocab"},
        {"16 million merges of nothing", MERGES_OF("\"a\":0"), "\"\"", ",", 16 * MIB, END,
         "16777216 merges, at most"},
        {"a million merges of absent tokens", MERGES_OF("\"a\":0"), "\"b c\"", ",", 1000000, END,
         "merge 0 needs \"b\""},
        {"8 million merges of absent tokens", MERGES_OF("\"a\":0"), "\"b c\"", ",", 8 * MIB, END,
         "8388608 merges, at most"},
        {"6 million tokens of one spelling", "{\"model\":{\"type\":\"BPE\",\"merges\":[\"a a\"],\"vocab\":{",
         "\"a\":0", ",", 6 * MIB, "}}}", "6291456 tokens, at most"},
        {"2 million tokens of escapes", "{\"model\":{\"type\":\"BPE\",\"merges\":[\"a a\"],\"vocab\":{",
         "\"\\u0041\\u0042\\u0043\\u0044\":0", ",", 2 * MIB, "}}}", "2097152 tokens, at most"},
        {"a list 100,000 deep", "{\"truncation\":", "[", "", 100000, "", "nested too deeply"},
        {"an object 100,000 deep", "", "{\"model\":", "", 100000, "", "nested too deeply"},
        {"steps 500 deep",
         "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0,\"aa\":1},\"merges\":[\"a a\"]},"
         "\"decoder\":{\"type\":\"ByteLevel\"},\"pre_tokenizer\":",
         "{\"type\":\"Sequence\",\"pretokenizers\":[", "", 250, "", "json"},
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        const char *path = scratch_path("tokenizer.json");
        write_repeated(path, files[i].begin, files[i].part, files[i].between, files[i].n, files[i].end);
        expect_refused_file(files[i].what, BY_TOKENIZE, path, files[i].names);
    }
}

static void many_ranks(void **state) {
    (void)state;
    const char *path = scratch_path("ranks.tiktoken");
    write_repeated(path, "", "\n", "", 50 * MIB, "");
    expect_refused_file("50 million lines", BY_TOKENIZE, path, "tiktoken");
    write_repeated(path, "", "IQ== 0\n", "", 1000000, "");
    expect_refused_file("a million lines of one rank", BY_TOKENIZE, path, "line 2: rank 0 occurs twice");
}

static void deep_configs(void **state) {
    (void)state;
    hf_folder f = hf_folder_new();
    char path[600];
    hf_folder_safetensors(&f, "model.safetensors",
                          "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}", 1);
    snprintf(path, sizeof path, "%s/config.json", f.path);
    write_repeated(path, "{\"a\":", "[", "", 100000, "");
    expect_refused_file("a config 100,000 deep", BY_WEIGHTS, f.path, "config.json: json: line 1, column 517");
    write_repeated(path, "{", "\"a\":0", ",", 2 * MIB, "}");
    expect_refused_file("a config of 2 million keys", BY_WEIGHTS, f.path,
                        "config.json: 2097152 keys, at most");
    snprintf(path, sizeof path, "%s/model.safetensors.index.json", f.path);
    write_repeated(path, "{\"weight_map\":{\"a\":", "[", "", 100000, "");
    expect_refused_file("an index 100,000 deep", BY_WEIGHTS, f.path, "json: line 1");
    write_repeated(path, "{\"weight_map\":{", "\"a\":\"b\"", ",", 4 * MIB, "}}");
    expect_refused_file("an index of 4 million tensors", BY_WEIGHTS, f.path, "tensors, at most");
}

/* ---- GGUF ---- */

static void put_number(FILE *file, uint64_t value, size_t n_bytes) {
    for (size_t i = 0; i < n_bytes; i++) fputc((int)(value >> (8 * i) & 0xff), file);
}

static void put_text(FILE *file, const char *text) {
    put_number(file, strlen(text), 8);
    fputs(text, file);
}

/* As in the specification: a string is type 8, an array type 9. */
static void put_key(FILE *file, const char *key, uint32_t type) {
    put_text(file, key);
    put_number(file, type, 4);
}

static void put_array(FILE *file, const char *key, uint32_t item_type, uint64_t n) {
    put_key(file, key, 9);
    put_number(file, item_type, 4);
    put_number(file, n, 8);
}

static FILE *begin_gguf(const char *path, uint64_t n_tensors, uint64_t n_kv) {
    FILE *file = fopen(path, "wb");
    if (!file) fail_msg("%s: cannot be written", path);
    fputs("GGUF", file);
    put_number(file, 3, 4);
    put_number(file, n_tensors, 8);
    put_number(file, n_kv, 8);
    return file;
}

/* n tokens of one spelling and, when not 0, one type. */
static void write_vocabulary(const char *path, const char *model, const char *spelling, size_t n, int type) {
    FILE *file = begin_gguf(path, 0, type ? 5 : 4);
    put_key(file, "tokenizer.ggml.model", 8);
    put_text(file, model);
    put_array(file, "tokenizer.ggml.tokens", 8, n);
    for (size_t i = 0; i < n; i++) put_text(file, spelling);
    put_array(file, "tokenizer.ggml.scores", 6, n);
    for (size_t i = 0; i < n; i++) put_number(file, 0, 4);
    put_array(file, "tokenizer.ggml.merges", 8, 1);
    put_text(file, "a a");
    if (type) {
        put_array(file, "tokenizer.ggml.token_type", 0, n);
        for (size_t i = 0; i < n; i++) put_number(file, (uint64_t)type, 1);
    }
    fclose(file);
}

static void many_tokens(void **state) {
    (void)state;
    const char *path = scratch_path("vocabulary.gguf");
    write_vocabulary(path, "gpt2", "", 1000000, 0);
    expect_refused_file("a million empty tokens, byte-level", BY_TOKENIZE, path, "merge 0 needs \"a\"");
    write_vocabulary(path, "llama", "", 1000000, 0);
    expect_accepted("a million empty tokens", "hi", (const char *[]){"tokenize", "-m", path, NULL},
                    files_size_bytes(path), "0\n");
    write_vocabulary(path, "llama", "x", 1000000, 0);
    expect_accepted("a million equal tokens", "x", (const char *[]){"tokenize", "-m", path, NULL},
                    files_size_bytes(path), NULL);
    write_vocabulary(path, "llama", "x", 1000000, 3);
    expect_refused_file("a million special tokens", BY_TOKENIZE, path, "1000000 special tokens, at most");
    write_vocabulary(path, "llama", "", 8000000, 0);
    expect_refused_file("8 million empty tokens", BY_TOKENIZE, path,
                        "tokenizer.ggml.tokens has 8000000 tokens, at most");
}

static void many_entries(void **state) {
    (void)state;
    const char *path = scratch_path("entries.gguf");
    FILE *file = begin_gguf(path, 0, 4000000);
    for (size_t i = 0; i < 4000000; i++) {
        char key[16];
        snprintf(key, sizeof key, "k%zu", i);
        put_key(file, key, 0);
        put_number(file, 0, 1);
    }
    fclose(file);
    expect_refused_file("4 million entries", BY_ALL, path, "4000000 metadata entries, at most");
    file = begin_gguf(path, 2000000, 0);
    for (size_t i = 0; i < 2000000; i++) {
        put_text(file, "t");
        put_number(file, 0, 4);
        put_number(file, 24, 4);
        put_number(file, 0, 8);
    }
    fclose(file);
    expect_refused_file("2 million tensors", BY_ALL, path, "2000000 tensors, at most");
}

/* What is shown of a value is short, however long it would be as JSON. */
static void a_long_value(void **state) {
    (void)state;
    const char *path = scratch_path("value.gguf");
    FILE *file = begin_gguf(path, 0, 1);
    put_key(file, "long.value", 8);
    put_number(file, 40 * MIB, 8);
    for (size_t i = 0; i < 40 * MIB; i++) fputc(1, file);
    fclose(file);
    expect_accepted("40 million control characters", "", (const char *[]){"inspect", path, NULL},
                    files_size_bytes(path), NULL);
}

/* A table's other rows are not as wide as its longest name. */
static void a_long_name(void **state) {
    (void)state;
    enum { N_TENSORS = 10000, NAME_BYTES = 60000 };
    const char *path = scratch_path("name.gguf");
    FILE *file = begin_gguf(path, N_TENSORS, 0);
    for (size_t i = 0; i < N_TENSORS; i++) {
        char name[16];
        snprintf(name, sizeof name, "t%05zu", i);
        put_number(file, i ? 6 : NAME_BYTES, 8);
        if (i) fputs(name, file);
        for (size_t k = 0; i == 0 && k < NAME_BYTES; k++) fputc('n', file);
        put_number(file, 1, 4); /* dimensions: [1] */
        put_number(file, 1, 8);
        put_number(file, 24, 4); /* i8 */
        put_number(file, 32 * i, 8);
    }
    for (size_t i = 0; i < 32 * N_TENSORS + 32; i++) fputc(0, file);
    fclose(file);
    test_run run;
    test_program_run(&run, "", (const char *[]){"inspect", path, "--tensors", NULL});
    int code = run.code;
    size_t n_out = run.n_out;
    test_run_free(&run);
    assert_int_equal(code, 0);
    assert_true(n_out < 2 * MIB);
}

/* As many layers as there may be, of the smallest size. */
static void many_layers(void **state) {
    (void)state;
    const char *path = scratch_path("layers.gguf");
    tiny_model_write(
        &(tiny_model){
            .n_layers = 512, .n_heads = 1, .n_kv_heads = 1, .head_dim = 2, .d_model = 2, .d_ffn = 1},
        path);
    expect_accepted("512 layers", "", (const char *[]){"run", path, "-p", "hi", "-n", "1", "-t", "1", NULL},
                    files_size_bytes(path), NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(long_lists),  cmocka_unit_test(many_ranks),   cmocka_unit_test(deep_configs),
        cmocka_unit_test(many_tokens), cmocka_unit_test(many_entries), cmocka_unit_test(a_long_value),
        cmocka_unit_test(many_layers), cmocka_unit_test(a_long_name),
    };
    return cmocka_run_group_tests_name("bad sizes", tests, NULL, scratch_remove);
}
