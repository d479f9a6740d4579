#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "checkkern.h"
#include "os/clock.h"

#define MAX_FLOATS      ((size_t)1 << 20)
#define WEIGHT_BYTES    ((size_t)16384 * 2048 * 4)
#define MAX_QROWS_BYTES ((size_t)128 * 16384) /* 128 rows of 8192: codes, scales and sums */

/* One measured call: what it reads and writes, and its multiplications and additions. */
typedef struct work {
    const ewi_kernels *kern;
    ewi_dtype dtype;
    void (*matmul)(const ewi_matmul *args);
    size_t m, n, k;
    float *x, *y;
    unsigned char *w;
    uint8_t *qrows; /* quantized rows, then the kernel's scratch */
    double bytes, flops;
    void (*call)(const struct work *work);
} work;

/* The fastest of enough runs to fill 0.2 seconds. */
static double best_ns(const work *w) {
    uint64_t start = ewi_clock_ns(), best = UINT64_MAX;
    for (int runs = 0; runs < 5 || ewi_clock_ns() - start < 200000000u; runs++) {
        uint64_t before = ewi_clock_ns();
        w->call(w);
        uint64_t took = ewi_clock_ns() - before;
        if (took < best) best = took;
    }
    return best > 0 ? (double)best : 1;
}

static void report(const char *name, const work *w) {
    double ns = best_ns(w);
    printf("%-8s %-34s %12.0f ns %8.2f GB/s %8.2f GFLOP/s\n", ewi_cpu_name(w->kern->level), name, ns,
           w->bytes / ns, w->flops / ns);
    fflush(stdout);
}

static void call_matmul(const work *w) {
    ewi_matmul a = {.m = w->m, .n = w->n, .k = w->k, .x = w->x, .w = w->w, .y = w->y};
    a.x_stride = w->k;
    a.y_stride = w->n;
    a.w_stride_bytes = w->k * ewi_dtype_get(w->dtype)->block_bytes;
    a.scratch = w->qrows;
    w->matmul(&a);
}

static void call_qmatmul(const work *w) {
    const size_t row_bytes = ewi_qrow_layout(ewi_qrows_for(w->dtype), w->k).bytes;
    w->kern->qmatmul[w->dtype](&(ewi_qmatmul){.m = w->m,
                                              .n = w->n,
                                              .k = w->k,
                                              .x = w->qrows,
                                              .x_stride_bytes = row_bytes,
                                              .w = w->w,
                                              .y = w->y,
                                              .y_stride = w->n,
                                              .scratch = w->qrows + MAX_QROWS_BYTES});
}

static void call_attention(const work *w) {
    ewi_attention_row rows[96];
    ewi_attention a = {.rows = rows, .n_rows = w->m, .head_dim = w->k, .scale = 0.125f};
    a.k_type = a.v_type = w->dtype;
    a.scratch = w->y + 96 * w->k;
    const ewi_dtype_info *info = ewi_dtype_get(w->dtype);
    size_t half_bytes = EWI_ATTENTION_KEYS * (w->k / info->block_elements * info->block_bytes + 4);
    for (size_t r = 0; r < w->m; r++)
        rows[r] = (ewi_attention_row){.q = w->x + r * w->k,
                                      .qrow = (const uint8_t *)(w->x + r * 2 * w->k),
                                      .acc = w->y + r * w->k,
                                      .max = -INFINITY,
                                      .n_keys = EWI_ATTENTION_KEYS};
    for (size_t b = 0; b < w->n / EWI_ATTENTION_KEYS; b++) {
        a.k = w->w + 2 * b * half_bytes;
        a.v = w->w + (2 * b + 1) * half_bytes;
        a.k_scales = a.v_scales = w->x;
        w->kern->attention(&a);
    }
}

