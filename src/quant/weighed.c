#include "quant/weighed.h"

#include <string.h>

#include "base/error.h"
#include "kernels/half.h"
#include "kernels/pack.h"
#include "kernels/rotate.h"
#include "quant/rounding.h"

#define ROWS     EWI_TILE_OUTPUTS
#define LONGEST  128u /* group */
#define N_SWEEPS 2

/* A group's scale is tried times 64 / 80, 65 / 80, .. 96 / 80; a sub-scale is one of 15. */
#define N_FACTORS   33
#define N_SUBSCALES 15

/* What is kept of a row's inputs, [padded] each. */
typedef struct row {
    ewi_rounding r;
    float *e;      /* errors; 0 before a group has its scale */
    float *costs;  /* e H: half of what an error costs beside all others */
    float *scales; /* of the groups */
    float scale;   /* Q4S: of the row */
} row;

typedef struct tile {
    const float *h; /* [k, k] */
    size_t k, group, n_rows;
    row rows[ROWS];
} tile;

bool ewi_weighed_offers(ewi_dtype dtype) {
    return ewi_round_offers(dtype) && (dtype == EWI_Q4S || ewi_packed_info_get(dtype)->group > 0);
}

void ewi_moments_for(ewi_dtype dtype, const float *sums, size_t k, float *moments) {
    memcpy(moments, sums, k * k * sizeof *sums);
    if (ewi_packed_info_get(dtype)->kind != EWI_PACKED_ROW) return;
    for (size_t i = 0; i < k; i++) ewi_rotate(moments + i * k, moments + i * k, k);
    for (size_t i = 0; i < k; i++)
        for (size_t j = 0; j < i; j++) {
            const float x = moments[i * k + j];
            moments[i * k + j] = moments[j * k + i];
            moments[j * k + i] = x;
        }
    for (size_t i = 0; i < k; i++) ewi_rotate(moments + i * k, moments + i * k, k);
}

/* ---- memory ---- */

size_t ewi_weighed_scratch_bytes(size_t k) {
    const size_t padded = ewi_rounding_padded(k), chunks = padded / EWI_CHUNK_INPUTS;
    return ROWS * (3 * padded + chunks) * sizeof(float) + (padded + chunks) * sizeof(float) +
           ROWS * (padded + chunks);
}

static void lay_out(tile *t, const ewi_rounding *of, void *scratch) {
    const size_t padded = of->padded, chunks = of->n_chunks;
    float *at = scratch, *u = at + ROWS * (3 * padded + chunks), *wanted = u + padded;
    uint8_t *codes = (uint8_t *)(wanted + chunks), *chosen = codes + ROWS * padded;
    memset(scratch, 0, ewi_weighed_scratch_bytes(t->k));
    for (size_t i = 0; i < ROWS; i++, at += 3 * padded + chunks) {
        row *w = &t->rows[i];
        w->r = *of;
        w->r.output = i;
        w->r.x = at;
        w->e = at + padded;
        w->costs = at + 2 * padded;
        w->scales = at + 3 * padded;
        w->r.u = u;
        w->r.scales = wanted;
        w->r.codes = codes + i * padded;
        w->r.chosen = chosen + i * chunks;
    }
}

/* ---- scales ---- */

/* Those that the row has by itself. */
static ewi_round_fault begin_row(const tile *t, row *w, const float *weights) {
    ewi_round_fault fault = ewi_rounding_take(&w->r, weights);
    if (fault) return fault;
    if (w->r.dtype == EWI_Q4S) {
        w->scale = ewi_rounding_row_scale(&w->r);
        ewi_rounding_put_row_scale(&w->r, w->scale);
        for (size_t i = 0; i < w->r.n_chunks; i++) w->scales[i] = w->scale * (float)w->r.chosen[i];
        return EWI_ROUND_FINE;
    }
    for (size_t at = 0; at < t->k; at += t->group) {
        const float scale = ewi_rounding_group_scale(&w->r, at);
        if (scale - scale != 0.0f) return EWI_ROUND_TOO_LARGE;
        w->scales[at / t->group] = scale;
    }
    return EWI_ROUND_FINE;
}

static size_t list_scales(const row *w, float present, float *scales) {
    if (w->r.dtype == EWI_Q4S) {
        for (size_t i = 0; i < N_SUBSCALES; i++) scales[i] = w->scale * (float)(i + 1);
        return N_SUBSCALES;
    }
    for (size_t i = 0; i < N_FACTORS; i++)
        scales[i] = ewi_f16_to_f32(ewi_f32_to_f16(present * ((float)(64 + i) / 80.0f)));
    return N_FACTORS;
}

static void find_errors(const row *w, size_t at, size_t n, float scale, float *e) {
    const float inverse = 1.0f / scale;
    for (size_t i = 0; i < n; i++) {
        const float x = w->r.x[at + i];
        e[i] = x - scale * ewi_round_even(ewi_round_clamp(x * inverse, w->r.least, w->r.most));
    }
}

