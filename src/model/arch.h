/*
 * arch.h: architectures as rows of one table of features. To add one, add a row; to add a feature, add a
 * field and use it in build.c.
 */
#ifndef EW_MODEL_ARCH_H
#define EW_MODEL_ARCH_H

#include "graph/graph.h"

typedef enum ewi_presence { EWI_ABSENT, EWI_OPTIONAL, EWI_REQUIRED } ewi_presence;

/* How the tensors of a checkpoint are called. */
typedef enum ewi_naming { EWI_NAMES_GGUF, EWI_NAMES_HF, EWI_N_NAMINGS } ewi_naming;

/* Norms before a layer's two halves, after them, both, or of the sums. */
typedef enum ewi_norm_place {
    EWI_NORM_BEFORE,
    EWI_NORM_AFTER,
    EWI_NORM_AROUND,
    EWI_NORM_SUMS
} ewi_norm_place;
/* Norms of queries and keys. */
typedef enum ewi_qk_norm {
    EWI_QK_NORM_NONE,
    EWI_QK_NORM_HEADS, /* of each head, with one weight */
    EWI_QK_NORM_WHOLE, /* of all heads together */
    EWI_QK_NORM_OWN,   /* of each head, with a weight of its own, where the model has them */
} ewi_qk_norm;
typedef enum ewi_positions { EWI_POSITIONS_ROPE, EWI_POSITIONS_LEARNED, EWI_POSITIONS_ALIBI } ewi_positions;
/* Which layers have a window. */
typedef enum ewi_window_kind {
    EWI_WINDOW_NONE,
    EWI_WINDOW_ALL,    /* every layer, when there is one */
    EWI_WINDOW_SWITCH, /* layers from max_window_layers on, when use_sliding_window says so */
    EWI_WINDOW_LAYERS, /* all but each window_period-th layer, or as layer_types says */
    EWI_WINDOW_SIDES,  /* the same, but the first layer is the first without; half of it to each side */
} ewi_window_kind;

/* Zero is the Llama family's: RMS norms before, ropes, three matrices of a gated SiLU. */
typedef struct ewi_arch {
    const char *name;     /* general.architecture of GGUF; also what we call it */
    const char *hf_class; /* "architectures" of config.json */
    const char *hf_alias; /* what files made before transformers had it say; or NULL */
    const char *hf_names; /* how Hugging Face calls its tensors, see arch_names.c; NULL: as Llama's */
    /* And the matrices of its ...ForSequenceClassification, whose one label is a score; NULL: none. */
    const char *hf_rank, *hf_rank_out;
    ewi_rope_pairing gguf_pairing; /* converters to GGUF reorder the rows of some architectures */
    ewi_rope_pairing hf_pairing;
    ewi_presence qkv_bias, out_bias, ffn_bias, head_bias;
    bool has_layer_norm;    /* not RMS norms */
    ewi_presence norm_bias; /* of layer norms */
    bool hf_norm_plus_one;  /* norms multiply by 1 + weight; GGUF has the sum */
    ewi_norm_place norm_place;
    ewi_qk_norm qk_norm;
    bool is_encoder;         /* rows see all rows of their text; there is no head: hidden states are pooled */
    bool hf_qk_norm_by_head; /* those weights are tensors of their own, too */
    bool has_embd_norm;
    bool has_token_types;   /* a row of another embedding is added: always the first */
    bool hf_pads_positions; /* learned positions begin after that of the padding token */
    bool has_rank_norm;     /* a head that ranks has a norm, and its activation is the layers', not tanh */
    bool skips_first_norm;  /* the first layer's attention has none: the embedding's stands for it */
    bool is_parallel;       /* attention and feed-forward look at the same input, unless metadata says no */
    bool shares_norm;       /* and then at the same norm of it */
    bool may_own_norms;     /* unless each has its own, of other names than those of serial layers */
    bool is_plain_ffn;      /* no gate */
    ewi_act act;            /* of GGUF, which does not say; config.json says */
    bool has_fused_qkv;     /* one matrix: all queries, all keys, all values */
    bool hf_qkv_by_head;    /* or of each head of keys in turn its queries, its key, its value */
    bool has_fused_gate_up; /* one matrix: gate, then up */
    bool has_experts;       /* feed-forward matrices are many, and a router chooses for each row */
    bool weighs_to_one;     /* the weights of a row's experts sum to 1: of GGUF, which does not say */
    bool hf_is_turned;      /* matrices of layers are [in, out] */
    ewi_positions positions;
    ewi_window_kind window;
    uint32_t window_period, rope_period; /* each so many layers one has no window, no rope; 0: none */
    bool is_tied;                        /* where config.json does not say */
    bool scales_embd;                    /* by sqrt(d_model) */
    bool has_multipliers;                /* of embeddings, scores and residuals; logits are divided */
    bool has_logit_scale;                /* logits are multiplied */
    bool has_caps;                       /* of scores and logits */
    uint32_t large_layers;  /* a model of so many has heads scaled as d_model / n_heads has them */
    bool folder_to_gguf;    /* GGUF files are written of its folders, too */
    double partial_rotary;  /* part of a head that rotates, where config.json does not say; 0: all */
    double local_rope_base; /* of layers with a window; 0: as the others' */
} ewi_arch;

