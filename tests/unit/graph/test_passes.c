/* test_passes.c: passes keep what a graph computes, and leave out what nobody asked for.
 *
 * What a graph computes is found by a plain interpreter in double, written here from the definitions of
 * the ops: RMSNorm arXiv 1910.07467, rope 2104.09864, attention 1706.03762 with grouped heads 2305.13245,
 * SwiGLU 2002.05202.
 */
#include "graph/passes.h"

#include <math.h>
#include <stdlib.h>

#include "base/slice.h"
#include "expect.h"
#include "toy_graph.h"

static const toy_sizes sizes = {
    .n_layers = 2, .n_heads = 4, .n_kv_heads = 2, .head_dim = 4, .d_model = 12, .d_ffn = 20, .n_vocab = 30};

/* ---- the interpreter: one sequence, T rows at positions 0..T-1, of which some are wanted ---- */

#define T 5
static const uint32_t tokens[T] = {3, 29, 0, 17, 3};
static const uint32_t wanted[] = {1, 4};
#define L 2

typedef struct tape {
    const ewi_graph *graph;
    double *values[256]; /* [rows, cols] */
} tape;

static size_t n_rows(const ewi_node *node) {
    return node->rows == EWI_DIM_T ? T : L;
}

static double at(const ewi_tensor *w, size_t row, size_t col) {
    float x;
    memcpy(&x, w->data + (row * (w->n_dims == 2 ? w->dims[1] : 1) + col) * sizeof x, sizeof x);
    return (double)x;
}

static double round_to(double x, double factor) {
    double code = nearbyint(x / factor);
    return factor * (code < -128 ? -128 : code > 127 ? 127 : code);
}

/* Reads inputs as codes where its weight says so and no node before it made them. */
static void run_linear(const ewi_node *n, const ewi_node *before, const double *x, size_t in, double *y) {
    const double factor = before->op == EWI_OP_ROUND ? 0 : (double)n->weight->input_scale;
    for (size_t r = 0; r < n_rows(n); r++)
        for (size_t o = 0; o < n->cols; o++) {
            double sum = n->bias ? at(n->bias, o, 0) : 0;
            for (size_t i = 0; i < in; i++) {
                double read = factor > 0 ? round_to(x[r * in + i], factor) : x[r * in + i];
                sum += read * at(n->weight, o, i);
            }
            y[r * n->cols + o] = sum;
        }
}

static void run_norm(const ewi_node *n, const double *x, double *y) {
    size_t width = n->cols / n->attrs.norm.n_groups, n_groups = n_rows(n) * n->attrs.norm.n_groups;
    for (size_t g = 0; g < n_groups; g++, x += width, y += width) {
        double mean = 0, squares = 0;
        for (size_t i = 0; i < width && n->op == EWI_OP_LAYER_NORM; i++) mean += x[i] / (double)width;
        for (size_t i = 0; i < width; i++) squares += (x[i] - mean) * (x[i] - mean);
        double scale = 1 / sqrt(squares / (double)width + (double)n->attrs.norm.eps);
        for (size_t i = 0; i < width; i++)
            y[i] = (x[i] - mean) * scale * at(n->weight, i, 0) + (n->bias ? at(n->bias, i, 0) : 0);
    }
}

static void run_columns(const ewi_node *n, const double *x, size_t x_cols, double *y) {
    const ewi_columns_attrs *a = &n->attrs.columns;
    for (size_t i = 0; i < n_rows(n) * n->cols; i++) {
        size_t row = i / n->cols, group = i % n->cols / a->width, at_column = i % a->width;
        y[i] = x[row * x_cols + a->first + group * a->stride + at_column];
    }
}

static void run_rope(const ewi_node *n, const double *x, double *y) {
    const ewi_rope_attrs *a = &n->attrs.rope;
    if (n->rows != EWI_DIM_T) fail_msg("a rope of selected rows: their positions are lost");
    for (size_t r = 0; r < T; r++)
        for (size_t h = 0; h < a->n_heads; h++)
            for (size_t p = 0; p < a->head_dim / 2; p++) {
                double angle = (double)r * pow(a->base, -2.0 * (double)p / a->n_dims);
                size_t i = r * n->cols + h * a->head_dim + 2 * p;
                y[i] = x[i] * cos(angle) - x[i + 1] * sin(angle);
                y[i + 1] = x[i] * sin(angle) + x[i + 1] * cos(angle);
            }
}

