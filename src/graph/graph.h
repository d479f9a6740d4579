/*
 * graph.h: a model as a graph: nodes in order, each producing one value (SSA), weights as views.
 *
 * A value has an element type and dims; a dim is a number or a symbol that a step binds: T rows, L rows whose
 * logits are wanted. The builder functions infer the type of what they add and remember the first mistake, so
 * that a description of a model reads without checks; ewi_graph_verify reports it. Nodes, names and lists
 * live in the graph's arena; weights belong to the model. One thread builds a graph; after its passes it is
 * immutable and shared.
 *
 *     ewi_graph graph;
 *     ewi_graph_init(&graph);
 *     ewi_value x = ewi_graph_embed(&graph, ewi_graph_tokens(&graph), token_embd);
 *     ...
 *     ewi_graph_set_output(&graph, logits);
 *     EWI_TRY(ewi_graph_verify(&graph, err));
 *     ewi_graph_deinit(&graph);
 */
#ifndef EW_GRAPH_GRAPH_H
#define EW_GRAPH_GRAPH_H

#include "base/arena.h"
#include "base/buffer.h"
#include "kernels/act.h"
#include "kernels/qrows.h"
#include "tensor/tensor.h"

/* X(name, text): transformer ops, [rows, columns] in and out. */
#define EWI_OP_MAP(X)                                                                                       \
    X(TOKENS, "tokens")         /* the rows' token ids, [T] */                                              \
    X(EMBED, "embed")           /* row t = weight[token t] (+ bias of row t's text), widened to f32 */      \
    X(POSITIONS, "positions")   /* row t = weight[position of row t], widened to f32 */                     \
    X(RMS_NORM, "rms_norm")     /* x / sqrt(mean(x^2) + eps) * weight, of each group of columns */          \
    X(LAYER_NORM, "layer_norm") /* the same of x - mean(x) (+ bias) */                                      \
    X(LINEAR, "linear")         /* x W^T (+ bias), W is [out, in]; then capped */                           \
    X(COLUMNS, "columns")       /* some columns of x: a part of a fused layer's output */                   \
    X(SCALE, "scale")           /* x * factor */                                                            \
    X(ROUND, "round")           /* x as whole multiples of factor, -128 .. 127 of them */                   \
    X(ROPE, "rope")           /* rotates the first rope_dims of each head by position (arXiv 2104.09864) */ \
    X(ATTENTION, "attention") /* appends k, v to the layer's state, then attends; grouped heads */          \
    X(ADAPT, "adapt")         /* y + what the row's adapters of the weight make of x, see engine/adapt.h */ \
    X(EXPERTS, "experts")     /* of each row's x, what the experts that its router logits choose make */    \
    X(ACT, "act")             /* act(x), times a second input where there is one (arXiv 2002.05202) */      \
    X(ADD, "add")                                                                                           \
    X(STORE, "store")       /* appends k, v to the layer's state */                                         \
    X(QUANTIZE, "quantize") /* x as rows of int8, see kernels/qrows.h */                                    \
    X(SELECT, "select")     /* the rows whose logits are wanted: [T, n] -> [L, n] */

typedef enum ewi_op {
#define EWI_OP_ENUM(name, text) EWI_OP_##name,
    EWI_OP_MAP(EWI_OP_ENUM)
#undef EWI_OP_ENUM
        EWI_N_OPS
} ewi_op;

/* A number, or one of the symbols below. */
typedef int64_t ewi_dim;
#define EWI_DIM_T ((ewi_dim)-1)
#define EWI_DIM_L ((ewi_dim)-2)

typedef enum ewi_value_type {
    EWI_VALUE_F32,
    EWI_VALUE_TOKEN,
    EWI_VALUE_QROWS, /* int8 with scales, of the node's qrows kind */
    EWI_VALUE_STATE, /* what a store did: not in the arena */
} ewi_value_type;

/* Index of the node that makes it. */
typedef uint32_t ewi_value;
#define EWI_NO_VALUE UINT32_MAX

typedef enum ewi_rope_pairing {
    EWI_ROPE_ADJACENT, /* (x0, x1), (x2, x3), ... as the paper and GGUF's llama have it */
    EWI_ROPE_HALVES,   /* (x0, x[d/2]), ... as GPT-NeoX and Hugging Face have it */
} ewi_rope_pairing;

