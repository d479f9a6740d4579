/*
 * Random models of real shapes: tensors have the types that llama-quantize gives them, text becomes the ids
 * that llama.cpp's tokenizer gives, and a seed decides every byte.
 *
 * Expected sizes: llama-quantize --dry-run on make-shape's F16 files ("quant size", MiB with two digits).
 * Expected ids: llama-completion --verbose-prompt on its Q4_0 files. Both llama.cpp of August 2026.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "program.h"
#include "scratch.h"
#include "shape.h"
#include "shape_vocab.h"
#include "test.h"

static void assert_near(double actual, double expected, double distance) {
    if (!(fabs(actual - expected) < distance)) fail_msg("%g is not %g", actual, expected);
}

static weight_type type_of(const char *recipe_name, const char *shape_name, const char *tensor) {
    const shape *s = shape_find(shape_name);
    assert_non_null(s);
    for (size_t i = 0; i < shape_n_tensors(s); i++) {
        shape_tensor t = shape_get_tensor(s, i);
        if (strcmp(t.name, tensor) == 0) return recipe_type(recipe_find(recipe_name), s, &t);
    }
    fail_msg("%s has no tensor %s", shape_name, tensor);
    return WEIGHT_F32;
}

static double mib_of(const char *recipe_name, const char *shape_name) {
    const shape *s = shape_find(shape_name);
    const recipe *r = recipe_find(recipe_name);
    assert_non_null(r);
    double bytes = 0;
    for (size_t i = 0; i < shape_n_tensors(s); i++) {
        shape_tensor t = shape_get_tensor(s, i);
        weight_type type = recipe_type(r, s, &t);
        bytes += (double)(t.n_in * t.n_out) * (double)weight_block_bytes(type) /
                 (double)weight_block_elements(type);
    }
    return bytes / (1 << 20);
}

static void sizes_are_the_quantizers(void **state) {
    (void)state;
    assert_near(mib_of("q4_k_m", "llama-3.2-1b"), 762.81, 0.006);
    assert_near(mib_of("q4_0-mixed", "llama-3.2-1b"), 727.75, 0.006);
    assert_near(mib_of("q8_0", "llama-3.2-1b"), 1252.41, 0.006);
    assert_near(mib_of("q4_k_m", "qwen2.5-0.5b"), 373.71, 0.006);
}

static void q4_k_m_is_the_quantizers_mixture(void **state) {
    (void)state;
    static const bool kept[16] = {1, 1, 0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 1, 1, 1};
    for (unsigned layer = 0; layer < 16; layer++) {
        char name[64];
        weight_type expected = kept[layer] ? WEIGHT_Q6_K : WEIGHT_Q4_K;
        snprintf(name, sizeof name, "blk.%u.attn_v.weight", layer);
        assert_int_equal(type_of("q4_k_m", "llama-3.2-1b", name), expected);
        snprintf(name, sizeof name, "blk.%u.ffn_down.weight", layer);
        assert_int_equal(type_of("q4_k_m", "llama-3.2-1b", name), expected);
        snprintf(name, sizeof name, "blk.%u.attn_k.weight", layer);
        assert_int_equal(type_of("q4_k_m", "llama-3.2-1b", name), WEIGHT_Q4_K);
    }
    assert_int_equal(type_of("q4_k_m", "llama-3.2-1b", "token_embd.weight"), WEIGHT_Q6_K);
}

/* 896 is no multiple of 256. */
static void short_rows_take_blocks_of_32(void **state) {
    (void)state;
    assert_int_equal(type_of("q4_k_m", "qwen2.5-0.5b", "token_embd.weight"), WEIGHT_Q8_0);
    assert_int_equal(type_of("q4_k_m", "qwen2.5-0.5b", "blk.0.attn_v.weight"), WEIGHT_Q8_0);
    assert_int_equal(type_of("q4_k_m", "qwen2.5-0.5b", "blk.3.attn_v.weight"), WEIGHT_Q5_0);
    assert_int_equal(type_of("q4_k_m", "qwen2.5-0.5b", "blk.3.ffn_down.weight"), WEIGHT_Q4_K);
}

