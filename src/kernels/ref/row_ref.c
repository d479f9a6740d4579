#include "kernels/elementary.h"
#include "kernels/ref/reference.h"

static void rms_norm(float *y, const float *x, const float *w, size_t n, float eps) {
    float mean = ewi_dot(x, x, n, ewi_load_f32) / (float)n;
    float inverse = 1.0f / sqrtf(mean + eps);
    for (size_t i = 0; i < n; i++) y[i] = (x[i] * inverse) * w[i];
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

static void swiglu(float *y, const float *gate, const float *up, size_t n) {
    for (size_t i = 0; i < n; i++) y[i] = gate[i] / (1.0f + ewi_expf(-gate[i])) * up[i];
}

static void add(float *y, const float *a, const float *b, size_t n) {
    for (size_t i = 0; i < n; i++) y[i] = a[i] + b[i];
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
    table->rope_adjacent = rope_adjacent;
    table->rope_halves = rope_halves;
    table->swiglu = swiglu;
    table->add = add;
    table->exp = exp_shifted;
    table->sum = sum;
    table->max = max;
    table->argmax = argmax;
}