static void attend(const ewi_attention_attrs *a, const double *q, const double *k, const double *v,
                   size_t row, double *out) {
    double scores[T], sum = 0;
    size_t stride = (size_t)a->n_kv_heads * a->head_dim;
    for (size_t s = 0; s <= row; s++) {
        scores[s] = 0;
        for (size_t i = 0; i < a->head_dim; i++) scores[s] += q[i] * k[s * stride + i];
        sum += scores[s] = exp(scores[s] * (double)a->scale);
    }
    for (size_t i = 0; i < a->head_dim; i++) {
        out[i] = 0;
        for (size_t s = 0; s <= row; s++) out[i] += scores[s] / sum * v[s * stride + i];
    }
}

static void run_attention(const tape *t, const ewi_node *n, double *y) {
    const ewi_attention_attrs *a = &n->attrs.attention;
    for (size_t r = 0; r < T; r++)
        for (size_t h = 0; h < a->n_heads; h++) {
            size_t shared = h / (a->n_heads / a->n_kv_heads) * a->head_dim, i = r * n->cols + h * a->head_dim;
            attend(a, t->values[n->inputs[0]] + i, t->values[n->inputs[1]] + shared,
                   t->values[n->inputs[2]] + shared, r, y + i);
        }
}

/* An adapter of rank 1: what it adds is the sum of a row's inputs, over 64. */
static void run_adapt(const ewi_node *n, const double *base, const double *x, size_t n_x, double *y) {
    for (size_t i = 0; i < n_rows(n) * n->cols; i++) {
        y[i] = base[i];
        for (size_t k = 0; k < n_x; k++) y[i] += x[i / n->cols * n_x + k] / 64;
    }
}

/* One expert's [out, in] of a tensor for each. */
static double expert(const ewi_node *n, ewi_expert_part part, size_t e, const double *x, size_t in,
                     size_t out) {
    double sum = 0;
    for (size_t i = 0; i < in; i++) sum += x[i] * at(n->attrs.experts.parts[part].tensors[e], out, i);
    return sum;
}

/* y gains the weight times what expert e makes of x. */
static void add_expert(const ewi_node *n, size_t e, double weight, const double *x, double *y) {
    double inner[16];
    const size_t d = n->cols, d_ffn = n->attrs.experts.d_ffn;
    for (size_t i = 0; i < d_ffn; i++) {
        double gate = expert(n, EWI_EXPERTS_GATE, e, x, d, i);
        inner[i] = gate / (1 + exp(-gate)) * expert(n, EWI_EXPERTS_UP, e, x, d, i);
    }
    for (size_t i = 0; i < d; i++) y[i] += weight * expert(n, EWI_EXPERTS_DOWN, e, inner, d_ffn, i);
}

/* An expert is chosen when fewer than n_used have larger logits. */
static void run_experts(const ewi_node *n, const double *x, const double *logits, double *y) {
    const ewi_experts_attrs *a = &n->attrs.experts;
    for (size_t r = 0; r < n_rows(n); r++, x += n->cols, y += n->cols, logits += a->n_experts) {
        double all = 0, chosen = 0;
        for (unsigned is_second = 0; is_second < 2; is_second++)
            for (size_t e = 0; e < a->n_experts; e++) {
                size_t n_larger = 0;
                for (size_t i = 0; i < a->n_experts; i++) n_larger += logits[i] > logits[e];
                bool is_chosen = n_larger < a->n_used;
                if (!is_second) all += exp(logits[e]), chosen += is_chosen ? exp(logits[e]) : 0;
                if (is_second && is_chosen)
                    add_expert(n, e, exp(logits[e]) / (a->weighs_to_one ? chosen : all), x, y);
            }
    }
}

