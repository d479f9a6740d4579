#include <math.h>
#include <stdio.h>
#include <string.h>

#include "checkkern.h"
#include "kernels/half.h"
#include "kernels/q4r.h"

#define MAX_ROWS 36
#define KEYS     EWI_ATTENTION_KEYS

static const ewi_dtype types[] = {EWI_F32, EWI_F16, EWI_I8, EWI_Q4R};

static bool has_codes(ewi_dtype type) {
    return type == EWI_I8 || type == EWI_Q4R;
}

/* Room for either kind. */
static size_t qrow_bytes(size_t head_dim) {
    return ewi_qrow_layout(EWI_QROWS_WHOLE, head_dim).bytes;
}

/* State of the rows in an output: head_dim floats of acc, then max and sum. */
static void bind(ewi_attention_row *rows, size_t n_rows, size_t head_dim, const float *q,
                 const ewi_attention_row *seen, float *state) {
    for (size_t r = 0; r < n_rows; r++) {
        float *at = state + r * (head_dim + 2);
        rows[r] = (ewi_attention_row){.q = q + r * head_dim, .acc = at};
        rows[r].n_keys = seen[r].n_keys;
        rows[r].first_key = seen[r].first_key;
        rows[r].slope = seen[r].slope;
        rows[r].distance = seen[r].distance;
        rows[r].qrow = (const unsigned char *)q + r * qrow_bytes(head_dim);
        rows[r].max = at[head_dim];
        rows[r].sum = at[head_dim + 1];
    }
}

static void unbind(const ewi_attention_row *rows, size_t n_rows, size_t head_dim, float *state) {
    for (size_t r = 0; r < n_rows; r++) {
        state[r * (head_dim + 2) + head_dim] = rows[r].max;
        state[r * (head_dim + 2) + head_dim + 1] = rows[r].sum;
    }
}

typedef void (*attention_fn)(const ewi_attention *);

static void run(attention_fn attention, ewi_attention a, const float *q, const ewi_attention_row *seen,
                float *state) {
    ewi_attention_row rows[MAX_ROWS];
    bind(rows, a.n_rows, a.head_dim, q, seen, state);
    a.rows = rows;
    attention(&a);
    unbind(rows, a.n_rows, a.head_dim, state);
}

static void clear_state(float *state, size_t n_rows, size_t head_dim) {
    for (size_t i = 0; i < n_rows * (head_dim + 2); i++)
        state[i] = i % (head_dim + 2) == head_dim ? -INFINITY : 0.0f;
}

/* Rows of a decode see the same keys, groups of rows of a prefill one key more each and the first of them
 * none yet; or any number of keys. */
static size_t draw_keys(ck *c, ewi_attention_row *seen_rows, size_t n_rows) {
    size_t most = 0, style = ck_below(c, 3), base = 1 + ck_below(c, KEYS);
    size_t group = 1 + ck_below(c, 4), before = ck_below(c, 2) * ck_below(c, KEYS);
    for (size_t r = 0; r < n_rows; r++) {
        size_t seen = base + r / group;
        size_t n_keys = style == 0      ? base
                        : style == 2    ? ck_below(c, KEYS + 1)
                        : seen > before ? seen - before
                                        : 0;
        seen_rows[r].n_keys = n_keys < KEYS ? n_keys : KEYS;
        most = seen_rows[r].n_keys > most ? seen_rows[r].n_keys : most;
    }
    return most;
}

/* A window hides the first keys: as many from all rows, one more of each group, or any number. The least that
 * any row sees. */
static size_t draw_windows(ck *c, ewi_attention_row *rows, size_t n_rows) {
    size_t least = KEYS, style = ck_below(c, 4), base = ck_below(c, KEYS), group = 1 + ck_below(c, 4);
    for (size_t r = 0; r < n_rows; r++) {
        size_t first = style == 1 ? base : style == 2 ? ck_below(c, KEYS) : base + r / group;
        if (style == 0) first = 0;
        rows[r].first_key = first < rows[r].n_keys ? first : rows[r].n_keys ? rows[r].n_keys - 1 : 0;
        if (rows[r].n_keys > 0 && rows[r].first_key < least) least = rows[r].first_key;
    }
    return least;
}

/* Slopes of ALiBi, or none. */
static void draw_slopes(ck *c, ewi_attention_row *rows, size_t n_rows) {
    bool has_slopes = ck_below(c, 3) == 0;
    for (size_t r = 0; r < n_rows; r++) {
        rows[r].slope = has_slopes ? 1.0f / (float)(1 + r) : 0.0f;
        rows[r].distance = -(float)ck_below(c, 5000);
    }
}

