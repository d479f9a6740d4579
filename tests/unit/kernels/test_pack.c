/* Packing keeps every weight: what is unpacked is what the gguf package says the blocks mean. */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "kernels/pack.h"
#include "kernels/rotate.h"
#include "quant_vectors.h"
#include "test.h"

#define MAX_ROWS 37

static float wanted(const uint32_t *bits, size_t i) {
    float x;
    memcpy(&x, &bits[i], sizeof x);
    return x;
}

/* Rows of half the vector, so that the two halves alternate; 37 rows leave a tile with missing outputs. */
static void check_type(ewi_dtype dtype, const uint8_t *blocks, const uint32_t *bits) {
    const ewi_dtype_info *info = ewi_dtype_get(dtype);
    const size_t k = QUANT_WEIGHTS / 2, row_bytes = k / info->block_elements * info->block_bytes;
    const size_t tile_bytes = ewi_packed_tile_bytes(dtype, k);
    size_t size;
    assert_true(ewi_packed_bytes(dtype, MAX_ROWS, k, &size));
    assert_int_equal(size, 3 * tile_bytes);
    uint8_t *rows = ewi_alloc(MAX_ROWS * row_bytes), *packed = ewi_alloc(size);
    for (size_t r = 0; r < MAX_ROWS; r++) memcpy(rows + r * row_bytes, blocks + r % 2 * row_bytes, row_bytes);
    for (size_t t = 0; t < 3; t++)
        ewi_pack_tile(dtype, packed + t * tile_bytes, rows + 16 * t * row_bytes, row_bytes, t < 2 ? 16 : 5,
                      k);
    for (size_t r = 0; r < MAX_ROWS; r++) {
        float y[QUANT_WEIGHTS / 2];
        ewi_unpack_row(dtype, packed, r, k, y);
        for (size_t i = 0; i < k; i++) {
            float want = wanted(bits, r % 2 * k + i);
            if (fabsf(y[i] - want) > 1e-6f * fabsf(want))
                fail_msg("%s row %zu input %zu: %g, not %g", info->name, r, i, (double)y[i], (double)want);
        }
    }
    ewi_free(rows);
    ewi_free(packed);
}

static void test_gguf_blocks(void **state) {
    (void)state;
    for (size_t i = 0; i < EWI_COUNT(quant_vectors); i++)
        check_type(quant_vectors[i].dtype, quant_vectors[i].blocks, quant_vectors[i].bits);
}

/* Codes that were packed come back: with scale 1 and zero taken out. */
static void check_codes(ewi_dtype dtype, size_t k) {
    const uint32_t bits = ewi_packed_info_get(dtype)->bits, zero = ewi_packed_info_get(dtype)->zero;
    uint8_t codes[3 * 200], *tile = ewi_zalloc(ewi_packed_tile_bytes(dtype, k));
    for (size_t i = 0; i < 3 * k; i++) codes[i] = (uint8_t)(i * 37 % (1u << bits));
    ewi_pack_codes(dtype, tile, codes, k, 3, k);
    for (size_t output = 0; output < 3; output++) {
        float one = 1.0f, y[200], back[200];
        memcpy(tile + 4 * output, &one, sizeof one);
        ewi_unpack_row(dtype, tile, output, k, y);
        ewi_rotate_weights(back, y, k); /* the row came rotated back */
        for (size_t i = 0; i < k; i++) {
            float want = (float)codes[output * k + i] - (float)zero;
            if (fabsf(back[i] - want) > 1e-4f * 128)
                fail_msg("%s input %zu: %g, not %g", ewi_dtype_get(dtype)->name, i, (double)back[i],
                         (double)want);
        }
    }
    ewi_free(tile);
}

static void test_codes(void **state) {
    (void)state;
    check_codes(EWI_Q8C, 172);
    check_codes(EWI_Q8C, 64);
    check_codes(EWI_Q4C, 100);
    check_codes(EWI_Q4C, 1);
}

/* x . w = rotate(x) . rotate_weights(w), for whole and short blocks. */
static void test_rotation_keeps_products(void **state) {
    (void)state;
    for (size_t k = 1; k < 300; k += 7) {
        float x[300], w[300], rx[300], rw[300], back[300];
        double want = 0, got = 0;
        for (size_t i = 0; i < k; i++) {
            x[i] = (float)(i * 71 % 97) / 48.0f - 1.0f;
            w[i] = (float)(i * 53 % 89) / 44.0f - 1.0f;
        }
        ewi_rotate(rx, x, k);
        ewi_rotate_weights(rw, w, k);
        ewi_rotate_back(back, rw, k);
        for (size_t i = 0; i < k; i++) {
            want += (double)x[i] * (double)w[i];
            got += (double)rx[i] * (double)rw[i];
            assert_true(fabsf(back[i] - w[i]) < 1e-5f);
        }
        assert_true(fabs(want - got) < 1e-4);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gguf_blocks),
        cmocka_unit_test(test_codes),
        cmocka_unit_test(test_rotation_keeps_products),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
