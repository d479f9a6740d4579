/* test_hparams.c: sizes and constants of a model: what is missing, absurd, contradictory or not
 * implemented is named.
 *
 * Keys of GGUF: ggml-org/ggml, docs/gguf.md. Keys of config.json: the configuration classes of
 * transformers.
 */
#include "model/hparams.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "expect.h"
#include "tiny_model.h"

/* ---- GGUF ---- */

static ew_status read_gguf(gguf_build *b, ewi_hparams *out, ew_error *err) {
    ewi_arena arena;
    ewi_gguf gguf;
    ewi_bytes file = gguf_build_finish(b);
    ewi_checkpoint checkpoint = {.kind = EWI_CHECKPOINT_GGUF};
    ewi_arena_init(&arena, 1u << 20);
    expect_ok(ewi_gguf_parse(file, &arena, &gguf, err), err);
    checkpoint.gguf = gguf;
    ew_status status = ewi_hparams_read(&checkpoint, out, err);
    ewi_arena_deinit(&arena);
    return status;
}

/* A llama with `key` left out, for the caller to put back. */
static gguf_build *without(const char *key) {
    return tiny_model_build(&(tiny_model){.no_vocabulary = true, .omit = key});
}

static void refused(gguf_build *b, ew_status status, const char *culprit) {
    ewi_hparams h;
    ew_error err = {0};
    expect_refused(read_gguf(b, &h, &err), status, &err, culprit);
    gguf_build_free(b);
}

static ewi_hparams accepted(gguf_build *b) {
    ewi_hparams h;
    ew_error err = {0};
    expect_ok(read_gguf(b, &h, &err), &err);
    gguf_build_free(b);
    return h;
}

static void with_u32(const char *key, uint32_t value, ew_status status, const char *culprit) {
    gguf_build *b = without(key);
    gguf_build_u32(b, key, value);
    refused(b, status, culprit);
}

static void with_f32(const char *key, float value, const char *culprit) {
    gguf_build *b = without(key);
    gguf_build_f32(b, key, value);
    refused(b, EW_FORMAT, culprit);
}

static void gguf_sizes_as_written(void **state) {
    (void)state;
    ewi_hparams h = accepted(tiny_model_build(&(tiny_model){.n_layers = 3,
                                                            .n_heads = 6,
                                                            .n_kv_heads = 3,
                                                            .head_dim = 8,
                                                            .d_model = 40,
                                                            .d_ffn = 72,
                                                            .n_vocab = 300,
                                                            .n_ctx = 777}));
    assert_string_equal(h.arch->name, "llama");
    assert_int_equal(h.n_layers, 3);
    assert_int_equal(h.n_heads, 6);
    assert_int_equal(h.n_kv_heads, 3);
    assert_int_equal(h.head_dim, 8);
    assert_int_equal(h.d_model, 40);
    assert_int_equal(h.d_ffn, 72);
    assert_int_equal(h.n_vocab, 300);
    assert_int_equal(h.n_ctx_train, 777);
    assert_int_equal(h.rope_dims, 8);
    assert_true(h.rope_base == 10000.0);
    assert_true(h.norm_eps == 1e-5f);
}

/* ---- experts ---- */

static gguf_build *sparse_without(const char *key) {
    return tiny_model_build(
        &(tiny_model){.arch = "qwen3moe", .n_experts = 8, .n_used = 3, .no_vocabulary = true, .omit = key});
}

static void sparse_with(const char *key, uint32_t value, ew_status status, const char *culprit) {
    gguf_build *b = sparse_without(key);
    gguf_build_u32(b, key, value);
    refused(b, status, culprit);
}

static void gguf_experts(void **state) {
    (void)state;
    ewi_hparams h = accepted(sparse_without(NULL));
    assert_int_equal(h.n_experts, 8);
    assert_int_equal(h.n_used, 3);
    assert_true(h.weighs_to_one);
    static const char *const keys[] = {"qwen3moe.expert_count", "qwen3moe.expert_used_count"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        refused(sparse_without(keys[i]), EW_FORMAT, keys[i]);
        sparse_with(keys[i], 0, EW_FORMAT, keys[i]);
        sparse_with(keys[i], UINT32_MAX, EW_FORMAT, keys[i]);
    }
    sparse_with("qwen3moe.expert_used_count", 9, EW_FORMAT, "9 of 8 experts");
    sparse_with("qwen3moe.expert_shared_count", 1, EW_UNSUPPORTED, "expert_shared_count");
    sparse_with("qwen3moe.expert_gating_func", 2, EW_UNSUPPORTED, "expert_gating_func");
    sparse_with("qwen3moe.leading_dense_block_count", 1, EW_UNSUPPORTED, "leading_dense_block_count");
    gguf_build *b = sparse_without(NULL);
    gguf_build_f32(b, "qwen3moe.expert_weights_scale", 2.5f);
    refused(b, EW_UNSUPPORTED, "expert_weights_scale");
    b = sparse_without(NULL);
    gguf_build_bool(b, "qwen3moe.expert_weights_norm", false);
    assert_false(accepted(b).weighs_to_one);
    assert_int_equal(accepted(sparse_without("qwen3moe.expert_feed_forward_length")).d_ffn, 96);
    with_u32("llama.expert_count", 8, EW_UNSUPPORTED, "expert_count");
}

