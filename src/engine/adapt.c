#include "engine/adapt.h"

#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "graph/passes.h"

ew_status ewi_adapt_init(ew_engine *e, const ew_engine_options *o, ew_error *err) {
    if (o->n_adapters > EWI_MAX_ADAPTERS)
        return ewi_fail(err, EW_INVALID, "%zu adapters, at most %u", o->n_adapters, EWI_MAX_ADAPTERS);
    const ew_adapter **adapters = ewi_arena_array(&e->tables, o->n_adapters, sizeof *adapters);
    if (!adapters) return ewi_no_memory(err, "an engine");
    for (size_t i = 0; i < o->n_adapters; i++) {
        EWI_REQUIRE(o->adapters && o->adapters[i], err);
        if (o->adapters[i]->model != e->model)
            return ewi_fail(err, EW_INVALID, "adapter %zu was opened for another model", i);
        adapters[i] = o->adapters[i];
        if (adapters[i]->max_rank > e->max_rank) e->max_rank = adapters[i]->max_rank;
    }
    e->adapters = adapters;
    e->n_adapters = o->n_adapters;
    return EW_OK;
}

/* ---- the graph ---- */

static size_t list_weights(const ew_engine *e, const ewi_tensor **weights) {
    size_t n = 0;
    for (size_t i = 0; i < e->n_adapters; i++)
        for (size_t p = 0; p < e->adapters[i]->n_pairs; p++, n++)
            if (weights) weights[n] = e->adapters[i]->pairs[p].weight;
    return n;
}

ew_status ewi_adapt_graph(const ew_engine *e, ewi_graph *graph, ew_error *err) {
    if (!e->n_adapters) return EW_OK;
    const ewi_tensor **weights = ewi_arena_array(&graph->arena, list_weights(e, NULL), sizeof *weights);
    if (!weights) return ewi_no_memory(err, "an engine");
    ewi_graph next;
    ewi_graph_init(&next);
    ewi_pass_adapt(graph, &next, weights, list_weights(e, weights));
    ewi_graph_deinit(graph);
    *graph = next;
    return ewi_graph_verify(graph, err);
}

/* ---- a step ---- */

bool ewi_adapt_make_scratch(ew_engine *e) {
    uint32_t n_threads = ewi_pool_n_threads(e->pool);
    size_t n = (size_t)EWI_ADAPT_ROWS * (e->max_rank + EWI_ADAPT_COLUMNS);
    e->adapt_scratch = ewi_arena_array(&e->tables, n_threads, sizeof *e->adapt_scratch);
    for (uint32_t t = 0; e->adapt_scratch && e->n_adapters && t < n_threads; t++) {
        e->adapt_scratch[t] = ewi_arena_array(&e->tables, n, sizeof *e->adapt_scratch[t]);
        if (!e->adapt_scratch[t]) return false;
    }
    return e->adapt_scratch;
}

/* Some rows of one session, and where their inputs and outputs are. */
typedef struct rows {
    const ewi_job *j;
    const ewi_part *p;
    size_t n;
    const float *x; /* [n, in] */
    float *y;       /* [n, out] */
} rows;

/* y[i][c] of some columns gets dot(t[i], B[c]) added. */
static void add_columns(const rows *r, const ewi_tensor *b, const float *t, float *part, size_t col0,
                        size_t n_cols) {
    size_t rank = (size_t)b->dims[1], row_bytes = (size_t)(b->size_bytes / b->dims[0]);
    const ewi_kernels *kern = r->j->e->kern;
    kern->matmul[b->dtype](&(ewi_matmul){
        .m = r->n,
        .n = n_cols,
        .k = rank,
        .x = t,
        .w = b->data + col0 * row_bytes,
        .y = part,
        .x_stride = rank,
        .y_stride = n_cols,
        .w_stride_bytes = row_bytes,
    });
    for (size_t i = 0; i < r->n; i++) {
        float *y = r->y + i * r->j->node->cols + col0;
        kern->add(y, y, part + i * n_cols, n_cols);
    }
}

