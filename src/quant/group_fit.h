/*
 * group_fit.h: the line w = d q + m through a group of weights, q being whole numbers between two codes: the
 * d and m for which the squared errors, each times its weight's importance, add up to the least.
 *
 * For given d and m the best codes are the nearest; for given codes least squares gives d and m. A search
 * takes some candidates of d, those that bring the group's extremes to or a little beyond the last codes,
 * and repeats both steps from the best. Sums are of f32 in eight lanes, added up in one order: the same bits
 * on every machine. Pure functions over the caller's memory.
 *
 *     ewi_group g = {x, importance, 32, 0.0f, 15.0f};
 *     ewi_line line = ewi_group_search_line(&g);        line.m <= 0
 */
#ifndef EW_QUANT_GROUP_FIT_H
#define EW_QUANT_GROUP_FIT_H

#include <stddef.h>

#include "base/compiler.h"

/* Weights are at most about 2 (the caller divides them): no sum overflows. */
typedef struct ewi_group {
    const float *x, *importance; /* [n]; importance is above 0 */
    size_t n;                    /* a multiple of 8 */
    float least, most;           /* codes */
} ewi_group;

typedef struct ewi_line {
    float d, m;
} ewi_line;

/* With r = x - (d q + m), sums of importance times: r r, r q, r, q, q q, 1. */
typedef struct ewi_group_sums {
    float error, rq, r, q, qq, one;
} ewi_group_sums;

ewi_group_sums ewi_group_probe(const ewi_group *g, ewi_line line);

/* The nearest codes. d = 0: the code nearest to 0. */
void ewi_group_codes(const ewi_group *g, ewi_line line, float *codes);

/* m = 0; d may be negative, so that the largest weight meets the longer side of the codes. */
ewi_line ewi_group_search_scale(const ewi_group *g);
/* d >= 0. m is at most 0: the least code stands for 0 or less, as the types with minima have it. */
ewi_line ewi_group_search_line(const ewi_group *g);
/* The same with any m. */
ewi_line ewi_group_search_free_line(const ewi_group *g);

/* Least squares from the sums that a probe of `line` gave; m stays 0. */
float ewi_group_better_scale(ewi_line line, const ewi_group_sums *sums);

#endif
