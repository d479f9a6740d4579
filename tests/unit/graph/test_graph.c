/* test_graph.c: a description with a mistake is refused with op and weight named; a graph as text. */
#include "graph/graph.h"

#include "expect.h"
#include "toy_graph.h"

#include "base/slice.h"

/* ---- mistakes ---- */

typedef struct bench {
    toy_graph toy;
    ewi_value tokens, x; /* x: f32[T, 8] */
} bench;

static void begin(bench *b) {
    b->toy.n_tensors = 0;
    ewi_graph_init(&b->toy.graph);
    b->tokens = ewi_graph_tokens(&b->toy.graph);
    b->x = ewi_graph_embed(&b->toy.graph, b->tokens, toy_tensor(&b->toy, "token_embd.weight", 2, 30, 8));
}

/* The verifier reports the builder's first mistake, also when more was built on top of it. */
static void end(bench *b, ew_status status, const char *culprit) {
    ewi_graph *g = &b->toy.graph;
    ew_error err = {0};
    ewi_graph_set_output(g, ewi_graph_select(g, b->x));
    expect_refused(ewi_graph_verify(g, &err), status, &err, culprit);
    toy_graph_deinit(&b->toy);
}

static void linear_that_does_not_fit(void **state) {
    (void)state;
    bench b;
    begin(&b);
    b.x = ewi_graph_linear(&b.toy.graph, b.x, toy_tensor(&b.toy, "blk.0.attn_q.weight", 2, 6, 9), NULL);
    end(&b, EW_FORMAT, "tensor blk.0.attn_q.weight: [6, 9] does not fit an input of 8 columns");
    begin(&b);
    b.x = ewi_graph_linear(&b.toy.graph, b.x, toy_tensor(&b.toy, "w", 1, 8, 0), NULL);
    end(&b, EW_FORMAT, "tensor w: cannot be the weight of linear");
    begin(&b);
    b.x = ewi_graph_linear(&b.toy.graph, b.x, NULL, NULL);
    end(&b, EW_FORMAT, "linear: has no weight");
    begin(&b);
    b.x = ewi_graph_linear(&b.toy.graph, b.x, toy_tensor(&b.toy, "w", 2, 6, 8),
                           toy_tensor(&b.toy, "w.bias", 1, 8, 0));
    end(&b, EW_FORMAT, "tensor w.bias: must have the shape [6]");
    begin(&b);
    ewi_tensor huge = *toy_tensor(&b.toy, "huge", 2, 1, 8);
    huge.dims[0] = (uint64_t)1 << 40;
    b.x = ewi_graph_linear(&b.toy.graph, b.x, &huge, NULL);
    end(&b, EW_FORMAT, "tensor huge");
    begin(&b);
    ewi_tensor quantized = *toy_tensor(&b.toy, "blk.3.ffn_up.weight", 2, 6, 8);
    quantized.dtype = EWI_IQ2_XS;
    b.x = ewi_graph_linear(&b.toy.graph, b.x, &quantized, NULL);
    end(&b, EW_UNSUPPORTED, "tensor blk.3.ffn_up.weight: type IQ2_XS");
}

static void norm_that_does_not_fit(void **state) {
    (void)state;
    static const float bad_eps[] = {-1e-5f, 1, __builtin_nanf(""), __builtin_inff()};
    bench b;
    begin(&b);
    b.x = ewi_graph_rms_norm(&b.toy.graph, b.x, toy_tensor(&b.toy, "blk.0.attn_norm.weight", 1, 7, 0),
                             (ewi_norm_attrs){1e-5f, 1, false});
    end(&b, EW_FORMAT, "tensor blk.0.attn_norm.weight: must have the shape [8]");
    for (size_t i = 0; i < 4; i++) {
        begin(&b);
        b.x = ewi_graph_rms_norm(&b.toy.graph, b.x, toy_tensor(&b.toy, "n", 1, 8, 0),
                                 (ewi_norm_attrs){bad_eps[i], 1, false});
        end(&b, EW_FORMAT, "rms_norm: epsilon");
    }
    begin(&b);
    ewi_tensor half = *toy_tensor(&b.toy, "n", 1, 8, 0);
    half.dtype = EWI_F16;
    b.x = ewi_graph_rms_norm(&b.toy.graph, b.x, &half, (ewi_norm_attrs){1e-5f, 1, false});
    end(&b, EW_UNSUPPORTED, "tensor n: type F16, but rms_norm needs F32");
}

