/* test_attend.c: attention over a session's state, against softmax(q k) v in double precision; and that no
 * cut of the work shows in the bits. */
#include "engine/attend.h"

#include "expect.h"
#include "rig.h"
#include "sanitized.h"
#include "scratch.h"
#include "tiny_model.h"

#include <math.h>
#include <stdlib.h>

/* Positions beyond two spans of 512, and heads that fill no vector. */
enum { N = 1100, HEADS = 6, KV_HEADS = 2, GROUP = HEADS / KV_HEADS, DIM = 20, LAYER = 1 };

static ewi_attention_attrs attrs = {LAYER, HEADS, KV_HEADS, DIM, 0.3f, 0, 0, 0, 0.5f, false};

static float q[N * HEADS * DIM], k[N * KV_HEADS * DIM], v[N * KV_HEADS * DIM];
static double expected[N * HEADS * DIM];

static void draw(float *x, size_t n, uint32_t seed) {
    for (size_t i = 0; i < n; i++) {
        seed = seed * 1664525u + 1013904223u;
        x[i] = (float)(seed >> 8) / (float)(1 << 23) - 1.0f;
    }
}

/* What the numbers are once the state's type holds them. */
static void round_f16(float *x, size_t n) {
    const ewi_kernels *kern = ewi_kernels_get();
    uint16_t half[DIM];
    for (size_t i = 0; i < n; i += DIM) {
        kern->narrow[EWI_F16](half, x + i, DIM);
        kern->widen[EWI_F16](x + i, half, DIM);
    }
}

/* Rows of DIM become what 8-bit codes with one scale stand for. */
static void round_q8(float *x, size_t n) {
    for (size_t i = 0; i < n; i += DIM) {
        float most = 0;
        for (size_t d = 0; d < DIM; d++) most = fmaxf(most, fabsf(x[i + d]));
        for (size_t d = 0; d < DIM; d++) x[i + d] = rintf(x[i + d] * (127 / most)) * (most / 127);
    }
}

/* ---- 4 bits, rotated ---- */

/* The 20 elements are turned in blocks of 16 and of 4, whose factors are 2 and 4. */
enum { FIRST_BLOCK = 16 };

/* y = size * H x, with H[i][j] = (-1)^popcount(i & j); the signs go with x, or with y when it turns back. */
static void turn_block(double *y, const double *x, size_t n, double size, bool back) {
    static const uint32_t signs = 0x243f6a88;
    for (size_t i = 0; i < n; i++) {
        y[i] = 0;
        for (size_t j = 0; j < n; j++) {
            unsigned flips = signs >> (back ? i : j) & 1;
            for (size_t both = i & j; both != 0; both &= both - 1) flips++;
            y[i] += flips % 2 ? -x[j] : x[j];
        }
        y[i] *= size;
    }
}

static void turn(double *y, const double *x, bool is_query, bool back) {
    const double f = is_query == back ? 1.0 / (16 * 2) : 2, g = is_query == back ? 1.0 / (4 * 4) : 4;
    turn_block(y, x, FIRST_BLOCK, f, back);
    turn_block(y + FIRST_BLOCK, x + FIRST_BLOCK, DIM - FIRST_BLOCK, g, back);
}

static double round_bits(double x, int n_bits) {
    int exponent;
    double mantissa = frexp(x, &exponent);
    return ldexp(rint(ldexp(mantissa, n_bits)), exponent - n_bits);
}

/* Rows of DIM become what their codes stand for: 8 bits of queries, 4 of keys and values. */
static void round_q4r(float *x, size_t n, bool are_queries) {
    for (size_t i = 0; i < n; i += DIM) {
        double wide[DIM], y[DIM], far = 0;
        for (size_t d = 0; d < DIM; d++) wide[d] = (double)x[i + d];
        turn(y, wide, are_queries, false);
        for (size_t d = 0; d < DIM; d++) far = fabs(y[d]) > fabs(far) ? y[d] : far;
        double scale = are_queries ? far / 127 : round_bits(far / -8, 8);
        for (size_t d = 0; d < DIM; d++) y[d] = fmin(rint(y[d] / scale), are_queries ? 127 : 7) * scale;
        turn(wide, y, are_queries, true);
        for (size_t d = 0; d < DIM; d++) x[i + d] = (float)wide[d];
    }
}

/* Six heads: ALiBi has 4 slopes of its own, powers of 2^-2, and 2 between them (arXiv 2108.12409 and its
 * authors' code). */
