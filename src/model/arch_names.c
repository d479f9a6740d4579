/* arch_names.c: what tensors of each role are called. */
#include <stdio.h>
#include <string.h>

#include "base/slice.h"
#include "model/arch.h"

static const char *const role_formats[EWI_N_ROLES][EWI_N_NAMINGS] = {
#define EWI_ROLE_FORMATS(role, gguf, hf) {gguf, hf},
    EWI_ROLE_MAP(EWI_ROLE_FORMATS)
#undef EWI_ROLE_FORMATS
};

/* Where Hugging Face's names are not Llama's. */
static const struct {
    const char *names; /* ewi_arch.hf_names */
    ewi_role role;
    const char *format;
} hf_formats[] = {
    {"sandwich", EWI_ROLE_FFN_NORM, "model.layers.%u.pre_feedforward_layernorm"},
    {"phi2", EWI_ROLE_OUTPUT_NORM, "model.final_layernorm"},
    {"phi2", EWI_ROLE_ATTN_OUT, "model.layers.%u.self_attn.dense"},
    {"phi2", EWI_ROLE_FFN_UP, "model.layers.%u.mlp.fc1"},
    {"phi2", EWI_ROLE_FFN_DOWN, "model.layers.%u.mlp.fc2"},
    {"starcoder2", EWI_ROLE_FFN_UP, "model.layers.%u.mlp.c_fc"},
    {"starcoder2", EWI_ROLE_FFN_DOWN, "model.layers.%u.mlp.c_proj"},
    {"gptneox", EWI_ROLE_TOKEN_EMBD, "gpt_neox.embed_in"},
    {"gptneox", EWI_ROLE_OUTPUT_NORM, "gpt_neox.final_layer_norm"},
    {"gptneox", EWI_ROLE_OUTPUT, "embed_out"},
    {"gptneox", EWI_ROLE_ATTN_NORM, "gpt_neox.layers.%u.input_layernorm"},
    {"gptneox", EWI_ROLE_ATTN_QKV, "gpt_neox.layers.%u.attention.query_key_value"},
    {"gptneox", EWI_ROLE_ATTN_OUT, "gpt_neox.layers.%u.attention.dense"},
    {"gptneox", EWI_ROLE_FFN_NORM, "gpt_neox.layers.%u.post_attention_layernorm"},
    {"gptneox", EWI_ROLE_FFN_UP, "gpt_neox.layers.%u.mlp.dense_h_to_4h"},
    {"gptneox", EWI_ROLE_FFN_DOWN, "gpt_neox.layers.%u.mlp.dense_4h_to_h"},
    {"gpt2", EWI_ROLE_TOKEN_EMBD, "transformer.wte"},
    {"gpt2", EWI_ROLE_OUTPUT_NORM, "transformer.ln_f"},
    {"gpt2", EWI_ROLE_ATTN_NORM, "transformer.h.%u.ln_1"},
    {"gpt2", EWI_ROLE_ATTN_QKV, "transformer.h.%u.attn.c_attn"},
    {"gpt2", EWI_ROLE_ATTN_OUT, "transformer.h.%u.attn.c_proj"},
    {"gpt2", EWI_ROLE_FFN_NORM, "transformer.h.%u.ln_2"},
    {"gpt2", EWI_ROLE_FFN_UP, "transformer.h.%u.mlp.c_fc"},
    {"gpt2", EWI_ROLE_FFN_DOWN, "transformer.h.%u.mlp.c_proj"},
    {"mpt", EWI_ROLE_TOKEN_EMBD, "transformer.wte"},
    {"mpt", EWI_ROLE_OUTPUT_NORM, "transformer.norm_f"},
    {"mpt", EWI_ROLE_ATTN_NORM, "transformer.blocks.%u.norm_1"},
    {"mpt", EWI_ROLE_ATTN_QKV, "transformer.blocks.%u.attn.Wqkv"},
    {"mpt", EWI_ROLE_ATTN_OUT, "transformer.blocks.%u.attn.out_proj"},
    {"mpt", EWI_ROLE_FFN_NORM, "transformer.blocks.%u.norm_2"},
    {"mpt", EWI_ROLE_FFN_UP, "transformer.blocks.%u.ffn.up_proj"},
    {"mpt", EWI_ROLE_FFN_DOWN, "transformer.blocks.%u.ffn.down_proj"},
    {"bloom", EWI_ROLE_TOKEN_EMBD, "transformer.word_embeddings"},
    {"bloom", EWI_ROLE_OUTPUT_NORM, "transformer.ln_f"},
    {"bloom", EWI_ROLE_ATTN_NORM, "transformer.h.%u.input_layernorm"},
    {"bloom", EWI_ROLE_OWN_ATTN_NORM, "transformer.h.%u.ln_attn"},
    {"bloom", EWI_ROLE_OWN_FFN_NORM, "transformer.h.%u.ln_mlp"},
    {"bloom", EWI_ROLE_ATTN_QKV, "transformer.h.%u.self_attention.query_key_value"},
    {"bloom", EWI_ROLE_ATTN_OUT, "transformer.h.%u.self_attention.dense"},
    {"bloom", EWI_ROLE_FFN_NORM, "transformer.h.%u.post_attention_layernorm"},
    {"bloom", EWI_ROLE_FFN_UP, "transformer.h.%u.mlp.dense_h_to_4h"},
    {"bloom", EWI_ROLE_FFN_DOWN, "transformer.h.%u.mlp.dense_4h_to_h"},
    {"bert", EWI_ROLE_TOKEN_EMBD, "embeddings.word_embeddings"},
    {"bert", EWI_ROLE_POSITION_EMBD, "embeddings.position_embeddings"},
    {"bert", EWI_ROLE_EMBD_NORM, "embeddings.LayerNorm"},
    {"bert", EWI_ROLE_ATTN_Q, "encoder.layer.%u.attention.self.query"},
    {"bert", EWI_ROLE_ATTN_K, "encoder.layer.%u.attention.self.key"},
    {"bert", EWI_ROLE_ATTN_V, "encoder.layer.%u.attention.self.value"},
    {"bert", EWI_ROLE_ATTN_OUT, "encoder.layer.%u.attention.output.dense"},
    {"bert", EWI_ROLE_FFN_UP, "encoder.layer.%u.intermediate.dense"},
    {"bert", EWI_ROLE_FFN_DOWN, "encoder.layer.%u.output.dense"},
    {"nomic-bert", EWI_ROLE_TOKEN_EMBD, "embeddings.word_embeddings"},
    {"nomic-bert", EWI_ROLE_EMBD_NORM, "emb_ln"},
    {"nomic-bert", EWI_ROLE_ATTN_QKV, "encoder.layers.%u.attn.Wqkv"},
    {"nomic-bert", EWI_ROLE_ATTN_OUT, "encoder.layers.%u.attn.out_proj"},
    {"nomic-bert", EWI_ROLE_ATTN_SUM_NORM, "encoder.layers.%u.norm1"},
    {"nomic-bert", EWI_ROLE_FFN_GATE, "encoder.layers.%u.mlp.fc12"},
    {"nomic-bert", EWI_ROLE_FFN_UP, "encoder.layers.%u.mlp.fc11"},
    {"nomic-bert", EWI_ROLE_FFN_DOWN, "encoder.layers.%u.mlp.fc2"},
    {"nomic-bert", EWI_ROLE_FFN_SUM_NORM, "encoder.layers.%u.norm2"},
    {"modern-bert", EWI_ROLE_TOKEN_EMBD, "embeddings.tok_embeddings"},
    {"modern-bert", EWI_ROLE_EMBD_NORM, "embeddings.norm"},
    {"modern-bert", EWI_ROLE_OUTPUT_NORM, "final_norm"},
    {"modern-bert", EWI_ROLE_ATTN_NORM, "layers.%u.attn_norm"},
    {"modern-bert", EWI_ROLE_ATTN_QKV, "layers.%u.attn.Wqkv"},
    {"modern-bert", EWI_ROLE_ATTN_OUT, "layers.%u.attn.Wo"},
    {"modern-bert", EWI_ROLE_FFN_NORM, "layers.%u.mlp_norm"},
    {"modern-bert", EWI_ROLE_FFN_GATE_UP, "layers.%u.mlp.Wi"},
    {"modern-bert", EWI_ROLE_FFN_DOWN, "layers.%u.mlp.Wo"},
};