static void call_rms_norm(const work *w) {
    w->kern->rms_norm(w->y, w->x, (const void *)w->w, w->n, 1e-5f);
}
static void call_silu(const work *w) {
    w->kern->act[EWI_ACT_SILU](w->y, w->x, (const void *)w->w, w->n);
}
static void call_add(const work *w) {
    w->kern->add(w->y, w->x, (const void *)w->w, w->n);
}
static void call_exp(const work *w) {
    w->kern->exp(w->y, w->x, 0.5f, w->n);
}
static void call_sum(const work *w) {
    w->y[0] = w->kern->sum(w->x, w->n);
}
static void call_max(const work *w) {
    w->y[0] = w->kern->max(w->x, w->n);
}
static void call_argmax(const work *w) {
    w->y[0] = (float)w->kern->argmax(w->x, w->n);
}
static void call_divergence(const work *w) {
    ewi_divergence_sums sums;
    w->kern->divergence(&sums, &(ewi_divergence_rows){w->n, w->x, w->x, 0, 0});
    w->y[0] = (float)sums.model;
}
static void call_widen(const work *w) {
    w->kern->widen[EWI_F16](w->y, w->w, w->n);
}
static void call_narrow(const work *w) {
    w->kern->narrow[EWI_F16](w->w, w->x, w->n);
}
static void call_rope_adjacent(const work *w) {
    w->kern->rope_adjacent(w->y, w->m, w->k, w->x, w->x + w->k / 2, w->k / 2);
}
static void call_rope_halves(const work *w) {
    w->kern->rope_halves(w->y, w->m, w->k, w->x, w->x + w->k / 2, w->k / 2);
}

/* The ways that are worth it for so many rows. */
static void bench_ways(work *one, const char *only) {
    const bool is_many = one->m >= 16 && one->dtype != EWI_F32;
    for (int way = 0; way < (is_many ? one->kern->has_tiles ? 3 : 2 : 1); way++) {
        static const char *const names[] = {"matmul", "matmul_fast", "matmul_bf16"};
        char name[64];
        one->matmul = (way == 0   ? one->kern->matmul
                       : way == 1 ? one->kern->matmul_fast
                                  : one->kern->matmul_bf16)[one->dtype];
        snprintf(name, sizeof name, "%s %s %zux%zux%zu", names[way], ewi_dtype_get(one->dtype)->name, one->m,
                 one->n, one->k);
        if (strstr(name, only)) report(name, one);
    }
}

static void bench_matmul(work *w, const char *only) {
    static const ewi_dtype types[] = {EWI_F32, EWI_F16, EWI_BF16};
    /* m, n, k: prefill of a small and a larger layer; a few rows; decode with weights beyond every cache */
    static const size_t shapes[][3] = {{256, 576, 576}, {256, 256, 2048}, {8, 256, 2048}, {1, 16384, 2048}};
    for (size_t t = 0; t < EWI_COUNT(types); t++)
        for (size_t s = 0; s < EWI_COUNT(shapes); s++) {
            work one = *w;
            one.dtype = types[t];
            one.m = shapes[s][0], one.n = shapes[s][1], one.k = shapes[s][2];
            if (one.kern->level == EWI_CPU_SCALAR) one.m = 1, one.n = 64;
            double bytes = ewi_dtype_get(one.dtype)->block_bytes;
            one.bytes = (double)one.n * (double)one.k * bytes;
            one.flops = 2.0 * (double)one.m * (double)one.n * (double)one.k;
            one.call = call_matmul;
            bench_ways(&one, only);
        }
}

static void bench_one_qmatmul(work *one, const char *only) {
    const ewi_qrows_kind kind = ewi_qrows_for(one->dtype);
    const size_t row_bytes = ewi_qrow_layout(kind, one->k).bytes,
                 tile_bytes = ewi_packed_tile_bytes(one->dtype, one->k);
    char name[64];
    if (one->n == 0) one->n = WEIGHT_BYTES / tile_bytes * EWI_TILE_OUTPUTS;
    if (one->kern->level == EWI_CPU_SCALAR) one->m = 1, one->n = 64;
    for (size_t i = 0; i < one->m; i++)
        one->kern->quantize[kind](one->qrows + i * row_bytes, one->x + i * one->k, one->k);
    one->bytes = (double)one->n / EWI_TILE_OUTPUTS * (double)tile_bytes;
    one->flops = 2.0 * (double)one->m * (double)one->n * (double)one->k;
    one->call = call_qmatmul;
    snprintf(name, sizeof name, "qmatmul %s %zux%zux%zu", ewi_dtype_get(one->dtype)->name, one->m, one->n,
             one->k);
    if (strstr(name, only)) report(name, one);
}

/* m, n, k: prefill, a step's rows at once, of a short and a long reduction; a server's, answers and a part of
 * a prompt; many answers; few; decode, with as many outputs (0) as make weights that no cache holds. */
