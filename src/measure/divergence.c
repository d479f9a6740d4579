/*
 * divergence.c: with x the base's logits less their largest and y the model's likewise,
 *
 *     KL = sum(e^x (x - y)) / sum(e^x) - (log(sum(e^x)) - log(sum(e^y)))
 *
 * One pass over both rows. Equal rows give exactly 0: each x - y is.
 */
#include "measure/divergence.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "kernels/elementary.h"

/* Numbers that are computed side by side: loops of this length become vector instructions. */
#define LANES 16

typedef struct lane_sums {
    double base[LANES], model[LANES], weighted[LANES];
} lane_sums;

/* y = e^x for x <= 0, within 1e-14 of itself; below 2^-1022 something that small. x = n ln 2 + r, and e^r is
 * Taylor's polynomial of degree 11. */
static inline void exp_lanes(double *restrict y, const double *restrict x) {
    const double round = 0x1.8p52; /* adding it leaves an integer in the low bits */
    double power[LANES];
    uint64_t bits[LANES];
    for (size_t j = 0; j < LANES; j++) {
        double n = x[j] * 0x1.71547652b82fep+0 + round - round;
        double r = x[j] - n * 0x1.62e42fefap-1 - n * 0x1.cf79abc9e3b3ap-40; /* ln 2 in two parts */
        double above = n + 1022;
        power[j] = 0.5 * (above + fabs(above)) - 1022 + round; /* the larger of n and -1022 */
        double p = 1.0 / 39916800;
        p = p * r + 1.0 / 3628800;
        p = p * r + 1.0 / 362880;
        p = p * r + 1.0 / 40320;
        p = p * r + 1.0 / 5040;
        p = p * r + 1.0 / 720;
        p = p * r + 1.0 / 120;
        p = p * r + 1.0 / 24;
        p = p * r + 1.0 / 6;
        p = p * r + 0.5;
        p = p * r + 1;
        y[j] = p * r + 1;
    }
    memcpy(bits, power, sizeof bits);
    for (size_t j = 0; j < LANES; j++) bits[j] = (bits[j] + 1023) << 52;
    memcpy(power, bits, sizeof power);
    for (size_t j = 0; j < LANES; j++) y[j] *= power[j];
}

static inline void subtract(double *restrict y, const float *restrict x, float max) {
    for (size_t j = 0; j < LANES; j++) y[j] = (double)x[j] - (double)max;
}

static void add_one(lane_sums *restrict s, const float *model, float max_model) {
    double y[LANES], exp_y[LANES];
    subtract(y, model, max_model);
    exp_lanes(exp_y, y);
    for (size_t j = 0; j < LANES; j++) s->model[j] += exp_y[j];
}

static void add_pair(lane_sums *restrict s, const float *base, float max_base, const float *model,
                     float max_model) {
    double x[LANES], y[LANES], exp_x[LANES], exp_y[LANES];
    subtract(x, base, max_base);
    subtract(y, model, max_model);
    exp_lanes(exp_x, x);
    exp_lanes(exp_y, y);
    for (size_t j = 0; j < LANES; j++) s->base[j] += exp_x[j];
    for (size_t j = 0; j < LANES; j++) s->model[j] += exp_y[j];
    for (size_t j = 0; j < LANES; j++) s->weighted[j] += exp_x[j] * (x[j] - y[j]);
}

static void add_lanes(lane_sums *s, const ewi_logits_pair *p, const float *base, const float *model) {
    if (base)
        add_pair(s, base, p->max_base, model, p->max_model);
    else
        add_one(s, model, p->max_model);
}

/* The last few logits of a row, and then ones so far below the largest that they count for nothing. */
static void add_tail(lane_sums *s, const ewi_logits_pair *p, size_t first) {
    float base[LANES], model[LANES];
    for (size_t j = 0; j < LANES; j++) {
        bool inside = first + j < p->n;
        base[j] = inside && p->base ? p->base[first + j] : p->max_base - 1e4f;
        model[j] = inside ? p->model[first + j] : p->max_model - 1e4f;
    }
    add_lanes(s, p, p->base ? base : NULL, model);
}

static double total(const double lanes[LANES]) {
    double sum = 0;
    for (size_t j = 0; j < LANES; j++) sum += lanes[j];
    return sum;
}

size_t ewi_n_spans(size_t n) {
    return (n + EWI_SPAN - 1) / EWI_SPAN;
}

void ewi_span_sum(const ewi_logits_pair *p, size_t span, ewi_span_sums *out) {
    size_t first = span * EWI_SPAN, end = p->n - first < EWI_SPAN ? p->n : first + EWI_SPAN;
    lane_sums s = {0};
    for (; first + LANES <= end; first += LANES)
        add_lanes(&s, p, p->base ? p->base + first : NULL, p->model + first);
    if (first < end) add_tail(&s, p, first);
    *out = (ewi_span_sums){total(s.base), total(s.model), total(s.weighted)};
}

ewi_divergence ewi_divergence_of(const ewi_logits_pair *p, const ewi_span_sums *sums) {
    ewi_span_sums all = {0};
    for (size_t i = 0; i < ewi_n_spans(p->n); i++) {
        all.base += sums[i].base;
        all.model += sums[i].model;
        all.weighted += sums[i].weighted;
    }
    double log_model = ewi_log(all.model);
    ewi_divergence d = {.log_sum = (double)p->max_model + log_model};
    if (!p->base) return d;
    double log_base = ewi_log(all.base);
    d.log_sum_base = (double)p->max_base + log_base;
    d.kld = all.weighted / all.base - (log_base - log_model);
    if (d.kld < 0) d.kld = 0; /* by rounding */
    return d;
}
