/* tiny_model.c: random models as GGUF files. */
#include "tiny_model.h"
#include "test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PIECE_ELEMENTS 65536u
#define ALIGN_BYTES    32u /* GGUF's default */
#define NAME_BYTES     96

/* Where tensors go: into a builder whole, or only announced there and written to a file afterwards. */
typedef struct writer {
    gguf_build *build;
    tiny_model model;
    FILE *file;      /* NULL: the builder holds the data */
    bool announces;  /* first of two passes: the builder learns shapes and offsets */
    uint64_t offset; /* of the next announced tensor */
    size_t n_tensors;
    uint64_t counter; /* of random elements */
} writer;

static tiny_model with_defaults(const tiny_model *model) {
    tiny_model m = *model;
    if (!m.arch) m.arch = "llama";
    if (!m.n_layers) m.n_layers = 2;
    if (!m.n_heads) m.n_heads = 4;
    if (!m.n_kv_heads) m.n_kv_heads = 2;
    if (!m.head_dim) m.head_dim = 16;
    if (!m.d_model) m.d_model = 64;
    if (!m.d_ffn) m.d_ffn = 96;
    if (!m.n_vocab) m.n_vocab = 320;
    if (!m.n_ctx) m.n_ctx = 512;
    return m;
}

static bool wanted(const writer *w, const char *name) {
    return !w->model.omit || strcmp(w->model.omit, name) != 0;
}

/* ---- random elements ---- */

/* splitmix64 of a counter (https://prng.di.unimi.it): element i does not depend on how many were made
 * before. */
