#include "engine/ropes.h"

#include "base/mem.h"
#include "kernels/elementary.h"

static const ewi_rope_scaling plain = {.magnitude = 1};

static bool init_table(ew_engine *e, ewi_rope_table *table, const ewi_rope_attrs *a) {
    table->base = a->base;
    table->scaling = a->scaling ? a->scaling : &plain;
    table->n_pairs = a->n_dims / 2;
    table->first_freq = e->n_freqs;
    e->n_freqs += table->n_pairs;
    table->cos = ewi_arena_array(&e->tables, (size_t)e->plan.n_rows * table->n_pairs, sizeof *table->cos);
    table->sin = ewi_arena_array(&e->tables, (size_t)e->plan.n_rows * table->n_pairs, sizeof *table->sin);
    return table->cos && table->sin;
}

static uint32_t find_table(const ew_engine *e, const ewi_rope_attrs *a) {
    const ewi_rope_scaling *scaling = a->scaling ? a->scaling : &plain;
    for (uint32_t i = 0; i < e->n_ropes; i++) {
        const ewi_rope_table *t = &e->ropes[i];
        if (t->base == a->base && t->n_pairs == a->n_dims / 2 && t->scaling == scaling) return i;
    }
    return e->n_ropes;
}

bool ewi_ropes_init(ew_engine *e) {
    uint32_t *rope_of = ewi_arena_array(&e->tables, e->graph.n_nodes, sizeof *rope_of);
    e->ropes = ewi_arena_array(&e->tables, e->graph.n_nodes, sizeof *e->ropes);
    if (!rope_of || !e->ropes) return false;
    e->rope_of = rope_of;
    for (uint32_t i = 0; i < e->graph.n_nodes; i++) {
        const ewi_node *node = &e->graph.nodes[i];
        if (node->op != EWI_OP_ROPE) continue;
        rope_of[i] = find_table(e, &node->attrs.rope);
        if (rope_of[i] == e->n_ropes && !init_table(e, &e->ropes[e->n_ropes++], &node->attrs.rope))
            return false;
    }
    return true;
}

/* What a growing base does to angle i: s^(i / (n_pairs - 1)), so that the longest wave stretches by s. */
static double growth_divisor(const ewi_rope_table *t, uint32_t n_ctx, uint32_t i) {
    double s = 1 + t->scaling->growth * ((double)n_ctx / t->scaling->n_ctx_short - 1);
    return ewi_pow(s, (double)i / (t->n_pairs - 1));
}

static void make_freqs(const ewi_rope_table *t, uint32_t n_ctx, double *freqs) {
    const ewi_rope_scaling *scaling = t->scaling;
    const bool is_long = n_ctx > scaling->n_ctx_short;
    const double *divisors = is_long && scaling->long_divisors ? scaling->long_divisors : scaling->divisors;
    for (uint32_t i = 0; i < t->n_pairs; i++) {
        freqs[i] = ewi_pow(t->base, -1.0 * i / t->n_pairs);
        if (divisors) freqs[i] /= divisors[i];
        if (is_long && scaling->growth != 0) freqs[i] /= growth_divisor(t, n_ctx, i);
    }
}

double *ewi_ropes_new_freqs(const ew_engine *e, uint32_t n_ctx) {
    double *freqs = ewi_alloc_array((size_t)e->n_freqs + 1, sizeof *freqs);
    for (uint32_t t = 0; freqs && t < e->n_ropes; t++)
        make_freqs(&e->ropes[t], n_ctx, freqs + e->ropes[t].first_freq);
    return freqs;
}

static void fill_row(const ewi_rope_table *t, const ew_row *row, size_t i) {
    const double *freqs = row->session->freqs + t->first_freq;
    float *cosines = t->cos + i * t->n_pairs, *sines = t->sin + i * t->n_pairs;
    for (uint32_t p = 0; p < t->n_pairs; p++) {
        double angle = row->position * freqs[p];
        cosines[p] = (float)(ewi_cos(angle) * t->scaling->magnitude);
        sines[p] = (float)(ewi_sin(angle) * t->scaling->magnitude);
    }
}

void ewi_ropes_fill(const ew_engine *e, const ew_row *rows, size_t n_rows) {
    for (uint32_t t = 0; t < e->n_ropes; t++)
        for (size_t i = 0; i < n_rows; i++) fill_row(&e->ropes[t], &rows[i], i);
}