/* NULL when there is none of that name. */
const ewi_arch *ewi_arch_from_gguf(ew_str architecture);
/* A class is of the model whole, or of a decoder without its head (LlamaModel), or of an encoder with one
 * that ranks (BertForSequenceClassification). */
typedef enum ewi_class_kind { EWI_CLASS_WHOLE, EWI_CLASS_HEADLESS, EWI_CLASS_RANKS } ewi_class_kind;
const ewi_arch *ewi_arch_from_hf(ew_str hf_class, ewi_class_kind *kind);
/* Whether a GGUF file says all of a head that ranks: not what ModernBERT's pools. */
bool ewi_arch_ranks_gguf(const ewi_arch *arch);
/* "llama, qwen2", for error texts. */
const char *ewi_arch_list(void);

/* X(role, GGUF name, Hugging Face name of Llama): %u is the layer; ".weight" or ".bias" follows. From
 * ATTN_NORM on they belong to a layer. */
#define EWI_ROLE_MAP(X)                                                                         \
    X(TOKEN_EMBD, "token_embd", "model.embed_tokens")                                           \
    X(POSITION_EMBD, "position_embd", "transformer.wpe")                                        \
    X(TOKEN_TYPES, "token_types", "embeddings.token_type_embeddings")                           \
    X(EMBD_NORM, "token_embd_norm", "transformer.word_embeddings_layernorm")                    \
    X(ROPE_FREQS, "rope_freqs", "")                                                             \
    X(ROPE_SHORT, "rope_factors_short", "")                                                     \
    X(ROPE_LONG, "rope_factors_long", "")                                                       \
    X(OUTPUT_NORM, "output_norm", "model.norm")                                                 \
    X(OUTPUT, "output", "lm_head")                                                              \
    X(RANK, "cls", "")                                                                          \
    X(RANK_NORM, "cls.norm", "head.norm")                                                       \
    X(RANK_OUT, "cls.output", "")                                                               \
    X(ATTN_NORM, "blk.%u.attn_norm", "model.layers.%u.input_layernorm")                         \
    X(OWN_ATTN_NORM, "blk.%u.attn_norm_2", "")                                                  \
    X(OWN_FFN_NORM, "blk.%u.attn_norm", "")                                                     \
    X(ATTN_Q, "blk.%u.attn_q", "model.layers.%u.self_attn.q_proj")                              \
    X(ATTN_K, "blk.%u.attn_k", "model.layers.%u.self_attn.k_proj")                              \
    X(ATTN_V, "blk.%u.attn_v", "model.layers.%u.self_attn.v_proj")                              \
    X(ATTN_QKV, "blk.%u.attn_qkv", "model.layers.%u.self_attn.qkv_proj")                        \
    X(ATTN_Q_NORM, "blk.%u.attn_q_norm", "model.layers.%u.self_attn.q_norm")                    \
    X(ATTN_K_NORM, "blk.%u.attn_k_norm", "model.layers.%u.self_attn.k_norm")                    \
    X(ATTN_OUT, "blk.%u.attn_output", "model.layers.%u.self_attn.o_proj")                       \
    X(ATTN_POST_NORM, "blk.%u.post_attention_norm", "model.layers.%u.post_attention_layernorm") \
    X(ATTN_SUM_NORM, "blk.%u.attn_output_norm", "encoder.layer.%u.attention.output.LayerNorm")  \
    X(FFN_NORM, "blk.%u.ffn_norm", "model.layers.%u.post_attention_layernorm")                  \
    X(FFN_GATE, "blk.%u.ffn_gate", "model.layers.%u.mlp.gate_proj")                             \
    X(FFN_UP, "blk.%u.ffn_up", "model.layers.%u.mlp.up_proj")                                   \
    X(FFN_GATE_UP, "blk.%u.ffn_up", "model.layers.%u.mlp.gate_up_proj")                         \
    X(FFN_DOWN, "blk.%u.ffn_down", "model.layers.%u.mlp.down_proj")                             \
    X(FFN_POST_NORM, "blk.%u.post_ffw_norm", "model.layers.%u.post_feedforward_layernorm")      \
    X(FFN_SUM_NORM, "blk.%u.layer_output_norm", "encoder.layer.%u.output.LayerNorm")            \
    X(ROUTER, "blk.%u.ffn_gate_inp", "model.layers.%u.mlp.gate")                                \
    X(EXPERTS_GATE, "blk.%u.ffn_gate_exps", "")                                                 \
    X(EXPERTS_UP, "blk.%u.ffn_up_exps", "")                                                     \
    X(EXPERTS_DOWN, "blk.%u.ffn_down_exps", "")