/* docs/gguf.md: head_count_kv defaults to head_count, key_length to embedding_length / head_count,
 * rope.freq_base to 10000. */
static void gguf_defaults(void **state) {
    (void)state;
    assert_int_equal(accepted(without("llama.attention.head_count_kv")).n_kv_heads, 4);
    assert_true(accepted(without("llama.rope.freq_base")).rope_base == 10000.0);
    assert_int_equal(accepted(without("llama.rope.dimension_count")).rope_dims, 16);
    gguf_build *b = tiny_model_build(
        &(tiny_model){.d_model = 48, .n_heads = 3, .n_kv_heads = 1, .omit = "llama.attention.key_length"});
    assert_int_equal(accepted(b).head_dim, 16);
    assert_int_equal(accepted(without("llama.vocab_size")).n_vocab, 0);
}

static void gguf_missing(void **state) {
    (void)state;
    static const char *const keys[] = {"llama.block_count", "llama.embedding_length",
                                       "llama.feed_forward_length", "llama.context_length",
                                       "llama.attention.head_count"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) refused(without(keys[i]), EW_FORMAT, keys[i]);
    refused(without("general.architecture"), EW_FORMAT, "general.architecture");
}

static void gguf_zero(void **state) {
    (void)state;
    static const char *const keys[] = {"llama.block_count",          "llama.embedding_length",
                                       "llama.feed_forward_length",  "llama.context_length",
                                       "llama.attention.head_count", "llama.attention.head_count_kv",
                                       "llama.attention.key_length", "llama.attention.value_length",
                                       "llama.rope.dimension_count", "llama.vocab_size"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) with_u32(keys[i], 0, EW_FORMAT, keys[i]);
}

static void gguf_absurd(void **state) {
    (void)state;
    static const char *const keys[] = {
        "llama.block_count",    "llama.embedding_length",     "llama.feed_forward_length",
        "llama.context_length", "llama.attention.head_count", "llama.attention.head_count_kv",
        "llama.vocab_size",     "llama.attention.key_length", "llama.rope.dimension_count"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        with_u32(keys[i], 0x80000000u, EW_FORMAT, keys[i]);
        with_u32(keys[i], UINT32_MAX, EW_FORMAT, keys[i]);
        gguf_build *b = without(keys[i]);
        gguf_build_u64(b, keys[i], (uint64_t)1 << 63);
        refused(b, EW_FORMAT, keys[i]);
        b = without(keys[i]);
        gguf_build_i64(b, keys[i], -2);
        refused(b, EW_FORMAT, keys[i]);
        b = without(keys[i]);
        gguf_build_str(b, keys[i], "2");
        refused(b, EW_FORMAT, keys[i]);
    }
}

static void gguf_bad_constants(void **state) {
    (void)state;
    static const char eps[] = "llama.attention.layer_norm_rms_epsilon", base[] = "llama.rope.freq_base";
    with_f32(eps, NAN, eps);
    with_f32(eps, -1e-5f, eps);
    with_f32(eps, 1.0f, eps);
    with_f32(eps, INFINITY, eps);
    with_f32(base, NAN, base);
    with_f32(base, 0.0f, base);
    with_f32(base, -10000.0f, base);
    with_f32(base, INFINITY, base);
    gguf_build *b = without(eps);
    gguf_build_str(b, eps, "1e-5");
    refused(b, EW_FORMAT, eps);
}

static void gguf_contradictions(void **state) {
    (void)state;
    with_u32("llama.attention.head_count", 3, EW_FORMAT, "3 attention heads cannot share 2");
    with_u32("llama.attention.head_count_kv", 3, EW_FORMAT, "4 attention heads cannot share 3");
    with_u32("llama.attention.head_count_kv", 8, EW_FORMAT, "4 attention heads cannot share 8");
    with_u32("llama.rope.dimension_count", 15, EW_FORMAT, "15 of the 16");
    with_u32("llama.rope.dimension_count", 32, EW_FORMAT, "32 of the 16");
    with_u32("llama.attention.value_length", 8, EW_UNSUPPORTED, "16 for keys and 8 for values");
}