static void add_pair(const rows *r, const ewi_adapter_pair *pair, float scale) {
    size_t rank = (size_t)pair->a->dims[0], k = (size_t)pair->a->dims[1], n;
    float *t = r->j->e->adapt_scratch[r->p->thread], *part = t + EWI_ADAPT_ROWS * rank;
    r->j->e->kern->matmul[pair->a->dtype](&(ewi_matmul){
        .m = r->n,
        .n = rank,
        .k = k,
        .x = r->x,
        .w = pair->a->data,
        .y = t,
        .x_stride = k,
        .y_stride = rank,
        .w_stride_bytes = (size_t)(pair->a->size_bytes / pair->a->dims[0]),
    });
    for (size_t i = 0; i < r->n * rank; i++) t[i] *= scale;
    for (size_t col = r->p->col0; col < r->p->col1; col += n) {
        n = r->p->col1 - col < EWI_ADAPT_COLUMNS ? r->p->col1 - col : EWI_ADAPT_COLUMNS;
        add_columns(r, pair->b, t, part, col, n);
    }
}

/* The session of row i of the value, which may hold only rows whose logits are wanted. */
static const ew_session *session_of(const ewi_job *j, size_t i) {
    size_t row = j->node->rows == EWI_DIM_L ? j->e->wanted[j->first_row + i] : i;
    return j->rows[row].session;
}

static void adapt_rows(const rows *r, const ew_session *session) {
    for (size_t u = 0; u < session->n_uses; u++) {
        const ewi_adapter_pair *pair = ewi_adapter_find(session->uses[u].adapter, r->j->node->weight);
        if (pair) add_pair(r, pair, pair->scale * session->uses[u].scale);
    }
}

void ewi_adapt_run(const ewi_job *j, const ewi_part *p) {
    size_t cols = j->node->cols, k = (size_t)j->node->weight->dims[1], n;
    const float *base = ewi_op_input(j, 0), *x = ewi_op_input(j, 1);
    float *y = ewi_op_output(j);
    if (p->col0 == p->col1) return;
    for (size_t i = p->row0; y != base && i < p->row1; i++)
        memcpy(y + i * cols + p->col0, base + i * cols + p->col0, (p->col1 - p->col0) * sizeof *y);
    for (size_t i = p->row0; i < p->row1; i += n) {
        const ew_session *session = session_of(j, i);
        for (n = 1; n < EWI_ADAPT_ROWS && i + n < p->row1 && session_of(j, i + n) == session;) n++;
        adapt_rows(&(rows){j, p, n, x + i * k, y + i * cols}, session);
    }
}

size_t ewi_adapt_cost(const ewi_job *j) {
    const ewi_tensor *w = j->node->weight;
    return j->n_rows * (size_t)(w->dims[0] + w->dims[1]) * j->e->max_rank;
}

/* ---- what a session uses ---- */

static ew_status check_use(const ew_engine *e, const ew_adapter_use *uses, size_t n, ew_error *err) {
    const ew_adapter_use *use = &uses[n];
    size_t i = 0;
    while (i < e->n_adapters && e->adapters[i] != use->adapter) i++;
    if (!use->adapter || i == e->n_adapters)
        return ewi_fail(err, EW_INVALID, "adapter %zu: the engine was not made with it", n);
    for (i = 0; i < n; i++)
        if (uses[i].adapter == use->adapter) return ewi_fail(err, EW_INVALID, "adapter %zu: comes twice", n);
    if (use->scale - use->scale != 0)
        return ewi_fail(err, EW_INVALID, "adapter %zu: its scale is not finite", n);
    return EW_OK;
}

ew_status ewi_adapt_check_uses(const ew_engine *e, const ew_adapter_use *uses, size_t n, ew_error *err) {
    if (n > EWI_MAX_ADAPTERS)
        return ewi_fail(err, EW_INVALID, "%zu adapters, at most %u", n, EWI_MAX_ADAPTERS);
    for (size_t i = 0; i < n; i++) EWI_TRY(check_use(e, uses, i, err));
    return EW_OK;
}

ew_status ew_session_set_adapters(ew_session *session, const ew_adapter_use *uses, size_t n, ew_error *err) {
    EWI_REQUIRE(session && (uses || n == 0), err);
    EWI_TRY(ewi_adapt_check_uses(session->engine, uses, n, err));
    if (n) memcpy(session->uses, uses, n * sizeof *uses);
    session->n_uses = n;
    return EW_OK;
}
