#include "quant/group_fit.h"

#include <math.h>
#include <stdbool.h>

#include "base/error.h"

#define LANES  8
#define ROUNDS 6 /* of codes and least squares in turn, at most: few groups change after three */

typedef struct lanes {
    float at[LANES];
} lanes;

/* Halves are added to halves: one order everywhere. */
static float sum_of(const lanes *x) {
    const float *a = x->at;
    return ((a[0] + a[4]) + (a[2] + a[6])) + ((a[1] + a[5]) + (a[3] + a[7]));
}

static float nearest(float x, float least, float most) {
    x = x > least ? x : least;
    x = x < most ? x : most;
    return (x + 0x1.8p23f) - 0x1.8p23f;
}

static float inverse_of(ewi_line line) {
    return line.d != 0.0f ? 1.0f / line.d : 0.0f;
}

ewi_group_sums ewi_group_probe(const ewi_group *g, ewi_line line) {
    lanes error = {{0}}, rq = {{0}}, r = {{0}}, q = {{0}}, qq = {{0}}, one = {{0}};
    const float inverse = inverse_of(line), least = g->least, most = g->most;
    for (size_t i = 0; i < g->n; i += LANES)
        for (size_t l = 0; l < LANES; l++) {
            const float x = g->x[i + l], w = g->importance[i + l];
            const float code = nearest((x - line.m) * inverse, least, most);
            const float rest = x - (line.d * code + line.m), wr = w * rest, wq = w * code;
            error.at[l] += wr * rest;
            rq.at[l] += wr * code;
            r.at[l] += wr;
            q.at[l] += wq;
            qq.at[l] += wq * code;
            one.at[l] += w;
        }
    return (ewi_group_sums){sum_of(&error), sum_of(&rq), sum_of(&r), sum_of(&q), sum_of(&qq), sum_of(&one)};
}

void ewi_group_codes(const ewi_group *g, ewi_line line, float *codes) {
    const float inverse = inverse_of(line);
    for (size_t i = 0; i < g->n; i++) codes[i] = nearest((g->x[i] - line.m) * inverse, g->least, g->most);
}

/* ---- least squares ---- */

float ewi_group_better_scale(ewi_line line, const ewi_group_sums *s) {
    return s->qq > 0.0f ? line.d + s->rq / s->qq : line.d;
}

/* Without the minimum, residuals are larger by it. */
static float scale_without(ewi_line line, const ewi_group_sums *s) {
    return s->qq > 0.0f ? line.d + (s->rq + line.m * s->q) / s->qq : line.d;
}

static ewi_line better_line(ewi_line line, const ewi_group_sums *s, float most_m) {
    const double qq = (double)s->qq, q = (double)s->q, one = (double)s->one, rq = (double)s->rq,
                 r = (double)s->r, determinant = qq * one - q * q;
    if (!(determinant > 1e-6 * qq * one)) return line; /* all codes are (nearly) the same */
    const ewi_line better = {line.d + (float)((rq * one - r * q) / determinant),
                             line.m + (float)((r * qq - rq * q) / determinant)};
    if (better.m <= most_m) return better;
    return (ewi_line){scale_without(line, s), 0.0f};
}

/* ---- searches ---- */

typedef ewi_line (*step_fn)(ewi_line line, const ewi_group_sums *sums);

static ewi_line step_scale(ewi_line line, const ewi_group_sums *sums) {
    return (ewi_line){ewi_group_better_scale(line, sums), 0.0f};
}

static ewi_line step_line(ewi_line line, const ewi_group_sums *sums) {
    return better_line(line, sums, 0.0f);
}

static ewi_line step_free_line(ewi_line line, const ewi_group_sums *sums) {
    return better_line(line, sums, INFINITY);
}

typedef struct found {
    ewi_line line;
    float error;
} found;

