/*
 * step.c: one step: rows of any sessions through the plan, stage by stage, each node on all threads.
 *
 * Work is cut between threads by rows, by output columns or by heads, never inside one number's sum: so the
 * cut cannot be seen in the bits.
 */
#include <inttypes.h>
#include <string.h>

#include "base/error.h"
#include "engine/attend.h"
#include "kernels/elementary.h"
#include "kernels/pack.h"

typedef struct step {
    ew_engine *e;
    const ew_row *rows;
    size_t n_rows, n_wanted, n_tiles;
    ew_logits_fn on_logits;
    void *user;
} step;

/* One node's work, for the threads. */
typedef struct job {
    const step *s;
    const ewi_node *node;
    uint32_t index;
    size_t n_rows;    /* of this node's value that are computed now */
    size_t first_row; /* of its input that they begin at (the head is computed in pieces) */
} job;

static float *value_of(const ew_engine *e, ewi_value v) {
    return (float *)(void *)(e->values + e->plan.offsets[v]);
}

/* Row 0 of the rows that are computed now; of any type. */
static void *input_rows(const job *j, uint32_t i) {
    const ew_engine *e = j->s->e;
    ewi_value v = j->node->inputs[i];
    return e->values + e->plan.offsets[v] + j->first_row * ewi_node_row_bytes(&e->graph.nodes[v]);
}

static float *input_of(const job *j, uint32_t i) {
    return input_rows(j, i);
}

static float *output_of(const job *j) {
    return value_of(j->s->e, j->index);
}

/* ---- ops ---- */

static void run_embed(void *arg, uint32_t thread, uint32_t n_threads) {
    const job *j = arg;
    const ewi_tensor *w = j->node->weight;
    size_t begin, end, row_bytes = (size_t)(w->size_bytes / w->dims[0]);
    const uint8_t *packed = ewi_packing_find(j->s->e->model->packing, w);
    ewi_split(j->n_rows, 1, thread, n_threads, &begin, &end);
    for (size_t i = begin; i < end; i++) {
        size_t token = (size_t)j->s->rows[i].token, cols = j->node->cols;
        if (packed)
            ewi_unpack_row(w->dtype, packed, token, cols, output_of(j) + i * cols);
        else
            j->s->e->kern->widen[w->dtype](output_of(j) + i * cols, w->data + token * row_bytes, cols);
    }
}

static void run_quantize(void *arg, uint32_t thread, uint32_t n_threads) {
    const job *j = arg;
    size_t begin, end, cols = j->node->cols, row_bytes = ewi_node_row_bytes(j->node);
    uint8_t *rows = j->s->e->values + j->s->e->plan.offsets[j->index];
    ewi_split(j->n_rows, 1, thread, n_threads, &begin, &end);
    for (size_t i = begin; i < end; i++)
        j->s->e->kern->quantize[j->node->attrs.qrows](rows + i * row_bytes, input_of(j, 0) + i * cols, cols);
}

static void run_rms_norm(void *arg, uint32_t thread, uint32_t n_threads) {
    const job *j = arg;
    const float *w = (const float *)(const void *)j->node->weight->data;
    size_t begin, end, cols = j->node->cols;
    ewi_split(j->n_rows, 1, thread, n_threads, &begin, &end);
    for (size_t i = begin; i < end; i++)
        j->s->e->kern->rms_norm(output_of(j) + i * cols, input_of(j, 0) + i * cols, w, cols,
                                j->node->attrs.eps);
}

/* Each thread computes some columns of all rows: it reads its part of the weights once. */
static void run_linear(void *arg, uint32_t thread, uint32_t n_threads) {
    const job *j = arg;
    const ewi_tensor *w = j->node->weight;
    size_t begin, end, row_bytes = (size_t)(w->size_bytes / w->dims[0]);
    ewi_split(j->node->cols, 16, thread, n_threads, &begin, &end);
    if (begin == end) return;
    const float *bias = j->node->bias ? (const float *)(const void *)j->node->bias->data + begin : NULL;
    j->s->e->kern->matmul[w->dtype](&(ewi_matmul){
        .m = j->n_rows,
        .n = end - begin,
        .k = (size_t)w->dims[1],
        .x = input_of(j, 0),
        .w = w->data + begin * row_bytes,
        .bias = bias,
        .y = output_of(j) + begin,
        .x_stride = (size_t)w->dims[1],
        .y_stride = j->node->cols,
        .w_stride_bytes = row_bytes,
    });
}

/* The same; a thread's columns are whole blocks of four tiles. */
static void run_qlinear(void *arg, uint32_t thread, uint32_t n_threads) {
    const job *j = arg;
    const ewi_tensor *w = j->node->weight;
    const ew_engine *e = j->s->e;
    size_t begin, end, k = (size_t)w->dims[1];
    ewi_split(j->node->cols, 64, thread, n_threads, &begin, &end);
    if (begin == end) return;
    const uint8_t *packed = ewi_packing_find(e->model->packing, w);
    e->kern->qmatmul[w->dtype](&(ewi_qmatmul){
        .m = j->n_rows,
        .n = end - begin,
        .k = k,
        .x = input_rows(j, 0),
        .x_stride_bytes = ewi_node_row_bytes(&e->graph.nodes[j->node->inputs[0]]),
        .w = packed + begin / EWI_TILE_OUTPUTS * ewi_packed_tile_bytes(w->dtype, k),
        .bias = j->node->bias ? (const float *)(const void *)j->node->bias->data + begin : NULL,
        .y = output_of(j) + begin,
        .y_stride = j->node->cols,
        .scratch = e->panels[thread],
    });
}

