/* qmatmul_ref.c: quantized rows and quantized matmul as docs/numerics.md defines them, weight by weight. */
#include <math.h>
#include <string.h>

#include "kernels/ref/reference.h"
#include "kernels/rotate.h"

/* ---- rows ---- */

/* The largest |x| as bits: an order of integers that puts infinities and NaN above all numbers. */
static uint32_t largest_bits(const float *x, size_t n) {
    uint32_t most = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, &x[i], sizeof bits);
        bits &= 0x7fffffffu;
        most = bits > most ? bits : most;
    }
    return most;
}

static void put_codes(uint8_t *row, size_t at, const float *x, size_t n, ewi_qrow_scaling s) {
    for (size_t i = 0; i < n; i++)
        row[at + i] = (uint8_t)(int8_t)(s.inverse > 0.0f ? rintf(x[i] * s.inverse) : 0.0f);
}

static int32_t put_sums(uint8_t *row, const ewi_qrow *layout) {
    int32_t total = 0;
    for (size_t i = 0; i < layout->scales / 16; i++) {
        int16_t sum = 0;
        for (size_t j = 16 * i; j < 16 * i + 16; j++) sum = (int16_t)(sum + (int8_t)row[j]);
        memcpy(row + layout->sums + i * sizeof sum, &sum, sizeof sum);
        total += sum;
    }
    return total;
}

static void quantize_256(uint8_t *row, const float *x, size_t k) {
    const ewi_qrow layout = ewi_qrow_layout(EWI_QROWS_256, k);
    memset(row, 0, layout.bytes);
    for (size_t i = 0; i < k; i += EWI_QROWS_BLOCK) {
        size_t n = k - i < EWI_QROWS_BLOCK ? k - i : EWI_QROWS_BLOCK;
        ewi_qrow_scaling s = ewi_qrow_scale(largest_bits(x + i, n));
        put_codes(row, i, x + i, n, s);
        memcpy(row + layout.scales + i / EWI_QROWS_BLOCK * sizeof s.scale, &s.scale, sizeof s.scale);
    }
    put_sums(row, &layout);
}

/* Each block is rotated twice: for the scale of all, then for its codes. */
static void quantize_whole(uint8_t *row, const float *x, size_t k) {
    const ewi_qrow layout = ewi_qrow_layout(EWI_QROWS_WHOLE, k);
    float y[EWI_QROWS_ROTATE];
    uint32_t most = 0;
    memset(row, 0, layout.bytes);
    for (size_t i = 0, n; i < k; i += n) {
        ewi_rotate_block_of(y, x + i, n = ewi_rotate_block(k - i));
        uint32_t bits = largest_bits(y, n);
        most = bits > most ? bits : most;
    }
    ewi_qrow_scaling s = ewi_qrow_scale(most);
    for (size_t i = 0, n; i < k; i += n) {
        ewi_rotate_block_of(y, x + i, n = ewi_rotate_block(k - i));
        put_codes(row, i, y, n, s);
    }
    int32_t total = put_sums(row, &layout);
    memcpy(row + layout.scales, &s.scale, sizeof s.scale);
    memcpy(row + layout.scales + sizeof s.scale, &total, sizeof total);
}

/* ---- weights ---- */

/* One output of a tile. */
typedef struct column {
    const ewi_packed_info *info;
    ewi_dtype dtype;
    const uint8_t *head, *chunks;
    size_t at, chunk_bytes;
} column;

static column column_of(const ewi_qmatmul *a, ewi_dtype dtype, size_t j) {
    const uint8_t *tile = a->w + j / EWI_TILE_OUTPUTS * ewi_packed_tile_bytes(dtype, a->k);
    return (column){ewi_packed_info_get(dtype),
                    dtype,
                    tile,
                    tile + ewi_packed_head_bytes(dtype, a->k),
                    j % EWI_TILE_OUTPUTS,
                    ewi_packed_chunk_bytes(dtype)};
}

static unsigned code_at(const column *w, size_t k) {
    const uint8_t *chunk = w->chunks + k / 32 * w->chunk_bytes;
    size_t j = k % 32 / 4, byte = 4 * w->at + k % 4;
    if (w->info->bits == 8) return chunk[64 * j + byte];
    unsigned code = (unsigned)chunk[64 * (j / 2) + byte] >> (j % 2 ? 4 : 0) & 15u;
    if (w->info->bits == 5) code |= (chunk[256 + byte] >> j & 1u) << 4;
    if (w->info->bits == 6) code |= ((unsigned)chunk[256 + 64 * (j / 4) + byte] >> 2 * (j % 4) & 3u) << 4;
    return code;
}

/* Sum of (code - zero) * x, or level * x, for inputs from .. to. */
static int32_t dot_codes(const column *w, const int8_t *x, size_t from, size_t to) {
    int32_t sum = 0;
    for (size_t i = from; i < to; i++) sum += ewi_packed_value(w->info, code_at(w, i)) * x[i];
    return sum;
}

