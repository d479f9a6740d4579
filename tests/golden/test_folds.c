/* test_folds.c: channels that graph/fold.h says can be scaled are scaled by random numbers, here, and the
 * tiny models still give transformers' logits (tests/golden/make_models.py), within the bound of
 * test_hf_models.c but for what the other numbers round to.
 *
 * How many inputs of a layer's matrices can be scaled follows from the architectures' papers: those behind a
 * norm of their own, the attention's output, and a product of a gate and values; not a sum that the residual
 * stream reads too (OLMo-2), and not what an activation made alone (GPT-2 and others without a gate).
 */
#include "expect.h"
#include "golden.h"
#include "rig.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/engine.h"
#include "graph/fold.h"

#define BOUND 2e-4f

typedef struct form {
    const char *name, *file;
    uint32_t n_scaled, n_inputs; /* of a layer's matrices */
} form;

static form forms[] = {
    {"llama-gqa", "llama-gqa", 4, 4},
    {"llama-gqa", "llama-gqa.gguf", 4, 4},
    {"llama-tied-bf16", "llama-tied-bf16.gguf", 4, 4},
    {"qwen2-f16", "qwen2-f16", 4, 4},
    {"mistral-f32", "mistral-f32", 4, 4},
    {"qwen3", "qwen3.gguf", 4, 4},
    {"olmo2", "olmo2", 2, 4},
    {"smollm3", "smollm3", 4, 4},
    {"granite", "granite", 4, 4},
    {"phi2", "phi2", 2, 3},
    {"phi2", "phi2.gguf", 2, 3},
    {"phi3", "phi3", 4, 4},
    {"stablelm", "stablelm", 4, 4},
    {"stablelm-parallel", "stablelm-parallel", 3, 3},
    {"stablelm-heads", "stablelm-heads", 3, 3},
    {"starcoder2", "starcoder2", 3, 4},
    {"gptneox", "gptneox", 3, 4},
    {"gptneox", "gptneox.gguf", 3, 4},
    {"gptneox-serial", "gptneox-serial", 3, 4},
    {"gemma", "gemma", 4, 4},
    {"gemma2", "gemma2", 4, 4},
    {"gemma3", "gemma3.gguf", 4, 4},
    {"gpt2", "gpt2", 3, 4},
    {"mpt", "mpt", 3, 4},
    {"bloom", "bloom", 3, 4},
    {"falcon", "falcon", 2, 3},
    {"falcon-40b", "falcon-40b", 3, 4},
    {"falcon-40b", "falcon-40b.gguf", 3, 4},
    {"falcon-11b", "falcon-11b", 2, 3},
    {"command-r", "command-r", 3, 3},
    {"command-r-plus", "command-r-plus", 3, 3},
};
#define N_FORMS (sizeof forms / sizeof forms[0])

static uint64_t drawn = 1;

/* 1/8 .. 8. */
static float draw(void) {
    drawn = drawn * 6364136223846793005u + 1442695040888963407u;
    return exp2f((float)(drawn >> 40) * 0x1p-24f * 6.0f - 3.0f);
}

/* ---- weights that are scaled ---- */

typedef struct copy {
    const ewi_tensor *of;
    ewi_tensor tensor;
    float *data;
} copy;

#define MAX_COPIES 512
static copy copies[MAX_COPIES];
static size_t n_copies;

static copy *find_copy(const ewi_tensor *t) {
    for (size_t i = 0; i < n_copies; i++)
        if (copies[i].of == t) return &copies[i];
    return NULL;
}

/* In f32; a second fold changes the same one. */
static float *copy_of(const ewi_tensor *t) {
    copy *c = find_copy(t);
    if (c) return c->data;
    assert_true(n_copies < MAX_COPIES);
    size_t n = (size_t)ewi_tensor_n_elements(t);
    c = &copies[n_copies++];
    *c = (copy){t, *t, malloc(n * sizeof *c->data)};
    assert_non_null(c->data);
    ewi_kernels_get()->widen[t->dtype](c->data, t->data, n);
    c->tensor.dtype = EWI_F32;
    c->tensor.data = (const uint8_t *)c->data;
    c->tensor.size_bytes = n * sizeof *c->data;
    return c->data;
}

