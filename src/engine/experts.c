#include "engine/experts.h"

#include <string.h>

#include "base/checked.h"
#include "base/error.h"

/* Columns that a thread takes at a time: four tiles of a packed matrix. */
#define UNIT_COLUMNS 64u

/* ---- matrices ---- */

static const ewi_tensor *tensor_of(const ewi_experts_attrs *a, ewi_expert_part part, size_t expert) {
    const ewi_expert_matrices *m = &a->parts[part];
    return m->tensors[m->n_tensors == 1 ? 0 : expert];
}

/* Whether some expert's matrix is multiplied with rows of that kind. */
static bool wants(const ewi_experts_attrs *a, ewi_expert_part part, unsigned kind) {
    const ewi_expert_matrices *m = &a->parts[part];
    for (uint32_t i = 0; i < m->n_tensors; i++) {
        const ewi_dtype dtype = m->tensors[i]->dtype;
        if (ewi_packed_info_get(dtype) && (unsigned)ewi_qrows_for(dtype) == kind) return true;
    }
    return false;
}

/* Whether some expert's matrix is multiplied with floats. */
static bool wants_floats(const ewi_experts_attrs *a, ewi_expert_part part) {
    const ewi_expert_matrices *m = &a->parts[part];
    for (uint32_t i = 0; i < m->n_tensors; i++)
        if (!ewi_packed_info_get(m->tensors[i]->dtype)) return true;
    return false;
}

/* ---- scratch ---- */

/* The largest of all nodes. */
typedef struct sizes {
    size_t n_slots, n_experts, d_model, d_ffn;
    bool has_qrows[EWI_N_QROWS];
} sizes;

static size_t larger(size_t a, size_t b) {
    return a > b ? a : b;
}

static sizes measure(const ew_engine *e) {
    sizes s = {0};
    for (uint32_t i = 0; i < e->graph.n_nodes; i++) {
        const ewi_node *node = &e->graph.nodes[i];
        const ewi_experts_attrs *a = &node->attrs.experts;
        if (node->op != EWI_OP_EXPERTS) continue;
        s.n_slots = larger(s.n_slots, (size_t)e->plan.n_rows * a->n_used);
        s.n_experts = larger(s.n_experts, a->n_experts);
        s.d_model = larger(s.d_model, node->cols);
        s.d_ffn = larger(s.d_ffn, a->d_ffn);
        for (unsigned kind = 0; kind < EWI_N_QROWS; kind++)
            for (unsigned part = 0; part < EWI_N_EXPERT_PARTS; part++)
                s.has_qrows[kind] |= wants(a, (ewi_expert_part)part, kind);
    }
    return s;
}

static size_t qrow_bytes(const sizes *s, unsigned kind) {
    return ewi_qrow_layout((ewi_qrows_kind)kind, larger(s->d_model, s->d_ffn)).bytes;
}

uint64_t ewi_experts_bytes(const ew_engine *e) {
    const sizes s = measure(e);
    size_t slot = (s.d_model + 2 * s.d_ffn + 4) * sizeof(float), all;
    for (unsigned kind = 0; kind < EWI_N_QROWS; kind++) slot += s.has_qrows[kind] ? qrow_bytes(&s, kind) : 0;
    return ewi_mul_size(s.n_slots, slot, &all) ? all : UINT64_MAX;
}

static uint8_t *new_qrows(ew_engine *e, const sizes *s, unsigned kind) {
    size_t bytes;
    if (!ewi_mul_size(s->n_slots, qrow_bytes(s, kind), &bytes)) return NULL;
    uint8_t *rows = ewi_arena_alloc(&e->tables, bytes + 64);
    return rows ? rows + (64 - (uintptr_t)rows % 64) % 64 : NULL;
}

