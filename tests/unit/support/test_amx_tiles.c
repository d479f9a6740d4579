/* The emulated tiles against results worked out by hand from the Intel SDM's definitions. */
#include "test.h"

#include <string.h>

#include "amx_tiles.h"
#include "base/compiler.h"

/* Tile t has rows[t] rows of row_bytes[t] bytes. */
static void configure(amx_tiles *tiles, const uint8_t rows[3], const uint8_t row_bytes[3]) {
    uint8_t config[64] = {1};
    for (size_t t = 0; t < 3; t++) {
        config[16 + 2 * t] = row_bytes[t];
        config[48 + t] = rows[t];
    }
    assert_null(amx_tiles_configure(tiles, config));
}

static void test_configuration(void **state) {
    (void)state;
    amx_tiles tiles = {0};
    uint8_t config[64] = {1}, back[64];
    assert_non_null(amx_tiles_zero(&tiles, 0));
    config[16] = 12, config[48] = 3;
    config[30] = 64, config[55] = 16;
    assert_null(amx_tiles_configure(&tiles, config));
    assert_null(amx_tiles_zero(&tiles, 0));
    assert_null(amx_tiles_zero(&tiles, 7));
    assert_non_null(amx_tiles_zero(&tiles, 1));
    amx_tiles_save_config(&tiles, back);
    assert_memory_equal(back, config, 64);
    amx_tiles_release(&tiles);
    amx_tiles_save_config(&tiles, back);
    for (size_t i = 0; i < 64; i++) assert_int_equal(back[i], 0);
    assert_non_null(amx_tiles_zero(&tiles, 0));
}

static void test_bad_configurations(void **state) {
    (void)state;
    /* byte and value beside one good tile of 3 x 12 */
    static const uint8_t bad[][2] = {{0, 2},  {1, 1},  {2, 1},  {15, 1}, {16, 65},
                                     {17, 1}, {16, 0}, {32, 1}, {47, 1}, {48, 17},
                                     {48, 0}, {49, 1}, {18, 4}, {56, 1}, {63, 255}};
    for (size_t i = 0; i < EWI_COUNT(bad); i++) {
        amx_tiles tiles = {0};
        uint8_t config[64] = {1};
        config[16] = 12, config[48] = 3;
        assert_null(amx_tiles_configure(&tiles, config));
        config[bad[i][0]] = bad[i][1];
        if (!amx_tiles_configure(&tiles, config)) fail_msg("byte %u = %u passed", bad[i][0], bad[i][1]);
    }
}

/* Only the configured part of each row is read and written, rows lie a stride apart, also downwards. */
static void test_load_and_store(void **state) {
    (void)state;
    amx_tiles tiles = {0};
    configure(&tiles, (uint8_t[]){2, 1, 1}, (uint8_t[]){3, 4, 4});
    char from[] = "abcdefgh", to[] = "........";
    assert_null(amx_tiles_load(&tiles, 0, from, 5));
    assert_null(amx_tiles_store(&tiles, 0, to + 4, -4));
    assert_string_equal(to, "fgh.abc.");
    assert_null(amx_tiles_zero(&tiles, 0));
    assert_null(amx_tiles_store(&tiles, 0, to, 3));
    assert_memory_equal(to, "\0\0\0\0\0\0c.", 8);
    assert_non_null(amx_tiles_load(&tiles, 3, from, 0));
    assert_non_null(amx_tiles_load(&tiles, 8, from, 0));
}

/* c [2, 2] += a [2, 4] b [4, 2] for bytes whose sign matters. */
static void dot_bytes(bool a_signed, bool b_signed, const int32_t want[4]) {
    static const uint8_t a[] = {1, 2, 3, 4, 0x80, 0xff, 0, 0x7f};
    static const uint8_t b[] = {5, 6, 7, 8, 0x80, 0xff, 0, 1};
    static const int32_t c[] = {1000, -1, 0, 2147483647};
    int32_t got[4];
    amx_tiles tiles = {0};
    configure(&tiles, (uint8_t[]){2, 2, 1}, (uint8_t[]){8, 4, 8});
    assert_null(amx_tiles_load(&tiles, 0, c, 8));
    assert_null(amx_tiles_load(&tiles, 1, a, 4));
    assert_null(amx_tiles_load(&tiles, 2, b, 8));
    assert_null(amx_tiles_dot_bytes(&tiles, 0, 1, a_signed, 2, b_signed));
    assert_null(amx_tiles_store(&tiles, 0, got, 8));
    assert_memory_equal(got, want, sizeof got);
}

