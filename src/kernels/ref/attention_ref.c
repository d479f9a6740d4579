#include "kernels/elementary.h"
#include "kernels/ref/reference.h"

/*
 * One block for one row: softmax in one pass over blocks (Milakov and Gimelshein 2018, arXiv:1805.02867; the
 * block form is that of FlashAttention, Dao et al. 2022, arXiv:2205.14135).
 */
EWI_INLINE void attend(const ewi_attention *a, ewi_attention_row *row, size_t bytes, ewi_load_fn load) {
    const size_t d = a->head_dim, stride = d * bytes;
    const char *k = a->k, *v = a->v;
    float p[EWI_ATTENTION_KEYS], top = row->max;
    ewi_lanes lanes = {{0}};
    for (size_t j = 0; j < row->n_keys; j++) {
        p[j] = a->scale * ewi_dot(row->q, k + j * stride, d, load);
        top = p[j] > top ? p[j] : top;
    }
    top += 0.0f;
    for (size_t j = 0; j < row->n_keys; j++) {
        p[j] = ewi_expf(p[j] - top);
        lanes.lane[j % 16] += p[j];
    }
    float shrink = ewi_expf(row->max - top);
    row->sum = fmaf(row->sum, shrink, ewi_lanes_sum(&lanes));
    row->max = top;
    for (size_t i = 0; i < d; i++) {
        float acc = row->acc[i] * shrink;
        for (size_t j = 0; j < row->n_keys; j++) acc = fmaf(p[j], load(v + j * stride, i), acc);
        row->acc[i] = acc;
    }
}

EWI_INLINE void attention(const ewi_attention *a, size_t bytes, ewi_load_fn load) {
    for (size_t r = 0; r < a->n_rows; r++)
        if (a->rows[r].n_keys > 0) attend(a, &a->rows[r], bytes, load);
}

static void attention_f32(const ewi_attention *a) {
    attention(a, 4, ewi_load_f32);
}
static void attention_f16(const ewi_attention *a) {
    attention(a, 2, ewi_load_f16);
}

static void finish(float *out, const float *acc, float sum, size_t n) {
    for (size_t i = 0; i < n; i++) out[i] = acc[i] / sum;
}

void ewi_attention_ref(ewi_kernels *table) {
    table->attention[EWI_F32] = attention_f32;
    table->attention[EWI_F16] = attention_f16;
    table->attention_finish = finish;
}
