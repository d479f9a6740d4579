/* Every usable level against docs/numerics.md as make_kernel_vectors.py carries it out in exact arithmetic.
 * */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "kernel_vectors.h"
#include "kernels/half.h"
#include "kernels/kernels.h"
#include "kernels/q4r.h"

static void assert_bits(const float *got, const float *want, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (ewi_float_bits(got[i]) != ewi_float_bits(want[i]))
            fail_msg("element %zu is %a, not %a", i, (double)got[i], (double)want[i]);
}

/* Runs a test at every level that this machine has. */
static void at_each_level(void (*test)(const ewi_kernels *kern)) {
    for (ewi_cpu_level level = EWI_CPU_SCALAR; level < EWI_N_CPU_LEVELS; level++) {
        ewi_kernels kern;
        ew_error err = {0};
        if (ewi_kernels_at(level, &kern, &err) == EW_OK)
            test(&kern);
        else
            print_message("SKIPPED: %s\n", err.text);
    }
}

/* f16 or bf16 numbers from floats that these types hold. */
static void pack(uint16_t *out, const float *x, size_t n, ewi_dtype dtype) {
    for (size_t i = 0; i < n; i++)
        out[i] = dtype == EWI_F16 ? ewi_f32_to_f16(x[i]) : (uint16_t)(ewi_float_bits(x[i]) >> 16);
}

enum { M = 3, N = 5, K = 37 };

static void matmul(const ewi_kernels *kern) {
    float y[M * N];
    uint16_t w[N * K];
    ewi_matmul a = {
        .m = M, .n = N, .k = K, .x = matmul_x, .bias = matmul_bias, .y = y, .x_stride = K, .y_stride = N};
    a.w = matmul_f32_w;
    a.w_stride_bytes = 4 * K;
    kern->matmul[EWI_F32](&a);
    assert_bits(y, matmul_f32_y, M * N);
    a.w = w;
    a.w_stride_bytes = 2 * K;
    pack(w, matmul_f16_w, N * K, EWI_F16);
    kern->matmul[EWI_F16](&a);
    assert_bits(y, matmul_f16_y, M * N);
    pack(w, matmul_bf16_w, N * K, EWI_BF16);
    kern->matmul[EWI_BF16](&a);
    assert_bits(y, matmul_bf16_y, M * N);
}

static void rows(const ewi_kernels *kern) {
    float y[64];
    kern->rms_norm(y, norm_x, norm_w, EWI_COUNT(norm_x), 1e-5f);
    assert_bits(y, norm_y, EWI_COUNT(norm_y));
    kern->act[EWI_ACT_SILU](y, swiglu_gate, swiglu_up, EWI_COUNT(swiglu_gate));
    assert_bits(y, swiglu_y, EWI_COUNT(swiglu_y));
    kern->act[EWI_ACT_GELU](y, act_x, NULL, EWI_COUNT(act_x));
    assert_bits(y, gelu_y, EWI_COUNT(gelu_y));
    kern->act[EWI_ACT_GELU_TANH](y, act_x, NULL, EWI_COUNT(act_x));
    assert_bits(y, gelu_tanh_y, EWI_COUNT(gelu_tanh_y));
    kern->cap(y, act_x, 0.75f, EWI_COUNT(act_x));
    assert_bits(y, cap_y, EWI_COUNT(cap_y));
    kern->layer_norm(y, layer_norm_x, layer_norm_w, layer_norm_b, EWI_COUNT(layer_norm_x), 1e-5f);
    assert_bits(y, layer_norm_y, EWI_COUNT(layer_norm_y));
    memcpy(y, rope_x, sizeof rope_x);
    kern->rope_adjacent(y, 1, EWI_COUNT(rope_x), rope_cos, rope_sin, EWI_COUNT(rope_cos));
    assert_bits(y, rope_adjacent_y, EWI_COUNT(rope_adjacent_y));
    memcpy(y, rope_x, sizeof rope_x);
    kern->rope_halves(y, 1, EWI_COUNT(rope_x), rope_cos, rope_sin, EWI_COUNT(rope_cos));
    assert_bits(y, rope_halves_y, EWI_COUNT(rope_halves_y));
}

