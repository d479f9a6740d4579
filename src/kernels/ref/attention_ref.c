#include "kernels/elementary.h"
#include "kernels/q4r.h"
#include "kernels/ref/reference.h"

static float number(ewi_dtype type, const void *p, size_t i) {
    return type == EWI_F32 ? ewi_load_f32(p, i) : ewi_load_f16(p, i);
}

static int key_code(const ewi_attention *a, size_t j, size_t i) {
    if (a->k_type == EWI_Q4R) return ewi_q4r_key(a->k, j, i);
    return ((const uint8_t *)a->k)[(i / 4 * EWI_ATTENTION_KEYS + j) * 4 + i % 4] - 128;
}

static int value_code(const ewi_attention *a, size_t j, size_t i) {
    const uint8_t *values = a->v;
    if (a->v_type == EWI_Q4R) return ewi_q4r_value(values + j * ewi_q4r_value_bytes(a->head_dim), i);
    return (int8_t)values[j * a->head_dim + i];
}

bool ewi_attention_has_codes(ewi_dtype type) {
    return type == EWI_I8 || type == EWI_Q4R;
}

float ewi_attention_scale_of(ewi_dtype type, const void *scales, size_t j) {
    return type == EWI_Q4R ? ewi_load_bf16(scales, j) : ewi_load_f32(scales, j);
}

float ewi_attention_key(const ewi_attention *a, size_t j, size_t i) {
    if (ewi_attention_has_codes(a->k_type)) return (float)key_code(a, j, i);
    return number(a->k_type, a->k, i * EWI_ATTENTION_KEYS + j);
}

float ewi_attention_value(const ewi_attention *a, size_t j, size_t i) {
    if (ewi_attention_has_codes(a->v_type)) return (float)value_code(a, j, i);
    return number(a->v_type, a->v, j * a->head_dim + i);
}

/* The product of codes, an integer. */
static float multiply_codes(const ewi_attention *a, const ewi_attention_row *row, size_t j) {
    const ewi_qrows_kind kind = a->k_type == EWI_Q4R ? EWI_QROWS_WHOLE : EWI_QROWS_256;
    const float q_scale = ewi_load_f32(row->qrow + ewi_qrow_layout(kind, a->head_dim).scales, 0);
    int32_t sum = 0;
    for (size_t i = 0; i < a->head_dim; i++) sum += (int8_t)row->qrow[i] * key_code(a, j, i);
    return (float)sum * (q_scale * ewi_attention_scale_of(a->k_type, a->k_scales, j));
}

/* One chain of sums along the head. */
static float multiply(const ewi_attention *a, const ewi_attention_row *row, size_t j) {
    if (ewi_attention_has_codes(a->k_type)) return multiply_codes(a, row, j);
    float sum = 0.0f;
    for (size_t i = 0; i < a->head_dim; i++) sum = fmaf(row->q[i], ewi_attention_key(a, j, i), sum);
    return sum;
}

float ewi_attention_score(const ewi_attention *a, const ewi_attention_row *row, size_t j, float product) {
    float s = a->scale * product;
    if (a->cap != 0) s = ewi_capf(s, a->cap);
    return row->slope != 0 ? fmaf(row->slope, row->distance + (float)j, s) : s;
}

/*
 * Softmax in one pass over blocks (Milakov and Gimelshein 2018, arXiv:1805.02867; the block form is that of
 * FlashAttention, Dao et al. 2022, arXiv:2205.14135).
 */
float ewi_softmax_block(ewi_attention_row *row, float *p, float (*round)(float)) {
    float top = row->max;
    ewi_lanes lanes = {{0}};
    for (size_t j = row->first_key; j < row->n_keys; j++) top = p[j] > top ? p[j] : top;
    top += 0.0f;
    for (size_t j = row->first_key; j < row->n_keys; j++) {
        p[j] = round(ewi_expf(p[j] - top));
        lanes.lane[j % 16] += p[j];
    }
    float shrink = ewi_expf(row->max - top);
    row->sum = fmaf(row->sum, shrink, ewi_lanes_sum(&lanes));
    row->max = top;
    return shrink;
}

static float exactly(float p) {
    return p;
}

/* One block for one row. */
static void attend(const ewi_attention *a, ewi_attention_row *row) {
    float p[EWI_ATTENTION_KEYS];
    for (size_t j = row->first_key; j < row->n_keys; j++)
        p[j] = ewi_attention_score(a, row, j, multiply(a, row, j));
    float shrink = ewi_softmax_block(row, p, exactly);
    for (size_t j = row->first_key; j < row->n_keys && ewi_attention_has_codes(a->v_type); j++)
        p[j] *= ewi_attention_scale_of(a->v_type, a->v_scales, j);
    for (size_t i = 0; i < a->head_dim; i++) {
        float acc = row->acc[i] * shrink;
        for (size_t j = row->first_key; j < row->n_keys; j++)
            acc = fmaf(p[j], ewi_attention_value(a, j, i), acc);
        row->acc[i] = acc;
    }
}

static void attention(const ewi_attention *a) {
    for (size_t r = 0; r < a->n_rows; r++)
        if (a->rows[r].n_keys > 0) attend(a, &a->rows[r]);
}

static void merge(ewi_attention_row *row, const ewi_attention_row *span, size_t head_dim) {
    float top = (span->max > row->max ? span->max : row->max) + 0.0f;
    float old = ewi_expf(row->max - top), new = ewi_expf(span->max - top);
    row->max = top;
    row->sum = fmaf(row->sum, old, span->sum * new);
    for (size_t i = 0; i < head_dim; i++) row->acc[i] = fmaf(row->acc[i], old, span->acc[i] * new);
}

static void finish(float *out, const float *acc, float sum, size_t n) {
    for (size_t i = 0; i < n; i++) out[i] = acc[i] / sum;
}

void ewi_attention_ref(ewi_kernels *table) {
    table->attention = attention;
    table->attention_merge = merge;
    table->attention_finish = finish;
}
