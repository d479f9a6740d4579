#include "engine/ops.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "engine/adapt.h"
#include "kernels/pack.h"

void *ewi_op_input(const ewi_job *j, uint32_t i) {
    ewi_value v = j->node->inputs[i];
    return j->e->values + j->e->plan.offsets[v] + j->first_row * ewi_node_row_bytes(&j->e->graph.nodes[v]);
}

float *ewi_op_output(const ewi_job *j) {
    return (float *)(void *)(j->e->values + j->e->plan.offsets[j->index]);
}

static const float *input_of(const ewi_job *j, uint32_t i) {
    return ewi_op_input(j, i);
}

static const float *vector_of(const ewi_tensor *vector) {
    return vector ? (const float *)(const void *)vector->data : NULL;
}

/* Of a pair's texts. */
static bool is_second(const ew_row *row) {
    return row->position >= row->session->second;
}

static void run_embed(const ewi_job *j, const ewi_part *p) {
    const ewi_tensor *w = j->node->weight;
    const bool is_packed = ewi_packed_info_get(w->dtype);
    const uint8_t *packed = is_packed ? ewi_packing_find(j->e->model->packing, w) : NULL;
    const float *bias = vector_of(j->node->bias);
    const bool is_pair = bias && j->node->bias->n_dims == 2;
    size_t row_bytes = (size_t)(w->size_bytes / w->dims[0]), cols = j->node->cols;
    for (size_t i = p->row0; i < p->row1; i++) {
        size_t at = j->node->op == EWI_OP_EMBED ? (size_t)j->rows[i].token : j->rows[i].position;
        float *y = ewi_op_output(j) + i * cols;
        if (packed)
            ewi_unpack_row(w->dtype, packed, at, cols, y);
        else
            j->e->kern->widen[w->dtype](y, w->data + at * row_bytes, cols);
        if (bias) j->e->kern->add(y, y, is_pair && is_second(&j->rows[i]) ? bias + cols : bias, cols);
    }
}

/* Whole groups of columns. */
static void run_norm(const ewi_job *j, const ewi_part *p) {
    const float *w = vector_of(j->node->weight), *b = vector_of(j->node->bias);
    const ewi_norm_attrs *a = &j->node->attrs.norm;
    size_t n = j->node->cols / a->n_groups;
    for (size_t i = p->row0; i < p->row1; i++)
        for (size_t at = p->col0; at < p->col1; at += n) {
            float *y = ewi_op_output(j) + i * j->node->cols + at;
            const float *x = input_of(j, 0) + i * j->node->cols + at;
            const size_t part = a->has_parts ? at : 0;
            if (j->node->op == EWI_OP_RMS_NORM)
                j->e->kern->rms_norm(y, x, w + part, n, a->eps);
            else
                j->e->kern->layer_norm(y, x, w + part, b ? b + part : NULL, n, a->eps);
        }
}

static void run_columns(const ewi_job *j, const ewi_part *p) {
    const ewi_columns_attrs *a = &j->node->attrs.columns;
    size_t x_cols = j->e->graph.nodes[j->node->inputs[0]].cols;
    for (size_t i = p->row0; i < p->row1; i++)
        for (size_t g = 0; g < a->n_groups; g++)
            memcpy(ewi_op_output(j) + i * j->node->cols + g * a->width,
                   input_of(j, 0) + i * x_cols + a->first + g * a->stride, a->width * sizeof(float));
}

static void run_quantize(const ewi_job *j, const ewi_part *p) {
    size_t cols = j->node->cols, row_bytes = ewi_node_row_bytes(j->node);
    uint8_t *rows = (uint8_t *)ewi_op_output(j);
    for (size_t i = p->row0; i < p->row1; i++)
        j->e->kern->quantize[j->node->attrs.qrows](rows + i * row_bytes, input_of(j, 0) + i * cols, cols);
}