static void test_dot_bytes(void **state) {
    (void)state;
    /* Row 0 and column 0 hold small numbers: 1*5 + 2*6 + 3*7 + 4*8 = 70, whatever the signs. */
    /* Row 1 is -128 -1 0 127 or 128 255 0 127, column 1 is -128 -1 0 1 or 128 255 0 1. */
    enum { TOP = 2147483647, WRAP = -2147483647 - 1 };
    dot_bytes(true, true, (int32_t[]){1070, -1 - 128 - 2 + 4, -640 - 6 + 1016, WRAP + (16384 + 1 + 127 - 1)});
    dot_bytes(true, false, (int32_t[]){1070, -1 + 128 + 510 + 4, -640 - 6 + 1016, TOP - 16384 - 255 + 127});
    dot_bytes(false, true, (int32_t[]){1070, -1 - 128 - 2 + 4, 640 + 1530 + 1016, TOP - 16384 - 255 + 127});
    dot_bytes(false, false,
              (int32_t[]){1070, -1 + 128 + 510 + 4, 640 + 1530 + 1016, WRAP + (16384 + 65025 + 127 - 1)});
}

static uint16_t bf16(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return (uint16_t)(bits >> 16);
}

/* One element: c + a b over two dwords, that is four products. */
static float dot_bf16(float c, const float a[4], const float b[4]) {
    uint16_t x[4], y[4];
    for (size_t i = 0; i < 4; i++) x[i] = bf16(a[i]), y[i] = bf16(b[i]);
    amx_tiles tiles = {0};
    configure(&tiles, (uint8_t[]){1, 1, 2}, (uint8_t[]){4, 8, 4});
    assert_null(amx_tiles_load(&tiles, 0, &c, 4));
    assert_null(amx_tiles_load(&tiles, 1, x, 8));
    assert_null(amx_tiles_load(&tiles, 2, y, 4));
    assert_null(amx_tiles_dot_bf16(&tiles, 0, 1, 2));
    assert_null(amx_tiles_store(&tiles, 0, &c, 4));
    return c;
}

static void test_dot_bf16(void **state) {
    (void)state;
    const float ones[4] = {1, 1, 1, 1};
    if (!__builtin_cpu_supports("fma")) {
        print_message("SKIPPED: the processor has no FMA\n");
        return;
    }
    assert_true(dot_bf16(0.5f, (float[]){1, 2, 3, 4}, (float[]){5, 6, 7, -8}) == 0.5f + 5 + 12 + 21 - 32);
    /* Even and odd products apart: (2^24 + 1) + (1 + 1) + 1, which rounds to 2^24 + 2 + 1, to 2^24 + 4. */
    assert_true(dot_bf16(1, (float[]){0x1p24f, 1, 1, 1}, ones) == 0x1p24f + 4);
    /* Tiny results, operands and accumulators are zero. */
    assert_true(dot_bf16(0, (float[]){0x1p-100f, 0, 0, 0}, (float[]){0x1p-27f, 0, 0, 0}) == 0);
    assert_true(dot_bf16(0, (float[]){0x1p-100f, 0, 0, 0}, (float[]){0x1p-26f, 0, 0, 0}) == 0x1p-126f);
    assert_true(dot_bf16(0, (float[]){0x1p-127f, 0, 0, 0}, (float[]){0x1p100f, 0, 0, 0}) == 0);
    assert_true(dot_bf16(0x1p-127f, (float[]){0, 0, 0, 0}, ones) == 0);
    /* Here they are not: MXCSR is as it was. */
    volatile float tiny = 0x1p-126f;
    assert_true(tiny * 0.5f != 0);
}

static void test_unfit_products(void **state) {
    (void)state;
    static const uint8_t rows[][3] = {{2, 3, 1}, {2, 2, 2}, {2, 2, 1}, {2, 2, 1}, {0, 2, 1}};
    static const uint8_t bytes[][3] = {{8, 4, 8}, {8, 4, 8}, {8, 4, 4}, {6, 4, 6}, {0, 4, 8}};
    for (size_t i = 0; i < EWI_COUNT(rows); i++) {
        amx_tiles tiles = {0};
        configure(&tiles, rows[i], bytes[i]);
        assert_non_null(amx_tiles_dot_bytes(&tiles, 0, 1, true, 2, true));
        assert_non_null(amx_tiles_dot_bf16(&tiles, 0, 1, 2));
    }
    amx_tiles tiles = {0};
    configure(&tiles, (uint8_t[]){1, 1, 1}, (uint8_t[]){4, 4, 4});
    assert_null(amx_tiles_dot_bytes(&tiles, 0, 1, true, 2, true));
    assert_non_null(amx_tiles_dot_bytes(&tiles, 0, 1, true, 1, true));
    assert_non_null(amx_tiles_dot_bytes(&tiles, 0, 0, true, 2, true));
    assert_non_null(amx_tiles_dot_bytes(&tiles, 0, 1, true, 0, true));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_configuration),  cmocka_unit_test(test_bad_configurations),
        cmocka_unit_test(test_load_and_store), cmocka_unit_test(test_dot_bytes),
        cmocka_unit_test(test_dot_bf16),       cmocka_unit_test(test_unfit_products),
    };
    return cmocka_run_group_tests_name("amx_tiles", tests, NULL, NULL);
}