static void exponential(const ewi_kernels *kern) {
    float y[EWI_COUNT(exp_x)];
    kern->exp(y, exp_x, 0.625f, EWI_COUNT(exp_x));
    assert_bits(y, exp_y, EWI_COUNT(exp_y));
}

/* All 16 lanes underflow to -0, and so does their sum, unless the padding of a last group turns some into
 * +0. */
static void padding(const ewi_kernels *kern) {
    float x[17], w[17], y = 1;
    for (int i = 0; i < 17; i++) {
        x[i] = 1e-30f;
        w[i] = -1e-30f;
    }
    for (size_t k = 16; k <= 17; k++) {
        ewi_matmul a = {.m = 1, .n = 1, .k = k, .x = x, .w = w, .y = &y};
        kern->matmul[EWI_F32](&a);
        assert_int_equal(ewi_float_bits(y), k == 16 ? 0x80000000u : 0);
    }
}

enum { DIM = 21, KEYS = 576 };

/* The vectors' element i of all keys and then all values. */
static float number(size_t i) {
    return (float)((int)(i * 7919 % 257) - 128) / 64;
}

/* A block of them as the state holds it: [DIM, 64] keys, [64, DIM] values. */
static void lay_out(uint16_t *k, uint16_t *v, size_t first) {
    for (size_t j = 0; j < EWI_ATTENTION_KEYS; j++)
        for (size_t i = 0; i < DIM; i++) {
            k[i * EWI_ATTENTION_KEYS + j] = ewi_f32_to_f16(number((first + j) * DIM + i));
            v[j * DIM + i] = ewi_f32_to_f16(number((KEYS + first + j) * DIM + i));
        }
}

/* Three rows over nine blocks: a span, and a bit of the next. */
static void attention(const ewi_kernels *kern) {
    enum { ROWS = EWI_COUNT(attention_seen) };
    static float scratch[EWI_ATTENTION_SCRATCH(DIM)];
    static uint16_t k[DIM * EWI_ATTENTION_KEYS], v[DIM * EWI_ATTENTION_KEYS];
    float acc[2][ROWS][DIM] = {{{0}}}, out[ROWS * DIM];
    ewi_attention_row row[2][ROWS];
    for (size_t r = 0; r < ROWS; r++)
        for (size_t span = 0; span < 2; span++)
            row[span][r] =
                (ewi_attention_row){.q = attention_q + r * DIM, .acc = acc[span][r], .max = -INFINITY};
    for (size_t first = 0; first < KEYS; first += EWI_ATTENTION_KEYS) {
        ewi_attention_row *rows = row[first / EWI_ATTENTION_SPAN];
        for (size_t r = 0; r < ROWS; r++) {
            size_t left = attention_seen[r] > first ? attention_seen[r] - first : 0;
            rows[r].n_keys = left < EWI_ATTENTION_KEYS ? left : EWI_ATTENTION_KEYS;
        }
        lay_out(k, v, first);
        kern->attention(&(ewi_attention){.rows = rows,
                                         .n_rows = ROWS,
                                         .head_dim = DIM,
                                         .k_type = EWI_F16,
                                         .v_type = EWI_F16,
                                         .k = k,
                                         .v = v,
                                         .scale = 0x1.bcp-3f,
                                         .scratch = scratch});
    }
    for (size_t r = 0; r < ROWS; r++) {
        if (attention_seen[r] > EWI_ATTENTION_SPAN) kern->attention_merge(&row[0][r], &row[1][r], DIM);
        kern->attention_finish(out + r * DIM, acc[0][r], row[0][r].sum, DIM);
    }
    assert_bits(out, attention_out, ROWS * DIM);
}