/* Input slots. */
enum { Q, K, V, SCRATCH, K_SCALES, V_SCALES };

static size_t value_bytes(const ewi_attention *a) {
    if (a->v_type == EWI_Q4R) return ewi_q4r_value_bytes(a->head_dim);
    return a->head_dim * ewi_dtype_get(a->v_type)->block_bytes;
}

static size_t scale_bytes(ewi_dtype type) {
    return type == EWI_Q4R ? sizeof(uint16_t) : sizeof(float);
}

/* NaN in all keys and values first .. end - 1. */
static void poison(ck *c, const ewi_attention *a, size_t first, size_t end) {
    const size_t n = end - first, v_bytes = value_bytes(a), k_scale = scale_bytes(a->k_type);
    const size_t v_scale = scale_bytes(a->v_type);
    size_t k_bytes = ewi_dtype_get(a->k_type)->block_bytes, rows = a->head_dim;
    if (a->k_type == EWI_I8) rows = (rows + 3) / 4, k_bytes = 4;
    if (a->k_type == EWI_Q4R) rows = (rows + 7) / 8, k_bytes = 4;
    for (size_t i = 0; i < rows; i++) memset(c->in[K].at + (i * KEYS + first) * k_bytes, 0xff, n * k_bytes);
    memset(c->in[V].at + first * v_bytes, 0xff, n * v_bytes);
    memset(c->in[K_SCALES].at + first * k_scale, 0xff, n * k_scale);
    memset(c->in[V_SCALES].at + first * v_scale, 0xff, n * v_scale);
}

/* Codes -127..127 plus `zero`. */
static void *draw_codes(ck *c, size_t slot, size_t n, int zero) {
    unsigned char *codes = ck_bytes(c, slot, n, 1);
    for (size_t i = 0; i < n; i++) codes[i] = (unsigned char)((int)ck_below(c, 255) - 127 + zero);
    return codes;
}

/* Codes of 4 bits, any of them. */
static void *draw_half_codes(ck *c, size_t slot, size_t n_bytes) {
    unsigned char *codes = ck_bytes(c, slot, n_bytes, 1);
    for (size_t i = 0; i < n_bytes; i++) codes[i] = (unsigned char)ck_random(c);
    return codes;
}

/* Rows of floats, or of codes as the reference makes them. */
static const float *draw_queries(ck *c, const ewi_attention *a, bool are_codes, ck_kind kind) {
    const ewi_qrows_kind code_kind = a->k_type == EWI_Q4R ? EWI_QROWS_WHOLE : EWI_QROWS_256;
    if (!are_codes) return ck_input(c, Q, a->n_rows * a->head_dim, kind);
    unsigned char *rows = ck_bytes(c, Q, a->n_rows * qrow_bytes(a->head_dim), 4);
    float x[EWI_QROWS_BLOCK];
    for (size_t r = 0; r < a->n_rows; r++) {
        for (size_t i = 0; i < a->head_dim; i++) x[i] = ck_float(c, kind);
        c->ref->quantize[code_kind](rows + r * qrow_bytes(a->head_dim), x, a->head_dim);
    }
    return (const void *)rows;
}

static const void *draw_keys_of(ck *c, ewi_dtype type, size_t d, ck_kind kind) {
    if (type == EWI_Q4R) return draw_half_codes(c, K, ewi_q4r_keys_bytes(d));
    if (type == EWI_I8) return draw_codes(c, K, KEYS * ((d + 3) / 4 * 4), 128);
    return ck_weights(c, K, KEYS * d, type, kind);
}

static const void *draw_values_of(ck *c, ewi_dtype type, size_t d, ck_kind kind) {
    if (type == EWI_Q4R) return draw_half_codes(c, V, KEYS * ewi_q4r_value_bytes(d));
    return type == EWI_I8 ? draw_codes(c, V, KEYS * d, 0) : ck_weights(c, V, KEYS * d, type, kind);
}

static const void *draw_scales(ck *c, size_t slot, ewi_dtype type, ck_kind kind) {
    if (type != EWI_Q4R) return ck_input(c, slot, KEYS, kind);
    uint16_t *scales = ck_bytes(c, slot, KEYS * sizeof *scales, sizeof *scales);
    for (size_t j = 0; j < KEYS; j++) scales[j] = (uint16_t)(ewi_float_bits(ck_float(c, kind)) >> 16);
    return scales;
}

