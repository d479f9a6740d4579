/*
 * fold.h: where the channels between two layers can be scaled without changing what a model computes: linear
 * layers read x / s with their columns multiplied by s, because what makes x is divided by s.
 *
 * What can be divided: the weight and bias of a norm; rows of a linear layer, where nothing but a product (a
 * gated activation's) or an attention's mean of values lies between. Only the structure decides: every reader
 * is a linear layer, every weight has one use, and all lie in one stage. What the head reads stays: it is an
 * embedding too. The graph is as it was built, before any pass. Channels that one row makes (of query heads
 * that share their values) are divided together.
 *
 *     if (ewi_fold_find(&graph, input, &fold))
 *         row = ewi_fold_row(&fold, channel);      of fold.maker, is divided by what the channel is
 */
#ifndef EW_GRAPH_FOLD_H
#define EW_GRAPH_FOLD_H

#include "graph/graph.h"

typedef struct ewi_fold {
    ewi_value input;       /* x, before it is divided */
    const ewi_node *maker; /* a norm or a linear layer, whose weight and bias are divided by rows */
    /* Of x's channels, n_sharing heads of head_dim that follow each other come of one head; 1: each of its
     * own. */
    uint32_t n_sharing, head_dim;
    ewi_columns_attrs columns; /* of the maker's outputs */
} ewi_fold;

/* False when x, which linear layers read, cannot be divided. */
bool ewi_fold_find(const ewi_graph *graph, ewi_value x, ewi_fold *out);
uint32_t ewi_fold_row(const ewi_fold *fold, uint32_t channel);

#endif
