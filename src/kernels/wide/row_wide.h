/*
 * row_wide.h: what works along one row, over 16 lanes: norms, rope, activations, add, scale, cap,
 * exp, sum, max.
 */
#ifndef EW_KERNELS_WIDE_ROW_WIDE_H
#define EW_KERNELS_WIDE_ROW_WIDE_H

#include <math.h>

#include "kernels/act.h"
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

/* y holds the differences from the mean in between: lanes that a row lacks must not have any. */
static void layer_norm(float *y, const float *x, const float *w, const float *b, size_t n, float eps) {
    v16 lanes = v16_zero(), squares = v16_zero();
    for (size_t i = 0; i < n; i += 16) lanes = v16_add(lanes, get(x + i, rest(n, i)));
    v16 mean = v16_set1(v16_sum(lanes) / (float)n);
    for (size_t i = 0; i < n; i += 16) {
        size_t m = rest(n, i);
        put(y + i, v16_sub(get(x + i, m), mean), m);
        v16 a = get(y + i, m);
        squares = v16_fma(a, a, squares);
    }
    v16 inverse = v16_set1(1.0f / sqrtf(v16_sum(squares) / (float)n + eps));
    for (size_t i = 0; i < n; i += 16) {
        size_t m = rest(n, i);
        v16 a = v16_mul(get(y + i, m), inverse), weight = get(w + i, m);
        put(y + i, b ? v16_fma(a, weight, get(b + i, m)) : v16_mul(a, weight), m);
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

/* -0 - x is -x, also for zeros. */
EWI_INLINE v16 negative(v16 x) {
    return v16_sub(v16_set1(-0.0f), x);
}

/* x / (1 + exp(-u)) */
EWI_INLINE v16 logistic(v16 x, v16 u) {
    return v16_div(x, v16_add(v16_set1(1.0f), v16_exp(negative(u))));
}

EWI_INLINE v16 silu(v16 x) {
    return logistic(x, x);
}

EWI_INLINE v16 gelu(v16 x) {
    const v16 one = v16_set1(1.0f);
    v16 size = v16_max(x, negative(x)), positive = v16_max(v16_zero(), x);
    v16 t = v16_div(one, v16_fma(v16_set1(EWI_GELU_R), size, one)), p = v16_set1(EWI_GELU_P4);
    p = v16_fma(p, t, v16_set1(EWI_GELU_P3));
    p = v16_fma(p, t, v16_set1(EWI_GELU_P2));
    p = v16_fma(p, t, v16_set1(EWI_GELU_P1));
    p = v16_fma(p, t, v16_set1(EWI_GELU_P0));
    v16 e = v16_exp(v16_mul(v16_mul(size, size), v16_set1(-0.5f)));
    return v16_fma(negative(size), v16_mul(v16_mul(p, t), e), positive);
}

EWI_INLINE v16 gelu_tanh(v16 x) {
    v16 u = v16_fma(v16_set1(EWI_GELU_TANH_3), v16_mul(x, x), v16_set1(EWI_GELU_TANH_1));
    return logistic(x, v16_mul(x, u));
}

EWI_INLINE void activate(float *y, const float *x, const float *up, size_t n, v16 (*act)(v16)) {
    for (size_t i = 0; i < n; i += 16) {
        size_t m = rest(n, i);
        v16 a = act(get(x + i, m));
        put(y + i, up ? v16_mul(a, get(up + i, m)) : a, m);
    }
}

static void act_silu(float *y, const float *x, const float *up, size_t n) {
    activate(y, x, up, n, silu);
}
static void act_gelu(float *y, const float *x, const float *up, size_t n) {
    activate(y, x, up, n, gelu);
}
static void act_gelu_tanh(float *y, const float *x, const float *up, size_t n) {
    activate(y, x, up, n, gelu_tanh);
}

static void add(float *y, const float *a, const float *b, size_t n) {
    for (size_t i = 0; i < n; i += 16) {
        size_t m = rest(n, i);
        put(y + i, v16_add(get(a + i, m), get(b + i, m)), m);
    }
}

static void scale(float *y, const float *x, float factor, size_t n) {
    for (size_t i = 0; i < n; i += 16) {
        size_t m = rest(n, i);
        put(y + i, v16_mul(get(x + i, m), v16_set1(factor)), m);
    }
}

static void cap_by(float *y, const float *x, float cap, size_t n) {
    for (size_t i = 0; i < n; i += 16) {
        size_t m = rest(n, i);
        put(y + i, v16_cap(get(x + i, m), v16_set1(cap)), m);
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
