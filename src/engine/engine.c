#include "engine/adapt.h"
#include "engine/attend.h"
#include "engine/experts.h"
#include "engine/ropes.h"

#include <inttypes.h>

#include "base/checked.h"
#include "base/error.h"
#include "base/mem.h"
#include "graph/passes.h"
#include "os/topology.h"

#define DEFAULT_ROWS     128u
#define DEFAULT_SPARSE   512u              /* each expert sees some of a step's rows only */
#define DEFAULT_TEXT     512u              /* an encoder takes all of a text in a step */
#define DEFAULT_FAST     256u              /* what a panel of codes costs is shared by more rows */
#define MAX_TABLES_BYTES ((size_t)1 << 40) /* the machine's memory is the limit */

/* ---- quantized weights ---- */

static bool is_packed_linear(const ewi_node *node) {
    return node->op == EWI_OP_LINEAR && ewi_packed_info_get(node->weight->dtype);
}

/* Has matrices that may be packed. */
static bool has_packed(const ewi_node *node) {
    return node->op == EWI_OP_LINEAR || node->op == EWI_OP_EXPERTS;
}

static bool is_fast_linear(const ew_engine *e, const ewi_node *node) {
    return node->op == EWI_OP_LINEAR && !e->exact && e->kern->matmul_fast[node->weight->dtype];
}

static uint32_t default_rows(const ew_engine *e) {
    const ewi_hparams *h = &e->model->hparams;
    if (h->arch->is_encoder) return h->n_ctx_train < DEFAULT_TEXT ? h->n_ctx_train : DEFAULT_TEXT;
    if (h->n_experts) return DEFAULT_SPARSE;
    for (uint32_t i = 0; i < e->graph.n_nodes; i++)
        if (is_fast_linear(e, &e->graph.nodes[i])) return DEFAULT_FAST;
    return DEFAULT_ROWS;
}

static uint32_t head_rows(const ew_engine *e) {
    const size_t rows = EWI_HEAD_BYTES / ewi_node_row_bytes(&e->graph.nodes[e->graph.output]);
    return rows < EWI_HEAD_ROWS ? EWI_HEAD_ROWS : rows < EWI_MAX_ROWS ? (uint32_t)rows : EWI_MAX_ROWS;
}

static size_t scratch_of(const ew_engine *e, const ewi_node *node) {
    if (node->op == EWI_OP_EXPERTS) return ewi_experts_panel_bytes(node);
    if (is_packed_linear(node)) return EWI_QMATMUL_SCRATCH((size_t)node->weight->dims[1]);
    if (!is_fast_linear(e, node)) return 0;
    return EWI_MATMUL_SCRATCH((size_t)e->plan.n_rows, (size_t)node->weight->dims[1]);
}

static bool make_panels(ew_engine *e) {
    size_t bytes = 0;
    for (uint32_t i = 0; i < e->graph.n_nodes; i++) {
        size_t need = scratch_of(e, &e->graph.nodes[i]);
        bytes = need > bytes ? need : bytes;
    }
    uint32_t n_threads = ewi_pool_n_threads(e->pool);
    e->panels = ewi_arena_array(&e->tables, n_threads, sizeof *e->panels);
    for (uint32_t t = 0; e->panels && bytes && t < n_threads; t++) {
        uint8_t *panel = ewi_arena_alloc(&e->tables, bytes + 64);
        if (!panel) return false;
        e->panels[t] = panel + (64 - (uintptr_t)panel % 64) % 64;
    }
    return e->panels;
}

/* Work of another room. */
typedef struct packing_work {
    ewi_packing_work work;
    void *arg;
} packing_work;

static void pack_share(void *arg, const ewi_share *share) {
    const packing_work *p = arg;
    p->work(p->arg, share->index, share->n);
}

static void run_on_pool(void *pool, ewi_packing_work work, void *arg) {
    ewi_pool_run(pool, pack_share, &(packing_work){work, arg});
}

/* Whichever engine comes first packs, on all of its threads. */
static ew_status pack_weights(ew_engine *e, ew_error *err) {
    size_t n_all = 0, n = 0;
    for (uint32_t i = 0; i < e->graph.n_nodes; i++)
        if (has_packed(&e->graph.nodes[i])) n_all += ewi_node_weights(&e->graph.nodes[i], NULL);
    const ewi_tensor **weights = ewi_arena_array(&e->tables, n_all, sizeof *weights);
    if (!weights) return ewi_no_memory(err, "an engine");
    n_all = 0;
    for (uint32_t i = 0; i < e->graph.n_nodes; i++)
        if (has_packed(&e->graph.nodes[i])) n_all += ewi_node_weights(&e->graph.nodes[i], weights + n_all);
    for (size_t i = 0; i < n_all; i++)
        if (ewi_packed_info_get(weights[i]->dtype)) weights[n++] = weights[i];
    EWI_TRY(ewi_packing_add(e->model->packing, weights, n, run_on_pool, e->pool, err));
    return ewi_weights_ready(e->model, NULL, 0, err);
}