static void run_node(tape *t, uint32_t index) {
    const ewi_node *n = &t->graph->nodes[index];
    size_t count = n_rows(n) * n->cols;
    double *y = t->values[index] = calloc(count + 1, sizeof *y);
    const double *a = n->n_inputs > 0 ? t->values[n->inputs[0]] : NULL;
    const double *b = n->n_inputs > 1 ? t->values[n->inputs[1]] : NULL;
    assert_non_null(y);
    switch (n->op) {
    case EWI_OP_TOKENS: break;
    case EWI_OP_EMBED:
        for (size_t i = 0; i < count; i++) y[i] = at(n->weight, tokens[i / n->cols], i % n->cols);
        break;
    case EWI_OP_POSITIONS:
        for (size_t i = 0; i < count; i++) y[i] = at(n->weight, i / n->cols, i % n->cols);
        break;
    case EWI_OP_RMS_NORM:
    case EWI_OP_LAYER_NORM: run_norm(n, a, y); break;
    case EWI_OP_COLUMNS: run_columns(n, a, t->graph->nodes[n->inputs[0]].cols, y); break;
    case EWI_OP_SCALE:
        for (size_t i = 0; i < count; i++) y[i] = a[i] * (double)n->attrs.factor;
        break;
    case EWI_OP_ROUND:
        for (size_t i = 0; i < count; i++) y[i] = round_to(a[i], (double)n->attrs.factor);
        break;
    case EWI_OP_LINEAR: {
        const ewi_node *before = &t->graph->nodes[n->inputs[0]];
        run_linear(n, before, a, before->cols, y);
        break;
    }
    case EWI_OP_ADAPT: run_adapt(n, a, b, t->graph->nodes[n->inputs[1]].cols, y); break;
    case EWI_OP_EXPERTS: run_experts(n, a, b, y); break;
    case EWI_OP_ROPE: run_rope(n, a, y); break;
    case EWI_OP_ATTENTION: run_attention(t, n, y); break;
    case EWI_OP_ACT:
        for (size_t i = 0; i < count; i++) y[i] = a[i] / (1 + exp(-a[i])) * (b ? b[i] : 1);
        break;
    case EWI_OP_ADD:
        for (size_t i = 0; i < count; i++) y[i] = a[i] + b[i];
        break;
    case EWI_OP_STORE: break; /* attention here reads keys and values where they were made */
    case EWI_OP_QUANTIZE:     /* in exact arithmetic there is nothing to round */
        for (size_t i = 0; i < count; i++) y[i] = a[i];
        break;
    case EWI_OP_SELECT:
        for (size_t i = 0; i < count; i++) y[i] = a[wanted[i / n->cols] * n->cols + i % n->cols];
        break;
    case EWI_N_OPS: fail_msg("an op that does not exist");
    }
}

/* The output: [L, cols], to be freed. */
static double *interpret(const ewi_graph *graph) {
    tape t = {.graph = graph};
    assert_true(graph->n_nodes <= 256);
    for (uint32_t i = 0; i < graph->n_nodes; i++) run_node(&t, i);
    for (uint32_t i = 0; i < graph->n_nodes; i++)
        if (i != graph->output) free(t.values[i]);
    return t.values[graph->output];
}

/* Row by row the same operations on the same numbers: the same bits, not only nearly. */
static void check_same_output(const ewi_graph *a, const ewi_graph *b, size_t cols) {
    double *x = interpret(a), *y = interpret(b);
    for (size_t i = 0; i < L * cols; i++)
        if (x[i] != y[i]) fail_msg("output %zu: %g before, %g after", i, x[i], y[i]);
    free(x);
    free(y);
}

/* ---- narrow ---- */

static void run_pass(const ewi_graph *from, ewi_graph *to, void (*pass)(const ewi_graph *, ewi_graph *)) {
    ew_error err = {0};
    ewi_graph_init(to);
    pass(from, to);
    expect_ok(ewi_graph_verify(to, &err), &err);
}

static uint32_t find_weight(const ewi_graph *g, const char *name) {
    for (uint32_t i = 0; i < g->n_nodes; i++)
        if (g->nodes[i].weight && ewi_str_is(g->nodes[i].weight->name, name)) return i;
    fail_msg("no node reads %s", name);
    return 0;
}

static size_t count_op(const ewi_graph *g, ewi_op op) {
    size_t n = 0;
    for (uint32_t i = 0; i < g->n_nodes; i++) n += g->nodes[i].op == op;
    return n;
}

/* After the last attention only wanted rows go on: its output and the residual beside it are selected,
 * nothing else. */