static void put_copies(ewi_graph *graph) {
    for (uint32_t i = 0; i < graph->n_nodes; i++) {
        const copy *weight = find_copy(graph->nodes[i].weight), *bias = find_copy(graph->nodes[i].bias);
        if (weight) graph->nodes[i].weight = &weight->tensor;
        if (bias) graph->nodes[i].bias = &bias->tensor;
    }
}

static void free_copies(void) {
    while (n_copies > 0) free(copies[--n_copies].data);
}

static void divide_row(const ewi_tensor *t, size_t row, float by) {
    if (!t) return;
    size_t k = t->n_dims == 2 ? (size_t)t->dims[1] : 1;
    float *y = copy_of(t);
    for (size_t j = 0; j < k; j++) y[row * k + j] /= by;
}

static void multiply_columns(const ewi_tensor *t, const float *scales) {
    size_t n = (size_t)ewi_tensor_n_elements(t), k = (size_t)t->dims[1];
    float *y = copy_of(t);
    for (size_t i = 0; i < n; i++) y[i] *= scales[i % k];
}

/* The maker's rows get a number each, and channels the numbers of their rows. */
static void scale(const ewi_graph *graph, const ewi_fold *fold) {
    static float by_row[4096], scales[4096];
    const uint32_t k = graph->nodes[fold->input].cols;
    const ewi_node *maker = fold->maker;
    assert_true(k <= 4096 && maker->cols <= 4096);
    memset(by_row, 0, sizeof by_row);
    for (uint32_t c = 0; c < k; c++) {
        uint32_t row = ewi_fold_row(fold, c);
        assert_true(row < maker->cols);
        if (by_row[row] == 0) {
            by_row[row] = draw();
            divide_row(maker->weight, row, by_row[row]);
            divide_row(maker->bias, row, by_row[row]);
        }
        scales[c] = by_row[row];
    }
    for (uint32_t i = 0; i < graph->n_nodes; i++)
        if (graph->nodes[i].op == EWI_OP_LINEAR && graph->nodes[i].inputs[0] == fold->input)
            multiply_columns(graph->nodes[i].weight, scales);
}

/* ---- the models ---- */

static bool is_first_reader(const ewi_graph *graph, uint32_t i) {
    for (uint32_t j = 0; j < i; j++)
        if (graph->nodes[j].op == EWI_OP_LINEAR && graph->nodes[j].inputs[0] == graph->nodes[i].inputs[0])
            return false;
    return graph->nodes[i].op == EWI_OP_LINEAR;
}

static void scaled_models_compute_the_same(void **state) {
    const form *f = *state;
    golden g = golden_load(f->name);
    rig r = rig_open(golden_path(f->file),
                     &(ew_engine_options){
                         .n_threads = 1, .cache_k = EW_CACHE_F32, .cache_v = EW_CACHE_F32, .exact = true});
    const uint32_t n_layers = r.model->hparams.n_layers;
    uint32_t n_scaled = 0, n_inputs = 0;
    ewi_graph graph;
    ew_error err = {0};
    ewi_graph_init(&graph);
    expect_ok(ewi_model_build(r.model, EWI_OUTPUT_LOGITS, &graph, &err), &err);
    for (uint32_t i = 0; i < graph.n_nodes; i++) {
        ewi_fold fold;
        if (!is_first_reader(&graph, i)) continue;
        n_inputs++;
        if (!ewi_fold_find(&graph, graph.nodes[i].inputs[0], &fold)) continue;
        n_scaled++;
        scale(&graph, &fold);
    }
    put_copies(&r.engine->graph);
    float *logits = rig_logits(&r, g.prompt, g.n_prompt);
    float distance = golden_distance(logits, g.logits, g.n_prompt * g.n_vocab);
    print_message("%s: %u of %u inputs scaled, largest difference %.2e\n", f->file, n_scaled, n_inputs,
                  (double)distance);
    assert_true(distance <= BOUND);
    assert_int_equal(n_scaled, f->n_scaled * n_layers);
    assert_int_equal(n_inputs, f->n_inputs * n_layers + 1); /* and the head's */
    free(logits);
    rig_close(&r);
    ewi_graph_deinit(&graph);
    free_copies();
    golden_free(&g);
}

int main(void) {
    struct CMUnitTest tests[N_FORMS];
    for (size_t i = 0; i < N_FORMS; i++)
        tests[i] = (struct CMUnitTest)cmocka_unit_test_prestate(scaled_models_compute_the_same, &forms[i]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
