/*
 * row_wide.h: what works along one row, over 16 lanes: norm, rope, swiglu, add, exp, sum, max.
 */
#ifndef EW_KERNELS_WIDE_ROW_WIDE_H
#define EW_KERNELS_WIDE_ROW_WIDE_H

#include <math.h>

#include "kernels/wide/v16.h"

#ifdef V16_ROWS

static void rms_norm(float *y, const float *x, const float *w, size_t n, float eps) {
    v16 squares = v16_zero();
    for (size_t i = 0; i < n; i += 16) {
        v16 a = get(x + i, rest(n, i));
        squares = v16_fma(a, a, squares);
    }
    float mean = v16_sum(squares) / (float)n;
    v16 inverse = v16_set1(1.0f / sqrtf(mean + eps));
    for (size_t i = 0; i < n; i += 16) {
        size_t m = rest(n, i);
        put(y + i, v16_mul(v16_mul(get(x + i, m), inverse), get(w + i, m)), m);
    }
}

static void rope_adjacent(float *x, size_t n_heads, size_t stride, const float *cosine, const float *sine,
                          size_t n_pairs) {
    for (size_t p = 0; p < n_pairs; p += 8) {
        size_t pairs = n_pairs - p < 8 ? n_pairs - p : 8;
        v16 c = v16_load_twice_n(cosine + p, pairs), s = v16_load_twice_n(sine + p, pairs);
        for (size_t h = 0; h < n_heads; h++) {
            float *at = x + h * stride + 2 * p;
            v16 a = get(at, 2 * pairs);
            put(at, v16_fmaddsub(a, c, v16_mul(v16_swap_pairs(a), s)), 2 * pairs);
        }
    }
}

static void rope_halves(float *x, size_t n_heads, size_t stride, const float *cosine, const float *sine,
                        size_t n_pairs) {
    for (size_t p = 0; p < n_pairs; p += 16) {
        size_t m = rest(n_pairs, p);
        v16 c = get(cosine + p, m), s = get(sine + p, m);
        for (size_t h = 0; h < n_heads; h++) {
            float *at = x + h * stride + p;
            v16 a = get(at, m), b = get(at + n_pairs, m);
            put(at, v16_fms(a, c, v16_mul(b, s)), m);
            put(at + n_pairs, v16_fma(b, c, v16_mul(a, s)), m);
        }
    }
}

static void swiglu(float *y, const float *gate, const float *up, size_t n) {
    const v16 one = v16_set1(1.0f), minus_zero = v16_set1(-0.0f);
    for (size_t i = 0; i < n; i += 16) {
        size_t m = rest(n, i);
        v16 g = get(gate + i, m), e = v16_exp(v16_sub(minus_zero, g)); /* -0 - g is -g, also for zeros */
        put(y + i, v16_mul(v16_div(g, v16_add(one, e)), get(up + i, m)), m);
    }
}

static void add(float *y, const float *a, const float *b, size_t n) {
    for (size_t i = 0; i < n; i += 16) {
        size_t m = rest(n, i);
        put(y + i, v16_add(get(a + i, m), get(b + i, m)), m);
    }
}

static void exp_shifted(float *y, const float *x, float shift, size_t n) {
    for (size_t i = 0; i < n; i += 16) {
        size_t m = rest(n, i);
        put(y + i, v16_exp(v16_sub(get(x + i, m), v16_set1(shift))), m);
    }
}

static float sum(const float *x, size_t n) {
    v16 lanes = v16_zero();
    for (size_t i = 0; i < n; i += 16) lanes = v16_add(lanes, get(x + i, rest(n, i)));
    return v16_sum(lanes);
}

/* NaN lanes of x leave best as it is. Adding +0 makes a zero positive. */
static float max(const float *x, size_t n) {
    v16 best = v16_set1(-INFINITY);
    size_t i = 0;
    for (; i + 16 <= n; i += 16) best = v16_max(v16_load(x + i), best);
    float largest = v16_largest(best);
    for (; i < n; i++) largest = x[i] > largest ? x[i] : largest;
    return largest + 0.0f;
}

static size_t argmax(const float *x, size_t n) {
    const float largest = max(x, n);
    const v16 wanted = v16_set1(largest);
    size_t i = 0;
    for (; i + 16 <= n; i += 16) {
        unsigned hits = v16_equal(v16_load(x + i), wanted);
        if (hits) return i + (size_t)__builtin_ctz(hits);
    }
    for (; i < n; i++)
        if (x[i] == largest) return i;
    return 0;
}

static void attention_finish(float *out, const float *acc, float total, size_t n) {
    for (size_t i = 0; i < n; i += 16) {
        size_t m = rest(n, i);
        put(out + i, v16_div(get(acc + i, m), v16_set1(total)), m);
    }
}

#endif
#endif