static void narrow_moves_the_selection_up(void **state) {
    (void)state;
    static toy_graph toy;
    ewi_graph narrow;
    toy_graph_init(&toy, &sizes);
    run_pass(&toy.graph, &narrow, ewi_pass_narrow);
    static const char *const on_wanted_rows[] = {
        "blk.1.attn_output.weight", "blk.1.ffn_norm.weight", "blk.1.ffn_gate.weight", "blk.1.ffn_up.weight",
        "blk.1.ffn_down.weight",    "output_norm.weight",    "output.weight"};
    static const char *const on_all_rows[] = {"token_embd.weight",      "blk.0.ffn_down.weight",
                                              "blk.1.attn_norm.weight", "blk.1.attn_q.weight",
                                              "blk.1.attn_k.weight",    "blk.1.attn_v.weight"};
    for (size_t i = 0; i < sizeof on_wanted_rows / sizeof on_wanted_rows[0]; i++)
        assert_int_equal(narrow.nodes[find_weight(&narrow, on_wanted_rows[i])].rows, EWI_DIM_L);
    for (size_t i = 0; i < sizeof on_all_rows / sizeof on_all_rows[0]; i++)
        assert_int_equal(narrow.nodes[find_weight(&narrow, on_all_rows[i])].rows, EWI_DIM_T);
    assert_int_equal(count_op(&narrow, EWI_OP_SELECT), 2);
    assert_int_equal(narrow.n_nodes, toy.graph.n_nodes + 1);
    ewi_graph_deinit(&narrow);
    toy_graph_deinit(&toy);
}

static void narrow_keeps_the_output(void **state) {
    (void)state;
    static toy_graph toy;
    ewi_graph narrow, twice;
    toy_graph_init(&toy, &sizes);
    run_pass(&toy.graph, &narrow, ewi_pass_narrow);
    check_same_output(&toy.graph, &narrow, sizes.n_vocab);
    run_pass(&narrow, &twice, ewi_pass_narrow);
    check_same_output(&toy.graph, &twice, sizes.n_vocab);
    assert_int_equal(twice.n_nodes, narrow.n_nodes);
    ewi_graph_deinit(&narrow);
    ewi_graph_deinit(&twice);
    toy_graph_deinit(&toy);
}

/* A value that is also needed with all rows stays as it is. */
static void narrow_leaves_what_all_rows_need(void **state) {
    (void)state;
    static toy_graph toy;
    ewi_graph narrow, *g = &toy.graph;
    toy.n_tensors = 0;
    ewi_graph_init(g);
    ewi_value x = ewi_graph_embed(g, ewi_graph_tokens(g), toy_tensor(&toy, "embd", 2, 30, 8));
    ewi_value shared = ewi_graph_linear(g, x, toy_tensor(&toy, "shared", 2, 8, 8), NULL);
    ewi_value attended = ewi_graph_attention(g, shared, shared, shared,
                                             (ewi_attention_attrs){0, 2, 2, 4, 1, 0, 0, 0, 0, false});
    ewi_value sum = ewi_graph_add(g, shared, attended);
    ewi_graph_set_output(g, ewi_graph_select(g, sum));
    run_pass(g, &narrow, ewi_pass_narrow);
    assert_int_equal(narrow.nodes[find_weight(&narrow, "shared")].rows, EWI_DIM_T);
    assert_int_equal(count_op(&narrow, EWI_OP_SELECT), 2);
    check_same_output(g, &narrow, 8);
    ewi_graph_deinit(&narrow);
    toy_graph_deinit(&toy);
}

/* Layers with packed weights get rows of int8 of their kind; those that read the same value share them. */
/* Of layer 0, whose weights say scales, each of the four inputs is rounded once; the passes keep that. */
static void static_rounds_what_layers_read(void **state) {
    (void)state;
    static toy_graph toy;
    ewi_graph after, narrow, *g = &toy.graph;
    toy_graph_init(&toy, &sizes);
    for (uint32_t i = 0; i < toy.n_tensors; i++)
        if (strncmp(toy.names[i], "blk.0.", 6) == 0 && toy.tensors[i].n_dims == 2)
            toy.tensors[i].input_scale = strstr(toy.names[i], "ffn") ? 0.02f : 0.011f;
    run_pass(g, &after, ewi_pass_static);
    assert_int_equal(count_op(&after, EWI_OP_ROUND), 4);
    check_same_output(g, &after, sizes.n_vocab);
    run_pass(&after, &narrow, ewi_pass_narrow);
    check_same_output(g, &narrow, sizes.n_vocab);
    ewi_graph_deinit(&after);
    ewi_graph_deinit(&narrow);
    toy_graph_deinit(&toy);
}

