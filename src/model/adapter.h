/*
 * adapter.h: a LoRA adapter (arXiv 2106.09685): for some weights W [out, in] of a model a pair A [rank, in],
 * B [out, rank], which adds scale * B A to W.
 *
 * A GGUF file as llama.cpp's convert_lora_to_gguf writes it (its pairs are NAME.lora_a and NAME.lora_b), or a
 * folder as Hugging Face PEFT saves it (adapter_config.json, adapter_model.safetensors). It is read into
 * memory, checked against the model, and immutable. What it wants and this engine does not do is refused.
 *
 *     const ewi_adapter_pair *pair = ewi_adapter_find(adapter, weight);
 *     if (pair) y += pair->scale * (x A^T) B^T
 */
#ifndef EW_MODEL_ADAPTER_H
#define EW_MODEL_ADAPTER_H

#include "model/model.h"

/* The largest rank; those of published adapters are 4 to 256. */
#define EWI_ADAPTER_MAX_RANK 1024u

typedef struct ewi_adapter_pair {
    const ewi_tensor *weight; /* of the model */
    const ewi_tensor *a, *b;  /* [rank, in], [out, rank]: F32, F16 or BF16 */
    float scale;              /* alpha / rank, or alpha / sqrt(rank) */
} ewi_adapter_pair;

struct ew_adapter {
    const ew_model *model;
    ewi_arena arena;
    size_t n_pairs;
    ewi_adapter_pair *pairs; /* sorted by weight */
    uint32_t max_rank;
};

/* NULL: the adapter leaves that weight alone. */
const ewi_adapter_pair *ewi_adapter_find(const ew_adapter *adapter, const ewi_tensor *weight);

/* What adapter_config.json says. */
typedef struct ewi_peft_config {
    uint32_t rank; /* of every pair; 0: each has its own */
    double alpha;
    bool is_rank_stabilized; /* arXiv 2312.03732: alpha / sqrt(rank) */
} ewi_peft_config;

EWI_NODISCARD ew_status ewi_peft_config_read(ewi_bytes text, ewi_arena *arena, ewi_peft_config *out,
                                             ew_error *err);

#endif