/* What a step touches: without this check a machine that promises memory it lacks ends the process later. */
static ew_status check_memory(const ew_engine *e, ew_error *err) {
    uint64_t need, available = ewi_memory_available_bytes();
    bool fits = ewi_add_u64(e->plan.arena_bytes, ewi_attend_bytes(e), &need) &&
                ewi_add_u64(need, ewi_experts_bytes(e), &need);
    if (fits && (available == 0 || need <= available)) return EW_OK;
    return ewi_fail(err, EW_LIMIT,
                    "%u rows a step need %llu MiB, this machine has %llu MiB left; ask for fewer rows a step",
                    e->plan.n_rows, fits ? (unsigned long long)(need >> 20) : ~0ull,
                    (unsigned long long)(available >> 20));
}

static ew_status allocate(ew_engine *e, ew_error *err) {
    EWI_TRY(check_memory(e, err));
    e->values = ewi_alloc(e->plan.arena_bytes);
    e->wanted = ewi_arena_array(&e->tables, e->plan.n_rows, sizeof *e->wanted);
    size_t n_peaks = ewi_n_peaks(e->graph.nodes[e->graph.output].cols);
    e->peaks = ewi_arena_array(&e->tables, e->plan.head_rows * n_peaks, sizeof *e->peaks);
    bool ok = e->values && e->wanted && e->peaks && ewi_ropes_init(e) && ewi_attend_init(e) &&
              make_panels(e) && ewi_adapt_make_scratch(e) && ewi_experts_make_scratch(e) &&
              ewi_profile_init(&e->profile, &e->graph, &e->tables);
    return ok ? EW_OK : ewi_no_memory(err, "an engine; fewer rows a step need less");
}

static const ewi_dtype cache_dtypes[] = {
    [EW_CACHE_F16] = EWI_F16, [EW_CACHE_F32] = EWI_F32, [EW_CACHE_Q8] = EWI_I8, [EW_CACHE_Q4R] = EWI_Q4R};

static ew_status make_shape(ew_engine *e, const ew_engine_options *o, ew_error *err) {
    const ewi_hparams *h = &e->model->hparams;
    return ewi_state_shape_make(h->n_layers, h->n_kv_heads, h->head_dim, cache_dtypes[o->cache_k],
                                cache_dtypes[o->cache_v], &e->shape, err);
}

static ew_status check_ranges(const ewi_graph *graph, ew_error *err) {
    for (uint32_t i = 0; i < graph->n_nodes; i++)
        if (graph->nodes[i].op == EWI_OP_LINEAR && graph->nodes[i].weight->input_scale > 0) return EW_OK;
    return ewi_fail(err, EW_UNSUPPORTED,
                    "the model says no ranges of activations: make a package of it that does");
}

/* As built, before the default passes. */
static ew_status prepare_graph(const ew_engine *e, ewi_graph *graph, ew_error *err) {
    static const ewi_pass pass = {"static", ewi_pass_static};
    if (e->static_activations) {
        EWI_TRY(check_ranges(graph, err));
        EWI_TRY(ewi_passes_run(graph, &pass, 1, NULL, err));
    }
    return ewi_adapt_graph(e, graph, err);
}

static ew_status make_parts(ew_engine *e, const ew_engine_options *o, ew_error *err) {
    EWI_TRY(ewi_kernels_init(err));
    e->kern = ewi_kernels_get();
    EWI_TRY(ewi_pool_new(o->n_threads, &e->pool, err));
    EWI_TRY(ewi_adapt_init(e, o, err));
    EWI_TRY(ewi_model_build(e->model, e->output, &e->graph, err));
    EWI_TRY(prepare_graph(e, &e->graph, err));
    EWI_TRY(ewi_passes_run(&e->graph, ewi_passes_default, ewi_n_passes_default, NULL, err));
    uint32_t n_rows = o->n_rows ? o->n_rows : default_rows(e);
    EWI_TRY(ewi_plan_make(&e->graph, n_rows, head_rows(e), &e->tables, &e->plan, err));
    EWI_TRY(make_shape(e, o, err));
    EWI_TRY(allocate(e, err));
    return pack_weights(e, err);
}

