#include <math.h>
#include <stdio.h>
#include <string.h>

#include "checkkern.h"

#define MAX_ROWS 14

/* State of the rows in an output: head_dim floats of acc, then max and sum. */
static void bind(ewi_attention_row *rows, size_t n_rows, size_t head_dim, const float *q,
                 const size_t *n_keys, float *state) {
    for (size_t r = 0; r < n_rows; r++) {
        float *at = state + r * (head_dim + 2);
        rows[r] = (ewi_attention_row){.q = q + r * head_dim, .acc = at, .n_keys = n_keys[r]};
        rows[r].max = at[head_dim];
        rows[r].sum = at[head_dim + 1];
    }
}

static void run(const ewi_kernels *kern, ewi_dtype dtype, const ewi_attention *args, const float *q,
                const size_t *n_keys, float *state) {
    ewi_attention_row rows[MAX_ROWS];
    ewi_attention a = *args;
    bind(rows, a.n_rows, a.head_dim, q, n_keys, state);
    a.rows = rows;
    kern->attention[dtype](&a);
    for (size_t r = 0; r < a.n_rows; r++) {
        state[r * (a.head_dim + 2) + a.head_dim] = rows[r].max;
        state[r * (a.head_dim + 2) + a.head_dim + 1] = rows[r].sum;
    }
}

/* Rows of a prefill see one key more each; rows of a decode see the same keys; some see none. */
static size_t draw_keys(ck *c, size_t *n_keys, size_t n_rows) {
    size_t most = 0, style = ck_below(c, 3), base = 1 + ck_below(c, EWI_ATTENTION_KEYS);
    for (size_t r = 0; r < n_rows; r++) {
        n_keys[r] = style == 0 ? base : style == 1 ? base + r : ck_below(c, EWI_ATTENTION_KEYS + 1);
        if (n_keys[r] > EWI_ATTENTION_KEYS) n_keys[r] = EWI_ATTENTION_KEYS;
        most = n_keys[r] > most ? n_keys[r] : most;
    }
    return most;
}

/* Two blocks after each other, compared after both. */
static void two_blocks(ck *c, ewi_dtype dtype, size_t n_rows, size_t head_dim, ck_kind kind) {
    size_t n_state = n_rows * (head_dim + 2), n_keys[MAX_ROWS];
    float *want = ck_output(c, 0, n_state), *got = ck_output(c, 1, n_state);
    for (size_t i = 0; i < n_state; i++) want[i] = got[i] = i % (head_dim + 2) == head_dim ? -INFINITY : 0.0f;
    const float *q = ck_input(c, 0, n_rows * head_dim, kind);
    for (int block = 0; block < 2; block++) {
        size_t most = draw_keys(c, n_keys, n_rows);
        ewi_attention a = {.n_rows = n_rows, .head_dim = head_dim};
        a.scale = block == 0 ? 0.125f : 2.0f;
        a.k = ck_weights(c, 1, most * head_dim, dtype, kind);
        a.v = ck_weights(c, 2, most * head_dim, dtype, kind);
        ck_name(c, "attention %s rows=%zu head_dim=%zu keys<=%zu block=%d kind=%d",
                ewi_dtype_get(dtype)->name, n_rows, head_dim, most, block, (int)kind);
        run(c->ref, dtype, &a, q, n_keys, want);
        run(c->kern, dtype, &a, q, n_keys, got);
    }
    ck_compare(c, n_state);
}

/* Values that a row must not see can be anything: NaN there leaves its bits as they are. */
static void unseen_values(ck *c, ewi_dtype dtype) {
    enum { ROWS = 6, DIM = 72, KEYS = 40 };
    const size_t n_keys[ROWS] = {KEYS - 5, KEYS - 4, KEYS - 3, KEYS - 2, KEYS - 1, KEYS};
    size_t bytes = ewi_dtype_get(dtype)->block_bytes, n_state = ROWS * (DIM + 2);
    float *want = ck_output(c, 0, n_state), *got = ck_output(c, 1, n_state);
    for (size_t i = 0; i < n_state; i++) want[i] = got[i] = i % (DIM + 2) == DIM ? -INFINITY : 0.0f;
    const float *q = ck_input(c, 0, ROWS * DIM, CK_NORMAL);
    unsigned char *v = ck_weights(c, 2, KEYS * DIM, dtype, CK_NORMAL);
    ewi_attention a = {.n_rows = ROWS, .head_dim = DIM, .scale = 1.0f, .v = v};
    a.k = ck_weights(c, 1, KEYS * DIM, dtype, CK_NORMAL);
    ck_name(c, "attention %s: NaN among values that a row does not see", ewi_dtype_get(dtype)->name);
    run(c->kern, dtype, &a, q, n_keys, want);
    memset(v + (KEYS - 5) * DIM * bytes, 0xff, 5 * DIM * bytes);
    run(c->kern, dtype, &a, q, n_keys, got);
    bool same = memcmp(want, got, DIM * sizeof *got) == 0, poisoned = isnan(got[(ROWS - 1) * (DIM + 2)]);
    ck_result(c, same && poisoned, same ? "the last row did not see them" : "the first row saw them");
}

void check_attention(ck *c) {
    static const ewi_dtype types[] = {EWI_F32, EWI_F16};
    static const size_t dims[] = {64, 80, 96, 112, 128, 192, 256};
    for (size_t t = 0; t < EWI_COUNT(types); t++) {
        for (size_t d = 1; d <= 70; d++)
            for (size_t i = 0; i < 8; i++)
                two_blocks(c, types[t], 1 + ck_below(c, MAX_ROWS), d, ck_kind_of(i));
        for (size_t rows = 0; rows <= MAX_ROWS; rows++)
            for (size_t d = 0; d < EWI_COUNT(dims); d++)
                two_blocks(c, types[t], rows, dims[d], ck_kind_of(rows + d));
        unseen_values(c, types[t]);
    }
}
