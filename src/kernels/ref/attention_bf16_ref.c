/* attention_bf16_ref.c: attention as matrix units compute it: factors rounded to bf16, sums in f32. */
#include "kernels/ref/reference.h"
#include "kernels/ref/tile_ref.h"

#define STEP EWI_TILE_STEP

/* ---- elements ---- */

static float key(const ewi_attention *a, size_t j, size_t i) {
    const float x = ewi_attention_key(a, j, i);
    return ewi_attention_has_codes(a->k_type) ? x * ewi_attention_scale_of(a->k_type, a->k_scales, j) : x;
}

static float value(const ewi_attention *a, size_t j, size_t i) {
    const float x = ewi_attention_value(a, j, i);
    return ewi_attention_has_codes(a->v_type) ? x * ewi_attention_scale_of(a->v_type, a->v_scales, j) : x;
}

/* ---- one block for one row ---- */

static float multiply(const ewi_attention *a, const ewi_attention_row *row, size_t j) {
    float sum = 0.0f;
    for (size_t first = 0; first < a->head_dim; first += STEP) {
        float x[STEP] = {0}, y[STEP] = {0};
        for (size_t i = 0; i < STEP && first + i < a->head_dim; i++) {
            x[i] = ewi_bf16_round(row->q[first + i]);
            y[i] = ewi_bf16_round(key(a, j, first + i));
        }
        sum = ewi_tile_step(sum, x, y);
    }
    return sum;
}

/* Keys that any row sees. */
typedef struct range {
    size_t begin, end;
} range;

/* Element i of acc; p are bf16, and zero for keys that the row does not see. */
static float mix(const ewi_attention *a, range seen, size_t i, const float *p, float acc) {
    for (size_t first = 0; first < EWI_ATTENTION_KEYS; first += STEP) {
        float y[STEP] = {0};
        for (size_t j = 0; j < STEP; j++)
            if (first + j >= seen.begin && first + j < seen.end)
                y[j] = ewi_bf16_round(value(a, first + j, i));
        acc = ewi_tile_step(acc, p + first, y);
    }
    return acc + 0.0f;
}

static void attend(const ewi_attention *a, ewi_attention_row *row, range seen) {
    float p[EWI_ATTENTION_KEYS] = {0};
    for (size_t j = row->first_key; j < row->n_keys; j++)
        p[j] = ewi_attention_score(a, row, j, multiply(a, row, j));
    float shrink = ewi_softmax_block(row, p, ewi_bf16_round);
    for (size_t i = 0; i < a->head_dim; i++) row->acc[i] = mix(a, seen, i, p, row->acc[i] * shrink);
}

static void attention_bf16(const ewi_attention *a) {
    range seen = {EWI_ATTENTION_KEYS, 0};
    for (size_t r = 0; r < a->n_rows; r++) {
        const ewi_attention_row *row = &a->rows[r];
        if (row->n_keys == 0) continue;
        seen.begin = row->first_key < seen.begin ? row->first_key : seen.begin;
        seen.end = row->n_keys > seen.end ? row->n_keys : seen.end;
    }
    for (size_t r = 0; r < a->n_rows; r++)
        if (a->rows[r].n_keys > 0) attend(a, &a->rows[r], seen);
}

void ewi_attention_bf16_ref(ewi_kernels *table) {
    table->attention_bf16 = attention_bf16;
}
