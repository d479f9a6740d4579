/* shape.c: sizes from the models' published config.json files. */
#include "shape.h"

#include <stdio.h>
#include <string.h>

/* Llama 3.2's own files also scale rope's frequencies; that changes no operation's cost and is left out. */
const shape shapes[] = {
    {.name = "llama-3.2-1b",
     .arch = "llama",
     .n_layers = 16,
     .d_model = 2048,
     .d_ffn = 8192,
     .n_heads = 32,
     .n_kv_heads = 8,
     .head_dim = 64,
     .n_ctx = 131072,
     .n_vocab = 128256,
     .n_merges = 280147,
     .n_specials = 256,
     .n_named = 256,
     .bos = 128000,
     .eos = 128001,
     .rope_base = 500000,
     .norm_eps = 1e-5f},
    {.name = "llama-3.2-3b",
     .arch = "llama",
     .n_layers = 28,
     .d_model = 3072,
     .d_ffn = 8192,
     .n_heads = 24,
     .n_kv_heads = 8,
     .head_dim = 128,
     .n_ctx = 131072,
     .n_vocab = 128256,
     .n_merges = 280147,
     .n_specials = 256,
     .n_named = 256,
     .bos = 128000,
     .eos = 128001,
     .rope_base = 500000,
     .norm_eps = 1e-5f},
    {.name = "qwen2.5-0.5b",
     .arch = "qwen2",
     .n_layers = 24,
     .d_model = 896,
     .d_ffn = 4864,
     .n_heads = 14,
     .n_kv_heads = 2,
     .head_dim = 64,
     .n_ctx = 32768,
     .n_vocab = 151936,
     .n_merges = 151387,
     .n_specials = 293,
     .n_named = 22,
     .bos = 151643,
     .eos = 151643,
     .rope_base = 1000000,
     .norm_eps = 1e-6f,
     .biases = true},
};
const size_t n_shapes = sizeof shapes / sizeof shapes[0];

const shape *shape_find(const char *name) {
    for (size_t i = 0; i < n_shapes; i++)
        if (strcmp(shapes[i].name, name) == 0) return &shapes[i];
    return NULL;
}

/* ---- tensors ---- */

/* A layer's, in the order of their use. */
typedef enum layer_part {
    NORM1,
    Q,
    Q_BIAS,
    K,
    K_BIAS,
    V,
    V_BIAS,
    OUT,
    NORM2,
    GATE,
    UP,
    DOWN,
    N_PARTS
} layer_part;

static bool is_bias(layer_part p) {
    return p == Q_BIAS || p == K_BIAS || p == V_BIAS;
}

static size_t parts_per_layer(const shape *s) {
    return s->biases ? N_PARTS : N_PARTS - 3;
}

static layer_part part_at(const shape *s, size_t i) {
    for (size_t p = 0;; p++) {
        if (!s->biases && is_bias((layer_part)p)) continue;
        if (i-- == 0) return (layer_part)p;
    }
}

size_t shape_n_tensors(const shape *s) {
    return 2 + s->n_layers * parts_per_layer(s);
}

static shape_tensor layer_tensor(const shape *s, uint32_t layer, layer_part p) {
    uint64_t d = s->d_model, f = s->d_ffn;
    uint64_t q = (uint64_t)s->n_heads * s->head_dim, kv = (uint64_t)s->n_kv_heads * s->head_dim;
    const struct {
        const char *name;
        tensor_role role;
        uint64_t n_in, n_out;
        float middle;
    } parts[N_PARTS] = {
        [NORM1] = {"attn_norm.weight", ROLE_VECTOR, d, 1, 1},
        [Q] = {"attn_q.weight", ROLE_OTHER, d, q, 0},
        [Q_BIAS] = {"attn_q.bias", ROLE_VECTOR, q, 1, 0},
        [K] = {"attn_k.weight", ROLE_OTHER, d, kv, 0},
        [K_BIAS] = {"attn_k.bias", ROLE_VECTOR, kv, 1, 0},
        [V] = {"attn_v.weight", ROLE_VALUE, d, kv, 0},
        [V_BIAS] = {"attn_v.bias", ROLE_VECTOR, kv, 1, 0},
        [OUT] = {"attn_output.weight", ROLE_OTHER, q, d, 0},
        [NORM2] = {"ffn_norm.weight", ROLE_VECTOR, d, 1, 1},
        [GATE] = {"ffn_gate.weight", ROLE_OTHER, d, f, 0},
        [UP] = {"ffn_up.weight", ROLE_OTHER, d, f, 0},
        [DOWN] = {"ffn_down.weight", ROLE_DOWN, f, d, 0},
    };
    shape_tensor t = {.role = parts[p].role,
                      .layer = layer,
                      .n_in = parts[p].n_in,
                      .n_out = parts[p].n_out,
                      .middle = parts[p].middle};
    snprintf(t.name, sizeof t.name, "blk.%u.%s", layer, parts[p].name);
    return t;
}