/* Some converters write one value for each layer. */
static void gguf_value_per_layer(void **state) {
    (void)state;
    static const char key[] = "llama.attention.head_count_kv";
    static const uint32_t same[] = {2, 2}, differing[] = {2, 1};
    enum { TYPE_U32 = 4 };
    gguf_build *b = without(key);
    gguf_build_array(b, key, TYPE_U32, same, 2, sizeof same[0]);
    assert_int_equal(accepted(b).n_kv_heads, 2);
    b = without(key);
    gguf_build_array(b, key, TYPE_U32, differing, 2, sizeof differing[0]);
    refused(b, EW_UNSUPPORTED, key);
    b = without(key);
    gguf_build_array(b, key, TYPE_U32, NULL, 0, sizeof same[0]);
    refused(b, EW_FORMAT, key);
}

static void gguf_unsupported(void **state) {
    (void)state;
    static const char *const keys[] = {"llama.expert_count",      "llama.attention.sliding_window",
                                       "llama.rope.scale_linear", "llama.attn_logit_softcapping",
                                       "llama.logit_scale",       "llama.residual_scale"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) with_u32(keys[i], 8, EW_UNSUPPORTED, keys[i]);
    gguf_build *b = without(NULL);
    gguf_build_str(b, "llama.rope.scaling.type", "dynamic");
    refused(b, EW_UNSUPPORTED, "llama.rope.scaling.type");
    b = without(NULL);
    gguf_build_str(b, "llama.rope.scaling.type", "none");
    gguf_build_u32(b, "llama.expert_count", 0);
    accepted(b);
    b = without("general.architecture");
    gguf_build_str(b, "general.architecture", "t5");
    refused(b, EW_UNSUPPORTED, "architecture t5");
    b = without("general.architecture");
    gguf_build_u32(b, "general.architecture", 1);
    refused(b, EW_FORMAT, "general.architecture");
}

static gguf_build *encoder(void) {
    gguf_build *b = gguf_build_new();
    gguf_build_str(b, "general.architecture", "modern-bert");
    gguf_build_u32(b, "modern-bert.block_count", 4);
    gguf_build_u32(b, "modern-bert.embedding_length", 64);
    gguf_build_u32(b, "modern-bert.feed_forward_length", 96);
    gguf_build_u32(b, "modern-bert.context_length", 512);
    gguf_build_u32(b, "modern-bert.attention.head_count", 4);
    return b;
}

/* The first layer of three sees all; the others 8 positions to each side, their own between them. */
static void gguf_of_an_encoder(void **state) {
    (void)state;
    gguf_build *b = encoder();
    gguf_build_u32(b, "modern-bert.attention.sliding_window", 16);
    gguf_build_bool(b, "modern-bert.attention.causal", false);
    gguf_build_u32(b, "modern-bert.pooling_type", 2);
    gguf_build_str(b, "modern-bert.hidden_activation", "silu");
    ewi_hparams h = accepted(b);
    static const uint8_t layers[] = {0, EWI_LAYER_LOCAL, EWI_LAYER_LOCAL, 0};
    assert_memory_equal(h.layers, layers, sizeof layers);
    assert_int_equal(h.window, 9);
    assert_int_equal(h.pooling, EW_POOLING_CLS);
    assert_int_equal(h.act, EWI_ACT_SILU);
    assert_true(h.is_headless);
    refused(encoder(), EW_FORMAT, "modern-bert.attention.sliding_window: is missing");
    b = encoder();
    gguf_build_bool(b, "modern-bert.attention.causal", true);
    refused(b, EW_UNSUPPORTED, "modern-bert.attention.causal: true");
    b = without(NULL);
    gguf_build_bool(b, "llama.attention.causal", false);
    refused(b, EW_UNSUPPORTED, "llama.attention.causal: false");
    b = without(NULL);
    gguf_build_u32(b, "llama.pooling_type", 4);
    refused(b, EW_UNSUPPORTED, "llama.pooling_type: 4");
    b = without(NULL);
    gguf_build_str(b, "llama.hidden_activation", "relu");
    refused(b, EW_UNSUPPORTED, "llama.hidden_activation: relu");
}

static gguf_build *scaled(const char *kind, float factor, uint32_t original) {
    gguf_build *b = without(NULL);
    if (kind) gguf_build_str(b, "llama.rope.scaling.type", kind);
    if (factor != 0) gguf_build_f32(b, "llama.rope.scaling.factor", factor);
    if (original) gguf_build_u32(b, "llama.rope.scaling.original_context_length", original);
    return b;
}

