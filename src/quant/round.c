#include <math.h>
#include <string.h>

#include "base/error.h"
#include "kernels/half.h"
#include "kernels/pack.h"
#include "kernels/qrows.h"
#include "kernels/rotate.h"
#include "quant/rounding.h"
#include "quant/scale.h"

/* Below this, a run's largest weight counts as zero: all reciprocals stay finite. */
#define TINY 0x1p-100f

/* The longest group; rows are padded to it. */
#define PAD 128u

/* Four bits: the largest weight goes to -8, or beyond, so that it is clamped and the others get finer steps.
 * Long runs have rarer and so larger extremes. Eight bits: around 128; there is little to gain. */
static const ewi_targets targets_4 = {6.0f, 0.375f, 16}, targets_4_row = {5.5f, 0.5f, 24},
                         targets_8 = {120.0f, 4.0f, 8};
/* Q4S: the sign of a sub-scale is fixed, so that the largest may go to either end. */
static const ewi_targets targets_4s = {5.5f, 0.34375f, 17};

bool ewi_round_offers(ewi_dtype dtype) {
    return dtype == EWI_Q8C || dtype == EWI_Q4C || dtype == EWI_Q4S || dtype == EWI_Q4G128 ||
           dtype == EWI_Q8_0 || dtype == EWI_Q4_0;
}

size_t ewi_rounding_padded(size_t k) {
    return (k + PAD - 1) / PAD * PAD;
}

size_t ewi_round_scratch_bytes(size_t k) {
    size_t padded = ewi_rounding_padded(k), chunks = padded / EWI_CHUNK_INPUTS;
    return padded * (3 * sizeof(float) + EWI_TILE_OUTPUTS) + chunks * (sizeof(float) + 1);
}

/* ---- runs ---- */

typedef struct extreme {
    float magnitude, sign;
} extreme;

/* Runs are multiples of so many weights: loops of that length become vector instructions. */
#define STEP 16u

/* The first of the largest. */
static extreme find_extreme(const float *x, size_t n) {
    float lane[STEP] = {0}, most = 0.0f;
    size_t i = 0;
    for (i = 0; i < n; i += STEP)
        for (size_t j = 0; j < STEP; j++) {
            float magnitude = fabsf(x[i + j]);
            lane[j] = magnitude > lane[j] ? magnitude : lane[j];
        }
    for (size_t j = 0; j < STEP; j++) most = lane[j] > most ? lane[j] : most;
    for (i = 0; most > 0.0f && fabsf(x[i]) != most;) i++;
    return (extreme){most, x[i] < 0.0f ? -1.0f : 1.0f};
}

static bool is_finite(const float *x, size_t n) {
    uint32_t most = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t bits = ewi_float_bits(x[i]) & 0x7fffffffu;
        most = bits > most ? bits : most;
    }
    return most < 0x7f800000u;
}

static void divide(float *u, const float *x, size_t n, float by) {
    for (size_t i = 0; i < n; i += STEP) {
        float lane[STEP];
        memcpy(lane, x + i, sizeof lane);
        for (size_t j = 0; j < STEP; j++) lane[j] /= by;
        memcpy(u + i, lane, sizeof lane);
    }
}

static ewi_run run_at(const ewi_rounding *r, size_t at, size_t n) {
    return (ewi_run){r->kern, r->u + at, n, r->least, r->most, r->importance ? r->importance + at : NULL};
}

void ewi_rounding_put_codes(const ewi_rounding *r, size_t at, size_t n, float scale) {
    const float inverse = scale != 0.0f ? 1.0f / scale : 0.0f, zero = (float)r->info->zero;
    for (size_t i = at; i < at + n; i++) {
        float q = ewi_round_even(ewi_round_clamp(r->x[i] * inverse, r->least, r->most));
        r->codes[i] = (uint8_t)(q + zero);
    }
}

/* Adds squares of the weights and of their errors, times `factor`. */
static void add_sums(const ewi_rounding *r, size_t at, size_t n, float scale, double factor) {
    const int zero = (int)r->info->zero;
    double weights = 0.0, errors = 0.0;
    for (size_t i = at; i < at + n; i++) {
        double x = (double)r->x[i], e = x - (double)scale * (double)((int)r->codes[i] - zero);
        weights += x * x;
        errors += e * e;
    }
    r->sums->weights += factor * weights;
    r->sums->errors += factor * errors;
}