static void multiply(const ewi_job *j, ewi_dtype dtype, const ewi_matmul *args) {
    const ewi_kernels *kern = j->e->kern;
    if (j->e->exact || !kern->matmul_fast[dtype] || args->m < EWI_FAST_ROWS)
        kern->matmul[dtype](args);
    else
        (kern->has_tiles ? kern->matmul_bf16 : kern->matmul_fast)[dtype](args);
}

/* All rows: a matrix is read once. */
static void run_float_linear(const ewi_job *j, const ewi_part *p, const float *bias) {
    const ewi_tensor *w = j->node->weight;
    size_t row_bytes = (size_t)(w->size_bytes / w->dims[0]), k = (size_t)w->dims[1];
    multiply(j, w->dtype,
             &(ewi_matmul){
                 .m = p->row1 - p->row0,
                 .n = p->col1 - p->col0,
                 .k = k,
                 .x = input_of(j, 0) + p->row0 * k,
                 .w = w->data + p->col0 * row_bytes,
                 .bias = bias,
                 .y = ewi_op_output(j) + p->row0 * j->node->cols + p->col0,
                 .x_stride = k,
                 .y_stride = j->node->cols,
                 .w_stride_bytes = row_bytes,
                 .scratch = j->e->panels[p->thread],
             });
}

static void run_packed_linear(const ewi_job *j, const ewi_part *p, const float *bias) {
    const ewi_tensor *w = j->node->weight;
    size_t k = (size_t)w->dims[1], x_bytes = ewi_node_row_bytes(&j->e->graph.nodes[j->node->inputs[0]]);
    const uint8_t *packed = ewi_packing_find(j->e->model->packing, w);
    j->e->kern->qmatmul[w->dtype](&(ewi_qmatmul){
        .m = p->row1 - p->row0,
        .n = p->col1 - p->col0,
        .k = k,
        .x = (const uint8_t *)ewi_op_input(j, 0) + p->row0 * x_bytes,
        .x_stride_bytes = x_bytes,
        .w = packed + p->col0 / EWI_TILE_OUTPUTS * ewi_packed_tile_bytes(w->dtype, k),
        .bias = bias,
        .y = ewi_op_output(j) + p->row0 * j->node->cols + p->col0,
        .y_stride = j->node->cols,
        .scratch = j->e->panels[p->thread],
    });
}

static void run_linear(const ewi_job *j, const ewi_part *p) {
    const ewi_tensor *bias = j->node->bias;
    const float *from = bias ? vector_of(bias) + p->col0 : NULL;
    if (p->row0 == p->row1 || p->col0 == p->col1) return;
    if (ewi_packed_info_get(j->node->weight->dtype))
        run_packed_linear(j, p, from);
    else
        run_float_linear(j, p, from);
    for (size_t i = p->row0; i < p->row1 && j->node->attrs.cap != 0; i++) {
        float *y = ewi_op_output(j) + i * j->node->cols + p->col0;
        j->e->kern->cap(y, y, j->node->attrs.cap, p->col1 - p->col0);
    }
}

static void run_rope(const ewi_job *j, const ewi_part *p) {
    const ewi_rope_attrs *a = &j->node->attrs.rope;
    const ewi_rope_table *table = &j->e->ropes[j->e->rope_of[j->index]];
    ewi_rope_fn rotate =
        a->pairing == EWI_ROPE_ADJACENT ? j->e->kern->rope_adjacent : j->e->kern->rope_halves;
    size_t cols = p->col1 - p->col0;
    for (size_t i = p->row0; i < p->row1; i++) {
        size_t at = i * j->node->cols + p->col0;
        float *y = ewi_op_output(j) + at;
        const float *x = input_of(j, 0) + at;
        if (y != x) memcpy(y, x, cols * sizeof *y);
        rotate(y, cols / a->head_dim, a->head_dim, table->cos + i * table->n_pairs,
               table->sin + i * table->n_pairs, table->n_pairs);
    }
}