enum { CODE_KEYS = 70, CODE_ROOM = 128, DIM_PADDED = 24 };

/* Codes of a row, and its scale. */
static float quantize(const ewi_kernels *kern, uint8_t *row, const float *x) {
    float scale;
    kern->quantize[EWI_QROWS_256](row, x, DIM);
    memcpy(&scale, row + ewi_qrow_layout(EWI_QROWS_256, DIM).scales, sizeof scale);
    return scale;
}

/* Row j of all keys, or of all values after them, quantized. */
static float quantized(const ewi_kernels *kern, uint8_t *row, size_t j, bool is_value) {
    float x[DIM];
    size_t first = (is_value ? CODE_KEYS * DIM : 0) + j * DIM;
    for (size_t i = 0; i < DIM; i++) x[i] = number(first + i) * (float)(j % 7 + 1) / 8;
    return quantize(kern, row, x);
}

static void attention_codes(const ewi_kernels *kern) {
    static float scratch[EWI_ATTENTION_SCRATCH(DIM)];
    static uint8_t k[CODE_ROOM * DIM_PADDED], v[CODE_ROOM * DIM];
    float k_scales[CODE_ROOM] = {0}, v_scales[CODE_ROOM] = {0}, acc[DIM] = {0}, out[DIM];
    uint8_t row[128], qrow[128];
    for (size_t j = 0; j < CODE_KEYS; j++) {
        size_t block = j / EWI_ATTENTION_KEYS, at = j % EWI_ATTENTION_KEYS;
        k_scales[j] = quantized(kern, row, j, false);
        for (size_t i = 0; i < DIM; i++)
            k[block * EWI_ATTENTION_KEYS * DIM_PADDED + (i / 4 * EWI_ATTENTION_KEYS + at) * 4 + i % 4] =
                row[i] ^ 0x80;
        v_scales[j] = quantized(kern, row, j, true);
        memcpy(v + j * DIM, row, DIM);
    }
    quantize(kern, qrow, attention_codes_q);
    ewi_attention_row r = {.qrow = qrow, .acc = acc, .max = -INFINITY};
    for (size_t first = 0; first < CODE_KEYS; first += EWI_ATTENTION_KEYS) {
        r.n_keys = CODE_KEYS - first < EWI_ATTENTION_KEYS ? CODE_KEYS - first : EWI_ATTENTION_KEYS;
        kern->attention(&(ewi_attention){.rows = &r,
                                         .n_rows = 1,
                                         .head_dim = DIM,
                                         .k_type = EWI_I8,
                                         .v_type = EWI_I8,
                                         .k = k + first * DIM_PADDED,
                                         .v = v + first * DIM,
                                         .k_scales = k_scales + first,
                                         .v_scales = v_scales + first,
                                         .scale = 0x1.bcp-7f,
                                         .scratch = scratch});
    }
    kern->attention_finish(out, acc, r.sum, DIM);
    assert_bits(out, attention_codes_out, DIM);
}

/* ---- 4 bits ---- */

enum { HALF_DIM = 84, HALF_VALUE = 48, HALF_KEYS = 88 * EWI_ATTENTION_KEYS / 2 };

/* Row j of all keys, or of all values after them. */
static ewi_q4r half_codes(const ewi_kernels *kern, size_t j, bool is_value) {
    float x[HALF_DIM];
    ewi_q4r head;
    size_t first = (is_value ? CODE_KEYS * HALF_DIM : 0) + j * HALF_DIM;
    for (size_t i = 0; i < HALF_DIM; i++) x[i] = number(first + i) * (float)(j % 7 + 1) / 8;
    kern->rotate[EWI_ROTATE_WEIGHTS](x, x, HALF_DIM);
    ewi_q4r_round(&head, x, HALF_DIM);
    return head;
}

