/* Attention on bf16 tiles against the reference. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "checkkern.h"

#define MAX_ROWS 36
#define KEYS     EWI_ATTENTION_KEYS

static const ewi_dtype types[] = {EWI_F32, EWI_F16, EWI_I8};

/* Input slots. */
enum { Q, K, V, SCRATCH, K_SCALES, V_SCALES };

/* State of the rows in an output: head_dim floats of acc, then max and sum. */
static void run(void (*attention)(const ewi_attention *), ewi_attention a, const float *q,
                const size_t *n_keys, float *state) {
    ewi_attention_row rows[MAX_ROWS];
    for (size_t r = 0; r < a.n_rows; r++) {
        float *acc = state + r * (a.head_dim + 2), *rest = acc + a.head_dim;
        rows[r] = (ewi_attention_row){q + r * a.head_dim, NULL, acc, rest[0], rest[1], n_keys[r]};
    }
    a.rows = rows;
    attention(&a);
    for (size_t r = 0; r < a.n_rows; r++) {
        rows[r].acc[a.head_dim] = rows[r].max;
        rows[r].acc[a.head_dim + 1] = rows[r].sum;
    }
}

static void clear_state(float *state, size_t n_rows, size_t head_dim) {
    for (size_t i = 0; i < n_rows * (head_dim + 2); i++)
        state[i] = i % (head_dim + 2) == head_dim ? -INFINITY : 0.0f;
}

/* Rows of a prefill, whole groups of which may not see the block yet; or any number of keys, 0 too. */
static size_t draw_keys(ck *c, size_t *n_keys, size_t n_rows) {
    size_t most = 0, is_prefill = ck_below(c, 2), group = 1 + ck_below(c, 4), before = ck_below(c, 2 * KEYS);
    for (size_t r = 0; r < n_rows; r++) {
        size_t seen = 1 + KEYS + r / group;
        n_keys[r] = !is_prefill ? ck_below(c, KEYS + 1) : seen > before ? seen - before : 0;
        if (n_keys[r] > KEYS) n_keys[r] = KEYS;
        most = n_keys[r] > most ? n_keys[r] : most;
    }
    return most;
}

/* NaN from key `most` on: no row sees it. Infinities and NaN that rows do see are CK_SPECIAL's. */
static void draw_block(ck *c, ewi_attention *a, size_t most, ck_kind kind) {
    const size_t dim = a->head_dim, hidden = KEYS - most;
    size_t v_bytes = ewi_dtype_get(a->v_type)->block_bytes * dim;
    size_t k_bytes = a->k_type == EWI_I8 ? 4 : ewi_dtype_get(a->k_type)->block_bytes;
    size_t k_rows = a->k_type == EWI_I8 ? (dim + 3) / 4 : dim;
    unsigned char *k = a->k_type == EWI_I8 ? ck_bytes(c, K, 4 * KEYS * k_rows, 1)
                                           : ck_weights(c, K, KEYS * dim, a->k_type, kind);
    unsigned char *v =
        a->v_type == EWI_I8 ? ck_bytes(c, V, KEYS * dim, 1) : ck_weights(c, V, KEYS * dim, a->v_type, kind);
    float *k_scales = ck_input(c, K_SCALES, KEYS, kind), *v_scales = ck_input(c, V_SCALES, KEYS, kind);
    for (size_t i = 0; a->k_type == EWI_I8 && i < 4 * KEYS * k_rows; i++) k[i] = (unsigned char)ck_random(c);
    for (size_t i = 0; a->v_type == EWI_I8 && i < KEYS * dim; i++) v[i] = (unsigned char)ck_random(c);
    for (size_t i = 0; i < k_rows; i++) memset(k + (i * KEYS + most) * k_bytes, 0xff, hidden * k_bytes);
    memset(v + most * v_bytes, 0xff, hidden * v_bytes);
    memset(k_scales + most, 0xff, hidden * sizeof *k_scales);
    memset(v_scales + most, 0xff, hidden * sizeof *v_scales);
    a->k = k, a->v = v, a->k_scales = k_scales, a->v_scales = v_scales;
    a->scratch = ck_input(c, SCRATCH, EWI_ATTENTION_SCRATCH(dim), CK_SPECIAL);
}

/* Two blocks after each other, compared after both. */
static void two_blocks(ck *c, ewi_attention a, ck_kind kind) {
    size_t n_state = a.n_rows * (a.head_dim + 2), n_keys[MAX_ROWS];
    float *want = ck_output(c, 0, n_state), *got = ck_output(c, 1, n_state);
    const float *q = ck_input(c, Q, a.n_rows * a.head_dim, kind);
    clear_state(want, a.n_rows, a.head_dim);
    clear_state(got, a.n_rows, a.head_dim);
    for (int block = 0; block < 2; block++) {
        size_t most = draw_keys(c, n_keys, a.n_rows);
        a.scale = block == 0 ? 0.125f : 2.0f;
        draw_block(c, &a, most, kind);
        ck_name(c, "attention_bf16 %s %s rows=%zu head_dim=%zu keys<=%zu block=%d kind=%d",
                ewi_dtype_get(a.k_type)->name, ewi_dtype_get(a.v_type)->name, a.n_rows, a.head_dim, most,
                block, (int)kind);
        run(c->ref->attention_bf16, a, q, n_keys, want);
        run(c->kern->attention_bf16, a, q, n_keys, got);
    }
    ck_compare(c, n_state);
}

void check_attention_bf16(ck *c) {
    static const size_t dims[] = {1, 8, 16, 17, 33, 64, 72, 80, 128, 250, 256};
    for (size_t k = 0; k < EWI_COUNT(types); k++)
        for (size_t v = 0; v < EWI_COUNT(types); v++)
            for (size_t d = 0; d < EWI_COUNT(dims); d++)
                for (size_t i = 0; i < CK_N_KINDS; i++) {
                    ewi_attention a = {.k_type = types[k], .v_type = types[v], .head_dim = dims[d]};
                    a.n_rows = 1 + ck_below(c, MAX_ROWS);
                    two_blocks(c, a, (ck_kind)i);
                }
}
