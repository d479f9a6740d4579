#include "model/arch.h"

#include <string.h>

#include "base/slice.h"

#define ROPES(gguf, hf) .gguf_pairing = EWI_ROPE_##gguf, .hf_pairing = EWI_ROPE_##hf
#define ENCODER         .is_encoder = true, .is_tied = true
#define LAYER_NORMS     .has_layer_norm = true, .norm_bias = EWI_REQUIRED
#define RANKS(in, out)  .hf_rank = (in), .hf_rank_out = (out)
#define BIASES          .qkv_bias = EWI_REQUIRED, .out_bias = EWI_REQUIRED, .ffn_bias = EWI_REQUIRED

/* clang-format off */
static const ewi_arch archs[] = {
    {.name = "llama", .hf_class = "LlamaForCausalLM", ROPES(ADJACENT, HALVES),
     .qkv_bias = EWI_OPTIONAL, .out_bias = EWI_OPTIONAL, .ffn_bias = EWI_OPTIONAL, .folder_to_gguf = true},
    {.name = "mistral", .hf_class = "MistralForCausalLM", ROPES(ADJACENT, HALVES), .window = EWI_WINDOW_ALL,
     .folder_to_gguf = true},
    {.name = "qwen2", .hf_class = "Qwen2ForCausalLM", ROPES(HALVES, HALVES), .qkv_bias = EWI_REQUIRED,
     .window = EWI_WINDOW_SWITCH, .folder_to_gguf = true},
    {.name = "qwen3", .hf_class = "Qwen3ForCausalLM", ROPES(HALVES, HALVES), .qk_norm = EWI_QK_NORM_HEADS,
     .qkv_bias = EWI_OPTIONAL, .out_bias = EWI_OPTIONAL, .window = EWI_WINDOW_SWITCH, .folder_to_gguf = true},
    {.name = "qwen3moe", .hf_class = "Qwen3MoeForCausalLM", ROPES(HALVES, HALVES),
     .qk_norm = EWI_QK_NORM_HEADS, .qkv_bias = EWI_OPTIONAL, .out_bias = EWI_OPTIONAL, .has_experts = true,
     .weighs_to_one = true},
    {.name = "olmoe", .hf_class = "OlmoeForCausalLM", ROPES(HALVES, HALVES), .qk_norm = EWI_QK_NORM_WHOLE,
     .qkv_bias = EWI_OPTIONAL, .out_bias = EWI_OPTIONAL, .has_experts = true},
    {.name = "olmo2", .hf_class = "Olmo2ForCausalLM", ROPES(HALVES, HALVES), .qk_norm = EWI_QK_NORM_WHOLE,
     .norm_place = EWI_NORM_AFTER, .folder_to_gguf = true},
    {.name = "smollm3", .hf_class = "SmolLM3ForCausalLM", ROPES(ADJACENT, HALVES), .rope_period = 4,
     .window = EWI_WINDOW_SWITCH, .is_tied = true, .folder_to_gguf = true},
    {.name = "granite", .hf_class = "GraniteForCausalLM", ROPES(ADJACENT, HALVES),
     .qkv_bias = EWI_OPTIONAL, .out_bias = EWI_OPTIONAL, .ffn_bias = EWI_OPTIONAL, .has_multipliers = true,
     .folder_to_gguf = true},
    {.name = "phi2", .hf_class = "PhiForCausalLM", .hf_names = "phi2", ROPES(HALVES, HALVES), LAYER_NORMS,
     BIASES, .head_bias = EWI_REQUIRED, .is_parallel = true, .shares_norm = true, .is_plain_ffn = true,
     .act = EWI_ACT_GELU_TANH, .partial_rotary = 0.5},
    {.name = "phi3", .hf_class = "Phi3ForCausalLM", ROPES(HALVES, HALVES), .has_fused_qkv = true,
     .has_fused_gate_up = true, .window = EWI_WINDOW_ALL},
    {.name = "stablelm", .hf_class = "StableLmForCausalLM", ROPES(HALVES, HALVES), LAYER_NORMS,
     .qk_norm = EWI_QK_NORM_OWN, .hf_qk_norm_by_head = true, .qkv_bias = EWI_OPTIONAL, .shares_norm = true,
     .partial_rotary = 0.25},
    {.name = "starcoder2", .hf_class = "Starcoder2ForCausalLM", .hf_names = "starcoder2",
     ROPES(HALVES, HALVES), LAYER_NORMS, .qkv_bias = EWI_OPTIONAL, .out_bias = EWI_OPTIONAL,
     .ffn_bias = EWI_OPTIONAL, .is_plain_ffn = true, .act = EWI_ACT_GELU_TANH, .window = EWI_WINDOW_ALL,
     .is_tied = true, .folder_to_gguf = true},
    {.name = "gptneox", .hf_class = "GPTNeoXForCausalLM", .hf_names = "gptneox", ROPES(HALVES, HALVES),
     LAYER_NORMS, .qkv_bias = EWI_OPTIONAL, .out_bias = EWI_OPTIONAL, .ffn_bias = EWI_REQUIRED,
     .is_parallel = true, .is_plain_ffn = true, .act = EWI_ACT_GELU, .has_fused_qkv = true,
     .hf_qkv_by_head = true, .partial_rotary = 0.25},
    {.name = "gemma", .hf_class = "GemmaForCausalLM", ROPES(HALVES, HALVES), .hf_norm_plus_one = true,
     .act = EWI_ACT_GELU_TANH, .is_tied = true, .scales_embd = true},
    {.name = "gemma2", .hf_class = "Gemma2ForCausalLM", .hf_names = "sandwich", ROPES(HALVES, HALVES),
     .hf_norm_plus_one = true, .norm_place = EWI_NORM_AROUND, .act = EWI_ACT_GELU_TANH,
     .window = EWI_WINDOW_LAYERS, .window_period = 2, .is_tied = true, .scales_embd = true, .has_caps = true,
     .large_layers = 46},
    {.name = "gemma3", .hf_class = "Gemma3ForCausalLM", .hf_names = "sandwich", ROPES(HALVES, HALVES),
     .hf_norm_plus_one = true, .norm_place = EWI_NORM_AROUND, .qk_norm = EWI_QK_NORM_HEADS,
     .act = EWI_ACT_GELU_TANH, .window = EWI_WINDOW_LAYERS, .window_period = 6, .is_tied = true,
     .scales_embd = true, .local_rope_base = 10000, .has_caps = true,
     .large_layers = 62},
    {.name = "gpt2", .hf_class = "GPT2LMHeadModel", .hf_names = "gpt2", LAYER_NORMS, BIASES,
     .is_plain_ffn = true, .act = EWI_ACT_GELU_TANH, .has_fused_qkv = true, .hf_is_turned = true,
     .positions = EWI_POSITIONS_LEARNED, .is_tied = true},
    {.name = "mpt", .hf_class = "MptForCausalLM", .hf_alias = "MPTForCausalLM", .hf_names = "mpt",
     .has_layer_norm = true,
     .is_plain_ffn = true, .act = EWI_ACT_GELU, .has_fused_qkv = true, .positions = EWI_POSITIONS_ALIBI,
     .is_tied = true},
    {.name = "bloom", .hf_class = "BloomForCausalLM", .hf_names = "bloom", LAYER_NORMS, BIASES,
     .has_embd_norm = true, .is_plain_ffn = true, .act = EWI_ACT_GELU_TANH, .has_fused_qkv = true,
     .hf_qkv_by_head = true, .positions = EWI_POSITIONS_ALIBI, .is_tied = true},
    {.name = "falcon", .hf_class = "FalconForCausalLM", .hf_names = "bloom", ROPES(HALVES, HALVES),
     LAYER_NORMS, .qkv_bias = EWI_OPTIONAL, .out_bias = EWI_OPTIONAL, .ffn_bias = EWI_OPTIONAL,
     .is_parallel = true, .shares_norm = true, .may_own_norms = true, .is_plain_ffn = true,
     .act = EWI_ACT_GELU, .has_fused_qkv = true, .hf_qkv_by_head = true, .is_tied = true},
    {.name = "command-r", .hf_class = "CohereForCausalLM", ROPES(ADJACENT, ADJACENT), .has_layer_norm = true,
     .qk_norm = EWI_QK_NORM_OWN, .is_parallel = true, .shares_norm = true, .is_tied = true,
     .has_logit_scale = true},
    {.name = "bert", .hf_class = "BertModel", .hf_alias = "BertForMaskedLM", .hf_names = "bert",
     RANKS("pooler.dense", "classifier"), LAYER_NORMS, BIASES, ENCODER, .norm_place = EWI_NORM_SUMS,
     .has_embd_norm = true, .has_token_types = true, .is_plain_ffn = true, .act = EWI_ACT_GELU,
     .positions = EWI_POSITIONS_LEARNED},
    {.name = "bert", .hf_class = "XLMRobertaModel", .hf_alias = "RobertaModel", .hf_names = "bert",
     RANKS("classifier.dense", "classifier.out_proj"), LAYER_NORMS, BIASES, ENCODER,
     .norm_place = EWI_NORM_SUMS, .has_embd_norm = true, .has_token_types = true, .hf_pads_positions = true,
     .is_plain_ffn = true, .act = EWI_ACT_GELU, .positions = EWI_POSITIONS_LEARNED},
    {.name = "nomic-bert", .hf_class = "NomicBertModel", .hf_names = "nomic-bert", ROPES(HALVES, HALVES),
     LAYER_NORMS, ENCODER, .norm_place = EWI_NORM_SUMS, .has_embd_norm = true, .has_token_types = true,
     .has_fused_qkv = true},
    {.name = "modern-bert", .hf_class = "ModernBertModel", .hf_alias = "ModernBertForMaskedLM",
     .hf_names = "modern-bert", RANKS("head.dense", "classifier"), .has_rank_norm = true,
     ROPES(HALVES, HALVES), .has_layer_norm = true, .norm_bias = EWI_OPTIONAL, .qkv_bias = EWI_OPTIONAL,
     .out_bias = EWI_OPTIONAL, .ffn_bias = EWI_OPTIONAL, ENCODER, .has_embd_norm = true,
     .skips_first_norm = true, .has_fused_qkv = true, .has_fused_gate_up = true, .act = EWI_ACT_GELU,
     .window = EWI_WINDOW_SIDES, .window_period = 3, .local_rope_base = 10000},
};
/* clang-format on */

