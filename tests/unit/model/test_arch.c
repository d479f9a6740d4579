/* test_arch.c: names of architectures and of their tensors, as llama.cpp's gguf package and transformers
 * spell them. */
#include "model/arch.h"

#include <string.h>

#include "base/slice.h"
#include "test.h"

static void architectures_by_name(void **state) {
    (void)state;
    ewi_class_kind kind;
    assert_string_equal(ewi_arch_from_gguf(EWI_STR("llama"))->name, "llama");
    assert_string_equal(ewi_arch_from_gguf(EWI_STR("qwen2"))->name, "qwen2");
    assert_string_equal(ewi_arch_from_hf(EWI_STR("LlamaForCausalLM"), &kind)->name, "llama");
    assert_string_equal(ewi_arch_from_hf(EWI_STR("MistralForCausalLM"), &kind)->name, "mistral");
    assert_string_equal(ewi_arch_from_hf(EWI_STR("Qwen2ForCausalLM"), &kind)->name, "qwen2");
    assert_null(ewi_arch_from_gguf(EWI_STR("LLAMA")));
    assert_null(ewi_arch_from_gguf(EWI_STR("llama4")));
    assert_null(ewi_arch_from_gguf(EWI_STR("")));
    assert_null(ewi_arch_from_hf(EWI_STR("LlamaForCausalL"), &kind));
    assert_null(ewi_arch_from_hf(EWI_STR("LlamaForSequenceClassification"), &kind));
}

static void architectures_without_a_head(void **state) {
    (void)state;
    ewi_class_kind kind;
    assert_string_equal(ewi_arch_from_hf(EWI_STR("Qwen3ForCausalLM"), &kind)->name, "qwen3");
    assert_int_equal(kind, EWI_CLASS_WHOLE);
    assert_string_equal(ewi_arch_from_hf(EWI_STR("Qwen3Model"), &kind)->name, "qwen3");
    assert_int_equal(kind, EWI_CLASS_HEADLESS);
    assert_string_equal(ewi_arch_from_hf(EWI_STR("BertForMaskedLM"), &kind)->name, "bert");
    assert_null(ewi_arch_from_hf(EWI_STR("Model"), &kind));
    assert_null(ewi_arch_from_hf(EWI_STR("Qwen3"), &kind));
    assert_null(ewi_arch_from_hf(EWI_STR("GPT2Model"), &kind)); /* its class is not named alike */
}

static void architectures_that_rank(void **state) {
    (void)state;
    static const struct {
        const char *hf_class, *name, *in, *out; /* as transformers calls the head's tensors */
    } cases[] = {
        {"BertForSequenceClassification", "bert", "pooler.dense.weight", "classifier.weight"},
        {"XLMRobertaForSequenceClassification", "bert", "classifier.dense.weight",
         "classifier.out_proj.weight"},
        {"RobertaForSequenceClassification", "bert", "classifier.dense.weight", "classifier.out_proj.weight"},
        {"ModernBertForSequenceClassification", "modern-bert", "head.dense.weight", "classifier.weight"},
    };
    for (size_t i = 0; i < EWI_COUNT(cases); i++) {
        ewi_class_kind kind;
        char buf[EWI_ROLE_NAME_BYTES];
        const ewi_arch *arch = ewi_arch_from_hf(ewi_str(cases[i].hf_class), &kind);
        assert_non_null(arch);
        assert_string_equal(arch->name, cases[i].name);
        assert_int_equal(kind, EWI_CLASS_RANKS);
        assert_string_equal(ewi_role_name(arch, EWI_ROLE_RANK, EWI_WEIGHT, EWI_NAMES_HF, 0, buf).data,
                            cases[i].in);
        assert_string_equal(ewi_role_name(arch, EWI_ROLE_RANK_OUT, EWI_WEIGHT, EWI_NAMES_HF, 0, buf).data,
                            cases[i].out);
    }
    ewi_class_kind kind;
    assert_null(ewi_arch_from_hf(EWI_STR("NomicBertForSequenceClassification"), &kind));
    assert_null(ewi_arch_from_hf(EWI_STR("ForSequenceClassification"), &kind));
}

