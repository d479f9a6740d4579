/* test_dtype.c: element types against the block structs of ggml (ggml-common.h, ggml.h) and the sizes of
 * the safetensors README. */
#include <string.h>

#include "base/compiler.h"
#include "tensor/dtype.h"
#include "test.h"

/* The members of ggml's block structs, added up: half = 2 bytes, K_SCALE_SIZE = 12, QK_K = 256. */
static const struct {
    uint32_t id;
    const char *name;
    uint32_t elements, bytes;
} ggml_types[] = {
    {0, "F32", 1, 4},
    {1, "F16", 1, 2},
    {2, "Q4_0", 32, 2 + 16},
    {3, "Q4_1", 32, 2 + 2 + 16},
    {6, "Q5_0", 32, 2 + 4 + 16},
    {7, "Q5_1", 32, 2 + 2 + 4 + 16},
    {8, "Q8_0", 32, 2 + 32},
    {9, "Q8_1", 32, 2 + 2 + 32},
    {10, "Q2_K", 256, 16 + 64 + 2 + 2},
    {11, "Q3_K", 256, 32 + 64 + 12 + 2},
    {12, "Q4_K", 256, 2 + 2 + 12 + 128},
    {13, "Q5_K", 256, 2 + 2 + 12 + 32 + 128},
    {14, "Q6_K", 256, 128 + 64 + 16 + 2},
    {15, "Q8_K", 256, 4 + 256 + 16 * 2},
    {16, "IQ2_XXS", 256, 2 + 32 * 2},
    {17, "IQ2_XS", 256, 2 + 32 * 2 + 8},
    {18, "IQ3_XXS", 256, 2 + 3 * 32},
    {19, "IQ1_S", 256, 2 + 32 + 8 * 2},
    {20, "IQ4_NL", 32, 2 + 16},
    {21, "IQ3_S", 256, 2 + 64 + 8 + 32 + 4},
    {22, "IQ2_S", 256, 2 + 64 + 8 + 8},
    {23, "IQ4_XS", 256, 2 + 2 + 4 + 128},
    {24, "I8", 1, 1},
    {25, "I16", 1, 2},
    {26, "I32", 1, 4},
    {27, "I64", 1, 8},
    {28, "F64", 1, 8},
    {29, "IQ1_M", 256, 32 + 16 + 8},
    {30, "BF16", 1, 2},
    {34, "TQ1_0", 256, 48 + 4 + 2},
    {35, "TQ2_0", 256, 64 + 2},
    {39, "MXFP4", 32, 1 + 16},
    {40, "NVFP4", 64, 4 + 32},
    {41, "Q1_0", 128, 2 + 16},
    {42, "Q2_0", 64, 2 + 16},
};

static void gguf_types(void **state) {
    (void)state;
    for (size_t i = 0; i < EWI_COUNT(ggml_types); i++) {
        ewi_dtype dtype;
        assert_true(ewi_dtype_from_gguf(ggml_types[i].id, &dtype));
        const ewi_dtype_info *info = ewi_dtype_get(dtype);
        assert_string_equal(info->name, ggml_types[i].name);
        assert_int_equal(info->block_elements, ggml_types[i].elements);
        assert_int_equal(info->block_bytes, ggml_types[i].bytes);
    }
}

static void other_ids_are_unknown_or_removed(void **state) {
    (void)state;
    size_t n_known = 0;
    for (uint32_t id = 0; id < 1000; id++) {
        ewi_dtype dtype;
        bool known = ewi_dtype_from_gguf(id, &dtype);
        bool removed = id == 4 || id == 5 || (id >= 31 && id <= 33) || (id >= 36 && id <= 38);
        assert_int_equal(ewi_dtype_removed(id) != NULL, removed);
        assert_false(known && removed);
        n_known += known;
    }
    assert_int_equal(n_known, EWI_COUNT(ggml_types));
    assert_string_equal(ewi_dtype_removed(33), "Q4_0_8_8");
    ewi_dtype dtype;
    assert_false(ewi_dtype_from_gguf(UINT32_MAX, &dtype));
}

/* Bits per element, as Dtype::bitsize of the reference implementation has them. */
static const struct {
    const char *name;
    uint32_t bits;
} safetensors_types[] = {
    {"BOOL", 8},    {"F4", 4},          {"F6_E2M3", 6},     {"F6_E3M2", 6}, {"U8", 8},   {"I8", 8},
    {"F8_E5M2", 8}, {"F8_E4M3", 8},     {"F8_E8M0", 8},     {"I16", 16},    {"U16", 16}, {"F16", 16},
    {"BF16", 16},   {"F8_E4M3FNUZ", 8}, {"F8_E5M2FNUZ", 8}, {"I32", 32},    {"U32", 32}, {"F32", 32},
    {"C64", 64},    {"F64", 64},        {"I64", 64},        {"U64", 64},
};

static void safetensors_names(void **state) {
    (void)state;
    for (size_t i = 0; i < EWI_COUNT(safetensors_types); i++) {
        const char *name = safetensors_types[i].name;
        ewi_dtype dtype;
        assert_true(ewi_dtype_from_safetensors((ew_str){name, strlen(name)}, &dtype));
        const ewi_dtype_info *info = ewi_dtype_get(dtype);
        assert_string_equal(info->safetensors, name);
        assert_int_equal(info->block_bytes * 8, info->block_elements * safetensors_types[i].bits);
    }
    ewi_dtype dtype;
    assert_false(ewi_dtype_from_safetensors((ew_str){"", 0}, &dtype));
    assert_false(ewi_dtype_from_safetensors((ew_str){"Q4_0", 4}, &dtype));
    assert_false(ewi_dtype_from_safetensors((ew_str){"F3", 2}, &dtype));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gguf_types),
        cmocka_unit_test(other_ids_are_unknown_or_removed),
        cmocka_unit_test(safetensors_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
