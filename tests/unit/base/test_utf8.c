/*
 * UTF-8 against the Unicode standard (15.0, section 3.9): the ranges of table 3-7, the code points of table
 * 3-6, and the ill-formed sequences of tables 3-8 to 3-10.
 */
#include "test.h"

#include <string.h>

#include "base/utf8.h"

#define N(array) (sizeof(array) / sizeof((array)[0]))

/* Table 3-7, well-formed UTF-8 byte sequences: a row per range of code points, with the range of each
 * byte. */
static const struct row {
    uint32_t first, last;
    size_t n;
    uint8_t low[4], high[4];
} table_3_7[] = {
    {0x0000, 0x007f, 1, {0x00}, {0x7f}},
    {0x0080, 0x07ff, 2, {0xc2, 0x80}, {0xdf, 0xbf}},
    {0x0800, 0x0fff, 3, {0xe0, 0xa0, 0x80}, {0xe0, 0xbf, 0xbf}},
    {0x1000, 0xcfff, 3, {0xe1, 0x80, 0x80}, {0xec, 0xbf, 0xbf}},
    {0xd000, 0xd7ff, 3, {0xed, 0x80, 0x80}, {0xed, 0x9f, 0xbf}},
    {0xe000, 0xffff, 3, {0xee, 0x80, 0x80}, {0xef, 0xbf, 0xbf}},
    {0x10000, 0x3ffff, 4, {0xf0, 0x90, 0x80, 0x80}, {0xf0, 0xbf, 0xbf, 0xbf}},
    {0x40000, 0xfffff, 4, {0xf1, 0x80, 0x80, 0x80}, {0xf3, 0xbf, 0xbf, 0xbf}},
    {0x100000, 0x10ffff, 4, {0xf4, 0x80, 0x80, 0x80}, {0xf4, 0x8f, 0xbf, 0xbf}},
};

/* The length that table 3-7 gives to p[0..len), 0 when no row matches. */
static size_t by_table(const uint8_t *p, size_t len) {
    for (size_t r = 0; r < N(table_3_7); r++) {
        const struct row *row = &table_3_7[r];
        size_t i = 0;
        while (i < row->n && i < len && p[i] >= row->low[i] && p[i] <= row->high[i]) i++;
        if (i == row->n) return row->n;
    }
    return 0;
}

static void ends_of_each_range(void **state) {
    (void)state;
    for (size_t r = 0; r < N(table_3_7); r++) {
        const struct row *row = &table_3_7[r];
        uint32_t c;
        assert_int_equal(ewi_utf8_decode(row->low, row->n, &c), row->n);
        assert_int_equal(c, row->first);
        assert_int_equal(ewi_utf8_decode(row->high, row->n, &c), row->n);
        assert_int_equal(c, row->last);
        uint8_t out[4];
        assert_int_equal(ewi_utf8_encode(row->first, out), row->n);
        assert_memory_equal(out, row->low, row->n);
        assert_int_equal(ewi_utf8_encode(row->last, out), row->n);
        assert_memory_equal(out, row->high, row->n);
    }
}

/* Every pair of bytes with two continuation bytes after it, and with one, and alone. */
static void decoder_agrees_with_the_table(void **state) {
    (void)state;
    for (unsigned pair = 0; pair < 0x10000; pair++) {
        uint8_t p[4] = {(uint8_t)(pair >> 8), (uint8_t)pair, 0x80, 0xbf};
        for (size_t len = 1; len <= 4; len++) {
            uint32_t c;
            size_t n = by_table(p, len), got = ewi_utf8_decode(p, len, &c);
            if (got != (n ? n : 1) || (c == EWI_UTF8_INVALID) != (n == 0))
                fail_msg("%02x %02x 80 bf, %zu bytes: length %zu, expected %zu", p[0], p[1], len, got, n);
        }
    }
}

/* Third and fourth bytes outside of 80..BF never pass. */
static void later_bytes_are_checked(void **state) {
    (void)state;
    for (unsigned b = 0; b < 0x100; b++) {
        bool good = b >= 0x80 && b <= 0xbf;
        uint8_t third[] = {0xe2, 0x82, (uint8_t)b}, fourth[] = {0xf0, 0x9f, 0x99, (uint8_t)b};
        assert_int_equal(ewi_utf8_valid(third, sizeof third), good);
        assert_int_equal(ewi_utf8_valid(fourth, sizeof fourth), good);
    }
}