static void run_rope(void *arg, uint32_t thread, uint32_t n_threads) {
    const job *j = arg;
    const ewi_rope_attrs *a = &j->node->attrs.rope;
    const ewi_rope_table *table = &j->s->e->ropes[j->s->e->rope_of[j->index]];
    const ewi_kernels *kern = j->s->e->kern;
    ewi_rope_fn rotate = a->pairing == EWI_ROPE_ADJACENT ? kern->rope_adjacent : kern->rope_halves;
    size_t begin, end, cols = j->node->cols;
    ewi_split(j->n_rows, 1, thread, n_threads, &begin, &end);
    for (size_t i = begin; i < end; i++) {
        float *y = output_of(j) + i * cols;
        const float *x = input_of(j, 0) + i * cols;
        if (y != x) memcpy(y, x, cols * sizeof *y);
        rotate(y, a->n_heads, a->head_dim, table->cos + i * table->n_pairs, table->sin + i * table->n_pairs,
               table->n_pairs);
    }
}

static void run_elementwise(void *arg, uint32_t thread, uint32_t n_threads) {
    const job *j = arg;
    const ewi_kernels *kern = j->s->e->kern;
    size_t begin, end;
    ewi_split(j->n_rows * j->node->cols, 1024, thread, n_threads, &begin, &end);
    float *y = output_of(j) + begin;
    const float *a = input_of(j, 0) + begin, *b = input_of(j, 1) + begin;
    if (j->node->op == EWI_OP_SWIGLU)
        kern->swiglu(y, a, b, end - begin);
    else
        kern->add(y, a, b, end - begin);
}

static void run_select(void *arg, uint32_t thread, uint32_t n_threads) {
    const job *j = arg;
    size_t begin, end, cols = j->node->cols;
    ewi_split(j->n_rows, 1, thread, n_threads, &begin, &end);
    for (size_t i = begin; i < end; i++)
        memcpy(output_of(j) + i * cols, input_of(j, 0) + j->s->e->wanted[i] * cols, cols * sizeof(float));
}

/* ---- nodes, stages ---- */

/* Multiplications, roughly. */
static size_t cost_of(const job *j) {
    const ewi_node *node = j->node;
    size_t out = j->n_rows * node->cols;
    if (node->op == EWI_OP_LINEAR) return out * (size_t)node->weight->dims[1];
    if (node->op != EWI_OP_ATTENTION) return out * 4;
    size_t n_positions = 0;
    for (size_t i = 0; i < j->n_rows; i++) n_positions += j->s->rows[i].position + 1;
    return n_positions * node->cols * 2;
}

/* Below this, one thread is done sooner than the others are awake. */
#define MIN_SHARED_COST ((size_t)1 << 16)

static void share(const job *j, ewi_work_fn work, void *arg) {
    if (cost_of(j) < MIN_SHARED_COST)
        work(arg, 0, 1);
    else
        ewi_pool_run(j->s->e->pool, work, arg);
}

static void run_job(const job *j, ewi_work_fn work) {
    job copy = *j;
    share(j, work, &copy);
}

static void run_attention(const job *j) {
    ewi_attend a = {
        .e = j->s->e,
        .attrs = &j->node->attrs.attention,
        .rows = j->s->rows,
        .n_rows = j->n_rows,
        .n_tiles = j->s->n_tiles,
        .q = input_of(j, 0),
        .k = input_of(j, 1),
        .v = input_of(j, 2),
        .out = output_of(j),
    };
    share(j, ewi_attend_store_rows, &a);
    share(j, ewi_attend_look, &a);
}

static void run_node(const job *j) {
    switch (j->node->op) {
    case EWI_OP_TOKENS: return;
    case EWI_OP_EMBED: run_job(j, run_embed); return;
    case EWI_OP_RMS_NORM: run_job(j, run_rms_norm); return;
    case EWI_OP_LINEAR:
        run_job(j, ewi_packed_info_get(j->node->weight->dtype) ? run_qlinear : run_linear);
        return;
    case EWI_OP_QUANTIZE: run_job(j, run_quantize); return;
    case EWI_OP_ROPE: run_job(j, run_rope); return;
    case EWI_OP_ATTENTION: run_attention(j); return;
    case EWI_OP_SWIGLU:
    case EWI_OP_ADD: run_job(j, run_elementwise); return;
    case EWI_OP_SELECT: run_job(j, run_select); return;
    case EWI_N_OPS: break;
    }
    EW_ASSERT(false); /* the verifier lets no other op through */
}

/* The last node: logits, a few rows at a time, each handed on as soon as its weights are known to have been
 * good. */