static void quantize_is_shared(void **state) {
    (void)state;
    static toy_graph toy;
    ewi_graph after, *g = &toy.graph;
    toy_graph_init(&toy, &sizes);
    for (uint32_t i = 0; i < toy.n_tensors; i++)
        if (strstr(toy.names[i], "blk.0.attn_") && toy.tensors[i].n_dims == 2)
            toy.tensors[i].dtype = EWI_Q8_0;
    run_pass(g, &after, ewi_pass_quantize);
    assert_int_equal(count_op(&after, EWI_OP_QUANTIZE),
                     2); /* of the norm for q, k, v; of what was attended */
    const ewi_node *q = &after.nodes[find_weight(&after, "blk.0.attn_q.weight")];
    const ewi_node *v = &after.nodes[find_weight(&after, "blk.0.attn_v.weight")];
    assert_int_equal(q->inputs[0], v->inputs[0]);
    assert_int_equal(after.nodes[q->inputs[0]].op, EWI_OP_QUANTIZE);
    assert_int_equal(after.nodes[q->inputs[0]].attrs.qrows, EWI_QROWS_256);
    const ewi_node *up = &after.nodes[find_weight(&after, "blk.0.ffn_up.weight")];
    assert_int_equal(after.nodes[up->inputs[0]].type, EWI_VALUE_F32);
    ewi_graph_deinit(&after);
    toy_graph_deinit(&toy);
}

/* The steps of a layer, and what is in each. */
static void fuse_makes_steps(void **state) {
    (void)state;
    static toy_graph toy;
    ewi_graph fused;
    toy_graph_init(&toy, &sizes);
    run_pass(&toy.graph, &fused, ewi_pass_fuse);
    check_same_output(&toy.graph, &fused, sizes.n_vocab);
    assert_int_equal(count_op(&fused, EWI_OP_STORE), sizes.n_layers);
    const uint32_t q = find_weight(&fused, "blk.0.attn_q.weight"),
                   k = find_weight(&fused, "blk.0.attn_k.weight");
    const uint32_t gate = find_weight(&fused, "blk.0.ffn_gate.weight");
    const uint32_t up = find_weight(&fused, "blk.0.ffn_up.weight");
    const uint32_t out = find_weight(&fused, "blk.0.attn_output.weight");
    assert_int_equal(fused.nodes[q].step_kind, EWI_STEP_COLUMNS);
    assert_int_equal(fused.nodes[q].step, fused.nodes[k].step);
    assert_int_equal(fused.nodes[ewi_graph_step_end(&fused, q)].op, EWI_OP_STORE);
    assert_int_equal(fused.nodes[gate].step, fused.nodes[up].step);
    assert_int_equal(fused.nodes[ewi_graph_step_end(&fused, gate)].op, EWI_OP_ACT);
    assert_int_equal(fused.nodes[ewi_graph_step_end(&fused, out)].op, EWI_OP_ADD);
    assert_int_not_equal(fused.nodes[out].step, fused.nodes[q].step);
    assert_int_equal(ewi_graph_step_end(&fused, fused.output), fused.output);
    ewi_graph_deinit(&fused);
    toy_graph_deinit(&toy);
}

/* A rope turns a row by its place in the session, which a selected row no longer shows. */
static void narrow_leaves_ropes(void **state) {
    (void)state;
    static toy_graph toy;
    ewi_graph narrow, *g = &toy.graph;
    toy.n_tensors = 0;
    ewi_graph_init(g);
    ewi_value x = ewi_graph_embed(g, ewi_graph_tokens(g), toy_tensor(&toy, "embd", 2, 30, 8));
    ewi_value turned = ewi_graph_rope(g, x, (ewi_rope_attrs){EWI_ROPE_ADJACENT, 2, 4, 4, 100, NULL});
    ewi_graph_set_output(g, ewi_graph_select(g, ewi_graph_add(g, turned, x)));
    run_pass(g, &narrow, ewi_pass_narrow);
    check_same_output(g, &narrow, 8);
    ewi_graph_deinit(&narrow);
    toy_graph_deinit(&toy);
}

/* ---- adapt ---- */

