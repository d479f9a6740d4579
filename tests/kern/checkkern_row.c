#include <math.h>
#include <string.h>

#include "checkkern.h"
#include "kernels/half.h"

/* 0..70, then sizes that models have and odd ones near them. */
static const size_t more_sizes[] = {127, 128, 172, 255, 256, 257, 576, 1000, 1536, 2048, 4097, 8191};
#define N_SIZES (71 + EWI_COUNT(more_sizes))

static size_t size_of(size_t i) {
    return i <= 70 ? i : more_sizes[i - 71];
}

static void elementwise(ck *c, size_t n, ck_kind kind) {
    const float *a = ck_input(c, 0, n, kind), *b = ck_input(c, 1, n, kind);
    float shift = ck_float(c, kind), *want = ck_output(c, 0, n), *got = ck_output(c, 1, n);

    ck_name(c, "add n=%zu kind=%d", n, (int)kind);
    c->ref->add(want, a, b, n);
    c->kern->add(got, a, b, n);
    ck_compare(c, n);

    for (int act = 0; act < EWI_N_ACTS; act++)
        for (int gated = 0; gated < 2; gated++) {
            ck_name(c, "act %d gated=%d n=%zu kind=%d", act, gated, n, (int)kind);
            c->ref->act[act](want, a, gated ? b : NULL, n);
            c->kern->act[act](got, a, gated ? b : NULL, n);
            ck_compare(c, n);
        }

    ck_name(c, "scale n=%zu kind=%d", n, (int)kind);
    c->ref->scale(want, a, shift, n);
    c->kern->scale(got, a, shift, n);
    ck_compare(c, n);

    ck_name(c, "cap n=%zu kind=%d", n, (int)kind);
    c->ref->cap(want, a, 0.75f, n);
    c->kern->cap(got, a, 0.75f, n);
    ck_compare(c, n);

    ck_name(c, "exp n=%zu kind=%d", n, (int)kind);
    c->ref->exp(want, a, shift, n);
    c->kern->exp(got, a, shift, n);
    ck_compare(c, n);

    ck_name(c, "attention_finish n=%zu kind=%d", n, (int)kind);
    c->ref->attention_finish(want, a, shift, n);
    c->kern->attention_finish(got, a, shift, n);
    ck_compare(c, n);

    ck_name(c, "rms_norm n=%zu kind=%d", n, (int)kind);
    if (n == 0) return;
    c->ref->rms_norm(want, a, b, n, 1e-5f);
    c->kern->rms_norm(got, a, b, n, 1e-5f);
    ck_compare(c, n);

    const float *bias = ck_below(c, 2) ? ck_input(c, 2, n, kind) : NULL;
    ck_name(c, "layer_norm bias=%d n=%zu kind=%d", bias != NULL, n, (int)kind);
    c->ref->layer_norm(want, a, b, bias, n, 1e-5f);
    c->kern->layer_norm(got, a, b, bias, n, 1e-5f);
    ck_compare(c, n);
}

/* Outputs that lie exactly on their inputs. */
static void in_place(ck *c, size_t n, ck_kind kind) {
    const float *a = ck_input(c, 0, n, kind), *b = ck_input(c, 1, n, kind);
    float *want = ck_output(c, 0, n), *got = ck_output(c, 1, n);
    for (size_t i = 0; i < n; i++) want[i] = got[i] = a[i];
    ck_name(c, "norms, act, add, scale, cap, exp, attention_finish in place n=%zu kind=%d", n, (int)kind);
    const ewi_kernels *tables[2] = {c->ref, c->kern};
    float *outputs[2] = {want, got};
    for (int t = 0; t < 2; t++) {
        float *y = outputs[t];
        if (n > 0) tables[t]->rms_norm(y, y, b, n, 1e-6f);
        if (n > 0) tables[t]->layer_norm(y, y, b, b, n, 1e-6f);
        for (int act = 0; act < EWI_N_ACTS; act++) tables[t]->act[act](y, y, b, n);
        tables[t]->scale(y, y, 1.5f, n);
        tables[t]->cap(y, y, 2.0f, n);
        tables[t]->add(y, b, y, n);
        tables[t]->exp(y, y, 0.5f, n);
        tables[t]->attention_finish(y, y, 3.0f, n);
    }
    ck_compare(c, n);
}

static void reductions(ck *c, size_t n, ck_kind kind) {
    const float *x = ck_input(c, 0, n, kind);
    ck_name(c, "sum n=%zu kind=%d", n, (int)kind);
    ck_compare_number(c, c->ref->sum(x, n), c->kern->sum(x, n));
    ck_name(c, "max n=%zu kind=%d", n, (int)kind);
    ck_compare_number(c, c->ref->max(x, n), c->kern->max(x, n));
    ck_name(c, "argmax n=%zu kind=%d", n, (int)kind);
    ck_compare_number(c, (float)c->ref->argmax(x, n), (float)c->kern->argmax(x, n));
}