/* Turning a block of n back makes squares grow by n and the square of its factor. */
static void add_rotated(const ewi_rounding *r, size_t at, size_t n, float scale) {
    for (size_t i = 0, block; i < r->k && i < at + n; i += block) {
        block = ewi_rotate_block(r->k - i);
        size_t begin = i > at ? i : at, end = i + block < at + n ? i + block : at + n;
        double factor = (double)ewi_rotate_factor(block);
        if (begin < end) add_sums(r, begin, end - begin, scale, (double)block * factor * factor);
    }
}

void ewi_rounding_add_sums(const ewi_rounding *r, size_t at, size_t n, float scale) {
    if (r->info->kind == EWI_PACKED_ROW)
        add_rotated(r, at, n, scale);
    else
        add_sums(r, at, n, scale, 1.0);
}

/* The scale of a run of its own; 0 for weights that are all (nearly) 0. u is scratch. */
static float find_scale(const ewi_rounding *r, size_t at, size_t n, const ewi_targets *targets) {
    extreme e = find_extreme(r->x + at, n);
    if (e.magnitude < TINY) return 0.0f;
    divide(r->u + at, r->x + at, n, e.magnitude);
    ewi_run run = run_at(r, at, n);
    return e.magnitude * ewi_fit_scale(ewi_scale_search(&run, -e.sign, targets));
}

/* ---- groups ---- */

void ewi_rounding_put_group_scale(const ewi_rounding *r, size_t at, float scale) {
    uint16_t half = ewi_f32_to_f16(scale);
    memcpy(r->head + 2 * (at / r->info->group * EWI_TILE_OUTPUTS + r->output), &half, sizeof half);
}

float ewi_rounding_group_scale(const ewi_rounding *r, size_t at) {
    const float scale = find_scale(r, at, r->info->group, r->info->bits == 8 ? &targets_8 : &targets_4);
    ewi_rounding_put_group_scale(r, at, scale);
    return ewi_f16_to_f32(ewi_f32_to_f16(scale));
}

static ewi_round_fault round_groups(const ewi_rounding *r) {
    const size_t n = r->info->group;
    for (size_t at = 0; at < r->k; at += n) {
        float scale = ewi_rounding_group_scale(r, at);
        if (scale - scale != 0.0f) return EWI_ROUND_TOO_LARGE;
        ewi_rounding_put_codes(r, at, n, scale);
        ewi_rounding_add_sums(r, at, n, scale);
    }
    return EWI_ROUND_FINE;
}

/* ---- whole rows ---- */

void ewi_rounding_put_row_scale(const ewi_rounding *r, float scale) {
    memcpy(r->head + sizeof scale * r->output, &scale, sizeof scale);
}

static ewi_round_fault round_row(const ewi_rounding *r) {
    float scale = ewi_rounding_row_scale(r);
    ewi_rounding_put_row_scale(r, scale);
    ewi_rounding_put_codes(r, 0, r->padded, scale);
    ewi_rounding_add_sums(r, 0, r->padded, scale);
    return EWI_ROUND_FINE;
}

/* ---- rows with sub-scales ---- */

/* The scales that the chunks would have of their own, in scales; returns the largest. */
static float find_chunk_scales(const ewi_rounding *r) {
    float most = 0.0f;
    for (size_t at = 0; at < r->padded; at += EWI_CHUNK_INPUTS) {
        extreme e = find_extreme(r->x + at, EWI_CHUNK_INPUTS);
        float scale = 0.0f;
        if (e.magnitude >= TINY) {
            divide(r->u + at, r->x + at, EWI_CHUNK_INPUTS, e.magnitude);
            ewi_run run = run_at(r, at, EWI_CHUNK_INPUTS);
            scale = e.magnitude * ewi_fit_scale(ewi_scale_search(&run, 1.0f, &targets_4s));
        }
        r->scales[at / EWI_CHUNK_INPUTS] = scale;
        most = scale > most ? scale : most;
    }
    return most;
}

/* From here on, scales are in units of the largest chunk's, and u holds the row in them. A row's scale d and
 * the chunks' sub-scales s come in turn: s near what each chunk wants, the d that fits all best, the best s
 * for that d, and both once more. */

#define N_ROW_SCALES 12

static float subscale_near(float scale, float d) {
    return ewi_round_even(ewi_round_clamp(scale / d, 1.0f, 15.0f));
}

static void add_fit(ewi_fit *row, ewi_fit chunk, float s) {
    row->uq += s * chunk.uq;
    row->qq += s * s * chunk.qq;
}