UNWATCHED static double expected_slope(size_t head) {
    static const double powers[HEADS] = {2, 4, 6, 8, 1, 3};
    return attrs.alibi_max != 0 ? (double)attrs.alibi_scale * pow(2, -powers[head]) : 0;
}

UNWATCHED static void expect_row(size_t position, size_t head) {
    static double p[N];
    const float *query = q + (position * HEADS + head) * DIM;
    double top = (double)-INFINITY, sum = 0, *out = expected + (position * HEADS + head) * DIM;
    size_t first = attrs.window && position + 1 > attrs.window ? position + 1 - attrs.window : 0;
    size_t last = attrs.is_two_sided ? N - 1 : position;
    if (attrs.is_two_sided && attrs.window && position + attrs.window - 1 < last)
        last = position + attrs.window - 1;
    for (size_t j = first; j <= last; j++) {
        const float *key = k + (j * KV_HEADS + head / GROUP) * DIM;
        p[j] = 0;
        for (size_t d = 0; d < DIM; d++) p[j] += (double)query[d] * (double)key[d];
        p[j] *= (double)attrs.scale;
        if (attrs.cap != 0) p[j] = (double)attrs.cap * tanh(p[j] / (double)attrs.cap);
        p[j] -= expected_slope(head) * (double)(position - j);
        top = p[j] > top ? p[j] : top;
    }
    for (size_t d = 0; d < DIM; d++) out[d] = 0;
    for (size_t j = first; j <= last; j++) {
        double weight = exp(p[j] - top);
        sum += weight;
        for (size_t d = 0; d < DIM; d++)
            out[d] += weight * (double)v[(j * KV_HEADS + head / GROUP) * DIM + d];
    }
    for (size_t d = 0; d < DIM; d++) out[d] /= sum;
}

static void draw_all(void) {
    draw(q, EWI_COUNT(q), 1);
    draw(k, EWI_COUNT(k), 2);
    draw(v, EWI_COUNT(v), 3);
}

static void expect_all(void) {
    for (size_t i = 0; i < N; i++)
        for (size_t h = 0; h < HEADS; h++) expect_row(i, h);
}

/* One step's attention: rows [first, first + n) of the inputs, as positions of a session. */
static void attend(const rig *r, size_t first, size_t n, float *out) {
    ew_row rows[N];
    ew_error err = {0};
    for (size_t i = 0; i < n; i++) rows[i] = (ew_row){r->session, (uint32_t)(first + i), 0, false};
    expect_ok(ewi_state_reserve(&r->session->state, 0, (uint32_t)(first + n), &err), &err);
    r->session->n_pending = (uint32_t)n;
    ewi_attend a = {.e = r->engine, .attrs = &attrs, .rows = rows, .n_rows = n};
    a.n_tiles = ewi_attend_tiles(r->engine, rows, n);
    a.q = q + first * HEADS * DIM;
    a.k = k + first * KV_HEADS * DIM;
    a.v = v + first * KV_HEADS * DIM;
    a.out = out + first * HEADS * DIM;
    for (size_t i = 0; i < n; i++) ewi_attend_store(&a, i, 0, KV_HEADS);
    /* Twice, as in two layers: what the first left behind must not matter. */
    ewi_pool_run(r->engine->pool, ewi_attend_look, &a);
    ewi_pool_run(r->engine->pool, ewi_attend_look, &a);
}

static rig attend_rig(ew_cache_type k_type, ew_cache_type v_type, uint32_t n_threads, uint32_t n_rows,
                      bool exact) {
    const char *path = scratch_path("attend.gguf");
    tiny_model_write(
        &(tiny_model){
            .no_vocabulary = true, .n_heads = HEADS, .n_kv_heads = KV_HEADS, .head_dim = DIM, .n_ctx = N},
        path);
    ew_engine_options o = {
        .n_threads = n_threads, .n_rows = n_rows, .cache_k = k_type, .cache_v = v_type, .exact = exact};
    return rig_open(path, &o);
}

/* All positions, n_rows a step, into out. */
static void attend_all(ew_cache_type k_type, ew_cache_type v_type, uint32_t n_threads, uint32_t n_rows,
                       float *out) {
    rig r = attend_rig(k_type, v_type, n_threads, n_rows, true);
    for (size_t first = 0; first < N; first += n_rows)
        attend(&r, first, N - first < n_rows ? N - first : n_rows, out);
    rig_close(&r);
}

static double worst_of(const float *out, size_t n) {
    double most = 0;
    for (size_t i = 0; i < n; i++) {
        double error = fabs((double)out[i] - expected[i]);
        most = error > most || isnan(error) ? error : most;
    }
    return most;
}