static void rope_that_does_not_fit(void **state) {
    (void)state;
    const struct {
        ewi_rope_attrs attrs;
        const char *culprit;
    } cases[] = {
        {{EWI_ROPE_HALVES, 2, 3, 2, 1e4, NULL}, "rope: 2 heads of 3 do not make 8 columns"},
        {{EWI_ROPE_HALVES, 2, 4, 3, 1e4, NULL}, "rope: 3 of 4"},
        {{EWI_ROPE_HALVES, 2, 4, 6, 1e4, NULL}, "rope: 6 of 4"},
        {{EWI_ROPE_HALVES, 2, 4, 0, 1e4, NULL}, "rope: 0 of 4"},
        {{EWI_ROPE_HALVES, 2, 4, 4, 0, NULL}, "rope: base 0"},
        {{EWI_ROPE_HALVES, 0x80000000u, 0x80000000u, 4, 1e4, NULL}, "rope: "},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bench b;
        begin(&b);
        b.x = ewi_graph_rope(&b.toy.graph, b.x, cases[i].attrs);
        end(&b, EW_FORMAT, cases[i].culprit);
    }
}

static void columns_that_do_not_fit(void **state) {
    (void)state;
    static const ewi_columns_attrs cases[] = {{0, 9, 9, 1}, {1, 8, 8, 1},          {0, 4, 5, 2},
                                              {0, 0, 8, 1}, {0, 4, 4, 0},          {0, 5, 4, 2},
                                              {2, 3, 4, 2}, {UINT32_MAX, 8, 8, 1}, {0, 4, 0x80000000u, 2}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bench b;
        begin(&b);
        b.x = ewi_graph_columns(&b.toy.graph, b.x, cases[i]);
        end(&b, EW_FORMAT, "columns: ");
    }
}

static void norms_of_heads_that_do_not_fit(void **state) {
    (void)state;
    bench b;
    begin(&b);
    b.x = ewi_graph_rms_norm(&b.toy.graph, b.x, toy_tensor(&b.toy, "n", 1, 4, 0),
                             (ewi_norm_attrs){1e-5f, 3, false});
    end(&b, EW_FORMAT, "rms_norm: 8 columns are not 3 groups");
    begin(&b);
    b.x = ewi_graph_rms_norm(&b.toy.graph, b.x, toy_tensor(&b.toy, "n", 1, 8, 0),
                             (ewi_norm_attrs){1e-5f, 2, false});
    end(&b, EW_FORMAT, "tensor n: must have the shape [4]");
    begin(&b);
    b.x = ewi_graph_rms_norm(&b.toy.graph, b.x, toy_tensor(&b.toy, "n", 1, 4, 0),
                             (ewi_norm_attrs){1e-5f, 2, true});
    end(&b, EW_FORMAT, "tensor n: must have the shape [8]");
    begin(&b);
    b.x = ewi_graph_layer_norm(&b.toy.graph, b.x, toy_tensor(&b.toy, "n", 1, 8, 0),
                               toy_tensor(&b.toy, "b", 1, 7, 0), (ewi_norm_attrs){1e-5f, 1, false});
    end(&b, EW_FORMAT, "tensor b: must have the shape [8]");
}