static void gguf_rope_scaling(void **state) {
    (void)state;
    ewi_hparams h = accepted(scaled("linear", 4, 0));
    assert_true(h.rope.kind == EWI_ROPE_LINEAR && h.rope.factor == 4);
    h = accepted(scaled("yarn", 8, 256));
    assert_true(h.rope.kind == EWI_ROPE_YARN && h.rope.factor == 8 && h.rope.n_ctx_original == 256);
    assert_int_equal(accepted(scaled("yarn", 8, 0)).rope.n_ctx_original, 512);
    refused(scaled("linear", 0, 0), EW_FORMAT, "rope_scaling: factor");
    refused(scaled("linear", -1, 0), EW_FORMAT, "llama.rope.scaling.factor");
    refused(scaled("linear", NAN, 0), EW_FORMAT, "llama.rope.scaling.factor");
    refused(scaled(NULL, 4, 0), EW_FORMAT, "llama.rope.scaling.factor: without");
    gguf_build *b = scaled("yarn", 8, 256);
    gguf_build_f32(b, "llama.rope.scaling.attn_factor", 0);
    refused(b, EW_FORMAT, "llama.rope.scaling.attn_factor");
    b = scaled("yarn", 8, 256);
    gguf_build_f32(b, "llama.rope.scaling.attn_factor", 2);
    refused(b, EW_UNSUPPORTED, "llama.rope.scaling.attn_factor");
    b = scaled("yarn", 8, 256);
    gguf_build_f32(b, "llama.rope.scaling.yarn_log_multiplier", 0.1f);
    refused(b, EW_UNSUPPORTED, "llama.rope.scaling.yarn_log_multiplier");
}

/* ---- config.json ---- */

typedef struct member {
    const char *key, *value;
} member;

static const member base_config[] = {
    {"architectures", "[\"LlamaForCausalLM\"]"},
    {"model_type", "\"llama\""},
    {"hidden_act", "\"silu\""},
    {"hidden_size", "64"},
    {"intermediate_size", "96"},
    {"num_hidden_layers", "2"},
    {"num_attention_heads", "4"},
    {"num_key_value_heads", "2"},
    {"max_position_embeddings", "512"},
    {"rms_norm_eps", "1e-05"},
    {"rope_theta", "10000.0"},
    {"tie_word_embeddings", "false"},
    {"vocab_size", "300"},
};

/* The base with one member replaced (value NULL: left out) or added. */
static void write_config(char *out, size_t cap, const char *key, const char *value) {
    size_t n = 0;
    bool found = false;
    for (size_t i = 0; i < sizeof base_config / sizeof base_config[0]; i++) {
        const member *m = &base_config[i];
        bool is_it = key && strcmp(m->key, key) == 0;
        found |= is_it;
        if (is_it && !value) continue;
        n += (size_t)snprintf(out + n, cap - n, "%s\"%s\": %s", n ? ", " : "{", m->key,
                              is_it ? value : m->value);
    }
    if (!found && value) n += (size_t)snprintf(out + n, cap - n, ", \"%s\": %s", key, value);
    snprintf(out + n, cap - n, "}");
}

static ew_status read_text(const char *text, ewi_hparams *out, ew_error *err) {
    ewi_checkpoint checkpoint = {.kind = EWI_CHECKPOINT_SAFETENSORS, .folder = "the-folder"};
    checkpoint.config = (ewi_bytes){(const uint8_t *)text, strlen(text)};
    ewi_arena_init(&checkpoint.arena, 1u << 20);
    ew_status status = ewi_hparams_read(&checkpoint, out, err);
    ewi_arena_deinit(&checkpoint.arena);
    return status;
}

static void config_refused(const char *key, const char *value, ew_status status, const char *culprit) {
    char text[4096];
    ewi_hparams h;
    ew_error err = {0};
    write_config(text, sizeof text, key, value);
    expect_refused(read_text(text, &h, &err), status, &err, culprit);
    if (!strstr(err.text, "config.json")) fail_msg("the file is not named: %s", err.text);
}

static ewi_hparams config_accepted(const char *key, const char *value) {
    char text[4096];
    ewi_hparams h;
    ew_error err = {0};
    write_config(text, sizeof text, key, value);
    expect_ok(read_text(text, &h, &err), &err);
    return h;
}

static void config_as_written(void **state) {
    (void)state;
    ewi_hparams h = config_accepted(NULL, NULL);
    assert_string_equal(h.arch->name, "llama");
    assert_int_equal(h.n_layers, 2);
    assert_int_equal(h.n_heads, 4);
    assert_int_equal(h.n_kv_heads, 2);
    assert_int_equal(h.head_dim, 16);
    assert_int_equal(h.d_model, 64);
    assert_int_equal(h.d_ffn, 96);
    assert_int_equal(h.n_vocab, 300);
    assert_int_equal(h.n_ctx_train, 512);
    assert_true(h.norm_eps == 1e-5f && h.rope_base == 10000.0);
    assert_int_equal(h.pairing, EWI_ROPE_HALVES);
    assert_int_equal(config_accepted("head_dim", "32").head_dim, 32);
    assert_int_equal(config_accepted("head_dim", "null").head_dim, 16);
    assert_int_equal(config_accepted("num_key_value_heads", NULL).n_kv_heads, 4);
    assert_int_equal(config_accepted("num_key_value_heads", "null").n_kv_heads, 4);
    assert_true(config_accepted("rope_parameters", "{\"rope_type\": \"default\", \"rope_theta\": 500000.0}")
                    .rope_base > 0);
    assert_int_equal(config_accepted("tie_word_embeddings", "true").output, EWI_ABSENT);
    assert_int_equal(config_accepted(NULL, NULL).output, EWI_REQUIRED);
    assert_string_equal(config_accepted("architectures", "[\"Qwen2ForCausalLM\"]").arch->name, "qwen2");
    assert_string_equal(config_accepted("architectures", "[\"MistralForCausalLM\"]").arch->name, "mistral");
}