shape_tensor shape_get_tensor(const shape *s, size_t i) {
    size_t per_layer = parts_per_layer(s);
    if (i == 0)
        return (shape_tensor){
            .name = "token_embd.weight", .role = ROLE_EMBEDDING, .n_in = s->d_model, .n_out = s->n_vocab};
    if (i == shape_n_tensors(s) - 1)
        return (shape_tensor){
            .name = "output_norm.weight", .role = ROLE_VECTOR, .n_in = s->d_model, .n_out = 1, .middle = 1};
    i--;
    return layer_tensor(s, (uint32_t)(i / per_layer), part_at(s, i % per_layer));
}

/* ---- types ---- */

const recipe recipes[] = {
    {"f32", "every matrix F32", WEIGHT_F32, WEIGHT_F32, false, 0},
    {"f16", "every matrix F16", WEIGHT_F16, WEIGHT_F16, false, 1},
    {"bf16", "every matrix BF16", WEIGHT_BF16, WEIGHT_BF16, false, 32},
    {"q8_0", "every matrix Q8_0", WEIGHT_Q8_0, WEIGHT_Q8_0, false, 7},
    {"q4_0", "every matrix Q4_0, the embedding too (llama-quantize --pure)", WEIGHT_Q4_0, WEIGHT_Q4_0, false,
     2},
    {"q4_0-mixed", "Q4_0, the embedding Q6_K (llama-quantize without --pure)", WEIGHT_Q4_0, WEIGHT_Q6_K,
     false, 2},
    {"q4_k_m", "Q4_K, parts and the embedding Q6_K (llama-quantize)", WEIGHT_Q4_K, WEIGHT_Q6_K, true, 15},
};
const size_t n_recipes = sizeof recipes / sizeof recipes[0];

const recipe *recipe_find(const char *name) {
    for (size_t i = 0; i < n_recipes; i++)
        if (strcmp(recipes[i].name, name) == 0) return &recipes[i];
    return NULL;
}

/* Q4_K_M keeps attn_v and ffn_down in Q6_K where errors were found to weigh most: in the first and the last
 * eighth of the layers, and in every third layer between them. */
static bool is_kept_better(uint32_t layer, uint32_t n_layers) {
    uint32_t eighth = n_layers / 8;
    return layer < eighth || layer >= 7 * n_layers / 8 || (layer - eighth) % 3 == 2;
}

/* A row that is no whole number of 256-element blocks takes a type with blocks of 32: Q5_0 instead of Q4_K,
 * Q8_0 instead of Q6_K. */
static weight_type fitting(weight_type type, uint64_t n_in) {
    if (n_in % weight_block_elements(type) == 0) return type;
    return type == WEIGHT_Q4_K ? WEIGHT_Q5_0 : WEIGHT_Q8_0;
}

weight_type recipe_type(const recipe *r, const shape *s, const shape_tensor *t) {
    if (t->role == ROLE_VECTOR) return WEIGHT_F32;
    weight_type type = t->role == ROLE_EMBEDDING ? r->embedding : r->matrices;
    if (r->mixture && (t->role == ROLE_VALUE || t->role == ROLE_DOWN) &&
        is_kept_better(t->layer, s->n_layers))
        type = WEIGHT_Q6_K;
    return fitting(type, t->n_in);
}