static const ewi_tensor *tensor_named(const toy_graph *toy, const char *name) {
    for (uint32_t i = 0; i < toy->n_tensors; i++)
        if (strcmp(toy->names[i], name) == 0) return &toy->tensors[i];
    fail_msg("no tensor %s", name);
    return NULL;
}

/* Each layer that has an adapter gets a node after it, which goes with it through all passes: up with the
 * selection, into its step, beside rows of int8. */
static void adapters_follow_their_layers(void **state) {
    (void)state;
    static toy_graph toy;
    ewi_graph adapted, narrow, quantized, fused;
    toy_graph_init(&toy, &sizes);
    const ewi_tensor *weights[] = {tensor_named(&toy, "blk.0.attn_q.weight"),
                                   tensor_named(&toy, "blk.0.attn_v.weight"),
                                   tensor_named(&toy, "blk.1.ffn_down.weight")};
    toy.tensors[weights[1] - toy.tensors].dtype = EWI_Q8_0;
    ew_error err = {0};
    ewi_graph_init(&adapted);
    ewi_pass_adapt(&toy.graph, &adapted, weights, 3);
    expect_ok(ewi_graph_verify(&adapted, &err), &err);
    assert_int_equal(count_op(&adapted, EWI_OP_ADAPT), 3);
    run_pass(&adapted, &narrow, ewi_pass_narrow);
    toy.tensors[weights[1] - toy.tensors].dtype = EWI_F32;
    check_same_output(&adapted, &narrow, sizes.n_vocab);
    assert_int_equal(narrow.nodes[find_weight(&narrow, "blk.1.ffn_down.weight") + 1].op, EWI_OP_ADAPT);
    assert_int_equal(narrow.nodes[find_weight(&narrow, "blk.1.ffn_down.weight") + 1].rows, EWI_DIM_L);
    toy.tensors[weights[1] - toy.tensors].dtype = EWI_Q8_0;
    run_pass(&narrow, &quantized, ewi_pass_quantize);
    run_pass(&quantized, &fused, ewi_pass_fuse);
    const uint32_t q = find_weight(&fused, "blk.0.attn_q.weight"),
                   v = find_weight(&fused, "blk.0.attn_v.weight");
    assert_int_equal(fused.nodes[q + 1].op, EWI_OP_ADAPT);
    assert_int_equal(fused.nodes[q + 1].step, fused.nodes[q].step);
    assert_int_equal(fused.nodes[fused.nodes[v].inputs[0]].op, EWI_OP_QUANTIZE);
    assert_int_equal(fused.nodes[v + 1].inputs[0], v);
    assert_int_equal(fused.nodes[fused.nodes[v + 1].inputs[1]].type, EWI_VALUE_F32);
    toy.tensors[weights[1] - toy.tensors].dtype = EWI_F32;
    ewi_graph_deinit(&adapted);
    ewi_graph_deinit(&narrow);
    ewi_graph_deinit(&quantized);
    ewi_graph_deinit(&fused);
    toy_graph_deinit(&toy);
}

/* Fused queries, keys and values with norms of heads, learned positions and a plain feed-forward: all that
 * does not look at other rows moves below the selection, and a head's norm joins the step that makes it. */