/* Of the codes that `before` has, when they stand for another line. */
static float error_with(ewi_line before, const ewi_group_sums *s, ewi_line line) {
    const float d = line.d - before.d, m = line.m - before.m;
    return s->error - 2.0f * (d * s->rq + m * s->r) + d * d * s->qq + 2.0f * d * m * s->q + m * m * s->one;
}

/* Takes the candidate, after one step of least squares, when its codes are better than the best so far. */
static void consider(const ewi_group *g, ewi_line line, step_fn step, found *best) {
    const ewi_group_sums sums = ewi_group_probe(g, line);
    const ewi_line better = step(line, &sums);
    const float error = error_with(line, &sums, better);
    if (error < best->error) *best = (found){better, error};
}

/* Goes on from the best until no step makes it better. */
static ewi_line polish(const ewi_group *g, found best, step_fn step) {
    for (int i = 0; i < ROUNDS; i++) {
        const ewi_group_sums sums = ewi_group_probe(g, best.line);
        const ewi_line line = step(best.line, &sums);
        const float error = error_with(best.line, &sums, line);
        if (!(error < best.error)) break;
        best = (found){line, error};
    }
    return best.line;
}

/* The extremes, with 0 among them where `least` and `most` are 0 at first. */
static void extremes(const ewi_group *g, float *least, float *most) {
    for (size_t i = 0; i < g->n; i++) {
        *least = g->x[i] < *least ? g->x[i] : *least;
        *most = g->x[i] > *most ? g->x[i] : *most;
    }
}

/* The largest weight is brought to either end of the codes, or beyond: with few codes it pays to clamp it so
 * that all others get finer steps, with many it does not. */
static const struct {
    float side, first, last; /* up to so many codes to a side: parts of them */
} reaches[] = {{8.0f, 0.75f, 1.5f}, {16.0f, 0.8f, 1.25f}, {32.0f, 0.85f, 1.12f}, {128.0f, 0.91f, 1.005f}};

#define SCALES 24

ewi_line ewi_group_search_scale(const ewi_group *g) {
    float low = 0.0f, high = 0.0f;
    size_t reach = 0;
    extremes(g, &low, &high);
    const float extreme = high > -low ? high : low;
    const ewi_line zero = {0.0f, 0.0f};
    found best = {zero, ewi_group_probe(g, zero).error};
    if (extreme == 0.0f) return zero;
    while (-g->least > reaches[reach].side) reach++;
    const float first = reaches[reach].first, step = (reaches[reach].last - first) / (float)(SCALES - 1);
    for (size_t i = 0; i < SCALES; i++) {
        const float part = first + step * (float)i;
        consider(g, (ewi_line){extreme / (g->least * part), 0.0f}, step_scale, &best);
        if (g->most == -g->least) continue; /* the same, but for signs */
        consider(g, (ewi_line){extreme / (g->most * part), 0.0f}, step_scale, &best);
    }
    return polish(g, best, step_scale);
}

#define WIDTHS 20

static ewi_line search_line(const ewi_group *g, float low, float high, step_fn step) {
    found best = {{0.0f, 0.0f}, ewi_group_probe(g, (ewi_line){0.0f, 0.0f}).error};
    if (low == high) consider(g, (ewi_line){0.0f, low}, step, &best);
    for (int i = 0; i < WIDTHS && low < high; i++) {
        /* As if there were up to 1.2 codes less, or 3.6 more. */
        const float d = (high - low) / (g->most - 1.2f + 0.25f * (float)i);
        consider(g, (ewi_line){d, low}, step, &best);
    }
    return polish(g, best, step);
}

ewi_line ewi_group_search_line(const ewi_group *g) {
    float low = 0.0f, high = 0.0f;
    extremes(g, &low, &high);
    return search_line(g, low, high, step_line);
}

ewi_line ewi_group_search_free_line(const ewi_group *g) {
    float low = g->x[0], high = g->x[0];
    extremes(g, &low, &high);
    return search_line(g, low, high, step_free_line);
}
