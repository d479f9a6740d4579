/* test_fold.c: what can be divided, and what cannot because something else would see it. That what can be
 * divided changes nothing: tests/golden/test_folds.c. */
#include "graph/fold.h"

#include "base/slice.h"
#include "expect.h"
#include "toy_graph.h"

static const toy_sizes sizes = {
    .n_layers = 2, .n_heads = 4, .n_kv_heads = 2, .head_dim = 4, .d_model = 12, .d_ffn = 20, .n_vocab = 30};

static ewi_value input_of(const ewi_graph *graph, const char *weight) {
    for (uint32_t i = 0; i < graph->n_nodes; i++)
        if (graph->nodes[i].op == EWI_OP_LINEAR && ewi_str_is(graph->nodes[i].weight->name, weight))
            return graph->nodes[i].inputs[0];
    fail_msg("%s: not in the graph", weight);
    return EWI_NO_VALUE;
}

static bool can_fold(const ewi_graph *graph, const char *reader, ewi_fold *fold) {
    return ewi_fold_find(graph, input_of(graph, reader), fold);
}

static void a_layer_has_four(void **state) {
    (void)state;
    static const struct {
        const char *reader, *maker;
    } folds[] = {{"blk.1.attn_k.weight", "blk.1.attn_norm.weight"},
                 {"blk.1.attn_output.weight", "blk.1.attn_v.weight"},
                 {"blk.1.ffn_gate.weight", "blk.1.ffn_norm.weight"},
                 {"blk.1.ffn_down.weight", "blk.1.ffn_up.weight"}};
    static toy_graph toy;
    ewi_fold fold;
    toy_graph_init(&toy, &sizes);
    for (size_t i = 0; i < sizeof folds / sizeof *folds; i++) {
        assert_true(can_fold(&toy.graph, folds[i].reader, &fold));
        assert_true(ewi_str_is(fold.maker->weight->name, folds[i].maker));
    }
    assert_false(can_fold(&toy.graph, "output.weight", &fold));
    /* Query heads 0 and 1 look at the values of head 0, 2 and 3 at those of head 1. */
    assert_true(can_fold(&toy.graph, "blk.0.attn_output.weight", &fold));
    static const uint32_t rows[16] = {0, 1, 2, 3, 0, 1, 2, 3, 4, 5, 6, 7, 4, 5, 6, 7};
    for (uint32_t i = 0; i < 16; i++) assert_int_equal(ewi_fold_row(&fold, i), rows[i]);
    toy_graph_deinit(&toy);
}

/* ---- what stands in the way ---- */

typedef struct chain {
    ewi_graph *g;
    ewi_value x, y;
} chain;

/* A norm and a linear layer behind it, in a stage between two others. */
static chain begin(toy_graph *toy) {
    chain c = {.g = &toy->graph};
    toy->n_tensors = 0;
    ewi_graph_init(c.g);
    c.x = ewi_graph_embed(c.g, ewi_graph_tokens(c.g), toy_tensor(toy, "embd", 2, 30, 8));
    c.g->stage = 1;
    c.x = ewi_graph_rms_norm(c.g, c.x, toy_tensor(toy, "norm", 1, 8, 0), (ewi_norm_attrs){1e-5f, 1, false});
    c.y = ewi_graph_linear(c.g, c.x, toy_tensor(toy, "first", 2, 8, 8), NULL);
    return c;
}

static bool finish(toy_graph *toy, chain c, ewi_fold *fold) {
    ew_error err = {0};
    c.g->stage = 2;
    c.y = ewi_graph_linear(c.g, c.y, toy_tensor(toy, "head", 2, 30, 8), NULL);
    ewi_graph_set_output(c.g, ewi_graph_select(c.g, c.y));
    expect_ok(ewi_graph_verify(c.g, &err), &err);
    bool folds = can_fold(c.g, "first", fold);
    toy_graph_deinit(toy);
    return folds;
}

static void others_that_read_it_stand_in_the_way(void **state) {
    (void)state;
    static toy_graph toy;
    ewi_fold fold;
    chain c = begin(&toy);
    assert_true(finish(&toy, c, &fold));
    c = begin(&toy);
    c.y = ewi_graph_add(c.g, c.x, c.y); /* a residual stream that is the norm's result */
    assert_false(finish(&toy, c, &fold));
    c = begin(&toy);
    c.g->stage = 2; /* a layer of another stage */
    c.y = ewi_graph_add(c.g, c.y, ewi_graph_linear(c.g, c.x, toy_tensor(&toy, "later", 2, 8, 8), NULL));
    assert_false(finish(&toy, c, &fold));
}

static void weights_with_two_uses_stand_in_the_way(void **state) {
    (void)state;
    static toy_graph toy;
    ewi_fold fold;
    chain c = begin(&toy);
    c.y = ewi_graph_linear(c.g, c.y, c.g->nodes[c.y].weight, NULL);
    assert_false(finish(&toy, c, &fold));
    c = begin(&toy);
    c.y = ewi_graph_rms_norm(c.g, c.y, c.g->nodes[c.x].weight, (ewi_norm_attrs){1e-5f, 1, false});
    assert_false(finish(&toy, c, &fold));
}

/* Values of an attention by a layer that is capped; keys that are the values too. */
static void what_makes_values_may_stand_in_the_way(void **state) {
    (void)state;
    static const ewi_attention_attrs heads = {0, 2, 2, 4, 1, 0, 0, 0, 0, false};
    static toy_graph toy;
    ewi_fold fold;
    for (int kind = 0; kind < 3; kind++) {
        chain c = begin(&toy);
        ewi_value v =
            ewi_graph_capped_linear(c.g, c.x, toy_tensor(&toy, "v", 2, 8, 8), NULL, kind == 1 ? 5 : 0);
        ewi_value k = kind == 2 ? v : c.y;
        ewi_value o = ewi_graph_attention(c.g, c.y, k, v, heads);
        c.y = ewi_graph_linear(c.g, o, toy_tensor(&toy, "o", 2, 8, 8), NULL);
        ewi_graph *g = c.g;
        c.g->stage = 2;
        ewi_value y = ewi_graph_linear(g, c.y, toy_tensor(&toy, "head", 2, 30, 8), NULL);
        ewi_graph_set_output(g, ewi_graph_select(g, y));
        assert_int_equal(ewi_fold_find(g, o, &fold), kind == 0);
        toy_graph_deinit(&toy);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_layer_has_four),
                                       cmocka_unit_test(others_that_read_it_stand_in_the_way),
                                       cmocka_unit_test(weights_with_two_uses_stand_in_the_way),
                                       cmocka_unit_test(what_makes_values_may_stand_in_the_way)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