const ewi_arch *ewi_arch_from_gguf(ew_str architecture) {
    for (size_t i = 0; i < EWI_COUNT(archs); i++)
        if (ewi_str_is(architecture, archs[i].name)) return &archs[i];
    return NULL;
}

/* BertForSequenceClassification of BertModel. */
static bool is_ranking_class(const char *model_class, ew_str hf_class) {
    static const char without[] = "Model", with[] = "ForSequenceClassification";
    if (!model_class || !ewi_str_ends(ewi_str(model_class), without)) return false;
    const size_t n = strlen(model_class) - (sizeof without - 1);
    return hf_class.len == n + sizeof with - 1 && memcmp(hf_class.data, model_class, n) == 0 &&
           ewi_str_ends(hf_class, with);
}

static bool is_headless_class(const ewi_arch *arch, ew_str hf_class) {
    static const char with[] = "ForCausalLM", without[] = "Model";
    size_t n = strlen(arch->hf_class), n_with = sizeof with - 1, n_without = sizeof without - 1;
    if (!ewi_str_ends(ewi_str(arch->hf_class), with) || !ewi_str_ends(hf_class, without)) return false;
    return hf_class.len - n_without == n - n_with && memcmp(hf_class.data, arch->hf_class, n - n_with) == 0;
}