typedef enum ewi_role {
#define EWI_ROLE_ENUM(role, gguf, hf) EWI_ROLE_##role,
    EWI_ROLE_MAP(EWI_ROLE_ENUM)
#undef EWI_ROLE_ENUM
        EWI_N_ROLES
} ewi_role;

typedef enum ewi_part_kind { EWI_WEIGHT, EWI_BIAS, EWI_N_PART_KINDS } ewi_part_kind;

#define EWI_ROLE_NAME_BYTES 128

bool ewi_role_is_of_layer(ewi_role role);

/* Writes the tensor's name to buf (EWI_ROLE_NAME_BYTES are enough) and returns it; empty where this naming
 * has none. */
ew_str ewi_role_name(const ewi_arch *arch, ewi_role role, ewi_part_kind part, ewi_naming naming,
                     uint32_t layer, char buf[EWI_ROLE_NAME_BYTES]);
/* Hugging Face's name of one expert's matrix, likewise. */
ew_str ewi_expert_name(ewi_expert_part part, uint32_t layer, uint32_t expert, char buf[EWI_ROLE_NAME_BYTES]);
/* The one tensor that holds that matrix of all experts: gates and ups are in the same one, [n_experts,
 * 2 d_ffn, d_model]. */
ew_str ewi_expert_stack_name(ewi_expert_part part, uint32_t layer, char buf[EWI_ROLE_NAME_BYTES]);
/* And of one head's norm: EWI_ROLE_ATTN_Q_NORM or EWI_ROLE_ATTN_K_NORM. */
ew_str ewi_head_norm_name(ewi_role role, uint32_t layer, uint32_t head, char buf[EWI_ROLE_NAME_BYTES]);

#endif