/* What weights mean, for the formats that take a line to read (ggml-org/ggml, docs/gguf.md and
 * src/ggml-common.h): d is an f16 of about 2^-8 here, never subnormal. */
static double half_value(const uint8_t *p) {
    unsigned bits = p[0] | (unsigned)p[1] << 8;
    double magnitude = 1 + (bits & 1023) / 1024.0;
    for (unsigned e = bits >> 10 & 31; e < 15; e++) magnitude /= 2;
    return bits & 0x8000 ? -magnitude : magnitude;
}

static void weights_have_the_deviation(void **state) {
    (void)state;
    enum { N = 20000 };
    static uint8_t blocks[N * 34];
    weight_stream s = weight_stream_of(7, "blk.0.attn_q.weight");
    double squares4 = 0, squares8 = 0;
    weight_fill(&s, WEIGHT_Q4_0, 0.02f, blocks, N);
    for (size_t i = 0; i < N * 18; i++) {
        double d = half_value(blocks + i / 18 * 18), low = (blocks[i] & 15) - 8, high = (blocks[i] >> 4) - 8;
        if (i % 18 >= 2) squares4 += d * d * (low * low + high * high);
    }
    weight_fill(&s, WEIGHT_Q8_0, 0.02f, blocks, N);
    for (size_t i = 0; i < N * 34; i++) {
        double x = half_value(blocks + i / 34 * 34) * (int8_t)blocks[i];
        if (i % 34 >= 2) squares8 += x * x;
    }
    assert_near(squares4 / (32.0 * N), 0.02 * 0.02, 0.00004);
    assert_near(squares8 / (32.0 * N), 0.02 * 0.02, 0.00004);
}

static void a_seed_decides_every_byte(void **state) {
    (void)state;
    uint8_t a[10 * 144], b[10 * 144], c[10 * 144];
    weight_stream first = weight_stream_of(1, "x"), same = weight_stream_of(1, "x"),
                  other = weight_stream_of(2, "x");
    weight_fill(&first, WEIGHT_Q4_K, 0.02f, a, 10);
    weight_fill(&same, WEIGHT_Q4_K, 0.02f, b, 4); /* in two pieces */
    weight_fill(&same, WEIGHT_Q4_K, 0.02f, b + sizeof b / 10 * 4, 6);
    weight_fill(&other, WEIGHT_Q4_K, 0.02f, c, 10);
    assert_memory_equal(a, b, sizeof a);
    assert_memory_not_equal(a, c, sizeof a);
}

static void write_vocabulary(const char *path, const shape *s) {
    gguf_header h;
    gguf_header_init(&h);
    gguf_header_text(&h, "general.architecture", s->arch);
    shape_vocab_write(&h, s);
    gguf_header_finish(&h);
    assert_false(h.bytes.failed);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(h.bytes.data, 1, h.bytes.len, file), h.bytes.len);
    assert_int_equal(fclose(file), 0);
    gguf_header_deinit(&h);
}

static void vocabularies_encode_as_the_peer_does(void **state) {
    (void)state;
    for (size_t i = 0; i < n_shapes; i++) {
        char path[4096];
        test_run run;
        snprintf(path, sizeof path, "%s", scratch_path("vocabulary.gguf"));
        write_vocabulary(path, &shapes[i]);
        test_program_run(&run, "the banana bicolo, x", (const char *[]){"tokenize", "-m", path, NULL});
        assert_int_equal(run.code, 0);
        assert_string_equal(run.out, "116 282 361 5766 363 1349 44 32 120\n");
        test_run_free(&run);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_are_the_quantizers),
        cmocka_unit_test(q4_k_m_is_the_quantizers_mixture),
        cmocka_unit_test(short_rows_take_blocks_of_32),
        cmocka_unit_test(weights_have_the_deviation),
        cmocka_unit_test(a_seed_decides_every_byte),
        cmocka_unit_test(vocabularies_encode_as_the_peer_does),
    };
    return cmocka_run_group_tests(tests, NULL, scratch_remove);
}