static void run_store(const ewi_job *j, const ewi_part *p) {
    const ewi_attention_attrs *attrs = &j->node->attrs.attention;
    const ewi_attend a = {
        .e = j->e, .attrs = attrs, .rows = j->rows, .k = input_of(j, 0), .v = input_of(j, 1)};
    for (size_t i = p->row0; i < p->row1; i++)
        ewi_attend_store(&a, i, (uint32_t)(p->col0 / attrs->head_dim), (uint32_t)(p->col1 / attrs->head_dim));
}

static void round_row(float *y, const float *x, float factor, size_t n) {
    for (size_t i = 0; i < n; i++) {
        float code = rintf(x[i] / factor);
        code = code < -128.0f ? -128.0f : code;
        y[i] = factor * (code > 127.0f ? 127.0f : code);
    }
}

static void run_elementwise(const ewi_job *j, const ewi_part *p) {
    for (size_t i = p->row0; i < p->row1; i++) {
        size_t at = i * j->node->cols + p->col0;
        float *y = ewi_op_output(j) + at;
        const float *a = input_of(j, 0) + at, *b = j->node->n_inputs > 1 ? input_of(j, 1) + at : NULL;
        if (j->node->op == EWI_OP_ACT)
            j->e->kern->act[j->node->attrs.act](y, a, b, p->col1 - p->col0);
        else if (j->node->op == EWI_OP_ROUND)
            round_row(y, a, j->node->attrs.factor, p->col1 - p->col0);
        else if (j->node->op == EWI_OP_SCALE)
            j->e->kern->scale(y, a, j->node->attrs.factor, p->col1 - p->col0);
        else
            j->e->kern->add(y, a, b, p->col1 - p->col0);
    }
}

static void run_select(const ewi_job *j, const ewi_part *p) {
    size_t cols = j->node->cols;
    for (size_t i = p->row0; i < p->row1; i++)
        memcpy(ewi_op_output(j) + i * cols, input_of(j, 0) + j->e->wanted[i] * cols, cols * sizeof(float));
}

void ewi_op_run(const ewi_job *job, const ewi_part *part) {
    switch (job->node->op) {
    case EWI_OP_TOKENS: return;
    case EWI_OP_EMBED:
    case EWI_OP_POSITIONS: run_embed(job, part); return;
    case EWI_OP_RMS_NORM:
    case EWI_OP_LAYER_NORM: run_norm(job, part); return;
    case EWI_OP_COLUMNS: run_columns(job, part); return;
    case EWI_OP_LINEAR: run_linear(job, part); return;
    case EWI_OP_ADAPT: ewi_adapt_run(job, part); return;
    case EWI_OP_QUANTIZE: run_quantize(job, part); return;
    case EWI_OP_ROPE: run_rope(job, part); return;
    case EWI_OP_STORE: run_store(job, part); return;
    case EWI_OP_ACT:
    case EWI_OP_SCALE:
    case EWI_OP_ROUND:
    case EWI_OP_ADD: run_elementwise(job, part); return;
    case EWI_OP_SELECT: run_select(job, part); return;
    case EWI_OP_ATTENTION:
    case EWI_OP_EXPERTS:
    case EWI_N_OPS: break;
    }
    EW_ASSERT(false); /* the verifier lets no other op through */
}

size_t ewi_op_cost(const ewi_job *j) {
    const ewi_node *node = j->node;
    size_t out = j->n_rows * node->cols;
    if (node->op == EWI_OP_LINEAR) return out * (size_t)node->weight->dims[1];
    if (node->op == EWI_OP_ADAPT) return ewi_adapt_cost(j);
    if (node->op != EWI_OP_ATTENTION) return out * 4;
    size_t n_positions = 0;
    for (size_t i = 0; i < j->n_rows; i++) n_positions += j->rows[i].position + 1;
    return n_positions * node->cols * 2;
}

#define MIN_SHARED_COST ((size_t)1 << 16)

void ewi_op_share(const ew_engine *e, size_t cost, ewi_work_fn work, void *arg) {
    if (cost < MIN_SHARED_COST)
        work(arg, &(ewi_share){.n = 1});
    else
        ewi_pool_run(e->pool, work, arg);
}