static void config_sizes(void **state) {
    (void)state;
    static const char *const keys[] = {"hidden_size", "intermediate_size", "num_hidden_layers",
                                       "num_attention_heads", "max_position_embeddings"};
    static const char *const more[] = {"head_dim", "num_key_value_heads", "vocab_size"};
    static const char *const values[] = {"0",   "-1",    "2147483648", "18446744073709551616",
                                         "1.5", "\"2\"", "[2]",        "true"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        config_refused(keys[i], NULL, EW_FORMAT, keys[i]);
        for (size_t k = 0; k < sizeof values / sizeof values[0]; k++)
            config_refused(keys[i], values[k], EW_FORMAT, keys[i]);
    }
    for (size_t i = 0; i < sizeof more / sizeof more[0]; i++)
        for (size_t k = 0; k < sizeof values / sizeof values[0]; k++)
            config_refused(more[i], values[k], EW_FORMAT, more[i]);
}

/* A config.json of which the rest is good. */
static ew_status read_sparse(const char *arch, const char *more, ewi_hparams *h, ew_error *err) {
    char text[1024];
    ewi_checkpoint checkpoint = {.kind = EWI_CHECKPOINT_SAFETENSORS};
    snprintf(text, sizeof text,
             "{\"architectures\": [\"%s\"], \"hidden_size\": 64, \"intermediate_size\": 96, "
             "\"num_hidden_layers\": 2, \"num_attention_heads\": 4, \"max_position_embeddings\": 512, %s}",
             arch, more);
    checkpoint.config = (ewi_bytes){(const uint8_t *)text, strlen(text)};
    ewi_arena_init(&checkpoint.arena, 1u << 20);
    ew_status status = ewi_hparams_read(&checkpoint, h, err);
    ewi_arena_deinit(&checkpoint.arena);
    return status;
}

static void sparse_refused(const char *more, ew_status status, const char *culprit) {
    ewi_hparams h;
    ew_error err = {0};
    expect_refused(read_sparse("Qwen3MoeForCausalLM", more, &h, &err), status, &err, culprit);
}

#define SIZES "\"num_experts\": 8, \"num_experts_per_tok\": 2, \"moe_intermediate_size\": 24"

static void config_experts(void **state) {
    (void)state;
    ewi_hparams h;
    ew_error err = {0};
    expect_ok(read_sparse("Qwen3MoeForCausalLM", SIZES ", \"norm_topk_prob\": true", &h, &err), &err);
    assert_int_equal(h.n_experts, 8);
    assert_int_equal(h.n_used, 2);
    assert_int_equal(h.d_ffn, 24);
    assert_true(h.weighs_to_one);
    expect_ok(read_sparse("Qwen3MoeForCausalLM",
                          SIZES ", \"mlp_only_layers\": [], \"decoder_sparse_step\": 1", &h, &err),
              &err);
    assert_false(h.weighs_to_one);
    expect_ok(read_sparse("OlmoeForCausalLM", "\"num_experts\": 8, \"num_experts_per_tok\": 8", &h, &err),
              &err);
    assert_int_equal(h.d_ffn, 96);
    sparse_refused("\"num_experts_per_tok\": 2", EW_FORMAT, "num_experts: is missing");
    sparse_refused("\"num_experts\": 8", EW_FORMAT, "num_experts_per_tok: is missing");
    sparse_refused("\"num_experts\": 0", EW_FORMAT, "num_experts");
    sparse_refused("\"num_experts\": 4096", EW_FORMAT, "num_experts");
    sparse_refused("\"num_experts\": 2, \"num_experts_per_tok\": 3", EW_FORMAT, "3 of 2 experts");
    sparse_refused(SIZES ", \"mlp_only_layers\": [-1]", EW_FORMAT, "mlp_only_layers");
    sparse_refused(SIZES ", \"mlp_only_layers\": 1", EW_FORMAT, "mlp_only_layers");
    sparse_refused(SIZES ", \"clip_qkv\": 8.0", EW_UNSUPPORTED, "clip_qkv");
    sparse_refused(SIZES ", \"use_sliding_window\": true", EW_UNSUPPORTED, "use_sliding_window");
    expect_refused(read_sparse("LlamaForCausalLM", SIZES, &h, &err), EW_UNSUPPORTED, &err, "num_experts");
}