static double worst(const float *out) {
    return worst_of(out, EWI_COUNT(expected));
}

static float out[N * HEADS * DIM], again[N * HEADS * DIM];

static void softmax_of_all_keys(void **state) {
    (void)state;
    draw_all();
    expect_all();
    attend_all(EW_CACHE_F32, EW_CACHE_F32, 2, 128, out);
    assert_true(worst(out) < 2e-6);
    round_f16(k, EWI_COUNT(k));
    expect_all();
    attend_all(EW_CACHE_F16, EW_CACHE_F32, 2, 128, out);
    assert_true(worst(out) < 2e-6);
    round_f16(v, EWI_COUNT(v));
    expect_all();
    attend_all(EW_CACHE_F16, EW_CACHE_F16, 2, 128, out);
    assert_true(worst(out) < 2e-6);
    draw(k, EWI_COUNT(k), 2);
    expect_all();
    attend_all(EW_CACHE_F32, EW_CACHE_F16, 2, 128, out);
    assert_true(worst(out) < 2e-6);
}

/* What codes stand for, exactly; and not far from the numbers before: q, k and v in -1..1 are off by 1/254 at
 * most. */
static void codes_of_8_bits(void **state) {
    (void)state;
    static const ew_cache_type types[] = {EW_CACHE_Q8, EW_CACHE_F32};
    for (size_t i = 0; i < 2; i++)
        for (size_t j = 0; j < 2; j++) {
            if (i == 1 && j == 1) continue;
            draw_all();
            expect_all();
            attend_all(types[i], types[j], 2, 128, out);
            assert_true(worst(out) < 0.01);
            if (types[i] == EW_CACHE_Q8) round_q8(q, EWI_COUNT(q)), round_q8(k, EWI_COUNT(k));
            if (types[j] == EW_CACHE_Q8) round_q8(v, EWI_COUNT(v));
            expect_all();
            assert_true(worst(out) < 2e-6);
        }
}

/* The same with 4 bits. A few codes lie so near the middle of two that floats round them to the other side:
 * 9e-5 here. */
static void codes_of_4_bits(void **state) {
    (void)state;
    static const ew_cache_type types[] = {EW_CACHE_Q4R, EW_CACHE_F32};
    for (size_t i = 0; i < 2; i++)
        for (size_t j = 0; j < 2; j++) {
            if (i == 1 && j == 1) continue;
            draw_all();
            expect_all();
            attend_all(types[i], types[j], 2, 128, out);
            assert_true(worst(out) < 0.2);
            if (types[i] == EW_CACHE_Q4R) round_q4r(q, EWI_COUNT(q), true), round_q4r(k, EWI_COUNT(k), false);
            if (types[j] == EW_CACHE_Q4R) round_q4r(v, EWI_COUNT(v), false);
            expect_all();
            if (!(worst(out) < 2e-4)) fail_msg("keys %zu, values %zu: off by %g", i, j, worst(out));
        }
}

/* Single rows and few rows share spans among threads; many rows do not. */
static void cuts_do_not_show(void **state) {
    (void)state;
    static const uint32_t cuts[][2] = {{1, 1}, {2, 1},   {3, 1},   {5, 4},   {3, 8},
                                       {2, 9}, {4, 100}, {1, 512}, {3, 1024}};
    static const ew_cache_type types[][2] = {
        {EW_CACHE_F16, EW_CACHE_F16}, {EW_CACHE_Q8, EW_CACHE_F16}, {EW_CACHE_Q4R, EW_CACHE_Q4R}};
    draw_all();
    for (size_t t = 0; t < EWI_COUNT(types); t++) {
        attend_all(types[t][0], types[t][1], 1, 64, out);
        for (size_t i = 0; i < EWI_COUNT(cuts); i++) {
            attend_all(types[t][0], types[t][1], cuts[i][0], cuts[i][1], again);
            assert_memory_equal(out, again, sizeof out);
        }
    }
}

/* What a row sees and how, beside the plain way: around the edges of blocks and spans, and all of it. */
static const struct {
    uint32_t window;
    float cap, alibi_max;
} ways[] = {{1, 0, 0},   {20, 0, 0},  {64, 0, 0},    {65, 0.75f, 0}, {511, 0, 0},   {512, 0, 8},
            {513, 0, 0}, {700, 0, 0}, {0, 0.75f, 0}, {0, 0, 8},      {30, 0.5f, 8}, {N, 0, 0}};

static void look(size_t way) {
    attrs.window = ways[way].window;
    attrs.cap = ways[way].cap;
    attrs.alibi_max = ways[way].alibi_max;
}

