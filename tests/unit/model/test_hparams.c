/* test_hparams.c: sizes and constants of a model: what is missing, absurd, contradictory or not
 * implemented is named.
 *
 * Keys of GGUF: ggml-org/ggml, docs/gguf.md. Keys of config.json: LlamaConfig, MistralConfig and
 * Qwen2Config of transformers.
 */
#include "model/hparams.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

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
    static const char *const keys[] = {"llama.expert_count", "llama.attention.sliding_window",
                                       "llama.rope.scaling.factor", "llama.attn_logit_softcapping"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) with_u32(keys[i], 8, EW_UNSUPPORTED, keys[i]);
    gguf_build *b = without(NULL);
    gguf_build_str(b, "llama.rope.scaling.type", "yarn");
    refused(b, EW_UNSUPPORTED, "llama.rope.scaling.type");
    b = without(NULL);
    gguf_build_str(b, "llama.rope.scaling.type", "none");
    gguf_build_u32(b, "llama.expert_count", 0);
    accepted(b);
    b = without("general.architecture");
    gguf_build_str(b, "general.architecture", "gpt2");
    refused(b, EW_UNSUPPORTED, "architecture gpt2");
    b = without("general.architecture");
    gguf_build_u32(b, "general.architecture", 1);
    refused(b, EW_FORMAT, "general.architecture");
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
    config_refused("hidden_act", "\"gelu\"", EW_UNSUPPORTED, "hidden_act: \"gelu\"");
    config_refused("rope_scaling", "{\"type\": \"linear\", \"factor\": 2.0}", EW_UNSUPPORTED, "rope_scaling");
    config_refused("rope_parameters", "{\"rope_type\": \"llama3\", \"rope_theta\": 500000.0}", EW_UNSUPPORTED,
                   "rope_parameters.rope_type: \"llama3\"");
    config_refused("mlp_bias", "true", EW_UNSUPPORTED, "mlp_bias");
    config_refused("partial_rotary_factor", "0.5", EW_UNSUPPORTED, "partial_rotary_factor");
    config_refused("quantization_config", "{\"quant_method\": \"gptq\"}", EW_UNSUPPORTED,
                   "quantization_config");
    config_refused("use_sliding_window", "true", EW_UNSUPPORTED, "use_sliding_window");
    config_refused("architectures", "[\"GPT2LMHeadModel\"]", EW_UNSUPPORTED, "architecture GPT2LMHeadModel");
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
        ew_status status;
    } cases[] = {
        {"MistralForCausalLM", "4096", EW_UNSUPPORTED},
        {"MistralForCausalLM", "null", EW_OK},
        {"Qwen2ForCausalLM", "4096", EW_OK},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[1024];
        snprintf(text, sizeof text, format, cases[i].arch, cases[i].window);
        if (cases[i].status == EW_OK)
            expect_ok(read_text(text, &h, &err), &err);
        else
            expect_refused(read_text(text, &h, &err), cases[i].status, &err, "sliding_window");
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
        cmocka_unit_test(gguf_sizes_as_written), cmocka_unit_test(gguf_defaults),
        cmocka_unit_test(gguf_missing),          cmocka_unit_test(gguf_zero),
        cmocka_unit_test(gguf_absurd),           cmocka_unit_test(gguf_bad_constants),
        cmocka_unit_test(gguf_contradictions),   cmocka_unit_test(gguf_value_per_layer),
        cmocka_unit_test(gguf_unsupported),      cmocka_unit_test(config_as_written),
        cmocka_unit_test(config_sizes),          cmocka_unit_test(config_contradictions),
        cmocka_unit_test(config_unsupported),    cmocka_unit_test(config_windows),
        cmocka_unit_test(config_broken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