static void passes_keep_other_ops(void **state) {
    (void)state;
    static toy_graph toy;
    ewi_graph narrow, fused, *g = &toy.graph;
    const ewi_norm_attrs whole = {1e-5f, 1, false}, heads = {1e-5f, 2, false};
    toy.n_tensors = 0;
    ewi_graph_init(g);
    ewi_value ids = ewi_graph_tokens(g);
    ewi_value x = ewi_graph_scale(g, ewi_graph_embed(g, ids, toy_tensor(&toy, "embd", 2, 30, 8)), 3);
    x = ewi_graph_add(g, x, ewi_graph_positions(g, ids, toy_tensor(&toy, "places", 2, 9, 8)));
    ewi_value qkv = ewi_graph_linear(g, x, toy_tensor(&toy, "qkv", 2, 24, 8), NULL);
    ewi_value q = ewi_graph_columns(g, qkv, (ewi_columns_attrs){0, 4, 12, 2});
    ewi_value k = ewi_graph_columns(g, qkv, (ewi_columns_attrs){4, 4, 12, 2});
    ewi_value v = ewi_graph_columns(g, qkv, (ewi_columns_attrs){8, 4, 12, 2});
    k = ewi_graph_linear(g, k, toy_tensor(&toy, "again", 2, 8, 8), NULL);
    k = ewi_graph_rms_norm(g, k, toy_tensor(&toy, "k_norm", 1, 4, 0), heads);
    x = ewi_graph_add(
        g, x, ewi_graph_attention(g, q, k, v, (ewi_attention_attrs){0, 2, 2, 4, 1, 0, 0, 0, 0, false}));
    ewi_value h = ewi_graph_layer_norm(g, x, toy_tensor(&toy, "norm", 1, 8, 0),
                                       toy_tensor(&toy, "bias", 1, 8, 0), whole);
    h = ewi_graph_linear(g, h, toy_tensor(&toy, "up", 2, 12, 8), NULL);
    h = ewi_graph_act(g, EWI_ACT_SILU, h, EWI_NO_VALUE);
    h = ewi_graph_columns(g, h, (ewi_columns_attrs){2, 8, 12, 1});
    ewi_graph_set_output(g, ewi_graph_select(g, ewi_graph_scale(g, ewi_graph_add(g, x, h), 0.5f)));
    run_pass(g, &narrow, ewi_pass_narrow);
    check_same_output(g, &narrow, 8);
    assert_true(narrow.nodes[find_weight(&narrow, "norm")].rows == EWI_DIM_L);
    assert_true(narrow.nodes[narrow.output].rows == EWI_DIM_L);
    run_pass(&narrow, &fused, ewi_pass_fuse);
    check_same_output(g, &fused, 8);
    assert_int_equal(fused.nodes[find_weight(&fused, "k_norm")].step,
                     fused.nodes[find_weight(&fused, "again")].step);
    ewi_graph_deinit(&fused);
    ewi_graph_deinit(&narrow);
    toy_graph_deinit(&toy);
}

/* ---- dead ---- */

/* An attention stays although nothing reads it: later steps read what it writes into the state. */
static void dead_leaves_out_what_is_unused(void **state) {
    (void)state;
    static toy_graph toy;
    ewi_graph alive, *g = &toy.graph;
    toy.n_tensors = 0;
    ewi_graph_init(g);
    ewi_value x = ewi_graph_embed(g, ewi_graph_tokens(g), toy_tensor(&toy, "embd", 2, 30, 8));
    ewi_value unused = ewi_graph_linear(g, x, toy_tensor(&toy, "unused", 2, 8, 8), NULL);
    ewi_graph_add(g, unused, x);
    ewi_value kept = ewi_graph_linear(g, x, toy_tensor(&toy, "kept", 2, 8, 8), NULL);
    ewi_graph_attention(g, kept, kept, kept, (ewi_attention_attrs){0, 2, 2, 4, 1, 0, 0, 0, 0, false});
    ewi_graph_set_output(g, ewi_graph_select(g, x));
    run_pass(g, &alive, ewi_pass_dead);
    assert_int_equal(alive.n_nodes, g->n_nodes - 2);
    assert_int_equal(count_op(&alive, EWI_OP_ATTENTION), 1);
    assert_int_equal(count_op(&alive, EWI_OP_ADD), 0);
    find_weight(&alive, "kept");
    check_same_output(g, &alive, 8);
    ewi_graph_deinit(&alive);
    toy_graph_deinit(&toy);
}

/* ---- all ---- */

static void default_passes(void **state) {
    (void)state;
    static toy_graph toy, again;
    ew_error err = {0};
    ewi_buffer dump;
    toy_graph_init(&toy, &sizes);
    toy_graph_init(&again, &sizes);
    ewi_buffer_init(&dump, 1u << 20);
    expect_ok(ewi_passes_run(&toy.graph, ewi_passes_default, ewi_n_passes_default, &dump, &err), &err);
    check_same_output(&again.graph, &toy.graph, sizes.n_vocab);
    assert_true(ewi_buffer_add(&dump, "", 1));
    assert_non_null(strstr((const char *)dump.data, "# as built\n"));
    assert_non_null(strstr((const char *)dump.data, "# narrow\n"));
    assert_non_null(strstr((const char *)dump.data, "# dead\n"));
    ewi_buffer_deinit(&dump);
    toy_graph_deinit(&toy);
    toy_graph_deinit(&again);
}

