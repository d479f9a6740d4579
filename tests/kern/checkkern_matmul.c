#include "checkkern.h"

typedef void (*matmul_fn)(const ewi_matmul *args);

static void both(ck *c, ewi_matmul *a, size_t n_out, matmul_fn ref, matmul_fn kern) {
    const bool by_digest = c->by_digest || ref == kern;
    a->y = ck_output(c, 0, n_out);
    if (!by_digest) ref(a);
    a->y = ck_output(c, 1, n_out);
    kern(a);
    (by_digest ? ck_take : ck_compare)(c, n_out);
}

/* The ways that a type has. */
static void each_way(ck *c, ewi_dtype dtype, ewi_matmul *a, size_t n_out, ck_kind kind) {
    const ewi_kernels *r = c->ref, *k = c->kern;
    const struct {
        const char *name;
        matmul_fn ref, kern;
    } ways[] = {{"matmul", r->matmul[dtype], k->matmul[dtype]},
                {"matmul_fast", r->matmul_fast[dtype], k->matmul_fast[dtype]},
                {"matmul_bf16", r->matmul_bf16[dtype], k->matmul_bf16[dtype]}};
    for (size_t i = 0; i < (a->k == 0 ? 1 : EWI_COUNT(ways)); i++) {
        if (!ways[i].ref) continue;
        ck_name(c, "%s %s m=%zu n=%zu k=%zu bias=%d kind=%d", ways[i].name, ewi_dtype_get(dtype)->name, a->m,
                a->n, a->k, a->bias != NULL, (int)kind);
        both(c, a, n_out, ways[i].ref, ways[i].kern);
    }
}

static void one(ck *c, ewi_dtype dtype, size_t m, size_t n, size_t k, ck_kind kind) {
    size_t bytes = ewi_dtype_get(dtype)->block_bytes, x_gap = ck_below(c, 4), y_gap = ck_below(c, 4),
           w_gap = ck_below(c, 5);
    ewi_matmul a = {.m = m, .n = n, .k = k, .x_stride = k + x_gap, .y_stride = n + y_gap};
    a.w_stride_bytes = k * bytes + w_gap;
    /* The last row has no gap behind it. */
    a.x = ck_input(c, 0, m * a.x_stride - x_gap, kind);
    /* Rows of w at odd distances: each is drawn alone, then moved to its place. */
    unsigned char *w = ck_bytes(c, 1, n * a.w_stride_bytes - w_gap, 1);
    for (size_t j = 0; j < n; j++) {
        const unsigned char *row = ck_weights(c, 2, k, dtype, kind);
        for (size_t b = 0; b < k * bytes; b++) w[j * a.w_stride_bytes + b] = row[b];
    }
    a.w = w;
    a.bias = ck_below(c, 2) ? ck_input(c, 3, n, kind) : NULL;
    a.scratch = ck_bytes(c, 4, EWI_MATMUL_SCRATCH(m, k), 64);
    each_way(c, dtype, &a, m * a.y_stride - y_gap, kind);
}

void check_matmul(ck *c) {
    static const ewi_dtype types[] = {EWI_F32, EWI_F16, EWI_BF16};
    static const size_t ms[] = {1, 2, 3, 4, 5, 6, 7, 11, 13}, ns[] = {1, 2, 3, 4, 5, 8, 11, 19, 30};
    static const size_t real[][3] = {{1, 64, 64},   {8, 172, 64},  {5, 64, 172},  {1, 192, 576},
                                     {25, 33, 576}, {3, 9, 2048},  {17, 70, 896}, {2, 5, 4864},
                                     {7, 67, 1025}, {64, 21, 127}, {29, 70, 512}, {18, 33, 300},
                                     {3, 290, 530}, {270, 5, 40},  {35, 70, 1025}};
    for (size_t t = 0; t < EWI_COUNT(types); t++) {
        size_t i = 0;
        for (size_t k = 0; k <= 70; k++)
            for (size_t m = 0; m < EWI_COUNT(ms); m++) {
                size_t n = ns[i % EWI_COUNT(ns)];
                one(c, types[t], ms[m], n, k, ck_kind_of(i++));
            }
        for (size_t m = 0; m < EWI_COUNT(ms); m++)
            for (size_t n = 0; n < EWI_COUNT(ns); n++)
                one(c, types[t], ms[m], ns[n], 16 + i % 33, ck_kind_of(i)), i++;
        for (size_t r = 0; r < EWI_COUNT(real); r++)
            one(c, types[t], real[r][0], real[r][1], real[r][2], ck_kind_of(2 * r));
    }
}
