/* tiny_model.h: small models with random weights as GGUF files, for tests: whole ones, bent ones, and big
 * ones.
 *
 * The shapes and names are those of the GGUF specification (ggml-org/ggml, docs/gguf.md) for llama,
 * mistral, qwen2 and qwen3moe. Weights come from a counter, so that the same description gives the same bytes
 * everywhere. A failing allocation or file call fails the running cmocka test.
 *
 *     tiny_model_write(&(tiny_model){.n_layers = 3, .tied = true}, path);
 *
 *     gguf_build *b = tiny_model_build(&(tiny_model){.omit = "llama.attention.head_count"});     bent
 *     gguf_build_u32(b, "llama.attention.head_count", 0);
 *     gguf_build_write(b, path);
 *     gguf_build_free(b);
 */
#ifndef TESTS_SUPPORT_TINY_MODEL_H
#define TESTS_SUPPORT_TINY_MODEL_H

#include "gguf_build.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Zero in any field means its default. */
typedef struct tiny_model {
    const char *arch;           /* "llama", "mistral", "qwen2" or "qwen3moe"; default llama */
    uint32_t n_layers;          /* 2 */
    uint32_t n_heads;           /* 4 */
    uint32_t n_kv_heads;        /* 2 */
    uint32_t head_dim;          /* 16 */
    uint32_t d_model;           /* 64 */
    uint32_t d_ffn;             /* 96 */
    uint32_t n_vocab;           /* 320; a vocabulary needs TINY_MODEL_MIN_VOCAB */
    uint32_t n_ctx;             /* 512: the trained context */
    uint32_t n_experts, n_used; /* qwen3moe; d_ffn is an expert's */
    /* Of the matrices: F32, F16, BF16; in memory also Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, Q4_K, Q5_K, Q6_K, IQ4_NL.
     * Vectors are F32. */
    ewi_dtype dtype;
    bool mixed;       /* attn_v and ffn_down are Q6_K, as Q4_K_M has them; in memory */
    bool dequantized; /* Q8_0, Q4_0: the same weights as F32 */
    bool tied;        /* no output.weight: the head is the embedding */
    /* On q, k and v, and on the attention's output where it is llama; qwen2 always has q, k, v. */
    bool biases;
    bool no_vocabulary;        /* no tokenizer.* keys: token ids only */
    const char *chat_template; /* tokenizer.chat_template; NULL = none */
    uint64_t seed;
    const char *omit; /* the name of one metadata key or tensor that is left out */
} tiny_model;

/* <unk>, <s>, </s> and the 256 bytes. What follows them are "▁", the letters, and strings of letters. */
#define TINY_MODEL_MIN_VOCAB 259u

/* All keys and tensors, in memory: free it with gguf_build_free. */
gguf_build *tiny_model_build(const tiny_model *model);

/* The same file, straight to disk in pieces: hundreds of megabytes need no memory. */
void tiny_model_write(const tiny_model *model, const char *path);

#ifdef __cplusplus
}
#endif

#endif