static bool same_double(double a, double b) {
    return memcmp(&a, &b, sizeof a) == 0 || (isnan(a) && isnan(b));
}

static void divergence(ck *c, size_t n, ck_kind kind) {
    const float *base = ck_input(c, 0, n, kind), *model = ck_input(c, 1, n, kind);
    for (int alone = 0; alone < 2; alone++) {
        ewi_divergence_sums want, got;
        ewi_divergence_rows rows = {n, alone ? NULL : base, model, c->ref->max(base, n),
                                    c->ref->max(model, n)};
        ck_name(c, "divergence alone=%d n=%zu kind=%d", alone, n, (int)kind);
        c->ref->divergence(&want, &rows);
        c->kern->divergence(&got, &rows);
        ck_result(c,
                  same_double(want.base, got.base) && same_double(want.model, got.model) &&
                      same_double(want.weighted, got.weighted),
                  "other sums");
        ck_compare_number(c, (float)(want.weighted / want.base), (float)(got.weighted / got.base));
        ck_compare_number(c, (float)want.model, (float)got.model);
    }
}

/* A single number, -0 among them, at every place among NaN: it is the largest, wherever it stands. */
static void one_number(ck *c, size_t n, float number) {
    float *x = ck_input(c, 0, n, CK_NORMAL);
    bool max_same = true, argmax_same = true;
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < n; j++) x[j] = j == i ? number : NAN;
        max_same = max_same && ck_same(c->kern->max(x, n), number + 0.0f);
        argmax_same = argmax_same && c->kern->argmax(x, n) == i;
    }
    ck_name(c, "max, argmax of %g among NaN n=%zu", (double)number, n);
    ck_result(c, max_same, "another maximum");
    ck_result(c, argmax_same, "another index");
}

/* One head after another with a gap between them, rotated where they lie. */
static void rope(ck *c, size_t n_heads, size_t n_pairs, bool halves, ck_kind kind) {
    size_t stride = 2 * n_pairs + ck_below(c, 9), n = n_heads ? (n_heads - 1) * stride + 2 * n_pairs : 0;
    const float *x = ck_input(c, 0, n, kind);
    const float *cosine = ck_input(c, 1, n_pairs, CK_NORMAL), *sine = ck_input(c, 2, n_pairs, CK_NORMAL);
    float *want = ck_output(c, 0, n), *got = ck_output(c, 1, n);
    for (size_t i = 0; i < n; i++) want[i] = got[i] = x[i];
    ck_name(c, "rope_%s heads=%zu pairs=%zu kind=%d", halves ? "halves" : "adjacent", n_heads, n_pairs,
            (int)kind);
    (halves ? c->ref->rope_halves : c->ref->rope_adjacent)(want, n_heads, stride, cosine, sine, n_pairs);
    (halves ? c->kern->rope_halves : c->kern->rope_adjacent)(got, n_heads, stride, cosine, sine, n_pairs);
    ck_compare(c, n);
}

/* exp of numbers from the whole range of f32, every exponent and both signs. */
static void exp_everywhere(ck *c) {
    enum { N = 4096 };
    for (uint32_t first = 0; first < 256; first++) {
        float *x = ck_input(c, 0, N, CK_NORMAL), *want = ck_output(c, 0, N), *got = ck_output(c, 1, N);
        for (uint32_t i = 0; i < N; i++)
            x[i] = ewi_bits_float((first << 24) + i * 4096 + (uint32_t)ck_below(c, 4096));
        ck_name(c, "exp of bits %08x and on", first << 24);
        c->ref->exp(want, x, 0.0f, N);
        c->kern->exp(got, x, 0.0f, N);
        ck_compare(c, N);
    }
}

void check_row(ck *c) {
    for (size_t i = 0; i < N_SIZES; i++)
        for (int k = 0; k < CK_N_KINDS; k++) {
            elementwise(c, size_of(i), (ck_kind)k);
            in_place(c, size_of(i), (ck_kind)k);
            reductions(c, size_of(i), (ck_kind)k);
            divergence(c, size_of(i), (ck_kind)k);
        }
    for (size_t pairs = 0; pairs <= 70; pairs++)
        for (size_t heads = 0; heads < 4; heads++) {
            rope(c, heads, pairs, false, ck_kind_of(pairs + heads));
            rope(c, heads, pairs, true, ck_kind_of(pairs + heads));
        }
    for (size_t n = 1; n <= 70; n++) {
        one_number(c, n, -1.5f);
        one_number(c, n, -0.0f);
        one_number(c, n, -INFINITY);
    }
    exp_everywhere(c);
}
