/* test_bad_folder.c: safetensors files, shard indexes and config.json files that lie, and what the program
 * says of them. What is wrong is wrong by the format's description (huggingface/safetensors, README). */
#include "test.h"

#include <stdio.h>
#include <string.h>

#include "hf_folder.h"
#include "refusal.h"
#include "scratch.h"
#include "text_file.h"

/* ---- safetensors ---- */

/* A header whose length is `said`, then n_data zeros. */
static const char *write_file(uint64_t said, const char *header, size_t n_data) {
    static char file[8192];
    size_t len = strlen(header);
    for (size_t i = 0; i < 8; i++) file[i] = (char)(said >> (8 * i));
    memcpy(file + 8, header, len);
    memset(file + 8 + len, 0, n_data);
    return scratch_file("lie.safetensors", file, 8 + len + n_data);
}

#define T(name, dtype, shape, begin, end) \
    "\"" name "\":{\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data_offsets\":[" begin "," end "]}"

static void safetensors(void **state) {
    (void)state;
    static const struct {
        const char *what, *header;
        size_t n_data;
        const char *names;
    } files[] = {
        {"no object", "[]", 0, "does not begin with '{'"},
        {"a header that ends early", "{\"a\":{\"dtype\":\"F3", 0, "offset 17"},
        {"a product of dims that wraps", "{" T("a", "F32", "[4294967296,4294967296]", "0", "4") "}", 4,
         "tensor a"},
        {"a size in bytes that wraps", "{" T("a", "F32", "[4611686018427387905]", "0", "4") "}", 4,
         "tensor a"},
        {"a negative dim", "{" T("a", "F32", "[-1]", "0", "4") "}", 4, "tensor a: json: line 1, column 30"},
        {"a dim of 1.5", "{" T("a", "F32", "[1.5]", "0", "4") "}", 4, "tensor a: json: line 1, column 30"},
        {"a dim of 2^64", "{" T("a", "F32", "[18446744073709551616]", "0", "4") "}", 4, "column 30"},
        {"seventeen dims", "{" T("a", "F32", "[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]", "0", "4") "}", 4,
         "tensor a: more than"},
        {"data past the end of the file", "{" T("a", "F32", "[2]", "0", "8") "}", 4, "tensor a"},
        {"an end of 2^64-1", "{" T("a", "F32", "[2]", "0", "18446744073709551615") "}", 4, "tensor a"},
        {"an end before the beginning", "{" T("a", "F32", "[1]", "4", "0") "}", 4,
         "tensor a: data_offsets [4, 0]"},
        {"fewer bytes than the shape needs", "{" T("a", "F32", "[2]", "0", "4") "}", 4,
         "tensor a: data_offsets [0, 4]"},
        {"tensors that overlap", "{" T("a", "F32", "[2]", "0", "8") "," T("b", "F32", "[1]", "4", "8") "}", 8,
         "tensor b"},
        {"a hole between tensors", "{" T("a", "F32", "[1]", "0", "4") "," T("b", "F32", "[1]", "8", "12") "}",
         12, "tensor b"},
        {"bytes after the last tensor", "{" T("a", "F32", "[1]", "0", "4") "}", 8, "the last 4 bytes"},
        {"the same tensor twice", "{" T("a", "F32", "[1]", "0", "4") "," T("a", "F32", "[1]", "4", "8") "}",
         8, "tensor a occurs twice"},
        {"an unknown element type", "{" T("a", "F33", "[1]", "0", "4") "}", 4, "tensor a: element type F33"},
        {"no element type", "{\"a\":{\"shape\":[1],\"data_offsets\":[0,4]}}", 4,
         "tensor a: member dtype is missing"},
        {"an unknown member", "{\"a\":{\"layout\":1}}", 4, "tensor a: unknown member layout"},
        {"a member twice", "{\"a\":{\"shape\":[1],\"shape\":[2]}}", 4, "tensor a: member shape occurs twice"},
        {"three offsets", "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4,4]}}", 4,
         "tensor a: data_offsets"},
        {"a tensor that is a number", "{\"a\":7}", 0, "tensor a: json: line 1, column 6"},
        {"metadata twice", "{\"__metadata__\":{\"x\":\"1\"},\"__metadata__\":{}}", 0, "__metadata__"},
        {"metadata of the same key", "{\"__metadata__\":{\"x\":\"1\",\"x\":\"2\"}}", 0,
         "__metadata__: key x occurs twice"},
        {"metadata that is a number", "{\"__metadata__\":{\"x\":1}}", 0,
         "__metadata__: json: line 1, column 22"},
        {"a name that clears the screen", "{" T("\\u001b[2J", "F32", "[1]", "0", "4") "}", 4, "tensor 0"},
        {"a name without a letter", "{" T("", "F32", "[1]", "0", "4") "}", 4, "tensor 0"},
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        const char *path = write_file(strlen(files[i].header), files[i].header, files[i].n_data);
        expect_refused_file(files[i].what, BY_WEIGHTS, path, files[i].names);
    }
}

