/* test_checkpoint.c: the files of a model: shards and their index, and what is wrong with them. */
#include "model/checkpoint.h"

#include "expect.h"
#include "gguf_build.h"
#include "golden.h"
#include "hf_folder.h"
#include "scratch.h"
#include "tiny_model.h"

#include <stdio.h>

/* One tensor of one f32. */
#define TENSOR(name)  "\"" name "\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}"
#define TENSOR2(name) "\"" name "\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}"

static const char index_file[] = "model.safetensors.index.json";

static void refused(const char *path, ew_status status, const char *culprit) {
    ewi_checkpoint c;
    ew_error err = {0};
    expect_refused(ewi_checkpoint_open(path, &c, &err), status, &err, culprit);
}

/* Two shards with tensors a and b. */
static hf_folder two_shards(const char *weight_map) {
    hf_folder f = hf_folder_new();
    char index[1024];
    hf_folder_safetensors(&f, "one.safetensors", "{" TENSOR("a") "}", 4);
    hf_folder_safetensors(&f, "two.safetensors", "{" TENSOR("b") "}", 4);
    snprintf(index, sizeof index, "{\"weight_map\":{%s}}", weight_map);
    hf_folder_text(&f, index_file, index);
    return f;
}

static void shards_as_one_list(void **state) {
    (void)state;
    hf_folder f = two_shards("\"b\":\"two.safetensors\",\"a\":\"one.safetensors\"");
    ewi_checkpoint c;
    ew_error err = {0};
    expect_ok(ewi_checkpoint_open(f.path, &c, &err), &err);
    assert_int_equal(c.n_tensors, 2);
    assert_int_equal(c.n_shards, 2);
    assert_non_null(ewi_checkpoint_find(&c, EWI_STR("a")));
    assert_non_null(ewi_checkpoint_find(&c, EWI_STR("b")));
    assert_null(ewi_checkpoint_find(&c, EWI_STR("c")));
    assert_int_equal(c.config.len, 0);
    ewi_checkpoint_close(&c);
}

static void shard_is_missing(void **state) {
    (void)state;
    hf_folder f = two_shards("\"a\":\"one.safetensors\",\"b\":\"three.safetensors\"");
    refused(f.path, EW_IO, "three.safetensors");
}

static void index_names_an_absent_tensor(void **state) {
    (void)state;
    hf_folder f = two_shards("\"a\":\"one.safetensors\",\"b\":\"two.safetensors\",\"c\":\"two.safetensors\"");
    refused(f.path, EW_FORMAT, "tensor c: the index puts it into two.safetensors");
    f = two_shards("\"a\":\"two.safetensors\",\"b\":\"one.safetensors\"");
    refused(f.path, EW_FORMAT, "tensor a: the index puts it into two.safetensors");
}

static void shard_holds_more_than_the_index(void **state) {
    (void)state;
    hf_folder f = two_shards("\"a\":\"one.safetensors\",\"b\":\"more.safetensors\"");
    hf_folder_safetensors(&f, "more.safetensors", "{" TENSOR("b") "," TENSOR2("c") "}", 8);
    refused(f.path, EW_FORMAT, "tensor c: is in a shard, but the index does not name it");
}

static void tensor_in_two_shards(void **state) {
    (void)state;
    hf_folder f = two_shards("\"a\":\"one.safetensors\",\"b\":\"more.safetensors\"");
    hf_folder_safetensors(&f, "more.safetensors", "{" TENSOR("a") "," TENSOR2("b") "}", 8);
    refused(f.path, EW_FORMAT, "tensor a: is in two shards");
}

/* The second file exists: nothing but the name is wrong. */
static void shard_outside_the_folder(void **state) {
    (void)state;
    static const char *const names[] = {"../two.safetensors",  "/etc/passwd",
                                        "./two.safetensors",   "..",
                                        "sub/two.safetensors", "..\\\\two.safetensors"};
    scratch_file("two.safetensors", "", 0);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char map[256];
        snprintf(map, sizeof map, "\"a\":\"one.safetensors\",\"b\":\"%s\"", names[i]);
        hf_folder f = two_shards(map);
        refused(f.path, EW_FORMAT, "tensor b: its file must be a plain name");
    }
}

static void broken_index(void **state) {
    (void)state;
    static const char *const texts[] = {
        "", "{", "[]", "{}", "{\"weight_map\":{}}", "{\"weight_map\":{\"a\":1}}"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        hf_folder f = hf_folder_new();
        hf_folder_text(&f, index_file, texts[i]);
        refused(f.path, EW_FORMAT, f.path);
    }
}