static void draw_block(ck *c, ewi_attention *a, size_t least, size_t most, ck_kind kind) {
    const size_t d = a->head_dim;
    a->k = draw_keys_of(c, a->k_type, d, kind);
    a->v = draw_values_of(c, a->v_type, d, kind);
    a->k_scales = draw_scales(c, K_SCALES, a->k_type, kind);
    a->v_scales = draw_scales(c, V_SCALES, a->v_type, kind);
    a->scratch = ck_input(c, SCRATCH, EWI_ATTENTION_SCRATCH(d), CK_SPECIAL);
    poison(c, a, most, KEYS);
    poison(c, a, 0, least < most ? least : 0);
}

typedef struct method {
    const char *name;
    attention_fn ref, kern;
    bool has_codes; /* queries are codes */
} method;

/* Two blocks after each other, compared after both. */
static void two_blocks(ck *c, const method *m, ewi_attention a, ck_kind kind) {
    const bool by_digest = c->by_digest || m->ref == m->kern;
    size_t n_state = a.n_rows * (a.head_dim + 2);
    ewi_attention_row seen[MAX_ROWS];
    float *want = ck_output(c, 0, n_state), *got = ck_output(c, 1, n_state);
    clear_state(want, a.n_rows, a.head_dim);
    clear_state(got, a.n_rows, a.head_dim);
    const float *q = draw_queries(c, &a, m->has_codes, kind);
    for (int block = 0; block < 2; block++) {
        size_t most = draw_keys(c, seen, a.n_rows), least = draw_windows(c, seen, a.n_rows);
        draw_slopes(c, seen, a.n_rows);
        a.scale = block == 0 ? 0.125f : 2.0f;
        a.cap = ck_below(c, 3) == 0 ? 1.5f : 0.0f;
        draw_block(c, &a, least, most, kind);
        ck_name(c, "%s %s %s rows=%zu head_dim=%zu keys %zu..%zu cap=%g slopes=%d block=%d kind=%d", m->name,
                ewi_dtype_get(a.k_type)->name, ewi_dtype_get(a.v_type)->name, a.n_rows, a.head_dim, least,
                most, (double)a.cap, a.n_rows > 0 && seen[0].slope != 0, block, (int)kind);
        if (!by_digest) run(m->ref, a, q, seen, want);
        run(m->kern, a, q, seen, got);
    }
    (by_digest ? ck_take : ck_compare)(c, n_state);
}

/* Keys and values that a row must not see can be anything: NaN there leaves its bits as they are. Row r sees
 * keys from `window` before its last one on. */
static void unseen(ck *c, ewi_dtype k_type, ewi_dtype v_type, size_t n_rows, size_t window) {
    enum { DIM = 72, SEEN = 40 };
    size_t n_state = n_rows * (DIM + 2);
    ewi_attention_row seen[MAX_ROWS] = {{0}};
    for (size_t r = 0; r < n_rows; r++) {
        seen[r].n_keys = SEEN - n_rows + 1 + r;
        seen[r].first_key = seen[r].n_keys > window ? seen[r].n_keys - window : 0;
    }
    float *want = ck_output(c, 0, n_state), *got = ck_output(c, 1, n_state);
    clear_state(want, n_rows, DIM);
    clear_state(got, n_rows, DIM);
    ewi_attention a = {.n_rows = n_rows, .head_dim = DIM, .k_type = k_type, .v_type = v_type, .scale = 1.0f};
    const float *q = draw_queries(c, &a, has_codes(k_type), CK_NORMAL);
    draw_block(c, &a, 0, SEEN, CK_NORMAL);
    ck_name(c, "attention %s %s rows=%zu window=%zu: NaN in what the first row does not see",
            ewi_dtype_get(k_type)->name, ewi_dtype_get(v_type)->name, n_rows, window);
    run(c->kern->attention, a, q, seen, want);
    poison(c, &a, seen[0].n_keys, KEYS);
    run(c->kern->attention, a, q, seen, got);
    bool same = memcmp(want, got, (DIM + 2) * sizeof *got) == 0, poisoned = isnan(got[n_state - 1]);
    ck_result(c, same && poisoned, same ? "the last row did not see it" : "the first row saw it");
    if (seen[n_rows - 1].first_key == 0) return;
    draw_block(c, &a, 0, SEEN, CK_NORMAL);
    clear_state(want, n_rows, DIM);
    clear_state(got, n_rows, DIM);
    run(c->kern->attention, a, q, seen, want);
    poison(c, &a, 0, seen[n_rows - 1].first_key);
    run(c->kern->attention, a, q, seen, got);
    const size_t last = n_state - (DIM + 2);
    same = memcmp(want + last, got + last, (DIM + 2) * sizeof *got) == 0;
    ck_result(c, same, "the last row saw what its window hides");
}