/* Tries 12 values of d, 0.69 to 1.15 of what the largest chunk's scale would be at 15. */
static float find_row_scale(const ewi_rounding *r) {
    float d[N_ROW_SCALES], s[N_ROW_SCALES], inverses[N_ROW_SCALES];
    ewi_fit rows[N_ROW_SCALES] = {{0}}, fits[N_ROW_SCALES];
    for (size_t j = 0; j < N_ROW_SCALES; j++) d[j] = (33.0f + 2.0f * (float)j) / 720.0f;
    for (size_t i = 0; i < r->n_chunks; i++) {
        ewi_run run = run_at(r, i * EWI_CHUNK_INPUTS, EWI_CHUNK_INPUTS);
        for (size_t j = 0; j < N_ROW_SCALES; j++) {
            s[j] = subscale_near(r->scales[i], d[j]);
            inverses[j] = 1.0f / (d[j] * s[j]);
        }
        ewi_run_fit(&run, fits, inverses, N_ROW_SCALES);
        for (size_t j = 0; j < N_ROW_SCALES; j++) add_fit(&rows[j], fits[j], s[j]);
    }
    size_t best = ewi_fit_best(rows, N_ROW_SCALES);
    for (size_t i = 0; i < r->n_chunks; i++) r->chosen[i] = (uint8_t)subscale_near(r->scales[i], d[best]);
    return ewi_fit_scale(rows[best]);
}

/* sum (u - step q)^2, less sum u^2. */
static float error_of(ewi_fit fit, float step) {
    return step * (step * fit.qq - 2.0f * fit.uq);
}

/* Gives each chunk the best of its sub-scale and the two beside it for this d, the first of equals; returns
 * the d that fits the row best then. */
static float choose_subscales(const ewi_rounding *r, float d) {
    ewi_fit row = {0};
    for (size_t i = 0; i < r->n_chunks; i++) {
        ewi_run run = run_at(r, i * EWI_CHUNK_INPUTS, EWI_CHUNK_INPUTS);
        const float before = (float)r->chosen[i];
        const float s[3] = {before, ewi_round_clamp(before - 1.0f, 1.0f, 15.0f),
                            ewi_round_clamp(before + 1.0f, 1.0f, 15.0f)};
        const float inverses[3] = {1.0f / (d * s[0]), 1.0f / (d * s[1]), 1.0f / (d * s[2])};
        ewi_fit fits[3];
        size_t best = 0;
        ewi_run_fit(&run, fits, inverses, 3);
        for (size_t j = 1; j < 3; j++)
            if (error_of(fits[j], d * s[j]) < error_of(fits[best], d * s[best])) best = j;
        r->chosen[i] = (uint8_t)s[best];
        add_fit(&row, fits[best], s[best]);
    }
    return ewi_fit_scale(row);
}

void ewi_rounding_choose_subscale(const ewi_rounding *r, size_t at, float scale) {
    extreme e = find_extreme(r->x + at, EWI_CHUNK_INPUTS);
    float inverses[15];
    ewi_fit fits[15];
    size_t best = 0;
    if (e.magnitude < TINY || scale == 0.0f) return;
    divide(r->u + at, r->x + at, EWI_CHUNK_INPUTS, e.magnitude);
    ewi_run run = run_at(r, at, EWI_CHUNK_INPUTS);
    const float d = scale / e.magnitude;
    for (size_t s = 0; s < 15; s++) inverses[s] = 1.0f / (d * (float)(s + 1));
    ewi_run_fit(&run, fits, inverses, 15);
    for (size_t s = 1; s < 15; s++)
        if (error_of(fits[s], d * (float)(s + 1)) < error_of(fits[best], d * (float)(best + 1))) best = s;
    r->chosen[at / EWI_CHUNK_INPUTS] = (uint8_t)(best + 1);
}

void ewi_rounding_put_subscale(const ewi_rounding *r, size_t chunk) {
    r->head[64 + chunk / 2 * EWI_TILE_OUTPUTS + r->output] |=
        (uint8_t)(r->chosen[chunk] << (chunk % 2 ? 4 : 0));
}

static float find_subscaled(const ewi_rounding *r) {
    float unit = find_chunk_scales(r);
    memset(r->chosen, 1, r->n_chunks);
    if (unit == 0.0f) return 0.0f;
    divide(r->u, r->x, r->padded, unit);
    for (size_t i = 0; i < r->n_chunks; i++) r->scales[i] /= unit;
    float d = choose_subscales(r, find_row_scale(r));
    choose_subscales(r, d);
    return unit * d;
}

float ewi_rounding_row_scale(const ewi_rounding *r) {
    if (r->dtype == EWI_Q4S) return find_subscaled(r);
    return find_scale(r, 0, r->padded, r->info->bits == 8 ? &targets_8 : &targets_4_row);
}

