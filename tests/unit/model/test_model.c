/* test_model.c: models whose tensors do not fit their metadata are refused, and the text names the
 * culprit; and a file that is truncated while it is in use gives an error, not a signal.
 */
#define _XOPEN_SOURCE 700

#include "model/model.h"

#include "expect.h"
#include "golden.h"
#include "hf_folder.h"
#include "in_child.h"
#include "rig.h"
#include "scratch.h"
#include "text_file.h"
#include "tiny_model.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void refused(const char *path, ew_status status, const char *culprit) {
    ew_model *model = NULL;
    ew_error err = {0};
    expect_refused(ew_model_open(path, &model, &err), status, &err, culprit);
    assert_null(model);
    if (!strstr(err.text, path)) fail_msg("the path is not named: %s", err.text);
}

/* A llama without `omit`, and with whatever the caller adds. */
static gguf_build *without(const char *omit) {
    return tiny_model_build(&(tiny_model){.omit = omit, .no_vocabulary = true});
}

static void gguf_refused(gguf_build *b, ew_status status, const char *culprit) {
    const char *path = scratch_path("bent.gguf");
    gguf_build_write(b, path);
    gguf_build_free(b);
    refused(path, status, culprit);
}

static void with_tensor(const char *name, ewi_dtype dtype, uint32_t n_dims, const uint64_t *dims,
                        ew_status status) {
    gguf_build *b = without(name);
    gguf_build_tensor(b, name, dtype, n_dims, dims, NULL);
    gguf_refused(b, status, name);
}

/* ---- experts ---- */

static gguf_build *sparse_without(const char *omit) {
    return tiny_model_build(
        &(tiny_model){.arch = "qwen3moe", .n_experts = 4, .n_used = 2, .omit = omit, .no_vocabulary = true});
}

static void with_stack(const char *name, uint32_t n_dims, uint64_t n, uint64_t out, uint64_t in) {
    gguf_build *b = sparse_without(name);
    gguf_build_tensor(b, name, EWI_F32, n_dims, (uint64_t[]){n, out, in}, NULL);
    gguf_refused(b, EW_FORMAT, name);
}

static void experts_of_gguf(void **state) {
    (void)state;
    static const char *const names[] = {"blk.0.ffn_gate_exps.weight", "blk.1.ffn_up_exps.weight",
                                        "blk.1.ffn_down_exps.weight"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        uint64_t out = i == 2 ? 64 : 96, in = i == 2 ? 96 : 64;
        gguf_refused(sparse_without(names[i]), EW_FORMAT, names[i]);
        with_stack(names[i], 3, 3, out, in);
        with_stack(names[i], 3, 4, out + 1, in);
        with_stack(names[i], 3, 4, in, out);
        with_stack(names[i], 2, 4 * out, in, 0);
    }
    gguf_refused(sparse_without("blk.1.ffn_gate_inp.weight"), EW_FORMAT, "blk.1.ffn_gate_inp.weight");
    with_stack("blk.0.ffn_gate_inp.weight", 2, 5, 64, 0);
    with_stack("blk.0.ffn_gate_inp.weight", 3, 1, 4, 64);
    gguf_build *b = sparse_without(names[0]);
    gguf_build_tensor(b, names[0], EWI_IQ2_XS, 3, (uint64_t[]){4, 96, 256}, NULL);
    gguf_refused(b, EW_UNSUPPORTED, names[0]);
    b = sparse_without(NULL);
    gguf_build_tensor(b, "blk.0.ffn_up_shexp.weight", EWI_F32, 2, (uint64_t[]){96, 64}, NULL);
    gguf_refused(b, EW_UNSUPPORTED, "blk.0.ffn_up_shexp.weight");
}

