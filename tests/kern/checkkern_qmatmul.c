#include <string.h>

#include "checkkern.h"
#include "kernels/half.h"
#include "kernels/q4r.h"

/* ---- quantized rows ---- */

static void quantize_one(ck *c, ewi_qrows_kind kind, size_t k, ck_kind numbers) {
    const size_t bytes = ewi_qrow_layout(kind, k).bytes;
    float *x = ck_input(c, 0, k, numbers);
    ck_name(c, "quantize kind=%d k=%zu numbers=%d", (int)kind, k, (int)numbers);
    uint8_t *want = ck_output_bytes(c, 0, bytes), *got = ck_output_bytes(c, 1, bytes);
    c->ref->quantize[kind](want, x, k);
    c->kern->quantize[kind](got, x, k);
    ck_compare_bytes(c, bytes);
}

void check_quantize(ck *c) {
    static const size_t more[] = {255, 256, 257, 300, 511, 512, 513, 896, 2048, 4864, 11008};
    for (unsigned kind = 0; kind < EWI_N_QROWS; kind++) {
        for (size_t k = 1; k <= 200; k++) quantize_one(c, (ewi_qrows_kind)kind, k, ck_kind_of(k));
        for (size_t i = 0; i < EWI_COUNT(more); i++)
            for (size_t j = 0; j < 4; j++) quantize_one(c, (ewi_qrows_kind)kind, more[i], ck_kind_of(j));
    }
}

static void rotate_one(ck *c, ewi_rotation rotation, size_t k, bool in_place, ck_kind kind) {
    const float *x = ck_input(c, 0, k, kind);
    float *want = ck_output(c, 0, k), *got = ck_output(c, 1, k);
    memcpy(got, x, k * sizeof *got);
    ck_name(c, "rotate way=%d k=%zu in_place=%d kind=%d", (int)rotation, k, in_place, (int)kind);
    c->ref->rotate[rotation](want, x, k);
    c->kern->rotate[rotation](got, in_place ? got : x, k);
    ck_compare(c, k);
}

/* The same code at all levels: what it gives is in their digests. */
static void round_half_codes(ck *c, size_t k, ck_kind kind) {
    const float *x = ck_input(c, 0, k, kind);
    const size_t n_bytes = (k + 15) / 16 * 16;
    ewi_q4r head;
    ck_name(c, "codes of 4 bits k=%zu kind=%d", k, (int)kind);
    ewi_q4r_round(&head, x, k);
    for (size_t i = 0; i < 2; i++) {
        uint8_t *out = ck_output_bytes(c, i, n_bytes + sizeof head.scale);
        memcpy(out, head.codes, n_bytes);
        memcpy(out + n_bytes, &head.scale, sizeof head.scale);
    }
    ck_compare_bytes(c, n_bytes + sizeof head.scale);
}

void check_rotate(ck *c) {
    for (unsigned rotation = 0; rotation < EWI_N_ROTATIONS; rotation++)
        for (size_t k = 1; k <= 400; k++)
            for (size_t i = 0; i < 6; i++)
                rotate_one(c, (ewi_rotation)rotation, k, i % 2, ck_kind_of(i / 2 + k));
    for (size_t k = 1; k <= EWI_Q4R_MOST; k++)
        for (size_t i = 0; i < 6; i++) round_half_codes(c, k, ck_kind_of(i));
}

/* ---- packed weights: any codes, finite scales ---- */

static void put_f16(ck *c, uint8_t *at, size_t n) {
    for (size_t i = 0; i < n; i++) {
        uint16_t h = ewi_f32_to_f16(ck_float(c, CK_NORMAL));
        memcpy(at + 2 * i, &h, sizeof h);
    }
}

static void put_head(ck *c, uint8_t *head, ewi_dtype dtype, size_t k) {
    const ewi_packed_info *info = ewi_packed_info_get(dtype);
    const size_t n_blocks = (k + 255) / 256, block = info->has_min ? 256 : 288;
    if (info->kind == EWI_PACKED_GROUP) put_f16(c, head, ewi_packed_head_bytes(dtype, k) / 2);
    for (size_t b = 0; info->kind == EWI_PACKED_SUPER && b < n_blocks; b++)
        put_f16(c, head + b * block, info->has_min ? 32 : 16);
    for (size_t i = 0; info->kind == EWI_PACKED_ROW && i < EWI_TILE_OUTPUTS; i++) {
        float d = ck_float(c, CK_NORMAL);
        memcpy(head + 4 * i, &d, sizeof d);
    }
}