bool ewi_experts_make_scratch(ew_engine *e) {
    const sizes s = measure(e);
    ewi_experts_scratch *m = &e->experts;
    if (s.n_slots == 0) return true;
    m->chosen = ewi_arena_array(&e->tables, s.n_slots, sizeof *m->chosen);
    m->slots = ewi_arena_array(&e->tables, s.n_slots, sizeof *m->slots);
    m->weights = ewi_arena_array(&e->tables, s.n_slots, sizeof *m->weights);
    m->row_of = ewi_arena_array(&e->tables, s.n_slots, sizeof *m->row_of);
    m->chances = ewi_arena_array(&e->tables, s.n_experts, sizeof *m->chances);
    m->first = ewi_arena_array(&e->tables, s.n_experts + 1, sizeof *m->first);
    m->active = ewi_arena_array(&e->tables, s.n_experts, sizeof *m->active);
    m->outer = ewi_arena_array(&e->tables, s.n_slots, s.d_model * sizeof *m->outer);
    m->gate = ewi_arena_array(&e->tables, s.n_slots, s.d_ffn * sizeof *m->gate);
    m->up = ewi_arena_array(&e->tables, s.n_slots, s.d_ffn * sizeof *m->up);
    bool ok = m->chosen && m->slots && m->weights && m->row_of && m->chances && m->first && m->active &&
              m->outer && m->gate && m->up;
    for (unsigned kind = 0; ok && kind < EWI_N_QROWS; kind++)
        if (s.has_qrows[kind]) ok = (m->qrows[kind] = new_qrows(e, &s, kind)) != NULL;
    return ok;
}

size_t ewi_experts_panel_bytes(const ewi_node *node) {
    return EWI_QMATMUL_SCRATCH(larger(node->cols, node->attrs.experts.d_ffn));
}

/* ---- a step ---- */

typedef struct work {
    const ewi_job *j;
    const ewi_experts_attrs *a;
    const ewi_experts_scratch *m;
    size_t n_slots, n_active, d_model;
    bool outer[EWI_N_QROWS], inner[EWI_N_QROWS]; /* kinds of rows that are made of inputs, of products */
    bool takes_floats;                           /* some expert's first matrices are not packed */
} work;

/* The n_used largest, ties to the lower expert; a chance that is taken becomes -1. NaN are all or none. */
static void choose(const work *w, float *chances, uint32_t *chosen, float *weights) {
    for (uint32_t k = 0; k < w->a->n_used; k++) {
        uint32_t best = UINT32_MAX;
        for (uint32_t i = 0; i < w->a->n_experts; i++)
            if (chances[i] != -1 && (best == UINT32_MAX || chances[i] > chances[best])) best = i;
        chosen[k] = best;
        weights[k] = chances[best];
        chances[best] = -1;
    }
}

static void route_row(const work *w, size_t row) {
    const ewi_kernels *kern = w->j->e->kern;
    const size_t n = w->a->n_experts, n_used = w->a->n_used;
    const float *logits = (const float *)ewi_op_input(w->j, 1) + row * n;
    float *chances = w->m->chances, *weights = w->m->weights + row * n_used, sum = 0;
    kern->exp(chances, logits, kern->max(logits, n), n);
    const float all = kern->sum(chances, n);
    for (size_t i = 0; i < n; i++) chances[i] /= all;
    choose(w, chances, w->m->chosen + row * n_used, weights);
    for (size_t k = 0; k < n_used; k++) sum += weights[k];
    for (size_t k = 0; k < n_used && w->a->weighs_to_one; k++) weights[k] /= sum;
}

/* Slots of an expert lie together, in the order of the rows. */
static void route(work *w) {
    const ewi_experts_scratch *m = w->m;
    const uint32_t n_experts = w->a->n_experts, n_used = w->a->n_used;
    for (size_t row = 0; row < w->j->n_rows; row++) route_row(w, row);
    memset(m->first, 0, (n_experts + 1) * sizeof *m->first);
    for (size_t i = 0; i < w->n_slots; i++) m->first[m->chosen[i] + 1]++;
    for (uint32_t e = 0; e < n_experts; e++) {
        if (m->first[e + 1]) m->active[w->n_active++] = e;
        m->first[e + 1] += m->first[e];
    }
    /* Each expert's first slot goes up to the next one's, and then down by one expert. */
    for (size_t i = 0; i < w->n_slots; i++) {
        m->slots[i] = m->first[m->chosen[i]]++;
        m->row_of[m->slots[i]] = (uint32_t)(i / n_used);
    }
    memmove(m->first + 1, m->first, n_experts * sizeof *m->first);
    m->first[0] = 0;
}

static void quantize(const work *w, const bool *kinds, size_t slot, const float *x, size_t k) {
    for (unsigned kind = 0; kind < EWI_N_QROWS; kind++) {
        size_t bytes = ewi_qrow_layout((ewi_qrows_kind)kind, k).bytes;
        if (kinds[kind]) w->j->e->kern->quantize[kind](w->m->qrows[kind] + slot * bytes, x, k);
    }
}

