/*
 * test_gguf_vocab_out.c: vocabularies of tokenizer.json that ew_quantize writes into GGUF files: Llama 2's
 * beside the GGUF file that llama.cpp's converter made of its tokenizer.model, with the ids that llama.cpp
 * expects (models/ggml-vocab-llama-spm.gguf.inp, .out); phi-2's beside the tokenizer.json itself.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "expect.h"
#include "fixtures.h"
#include "format/gguf.h"
#include "hf_folder.h"
#include "os/file.h"
#include "scratch.h"
#include "test.h"
#include "text_file.h"

#define SEPARATOR "\n__ggml_vocab_test__\n"
#define MAX_IDS   1024

/* A Llama of no use, with this vocabulary, as a GGUF file. */
static void make_gguf(const char *vocabulary, unsigned n_vocab, const char *out) {
    char text[2048], target[512];
    ew_error err = {0};
    ew_model *model;
    hf_folder f = hf_folder_new();
    snprintf(text, sizeof text,
             "{\"architectures\":[\"LlamaForCausalLM\"],\"hidden_size\":4,\"intermediate_size\":4,"
             "\"num_hidden_layers\":1,\"num_attention_heads\":1,\"vocab_size\":%u,\"rms_norm_eps\":1e-5,"
             "\"max_position_embeddings\":64,\"tie_word_embeddings\":true,\"hidden_act\":\"silu\"}",
             n_vocab);
    hf_folder_text(&f, "config.json", text);
    const char *const files[] = {"tokenizer.json", "tokenizer_config.json"};
    for (size_t i = 0; i < 2; i++) {
        snprintf(target, sizeof target, "tokenizers/hf-json/%s/%s", vocabulary, files[i]);
        hf_folder_link(&f, files[i], test_fixture(target));
    }
    const char *const names[] = {"model.layers.0.self_attn.q_proj", "model.layers.0.self_attn.k_proj",
                                 "model.layers.0.self_attn.v_proj", "model.layers.0.self_attn.o_proj",
                                 "model.layers.0.mlp.gate_proj",    "model.layers.0.mlp.up_proj",
                                 "model.layers.0.mlp.down_proj"};
    const char *const norms[] = {"model.norm", "model.layers.0.input_layernorm",
                                 "model.layers.0.post_attention_layernorm"};
    size_t at = (size_t)n_vocab * 16;
    int n = snprintf(
        text, sizeof text,
        "{\"model.embed_tokens.weight\":{\"dtype\":\"F32\",\"shape\":[%u,4],\"data_offsets\":[0,%zu]}",
        n_vocab, at);
    for (size_t i = 0; i < 7; i++, at += 64)
        n += snprintf(text + n, sizeof text - (size_t)n,
                      ",\"%s.weight\":{\"dtype\":\"F32\",\"shape\":[4,4],\"data_offsets\":[%zu,%zu]}",
                      names[i], at, at + 64);
    for (size_t i = 0; i < 3; i++, at += 16)
        n += snprintf(text + n, sizeof text - (size_t)n,
                      ",\"%s.weight\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[%zu,%zu]}", norms[i],
                      at, at + 16);
    snprintf(text + n, sizeof text - (size_t)n, "}");
    hf_folder_safetensors(&f, "model.safetensors", text, at);
    expect_ok(ew_model_open(f.path, &model, &err), &err);
    ew_quantize_options how = {.struct_size = sizeof how, .type = "f16"};
    expect_ok(ew_quantize(model, out, &how, NULL, NULL, NULL, &err), &err);
    ew_model_close(model);
}

typedef struct opened {
    ewi_arena arena;
    ewi_map *map;
    ewi_gguf gguf;
} opened;

static void open_gguf(const char *path, opened *o) {
    ew_error err = {0};
    ewi_arena_init(&o->arena, (size_t)64 << 20);
    expect_ok(ewi_map_open(path, &o->map, &err), &err);
    expect_ok(ewi_gguf_parse(ewi_map_bytes(o->map), &o->arena, &o->gguf, &err), &err);
}

static void close_gguf(opened *o) {
    ewi_map_close(o->map);
    ewi_arena_deinit(&o->arena);
}

static void same_key(const opened *a, const opened *b, const char *key) {
    const ewi_gguf_kv *x = ewi_gguf_find(&a->gguf, ewi_str(key)), *y = ewi_gguf_find(&b->gguf, ewi_str(key));
    assert_non_null(x);
    if (!y || x->type != y->type || x->n != y->n || x->value.len != y->value.len ||
        memcmp(x->value.data, y->value.data, x->value.len) != 0)
        fail_msg("%s is another, or missing", key);
}