static void breaks_the_graph(const ewi_graph *from, ewi_graph *to) {
    (void)from;
    ewi_graph_set_output(to, ewi_graph_tokens(to));
}

/* A pass that makes a wrong graph is named, and the graph stays as it was. */
static void wrong_pass_is_named(void **state) {
    (void)state;
    static toy_graph toy;
    ew_error err = {0};
    toy_graph_init(&toy, &sizes);
    uint32_t before = toy.graph.n_nodes;
    const ewi_pass passes[] = {{"breaks", breaks_the_graph}};
    expect_refused(ewi_passes_run(&toy.graph, passes, 1, NULL, &err), EW_FORMAT, &err, "pass breaks");
    assert_int_equal(toy.graph.n_nodes, before);
    toy_graph_deinit(&toy);
}

/* ---- experts ---- */

enum { N_EXPERTS = 4, D_EXPERT = 6 };

/* Rows of experts are chosen like any others; threads wait for each other before them and after. */
static void experts_are_narrowed_and_alone(void **state) {
    (void)state;
    static toy_graph toy;
    static const ewi_tensor *tensors[EWI_N_EXPERT_PARTS][N_EXPERTS];
    ewi_expert_matrices parts[EWI_N_EXPERT_PARTS];
    toy.n_tensors = 0;
    ewi_graph *g = &toy.graph, fused, narrow;
    ewi_graph_init(g);
    for (unsigned part = 0; part < EWI_N_EXPERT_PARTS; part++) {
        bool is_down = part == EWI_EXPERTS_DOWN;
        for (unsigned e = 0; e < N_EXPERTS; e++)
            tensors[part][e] = toy_tensor(&toy, "expert", 2, is_down ? 8 : D_EXPERT, is_down ? D_EXPERT : 8);
        parts[part] = (ewi_expert_matrices){tensors[part], N_EXPERTS};
    }
    ewi_value x = ewi_graph_embed(g, ewi_graph_tokens(g), toy_tensor(&toy, "token_embd.weight", 2, 30, 8));
    ewi_value router = ewi_graph_linear(g, x, toy_tensor(&toy, "router", 2, N_EXPERTS, 8), NULL);
    ewi_value y = ewi_graph_experts(g, x, router,
                                    (ewi_experts_attrs){parts, N_EXPERTS, 2, D_EXPERT, EWI_ACT_SILU, true});
    y = ewi_graph_add(g, x, y);
    ewi_graph_set_output(
        g, ewi_graph_select(g, ewi_graph_linear(g, y, toy_tensor(&toy, "output.weight", 2, 9, 8), NULL)));
    run_pass(g, &narrow, ewi_pass_narrow);
    check_same_output(g, &narrow, 9);
    run_pass(&narrow, &fused, ewi_pass_fuse);
    check_same_output(g, &fused, 9);
    for (uint32_t i = 0; i < fused.n_nodes; i++) {
        if (fused.nodes[i].op != EWI_OP_EXPERTS) continue;
        assert_int_equal(fused.nodes[i].rows, EWI_DIM_L);
        assert_int_equal(fused.nodes[i].step_kind, EWI_STEP_ALONE);
        assert_int_equal(fused.nodes[i].step, i);
        assert_int_equal(fused.nodes[i + 1].step, i + 1);
    }
    assert_int_equal(count_op(&fused, EWI_OP_EXPERTS), 1);
    ewi_graph_deinit(&narrow);
    ewi_graph_deinit(&fused);
    toy_graph_deinit(&toy);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(narrow_moves_the_selection_up),
        cmocka_unit_test(narrow_keeps_the_output),
        cmocka_unit_test(narrow_leaves_ropes),
        cmocka_unit_test(passes_keep_other_ops),
        cmocka_unit_test(static_rounds_what_layers_read),
        cmocka_unit_test(quantize_is_shared),
        cmocka_unit_test(fuse_makes_steps),
        cmocka_unit_test(adapters_follow_their_layers),
        cmocka_unit_test(narrow_leaves_what_all_rows_need),
        cmocka_unit_test(dead_leaves_out_what_is_unused),
        cmocka_unit_test(default_passes),
        cmocka_unit_test(experts_are_narrowed_and_alone),
        cmocka_unit_test(wrong_pass_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