static const char *format_of(const ewi_arch *arch, ewi_role role, ewi_naming naming) {
    if (naming == EWI_NAMES_HF && role == EWI_ROLE_RANK && arch->hf_rank) return arch->hf_rank;
    if (naming == EWI_NAMES_HF && role == EWI_ROLE_RANK_OUT && arch->hf_rank_out) return arch->hf_rank_out;
    for (size_t i = 0; naming == EWI_NAMES_HF && arch->hf_names && i < EWI_COUNT(hf_formats); i++)
        if (hf_formats[i].role == role && strcmp(hf_formats[i].names, arch->hf_names) == 0)
            return hf_formats[i].format;
    return role_formats[role][naming];
}

bool ewi_role_is_of_layer(ewi_role role) {
    return role >= EWI_ROLE_ATTN_NORM;
}

/* The one place of a format holds a number: written by hand, so that no format string is ever a variable. */
ew_str ewi_role_name(const ewi_arch *arch, ewi_role role, ewi_part_kind part, ewi_naming naming,
                     uint32_t layer, char buf[EWI_ROLE_NAME_BYTES]) {
    const char *format = format_of(arch, role, naming), *ending = part == EWI_BIAS ? "bias" : "weight";
    const char *mark = strstr(format, "%u");
    if (!format[0]) return (ew_str){buf, 0};
    int n = mark ? snprintf(buf, EWI_ROLE_NAME_BYTES, "%.*s%u%s.%s", (int)(mark - format), format, layer,
                            mark + 2, ending)
                 : snprintf(buf, EWI_ROLE_NAME_BYTES, "%s.%s", format, ending);
    return (ew_str){buf, (size_t)n};
}

ew_str ewi_expert_name(ewi_expert_part part, uint32_t layer, uint32_t expert, char buf[EWI_ROLE_NAME_BYTES]) {
    static const char *const words[EWI_N_EXPERT_PARTS] = {"gate", "up", "down"};
    int n = snprintf(buf, EWI_ROLE_NAME_BYTES, "model.layers.%u.mlp.experts.%u.%s_proj.weight", layer, expert,
                     words[part]);
    return (ew_str){buf, (size_t)n};
}

ew_str ewi_expert_stack_name(ewi_expert_part part, uint32_t layer, char buf[EWI_ROLE_NAME_BYTES]) {
    int n = snprintf(buf, EWI_ROLE_NAME_BYTES, "model.layers.%u.mlp.experts.%s_proj", layer,
                     part == EWI_EXPERTS_DOWN ? "down" : "gate_up");
    return (ew_str){buf, (size_t)n};
}

ew_str ewi_head_norm_name(ewi_role role, uint32_t layer, uint32_t head, char buf[EWI_ROLE_NAME_BYTES]) {
    char side = role == EWI_ROLE_ATTN_Q_NORM ? 'q' : 'k';
    int n = snprintf(buf, EWI_ROLE_NAME_BYTES, "model.layers.%u.self_attn.%c_layernorm.norms.%u.weight",
                     layer, side, head);
    return (ew_str){buf, (size_t)n};
}