/* The tokenizer.json of the fixtures has plain blanks where the pieces have U+00A0. */
static void same_tokens(const opened *a, const opened *b) {
    const ewi_gguf_kv *x = ewi_gguf_find(&a->gguf, EWI_STR("tokenizer.ggml.tokens")),
                      *y = ewi_gguf_find(&b->gguf, EWI_STR("tokenizer.ggml.tokens"));
    size_t at_x = 0, at_y = 0, n_others = 0;
    assert_true(x && y && x->n == y->n);
    for (uint64_t i = 0; i < x->n; i++) {
        const ew_str want = ewi_gguf_next_string(x, &at_x), got = ewi_gguf_next_string(y, &at_y);
        if (ewi_str_eq(want, got)) continue;
        assert_non_null(memchr(got.data, ' ', got.len));
        n_others++;
    }
    assert_int_equal(n_others, 4);
}

static void the_metadata(void **state) {
    (void)state;
    opened theirs, ours;
    make_gguf("llama2", 32000, scratch_path("llama2.gguf"));
    open_gguf(test_fixture("tokenizers/ggml-vocab/ggml-vocab-llama-spm.gguf"), &theirs);
    open_gguf(scratch_path("llama2.gguf"), &ours);
    const char *const keys[] = {"tokenizer.ggml.model",         "tokenizer.ggml.pre",
                                "tokenizer.ggml.token_type",    "tokenizer.ggml.bos_token_id",
                                "tokenizer.ggml.eos_token_id",  "tokenizer.ggml.add_bos_token",
                                "tokenizer.ggml.add_eos_token", "tokenizer.ggml.unknown_token_id"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) same_key(&theirs, &ours, keys[i]);
    same_tokens(&theirs, &ours);
    close_gguf(&theirs);
    close_gguf(&ours);
}

static void check_text(const ew_tokenizer *tokenizer, ew_str text, const ew_token *want, size_t n_want) {
    ew_token got[MAX_IDS];
    ew_error err = {0};
    size_t n;
    expect_ok(ew_tokenizer_encode(tokenizer, text, 0, got, MAX_IDS, &n, &err), &err);
    if (n != n_want || n > MAX_IDS || memcmp(got, want, n * sizeof *got) != 0)
        fail_msg("other tokens: \"%.*s\"", (int)text.len, text.data);
}

static void as_llama_cpp_expects(void **state) {
    (void)state;
    size_t size, n_texts = 0;
    ew_tokenizer *tokenizer;
    ew_error err = {0};
    char *texts = text_file_read(test_fixture("tokenizers/ggml-vocab/ggml-vocab-llama-spm.gguf.inp"), &size);
    char *ids = text_file_read(test_fixture("tokenizers/ggml-vocab/ggml-vocab-llama-spm.gguf.out"), &size);
    expect_ok(ew_tokenizer_open(scratch_path("llama2.gguf"), &tokenizer, &err), &err);
    const char *text = texts, *line = ids;
    for (const char *end; (end = strstr(text, SEPARATOR)); text = end + strlen(SEPARATOR), n_texts++) {
        ew_token want[MAX_IDS];
        size_t n = text_file_ids(line, want, MAX_IDS);
        check_text(tokenizer, (ew_str){text, (size_t)(end - text)}, want, n);
        line += strcspn(line, "\n") + 1;
    }
    assert_int_equal(n_texts, 46);
    free(texts);
    free(ids);
    ew_tokenizer_close(tokenizer);
}

static void as_its_own_file(void **state) {
    (void)state;
    size_t size;
    ew_tokenizer *of_json, *of_gguf;
    ew_error err = {0};
    make_gguf("phi-2", 51200, scratch_path("phi-2.gguf"));
    expect_ok(ew_tokenizer_open(test_fixture("tokenizers/hf-json/phi-2/tokenizer.json"), &of_json, &err),
              &err);
    expect_ok(ew_tokenizer_open(scratch_path("phi-2.gguf"), &of_gguf, &err), &err);
    char *texts = text_file_read(test_fixture("tokenizers/ggml-vocab/ggml-vocab-gpt-2.gguf.inp"), &size);
    const char *text = texts;
    for (const char *end; (end = strstr(text, SEPARATOR)); text = end + strlen(SEPARATOR)) {
        ew_token want[MAX_IDS];
        size_t n;
        const ew_str part = {text, (size_t)(end - text)};
        expect_ok(ew_tokenizer_encode(of_json, part, 0, want, MAX_IDS, &n, &err), &err);
        check_text(of_gguf, part, want, n);
    }
    free(texts);
    ew_tokenizer_close(of_json);
    ew_tokenizer_close(of_gguf);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_metadata), cmocka_unit_test(as_llama_cpp_expects),
                                       cmocka_unit_test(as_its_own_file)};
    return cmocka_run_group_tests(tests, NULL, scratch_remove);
}