static void merge(ck *c, size_t head_dim, ck_kind kind) {
    const size_t n = head_dim + 2;
    const ewi_attention_row none = {0};
    float *want = ck_output(c, 0, n), *got = ck_output(c, 1, n);
    float *later = ck_input(c, 0, n, kind), *now = ck_input(c, 1, n, kind);
    if (isnan(now[head_dim])) now[head_dim] = -INFINITY; /* a max is a number */
    if (isnan(later[head_dim])) later[head_dim] = 3.0f;
    memcpy(want, now, n * sizeof *want);
    memcpy(got, now, n * sizeof *got);
    ck_name(c, "attention_merge head_dim=%zu kind=%d", head_dim, (int)kind);
    const ewi_kernels *const kern[2] = {c->ref, c->kern};
    for (int i = 0; i < 2; i++) {
        ewi_attention_row row, span;
        float *state = i == 0 ? want : got;
        bind(&row, 1, head_dim, NULL, &none, state);
        bind(&span, 1, head_dim, NULL, &none, later);
        kern[i]->attention_merge(&row, &span, head_dim);
        unbind(&row, 1, head_dim, state);
    }
    ck_compare(c, n);
}

/* Of two different types each third case is run, from any on. */
static size_t step_of(ewi_dtype k_type, ewi_dtype v_type) {
    return k_type == v_type ? 1 : 3;
}

static void check_types(ck *c, ewi_dtype k_type, ewi_dtype v_type) {
    static const size_t dims[] = {64, 80, 96, 112, 128, 192, 256};
    const size_t step = step_of(k_type, v_type);
    method m = {"attention", c->ref->attention, c->kern->attention, has_codes(k_type)};
    ewi_attention a = {.k_type = k_type, .v_type = v_type};
    for (size_t d = 1; d <= 70; d++)
        for (size_t i = ck_below(c, step); i < 6; i += step) {
            a.n_rows = 1 + ck_below(c, MAX_ROWS), a.head_dim = d;
            two_blocks(c, &m, a, ck_kind_of(i));
        }
    for (size_t rows = ck_below(c, step); rows <= MAX_ROWS; rows += step)
        for (size_t d = 0; d < EWI_COUNT(dims); d++) {
            a.n_rows = rows, a.head_dim = dims[d];
            two_blocks(c, &m, a, ck_kind_of(rows + d));
        }
    for (size_t rows = 2; rows <= MAX_ROWS; rows++) {
        unseen(c, k_type, v_type, rows, KEYS);
        unseen(c, k_type, v_type, rows, 20);
    }
}

/* Queries in f32, whatever the type of the state. */
static void check_bf16(ck *c, ewi_dtype k_type, ewi_dtype v_type) {
    static const size_t dims[] = {1, 8, 16, 17, 33, 64, 72, 80, 128, 250, 256};
    const size_t step = step_of(k_type, v_type);
    method m = {"attention_bf16", c->ref->attention_bf16, c->kern->attention_bf16, false};
    for (size_t d = 0; d < EWI_COUNT(dims); d++)
        for (size_t i = ck_below(c, step); i < CK_N_KINDS; i += step) {
            ewi_attention a = {.k_type = k_type, .v_type = v_type, .head_dim = dims[d]};
            a.n_rows = 1 + ck_below(c, MAX_ROWS);
            two_blocks(c, &m, a, (ck_kind)i);
        }
}

void check_attention(ck *c) {
    for (size_t k = 0; k < EWI_COUNT(types); k++)
        for (size_t v = 0; v < EWI_COUNT(types); v++) check_types(c, types[k], types[v]);
    for (size_t d = 1; d <= 140; d++)
        for (size_t i = 0; i < 8; i++) merge(c, d, ck_kind_of(i));
}

void check_attention_bf16(ck *c) {
    for (size_t k = 0; k < EWI_COUNT(types); k++)
        for (size_t v = 0; v < EWI_COUNT(types); v++) check_bf16(c, types[k], types[v]);
}
