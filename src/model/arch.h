/*
 * arch.h: architectures as rows of one table of features. To add one of the Llama family, add a row; to add a
 * feature, add a column and use it in build.c.
 */
#ifndef EW_MODEL_ARCH_H
#define EW_MODEL_ARCH_H

#include "graph/graph.h"

typedef enum ewi_presence { EWI_ABSENT, EWI_OPTIONAL, EWI_REQUIRED } ewi_presence;

typedef struct ewi_arch {
    const char *name;              /* general.architecture of GGUF; also what we call it */
    const char *hf_class;          /* "architectures" of config.json */
    ewi_rope_pairing gguf_pairing; /* converters to GGUF reorder the rows of some architectures */
    ewi_rope_pairing hf_pairing;
    ewi_presence qkv_bias, out_bias;
} ewi_arch;

/* NULL when there is none of that name. */
const ewi_arch *ewi_arch_from_gguf(ew_str architecture);
const ewi_arch *ewi_arch_from_hf(ew_str hf_class);
/* "llama, qwen2", for error texts. */
const char *ewi_arch_list(void);

/* How the tensors of a checkpoint are called. */
typedef enum ewi_naming { EWI_NAMES_GGUF, EWI_NAMES_HF, EWI_N_NAMINGS } ewi_naming;

/* X(role, GGUF name, Hugging Face name): %u is the layer. */
#define EWI_ROLE_MAP(X)                                                                      \
    X(TOKEN_EMBD, "token_embd.weight", "model.embed_tokens.weight")                          \
    X(OUTPUT_NORM, "output_norm.weight", "model.norm.weight")                                \
    X(OUTPUT, "output.weight", "lm_head.weight")                                             \
    X(ATTN_NORM, "blk.%u.attn_norm.weight", "model.layers.%u.input_layernorm.weight")        \
    X(ATTN_Q, "blk.%u.attn_q.weight", "model.layers.%u.self_attn.q_proj.weight")             \
    X(ATTN_K, "blk.%u.attn_k.weight", "model.layers.%u.self_attn.k_proj.weight")             \
    X(ATTN_V, "blk.%u.attn_v.weight", "model.layers.%u.self_attn.v_proj.weight")             \
    X(ATTN_Q_BIAS, "blk.%u.attn_q.bias", "model.layers.%u.self_attn.q_proj.bias")            \
    X(ATTN_K_BIAS, "blk.%u.attn_k.bias", "model.layers.%u.self_attn.k_proj.bias")            \
    X(ATTN_V_BIAS, "blk.%u.attn_v.bias", "model.layers.%u.self_attn.v_proj.bias")            \
    X(ATTN_OUT, "blk.%u.attn_output.weight", "model.layers.%u.self_attn.o_proj.weight")      \
    X(ATTN_OUT_BIAS, "blk.%u.attn_output.bias", "model.layers.%u.self_attn.o_proj.bias")     \
    X(FFN_NORM, "blk.%u.ffn_norm.weight", "model.layers.%u.post_attention_layernorm.weight") \
    X(FFN_GATE, "blk.%u.ffn_gate.weight", "model.layers.%u.mlp.gate_proj.weight")            \
    X(FFN_UP, "blk.%u.ffn_up.weight", "model.layers.%u.mlp.up_proj.weight")                  \
    X(FFN_DOWN, "blk.%u.ffn_down.weight", "model.layers.%u.mlp.down_proj.weight")

typedef enum ewi_role {
#define EWI_ROLE_ENUM(role, gguf, hf) EWI_ROLE_##role,
    EWI_ROLE_MAP(EWI_ROLE_ENUM)
#undef EWI_ROLE_ENUM
        EWI_N_ROLES
} ewi_role;

#define EWI_ROLE_NAME_BYTES 128

/* Writes the tensor's name to buf (EWI_ROLE_NAME_BYTES are enough) and returns it. */
ew_str ewi_role_name(ewi_role role, ewi_naming naming, uint32_t layer, char buf[EWI_ROLE_NAME_BYTES]);

#endif
