#include "engine/routed.h"

#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "kernels/kernels.h"
#include "kernels/rotate.h"

#define AT_ONCE 256u /* rows, as sums take them */

ew_status ewi_routed_init(ewi_routed *r, size_t k, size_t n_rows, size_t n_choices, ew_error *err) {
    *r = (ewi_routed){.k = k};
    r->x = ewi_alloc_array(n_rows, k * sizeof *r->x);
    r->y = ewi_alloc_array(n_rows, k * sizeof *r->y);
    r->experts = ewi_alloc_array(n_choices, sizeof *r->experts);
    r->rows = ewi_alloc_array(n_choices, sizeof *r->rows);
    return r->x && r->y && r->experts && r->rows ? EW_OK : ewi_no_memory(err, "what experts read");
}

void ewi_routed_deinit(ewi_routed *r) {
    ewi_free(r->x);
    ewi_free(r->y);
    ewi_free(r->experts);
    ewi_free(r->rows);
}

size_t ewi_routed_count(const ewi_routed *r, uint32_t expert) {
    size_t n = 0;
    for (size_t i = 0; i < r->n_choices; i++) n += r->experts[i] == expert;
    return n;
}

void ewi_qrow_widen(float *x, const uint8_t *row, ewi_qrows_kind kind, size_t k) {
    const size_t block = kind == EWI_QROWS_WHOLE ? k : EWI_QROWS_BLOCK;
    for (size_t at = 0; at < k; at += block) {
        float scale;
        memcpy(&scale, row + ewi_qrow_layout(kind, k).scales + at / block * sizeof scale, sizeof scale);
        for (size_t j = at; j < k && j < at + block; j++) x[j] = scale * (float)(int8_t)row[j];
    }
}

/* Rows on their way into the sums. */
typedef struct learning {
    const ewi_routed *r;
    ewi_qrows_kind kind;
    ewi_hessian *h;
    ewi_drift *d;
    size_t n;
    float *x, *y;   /* [AT_ONCE, k] */
    uint8_t *codes; /* of one row */
} learning;

static void add_rows(learning *l) {
    ewi_drift_temper(l->x, l->y, l->n, l->r->k);
    ewi_hessian_add(l->h, l->x, l->n);
    ewi_drift_add(l->d, l->x, l->y, l->n);
    l->n = 0;
}

static void take_row(learning *l, size_t row) {
    const size_t k = l->r->k;
    float *x = l->x + l->n * k, *y = l->y + l->n * k;
    ewi_kernels_get()->quantize[l->kind](l->codes, l->r->x + row * k, k);
    ewi_qrow_widen(x, l->codes, l->kind, k);
    memcpy(y, l->r->y + row * k, k * sizeof *y);
    if (l->kind == EWI_QROWS_WHOLE) ewi_rotate(y, y, k);
    if (++l->n == AT_ONCE) add_rows(l);
}

ew_status ewi_routed_learn(const ewi_routed *r, uint32_t expert, ewi_qrows_kind kind, ewi_hessian *h,
                           ewi_drift *d, ew_error *err) {
    float *rows = ewi_alloc_array(2 * AT_ONCE, r->k * sizeof *rows);
    uint8_t *codes = ewi_alloc(ewi_qrow_layout(kind, r->k).bytes);
    learning l = {r, kind, h, d, 0, rows, rows + AT_ONCE * r->k, codes};
    for (size_t i = 0; rows && codes && i < r->n_choices; i++)
        if (r->experts[i] == expert) take_row(&l, r->rows[i]);
    if (l.n) add_rows(&l);
    ewi_free(rows);
    ewi_free(codes);
    if (!rows || !codes) return ewi_no_memory(err, "what experts read");
    ewi_hessian_end(h);
    return EW_OK;
}
