/* toy_graph.h: a small model of the Llama family as a graph with random weights, for tests of the graph
 * room.
 *
 *     toy_graph toy;
 *     toy_graph_init(&toy, &(toy_sizes){.n_layers = 2, .n_heads = 4, .n_kv_heads = 2, .head_dim = 4,
 *                                       .d_model = 12, .d_ffn = 20, .n_vocab = 30});
 *     ... toy.graph ...
 *     toy_graph_deinit(&toy);
 *
 * Written from the definition of the architecture (arXiv 2302.13971), apart from src/model. Threads: one
 * at a time.
 */
#ifndef TESTS_SUPPORT_TOY_GRAPH_H
#define TESTS_SUPPORT_TOY_GRAPH_H

#include "graph/graph.h"

#ifdef __cplusplus
extern "C" {
#endif

#define TOY_MAX_TENSORS 512

typedef struct toy_sizes {
    uint32_t n_layers, n_heads, n_kv_heads, head_dim, d_model, d_ffn, n_vocab;
} toy_sizes;

typedef struct toy_graph {
    ewi_graph graph; /* verified */
    uint32_t n_tensors;
    ewi_tensor tensors[TOY_MAX_TENSORS];
    char names[TOY_MAX_TENSORS][48];
} toy_graph;

void toy_graph_init(toy_graph *toy, const toy_sizes *sizes);
void toy_graph_deinit(toy_graph *toy);

/* A tensor of n_dims dims with random f32 data in it, named `name`; lives until toy_graph_deinit. */
const ewi_tensor *toy_tensor(toy_graph *toy, const char *name, uint32_t n_dims, uint64_t rows, uint64_t cols);

#ifdef __cplusplus
}
#endif

#endif