static ewi_round_fault round_subscaled(const ewi_rounding *r) {
    float scale = ewi_rounding_row_scale(r);
    ewi_rounding_put_row_scale(r, scale);
    for (size_t i = 0; i < r->n_chunks; i++) {
        size_t at = i * EWI_CHUNK_INPUTS;
        float s = scale * (float)r->chosen[i];
        if (at < r->k) ewi_rounding_put_subscale(r, i);
        ewi_rounding_put_codes(r, at, EWI_CHUNK_INPUTS, s);
        ewi_rounding_add_sums(r, at, EWI_CHUNK_INPUTS, s);
    }
    return EWI_ROUND_FINE;
}

/* ---- tiles ---- */

static void lay_out(ewi_rounding *r, uint8_t *scratch, uint8_t **codes) {
    r->x = (float *)(void *)scratch;
    r->u = r->x + r->padded;
    r->importance = r->u + r->padded;
    r->scales = r->importance + r->padded;
    r->chosen = (uint8_t *)(r->scales + r->n_chunks);
    *codes = r->chosen + r->n_chunks;
}

/* Turned inputs that do not depend on each other all have the mean square of their block. */
static void turn_importance(const ewi_rounding *r) {
    for (size_t at = 0, n; at < r->k; at += n) {
        float sum = 0.0f;
        n = ewi_rotate_block(r->k - at);
        for (size_t i = 0; i < n; i++) sum += r->importance[at + i];
        for (size_t i = 0; i < n; i++) r->importance[at + i] = sum / (float)n;
    }
}

/* Of padding it does not matter. */
static void take_importance(ewi_rounding *r, const float *importance) {
    if (!importance) {
        r->importance = NULL;
        return;
    }
    memcpy(r->importance, importance, r->k * sizeof *importance);
    for (size_t i = r->k; i < r->padded; i++) r->importance[i] = 1.0f;
    if (r->info->kind == EWI_PACKED_ROW) turn_importance(r);
}

ewi_round_fault ewi_rounding_take(const ewi_rounding *r, const float *row) {
    if (!is_finite(row, r->k)) return EWI_ROUND_NOT_FINITE;
    memset(r->x + r->k, 0, (r->padded - r->k) * sizeof *r->x);
    if (r->info->kind != EWI_PACKED_ROW) {
        memcpy(r->x, row, r->k * sizeof *row);
        return EWI_ROUND_FINE;
    }
    ewi_rotate_weights(r->x, row, r->k);
    return is_finite(r->x, r->k) ? EWI_ROUND_FINE : EWI_ROUND_TOO_LARGE;
}

static ewi_round_fault round_one(const ewi_rounding *r, const float *row) {
    ewi_round_fault fault = ewi_rounding_take(r, row);
    if (fault) return fault;
    if (r->info->kind == EWI_PACKED_GROUP) return round_groups(r);
    return r->dtype == EWI_Q4S ? round_subscaled(r) : round_row(r);
}

ewi_rounding ewi_rounding_of(ewi_dtype dtype, uint8_t *head, size_t k) {
    EW_ASSERT(ewi_round_offers(dtype) && k > 0 && k <= EWI_PACKED_MAX_K);
    const ewi_packed_info *info = ewi_packed_info_get(dtype);
    const float half = info->bits == 8 ? 128.0f : 8.0f;
    size_t padded = ewi_rounding_padded(k);
    return (ewi_rounding){.kern = ewi_kernels_get(),
                          .dtype = dtype,
                          .info = info,
                          .least = -half,
                          .most = half - 1.0f,
                          .head = head,
                          .k = k,
                          .padded = padded,
                          .n_chunks = padded / EWI_CHUNK_INPUTS};
}

ewi_round_fault ewi_round_tile(ewi_dtype dtype, uint8_t *tile, const float *rows, size_t n_rows, size_t k,
                               const float *importance, void *scratch, ewi_round_sums *sums) {
    EW_ASSERT(n_rows <= EWI_TILE_OUTPUTS);
    ewi_rounding r = ewi_rounding_of(dtype, tile, k);
    uint8_t *codes;
    r.sums = sums;
    lay_out(&r, scratch, &codes);
    take_importance(&r, importance);
    *sums = (ewi_round_sums){0};
    memset(tile, 0, ewi_packed_head_bytes(dtype, k));
    for (size_t i = 0; i < n_rows; i++) {
        r.output = i;
        r.codes = codes + i * r.padded;
        ewi_round_fault fault = round_one(&r, rows + i * k);
        if (fault) return fault;
    }
    ewi_pack_codes(dtype, tile, codes, r.padded, n_rows, k);
    return EWI_ROUND_FINE;
}