static void config_contradictions(void **state) {
    (void)state;
    config_refused("num_key_value_heads", "3", EW_FORMAT, "4 attention heads cannot share 3");
    config_refused("num_attention_heads", "7", EW_FORMAT, "7 attention heads cannot share 2");
    config_refused("hidden_size", "6", EW_FORMAT, "hidden_size 6 is too small");
    config_refused("head_dim", "15", EW_FORMAT, "15 of the 15");
    config_refused("rms_norm_eps", "1.0", EW_FORMAT, "rms_norm_eps");
    config_refused("rms_norm_eps", "-1e-5", EW_FORMAT, "rms_norm_eps");
    config_refused("rms_norm_eps", "NaN", EW_FORMAT, "rms_norm_eps");
    config_refused("rope_theta", "0", EW_FORMAT, "rope_theta");
    config_refused("rope_theta", "1e999", EW_FORMAT, "rope_theta");
}

static void config_unsupported(void **state) {
    (void)state;
    config_refused("hidden_act", "\"relu\"", EW_UNSUPPORTED, "hidden_act: \"relu\"");
    config_refused("rope_scaling", "{\"type\": \"xdrope\", \"factor\": 2.0}", EW_UNSUPPORTED,
                   "rope_scaling: type: \"xdrope\"");
    config_refused("rope_scaling",
                   "{\"type\": \"dynamic\", \"factor\": 2.0, \"original_max_position_embeddings\": 64}",
                   EW_UNSUPPORTED, "original_max_position_embeddings is not implemented with dynamic");
    config_refused("rope_scaling", "{\"type\": \"dynamic\", \"factor\": 2.0, \"attention_factor\": 2.0}",
                   EW_UNSUPPORTED, "attention_factor");
    config_refused("rope_parameters", "{\"rope_type\": \"default\", \"mrope_section\": [1]}", EW_UNSUPPORTED,
                   "mrope_section");
    config_refused("partial_rotary_factor", "0.5", EW_UNSUPPORTED, "partial_rotary_factor");
    config_refused("quantization_config", "{\"quant_method\": \"gptq\"}", EW_UNSUPPORTED,
                   "quantization_config");
    config_refused("use_sliding_window", "true", EW_UNSUPPORTED, "use_sliding_window");
    config_refused("architectures", "[\"T5ForConditionalGeneration\"]", EW_UNSUPPORTED,
                   "architecture T5ForConditionalGeneration");
    config_refused("position_embedding_type", "\"relative_key\"", EW_UNSUPPORTED, "position_embedding_type");
    config_refused("is_decoder", "true", EW_UNSUPPORTED, "is_decoder");
    config_refused("local_attention", "128", EW_UNSUPPORTED, "local_attention");
    config_refused("logit_scale", "0.5", EW_UNSUPPORTED, "logit_scale");
    config_refused("embedding_multiplier", "12", EW_UNSUPPORTED, "embedding_multiplier");
    config_refused("attn_logit_softcapping", "50.0", EW_UNSUPPORTED, "attn_logit_softcapping");
    config_refused("alibi", "true", EW_UNSUPPORTED, "alibi");
    config_refused("use_qk_norm", "true", EW_UNSUPPORTED, "use_qk_norm");
    config_refused("use_bidirectional_attention", "true", EW_UNSUPPORTED, "use_bidirectional_attention");
    config_refused("layer_types", "[\"full_attention\", \"sliding_attention\"]", EW_FORMAT, "layer 1 slides");
    config_refused("layer_types", "[\"full_attention\", \"linear_attention\"]", EW_UNSUPPORTED,
                   "layer_types: \"linear_attention\"");
    config_refused("layer_types", "[\"full_attention\"]", EW_FORMAT, "layer_types: not one value");
    config_refused("no_rope_layers", "[1, 0]", EW_UNSUPPORTED, "no_rope_layers");
    config_accepted("rope_scaling", "null");
    config_accepted("use_sliding_window", "false");
    config_accepted("mlp_bias", "false");
}

