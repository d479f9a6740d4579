/* test_prefix_file.c: a file of the prefix cache says what was put into it, and any byte of its head that is
 * another is noticed.
 *
 * The checksums are those of a program in Python, written after the definition in format/prefix_file.h with
 * whole numbers of any size.
 */
#include "expect.h"
#include "format/prefix_file.h"

#define N_PAYLOAD 1000u

static uint8_t bytes[EWI_PREFIX_HEAD_BYTES + N_PAYLOAD];

static ewi_prefix_file make_file(void) {
    ewi_prefix_file file = {.payload = {bytes + EWI_PREFIX_HEAD_BYTES, N_PAYLOAD}};
    for (size_t i = 0; i < N_PAYLOAD; i++) bytes[EWI_PREFIX_HEAD_BYTES + i] = (uint8_t)(i * 7);
    for (uint32_t i = 0; i < 32; i++) {
        file.digest[i] = (uint8_t)(i + 1);
        file.parent[i] = (uint8_t)(200 - i);
    }
    for (int i = 0; i < 64; i++) file.tokens[i] = i * 1000003 - 5;
    file.checksum = ewi_prefix_checksum(file.payload);
    ewi_prefix_file_write_head(&file, bytes);
    return file;
}

static void checksums(void **state) {
    (void)state;
    uint8_t data[N_PAYLOAD];
    for (size_t i = 0; i < 64; i++) data[i] = (uint8_t)i;
    assert_true(ewi_prefix_checksum((ewi_bytes){data, 0}) == 0xc6d5d3a617564588u);
    assert_true(ewi_prefix_checksum((ewi_bytes){(const uint8_t *)"a", 1}) == 0x21be51cf2953919cu);
    assert_true(ewi_prefix_checksum((ewi_bytes){data, 64}) == 0xe4779cd85319f28fu);
    for (size_t i = 0; i < N_PAYLOAD; i++) data[i] = (uint8_t)(i * 7);
    assert_true(ewi_prefix_checksum((ewi_bytes){data, N_PAYLOAD}) == 0x11809751cf2273e0u);
}

/* Of zeros too, which lanes are most likely to lose. */
static void every_bit_counts(void **state) {
    (void)state;
    uint8_t data[256] = {0};
    const uint64_t sum = ewi_prefix_checksum((ewi_bytes){data, sizeof data});
    for (size_t bit = 0; bit < 8 * sizeof data; bit++) {
        data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_true(ewi_prefix_checksum((ewi_bytes){data, sizeof data}) != sum);
        data[bit / 8] = 0;
    }
    for (size_t n = 0; n < sizeof data; n++) assert_true(ewi_prefix_checksum((ewi_bytes){data, n}) != sum);
}

static void what_was_written_is_read(void **state) {
    (void)state;
    const ewi_prefix_file file = make_file();
    ewi_prefix_file read = {0};
    ew_error err = {0};
    expect_ok(ewi_prefix_file_read((ewi_bytes){bytes, sizeof bytes}, &read, &err), &err);
    assert_memory_equal(read.digest, file.digest, sizeof file.digest);
    assert_memory_equal(read.parent, file.parent, sizeof file.parent);
    assert_memory_equal(read.tokens, file.tokens, sizeof file.tokens);
    assert_ptr_equal(read.payload.data, file.payload.data);
    assert_int_equal(read.payload.len, N_PAYLOAD);
    assert_true(read.checksum == ewi_prefix_checksum(read.payload));
}

static void refused(size_t len, const char *culprit) {
    ewi_prefix_file file;
    ew_error err = {0};
    expect_refused(ewi_prefix_file_read((ewi_bytes){bytes, len}, &file, &err), EW_FORMAT, &err, culprit);
}

static void every_byte_of_the_head_counts(void **state) {
    (void)state;
    make_file();
    for (size_t i = 0; i < EWI_PREFIX_HEAD_BYTES; i++) {
        bytes[i] ^= 0x10;
        refused(sizeof bytes, i < 8 ? "not a file of a prefix cache" : "its head is damaged");
        bytes[i] ^= 0x10;
    }
}

static void put_u32(size_t at, uint32_t value) {
    make_file();
    for (size_t i = 0; i < 4; i++) bytes[at + i] = (uint8_t)(value >> (8 * i));
    const uint64_t sum = ewi_prefix_checksum((ewi_bytes){bytes, 4088});
    for (size_t i = 0; i < 8; i++) bytes[4088 + i] = (uint8_t)(sum >> (8 * i));
}

/* Its checksum is right, but it says what another version would. */
static void other_shapes_are_refused(void **state) {
    (void)state;
    make_file();
    refused(0, "not a file");
    refused(EWI_PREFIX_HEAD_BYTES - 1, "not a file");
    refused(EWI_PREFIX_HEAD_BYTES, "0 bytes, not 1000");
    refused(sizeof bytes - 1, "999 bytes, not 1000");
    put_u32(8, 2);
    refused(sizeof bytes, "version 2, 64 tokens");
    put_u32(12, 32);
    refused(sizeof bytes, "version 1, 32 tokens");
    put_u32(20, 1);
    refused(sizeof bytes, "1000 bytes, not 4294968296");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(checksums),
        cmocka_unit_test(every_bit_counts),
        cmocka_unit_test(what_was_written_is_read),
        cmocka_unit_test(every_byte_of_the_head_counts),
        cmocka_unit_test(other_shapes_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