static uint8_t *packed(ck *c, size_t slot, ewi_dtype dtype, size_t n, size_t k) {
    const size_t tile = ewi_packed_tile_bytes(dtype, k), n_tiles = (n + 15) / 16;
    uint8_t *w = ck_bytes(c, slot, n_tiles * tile, 1);
    for (size_t i = 0; i < n_tiles * tile; i++) w[i] = (uint8_t)ck_random(c);
    for (size_t t = 0; t < n_tiles; t++) put_head(c, w + t * tile, dtype, k);
    return w;
}

static void matmul_one(ck *c, ewi_dtype dtype, size_t m, size_t n, size_t k, ck_kind numbers) {
    const ewi_qrows_kind kind = ewi_qrows_for(dtype);
    const size_t row = ewi_qrow_layout(kind, k).bytes, y_gap = ck_below(c, 4),
                 n_out = m * (n + y_gap) - y_gap;
    ewi_qmatmul a = {.m = m, .n = n, .k = k, .x_stride_bytes = row, .y_stride = n + y_gap};
    uint8_t *x = ck_bytes(c, 0, m * row, 1);
    for (size_t i = 0; i < m; i++) c->ref->quantize[kind](x + i * row, ck_input(c, 3, k, numbers), k);
    a.x = x;
    a.w = packed(c, 1, dtype, n, k);
    a.bias = ck_below(c, 2) ? ck_input(c, 2, n, CK_NORMAL) : NULL;
    a.scratch = ck_bytes(c, 4, EWI_QMATMUL_SCRATCH(k), 64);
    ck_name(c, "qmatmul %s m=%zu n=%zu k=%zu bias=%d numbers=%d", ewi_dtype_get(dtype)->name, m, n, k,
            a.bias != NULL, (int)numbers);
    const bool by_digest = c->by_digest || c->ref->qmatmul[dtype] == c->kern->qmatmul[dtype];
    a.y = ck_output(c, 0, n_out);
    if (!by_digest) c->ref->qmatmul[dtype](&a);
    a.y = ck_output(c, 1, n_out);
    c->kern->qmatmul[dtype](&a);
    (by_digest ? ck_take : ck_compare)(c, n_out);
}

/* Sizes that a type can have: whole blocks for what comes from GGUF, any for our own. */
static size_t allowed(ewi_dtype dtype, size_t k) {
    const size_t unit = ewi_dtype_get(dtype)->gguf_id < 0 ? 1 : ewi_dtype_get(dtype)->block_elements;
    return (k + unit - 1) / unit * unit;
}

void check_qmatmul(ck *c) {
    static const size_t ms[] = {1, 2, 3, 4, 5, 8, 9, 13, 24}, ns[] = {1, 8, 15, 16, 17, 33, 64, 70, 100};
    static const size_t ks[] = {1, 31, 32, 33, 64, 96, 128, 172, 224, 256, 320, 544, 896};
    for (ewi_dtype d = 0; d < EWI_N_DTYPES; d++) {
        if (!c->ref->qmatmul[d]) continue;
        size_t i = 0;
        for (size_t k = 0; k < EWI_COUNT(ks); k++)
            for (size_t m = 0; m < EWI_COUNT(ms); m++, i++)
                matmul_one(c, d, ms[m], ns[i % EWI_COUNT(ns)], allowed(d, ks[k]), ck_kind_of(i));
        for (size_t m = 16; m <= 72; m += 7) matmul_one(c, d, m, 40, allowed(d, 5 * m), CK_NORMAL);
        if (ck_below(c, 4) == 0) /* more than stays in a second-level cache */
            matmul_one(c, d, 300, 33, allowed(d, 4000), CK_NORMAL);
        matmul_one(c, d, 2, 16, 8192, CK_NORMAL);
        matmul_one(c, d, 17, 48, 2048, CK_SPECIAL);
        matmul_one(c, d, 1, 16, EWI_PACKED_MAX_K, CK_TIES);
    }
}