static void bench_qmatmul(work *w, const char *only) {
    static const size_t shapes[][3] = {{128, 512, 2048}, {128, 128, 8192}, {72, 512, 2048},
                                       {16, 512, 2048},  {8, 512, 2048},   {1, 0, 2048}};
    for (ewi_dtype d = 0; d < EWI_N_DTYPES; d++)
        for (size_t s = 0; w->kern->qmatmul[d] && s < EWI_COUNT(shapes); s++) {
            work one = *w;
            one.dtype = d;
            one.m = shapes[s][0], one.n = shapes[s][1], one.k = shapes[s][2];
            bench_one_qmatmul(&one, only);
        }
}

static void bench_attention(work *w, const char *only) {
    static const ewi_dtype types[] = {EWI_F32, EWI_F16, EWI_I8, EWI_Q4R};
    static const size_t rows[] = {1, 4, 8, 48, 96};
    for (size_t t = 0; t < EWI_COUNT(types); t++)
        for (size_t r = 0; r < EWI_COUNT(rows); r++) {
            char name[64];
            work one = *w;
            one.dtype = types[t];
            one.m = rows[r], one.n = 4096, one.k = 64;
            const ewi_dtype_info *info = ewi_dtype_get(one.dtype);
            one.bytes = 2.0 * (double)one.n * (double)(one.k / info->block_elements * info->block_bytes);
            one.flops = 4.0 * (double)one.m * (double)one.n * (double)one.k;
            one.call = call_attention;
            snprintf(name, sizeof name, "attention %s rows=%zu d=64 keys=4096",
                     ewi_dtype_get(one.dtype)->name, one.m);
            if (strstr(name, only)) report(name, &one);
        }
}

static void bench_rows(work *w, const char *only) {
    static const struct {
        const char *name;
        void (*call)(const work *w);
        double bytes, flops; /* per element */
    } calls[] = {
        {"rms_norm n=2048", call_rms_norm, 16, 4},
        {"silu n=2048", call_silu, 12, 14},
        {"add n=2048", call_add, 12, 1},
        {"exp n=2048", call_exp, 8, 12},
        {"sum n=2048", call_sum, 4, 1},
        {"max n=2048", call_max, 4, 1},
        {"argmax n=2048", call_argmax, 8, 2},
        {"divergence n=2048", call_divergence, 8, 60},
        {"widen F16 n=2048", call_widen, 6, 1},
        {"narrow F16 n=2048", call_narrow, 6, 1},
        {"rope_adjacent 32 x 64", call_rope_adjacent, 8, 3},
        {"rope_halves 32 x 64", call_rope_halves, 8, 3},
    };
    for (size_t i = 0; i < EWI_COUNT(calls); i++) {
        work one = *w;
        one.m = 32, one.n = 2048, one.k = 64;
        one.call = calls[i].call;
        one.bytes = calls[i].bytes * 2048;
        one.flops = calls[i].flops * 2048;
        if (strstr(calls[i].name, only)) report(calls[i].name, &one);
    }
}

int bench_level(const ewi_kernels *kern, const char *only) {
    work w = {.kern = kern};
    w.x = ewi_alloc_array(MAX_FLOATS, sizeof *w.x);
    w.y = ewi_zalloc_array(MAX_FLOATS, sizeof *w.y);
    w.w = ewi_alloc(WEIGHT_BYTES);
    w.qrows = ewi_alloc(MAX_QROWS_BYTES + EWI_QMATMUL_SCRATCH(8192));
    bool ok = w.x && w.y && w.w && w.qrows;
    for (size_t i = 0; ok && i < MAX_FLOATS; i++) w.x[i] = (float)(i * 37 % 101) * 0.01f - 0.5f;
    if (ok) memset(w.w, 0x2e, WEIGHT_BYTES); /* small positive numbers in each type */
    if (ok) {
        bench_rows(&w, only);
        bench_matmul(&w, only);
        bench_qmatmul(&w, only);
        bench_attention(&w, only);
    }
    ewi_free(w.x);
    ewi_free(w.y);
    ewi_free(w.w);
    ewi_free(w.qrows);
    if (!ok) fprintf(stderr, "checkkern: no memory for the benchmark\n");
    return ok ? 0 : 1;
}