static void too_many_shards(void **state) {
    (void)state;
    static char index[65536];
    size_t n = (size_t)snprintf(index, sizeof index, "{\"weight_map\":{\"t\":\"s.safetensors\"");
    for (int i = 0; i < 512; i++)
        n += (size_t)snprintf(index + n, sizeof index - n, ",\"t%d\":\"s%d.safetensors\"", i, i);
    snprintf(index + n, sizeof index - n, "}}");
    hf_folder f = hf_folder_new();
    hf_folder_text(&f, index_file, index);
    refused(f.path, EW_LIMIT, "513 shards, at most 512");
}

static void broken_shard_is_named(void **state) {
    (void)state;
    hf_folder f = two_shards("\"a\":\"one.safetensors\",\"b\":\"bad.safetensors\"");
    hf_folder_text(&f, "bad.safetensors", "not a safetensors file at all");
    refused(f.path, EW_FORMAT, "bad.safetensors");
}

static void not_a_model(void **state) {
    (void)state;
    hf_folder f = hf_folder_new();
    refused(f.path, EW_IO, "holds neither model.safetensors");
    refused(scratch_path("absent.gguf"), EW_IO, "absent.gguf");
    refused(scratch_file("readme.md", "# A model\n", 10), EW_FORMAT, "neither a GGUF file");
    refused(scratch_file("empty.gguf", "", 0), EW_FORMAT, "empty.gguf");
    refused(scratch_file("empty.safetensors", "", 0), EW_FORMAT, "empty.safetensors");
    refused(scratch_file("short.gguf", "GGUF", 4), EW_FORMAT, "short.gguf");
}

/* A safetensors file may be opened by itself; its config.json lies beside it. */
static void single_file_finds_its_config(void **state) {
    (void)state;
    char path[4096];
    ewi_checkpoint c;
    ew_error err = {0};
    snprintf(path, sizeof path, "%s/model.safetensors", golden_path("mistral-f32"));
    expect_ok(ewi_checkpoint_open(path, &c, &err), &err);
    assert_true(c.config.len > 0);
    assert_int_equal(c.n_shards, 1);
    ewi_checkpoint_close(&c);
}

/* ---- GGUF in parts, as llama.cpp's gguf-split writes them (tools/gguf-split: keys and names) ---- */

typedef struct part {
    const char *file;
    int no, count, n_tensors; /* what split.no, split.count and split.tensors.count say */
    const char *tensor, *key, *value;
} part;

static void write_part(const part *p) {
    gguf_build *b = gguf_build_new();
    gguf_build_u32(b, "split.no", (uint32_t)p->no);
    gguf_build_u32(b, "split.count", (uint32_t)p->count);
    gguf_build_i32(b, "split.tensors.count", p->n_tensors);
    if (p->key) gguf_build_str(b, p->key, p->value);
    if (p->tensor) gguf_build_tensor(b, p->tensor, EWI_F32, 1, (uint64_t[]){1}, &(float){(float)p->no});
    gguf_build_write(b, scratch_path(p->file));
    gguf_build_free(b);
}

#define FIRST  "m-00001-of-00003.gguf"
#define SECOND "m-00002-of-00003.gguf"
#define THIRD  "m-00003-of-00003.gguf"

/* Three parts: the first with metadata only. `instead`: written over one of them. */
static const char *three_parts(const part *instead) {
    write_part(&(part){FIRST, 0, 3, 2, .key = "general.architecture", .value = "llama"});
    write_part(&(part){SECOND, 1, 3, 2, .tensor = "b"});
    write_part(&(part){THIRD, 2, 3, 2, .tensor = "a"});
    if (instead) write_part(instead);
    return scratch_path(FIRST);
}

static void parts_as_one_list(void **state) {
    (void)state;
    ewi_checkpoint c;
    ew_error err = {0};
    expect_ok(ewi_checkpoint_open(three_parts(NULL), &c, &err), &err);
    assert_int_equal(c.n_shards, 3);
    assert_int_equal(c.n_tensors, 2);
    assert_int_equal(c.n_meta, 4);
    const ewi_tensor *a = ewi_checkpoint_find(&c, EWI_STR("a")), *b = ewi_checkpoint_find(&c, EWI_STR("b"));
    assert_ptr_equal(b, &c.tensors[0]);
    assert_ptr_equal(a, &c.tensors[1]);
    assert_true(((const float *)(const void *)a->data)[0] == 2.0f);
    assert_true(((const float *)(const void *)b->data)[0] == 1.0f);
    assert_null(ewi_checkpoint_find(&c, EWI_STR("c")));
    ewi_checkpoint_close(&c);
    ew_file *file = NULL;
    expect_ok(ew_file_open(scratch_path(FIRST), &file, &err), &err);
    assert_string_equal(ew_file_format(file), "GGUF v3, 3 files");
    ew_file_close(file);
}

