#include "quant/super_block.h"

#include "kernels/half.h"

#define ROUNDS 4 /* of whole numbers and scales in turn, at most */

typedef struct scales {
    float d, dmin; /* in units of b->unit */
} scales;

typedef struct choice {
    scales scales;
    float s[EWI_SUPER_GROUPS], m[EWI_SUPER_GROUPS];
    float error;
} choice;

static size_t n_groups(const ewi_super_block *b) {
    return EWI_SUPER_WEIGHTS / b->group;
}

static ewi_group group_of(const ewi_super_block *b, size_t i) {
    return (ewi_group){b->x + i * b->group, b->importance + i * b->group, b->group, b->least, b->most};
}

static ewi_line line_of(const choice *c, size_t i) {
    return (ewi_line){c->scales.d * c->s[i], -(c->scales.dmin * c->m[i])};
}

/* What f16 makes of a scale. */
static float halved(const ewi_super_block *b, float scale) {
    return ewi_f16_to_f32(ewi_f32_to_f16(scale * b->unit)) / b->unit;
}

static float whole(float x, float least, float most) {
    x = x > least ? x : least;
    x = x < most ? x : most;
    return (x + 0x1.8p23f) - 0x1.8p23f;
}

/* ---- the first choice ---- */

static float largest(const float *x, size_t n) {
    float most = 0.0f;
    for (size_t i = 0; i < n; i++) {
        const float magnitude = x[i] < 0.0f ? -x[i] : x[i], before = most < 0.0f ? -most : most;
        if (magnitude > before) most = x[i];
    }
    return most;
}

/* The whole numbers nearest to what the groups want. */
static void choose_near(const ewi_super_block *b, const ewi_line *wanted, scales first, choice *c) {
    c->scales = first;
    for (size_t i = 0; i < n_groups(b); i++) {
        c->s[i] = first.d != 0.0f ? whole(wanted[i].d / first.d, b->least_s, b->most_s) : 0.0f;
        c->m[i] = first.dmin != 0.0f ? whole(-wanted[i].m / first.dmin, 0.0f, b->most_s) : 0.0f;
    }
}

/* ---- better ones ---- */

/* The best for group i, given the scales, of its whole numbers and those beside them; the first of equals. */
static float choose_for_group(const ewi_super_block *b, size_t i, choice *c) {
    const ewi_group g = group_of(b, i);
    const float s = c->s[i], m = c->m[i];
    float best = ewi_group_probe(&g, line_of(c, i)).error;
    for (int step = 1; step < (b->has_min ? 9 : 3); step++) {
        static const float steps[3] = {0.0f, -1.0f, 1.0f};
        choice other = {.scales = c->scales};
        other.s[0] = s + steps[step % 3];
        other.m[0] = m + steps[step / 3];
        if (other.s[0] < b->least_s || other.s[0] > b->most_s || other.m[0] < 0.0f || other.m[0] > b->most_s)
            continue;
        const float error = ewi_group_probe(&g, line_of(&other, 0)).error;
        if (!(error < best)) continue;
        best = error;
        c->s[i] = other.s[0];
        c->m[i] = other.m[0];
    }
    return best;
}

static void choose_all(const ewi_super_block *b, choice *c) {
    c->error = 0.0f;
    for (size_t i = 0; i < n_groups(b); i++) c->error += choose_for_group(b, i, c);
}

/* Least squares for both scales: a weight is d (s q) + dmin (-m). */
static scales fit_scales(const ewi_super_block *b, const choice *c) {
    double aa = 0.0, ab = 0.0, bb = 0.0, ra = 0.0, rb = 0.0;
    for (size_t i = 0; i < n_groups(b); i++) {
        const ewi_group g = group_of(b, i);
        const ewi_group_sums sums = ewi_group_probe(&g, line_of(c, i));
        const double s = (double)c->s[i], m = -(double)c->m[i];
        aa += s * s * (double)sums.qq;
        ab += s * m * (double)sums.q;
        bb += m * m * (double)sums.one;
        ra += s * (double)sums.rq;
        rb += m * (double)sums.r;
    }
    const double determinant = aa * bb - ab * ab;
    scales fitted = c->scales;
    if (determinant > 1e-9 * aa * bb) {
        fitted.d += (float)((ra * bb - rb * ab) / determinant);
        fitted.dmin += (float)((rb * aa - ra * ab) / determinant);
    } else if (aa > 0.0) {
        fitted.d += (float)(ra / aa);
    }
    if (fitted.dmin < 0.0f) fitted.dmin = 0.0f;
    return (scales){halved(b, fitted.d), halved(b, fitted.dmin)};
}

static void improve(const ewi_super_block *b, choice *best) {
    choose_all(b, best);
    for (int i = 0; i < ROUNDS; i++) {
        choice next = *best;
        next.scales = fit_scales(b, best);
        choose_all(b, &next);
        if (!(next.error < best->error)) break;
        *best = next;
    }
}

/* ---- all of it ---- */

static void take(ewi_super_block *b, const choice *c) {
    b->d = ewi_f32_to_f16(c->scales.d * b->unit);
    b->dmin = ewi_f32_to_f16(c->scales.dmin * b->unit);
    for (size_t i = 0; i < n_groups(b); i++) {
        const ewi_group g = group_of(b, i);
        b->s[i] = c->s[i];
        b->m[i] = c->m[i];
        ewi_group_codes(&g, line_of(c, i), b->codes + i * b->group);
    }
}

void ewi_super_block_fit(ewi_super_block *b) {
    ewi_line wanted[EWI_SUPER_GROUPS];
    float d[EWI_SUPER_GROUPS], min[EWI_SUPER_GROUPS];
    choice c = {0};
    for (size_t i = 0; i < n_groups(b); i++) {
        const ewi_group g = group_of(b, i);
        wanted[i] = b->has_min ? ewi_group_search_line(&g) : ewi_group_search_scale(&g);
        d[i] = wanted[i].d;
        min[i] = -wanted[i].m;
    }
    const float most_d = largest(d, n_groups(b)), most_m = largest(min, n_groups(b));
    const scales first = {halved(b, most_d / b->most_s), halved(b, most_m / b->most_s)};
    choose_near(b, wanted, first, &c);
    improve(b, &c);
    take(b, &c);
}