static int32_t sum_inputs(const int8_t *x, size_t from, size_t to) {
    int32_t sum = 0;
    for (size_t i = from; i < to; i++) sum += x[i];
    return sum;
}

static float scale_at(const column *w, size_t offset) {
    return ewi_load_f16(w->head + offset, w->at);
}

static float row_scale(const uint8_t *x, size_t scales, size_t i) {
    return ewi_load_f32(x + scales, i);
}

/* ---- the three kinds ---- */

static float dot_row(const column *w, const uint8_t *x, size_t k) {
    int32_t total = 0;
    for (size_t i = 0; i < k; i += 32) {
        int32_t scale = 1;
        if (w->dtype == EWI_Q4S) scale = w->head[64 + i / 64 * 16 + w->at] >> (i / 32 % 2 ? 4 : 0) & 15;
        total += scale * dot_codes(w, (const int8_t *)x, i, i + 32 < k ? i + 32 : k);
    }
    size_t scales = ewi_qrow_layout(EWI_QROWS_WHOLE, k).scales;
    return (float)total * row_scale(x, scales, 0) * ewi_load_f32(w->head, w->at);
}

static float group_block(const column *w, const int8_t *x, size_t from, size_t to) {
    float t = 0.0f;
    for (size_t i = from; i < to; i += w->info->group) {
        size_t end = i + w->info->group < to ? i + w->info->group : to, g = i / w->info->group;
        t = fmaf((float)dot_codes(w, x, i, end), scale_at(w, g * (w->info->has_min ? 64 : 32)), t);
        if (w->info->has_min) t = fmaf((float)sum_inputs(x, i, end), scale_at(w, g * 64 + 32), t);
    }
    return t;
}

static float super_block(const column *w, const int8_t *x, size_t from) {
    const size_t group = w->info->group, n_groups = 256 / group;
    const size_t head = from / 256 * (w->info->has_min ? 256 : 288);
    int32_t total = 0, minima = 0;
    for (size_t g = 0; g < n_groups; g++) {
        size_t i = from + g * group;
        int32_t sum = dot_codes(w, x, i, i + group);
        if (w->info->has_min) {
            const ewi_k_scale s = ewi_k_scale_get(w->head + head, w->at, g);
            total += sum * s.scale;
            minima += sum_inputs(x, i, i + group) * s.min;
        } else {
            total += sum * (int8_t)w->head[head + 32 + 16 * g + w->at];
        }
    }
    if (!w->info->has_min) return (float)total * scale_at(w, head);
    return fmaf((float)total, scale_at(w, head), -((float)minima * scale_at(w, head + 32)));
}

static float dot_blocks(const column *w, const uint8_t *x, size_t k) {
    const size_t scales = ewi_qrow_layout(EWI_QROWS_256, k).scales;
    float y = 0.0f;
    for (size_t i = 0; i < k; i += 256) {
        size_t end = i + 256 < k ? i + 256 : k;
        float t = w->info->kind == EWI_PACKED_GROUP ? group_block(w, (const int8_t *)x, i, end)
                                                    : super_block(w, (const int8_t *)x, i);
        y = fmaf(t, row_scale(x, scales, i / 256), y);
    }
    return y;
}

EWI_INLINE void qmatmul(const ewi_qmatmul *a, ewi_dtype dtype) {
    for (size_t j = 0; j < a->n; j++) {
        column w = column_of(a, dtype, j);
        for (size_t i = 0; i < a->m; i++) {
            const uint8_t *x = a->x + i * a->x_stride_bytes;
            float y = w.info->kind == EWI_PACKED_ROW ? dot_row(&w, x, a->k) : dot_blocks(&w, x, a->k);
            a->y[i * a->y_stride + j] = a->bias ? y + a->bias[j] : y;
        }
    }
}

#define PACKED_MAP(X) \
    X(Q8C) X(Q4C) X(Q4S) X(Q4G128) X(Q8_0) X(Q4_0) X(Q4_1) X(Q5_0) X(Q5_1) X(Q4_K) X(Q5_K) X(Q6_K) X(IQ4_NL)

#define QMATMUL(type)                                  \
    static void qmatmul_##type(const ewi_qmatmul *a) { \
        qmatmul(a, EWI_##type);                        \
    }
PACKED_MAP(QMATMUL)
#undef QMATMUL

void ewi_qmatmul_ref(ewi_kernels *table) {
    table->quantize[EWI_QROWS_WHOLE] = quantize_whole;
    table->quantize[EWI_QROWS_256] = quantize_256;
    table->rotate[EWI_ROTATE_INPUTS] = ewi_rotate;
    table->rotate[EWI_ROTATE_WEIGHTS] = ewi_rotate_weights;
    table->rotate[EWI_ROTATE_BACK] = ewi_rotate_back;
#define ENTRY(type) table->qmatmul[EWI_##type] = qmatmul_##type;
    PACKED_MAP(ENTRY)
#undef ENTRY
}