const ewi_arch *ewi_arch_from_hf(ew_str hf_class, ewi_class_kind *kind) {
    *kind = EWI_CLASS_WHOLE;
    for (size_t i = 0; i < EWI_COUNT(archs); i++)
        if (ewi_str_is(hf_class, archs[i].hf_class) ||
            (archs[i].hf_alias && ewi_str_is(hf_class, archs[i].hf_alias)))
            return &archs[i];
    *kind = EWI_CLASS_RANKS;
    for (size_t i = 0; i < EWI_COUNT(archs); i++)
        if (archs[i].hf_rank &&
            (is_ranking_class(archs[i].hf_class, hf_class) || is_ranking_class(archs[i].hf_alias, hf_class)))
            return &archs[i];
    *kind = EWI_CLASS_HEADLESS;
    for (size_t i = 0; i < EWI_COUNT(archs); i++)
        if (is_headless_class(&archs[i], hf_class)) return &archs[i];
    return NULL;
}

bool ewi_arch_ranks_gguf(const ewi_arch *arch) {
    return arch->hf_rank && !arch->has_rank_norm;
}

const char *ewi_arch_list(void) {
    return "llama, mistral, qwen2, qwen3, qwen3moe, olmoe, olmo2, smollm3, granite, phi2, phi3, stablelm, "
           "starcoder2, gptneox, "
           "gemma, gemma2, gemma3, gpt2, mpt, bloom, falcon, command-r, bert, nomic-bert, modern-bert";
}