/* Mistral's window is in force when it is there; Qwen2 has a switch beside it. */
static void config_windows(void **state) {
    (void)state;
    ewi_hparams h;
    ew_error err = {0};
    static const char format[] =
        "{\"architectures\": [\"%s\"], \"hidden_size\": 64, \"intermediate_size\": 96, "
        "\"num_hidden_layers\": 1, \"num_attention_heads\": 4, "
        "\"max_position_embeddings\": 512, \"sliding_window\": %s}";
    const struct {
        const char *arch, *window;
        uint32_t read;
        ew_status status;
    } cases[] = {
        {"MistralForCausalLM", "4096", 4096, EW_OK},
        {"MistralForCausalLM", "null", 0, EW_OK},
        {"MistralForCausalLM", "0", 0, EW_FORMAT},
        {"MistralForCausalLM", "-1", 0, EW_FORMAT},
        {"Qwen2ForCausalLM", "4096", 0, EW_OK},
        {"Gemma2ForCausalLM", "4096", 4096, EW_OK},
        {"Gemma2ForCausalLM", "null", 0, EW_FORMAT},
        {"Qwen2ForCausalLM", "8, \"use_sliding_window\": true, \"max_window_layers\": 0", 8, EW_OK},
        {"Qwen2ForCausalLM", "null, \"use_sliding_window\": true", 0, EW_FORMAT},
        {"Qwen2ForCausalLM", "8, \"use_sliding_window\": true, \"layer_types\": [\"full_attention\"]", 8,
         EW_OK},
        {"SmolLM3ForCausalLM", "null, \"no_rope_layers\": [2]", 0, EW_UNSUPPORTED},
        {"SmolLM3ForCausalLM", "null, \"no_rope_layers\": [1, 1]", 0, EW_FORMAT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[1024];
        snprintf(text, sizeof text, format, cases[i].arch, cases[i].window);
        const char *culprit = strstr(cases[i].window, "no_rope") ? "no_rope_layers" : "sliding_window";
        if (cases[i].status != EW_OK) {
            expect_refused(read_text(text, &h, &err), cases[i].status, &err, culprit);
            continue;
        }
        expect_ok(read_text(text, &h, &err), &err);
        assert_int_equal(h.window, cases[i].read);
        bool is_local = cases[i].read && !strstr(cases[i].window, "full_attention");
        assert_int_equal(h.layers[0] & EWI_LAYER_LOCAL, is_local ? EWI_LAYER_LOCAL : 0);
    }
}

/* Angles of "frequencies" 1, 0.1, .. divided as transformers divides them: modeling_rope_utils.py of version
 * 5.23, its float32 results rounded. */
static void rope_divisors(void **state) {
    (void)state;
    const ewi_rope_rule llama3 = {.kind = EWI_ROPE_LLAMA3,
                                  .factor = 8,
                                  .low_freq_factor = 1,
                                  .high_freq_factor = 4,
                                  .n_ctx_original = 64};
    const ewi_rope_rule yarn = {.kind = EWI_ROPE_YARN, .factor = 4, .n_ctx_original = 2048};
    const double want_llama3[4] = {1, 7.667385012984847, 8, 8}, want_yarn[4] = {1, 1, 1.6000000953674374, 4};
    double got[4];
    ewi_rope_divisors(&llama3, 10000, 8, got);
    for (int i = 0; i < 4; i++) assert_true(fabs(got[i] / want_llama3[i] - 1) < 1e-6);
    ewi_rope_divisors(&yarn, 10000, 8, got);
    for (int i = 0; i < 4; i++) assert_true(fabs(got[i] / want_yarn[i] - 1) < 1e-6);
    assert_true(fabs(ewi_rope_magnitude(&yarn, 128) - 1.138629436111989) < 1e-9);
}

static void config_rope_scaling(void **state) {
    (void)state;
    static const char key[] = "rope_scaling";
    ewi_hparams h = config_accepted(key, "{\"type\": \"linear\", \"factor\": 2.0}");
    assert_true(h.rope.kind == EWI_ROPE_LINEAR && h.rope.factor == 2);
    config_accepted(key, "{\"rope_type\": \"llama3\", \"factor\": 8, \"low_freq_factor\": 1, "
                         "\"high_freq_factor\": 4, \"original_max_position_embeddings\": 64}");
    config_refused(key,
                   "{\"rope_type\": \"llama3\", \"factor\": 8, \"low_freq_factor\": 4, "
                   "\"high_freq_factor\": 4, \"original_max_position_embeddings\": 64}",
                   EW_FORMAT, "high_freq_factor is not above");
    config_refused(key,
                   "{\"rope_type\": \"llama3\", \"factor\": 8, \"low_freq_factor\": 1, "
                   "\"high_freq_factor\": 4}",
                   EW_FORMAT, "original_max_position_embeddings");
    config_refused(key, "{\"type\": \"linear\"}", EW_FORMAT, "factor is missing");
    config_refused(key, "{\"type\": \"dynamic\"}", EW_FORMAT, "factor is missing");
    config_refused(key, "{\"type\": \"linear\", \"factor\": 0}", EW_FORMAT, "factor");
    config_refused(key, "{\"type\": \"yarn\", \"factor\": 1e9}", EW_FORMAT, "factor");
    static const char longrope[] =
        "{\"type\": \"longrope\", \"original_max_position_embeddings\": 64, \"short_factor\": %s, "
        "\"long_factor\": %s}";
    const struct {
        const char *few, *many, *culprit;
    } cases[] = {
        {"[1, 1, 1, 1, 1, 1, 1, 1]", "[1, 2, 3, 4, 5, 6, 7, 8]", NULL},
        {"[1, 1, 1, 1]", "[1, 2, 3, 4]", "4 long and short factors for 8 pairs"},
        {"[1, 1, 1, 1, 1, 1, 1, 1]", "[1, 2, 3, 4]", "not as many"},
        {"[1, 1, 1, 1, 1, 1, 1, 0]", "[1, 2, 3, 4, 5, 6, 7, 8]", "short_factor"},
        {"[1, 1, 1, 1, 1, 1, 1, null]", "[1, 2, 3, 4, 5, 6, 7, 8]", "factor 7"},
        {"[]", "[]", "short_factor"},
        {"1", "2", "short_factor"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char value[512];
        snprintf(value, sizeof value, longrope, cases[i].few, cases[i].many);
        if (cases[i].culprit)
            config_refused(key, value, EW_FORMAT, cases[i].culprit);
        else
            assert_int_equal(config_accepted(key, value).rope.n_factors, 8);
    }
    config_refused(key, "{\"type\": \"longrope\", \"original_max_position_embeddings\": 64}", EW_FORMAT,
                   "longrope without");
}

/* Falcon and MPT have kinds that are not implemented. */
static void config_kinds(void **state) {
    (void)state;
    static const char format[] = "{\"architectures\": [\"%s\"], \"hidden_size\": 64, \"n_layer\": 1, "
                                 "\"n_head\": 4, \"max_seq_len\": 128, %s}";
    const struct {
        const char *arch, *more, *culprit;
    } cases[] = {
        {"FalconForCausalLM", "\"multi_query\": true", NULL},
        {"FalconForCausalLM", "\"multi_query\": false, \"alibi\": true, \"parallel_attn\": false", NULL},
        {"FalconForCausalLM", "\"new_decoder_architecture\": true, \"num_kv_heads\": 2", NULL},
        {"FalconForCausalLM", "\"new_decoder_architecture\": true, \"parallel_attn\": false",
         "parallel_attn"},
        {"FalconForCausalLM", "\"num_ln_in_parallel_attn\": 2", "num_ln_in_parallel_attn"},
        {"BloomForCausalLM", "\"new_decoder_architecture\": true", "new_decoder_architecture"},
        {"MPTForCausalLM", "\"attn_config\": {\"alibi\": true, \"architectures\": null}", NULL},
        {"MptForCausalLM", "\"attn_config\": {\"alibi\": false}", "alibi"},
        {"MptForCausalLM", "\"attn_config\": {\"clip_qkv\": 6}", "clip_qkv"},
        {"MptForCausalLM", "\"no_bias\": false", "no_bias"},
        {"CohereForCausalLM", "\"intermediate_size\": 8, \"use_qk_norm\": true", NULL},
        {"PhiForCausalLM", "\"intermediate_size\": 8, \"qk_layernorm\": true", "qk_layernorm"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[1024];
        ewi_hparams h;
        ew_error err = {0};
        snprintf(text, sizeof text, format, cases[i].arch, cases[i].more);
        if (cases[i].culprit)
            expect_refused(read_text(text, &h, &err), EW_UNSUPPORTED, &err, cases[i].culprit);
        else
            expect_ok(read_text(text, &h, &err), &err);
    }
}

static void config_broken(void **state) {
    (void)state;
    static const char *const texts[] = {"{",
                                        "[]",
                                        "{} {}",
                                        "{\"architectures\": \"LlamaForCausalLM\"}",
                                        "{}",
                                        "{\"hidden_size\": 64, \"hidden_size\": 65}",
                                        "{\"architectures\": []}",
                                        "{\"architectures\": [1]}"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        ewi_hparams h;
        ew_error err = {0};
        ew_status status = read_text(texts[i], &h, &err);
        if (status != EW_FORMAT && status != EW_UNSUPPORTED)
            fail_msg("%s: \"%s\"", texts[i], ew_status_text(status));
        if (!strstr(err.text, "config.json")) fail_msg("the file is not named: %s", err.text);
    }
    ewi_hparams h;
    ew_error err = {0};
    expect_refused(read_text("", &h, &err), EW_FORMAT, &err, "config.json into their folder");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gguf_experts),          cmocka_unit_test(config_experts),
        cmocka_unit_test(gguf_sizes_as_written), cmocka_unit_test(gguf_defaults),
        cmocka_unit_test(gguf_missing),          cmocka_unit_test(gguf_zero),
        cmocka_unit_test(gguf_absurd),           cmocka_unit_test(gguf_bad_constants),
        cmocka_unit_test(gguf_contradictions),   cmocka_unit_test(gguf_value_per_layer),
        cmocka_unit_test(gguf_unsupported),      cmocka_unit_test(gguf_of_an_encoder),
        cmocka_unit_test(config_as_written),     cmocka_unit_test(config_sizes),
        cmocka_unit_test(config_contradictions), cmocka_unit_test(config_unsupported),
        cmocka_unit_test(config_windows),        cmocka_unit_test(config_broken),
        cmocka_unit_test(gguf_rope_scaling),     cmocka_unit_test(rope_divisors),
        cmocka_unit_test(config_rope_scaling),   cmocka_unit_test(config_kinds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