/* A row's input into all of its slots: quantized in the first, and copied from there. */
static void gather_row(const work *w, size_t row) {
    const size_t n_used = w->a->n_used, k = w->d_model;
    const uint32_t *slots = w->m->slots + row * n_used;
    const float *x = (const float *)ewi_op_input(w->j, 0) + row * k;
    for (size_t i = 0; w->takes_floats && i < n_used; i++)
        memcpy(w->m->outer + slots[i] * k, x, k * sizeof *x);
    quantize(w, w->outer, slots[0], x, k);
    for (unsigned kind = 0; kind < EWI_N_QROWS; kind++) {
        size_t bytes = ewi_qrow_layout((ewi_qrows_kind)kind, k).bytes;
        uint8_t *rows = w->m->qrows[kind];
        for (size_t i = 1; w->outer[kind] && i < n_used; i++)
            memcpy(rows + slots[i] * bytes, rows + slots[0] * bytes, bytes);
    }
}

static void gather(void *arg, const ewi_share *share) {
    const work *w = arg;
    size_t row, end;
    ewi_split(w->j->n_rows, 1, share, &row, &end);
    for (; row < end; row++) gather_row(w, row);
}

/* Some columns of a matrix of one expert, for all of its rows: y is [slots, n]. */
typedef struct product {
    const work *w;
    ewi_expert_part part;
    size_t expert, col0, col1;
    const float *x; /* [slots, k] */
    float *y;
    uint32_t thread;
} product;

static void multiply_packed(const product *p, const ewi_tensor *t, size_t n, size_t k) {
    const work *w = p->w;
    const ew_engine *e = w->j->e;
    const ewi_qrows_kind kind = ewi_qrows_for(t->dtype);
    const size_t tile_bytes = ewi_packed_tile_bytes(t->dtype, k), x_bytes = ewi_qrow_layout(kind, k).bytes;
    const size_t n_tiles = (n + EWI_TILE_OUTPUTS - 1) / EWI_TILE_OUTPUTS, slot = w->m->first[p->expert];
    const size_t tile = (t->n_dims == 3 ? p->expert * n_tiles : 0) + p->col0 / EWI_TILE_OUTPUTS;
    e->kern->qmatmul[t->dtype](&(ewi_qmatmul){
        .m = w->m->first[p->expert + 1] - slot,
        .n = p->col1 - p->col0,
        .k = k,
        .x = w->m->qrows[kind] + slot * x_bytes,
        .x_stride_bytes = x_bytes,
        .w = ewi_packing_find(e->model->packing, t) + tile * tile_bytes,
        .y = p->y + slot * n + p->col0,
        .y_stride = n,
        .scratch = e->panels[p->thread],
    });
}

static void multiply(const product *p) {
    const work *w = p->w;
    const ewi_tensor *t = tensor_of(w->a, p->part, p->expert);
    const bool is_stack = t->n_dims == 3;
    const size_t n = (size_t)t->dims[is_stack], k = (size_t)t->dims[is_stack + 1];
    const size_t slot = w->m->first[p->expert], row = (is_stack ? p->expert * n : 0) + p->col0;
    if (ewi_packed_info_get(t->dtype)) {
        multiply_packed(p, t, n, k);
        return;
    }
    const size_t row_bytes = (size_t)(t->size_bytes / (is_stack ? t->dims[0] : 1)) / n;
    w->j->e->kern->matmul[t->dtype](&(ewi_matmul){
        .m = w->m->first[p->expert + 1] - slot,
        .n = p->col1 - p->col0,
        .k = k,
        .x = p->x + slot * k,
        .w = t->data + row * row_bytes,
        .y = p->y + slot * n + p->col0,
        .x_stride = k,
        .y_stride = n,
        .w_stride_bytes = row_bytes,
    });
}

/* A share of the columns of all active experts. */
typedef struct columns {
    size_t at, end, n_units, n;
} columns;

static columns columns_of(const work *w, size_t n, const ewi_share *share) {
    columns s = {.n_units = (n + UNIT_COLUMNS - 1) / UNIT_COLUMNS, .n = n};
    ewi_split(w->n_active * s.n_units, 1, share, &s.at, &s.end);
    return s;
}

/* The next expert's. False: the part is done. */
static bool next(columns *s, product *p) {
    if (s->at == s->end) return false;
    size_t unit = s->at % s->n_units, left = s->n_units - unit,
           n = s->end - s->at < left ? s->end - s->at : left;
    size_t col1 = (unit + n) * UNIT_COLUMNS;
    p->expert = p->w->m->active[s->at / s->n_units];
    p->col0 = unit * UNIT_COLUMNS;
    p->col1 = col1 < s->n ? col1 : s->n;
    s->at += n;
    return true;
}