static ew_status run_head(const step *s, uint32_t index, ew_error *err) {
    const ew_engine *e = s->e;
    const ewi_node *node = &e->graph.nodes[index];
    EW_ASSERT(node->op != EWI_OP_SELECT); /* the narrow pass took selections up: rows here are wanted ones */
    for (size_t first = 0; first < s->n_wanted; first += e->plan.head_rows) {
        size_t n = s->n_wanted - first < e->plan.head_rows ? s->n_wanted - first : e->plan.head_rows;
        job j = {s, node, index, n, first};
        run_node(&j);
        EWI_TRY(ewi_weights_ready(e->model, NULL, 0, err));
        for (size_t i = 0; i < n; i++)
            if (s->on_logits) s->on_logits(s->user, e->wanted[first + i], output_of(&j) + i * node->cols);
    }
    return EW_OK;
}

static ew_status run_stage(const step *s, const ewi_stage *stage, ew_error *err) {
    const ew_engine *e = s->e;
    EWI_TRY(ewi_weights_ready(e->model, stage->weights, stage->n_weights, err));
    for (uint32_t i = stage->first; i < stage->end; i++) {
        const ewi_node *node = &e->graph.nodes[i];
        job j = {s, node, i, node->rows == EWI_DIM_L ? s->n_wanted : s->n_rows, 0};
        if (i == e->graph.output)
            EWI_TRY(run_head(s, i, err));
        else if (j.n_rows > 0)
            run_node(&j);
    }
    return EW_OK;
}

/* ---- before and after ---- */

static ew_status check_row(const ew_engine *e, const ew_row *row, size_t i, ew_error *err) {
    ew_session *session = row->session;
    EWI_REQUIRE(session && session->engine == e, err);
    uint32_t expected = session->length + session->n_pending;
    if (row->token < 0 || (uint32_t)row->token >= e->model->n_vocab)
        return ewi_fail(err, EW_INVALID, "row %zu: token %" PRId32 " is not in the vocabulary of %u", i,
                        row->token, e->model->n_vocab);
    if (row->position != expected)
        return ewi_fail(err, EW_INVALID, "row %zu: position %u, but its session goes on at %u", i,
                        row->position, expected);
    if (expected >= session->n_ctx)
        return ewi_fail(err, EW_CONTEXT_FULL, "row %zu: the context of %u positions is full", i,
                        session->n_ctx);
    session->n_pending++;
    return EW_OK;
}

static ew_status check_rows(const ew_engine *e, const ew_row *rows, size_t n_rows, ew_error *err) {
    for (size_t i = 0; i < n_rows; i++)
        if (rows[i].session) rows[i].session->n_pending = 0;
    for (size_t i = 0; i < n_rows; i++) EWI_TRY(check_row(e, &rows[i], i, err));
    for (size_t i = 0; i < n_rows; i++) {
        ew_session *session = rows[i].session;
        EWI_TRY(ewi_state_reserve(&session->state, session->length + session->n_pending, err));
    }
    return EW_OK;
}

static void list_wanted(step *s) {
    for (size_t i = 0; i < s->n_rows; i++)
        if (s->rows[i].wants_logits) s->e->wanted[s->n_wanted++] = (uint32_t)i;
}

static void fill_ropes(const step *s) {
    for (uint32_t t = 0; t < s->e->n_ropes; t++) {
        ewi_rope_table *table = &s->e->ropes[t];
        for (size_t i = 0; i < s->n_rows; i++)
            for (uint32_t p = 0; p < table->n_pairs; p++) {
                double angle = s->rows[i].position * table->freqs[p];
                table->cos[i * table->n_pairs + p] = (float)ewi_cos(angle);
                table->sin[i * table->n_pairs + p] = (float)ewi_sin(angle);
            }
    }
}

static void commit_rows(const step *s) {
    for (size_t i = 0; i < s->n_rows; i++) {
        ew_session *session = s->rows[i].session;
        session->tokens[s->rows[i].position] = s->rows[i].token;
        session->length = s->rows[i].position + 1;
    }
}

ew_status ew_step(ew_engine *engine, const ew_row *rows, size_t n_rows, ew_logits_fn on_logits, void *user,
                  ew_error *err) {
    EWI_REQUIRE(engine && (rows || n_rows == 0), err);
    if (n_rows > engine->plan.n_rows)
        return ewi_fail(err, EW_INVALID, "%zu rows in a step of at most %u", n_rows, engine->plan.n_rows);
    if (n_rows == 0) return EW_OK;
    EWI_TRY(check_rows(engine, rows, n_rows, err));
    step s = {.e = engine, .rows = rows, .n_rows = n_rows, .on_logits = on_logits, .user = user};
    list_wanted(&s);
    s.n_tiles = ewi_attend_tiles(engine, rows, n_rows);
    fill_ropes(&s);
    for (uint32_t i = 0; i < engine->plan.n_stages; i++) EWI_TRY(run_stage(&s, &engine->plan.stages[i], err));
    EWI_TRY(ewi_weights_ready(engine->model, NULL, 0, err));
    commit_rows(&s);
    return EW_OK;
}