static int plainly(void **state) {
    (void)state;
    attrs.window = 0;
    attrs.cap = attrs.alibi_max = 0;
    attrs.is_two_sided = false;
    return 0;
}

static void other_ways_to_look(void **state) {
    (void)state;
    draw_all();
    for (size_t i = 0; i < EWI_COUNT(ways); i++) {
        look(i);
        expect_all();
        attend_all(EW_CACHE_F32, EW_CACHE_F32, 2, 128, out);
        if (!(worst(out) < 3e-6)) fail_msg("way %zu: off by %g", i, worst(out));
    }
}

static void cuts_do_not_show_in_other_ways(void **state) {
    (void)state;
    static const uint32_t cuts[][2] = {{2, 1}, {3, 8}, {2, 9}, {4, 100}, {3, 1024}};
    draw_all();
    for (size_t w = 0; w < EWI_COUNT(ways); w += 2) {
        look(w);
        attend_all(EW_CACHE_Q8, EW_CACHE_Q4R, 1, 64, out);
        for (size_t i = 0; i < EWI_COUNT(cuts); i++) {
            attend_all(EW_CACHE_Q8, EW_CACHE_Q4R, cuts[i][0], cuts[i][1], again);
            assert_memory_equal(out, again, sizeof out);
        }
    }
}

/* All rows in one step, as an encoder has them. */
static void both_sides(void **state) {
    (void)state;
    static const uint32_t windows[] = {0, 1, 2, 20, 64, 65, 512, 513, 700};
    draw_all();
    attrs.is_two_sided = true;
    for (size_t i = 0; i < EWI_COUNT(windows); i++) {
        attrs.window = windows[i];
        expect_all();
        attend_all(EW_CACHE_F32, EW_CACHE_F32, 1, N, out);
        if (!(worst(out) < 3e-6)) fail_msg("window %u: off by %g", windows[i], worst(out));
        attend_all(EW_CACHE_F32, EW_CACHE_F32, 3, N, again);
        assert_memory_equal(out, again, sizeof out);
    }
}

/* ---- on bf16 tiles ---- */

/* Of all positions, so many: more than two blocks. */
enum { FAST_N = 144, FAST_FLOATS = FAST_N * HEADS * DIM };

/* Not exact, where tiles are; elsewhere as if there were. */
static void attend_fast(ew_cache_type type, uint32_t n_threads, uint32_t n_rows, float *to) {
    rig r = attend_rig(type, type, n_threads, n_rows, false);
    ewi_kernels kern = *r.engine->kern;
    kern.has_tiles = true;
    r.engine->kern = &kern;
    for (size_t first = 0; first < FAST_N; first += n_rows)
        attend(&r, first, FAST_N - first < n_rows ? FAST_N - first : n_rows, to);
    rig_close(&r);
}

static void tiles_come_close(void **state) {
    (void)state;
    static const ew_cache_type types[] = {EW_CACHE_F32, EW_CACHE_F16, EW_CACHE_Q8, EW_CACHE_Q4R};
    draw_all();
    expect_all();
    for (size_t t = 0; t < EWI_COUNT(types); t++) {
        if (types[t] == EW_CACHE_Q4R) { /* queries are no codes here */
            round_q4r(k, EWI_COUNT(k), false);
            round_q4r(v, EWI_COUNT(v), false);
            expect_all();
        }
        attend_fast(types[t], 2, 112, out);
        assert_true(worst_of(out, FAST_FLOATS) < 0.01);
        assert_true(worst_of(out, FAST_FLOATS) > 1e-5);
    }
}

static void tiles_in_other_ways(void **state) {
    (void)state;
    draw_all();
    for (size_t i = 0; i < EWI_COUNT(ways); i++) {
        look(i);
        expect_all();
        attend_fast(EW_CACHE_F16, 2, 112, out);
        if (!(worst_of(out, FAST_FLOATS) < 0.02))
            fail_msg("way %zu: off by %g", i, worst_of(out, FAST_FLOATS));
        attend_fast(EW_CACHE_F16, 3, 80, again);
        assert_memory_equal(out, again, FAST_FLOATS * sizeof *out);
    }
}