static void part_may_say_the_metadata_again(void **state) {
    (void)state;
    ewi_checkpoint c;
    ew_error err = {0};
    part again = {SECOND, 1, 3, 2, "b", "general.architecture", "llama"};
    expect_ok(ewi_checkpoint_open(three_parts(&again), &c, &err), &err);
    ewi_checkpoint_close(&c);
    again.value = "qwen2";
    refused(three_parts(&again), EW_FORMAT, "m-00002-of-00003.gguf: key general.architecture");
    refused(three_parts(&(part){THIRD, 2, 3, 2, "a", "llama.block_count", "1"}), EW_FORMAT,
            "m-00003-of-00003.gguf: key llama.block_count");
}

static void parts_that_disagree(void **state) {
    (void)state;
    refused(three_parts(&(part){SECOND, 2, 3, 2, .tensor = "b"}), EW_FORMAT, "says it is part 3 of 3");
    refused(three_parts(&(part){SECOND, 1, 4, 2, .tensor = "b"}), EW_FORMAT, "says it is part 2 of 4");
    refused(three_parts(&(part){SECOND, 1, 3, 3, .tensor = "b"}), EW_FORMAT, "with 3 tensors in all");
    refused(three_parts(&(part){SECOND, 1, 3, 2, .tensor = "a"}), EW_FORMAT, "tensor a");
    refused(three_parts(&(part){SECOND, 1, 3, 2, .tensor = NULL}), EW_FORMAT,
            "split.tensors.count: 2, but the parts hold 1");
    refused(three_parts(&(part){FIRST, 0, 513, 2, .tensor = NULL}), EW_LIMIT,
            "split.count: 513 parts, at most 512");
    refused(three_parts(&(part){FIRST, 0, 0, 2, .tensor = NULL}), EW_LIMIT, "split.count: 0 parts");
    refused(three_parts(&(part){FIRST, 3, 3, 2, .tensor = NULL}), EW_FORMAT, "split.no: part 3 of 3");
    refused(three_parts(&(part){FIRST, 0, 2, 2, .tensor = NULL}), EW_FORMAT,
            "must end in -00001-of-00002.gguf");
}

static void part_that_is_not_the_first(void **state) {
    (void)state;
    three_parts(NULL);
    refused(scratch_path(THIRD), EW_FORMAT, "is part 3 of 3 of a split model: open the first");
}

static void part_is_missing(void **state) {
    (void)state;
    write_part(&(part){"n-00001-of-00002.gguf", 0, 2, 1, .tensor = "a"});
    refused(scratch_path("n-00001-of-00002.gguf"), EW_IO, "n-00002-of-00002.gguf");
}

static void part_without_its_number(void **state) {
    (void)state;
    const char *first = three_parts(NULL);
    gguf_build *b = gguf_build_new();
    gguf_build_str(b, "split.no", "one");
    gguf_build_write(b, scratch_path(SECOND));
    gguf_build_free(b);
    refused(first, EW_FORMAT, "key split.no: is not an integer");
    b = gguf_build_new();
    gguf_build_u32(b, "split.no", 1);
    gguf_build_write(b, scratch_path(SECOND));
    gguf_build_free(b);
    refused(scratch_path(FIRST), EW_FORMAT, "key split.count: is missing");
}

/* ---- what a file holds: the ew_file functions ---- */

static void file_of_shards(void **state) {
    (void)state;
    ew_file *file = NULL;
    ew_error err = {0};
    expect_ok(ew_file_open(golden_path("llama-gqa"), &file, &err), &err);
    assert_string_equal(ew_file_format(file), "safetensors, 2 shards");
    /* 2 layers of 9 tensors, the embedding, the last norm, the head */
    assert_int_equal(ew_file_n_tensors(file), 21);
    bool found = false;
    for (size_t i = 0; i < ew_file_n_tensors(file); i++) {
        ew_tensor_info t = ew_file_tensor(file, i);
        if (!ewi_str_is(t.name, "model.layers.1.self_attn.q_proj.weight")) continue;
        found = true;
        assert_string_equal(t.dtype, "F32");
        assert_int_equal(t.n_dims, 2);
        assert_int_equal(t.dims[0], 8 * 16);
        assert_int_equal(t.dims[1], 32);
        assert_int_equal(t.size_bytes, 8 * 16 * 32 * 4);
    }
    assert_true(found);
    ew_file_close(file);
}