/* How a rope's angles and size differ from the plain ones. */
typedef struct ewi_rope_scaling {
    /* [n_dims / 2] angle i is divided by; NULL: by 1. The second is for sessions of more than n_ctx_short
     * positions, where it is not NULL. */
    const double *divisors, *long_divisors;
    /* In sessions of n_ctx > n_ctx_short the base grows too, until the longest wave is 1 + growth (n_ctx /
     * n_ctx_short - 1) times as long; 0: it does not. */
    double growth;
    uint32_t n_ctx_short;
    double magnitude; /* of cosines and sines */
} ewi_rope_scaling;

typedef struct ewi_rope_attrs {
    ewi_rope_pairing pairing;
    uint32_t n_heads, head_dim;
    uint32_t n_dims;                 /* of each head that rotate; even */
    double base;                     /* angle i of a row at position p is p * base^(-2i / n_dims) */
    const ewi_rope_scaling *scaling; /* NULL: none */
} ewi_rope_attrs;

typedef struct ewi_attention_attrs {
    uint32_t layer; /* whose state */
    uint32_t n_heads, n_kv_heads, head_dim;
    float scale;     /* of q k^T */
    uint32_t window; /* a row sees so many positions, its own the last; 0: all */
    float cap;       /* scores become cap * tanh(score / cap); 0: no cap */
    /* Head h's scores lose alibi_scale 2^(-alibi_max (h + 1) / n_heads) per position; alibi_max 0: none. */
    float alibi_max, alibi_scale;
    bool is_two_sided; /* its window reaches as far after it: a step has all of a session's rows */
} ewi_attention_attrs;

typedef struct ewi_norm_attrs {
    float eps;
    uint32_t n_groups; /* of columns: heads, or 1 */
    bool has_parts;    /* each group has its own part of the weight; no: one weight for all */
} ewi_norm_attrs;

/* Columns [first, first + width) of each of n_groups pieces of `stride` columns. */
typedef struct ewi_columns_attrs {
    uint32_t first, width, stride, n_groups;
} ewi_columns_attrs;

typedef enum ewi_expert_part {
    EWI_EXPERTS_GATE,
    EWI_EXPERTS_UP,
    EWI_EXPERTS_DOWN,
    EWI_N_EXPERT_PARTS
} ewi_expert_part;

/* The same matrix of all experts: a tensor [out, in] of each, or one of all, [n_experts, out, in]. */
typedef struct ewi_expert_matrices {
    const ewi_tensor *const *tensors;
    uint32_t n_tensors;
} ewi_expert_matrices;

/* A row's result is the sum of down(act(gate(x)) * up(x)), weighed, over its n_used experts. */
typedef struct ewi_experts_attrs {
    const ewi_expert_matrices *parts; /* [EWI_N_EXPERT_PARTS] */
    uint32_t n_experts, n_used, d_ffn;
    ewi_act act;
    bool weighs_to_one; /* weights are divided by their sum */
} ewi_experts_attrs;

/*
 * What threads share without waiting for each other inside: nodes of one step follow each other in the graph.
 * ROWS: a thread has some rows, of all nodes. COLUMNS: some columns (whole heads), of all nodes.
 */
typedef enum ewi_step_kind { EWI_STEP_ALONE, EWI_STEP_ROWS, EWI_STEP_COLUMNS } ewi_step_kind;

#define EWI_MAX_INPUTS 3

typedef struct ewi_node {
    ewi_op op;
    uint32_t n_inputs;
    ewi_value inputs[EWI_MAX_INPUTS];
    const ewi_tensor *weight, *bias; /* NULL where the op has none */
    union {
        ewi_norm_attrs norm;  /* RMS_NORM, LAYER_NORM */
        float cap;            /* LINEAR: cap * tanh(y / cap); 0: no cap */
        float factor;         /* SCALE, ROUND */
        ewi_act act;          /* ACT */
        ewi_qrows_kind qrows; /* QUANTIZE */
        ewi_columns_attrs columns;
        ewi_rope_attrs rope;
        ewi_attention_attrs attention;
        ewi_experts_attrs experts;
    } attrs;
    uint32_t stage; /* 0 = embed, 1 + i = layer i, last = head */
    uint32_t step;  /* its first node, where the fuse pass made one: step_kind is not ALONE */
    ewi_step_kind step_kind;
    ewi_value_type type;
    ewi_dim rows;
    uint32_t cols; /* 1 for tokens */
} ewi_node;

typedef struct ewi_graph {
    ewi_arena arena;
    ewi_node *nodes;
    uint32_t n_nodes, cap_nodes;
    uint32_t stage; /* of nodes that are added from now on */
    ewi_value output;
    ew_error problem; /* the builder's first mistake; status EW_OK = none */
} ewi_graph;