static void every_scalar_value_survives(void **state) {
    (void)state;
    for (uint32_t c = 0; c <= 0x10ffff; c++) {
        if (c >= 0xd800 && c <= 0xdfff) continue;
        uint8_t bytes[4];
        uint32_t back;
        size_t n = ewi_utf8_encode(c, bytes);
        if (ewi_utf8_decode(bytes, n, &back) != n || back != c || by_table(bytes, n) != n)
            fail_msg("U+%04X does not survive", (unsigned)c);
    }
}

/* In the ill-formed sequences of tables 3-8 (not shortest), 3-9 (surrogates) and 3-10 (others) each byte but
 * 41 and 42 is invalid by itself. */
static void ill_formed_sequences(void **state) {
    (void)state;
    static const struct {
        const char *bytes, *valid; /* '.' marks what becomes U+FFFD */
    } rows[] = {
        {"\xc0\xaf\xe0\x80\xbf\xf0\x81\x82\x41", "........A"},
        {"\xed\xa0\x80\xed\xbf\xbf\xed\xaf\x41", "........A"},
        {"\xf4\x91\x92\x93\xff\x41\x80\xbf\x42", ".....A..B"},
    };
    for (size_t r = 0; r < N(rows); r++) {
        const uint8_t *p = (const uint8_t *)rows[r].bytes;
        assert_false(ewi_utf8_valid(p, 9));
        for (size_t i = 0; i < 9; i++) {
            uint32_t c;
            assert_int_equal(ewi_utf8_decode(p + i, 9 - i, &c), 1);
            assert_int_equal(c, rows[r].valid[i] == '.' ? EWI_UTF8_INVALID : (uint32_t)rows[r].valid[i]);
        }
    }
}

/* A prefix is what a row of table 3-7 begins with, and no whole character. */
static void prefixes_agree_with_the_table(void **state) {
    (void)state;
    assert_true(ewi_utf8_is_prefix((const uint8_t *)"", 0));
    for (unsigned pair = 0; pair < 0x10000; pair++) {
        uint8_t p[3] = {(uint8_t)(pair >> 8), (uint8_t)pair, 0x9f};
        for (size_t len = 1; len <= 3; len++) {
            bool expected = false;
            for (size_t r = 0; r < N(table_3_7); r++) {
                const struct row *row = &table_3_7[r];
                size_t i = 0;
                while (i < len && i < row->n && p[i] >= row->low[i] && p[i] <= row->high[i]) i++;
                expected |= i == len && len < row->n;
            }
            if (ewi_utf8_is_prefix(p, len) != expected)
                fail_msg("%02x %02x 9f, %zu bytes: prefix should be %d", p[0], p[1], len, expected);
        }
    }
}

/* A bad byte is found at any distance from the steps that validation takes. */
static void validation_sees_every_byte(void **state) {
    (void)state;
    uint8_t text[40];
    memset(text, 'a', sizeof text);
    assert_true(ewi_utf8_valid(text, sizeof text));
    assert_true(ewi_utf8_valid(text, 0));
    for (size_t i = 0; i < sizeof text; i++) {
        text[i] = 0x80;
        assert_false(ewi_utf8_valid(text, sizeof text));
        assert_true(ewi_utf8_valid(text, i));
        text[i] = 'a';
    }
}

static void cut_characters_are_invalid(void **state) {
    (void)state;
    const uint8_t *text = (const uint8_t *)"abcdefg\xf0\x9f\x99\x82";
    assert_true(ewi_utf8_valid(text, 11));
    for (size_t len = 8; len < 11; len++) assert_false(ewi_utf8_valid(text, len));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ends_of_each_range),         cmocka_unit_test(decoder_agrees_with_the_table),
        cmocka_unit_test(later_bytes_are_checked),    cmocka_unit_test(every_scalar_value_survives),
        cmocka_unit_test(ill_formed_sequences),       cmocka_unit_test(prefixes_agree_with_the_table),
        cmocka_unit_test(validation_sees_every_byte), cmocka_unit_test(cut_characters_are_invalid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
