/* test_adapter.c: LoRA adapters that do not fit, or that want what is not implemented, are refused by name.
 *
 * Members of adapter_config.json: LoraConfig of Hugging Face PEFT 0.21. What adapters compute:
 * tests/golden/test_adapters.c.
 */
#include "model/adapter.h"

#include "expect.h"
#include "gguf_build.h"
#include "golden.h"
#include "hf_folder.h"
#include "scratch.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define LAYER  "base_model.model.model.layers.0."
#define CONFIG "{\"peft_type\":\"LORA\",\"r\":2,\"lora_alpha\":6"

static ew_model *open_model(const char *name) {
    ew_model *model = NULL;
    ew_error err = {0};
    expect_ok(ew_model_open(golden_path(name), &model, &err), &err);
    return model;
}

static hf_folder peft(const char *config, const char *tensors, size_t n_data) {
    hf_folder f = hf_folder_new();
    char header[2048];
    snprintf(header, sizeof header, "{%s}", tensors);
    hf_folder_text(&f, "adapter_config.json", config);
    hf_folder_safetensors(&f, "adapter_model.safetensors", header, n_data);
    return f;
}

/* A [rank, in] and B [out, rank] of zeros. Returns the bytes of both. */
static size_t pair(const char *module, size_t rank, size_t in, size_t out, char text[1024]) {
    size_t a = rank * in * 4, b = out * rank * 4;
    snprintf(text, 1024,
             "\"%s.lora_A.weight\":{\"dtype\":\"F32\",\"shape\":[%zu,%zu],\"data_offsets\":[0,%zu]},"
             "\"%s.lora_B.weight\":{\"dtype\":\"F32\",\"shape\":[%zu,%zu],\"data_offsets\":[%zu,%zu]}",
             module, rank, in, a, module, out, rank, a, a + b);
    return a + b;
}

/* llama-gqa: width 32, 8 heads of 16. */
static hf_folder peft_of_q(const char *config) {
    char text[1024];
    size_t n = pair(LAYER "self_attn.q_proj", 2, 32, 128, text);
    return peft(config, text, n);
}

static void refused(hf_folder f, ew_status status, const char *culprit) {
    ew_model *model = open_model("llama-gqa");
    ew_adapter *adapter = NULL;
    ew_error err = {0};
    expect_refused(ew_adapter_open(model, f.path, &adapter, &err), status, &err, culprit);
    assert_null(adapter);
    ew_model_close(model);
}

static float scale_of(const char *config) {
    ew_model *model = open_model("llama-gqa");
    ew_adapter *adapter = NULL;
    ew_error err = {0};
    hf_folder f = peft_of_q(config);
    expect_ok(ew_adapter_open(model, f.path, &adapter, &err), &err);
    assert_int_equal(adapter->n_pairs, 1);
    const ewi_tensor *q =
        ewi_checkpoint_find(&model->checkpoint, EWI_STR("model.layers.0.self_attn.q_proj.weight"));
    assert_ptr_equal(adapter->pairs[0].weight, q);
    assert_non_null(ewi_adapter_find(adapter, q));
    assert_null(ewi_adapter_find(adapter, q + 1));
    float scale = adapter->pairs[0].scale;
    ew_adapter_close(adapter);
    ew_model_close(model);
    return scale;
}

/* arXiv 2106.09685: alpha / r; arXiv 2312.03732: alpha / sqrt(r). */
static void scales(void **state) {
    (void)state;
    assert_true(scale_of(CONFIG "}") == 3.0f);
    assert_true(scale_of(CONFIG ",\"use_rslora\":true}") == (float)(6 / sqrt(2.0)));
    assert_true(
        scale_of("{\"peft_type\":\"LORA\",\"r\":9,\"lora_alpha\":1,\"rank_pattern\":{\"q_proj\":2}}") ==
        0.5f);
}