static void rise(void *arg, const ewi_share *share) {
    const work *w = arg;
    const ewi_experts_scratch *m = w->m;
    const size_t n = w->a->d_ffn;
    columns s = columns_of(w, n, share);
    product gate = {w, EWI_EXPERTS_GATE, 0, 0, 0, m->outer, m->gate, share->thread};
    while (next(&s, &gate)) {
        product up = gate;
        up.part = EWI_EXPERTS_UP;
        up.y = m->up;
        multiply(&gate);
        multiply(&up);
        for (size_t slot = m->first[gate.expert]; slot < m->first[gate.expert + 1]; slot++) {
            float *y = m->gate + slot * n + gate.col0;
            w->j->e->kern->act[w->a->act](y, y, m->up + slot * n + gate.col0, gate.col1 - gate.col0);
        }
    }
}

static void quantize_inner(void *arg, const ewi_share *share) {
    const work *w = arg;
    const size_t k = w->a->d_ffn;
    size_t slot, end;
    ewi_split(w->n_slots, 1, share, &slot, &end);
    for (; slot < end; slot++) quantize(w, w->inner, slot, w->m->gate + slot * k, k);
}

static void sink(void *arg, const ewi_share *share) {
    const work *w = arg;
    columns s = columns_of(w, w->d_model, share);
    product p = {w, EWI_EXPERTS_DOWN, 0, 0, 0, w->m->gate, w->m->outer, share->thread};
    while (next(&s, &p)) multiply(&p);
}

/* Columns that a thread sums at a time. */
#define SUM_COLUMNS 512u

/* y = the sum over a row's experts, in the order of their choice, of some columns. */
static void combine_columns(const work *w, size_t row, size_t col, size_t n) {
    const ewi_kernels *kern = w->j->e->kern;
    const size_t n_used = w->a->n_used;
    float *y = ewi_op_output(w->j) + row * w->d_model + col, weighed[SUM_COLUMNS];
    for (size_t i = row * n_used; i < (row + 1) * n_used; i++) {
        const float *x = w->m->outer + w->m->slots[i] * w->d_model + col;
        if (i == row * n_used) {
            kern->scale(y, x, w->m->weights[i], n);
            continue;
        }
        kern->scale(weighed, x, w->m->weights[i], n);
        kern->add(y, y, weighed, n);
    }
}

static void combine(void *arg, const ewi_share *share) {
    const work *w = arg;
    size_t begin, end;
    ewi_split(w->d_model, UNIT_COLUMNS, share, &begin, &end);
    for (size_t row = 0; row < w->j->n_rows; row++)
        for (size_t col = begin; col < end; col += SUM_COLUMNS)
            combine_columns(w, row, col, end - col < SUM_COLUMNS ? end - col : SUM_COLUMNS);
}

static work begin(const ewi_job *j) {
    const ewi_experts_attrs *a = &j->node->attrs.experts;
    work w = {
        .j = j, .a = a, .m = &j->e->experts, .n_slots = j->n_rows * a->n_used, .d_model = j->node->cols};
    for (unsigned kind = 0; kind < EWI_N_QROWS; kind++) {
        w.outer[kind] = wants(a, EWI_EXPERTS_GATE, kind) || wants(a, EWI_EXPERTS_UP, kind);
        w.inner[kind] = wants(a, EWI_EXPERTS_DOWN, kind);
    }
    w.takes_floats = wants_floats(a, EWI_EXPERTS_GATE) || wants_floats(a, EWI_EXPERTS_UP);
    route(&w);
    return w;
}

static void climb(work *w) {
    ewi_op_share(w->j->e, w->n_slots * w->d_model, gather, w);
    ewi_op_share(w->j->e, 2 * w->n_slots * w->d_model * w->a->d_ffn, rise, w);
}

void ewi_experts_prepare(const ewi_job *j, bool climbs) {
    work w = begin(j);
    if (climbs) climb(&w);
}

void ewi_experts_run(const ewi_job *j) {
    const ew_engine *e = j->e;
    const ewi_experts_attrs *a = &j->node->attrs.experts;
    work w = begin(j);
    climb(&w);
    if (w.inner[EWI_QROWS_WHOLE] || w.inner[EWI_QROWS_256])
        ewi_op_share(e, w.n_slots * a->d_ffn * 4, quantize_inner, &w);
    ewi_op_share(e, w.n_slots * w.d_model * a->d_ffn, sink, &w);
    ewi_op_share(e, w.n_slots * w.d_model * 2, combine, &w);
}