/* The golden model under a config.json that counts its experts, or their width, otherwise. */
static void experts_of_a_folder(void **state) {
    (void)state;
    ew_model *model = NULL;
    ew_error err = {0};
    expect_ok(ew_model_open(golden_path("qwen3moe"), &model, &err), &err);
    ew_model_info info = ew_model_get_info(model);
    assert_string_equal(info.arch, "qwen3moe");
    assert_int_equal(info.d_ffn, 24);
    assert_int_equal(model->hparams.n_experts, 8);
    assert_int_equal(model->hparams.n_used, 3);
    assert_true(model->hparams.weighs_to_one);
    ew_model_close(model);
    char config[512], link[600];
    snprintf(link, sizeof link, "%s/model.safetensors", golden_path("qwen3moe"));
    static const struct {
        const char *sizes, *culprit;
    } cases[] = {
        {"\"num_local_experts\": 9, \"moe_intermediate_size\": 24", "model.layers.0.mlp.experts.8.gate_proj"},
        {"\"num_local_experts\": 7, \"moe_intermediate_size\": 24", "mlp.experts.7."},
        {"\"num_local_experts\": 8, \"moe_intermediate_size\": 25", "model.layers.0.mlp.experts.0.gate_proj"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        hf_folder f = hf_folder_new();
        snprintf(config, sizeof config,
                 "{\"architectures\": [\"Qwen3MoeForCausalLM\"], \"hidden_size\": 32, "
                 "\"intermediate_size\": 40, \"num_hidden_layers\": 2, \"num_attention_heads\": 4, "
                 "\"num_key_value_heads\": 2, \"head_dim\": 16, \"max_position_embeddings\": 512, "
                 "\"tie_word_embeddings\": false, \"num_experts_per_tok\": 3, %s}",
                 cases[i].sizes);
        hf_folder_text(&f, "config.json", config);
        hf_folder_link(&f, "model.safetensors", link);
        refused(f.path, i == 1 ? EW_UNSUPPORTED : EW_FORMAT, cases[i].culprit);
    }
}

/* ---- what a good one says ---- */

/* Counted by hand from the sizes in config.json; torch counts the same parameters. */
static void info_of_a_folder(void **state) {
    (void)state;
    ew_model *model = NULL;
    ew_error err = {0};
    expect_ok(ew_model_open(golden_path("llama-gqa"), &model, &err), &err);
    ew_model_info info = ew_model_get_info(model);
    assert_string_equal(info.arch, "llama");
    assert_int_equal(info.n_layers, 2);
    assert_int_equal(info.n_heads, 8);
    assert_int_equal(info.n_kv_heads, 2);
    assert_int_equal(info.head_dim, 16);
    assert_int_equal(info.d_model, 32);
    assert_int_equal(info.d_ffn, 24);
    assert_int_equal(info.n_vocab, 80);
    assert_int_equal(info.n_ctx_train, 512);
    uint64_t layer = 2 * 32 + 2 * 128 * 32 + 2 * 32 * 32 + 3 * 24 * 32;
    assert_int_equal(info.n_params, 2 * layer + 32 + 2 * 80 * 32);
    assert_int_equal(info.weight_bytes, 4 * info.n_params);
    assert_false(info.has_chat_template);
    assert_null(ew_model_tokenizer(model));
    ew_model_close(model);
}

static void vocabulary_and_template(void **state) {
    (void)state;
    ew_model *model = NULL;
    ew_error err = {0};
    const char *path = scratch_path("tiny.gguf");
    tiny_model_write(&(tiny_model){.chat_template = "{{ messages }}", .arch = "qwen2"}, path);
    expect_ok(ew_model_open(path, &model, &err), &err);
    assert_string_equal(ew_model_get_info(model).arch, "qwen2");
    assert_true(ewi_str_is(ew_model_get_info(model).name, "tiny model"));
    assert_true(ew_model_get_info(model).has_chat_template);
    assert_int_equal(ew_tokenizer_n_vocab(ew_model_tokenizer(model)), 320);
    ew_model_close(model);
}

/* Whole in memory and streamed to disk: the helper of these tests makes the same file both ways. */
static void both_ways_of_making_one(void **state) {
    (void)state;
    tiny_model m = {.dtype = EWI_BF16, .biases = true, .n_layers = 3};
    size_t size;
    tiny_model_write(&m, scratch_path("streamed.gguf"));
    char *streamed = text_file_read(scratch_path("streamed.gguf"), &size);
    gguf_build *b = tiny_model_build(&m);
    ewi_bytes whole = gguf_build_finish(b);
    assert_int_equal(size, whole.len);
    assert_memory_equal(streamed, whole.data, size);
    gguf_build_free(b);
    free(streamed);
}

/* ---- tensors ---- */

static void missing_tensor(void **state) {
    (void)state;
    static const char *const names[] = {"token_embd.weight",        "output_norm.weight",
                                        "blk.0.attn_norm.weight",   "blk.1.attn_q.weight",
                                        "blk.0.attn_output.weight", "blk.1.ffn_down.weight"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        gguf_refused(without(names[i]), EW_FORMAT, names[i]);
    gguf_build *b = tiny_model_build(&(tiny_model){.arch = "qwen2", .omit = "blk.1.attn_k.bias"});
    gguf_refused(b, EW_FORMAT, "blk.1.attn_k.bias");
}

static void more_layers_than_tensors(void **state) {
    (void)state;
    gguf_build *b = without("llama.block_count");
    gguf_build_u32(b, "llama.block_count", 512);
    gguf_refused(b, EW_FORMAT, "tensor blk.2.attn_norm.weight: is missing");
}

/* A tensor that nothing reads is a feature that is not known: to leave it out would be wrong in silence. */
static void unknown_tensor(void **state) {
    (void)state;
    static const char *const names[] = {"blk.0.attn_q_norm.weight", "blk.0.ffn_gate_exps.weight",
                                        "blk.0.attn_sinks.weight", "blk.2.attn_norm.weight", "output.bias"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        gguf_build *b = without(NULL);
        gguf_build_tensor(b, names[i], EWI_F32, 1, (uint64_t[]){64}, NULL);
        gguf_refused(b, EW_UNSUPPORTED, names[i]);
    }
    gguf_build *b = tiny_model_build(&(tiny_model){.arch = "mistral", .biases = true});
    gguf_refused(b, EW_UNSUPPORTED, "blk.0.attn_q.bias");
}

static void wrong_shape(void **state) {
    (void)state;
    const struct {
        const char *name;
        uint32_t n_dims;
        uint64_t dims[3];
    } cases[] = {
        {"token_embd.weight", 1, {320 * 64}},      {"token_embd.weight", 2, {320, 63}},
        {"token_embd.weight", 2, {319, 64}},       {"token_embd.weight", 3, {5, 64, 64}},
        {"output_norm.weight", 1, {63}},           {"output_norm.weight", 2, {1, 64}},
        {"blk.0.attn_norm.weight", 1, {65}},       {"blk.0.attn_q.weight", 2, {64, 32}},
        {"blk.0.attn_q.weight", 2, {48, 64}},      {"blk.0.attn_k.weight", 2, {64, 64}},
        {"blk.1.attn_v.weight", 2, {16, 64}},      {"blk.0.attn_output.weight", 2, {64, 48}},
        {"blk.0.attn_output.weight", 2, {48, 64}}, {"blk.1.ffn_up.weight", 2, {95, 64}},
        {"blk.1.ffn_gate.weight", 2, {96, 65}},    {"blk.1.ffn_down.weight", 2, {64, 95}},
        {"blk.1.ffn_down.weight", 1, {64 * 96}},   {"output.weight", 2, {321, 64}},
        {"output.weight", 2, {320, 65}},           {"output.weight", 1, {320 * 64}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        with_tensor(cases[i].name, EWI_F32, cases[i].n_dims, cases[i].dims, EW_FORMAT);
}

static void wrong_bias_shape(void **state) {
    (void)state;
    gguf_build *b = tiny_model_build(&(tiny_model){.arch = "qwen2", .omit = "blk.1.attn_v.bias"});
    gguf_build_tensor(b, "blk.1.attn_v.bias", EWI_F32, 1, (uint64_t[]){31}, NULL);
    gguf_refused(b, EW_FORMAT, "blk.1.attn_v.bias");
    b = tiny_model_build(&(tiny_model){.arch = "qwen2", .omit = "blk.1.attn_v.bias"});
    gguf_build_tensor(b, "blk.1.attn_v.bias", EWI_F32, 2, (uint64_t[]){32, 1}, NULL);
    gguf_refused(b, EW_FORMAT, "blk.1.attn_v.bias");
}

/* Rows of 64 are whole blocks of all these types. */
static void unknown_types(void **state) {
    (void)state;
    const struct {
        const char *name;
        ewi_dtype dtype;
        uint32_t n_dims;
        uint64_t dims[2];
        const char *type;
    } cases[] = {
        {"blk.0.attn_q.weight", EWI_MXFP4, 2, {64, 64}, "MXFP4"},
        {"blk.1.ffn_gate.weight", EWI_Q8_1, 2, {96, 64}, "Q8_1"},
        {"token_embd.weight", EWI_MXFP4, 2, {320, 64}, "MXFP4"},
        {"output.weight", EWI_MXFP4, 2, {320, 64}, "MXFP4"},
        {"blk.0.ffn_norm.weight", EWI_Q8_0, 1, {64}, "Q8_0"},
        {"blk.0.ffn_norm.weight", EWI_I32, 1, {64}, "I32"},
        {"blk.0.ffn_down.weight", EWI_F64, 2, {64, 96}, "F64"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        with_tensor(cases[i].name, cases[i].dtype, cases[i].n_dims, cases[i].dims, EW_UNSUPPORTED);
        gguf_build *b = without(cases[i].name);
        gguf_build_tensor(b, cases[i].name, cases[i].dtype, cases[i].n_dims, cases[i].dims, NULL);
        gguf_refused(b, EW_UNSUPPORTED, cases[i].type);
    }
}

/* ---- vocabularies ---- */

static void contradictory_vocabulary(void **state) {
    (void)state;
    gguf_build *b = without("llama.vocab_size");
    gguf_build_u32(b, "llama.vocab_size", 321);
    gguf_refused(b, EW_FORMAT, "has 320 rows, but the metadata says 321");
    b = tiny_model_build(&(tiny_model){.omit = "token_embd.weight", .tied = true, .n_vocab = 320});
    gguf_build_tensor(b, "token_embd.weight", EWI_F32, 2, (uint64_t[]){300, 64}, NULL);
    gguf_refused(b, EW_FORMAT, "token_embd.weight");
    b = tiny_model_build(&(tiny_model){.omit = "llama.vocab_size", .tied = true, .n_vocab = 320});
    ew_str tokens[321];
    for (size_t i = 0; i < 321; i++) tokens[i] = EWI_STR("x");
    gguf_build_free(b);
    b = tiny_model_build(&(tiny_model){.omit = "tokenizer.ggml.tokens"});
    gguf_build_strings(b, "tokenizer.ggml.tokens", tokens, 321);
    gguf_refused(b, EW_FORMAT, "321");
}

static void special_token_out_of_range(void **state) {
    (void)state;
    static const char *const keys[] = {"tokenizer.ggml.bos_token_id", "tokenizer.ggml.eos_token_id"};
    for (size_t i = 0; i < 2; i++) {
        gguf_build *b = tiny_model_build(&(tiny_model){.omit = keys[i]});
        gguf_build_u32(b, keys[i], 320);
        gguf_refused(b, EW_FORMAT, keys[i]);
    }
}

/* ---- folders ---- */

static char *replaced(char *text, const char *from, const char *to) {
    char *at = strstr(text, from);
    if (!at) fail_msg("%s is not in config.json", from);
    size_t before = (size_t)(at - text), size = strlen(text) + strlen(to) + 1;
    char *out = malloc(size);
    assert_non_null(out);
    snprintf(out, size, "%.*s%s%s", (int)before, text, to, at + strlen(from));
    free(text);
    return out;
}

/* The weights of a golden folder under another config.json. */
static void folder_refused(const char *name, const char *from, const char *to, ew_status status,
                           const char *culprit) {
    char path[1024];
    size_t size;
    hf_folder f = hf_folder_new();
    snprintf(path, sizeof path, "%s/config.json", golden_path(name));
    char *config = replaced(text_file_read(path, &size), from, to);
    hf_folder_text(&f, "config.json", config);
    free(config);
    snprintf(path, sizeof path, "%s/model.safetensors", golden_path(name));
    hf_folder_link(&f, "model.safetensors", path);
    refused(f.path, status, culprit);
}

static void config_and_weights(void **state) {
    (void)state;
    static const char layers[] = "\"num_hidden_layers\": 1", vocab[] = "\"vocab_size\": 80";
    folder_refused("mistral-f32", layers, "\"num_hidden_layers\": 2", EW_FORMAT,
                   "model.layers.1.input_layernorm.weight");
    folder_refused("llama-linear", "\"num_hidden_layers\": 2", layers, EW_UNSUPPORTED,
                   "tensor model.layers.1.");
    folder_refused("mistral-f32", vocab, "\"vocab_size\": 81", EW_FORMAT,
                   "has 80 rows, but the metadata says 81");
    folder_refused("mistral-f32", "\"head_dim\": 16", "\"head_dim\": 8", EW_FORMAT, "self_attn.");
    folder_refused("mistral-f32", "\"intermediate_size\": 24", "\"intermediate_size\": 25", EW_FORMAT,
                   "up_proj.weight");
    folder_refused("mistral-f32", "MistralForCausalLM", "Qwen2ForCausalLM", EW_FORMAT,
                   "q_proj.bias: is missing");
    folder_refused("qwen2-f16", "Qwen2ForCausalLM", "MistralForCausalLM", EW_UNSUPPORTED, "_proj.bias");
    folder_refused("phi3", "\"intermediate_size\": 40", "\"intermediate_size\": 20", EW_FORMAT,
                   "gate_up_proj.weight: must have 40 rows");
    folder_refused("phi3", "\"num_key_value_heads\": 2", "\"num_key_value_heads\": 1", EW_FORMAT,
                   "qkv_proj.weight: must have 48 rows");
    folder_refused("qwen3moe-stacked", "\"num_local_experts\": 4", "\"num_local_experts\": 3", EW_FORMAT,
                   "experts.gate_up_proj: is not a stack of 3");
    folder_refused("qwen3moe-stacked", "\"moe_intermediate_size\": 12", "\"moe_intermediate_size\": 13",
                   EW_FORMAT, "experts.gate_up_proj");
    folder_refused("qwen3moe-stacked", "\"decoder_sparse_step\": 2", "\"decoder_sparse_step\": 1", EW_FORMAT,
                   "model.layers.0.mlp.gate.weight: is missing");
    folder_refused("qwen3moe-stacked", "\"intermediate_size\": 40", "\"intermediate_size\": 41", EW_FORMAT,
                   "up_proj.weight");
    folder_refused("stablelm-heads", "\"num_attention_heads\": 4", "\"num_attention_heads\": 2", EW_FORMAT,
                   "q_layernorm.norms.0.weight: must have the shape [16]");
    folder_refused("stablelm-heads", "\"qk_layernorm\": true", "\"qk_layernorm\": false", EW_UNSUPPORTED,
                   "_layernorm.norms.");
    folder_refused("command-r-plus", "\"num_key_value_heads\": 2", "\"num_key_value_heads\": 1", EW_FORMAT,
                   "k_norm.weight: must have the shape [1, 8]");
    folder_refused("gptneox", "\"num_key_value_heads\": 2", "\"num_key_value_heads\": 1", EW_FORMAT,
                   "query_key_value.weight: must have 64 rows");
    folder_refused("gpt2", "\"n_positions\": 256", "\"n_positions\": 255", EW_FORMAT, "wpe.weight");
    folder_refused("gpt2", "\"n_embd\": 32", "\"n_embd\": 64", EW_FORMAT, "wte.weight");
    folder_refused("qwen3", "\"head_dim\": 16", "\"head_dim\": 8", EW_FORMAT, "self_attn.");
    folder_refused("llama-tied-bf16", "\"tie_word_embeddings\": true", "\"tie_word_embeddings\": false",
                   EW_FORMAT, "tensor lm_head.weight: is missing");
}

static void folder_without_config(void **state) {
    (void)state;
    char path[1024];
    hf_folder f = hf_folder_new();
    snprintf(path, sizeof path, "%s/model.safetensors", golden_path("mistral-f32"));
    hf_folder_link(&f, "model.safetensors", path);
    refused(f.path, EW_FORMAT, "config.json");
}

/* What generation_config.json recommends, in a folder and in the package that is made of it. */
static void expect_sampling(const char *path, float temperature, int32_t top_k) {
    ew_model *model;
    ew_error err = {0};
    expect_ok(ew_model_open(path, &model, &err), &err);
    ew_model_sampling sampling = ew_model_get_sampling(model);
    assert_float_equal(sampling.temperature, temperature, 0);
    assert_int_equal(sampling.top_k, top_k);
    assert_true(sampling.top_p < 0 && sampling.min_p < 0 && sampling.repeat_penalty < 0);
    ew_model_close(model);
}

static void quantize(const char *from, const char *to) {
    ew_model *model;
    ew_error err = {0};
    expect_ok(ew_model_open(from, &model, &err), &err);
    ew_quantize_options options = {.struct_size = sizeof options, .type = "q8c"};
    expect_ok(ew_quantize(model, to, &options, NULL, NULL, NULL, &err), &err);
    ew_model_close(model);
}

static void sampling_of_the_makers(void **state) {
    (void)state;
    char path[1024];
    hf_folder f = hf_folder_new();
    snprintf(path, sizeof path, "%s/config.json", golden_path("mistral-f32"));
    hf_folder_link(&f, "config.json", path);
    snprintf(path, sizeof path, "%s/model.safetensors", golden_path("mistral-f32"));
    hf_folder_link(&f, "model.safetensors", path);
    expect_sampling(f.path, -1, -1);
    hf_folder_text(&f, "generation_config.json", "{\"temperature\":0.5,\"top_k\":7}");
    expect_sampling(f.path, 0.5f, 7);
    quantize(f.path, scratch_path("package"));
    expect_sampling(scratch_path("package"), 0.5f, 7);
    hf_folder_text(&f, "generation_config.json", "{\"temperature\":-1}");
    refused(f.path, EW_FORMAT, "generation_config.json: temperature");
}

/* ---- a file that is truncated while it is in use ---- */

/* ThreadSanitizer takes the page of zeros that the guard puts in place for a write that races with its
 * readers. */
#ifdef __SANITIZE_THREAD__
#define N_THREADS 1
#else
#define N_THREADS 2
#endif

static void forget(void *user, size_t row, const float *logits) {
    (void)user;
    (void)row;
    (void)logits;
}

/* Larger than what opening touches, so that a step meets lost pages. */
static void step_on_a_truncated_file(void *arg) {
    const char *path = arg;
    ew_error err = {0};
    expect_ok(ew_guard_install(&err), &err);
    tiny_model_write(&(tiny_model){.d_model = 256, .d_ffn = 1024, .n_layers = 4, .no_vocabulary = true},
                     path);
    rig r = rig_open(path, &(ew_engine_options){.n_threads = N_THREADS});
    free(rig_logits(&r, (ew_token[]){1, 2, 3}, 3));
    assert_int_equal(truncate(path, 65536), 0);
    for (int i = 0; i < 2; i++) {
        err = (ew_error){0};
        expect_refused(ew_eval(r.session, (ew_token[]){4}, 1, forget, NULL, &err), EW_IO, &err, path);
        assert_int_equal(ew_session_length(r.session), 3);
    }
    rig_close(&r);
    /* Opened again it is refused for what it is now. */
    ew_model *model = NULL;
    err = (ew_error){0};
    expect_refused(ew_model_open(path, &model, &err), EW_FORMAT, &err, "past the end");
}

static void truncated_while_stepping(void **state) {
    (void)state;
    char path[1024];
    snprintf(path, sizeof path, "%s", scratch_path("shrinks.gguf"));
    in_child(step_on_a_truncated_file, path);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(experts_of_gguf),
        cmocka_unit_test(experts_of_a_folder),
        cmocka_unit_test(info_of_a_folder),
        cmocka_unit_test(vocabulary_and_template),
        cmocka_unit_test(both_ways_of_making_one),
        cmocka_unit_test(missing_tensor),
        cmocka_unit_test(more_layers_than_tensors),
        cmocka_unit_test(unknown_tensor),
        cmocka_unit_test(wrong_shape),
        cmocka_unit_test(wrong_bias_shape),
        cmocka_unit_test(unknown_types),
        cmocka_unit_test(contradictory_vocabulary),
        cmocka_unit_test(special_token_out_of_range),
        cmocka_unit_test(config_and_weights),
        cmocka_unit_test(folder_without_config),
        cmocka_unit_test(sampling_of_the_makers),
        cmocka_unit_test(truncated_while_stepping),
    };
    return cmocka_run_group_tests(tests, NULL, scratch_remove);
}
