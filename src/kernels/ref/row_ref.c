#include "kernels/elementary.h"
#include "kernels/ref/reference.h"

static void rms_norm(float *y, const float *x, const float *w, size_t n, float eps) {
    float mean = ewi_dot(x, x, n, ewi_load_f32) / (float)n;
    float inverse = 1.0f / sqrtf(mean + eps);
    for (size_t i = 0; i < n; i++) y[i] = (x[i] * inverse) * w[i];
}

static void layer_norm(float *y, const float *x, const float *w, const float *b, size_t n, float eps) {
    ewi_lanes lanes = {{0}};
    for (size_t i = 0; i < n; i++) lanes.lane[i % 16] += x[i];
    float mean = ewi_lanes_sum(&lanes) / (float)n;
    for (size_t i = 0; i < n; i++) y[i] = x[i] - mean;
    float inverse = 1.0f / sqrtf(ewi_dot(y, y, n, ewi_load_f32) / (float)n + eps);
    for (size_t i = 0; i < n; i++) y[i] = b ? fmaf(y[i] * inverse, w[i], b[i]) : (y[i] * inverse) * w[i];
}

/* (a, b) times cos + i sin, as a complex number a + i b. */
static void rotate(float *a, float *b, float cosine, float sine) {
    float x = *a, y = *b;
    *a = fmaf(x, cosine, -(y * sine));
    *b = fmaf(y, cosine, x * sine);
}

static void rope_adjacent(float *x, size_t n_heads, size_t stride, const float *cosine, const float *sine,
                          size_t n_pairs) {
    for (size_t h = 0; h < n_heads; h++)
        for (size_t p = 0; p < n_pairs; p++)
            rotate(&x[h * stride + 2 * p], &x[h * stride + 2 * p + 1], cosine[p], sine[p]);
}

static void rope_halves(float *x, size_t n_heads, size_t stride, const float *cosine, const float *sine,
                        size_t n_pairs) {
    for (size_t h = 0; h < n_heads; h++)
        for (size_t p = 0; p < n_pairs; p++)
            rotate(&x[h * stride + p], &x[h * stride + p + n_pairs], cosine[p], sine[p]);
}

static float silu(float x) {
    return x / (1.0f + ewi_expf(-x));
}

static float gelu(float x) {
    float size = x > -x ? x : -x, positive = 0.0f > x ? 0.0f : x;
    float t = 1.0f / fmaf(EWI_GELU_R, size, 1.0f), p = EWI_GELU_P4;
    p = fmaf(p, t, EWI_GELU_P3);
    p = fmaf(p, t, EWI_GELU_P2);
    p = fmaf(p, t, EWI_GELU_P1);
    p = fmaf(p, t, EWI_GELU_P0);
    return fmaf(-size, (p * t) * ewi_expf((size * size) * -0.5f), positive);
}

static float gelu_tanh(float x) {
    float u = x * fmaf(EWI_GELU_TANH_3, x * x, EWI_GELU_TANH_1);
    return x / (1.0f + ewi_expf(-u));
}

EWI_INLINE void activate(float *y, const float *x, const float *up, size_t n, float (*act)(float)) {
    for (size_t i = 0; i < n; i++) y[i] = up ? act(x[i]) * up[i] : act(x[i]);
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
    for (size_t i = 0; i < n; i++) y[i] = a[i] + b[i];
}

static void scale(float *y, const float *x, float factor, size_t n) {
    for (size_t i = 0; i < n; i++) y[i] = x[i] * factor;
}

static void cap_by(float *y, const float *x, float cap, size_t n) {
    for (size_t i = 0; i < n; i++) y[i] = ewi_capf(x[i], cap);
}

static void exp_shifted(float *y, const float *x, float shift, size_t n) {
    for (size_t i = 0; i < n; i++) y[i] = ewi_expf(x[i] - shift);
}

static float sum(const float *x, size_t n) {
    ewi_lanes lanes = {{0}};
    for (size_t i = 0; i < n; i++) lanes.lane[i % 16] += x[i];
    return ewi_lanes_sum(&lanes);
}

/* Adding +0 makes a zero positive, whichever of +0 and -0 came first. */
static float max(const float *x, size_t n) {
    float best = -INFINITY;
    for (size_t i = 0; i < n; i++) best = x[i] > best ? x[i] : best;
    return best + 0.0f;
}

static size_t argmax(const float *x, size_t n) {
    size_t best = 0;
    float largest = -INFINITY;
    bool found = false;
    for (size_t i = 0; i < n; i++)
        if (x[i] > largest || (!found && x[i] == largest)) {
            largest = x[i];
            best = i;
            found = true;
        }
    return best;
}

void ewi_row_ref(ewi_kernels *table) {
    table->rms_norm = rms_norm;
    table->layer_norm = layer_norm;
    table->rope_adjacent = rope_adjacent;
    table->rope_halves = rope_halves;
    table->act[EWI_ACT_SILU] = act_silu;
    table->act[EWI_ACT_GELU] = act_gelu;
    table->act[EWI_ACT_GELU_TANH] = act_gelu_tanh;
    table->add = add;
    table->scale = scale;
    table->cap = cap_by;
    table->exp = exp_shifted;
    table->sum = sum;
    table->max = max;
    table->argmax = argmax;
}
