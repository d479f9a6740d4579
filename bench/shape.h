/*
 * shape.h: the models whose speed is measured: their sizes, their tensors, and the element type of each.
 *
 * Tables only; nothing is owned, any thread.
 *
 *     const shape *s = shape_find("llama-3.2-1b");
 *     for (size_t i = 0; i < shape_n_tensors(s); i++) {
 *         shape_tensor t = shape_get_tensor(s, i);
 *         weight_type type = recipe_type(recipe_find("q4_k_m"), s, &t);
 *     }
 */
#ifndef BENCH_SHAPE_H
#define BENCH_SHAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weights.h"

typedef struct shape {
    const char *name, *arch;
    uint32_t n_layers, d_model, d_ffn, n_heads, n_kv_heads, head_dim, n_ctx;
    uint32_t n_vocab, n_merges, n_specials; /* specials: the last tokens, n_named of them in use */
    uint32_t n_named, bos, eos;
    float rope_base, norm_eps;
    bool biases; /* on queries, keys and values */
} shape;

extern const shape shapes[];
extern const size_t n_shapes;

/* NULL = unknown. */
const shape *shape_find(const char *name);

/* What decides a tensor's type. */
typedef enum tensor_role { ROLE_VECTOR, ROLE_EMBEDDING, ROLE_VALUE, ROLE_DOWN, ROLE_OTHER } tensor_role;

typedef struct shape_tensor {
    char name[64];
    tensor_role role;
    uint32_t layer;
    uint64_t n_in, n_out; /* a vector has n_out 1 */
    float middle;         /* of a vector's values */
} shape_tensor;

size_t shape_n_tensors(const shape *s);
shape_tensor shape_get_tensor(const shape *s, size_t i);

/* One way to give a model's tensors their types. */
typedef struct recipe {
    const char *name, *meaning;
    weight_type matrices, embedding;
    bool mixture;       /* Q4_K_M's, see recipe_type */
    uint32_t file_type; /* general.file_type */
} recipe;

extern const recipe recipes[];
extern const size_t n_recipes;

/* NULL = unknown. */
const recipe *recipe_find(const char *name);
weight_type recipe_type(const recipe *r, const shape *s, const shape_tensor *t);

#endif