/* Neither threads nor, from 16 rows on, steps show; below 16 rows all is as with `exact`. */
static void tiles_of_many_rows(void **state) {
    (void)state;
    draw_all();
    attend_fast(EW_CACHE_F16, 1, 80, out);
    attend_fast(EW_CACHE_F16, 3, 80, again);
    assert_memory_equal(out, again, FAST_FLOATS * sizeof *out);
    attend_fast(EW_CACHE_F16, 2, 16, again);
    assert_memory_equal(out, again, FAST_FLOATS * sizeof *out);
    attend_fast(EW_CACHE_F16, 2, 15, again);
    attend_all(EW_CACHE_F16, EW_CACHE_F16, 2, 100, out);
    assert_memory_equal(out, again, FAST_FLOATS * sizeof *out);
}

/* ---- the whole model ---- */

enum { TOKENS = 1100, TAIL = 8 };

/* Logits of the last tokens of a long text, the last few decoded one by one. */
static float *long_logits(const char *path, const ew_engine_options *options) {
    static ew_token ids[TOKENS];
    for (size_t i = 0; i < TOKENS; i++) ids[i] = (ew_token)(i * i % 311);
    rig r = rig_open(path, options);
    free(rig_logits(&r, ids, TOKENS - TAIL));
    float *logits = malloc(TAIL * r.n_vocab * sizeof *logits);
    assert_non_null(logits);
    for (size_t i = 0; i < TAIL; i++) {
        float *one = rig_logits(&r, ids + TOKENS - TAIL + i, 1);
        memcpy(logits + i * r.n_vocab, one, r.n_vocab * sizeof *one);
        free(one);
    }
    rig_close(&r);
    return logits;
}

static void logits_of_long_texts(void **state) {
    (void)state;
    static const uint32_t cuts[][2] = {{2, 128}, {3, 50}, {4, 1024}};
    const char *path = scratch_path("long.gguf");
    tiny_model model = {.no_vocabulary = true, .n_vocab = 320, .n_ctx = TOKENS};
    tiny_model_write(&model, path);
    float *want = long_logits(path, &(ew_engine_options){.n_threads = 1, .n_rows = 7, .exact = true});
    for (size_t i = 0; i < EWI_COUNT(cuts); i++) {
        ew_engine_options o = {.n_threads = cuts[i][0], .n_rows = cuts[i][1], .exact = true};
        float *got = long_logits(path, &o);
        assert_memory_equal(want, got, TAIL * model.n_vocab * sizeof *want);
        free(got);
    }
    free(want);
}

/* A state of 8 bits moves logits by a small part of their range (0.011 here), one of 4 by sixteen times that
 * at most. */
static void logits_of_small_states(void **state) {
    (void)state;
    static const ew_engine_options options[] = {{.cache_k = EW_CACHE_Q8, .cache_v = EW_CACHE_Q8},
                                                {.cache_k = EW_CACHE_Q8, .cache_v = EW_CACHE_F16},
                                                {.cache_k = EW_CACHE_F16, .cache_v = EW_CACHE_Q8},
                                                {.cache_k = EW_CACHE_Q4R, .cache_v = EW_CACHE_Q4R}};
    const char *path = scratch_path("codes.gguf");
    tiny_model model = {.no_vocabulary = true, .n_vocab = 320, .n_ctx = TOKENS};
    tiny_model_write(&model, path);
    size_t n = TAIL * model.n_vocab;
    float most = 0,
          *want = long_logits(path, &(ew_engine_options){.cache_k = EW_CACHE_F32, .cache_v = EW_CACHE_F32});
    for (size_t i = 0; i < n; i++) most = fmaxf(most, fabsf(want[i]));
    for (size_t o = 0; o < EWI_COUNT(options); o++) {
        float off = 0, *got = long_logits(path, &options[o]);
        for (size_t i = 0; i < n; i++) off = fmaxf(off, fabsf(got[i] - want[i]));
        assert_true(off > 0 && off < (options[o].cache_k == EW_CACHE_Q4R ? 0.32f : 0.02f) * most);
        free(got);
    }
    free(want);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(softmax_of_all_keys),
        cmocka_unit_test(codes_of_8_bits),
        cmocka_unit_test(codes_of_4_bits),
        cmocka_unit_test(cuts_do_not_show),
        cmocka_unit_test(tiles_come_close),
        cmocka_unit_test(tiles_of_many_rows),
        cmocka_unit_test(logits_of_long_texts),
        cmocka_unit_test(logits_of_small_states),
        cmocka_unit_test_teardown(other_ways_to_look, plainly),
        cmocka_unit_test_teardown(cuts_do_not_show_in_other_ways, plainly),
        cmocka_unit_test_teardown(both_sides, plainly),
        cmocka_unit_test_teardown(tiles_in_other_ways, plainly),
    };
    return cmocka_run_group_tests(tests, NULL, scratch_remove);
}