static size_t find_meta(const ew_file *file, const char *key) {
    for (size_t i = 0; i < ew_file_n_meta(file); i++)
        if (ewi_str_is(ew_file_meta(file, i).key, key)) return i;
    fail_msg("no entry %s", key);
    return 0;
}

static void metadata_as_text(void **state) {
    (void)state;
    ew_file *file = NULL;
    ew_error err = {0};
    char text[256];
    tiny_model_write(&(tiny_model){0}, scratch_path("tiny.gguf"));
    expect_ok(ew_file_open(scratch_path("tiny.gguf"), &file, &err), &err);
    assert_string_equal(ew_file_format(file), "GGUF v3");
    size_t i = find_meta(file, "llama.attention.head_count");
    assert_string_equal(ew_file_meta(file, i).type, "u32");
    assert_int_equal(ew_file_meta_text(file, i, 4, text, sizeof text), 1);
    assert_string_equal(text, "4");
    i = find_meta(file, "general.name");
    ew_file_meta_text(file, i, 4, text, sizeof text);
    assert_string_equal(text, "\"tiny model\"");
    i = find_meta(file, "tokenizer.ggml.tokens");
    assert_string_equal(ew_file_meta(file, i).type, "array of string");
    assert_int_equal(ew_file_meta(file, i).n, 320);
    ew_file_meta_text(file, i, 3, text, sizeof text);
    assert_string_equal(text, "[\"<unk>\", \"<s>\", \"</s>\", \"...\"]");
    /* Cut to the room that there is, with the length that it would have. */
    assert_int_equal(ew_file_meta_text(file, i, 3, text, 9),
                     strlen("[\"<unk>\", \"<s>\", \"</s>\", \"...\"]"));
    assert_string_equal(text, "[\"<unk>\"");
    i = find_meta(file, "tokenizer.ggml.add_bos_token");
    ew_file_meta_text(file, i, 3, text, sizeof text);
    assert_string_equal(text, "true");
    ew_file_close(file);
}

static void metadata_of_config_json(void **state) {
    (void)state;
    ew_file *file = NULL;
    ew_error err = {0};
    char text[256];
    expect_ok(ew_file_open(golden_path("qwen2-f16"), &file, &err), &err);
    assert_string_equal(ew_file_format(file), "safetensors");
    ew_file_meta_text(file, find_meta(file, "num_attention_heads"), 4, text, sizeof text);
    assert_string_equal(text, "3");
    ew_file_meta_text(file, find_meta(file, "rope_parameters"), 4, text, sizeof text); /* of four lines */
    assert_string_equal(text, "{\"rope_theta\": 1000000.0, \"rope_type\": \"default\"}");
    ew_file_meta_text(file, find_meta(file, "format"), 4, text, sizeof text); /* of __metadata__ */
    assert_string_equal(text, "\"pt\"");
    ew_file_close(file);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shards_as_one_list),
        cmocka_unit_test(parts_as_one_list),
        cmocka_unit_test(part_may_say_the_metadata_again),
        cmocka_unit_test(parts_that_disagree),
        cmocka_unit_test(part_that_is_not_the_first),
        cmocka_unit_test(part_is_missing),
        cmocka_unit_test(part_without_its_number),
        cmocka_unit_test(shard_is_missing),
        cmocka_unit_test(index_names_an_absent_tensor),
        cmocka_unit_test(shard_holds_more_than_the_index),
        cmocka_unit_test(tensor_in_two_shards),
        cmocka_unit_test(shard_outside_the_folder),
        cmocka_unit_test(broken_index),
        cmocka_unit_test(too_many_shards),
        cmocka_unit_test(broken_shard_is_named),
        cmocka_unit_test(not_a_model),
        cmocka_unit_test(single_file_finds_its_config),
        cmocka_unit_test(file_of_shards),
        cmocka_unit_test(metadata_as_text),
        cmocka_unit_test(metadata_of_config_json),
    };
    return cmocka_run_group_tests(tests, NULL, scratch_remove);
}