static void header_lengths(void **state) {
    (void)state;
    static const struct {
        const char *what;
        uint64_t said;
        const char *names;
    } files[] = {
        {"a header of nothing", 0, "does not begin with '{'"},
        {"a header longer than the file", 3, "a header of 3 bytes in a file of 10"},
        {"a header of 2^62 bytes", 1ull << 62, "a header of 4611686018427387904 bytes"},
        {"a header of 2^64-1 bytes", UINT64_MAX, "a header of 18446744073709551615 bytes"},
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        expect_refused_file(files[i].what, BY_WEIGHTS, write_file(files[i].said, "{}", 0), files[i].names);
    expect_refused_file("a file of 7 bytes", BY_WEIGHTS,
                        scratch_file("short.safetensors", "\2\0\0\0\0\0\0", 7), "7 bytes");
}

/* ---- model.safetensors.index.json ---- */

#define SHARD_A "{" T("a", "F32", "[1]", "0", "4") "}"
#define SHARD_B "{" T("b", "F32", "[1]", "0", "4") "}"
#define A_IN_1  "\"a\":\"model-1.safetensors\""
#define B_IN_2  "\"b\":\"model-2.safetensors\""

static void shard_indexes(void **state) {
    (void)state;
    static const struct {
        const char *what, *index, *names;
    } files[] = {
        {"no map", "{\"metadata\":{}}", "weight_map is missing"},
        {"an empty map", "{\"weight_map\":{}}", "weight_map is missing or empty"},
        {"two maps", "{\"weight_map\":{" A_IN_1 "},\"weight_map\":{" B_IN_2 "}}", "weight_map occurs twice"},
        {"a map that is an array", "{\"weight_map\":[1]}", "json: line 1"},
        {"a file that is a number", "{\"weight_map\":{\"a\":1}}", "json: line 1, column 20"},
        {"an index that ends early", "{\"weight_map\":{\n" A_IN_1, "json: line 2"},
        {"the same tensor twice", "{\"weight_map\":{" A_IN_1 "," A_IN_1 "," B_IN_2 "}}",
         "tensor a occurs twice"},
        {"a file in the folder above", "{\"weight_map\":{\"a\":\"../model-1.safetensors\"}}", "tensor a"},
        {"a file of another folder", "{\"weight_map\":{\"a\":\"/etc/passwd\"}}", "tensor a"},
        {"a file that is the folder", "{\"weight_map\":{\"a\":\".\"}}", "tensor a"},
        {"a file name with a NUL", "{\"weight_map\":{\"a\":\"model-1.safetensors\\u0000\"}}", "tensor a"},
        {"a tensor in the wrong shard",
         "{\"weight_map\":{\"a\":\"model-2.safetensors\",\"b\":\"model-1.safetensors\"}}", "tensor a"},
        {"a tensor that is nowhere", "{\"weight_map\":{" A_IN_1 "," B_IN_2 ",\"c\":\"model-2.safetensors\"}}",
         "tensor c"},
        {"a tensor that is not listed",
         "{\"weight_map\":{\"a\":\"model-1.safetensors\",\"a2\":\"model-3.safetensors\"}}",
         "tensor z: is in a shard"},
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        hf_folder f = hf_folder_new();
        hf_folder_text(&f, "model.safetensors.index.json", files[i].index);
        hf_folder_safetensors(&f, "model-1.safetensors", SHARD_A, 4);
        hf_folder_safetensors(&f, "model-2.safetensors", SHARD_B, 4);
        hf_folder_safetensors(&f, "model-3.safetensors",
                              "{" T("a2", "F32", "[1]", "0", "4") "," T("z", "F32", "[1]", "4", "8") "}", 8);
        expect_refused_file(files[i].what, BY_WEIGHTS, f.path, files[i].names);
    }
}

static void a_bad_shard(void **state) {
    (void)state;
    hf_folder f = hf_folder_new();
    hf_folder_text(&f, "model.safetensors.index.json", "{\"weight_map\":{" A_IN_1 "," B_IN_2 "}}");
    hf_folder_safetensors(&f, "model-1.safetensors", SHARD_A, 4);
    hf_folder_safetensors(&f, "model-2.safetensors", SHARD_B, 3);
    expect_refused_file("a shard that was cut", BY_WEIGHTS, f.path,
                        "model-2.safetensors: safetensors: tensor b");
    f = hf_folder_new();
    hf_folder_text(&f, "model.safetensors.index.json", "{\"weight_map\":{" A_IN_1 "}}");
    hf_folder_text(&f, "model-1.safetensors", "");
    expect_refused_file("a shard that is empty", BY_WEIGHTS, f.path, "model-1.safetensors: safetensors: 0");
    f = hf_folder_new();
    hf_folder_text(&f, "model.safetensors.index.json",
                   "{\"weight_map\":{" A_IN_1 ",\"b\":\"model-2.safetensors\"}}");
    hf_folder_safetensors(&f, "model-1.safetensors", SHARD_A, 4);
    hf_folder_safetensors(&f, "model-2.safetensors", SHARD_A, 4);
    expect_refused_file("a tensor in two shards", BY_WEIGHTS, f.path, "tensor a: is in two shards");
}

/* ---- config.json ---- */

#define ARCH "\"architectures\":[\"LlamaForCausalLM\"]"
#define SIZES \
    "\"hidden_size\":64,\"intermediate_size\":96,\"num_hidden_layers\":2,\"max_position_embeddings\":512"
#define HEADS                 "\"num_attention_heads\":4"
#define CONFIG(member)        "{" ARCH "," SIZES "," HEADS "," member "}"
#define WITHOUT_HEADS(member) "{" ARCH "," SIZES "," member "}"

static void configs(void **state) {
    (void)state;
    static const struct {
        const char *what, *text, *names;
    } files[] = {
        {"an empty file", "", "config.json: the file is empty"},
        {"an array", "[]", "config.json: json: line 1, column 1"},
        {"a text that ends early", "{" ARCH, "config.json: json: line 1, column 38"},
        {"no architecture", "{" SIZES "," HEADS "}", "architectures: is missing"},
        {"an unknown architecture", "{\"architectures\":[\"PerceptronForCausalLM\"]}",
         "PerceptronForCausalLM"},
        {"no heads", WITHOUT_HEADS("\"x\":1"), "num_attention_heads: is missing"},
        {"0 heads", WITHOUT_HEADS("\"num_attention_heads\":0"), "num_attention_heads: 0"},
        {"-4 heads", WITHOUT_HEADS("\"num_attention_heads\":-4"), "num_attention_heads: json: line 1"},
        {"4.5 heads", WITHOUT_HEADS("\"num_attention_heads\":4.5"), "num_attention_heads: json: line 1"},
        {"2^31 heads", WITHOUT_HEADS("\"num_attention_heads\":2147483648"),
         "num_attention_heads: 2147483648"},
        {"heads in words", WITHOUT_HEADS("\"num_attention_heads\":\"4\""), "num_attention_heads: json"},
        {"a key twice", CONFIG(HEADS), "num_attention_heads occurs twice"},
        {"a key twice, once with escapes", CONFIG("\"num\\u005fattention_heads\":8"),
         "num_attention_heads occurs twice"},
        {"heads that cannot share", CONFIG("\"num_key_value_heads\":3"), "4 attention heads"},
        {"0 key/value heads", CONFIG("\"num_key_value_heads\":0"), "num_key_value_heads: 0"},
        {"heads of an odd width", CONFIG("\"head_dim\":15"), "15 of the 15 dimensions"},
        {"an epsilon below 0", CONFIG("\"rms_norm_eps\":-1"), "rms_norm_eps: -1"},
        {"an epsilon of NaN", CONFIG("\"rms_norm_eps\":NaN"), "config.json: json: line 1, column 170"},
        {"a base of 1e400", CONFIG("\"rope_theta\":1e400"), "rope_theta"},
        {"a base of 0", CONFIG("\"rope_theta\":0"), "rope_theta: 0"},
        {"a vocabulary of 2^40", CONFIG("\"vocab_size\":1099511627776"), "vocab_size: 1099511627776"},
        {"tied in words", CONFIG("\"tie_word_embeddings\":\"yes\""), "json: line 1"},
        {"rope scaling", CONFIG("\"rope_scaling\":{\"type\":\"yarn\"}"), "rope_scaling"},
        {"another activation", CONFIG("\"hidden_act\":\"relu\""), "hidden_act: \"relu\""},
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        hf_folder f = hf_folder_new();
        hf_folder_text(&f, "config.json", files[i].text);
        hf_folder_safetensors(&f, "model.safetensors", SHARD_A, 4);
        expect_refused_file(files[i].what, BY_MODEL, f.path, files[i].names);
    }
}

static void other_parts(void **state) {
    (void)state;
    hf_folder f = hf_folder_new();
    hf_folder_safetensors(&f, "model.safetensors", SHARD_A, 4);
    expect_refused_file("no config.json", BY_MODEL, f.path, "no config.json");
    hf_folder_text(&f, "config.json", CONFIG("\"x\":1"));
    expect_refused_file("no tensor of the model", BY_MODEL, f.path,
                        "tensor model.embed_tokens.weight: is missing");
}

/* A whole model but for its tokenizer.json. */
static void a_bad_tokenizer(void **state) {
    (void)state;
    hf_folder f = hf_folder_new();
    hf_folder_link(&f, "config.json", text_file_data("golden/data/llama-tied-bf16/config.json"));
    hf_folder_link(&f, "model.safetensors", text_file_data("golden/data/llama-tied-bf16/model.safetensors"));
    hf_folder_text(&f, "tokenizer.json", "{\"model\":7}");
    expect_refused_file("a tokenizer.json without a model", BY_MODEL | BY_TOKENIZE, f.path,
                        "/tokenizer.json: json: line 1, column 10");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(safetensors),     cmocka_unit_test(header_lengths), cmocka_unit_test(shard_indexes),
        cmocka_unit_test(a_bad_shard),     cmocka_unit_test(configs),        cmocka_unit_test(other_parts),
        cmocka_unit_test(a_bad_tokenizer),
    };
    return cmocka_run_group_tests_name("bad folders", tests, NULL, scratch_remove);
}