static void configs(void **state) {
    (void)state;
    static const struct {
        const char *text;
        ew_status status;
        const char *culprit;
    } cases[] = {
        {"", EW_FORMAT, "adapter_config.json: json: line 1"},
        {"[]", EW_FORMAT, "adapter_config.json"},
        {"{}", EW_FORMAT, "key peft_type: is missing"},
        {"{\"peft_type\":\"LORA\",\"lora_alpha\":1}", EW_FORMAT, "key r: is missing"},
        {"{\"peft_type\":\"LORA\",\"r\":4}", EW_FORMAT, "key lora_alpha: is missing"},
        {"{\"peft_type\":\"IA3\",\"r\":2,\"lora_alpha\":1}", EW_UNSUPPORTED, "peft_type: \"IA3\""},
        {"{\"peft_type\":\"LORA\",\"r\":0,\"lora_alpha\":1}", EW_FORMAT, "r: 0 is not in 1..1024"},
        {"{\"peft_type\":\"LORA\",\"r\":-1,\"lora_alpha\":1}", EW_FORMAT, "adapter_config.json"},
        {"{\"peft_type\":\"LORA\",\"r\":2,\"lora_alpha\":1e9}", EW_FORMAT, "lora_alpha: 1e+09"},
        {CONFIG ",\"use_dora\":true}", EW_UNSUPPORTED, "use_dora: true"},
        {CONFIG ",\"bias\":\"all\"}", EW_UNSUPPORTED, "bias: \"all\""},
        {CONFIG ",\"fan_in_fan_out\":true}", EW_UNSUPPORTED, "fan_in_fan_out: true"},
        {CONFIG ",\"modules_to_save\":[\"lm_head\"]}", EW_UNSUPPORTED, "modules_to_save"},
        {CONFIG ",\"alpha_pattern\":{\"q_proj\":4}}", EW_UNSUPPORTED, "alpha_pattern"},
        {CONFIG ",\"init_lora_weights\":\"pissa\"}", EW_UNSUPPORTED, "init_lora_weights: \"pissa\""},
        {CONFIG ",\"something_new\":{\"of\":1}}", EW_UNSUPPORTED, "something_new"},
        {"{\"peft_type\":\"LORA\",\"r\":4,\"lora_alpha\":1}", EW_FORMAT,
         "has rank 2, but adapter_config.json says r 4"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        refused(peft_of_q(cases[i].text), cases[i].status, cases[i].culprit);
}

static void pairs_that_do_not_fit(void **state) {
    (void)state;
    static const struct {
        const char *module;
        size_t rank, in, out;
        ew_status status;
        const char *culprit;
    } cases[] = {
        {LAYER "self_attn.q_proj", 2, 32, 64, EW_FORMAT,
         "do not fit model.layers.0.self_attn.q_proj.weight [128, 32]"},
        {LAYER "self_attn.q_proj", 2, 16, 128, EW_FORMAT, "do not fit"},
        {LAYER "self_attn.x_proj", 2, 32, 128, EW_FORMAT, "the model has no such weight"},
        {"model.layers.0.self_attn.q_proj", 2, 32, 128, EW_FORMAT, "the model has no such weight"},
        {LAYER "input_layernorm", 2, 32, 32, EW_UNSUPPORTED,
         "adapting model.layers.0.input_layernorm.weight"},
        {"base_model.model.lm_head", 2, 32, 80, EW_UNSUPPORTED, "adapting lm_head.weight is not implemented"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[1024];
        size_t n = pair(cases[i].module, cases[i].rank, cases[i].in, cases[i].out, text);
        refused(peft(CONFIG "}", text, n), cases[i].status, cases[i].culprit);
    }
}

static void tensors_that_are_no_pair(void **state) {
    (void)state;
    static const struct {
        const char *text;
        size_t n_data;
        ew_status status;
        const char *culprit;
    } cases[] = {
        {"\"" LAYER
         "self_attn.q_proj.lora_A.weight\":{\"dtype\":\"F32\",\"shape\":[2,32],\"data_offsets\":[0,256]}",
         256, EW_FORMAT, "its B is missing"},
        {"\"" LAYER
         "self_attn.q_proj.lora_B.weight\":{\"dtype\":\"F32\",\"shape\":[128,2],\"data_offsets\":[0,1024]}",
         1024, EW_FORMAT, "holds 0 pairs in 1 tensors"},
        {"\"" LAYER
         "self_attn.q_proj.lora_magnitude_vector\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}",
         8, EW_UNSUPPORTED, "is neither A nor B"},
        {"\"" LAYER
         "self_attn.q_proj.lora_A.weight\":{\"dtype\":\"I32\",\"shape\":[2,32],\"data_offsets\":[0,256]}",
         256, EW_UNSUPPORTED, "an adapter of type"},
        {"\"" LAYER
         "self_attn.q_proj.lora_A.weight\":{\"dtype\":\"F32\",\"shape\":[64],\"data_offsets\":[0,256]}",
         256, EW_FORMAT, "has 1 dimensions"},
        {"", 0, EW_FORMAT, "holds 0 pairs in 0 tensors"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        refused(peft(CONFIG "}", cases[i].text, cases[i].n_data), cases[i].status, cases[i].culprit);
}

static const char *gguf(const char *type, const char *lora, const char *arch, bool has_alpha) {
    gguf_build *b = gguf_build_new();
    gguf_build_str(b, "general.type", type);
    gguf_build_str(b, "adapter.type", lora);
    gguf_build_str(b, "general.architecture", arch);
    if (has_alpha) gguf_build_f32(b, "adapter.lora.alpha", 8);
    gguf_build_tensor(b, "blk.0.attn_q.weight.lora_a", EWI_F32, 2, (uint64_t[]){2, 32}, NULL);
    gguf_build_tensor(b, "blk.0.attn_q.weight.lora_b", EWI_F32, 2, (uint64_t[]){128, 2}, NULL);
    gguf_build_write(b, scratch_path("adapter.gguf"));
    gguf_build_free(b);
    return scratch_path("adapter.gguf");
}

static void gguf_files(void **state) {
    (void)state;
    ew_model *model = open_model("llama-gqa.gguf"), *hf = open_model("llama-gqa");
    ew_adapter *adapter = NULL;
    ew_error err = {0};
    expect_ok(ew_adapter_open(model, gguf("adapter", "lora", "llama", true), &adapter, &err), &err);
    assert_true(adapter->pairs[0].scale == 4.0f);
    ew_adapter_close(adapter);
    expect_refused(ew_adapter_open(model, gguf("model", "lora", "llama", true), &adapter, &err), EW_FORMAT,
                   &err, "key general.type: is \"model\"");
    expect_refused(ew_adapter_open(model, gguf("adapter", "control_vector", "llama", true), &adapter, &err),
                   EW_FORMAT, &err, "key adapter.type");
    expect_refused(ew_adapter_open(model, gguf("adapter", "lora", "qwen2", true), &adapter, &err), EW_FORMAT,
                   &err, "key general.architecture: is \"qwen2\", wanted \"llama\"");
    expect_refused(ew_adapter_open(model, gguf("adapter", "lora", "llama", false), &adapter, &err), EW_FORMAT,
                   &err, "key adapter.lora.alpha");
    expect_refused(ew_adapter_open(hf, gguf("adapter", "lora", "llama", true), &adapter, &err),
                   EW_UNSUPPORTED, &err, "is an adapter for GGUF models");
    hf_folder f = peft_of_q(CONFIG "}");
    expect_refused(ew_adapter_open(model, f.path, &adapter, &err), EW_UNSUPPORTED, &err, "this one is GGUF");
    expect_refused(ew_adapter_open(model, scratch_path("absent.gguf"), &adapter, &err), EW_IO, &err,
                   "absent.gguf");
    f = hf_folder_new();
    expect_refused(ew_adapter_open(hf, f.path, &adapter, &err), EW_IO, &err, "adapter_config.json");
    ew_model_close(model);
    ew_model_close(hf);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scales),
        cmocka_unit_test(configs),
        cmocka_unit_test(pairs_that_do_not_fit),
        cmocka_unit_test(tensors_that_are_no_pair),
        cmocka_unit_test(gguf_files),
    };
    return cmocka_run_group_tests(tests, NULL, scratch_remove);
}