static uint64_t mix(uint64_t x) {
    uint64_t z = x * 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* In [middle - spread, middle + spread). */
static float element(writer *w, float middle, float spread) {
    uint64_t bits = mix(w->model.seed + 0x517cc1b727220a95u + w->counter++);
    return middle + spread * ((float)(bits >> 40) * 0x1p-23f - 1.0f);
}

/* To nearest is not needed for random numbers: the low bits are cut off. Values below 2^-14 become zero. */
static uint16_t half_of(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    uint32_t sign = bits >> 16 & 0x8000u, exponent = bits >> 23 & 0xffu;
    if (exponent < 127 - 14) return (uint16_t)sign;
    return (uint16_t)(sign | (exponent - 112) << 10 | (bits >> 13 & 0x3ffu));
}

static uint16_t bfloat_of(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return (uint16_t)(bits >> 16);
}

/* ---- random blocks: any codes, scales that give the wanted spread ---- */

/* Where a block's f16 scale and minimum lie, and how many times the scale its weights spread, and its minimum
 * counts (ggml's block structs: -1 where there is none). */
typedef struct block_shape {
    int scale_at, min_at;
    float spread, min;
} block_shape;

static block_shape shape_of(ewi_dtype dtype) {
    if (dtype == EWI_Q8_0) return (block_shape){0, -1, 128, 0};
    if (dtype == EWI_Q4_0) return (block_shape){0, -1, 8, 0};
    if (dtype == EWI_Q4_1) return (block_shape){0, 2, 8, -8};
    if (dtype == EWI_Q5_0) return (block_shape){0, -1, 16, 0};
    if (dtype == EWI_Q5_1) return (block_shape){0, 2, 16, -16};
    if (dtype == EWI_Q4_K) return (block_shape){0, 2, 8 * 32, 8};
    if (dtype == EWI_Q5_K) return (block_shape){0, 2, 16 * 32, 16};
    if (dtype == EWI_Q6_K) return (block_shape){208, -1, 32 * 32, 0};
    if (dtype == EWI_IQ4_NL) return (block_shape){0, -1, 127, 0};
    fail_msg("tiny_model: no random weights of type %s", ewi_dtype_get(dtype)->name);
    return (block_shape){0};
}

static void put_half(uint8_t *out, float x) {
    uint16_t half = half_of(x);
    memcpy(out, &half, sizeof half);
}

static size_t fill_blocks(writer *w, uint8_t *out, ewi_dtype dtype, size_t n, float spread) {
    const block_shape shape = shape_of(dtype);
    const size_t bytes = ewi_dtype_get(dtype)->block_bytes,
                 n_blocks = n / ewi_dtype_get(dtype)->block_elements;
    for (uint8_t *block = out; block < out + n_blocks * bytes; block += bytes) {
        float scale = spread / shape.spread * (1.0f + element(w, 0, 0.25f));
        for (size_t i = 0; i < bytes; i++) block[i] = (uint8_t)mix(w->model.seed + w->counter++);
        put_half(block + shape.scale_at, scale);
        if (shape.min_at >= 0) put_half(block + shape.min_at, scale * shape.min);
    }
    return n_blocks * bytes;
}

static float half_value(const uint8_t *p) {
    uint16_t half;
    memcpy(&half, p, sizeof half);
    int exponent = half >> 10 & 31, mantissa = half & 0x3ff;
    float magnitude =
        exponent > 0 ? ldexpf((float)(mantissa + 1024), exponent - 25) : (float)mantissa * 0x1p-24f;
    return half & 0x8000 ? -magnitude : magnitude;
}

/* The weights of n elements in blocks, by the GGUF specification: d q with q of 8 bits, or d (q - 8) with q
 * in the low halves of 16 bytes, then in the high ones. */
static size_t fill_dequantized(writer *w, uint8_t *out, ewi_dtype dtype, size_t n, float spread) {
    const size_t bytes = ewi_dtype_get(dtype)->block_bytes;
    for (size_t i = 0; i < n; i += 32) {
        uint8_t block[34];
        fill_blocks(w, block, dtype, 32, spread);
        for (size_t j = 0; j < 32; j++) {
            int q = bytes == 34 ? (int8_t)block[2 + j] : (block[2 + j % 16] >> (j < 16 ? 0 : 4) & 15) - 8;
            float x = half_value(block) * (float)q;
            memcpy(out + 4 * (i + j), &x, 4);
        }
    }
    return 4 * n;
}

static size_t fill(writer *w, uint8_t *out, ewi_dtype dtype, size_t n, float middle, float spread) {
    if (ewi_dtype_get(dtype)->block_elements > 1)
        return w->model.dequantized ? fill_dequantized(w, out, dtype, n, spread)
                                    : fill_blocks(w, out, dtype, n, spread);
    for (size_t i = 0; i < n; i++) {
        float x = element(w, middle, spread);
        uint16_t half = dtype == EWI_F16 ? half_of(x) : bfloat_of(x);
        if (dtype == EWI_F32)
            memcpy(out + 4 * i, &x, 4);
        else
            memcpy(out + 2 * i, &half, 2);
    }
    return n * ewi_dtype_get(dtype)->block_bytes;
}

/* ---- tensors ---- */

static void *memory(size_t size) {
    void *block = malloc(size);
    if (!block) fail_msg("tiny_model: no memory for %zu bytes", size);
    return block;
}

static void put(writer *w, const void *data, size_t size) {
    if (fwrite(data, 1, size, w->file) != size) fail_msg("tiny_model: cannot write");
}

static void put_padding(writer *w, uint64_t size) {
    static const uint8_t zeros[ALIGN_BYTES];
    if (size % ALIGN_BYTES) put(w, zeros, ALIGN_BYTES - (size_t)(size % ALIGN_BYTES));
}

/* A tensor of one element that claims the true shape and place: the builder then makes the header only. */
static void announce(writer *w, const char *name, ewi_dtype dtype, uint32_t n_dims, const uint64_t *dims,
                     uint64_t size) {
    uint64_t inner_first[3];
    for (uint32_t i = 0; i < n_dims; i++) inner_first[i] = dims[n_dims - 1 - i];
    size_t index = gguf_build_tensor(w->build, name, dtype, 1, (uint64_t[]){1}, NULL);
    gguf_build_lie_dims(w->build, index, n_dims, inner_first);
    gguf_build_lie_offset(w->build, index, w->offset);
    w->offset += (size + ALIGN_BYTES - 1) / ALIGN_BYTES * ALIGN_BYTES;
}

static void add_tensor(writer *w, const char *name, ewi_dtype dtype, uint32_t n_dims, const uint64_t *dims,
                       float middle, float spread) {
    if (!wanted(w, name)) return;
    uint64_t n = 1;
    for (uint32_t i = 0; i < n_dims; i++) n *= dims[i];
    uint64_t size = n / ewi_dtype_get(dtype)->block_elements * ewi_dtype_get(dtype)->block_bytes;
    w->n_tensors++;
    if (w->announces) {
        announce(w, name, dtype, n_dims, dims, size);
        return;
    }
    size_t at_once = w->file && n > PIECE_ELEMENTS ? PIECE_ELEMENTS : (size_t)n;
    uint8_t *piece = memory(at_once * 4 + 1);
    for (uint64_t done = 0; done < n; done += at_once) {
        size_t count = n - done < at_once ? (size_t)(n - done) : at_once;
        size_t bytes = fill(w, piece, dtype, count, middle, spread);
        if (w->file) put(w, piece, bytes);
    }
    if (w->file)
        put_padding(w, size);
    else
        gguf_build_tensor(w->build, name, w->model.dequantized ? EWI_F32 : dtype, n_dims, dims, piece);
    free(piece);
}

/* Entries of variance 1 / in: values keep their size from layer to layer. */
static void add_typed(writer *w, const char *name, ewi_dtype dtype, uint64_t out, uint64_t in) {
    add_tensor(w, name, dtype, 2, (uint64_t[]){out, in}, 0, sqrtf(3.0f / (float)in));
}

static void add_matrix(writer *w, const char *name, uint64_t out, uint64_t in) {
    add_typed(w, name, w->model.dtype, out, in);
}

/* What a mixture of types keeps in the better one. */
static void add_better(writer *w, const char *name, uint64_t out, uint64_t in) {
    add_typed(w, name, w->model.mixed ? EWI_Q6_K : w->model.dtype, out, in);
}

static void add_vector(writer *w, const char *name, uint64_t n, float middle) {
    add_tensor(w, name, EWI_F32, 1, &n, middle, 0.2f);
}

static const char *layer_name(char buf[NAME_BYTES], uint32_t layer, const char *rest) {
    snprintf(buf, NAME_BYTES, "blk.%u.%s", layer, rest);
    return buf;
}

static void add_biases(writer *w, uint32_t layer, uint64_t n_q, uint64_t n_kv) {
    char name[NAME_BYTES];
    bool is_qwen2 = strcmp(w->model.arch, "qwen2") == 0;
    if (!w->model.biases && !is_qwen2) return;
    add_vector(w, layer_name(name, layer, "attn_q.bias"), n_q, 0);
    add_vector(w, layer_name(name, layer, "attn_k.bias"), n_kv, 0);
    add_vector(w, layer_name(name, layer, "attn_v.bias"), n_kv, 0);
    if (!is_qwen2) add_vector(w, layer_name(name, layer, "attn_output.bias"), w->model.d_model, 0);
}

static void add_stack(writer *w, const char *name, ewi_dtype dtype, uint64_t out, uint64_t in) {
    add_tensor(w, name, dtype, 3, (uint64_t[]){w->model.n_experts, out, in}, 0, sqrtf(3.0f / (float)in));
}

static void add_experts(writer *w, uint32_t layer) {
    const tiny_model *m = &w->model;
    char name[NAME_BYTES];
    add_vector(w, layer_name(name, layer, "attn_q_norm.weight"), m->head_dim, 1);
    add_vector(w, layer_name(name, layer, "attn_k_norm.weight"), m->head_dim, 1);
    add_typed(w, layer_name(name, layer, "ffn_gate_inp.weight"), EWI_F32, m->n_experts, m->d_model);
    add_stack(w, layer_name(name, layer, "ffn_gate_exps.weight"), m->dtype, m->d_ffn, m->d_model);
    add_stack(w, layer_name(name, layer, "ffn_up_exps.weight"), m->dtype, m->d_ffn, m->d_model);
    add_stack(w, layer_name(name, layer, "ffn_down_exps.weight"), m->mixed ? EWI_Q6_K : m->dtype, m->d_model,
              m->d_ffn);
}

static void add_layer(writer *w, uint32_t layer) {
    const tiny_model *m = &w->model;
    char name[NAME_BYTES];
    uint64_t n_q = (uint64_t)m->n_heads * m->head_dim, n_kv = (uint64_t)m->n_kv_heads * m->head_dim;
    add_vector(w, layer_name(name, layer, "attn_norm.weight"), m->d_model, 1);
    add_matrix(w, layer_name(name, layer, "attn_q.weight"), n_q, m->d_model);
    add_matrix(w, layer_name(name, layer, "attn_k.weight"), n_kv, m->d_model);
    add_better(w, layer_name(name, layer, "attn_v.weight"), n_kv, m->d_model);
    add_biases(w, layer, n_q, n_kv);
    add_matrix(w, layer_name(name, layer, "attn_output.weight"), m->d_model, n_q);
    add_vector(w, layer_name(name, layer, "ffn_norm.weight"), m->d_model, 1);
    if (m->n_experts) {
        add_experts(w, layer);
        return;
    }
    add_matrix(w, layer_name(name, layer, "ffn_gate.weight"), m->d_ffn, m->d_model);
    add_matrix(w, layer_name(name, layer, "ffn_up.weight"), m->d_ffn, m->d_model);
    add_better(w, layer_name(name, layer, "ffn_down.weight"), m->d_model, m->d_ffn);
}

static void add_tensors(writer *w) {
    const tiny_model *m = &w->model;
    add_matrix(w, "token_embd.weight", m->n_vocab, m->d_model);
    for (uint32_t layer = 0; layer < m->n_layers; layer++) add_layer(w, layer);
    add_vector(w, "output_norm.weight", m->d_model, 1);
    if (!m->tied) add_matrix(w, "output.weight", m->n_vocab, m->d_model);
}

/* ---- metadata ---- */

static void add_size(writer *w, const char *rest, uint32_t value) {
    char key[NAME_BYTES];
    snprintf(key, sizeof key, "%s.%s", w->model.arch, rest);
    if (wanted(w, key)) gguf_build_u32(w->build, key, value);
}

static void add_real(writer *w, const char *rest, float value) {
    char key[NAME_BYTES];
    snprintf(key, sizeof key, "%s.%s", w->model.arch, rest);
    if (wanted(w, key)) gguf_build_f32(w->build, key, value);
}

static void add_text(writer *w, const char *key, const char *value) {
    if (wanted(w, key)) gguf_build_str(w->build, key, value);
}

static void add_sizes(writer *w) {
    const tiny_model *m = &w->model;
    add_text(w, "general.architecture", m->arch);
    add_text(w, "general.name", "tiny model");
    add_size(w, "context_length", m->n_ctx);
    add_size(w, "embedding_length", m->d_model);
    add_size(w, "block_count", m->n_layers);
    add_size(w, "feed_forward_length", m->d_ffn);
    add_size(w, "vocab_size", m->n_vocab);
    if (m->n_experts) {
        add_size(w, "expert_count", m->n_experts);
        add_size(w, "expert_used_count", m->n_used);
        add_size(w, "expert_feed_forward_length", m->d_ffn);
    }
    add_size(w, "attention.head_count", m->n_heads);
    add_size(w, "attention.head_count_kv", m->n_kv_heads);
    add_size(w, "attention.key_length", m->head_dim);
    add_size(w, "attention.value_length", m->head_dim);
    add_size(w, "rope.dimension_count", m->head_dim);
    add_real(w, "attention.layer_norm_rms_epsilon", 1e-5f);
    add_real(w, "rope.freq_base", 10000.0f);
}

/* ---- the vocabulary ---- */

enum { NORMAL = 1, UNKNOWN = 2, CONTROL = 3, BYTE = 6 };
enum { TYPE_I32 = 5, TYPE_F32 = 6 }; /* of array items, in the specification's numbers */

/* a..z, aa, ba, ..: the number `index` in bijective base 26, so that no two are equal. Even: after a "▁"
 * (U+2581). */
static void spell_piece(char *out, uint32_t index) {
    uint32_t number = (index + 1) / 2;
    if (index % 2 == 0) {
        memcpy(out, "\xe2\x96\x81", 3);
        out += 3;
    }
    for (; number > 0; number = (number - 1) / 26) *out++ = (char)('a' + (number - 1) % 26);
    *out = '\0';
}

static int32_t spell_token(char out[16], uint32_t id) {
    static const char *const specials[] = {"<unk>", "<s>", "</s>"};
    if (id < 3) {
        snprintf(out, 16, "%s", specials[id]);
        return id == 0 ? UNKNOWN : CONTROL;
    }
    if (id < TINY_MODEL_MIN_VOCAB) {
        snprintf(out, 16, "<0x%02X>", id - 3);
        return BYTE;
    }
    spell_piece(out, id - TINY_MODEL_MIN_VOCAB);
    return NORMAL;
}

static void add_tokens(writer *w) {
    uint32_t n = w->model.n_vocab;
    ew_str *tokens = memory(n * sizeof *tokens);
    char(*texts)[16] = memory((size_t)n * sizeof *texts);
    int32_t *types = memory(n * sizeof *types);
    float *scores = memory(n * sizeof *scores);
    for (uint32_t i = 0; i < n; i++) {
        types[i] = spell_token(texts[i], i);
        tokens[i] = ewi_str(texts[i]);
        scores[i] = types[i] == NORMAL ? -(float)(i - TINY_MODEL_MIN_VOCAB) : 0.0f;
    }
    if (wanted(w, "tokenizer.ggml.tokens")) gguf_build_strings(w->build, "tokenizer.ggml.tokens", tokens, n);
    if (wanted(w, "tokenizer.ggml.scores"))
        gguf_build_array(w->build, "tokenizer.ggml.scores", TYPE_F32, scores, n, sizeof *scores);
    if (wanted(w, "tokenizer.ggml.token_type"))
        gguf_build_array(w->build, "tokenizer.ggml.token_type", TYPE_I32, types, n, sizeof *types);
    free(tokens);
    free(texts);
    free(types);
    free(scores);
}

static void add_id(writer *w, const char *key, uint32_t id) {
    if (wanted(w, key)) gguf_build_u32(w->build, key, id);
}

static void add_vocabulary(writer *w) {
    if (w->model.no_vocabulary) return;
    if (w->model.n_vocab < TINY_MODEL_MIN_VOCAB)
        fail_msg("tiny_model: a vocabulary needs at least %u tokens", TINY_MODEL_MIN_VOCAB);
    add_text(w, "tokenizer.ggml.model", "llama");
    add_tokens(w);
    add_id(w, "tokenizer.ggml.bos_token_id", 1);
    add_id(w, "tokenizer.ggml.eos_token_id", 2);
    add_id(w, "tokenizer.ggml.unknown_token_id", 0);
    if (wanted(w, "tokenizer.ggml.add_bos_token"))
        gguf_build_bool(w->build, "tokenizer.ggml.add_bos_token", true);
    if (w->model.chat_template) add_text(w, "tokenizer.chat_template", w->model.chat_template);
}

/* ---- the whole ---- */

static writer begin(const tiny_model *model) {
    writer w = {.build = gguf_build_new(), .model = with_defaults(model)};
    add_sizes(&w);
    add_vocabulary(&w);
    return w;
}

gguf_build *tiny_model_build(const tiny_model *model) {
    writer w = begin(model);
    add_tensors(&w);
    return w.build;
}

void tiny_model_write(const tiny_model *model, const char *path) {
    writer w = begin(model);
    w.announces = true;
    add_tensors(&w);
    ewi_bytes header = gguf_build_finish(w.build);
    w.file = fopen(path, "wb");
    if (!w.file) fail_msg("tiny_model: cannot create %s", path);
    /* After the header come the announced tensors' single elements, each padded: not wanted. */
    put(&w, header.data, header.len - w.n_tensors * ALIGN_BYTES);
    w.announces = false;
    add_tensors(&w);
    if (fclose(w.file) != 0) fail_msg("tiny_model: cannot write %s", path);
    gguf_build_free(w.build);
}