/* Error texts name every architecture that there is, and no other. */
static void list_names_all(void **state) {
    (void)state;
    char name[64];
    size_t n = 0;
    for (const char *at = ewi_arch_list(); *at; n++) {
        size_t length = strcspn(at, ",");
        assert_true(length < sizeof name);
        memcpy(name, at, length);
        name[length] = '\0';
        if (!ewi_arch_from_gguf(ewi_str(name))) fail_msg("%s is listed, but is not there", name);
        at += length;
        at += strspn(at, ", ");
    }
    assert_int_equal(n, 25);
}

/* llama.cpp's converter reorders the rows of q and k for the llama architecture and leaves qwen2's. */
static void pairings(void **state) {
    (void)state;
    assert_int_equal(ewi_arch_from_gguf(EWI_STR("llama"))->gguf_pairing, EWI_ROPE_ADJACENT);
    assert_int_equal(ewi_arch_from_gguf(EWI_STR("qwen2"))->gguf_pairing, EWI_ROPE_HALVES);
    assert_int_equal(ewi_arch_from_gguf(EWI_STR("llama"))->hf_pairing, EWI_ROPE_HALVES);
}

static void check_part(const char *arch_name, ewi_role role, ewi_part_kind part, uint32_t layer,
                       const char *gguf, const char *hf) {
    char buf[EWI_ROLE_NAME_BYTES];
    const ewi_arch *arch = ewi_arch_from_gguf(ewi_str(arch_name));
    ew_str name = ewi_role_name(arch, role, part, EWI_NAMES_GGUF, layer, buf);
    if (!ewi_str_is(name, gguf)) fail_msg("%.*s, expected %s", EWI_STR_ARG(name), gguf);
    name = ewi_role_name(arch, role, part, EWI_NAMES_HF, layer, buf);
    if (!ewi_str_is(name, hf)) fail_msg("%.*s, expected %s", EWI_STR_ARG(name), hf);
}

static void check_name(ewi_role role, uint32_t layer, const char *gguf, const char *hf) {
    check_part("llama", role, EWI_WEIGHT, layer, gguf, hf);
}

static void names_of_tensors(void **state) {
    (void)state;
    check_name(EWI_ROLE_TOKEN_EMBD, 0, "token_embd.weight", "model.embed_tokens.weight");
    check_name(EWI_ROLE_OUTPUT_NORM, 0, "output_norm.weight", "model.norm.weight");
    check_name(EWI_ROLE_OUTPUT, 0, "output.weight", "lm_head.weight");
    check_name(EWI_ROLE_ATTN_NORM, 0, "blk.0.attn_norm.weight", "model.layers.0.input_layernorm.weight");
    check_part("llama", EWI_ROLE_ATTN_Q, EWI_BIAS, 31, "blk.31.attn_q.bias",
               "model.layers.31.self_attn.q_proj.bias");
    check_part("gpt2", EWI_ROLE_ATTN_QKV, EWI_WEIGHT, 3, "blk.3.attn_qkv.weight",
               "transformer.h.3.attn.c_attn.weight");
    check_part("gptneox", EWI_ROLE_OUTPUT, EWI_WEIGHT, 0, "output.weight", "embed_out.weight");
    check_part("gemma3", EWI_ROLE_FFN_NORM, EWI_WEIGHT, 2, "blk.2.ffn_norm.weight",
               "model.layers.2.pre_feedforward_layernorm.weight");
    check_part("llama", EWI_ROLE_ROPE_FREQS, EWI_WEIGHT, 0, "rope_freqs.weight", "");
    check_name(EWI_ROLE_ATTN_OUT, 7, "blk.7.attn_output.weight", "model.layers.7.self_attn.o_proj.weight");
    check_name(EWI_ROLE_FFN_NORM, 1, "blk.1.ffn_norm.weight",
               "model.layers.1.post_attention_layernorm.weight");
    check_name(EWI_ROLE_FFN_DOWN, UINT32_MAX, "blk.4294967295.ffn_down.weight",
               "model.layers.4294967295.mlp.down_proj.weight");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(architectures_by_name),
        cmocka_unit_test(architectures_without_a_head),
        cmocka_unit_test(architectures_that_rank),
        cmocka_unit_test(list_names_all),
        cmocka_unit_test(pairings),
        cmocka_unit_test(names_of_tensors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
