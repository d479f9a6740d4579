/*
 * hparams.h: a model's sizes and constants, read from its metadata and bounded, one form for all formats.
 *
 * Whatever changes the mathematics in a way that is not implemented is EW_UNSUPPORTED by name; whatever is
 * missing, out of range or contradictory is EW_FORMAT by name.
 */
#ifndef EW_MODEL_HPARAMS_H
#define EW_MODEL_HPARAMS_H

#include "model/arch.h"
#include "model/checkpoint.h"
#include "model/rope_scaling.h"

/* Limits of what any reader may hand on. */
#define EWI_MAX_LAYERS   512u
#define EWI_MAX_HEADS    1024u
#define EWI_MAX_HEAD_DIM 1024u
#define EWI_MAX_D_MODEL  (1u << 17)
#define EWI_MAX_D_FFN    (1u << 20)
#define EWI_MAX_EXPERTS  1024u
#define EWI_MAX_VOCAB    (1u << 22)
#define EWI_MAX_CTX      (1u << 24) /* rope angles stay exact in double up to here */

/* How a layer differs from the others. */
typedef enum ewi_layer_flags {
    EWI_LAYER_LOCAL = 1, /* it has the window */
    EWI_LAYER_NO_ROPE = 2,
    EWI_LAYER_DENSE = 4, /* no experts, in a sparse model */
} ewi_layer_flags;

typedef struct ewi_hparams {
    const ewi_arch *arch;
    ewi_naming naming;
    ew_str name;
    uint32_t n_layers, n_heads, n_kv_heads, head_dim;
    uint32_t d_model, d_ffn;    /* d_ffn of one expert where there are experts */
    uint32_t d_dense;           /* and of layers without them; 0: there are none */
    uint32_t n_experts, n_used; /* of which a row uses so many; 0: none */
    bool weighs_to_one;         /* the weights of a row's experts sum to 1 */
    uint32_t n_vocab;           /* 0: as many as the embedding has rows */
    uint32_t n_ctx_train;
    uint32_t first_position; /* rows of learned positions before that of the first token */
    ewi_rope_pairing pairing;
    uint32_t rope_dims;
    double rope_base;
    double local_rope_base; /* of layers with a window, whose angles are not stretched; 0: as the others' */
    ewi_rope_rule rope;
    uint32_t window;                /* ewi_attention_attrs' of layers with a window; 0: there is none */
    uint8_t layers[EWI_MAX_LAYERS]; /* ewi_layer_flags */
    ewi_act act;
    bool is_parallel;
    bool owns_norms;      /* and each half of a layer has its own norm */
    ewi_presence qk_norm; /* of its weights */
    float norm_eps;
    float embd_scale, residual_scale, logit_scale; /* 1: nothing is scaled */
    float attn_scale;                              /* 0: 1 / sqrt(head_dim) */
    float attn_cap, logit_cap;                     /* 0: no cap */
    ewi_positions positions;
    float alibi_max, alibi_scale; /* 0: no ALiBi; its slopes are multiplied */
    ewi_presence output; /* EWI_ABSENT: the head is the embedding; EWI_OPTIONAL: if there is no other */
    bool is_headless;    /* hidden states only: encoders, and decoders whose files have no head */
    ew_pooling pooling;  /* EW_POOLING_MODEL: the files do not say */
} ewi_hparams;

EWI_NODISCARD ew_status ewi_hparams_read(ewi_checkpoint *checkpoint, ewi_hparams *out, ew_error *err);

/* The two readers behind it; strings with escapes go to the arena. */
EWI_NODISCARD ew_status ewi_hparams_from_gguf(const ewi_gguf *gguf, ewi_hparams *out, ew_error *err);
EWI_NODISCARD ew_status ewi_hparams_from_hf(ewi_bytes config, ewi_arena *arena, ewi_hparams *out,
                                            ew_error *err);

/* "gelu_new" and the like; false when there is none of that name. */
bool ewi_act_from(ew_str name, ewi_act *out);
/* Whether a layer's feed-forward half is a choice of experts. */
bool ewi_hparams_is_sparse(const ewi_hparams *h, uint32_t layer);

/* What the architecture says where metadata does not: for readers, before they read. */
void ewi_hparams_defaults(ewi_hparams *h);
/* Marks each layer but one in a period with the flag: the last, or with windows to both sides the first;
 * period 0: every layer. */
void ewi_hparams_mark_windows(ewi_hparams *h, uint32_t period);

#endif
