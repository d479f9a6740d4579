/*
 * hf_config.h: config.json as it is written, before anything is made of it: what both halves of its reader
 * share.
 *
 * Strings and lists go to the caller's arena. One thread.
 *
 *     ewi_hf_config c = {.arena = arena, .err = err};
 *     EWI_TRY(ewi_hf_config_read(text, &c));
 */
#ifndef EW_MODEL_HF_CONFIG_H
#define EW_MODEL_HF_CONFIG_H

#include "format/json.h"
#include "model/hparams.h"

/* A truth that a file need not tell. */
typedef enum ewi_answer { EWI_UNSAID, EWI_NO, EWI_YES } ewi_answer;

/* Numbers are 0 where the file says nothing or null. */
typedef struct ewi_hf_config {
    ewi_arena *arena;
    ew_error *err;
    const ewi_arch *arch;
    ewi_class_kind class_kind;
    uint32_t d_model, d_ffn, n_layers, n_heads, n_kv_heads, head_dim, n_ctx, n_vocab;
    uint32_t ffn_ratio, n_ctx_original;
    uint32_t n_kv_groups, n_norms; /* of Falcon's kinds */
    uint32_t n_experts, n_used, d_dense, d_expert, sparse_step;
    uint32_t window, window_period, max_window_layers;
    uint32_t window_width;  /* to both sides together */
    uint32_t n_ctx_trained; /* of files whose n_ctx is what angles are prepared for */
    uint32_t padding;       /* the padding token plus 1 */
    bool has_norm_eps;
    double norm_eps, partial_rotary;
    double embedding_multiplier, attention_multiplier, residual_multiplier, logits_scaling, logit_scale;
    double query_scalar, attn_cap, logit_cap, alibi_max, softmax_scale;
    double rope_base, local_rope_base;
    ewi_rope_rule rope;
    ewi_answer is_tied, is_parallel, is_parallel_attn, uses_window, has_alibi, is_multi_query, has_no_bias;
    ewi_answer weighs_to_one, has_qk_norm, is_grouped;
    ew_str act, rank_act, rank_pooling;            /* with their quotes */
    ew_str layer_types, rope_layers, dense_layers; /* the lists, as text */
} ewi_hf_config;

EWI_NODISCARD ew_status ewi_hf_config_read(ewi_bytes text, ewi_hf_config *c);

/* A number in [min, max], or null; a problem names the key. */
EWI_NODISCARD ew_status ewi_hf_read_u32(ewi_json *json, ew_str key, uint32_t max, uint32_t *out,
                                        ew_error *err);
EWI_NODISCARD ew_status ewi_hf_read_f64(ewi_json *json, ew_str key, double min, double max, double *out,
                                        ew_error *err);
/* rope_scaling and rope_parameters, old or new. */
EWI_NODISCARD ew_status ewi_hf_read_rope(ewi_json *json, ew_str key, ewi_hf_config *c);

#endif