static void attention_half_codes(const ewi_kernels *kern) {
    static float scratch[EWI_ATTENTION_SCRATCH(HALF_DIM)];
    static uint8_t k[2][HALF_KEYS], v[CODE_ROOM][HALF_VALUE];
    uint16_t k_scales[CODE_ROOM] = {0}, v_scales[CODE_ROOM] = {0};
    float acc[HALF_DIM] = {0}, out[HALF_DIM];
    uint8_t qrow[256];
    assert_int_equal(ewi_q4r_value_bytes(HALF_DIM), HALF_VALUE);
    assert_int_equal(ewi_q4r_keys_bytes(HALF_DIM), HALF_KEYS);
    for (size_t j = 0; j < CODE_KEYS; j++) {
        ewi_q4r key = half_codes(kern, j, false), value = half_codes(kern, j, true);
        ewi_q4r_put_key(k[j / EWI_ATTENTION_KEYS], j % EWI_ATTENTION_KEYS, &key, HALF_DIM);
        ewi_q4r_put_value(v[j], &value, HALF_DIM);
        k_scales[j] = key.scale;
        v_scales[j] = value.scale;
    }
    kern->quantize[EWI_QROWS_WHOLE](qrow, attention_half_codes_q, HALF_DIM);
    ewi_attention_row r = {.qrow = qrow, .acc = acc, .max = -INFINITY};
    for (size_t first = 0; first < CODE_KEYS; first += EWI_ATTENTION_KEYS) {
        r.n_keys = CODE_KEYS - first < EWI_ATTENTION_KEYS ? CODE_KEYS - first : EWI_ATTENTION_KEYS;
        kern->attention(&(ewi_attention){.rows = &r,
                                         .n_rows = 1,
                                         .head_dim = HALF_DIM,
                                         .k_type = EWI_Q4R,
                                         .v_type = EWI_Q4R,
                                         .k = k[first / EWI_ATTENTION_KEYS],
                                         .v = v[first],
                                         .k_scales = k_scales + first,
                                         .v_scales = v_scales + first,
                                         .scale = 0x1.bcp-7f,
                                         .scratch = scratch});
    }
    kern->attention_finish(out, acc, r.sum, HALF_DIM);
    kern->rotate[EWI_ROTATE_BACK](out, out, HALF_DIM);
    assert_bits(out, attention_half_codes_out, HALF_DIM);
}

static void extremes(const ewi_kernels *kern) {
    const float x[] = {NAN, 2.0f, -1.0f, 2.0f, NAN, -INFINITY}, none[] = {NAN, NAN};
    const float low[] = {NAN, -INFINITY, -INFINITY}, zeros[] = {-0.0f, 0.0f};
    assert_int_equal(kern->argmax(x, 6), 1);
    assert_true(kern->max(x, 6) == 2.0f);
    assert_int_equal(kern->argmax(none, 2), 0);
    assert_true(kern->max(none, 2) == -INFINITY && kern->max(none, 0) == -INFINITY);
    assert_int_equal(kern->argmax(low, 3), 1);
    assert_int_equal(kern->argmax(zeros, 2), 0);
}

static void test_matmul(void **state) {
    (void)state;
    at_each_level(matmul);
}
static void test_rows(void **state) {
    (void)state;
    at_each_level(rows);
}
static void test_exp(void **state) {
    (void)state;
    at_each_level(exponential);
}
static void test_padding(void **state) {
    (void)state;
    at_each_level(padding);
}
static void test_attention(void **state) {
    (void)state;
    at_each_level(attention);
    at_each_level(attention_codes);
    at_each_level(attention_half_codes);
}
static void test_extremes(void **state) {
    (void)state;
    at_each_level(extremes);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_matmul),    cmocka_unit_test(test_rows),
                                       cmocka_unit_test(test_exp),       cmocka_unit_test(test_padding),
                                       cmocka_unit_test(test_attention), cmocka_unit_test(test_extremes)};
    return cmocka_run_group_tests_name("kernels", tests, NULL, NULL);
}