static ew_status check_options(const ew_engine_options *o, ew_error *err) {
    if (o->n_rows > EWI_MAX_ROWS)
        return ewi_fail(err, EW_INVALID, "%u rows a step, at most %u", o->n_rows, EWI_MAX_ROWS);
    if (o->n_threads > EWI_MAX_THREADS)
        return ewi_fail(err, EW_INVALID, "%u threads, at most %u", o->n_threads, EWI_MAX_THREADS);
    if (o->cache_k > EW_CACHE_Q4R || o->cache_v > EW_CACHE_Q4R)
        return ewi_fail(err, EW_INVALID, "unknown cache type");
    return EW_OK;
}

ew_status ew_engine_new(const ew_model *model, const ew_engine_options *options, ew_engine **out,
                        ew_error *err) {
    EWI_REQUIRE(model && out, err);
    EWI_REQUIRE(!options || options->struct_size == sizeof *options, err);
    ew_engine_options o = options ? *options : (ew_engine_options){0};
    EWI_TRY(check_options(&o, err));
    ew_engine *e = ewi_zalloc(sizeof *e);
    if (!e) return ewi_no_memory(err, "an engine");
    e->model = model;
    e->exact = o.exact;
    e->static_activations = o.static_activations;
    e->output = ewi_model_output_of(model, o.embeds);
    ewi_graph_init(&e->graph);
    ewi_arena_init(&e->tables, MAX_TABLES_BYTES);
    ew_status status = make_parts(e, &o, err);
    if (status == EW_OK)
        *out = e;
    else
        ew_engine_free(e);
    return status;
}

void ew_engine_free(ew_engine *engine) {
    if (!engine) return;
    ewi_pool_free(engine->pool);
    ewi_graph_deinit(&engine->graph);
    ewi_arena_deinit(&engine->tables);
    ewi_free(engine->values);
    ewi_free(engine);
}

ewi_value ewi_stage_output(const ew_engine *e, uint32_t stage) {
    const uint32_t end = e->plan.stages[stage].end;
    ewi_value out = EWI_NO_VALUE;
    for (uint32_t i = end; i < e->graph.n_nodes; i++)
        for (uint32_t k = 0; k < e->graph.nodes[i].n_inputs; k++) {
            ewi_value v = e->graph.nodes[i].inputs[k];
            if (v >= end || v == out || e->graph.nodes[v].type != EWI_VALUE_F32) continue;
            if (out != EWI_NO_VALUE || e->graph.nodes[v].cols != e->model->hparams.d_model)
                return EWI_NO_VALUE;
            out = v;
        }
    return out;
}

ew_status ewi_engine_check_text(const ew_engine *engine, ew_error *err) {
    if (engine->output == EWI_OUTPUT_LOGITS) return EW_OK;
    return ewi_fail(err, EW_INVALID, "this engine makes %s, not text",
                    engine->output == EWI_OUTPUT_SCORE ? "scores" : "embeddings");
}

ew_engine_info ew_engine_get_info(const ew_engine *engine) {
    return (ew_engine_info){
        .n_threads = ewi_pool_n_threads(engine->pool),
        .n_rows = engine->plan.n_rows,
        .cpu_level = ewi_cpu_name(engine->kern->level),
        .arena_bytes = engine->plan.arena_bytes,
        .state_bytes_per_block = engine->shape.block_bytes,
    };
}

/* The passes run again on a fresh graph, so that engines that nobody looks into keep no text. */
static ew_status dump_to(const ew_engine *engine, ewi_buffer *text, ew_error *err) {
    ewi_graph graph;
    ewi_graph_init(&graph);
    ew_status status = ewi_model_build(engine->model, engine->output, &graph, err);
    if (status == EW_OK) status = prepare_graph(engine, &graph, err);
    if (status == EW_OK) status = ewi_passes_run(&graph, ewi_passes_default, ewi_n_passes_default, text, err);
    ewi_graph_deinit(&graph);
    if (status != EW_OK) return status;
    ewi_plan_print(&engine->plan, text);
    return text->failed ? ewi_no_memory(err, "the graph's text") : EW_OK;
}

ew_status ew_engine_dump(const ew_engine *engine, ew_text_fn sink, void *user, ew_error *err) {
    EWI_REQUIRE(engine && sink, err);
    ewi_buffer text;
    ewi_buffer_init(&text, (size_t)64 << 20);
    ew_status status = dump_to(engine, &text, err);
    if (status == EW_OK && !sink(user, ewi_buffer_str(&text)))
        status = ewi_fail(err, EW_CANCELLED, "the reader stopped");
    ewi_buffer_deinit(&text);
    return status;
}