static void attention_that_does_not_fit(void **state) {
    (void)state;
    static const ewi_attention_attrs cases[] = {
        {0, 2, 0, 4, 1, 0, 0, 0, 0, false}, {0, 0, 0, 4, 1, 0, 0, 0, 0, false},
        {0, 3, 2, 4, 1, 0, 0, 0, 0, false}, {0, 2, 2, 0, 1, 0, 0, 0, 0, false},
        {0, 2, 1, 4, 1, 0, 0, 0, 0, false}, {0, 4, 2, 4, 1, 0, 0, 0, 0, false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bench b;
        begin(&b);
        b.x = ewi_graph_attention(&b.toy.graph, b.x, b.x, b.x, cases[i]);
        end(&b, EW_FORMAT, "attention: ");
    }
    bench b;
    begin(&b);
    ewi_value selected = ewi_graph_select(&b.toy.graph, b.x);
    b.x = ewi_graph_attention(&b.toy.graph, selected, selected, selected,
                              (ewi_attention_attrs){0, 2, 2, 4, 1, 0, 0, 0, 0, false});
    end(&b, EW_FORMAT, "attention: q, k and v must have all rows");
}

static void inputs_that_do_not_fit(void **state) {
    (void)state;
    bench b;
    begin(&b);
    ewi_value wide = ewi_graph_linear(&b.toy.graph, b.x, toy_tensor(&b.toy, "w", 2, 9, 8), NULL);
    b.x = ewi_graph_add(&b.toy.graph, b.x, wide);
    end(&b, EW_FORMAT, "add: its inputs have 8 and 9 columns");
    begin(&b);
    b.x = ewi_graph_act(&b.toy.graph, EWI_ACT_SILU, b.x, ewi_graph_select(&b.toy.graph, b.x));
    end(&b, EW_FORMAT, "act: ");
    begin(&b);
    b.x = ewi_graph_add(&b.toy.graph, b.x, b.tokens);
    end(&b, EW_FORMAT, "add: input 1 is of the wrong type");
    begin(&b);
    b.x = ewi_graph_embed(&b.toy.graph, b.x, toy_tensor(&b.toy, "again", 2, 30, 8));
    end(&b, EW_FORMAT, "embed: input 0 is of the wrong type");
    begin(&b);
    b.x = ewi_graph_add(&b.toy.graph, b.x, 77);
    end(&b, EW_FORMAT, "add: input 1 is not a value yet");
    begin(&b);
    b.x = ewi_graph_select(&b.toy.graph, ewi_graph_select(&b.toy.graph, b.x));
    end(&b, EW_FORMAT, "select: ");
}

/* ---- what only the verifier sees ---- */

static const toy_sizes two_layers = {
    .n_layers = 2, .n_heads = 4, .n_kv_heads = 2, .head_dim = 4, .d_model = 12, .d_ffn = 20, .n_vocab = 30};

static void check_verifier(void (*bend)(ewi_graph *g), const char *culprit) {
    static toy_graph toy;
    ew_error err = {0};
    toy_graph_init(&toy, &two_layers);
    bend(&toy.graph);
    expect_refused(ewi_graph_verify(&toy.graph, &err), EW_FORMAT, &err, culprit);
    toy_graph_deinit(&toy);
}

static void uses_a_later_value(ewi_graph *g) {
    g->nodes[3].inputs[0] = 5;
}
static void claims_more_columns(ewi_graph *g) {
    g->nodes[3].cols++;
}
static void goes_back_a_stage(ewi_graph *g) {
    g->nodes[20].stage = 0;
}
static void has_no_output(ewi_graph *g) {
    g->output = EWI_NO_VALUE;
}
static void has_another_output(ewi_graph *g) {
    g->output = 4;
}
static void has_another_op(ewi_graph *g) {
    g->nodes[3].op = EWI_N_OPS;
}
static void has_too_few_inputs(ewi_graph *g) {
    g->nodes[1].n_inputs = 0;
}

static void bent_graphs(void **state) {
    (void)state;
    check_verifier(uses_a_later_value, "%3: linear: input 0 is not a value yet");
    check_verifier(claims_more_columns, "%3: linear is not of the type");
    check_verifier(goes_back_a_stage, "%20: stage 0 comes after stage 2");
    check_verifier(has_no_output, "has no output");
    check_verifier(has_another_output, "not one row of logits");
    check_verifier(has_another_op, "unknown op");
    check_verifier(has_too_few_inputs, "%1: embed: 0 inputs, needs 1");
}

/* ---- text ---- */

/* Written by hand from the description of the model in toy_graph.c. */
static const char expected_text[] =
    "%0 = tokens : token[T]\n"
    "%1 = embed %0, token_embd.weight F32[30, 12] : f32[T, 12]\n"
    "%2 = rms_norm %1, blk.0.attn_norm.weight F32[12] {eps=1e-05} : f32[T, 12]\n"
    "%3 = linear %2, blk.0.attn_q.weight F32[16, 12], blk.0.attn_q.bias F32[16] : f32[T, 16]\n"
    "%4 = linear %2, blk.0.attn_k.weight F32[8, 12] : f32[T, 8]\n"
    "%5 = linear %2, blk.0.attn_v.weight F32[8, 12] : f32[T, 8]\n"
    "%6 = rope %3 {adjacent, heads=4, dims=4/4, base=10000} : f32[T, 16]\n"
    "%7 = rope %4 {adjacent, heads=2, dims=4/4, base=10000} : f32[T, 8]\n"
    "%8 = attention %6, %7, %5 {layer=0, heads=4/2, dim=4, scale=0.5} : f32[T, 16]\n"
    "%9 = linear %8, blk.0.attn_output.weight F32[12, 16] : f32[T, 12]\n"
    "%10 = add %1, %9 : f32[T, 12]\n"
    "%11 = rms_norm %10, blk.0.ffn_norm.weight F32[12] {eps=1e-05} : f32[T, 12]\n"
    "%12 = linear %11, blk.0.ffn_gate.weight F32[20, 12] : f32[T, 20]\n"
    "%13 = linear %11, blk.0.ffn_up.weight F32[20, 12] : f32[T, 20]\n"
    "%14 = act %12, %13 {silu} : f32[T, 20]\n"
    "%15 = linear %14, blk.0.ffn_down.weight F32[12, 20] : f32[T, 12]\n"
    "%16 = add %10, %15 : f32[T, 12]\n"
    "%17 = rms_norm %16, blk.1.attn_norm.weight F32[12] {eps=1e-05} : f32[T, 12]\n"
    "%18 = linear %17, blk.1.attn_q.weight F32[16, 12], blk.1.attn_q.bias F32[16] : f32[T, 16]\n"
    "%19 = linear %17, blk.1.attn_k.weight F32[8, 12] : f32[T, 8]\n"
    "%20 = linear %17, blk.1.attn_v.weight F32[8, 12] : f32[T, 8]\n"
    "%21 = rope %18 {adjacent, heads=4, dims=4/4, base=10000} : f32[T, 16]\n"
    "%22 = rope %19 {adjacent, heads=2, dims=4/4, base=10000} : f32[T, 8]\n"
    "%23 = attention %21, %22, %20 {layer=1, heads=4/2, dim=4, scale=0.5} : f32[T, 16]\n"
    "%24 = linear %23, blk.1.attn_output.weight F32[12, 16] : f32[T, 12]\n"
    "%25 = add %16, %24 : f32[T, 12]\n"
    "%26 = rms_norm %25, blk.1.ffn_norm.weight F32[12] {eps=1e-05} : f32[T, 12]\n"
    "%27 = linear %26, blk.1.ffn_gate.weight F32[20, 12] : f32[T, 20]\n"
    "%28 = linear %26, blk.1.ffn_up.weight F32[20, 12] : f32[T, 20]\n"
    "%29 = act %27, %28 {silu} : f32[T, 20]\n"
    "%30 = linear %29, blk.1.ffn_down.weight F32[12, 20] : f32[T, 12]\n"
    "%31 = add %25, %30 : f32[T, 12]\n"
    "%32 = rms_norm %31, output_norm.weight F32[12] {eps=1e-05} : f32[T, 12]\n"
    "%33 = linear %32, output.weight F32[30, 12] : f32[T, 30]\n"
    "%34 = select %33 : f32[L, 30] -> logits\n";

static void graph_as_text(void **state) {
    (void)state;
    static toy_graph toy;
    ewi_buffer text;
    toy_graph_init(&toy, &two_layers);
    ewi_buffer_init(&text, 1u << 20);
    ewi_graph_print(&toy.graph, &text);
    assert_true(ewi_buffer_add(&text, "", 1));
    assert_string_equal((const char *)text.data, expected_text);
    ewi_buffer_deinit(&text);
    toy_graph_deinit(&toy);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(linear_that_does_not_fit),
        cmocka_unit_test(norm_that_does_not_fit),
        cmocka_unit_test(rope_that_does_not_fit),
        cmocka_unit_test(columns_that_do_not_fit),
        cmocka_unit_test(norms_of_heads_that_do_not_fit),
        cmocka_unit_test(attention_that_does_not_fit),
        cmocka_unit_test(inputs_that_do_not_fit),
        cmocka_unit_test(bent_graphs),
        cmocka_unit_test(graph_as_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