/* out = 2 others + e H, of the group's inputs; returns what e costs beside the others. */
static double cost_of(const tile *t, size_t at, size_t n, const float *others, const float *e) {
    float sums[LONGEST];
    double cost = 0.0;
    for (size_t i = 0; i < n; i++) sums[i] = 2.0f * others[i];
    for (size_t j = 0; j < n; j++) {
        const float *h = t->h + (at + j) * t->k + at;
        for (size_t i = 0; i < n; i++) sums[i] += e[j] * h[i];
    }
    for (size_t i = 0; i < n; i++) cost += (double)e[i] * (double)sums[i];
    return cost;
}

/* What others' errors cost this group's. */
static void find_others(const tile *t, const row *w, size_t at, size_t n, float *others) {
    memcpy(others, w->costs + at, n * sizeof *others);
    for (size_t j = 0; j < n; j++) {
        const float *h = t->h + (at + j) * t->k + at;
        for (size_t i = 0; i < n; i++) others[i] -= w->e[at + j] * h[i];
    }
}

static void change_errors(const tile *t, row *w, size_t at, size_t n, const float *e) {
    for (size_t j = 0; j < n; j++) {
        const float change = e[j] - w->e[at + j], *h = t->h + (at + j) * t->k;
        w->e[at + j] = e[j];
        if (change == 0.0f) continue;
        for (size_t i = 0; i < t->k; i++) w->costs[i] += change * h[i];
    }
}

/* The scale of the group at `at`: the present one where no other costs less, the first of equals. */
static void choose_scale(const tile *t, row *w, size_t at, size_t n) {
    float *scale = &w->scales[at / t->group];
    float scales[N_FACTORS], others[LONGEST], tried[LONGEST], e[LONGEST];
    if (*scale == 0.0f) return;
    const size_t n_scales = list_scales(w, *scale, scales);
    find_others(t, w, at, n, others);
    find_errors(w, at, n, *scale, e);
    double least = cost_of(t, at, n, others, e);
    for (size_t i = 0; i < n_scales; i++) {
        if (scales[i] == 0.0f || scales[i] - scales[i] != 0.0f) continue;
        find_errors(w, at, n, scales[i], tried);
        const double cost = cost_of(t, at, n, others, tried);
        if (!(cost < least)) continue;
        least = cost;
        *scale = scales[i];
        memcpy(e, tried, n * sizeof *e);
    }
    change_errors(t, w, at, n, e);
}

static void sweep(tile *t) {
    for (size_t at = 0; at < t->k; at += t->group) {
        const size_t n = t->group < t->k - at ? t->group : t->k - at;
        for (size_t i = 0; i < t->n_rows; i++) choose_scale(t, &t->rows[i], at, n);
    }
}

/* ---- the whole ---- */

static void put_subscales(const row *w) {
    for (size_t i = 0; i * EWI_CHUNK_INPUTS < w->r.k; i++) {
        if (w->scale != 0.0f) w->r.chosen[i] = (uint8_t)ewi_round_even(w->scales[i] / w->scale);
        ewi_rounding_put_subscale(&w->r, i);
    }
}

static void put_row(const tile *t, const row *w) {
    if (w->r.dtype == EWI_Q4S) put_subscales(w);
    for (size_t at = 0; at < w->r.padded; at += t->group) {
        const float scale = w->scales[at / t->group];
        if (w->r.dtype != EWI_Q4S && at < t->k) ewi_rounding_put_group_scale(&w->r, at, scale);
        ewi_rounding_put_codes(&w->r, at, t->group, scale);
        ewi_rounding_add_sums(&w->r, at, t->group, scale);
    }
}

ewi_round_fault ewi_weighed_tile(ewi_dtype dtype, uint8_t *bytes, const float *rows, size_t n_rows, size_t k,
                                 const float *moments, void *scratch, ewi_round_sums *sums) {
    EW_ASSERT(ewi_weighed_offers(dtype) && n_rows <= ROWS);
    ewi_rounding r = ewi_rounding_of(dtype, bytes, k);
    r.sums = sums;
    tile t = {.h = moments, .k = k, .n_rows = n_rows};
    t.group = r.info->group ? r.info->group : EWI_CHUNK_INPUTS;
    lay_out(&t, &r, scratch);
    *sums = (ewi_round_sums){0};
    memset(bytes, 0, ewi_packed_head_bytes(dtype, k));
    for (size_t i = 0; i < n_rows; i++) {
        ewi_round_fault fault = begin_row(&t, &t.rows[i], rows + i * k);
        if (fault) return fault;
    }
    for (int i = 0; i < N_SWEEPS; i++) sweep(&t);
    for (size_t i = 0; i < n_rows; i++) put_row(&t, &t.rows[i]);
    ewi_pack_codes(dtype, bytes, t.rows[0].r.codes, r.padded, n_rows, k);
    return EWI_ROUND_FINE;
}