void ewi_graph_init(ewi_graph *graph);
void ewi_graph_deinit(ewi_graph *graph);

ewi_value ewi_graph_tokens(ewi_graph *graph);
ewi_value ewi_graph_embed(ewi_graph *graph, ewi_value tokens, const ewi_tensor *weight);
/* The same plus bias, which may be NULL: a vector, or a row of two for each text of a pair. */
ewi_value ewi_graph_biased_embed(ewi_graph *graph, ewi_value tokens, const ewi_tensor *weight,
                                 const ewi_tensor *bias);
/* weight[i] belongs to position i. */
ewi_value ewi_graph_positions(ewi_graph *graph, ewi_value tokens, const ewi_tensor *weight);
ewi_value ewi_graph_rms_norm(ewi_graph *graph, ewi_value x, const ewi_tensor *weight, ewi_norm_attrs attrs);
/* bias may be NULL. */
ewi_value ewi_graph_layer_norm(ewi_graph *graph, ewi_value x, const ewi_tensor *weight,
                               const ewi_tensor *bias, ewi_norm_attrs attrs);
/* bias may be NULL. */
ewi_value ewi_graph_linear(ewi_graph *graph, ewi_value x, const ewi_tensor *weight, const ewi_tensor *bias);
/* The same, capped where cap is not 0. */
ewi_value ewi_graph_capped_linear(ewi_graph *graph, ewi_value x, const ewi_tensor *weight,
                                  const ewi_tensor *bias, float cap);
ewi_value ewi_graph_columns(ewi_graph *graph, ewi_value x, ewi_columns_attrs attrs);
ewi_value ewi_graph_scale(ewi_graph *graph, ewi_value x, float factor);
ewi_value ewi_graph_round(ewi_graph *graph, ewi_value x, float factor);
/* y = linear(x, weight), to which adapters of the weight are added. */
ewi_value ewi_graph_adapt(ewi_graph *graph, ewi_value y, ewi_value x, const ewi_tensor *weight);
ewi_value ewi_graph_rope(ewi_graph *graph, ewi_value x, ewi_rope_attrs attrs);
ewi_value ewi_graph_attention(ewi_graph *graph, ewi_value q, ewi_value k, ewi_value v,
                              ewi_attention_attrs attrs);
ewi_value ewi_graph_experts(ewi_graph *graph, ewi_value x, ewi_value router, ewi_experts_attrs attrs);
/* up may be EWI_NO_VALUE: nothing is multiplied. */
ewi_value ewi_graph_act(ewi_graph *graph, ewi_act act, ewi_value x, ewi_value up);
ewi_value ewi_graph_add(ewi_graph *graph, ewi_value a, ewi_value b);
ewi_value ewi_graph_select(ewi_graph *graph, ewi_value x);
ewi_value ewi_graph_quantize(ewi_graph *graph, ewi_value x, ewi_qrows_kind kind);
/* Appends a ready-made node whose inputs are already in the graph, and infers its type: for passes. */
ewi_value ewi_graph_append(ewi_graph *graph, const ewi_node *node);
void ewi_graph_set_output(ewi_graph *graph, ewi_value output);

/* The type that an op gives to the types of its inputs and weights; EW_FORMAT names op, weight and what does
 * not fit. */
EWI_NODISCARD ew_status ewi_node_infer(const ewi_graph *graph, ewi_node *node, ew_error *err);

/* The last node of the fused step that node i is in; i itself where it is alone. */
uint32_t ewi_graph_step_end(const ewi_graph *graph, uint32_t i);

/* All tensors that a node reads. Writes them to out, unless that is NULL, and returns their number. */
size_t ewi_node_weights(const ewi_node *node, const ewi_tensor **out);

/* Bytes from row to row of a value; 0 where it is not in the arena. */
size_t ewi_node_row_bytes(const ewi_node *node);

/* Every node is of the type that its op gives, uses only values before it, stages never go back, and the
 * output is f32 logits. */
EWI_NODISCARD ew_status ewi_graph_verify(const ewi_graph *graph, ew_error *err);

/* One line a node: `%3 = linear %2, blk.0.attn_q.weight f32[64, 64] : f32[T, 64]`. */
void ewi_graph_print(const ewi_graph *graph, ewi_buffer *out);
const char *ewi_op_name(ewi_op op);

#endif
