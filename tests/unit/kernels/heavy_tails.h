/*
 * heavy_tails.h: numbers like a model's: most are small, a few are outliers.
 *
 *     uint64_t state = 1;
 *     float x = heavy(&state, 100);
 */
#ifndef EW_TEST_HEAVY_TAILS_H
#define EW_TEST_HEAVY_TAILS_H

#include <stdint.h>

/* splitmix64 (Steele, Lea, Flood 2014), as numbers in -1..1 */
static inline double draw(uint64_t *state) {
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (double)(int64_t)(z ^ (z >> 31)) * 0x1p-63;
}

/* One in 64 is up to `outlier` times larger. */
static inline float heavy(uint64_t *state, double outlier) {
    double x = draw(state);
    return (float)(draw(state) > 1 - 1.0 / 32 ? x * outlier : x);
}

#endif
